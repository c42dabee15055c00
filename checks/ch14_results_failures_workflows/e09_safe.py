"""14.9 A test for any task: a test that runs a task twice."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from typing import Any

from celery import Celery, Task
from django.core import mail
from django.db import transaction
from shop.models import Invoice, Order

from checks.common import changes
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

SHOP = Celery("shop of the checks", broker="memory://", set_as_current=False)
SHOP.conf.task_always_eager = True


def write_to(*addresses: str) -> None:
    mail.send_mail("Your invoice", "It is ready.", None, addresses)


@SHOP.task
def good(order_id: int) -> None:
    _, new = Invoice.objects.get_or_create(order_id=order_id, defaults={"total": 1})
    if new:
        write_to(Order.objects.get(pk=order_id).customer.email)


@SHOP.task
def good_and_careful(order_id: int) -> str:
    with transaction.atomic():
        if Invoice.objects.filter(order=order_id).exists():
            return "nothing to do"
        Invoice.objects.create(order_id=order_id, total=1)
    write_to("somebody@example.com")
    return "written"


@SHOP.task
def mails_twice(order_id: int) -> None:
    Invoice.objects.get_or_create(order_id=order_id, defaults={"total": 1})
    write_to("somebody@example.com")


@SHOP.task
def never_mails(order_id: int) -> None:
    Invoice.objects.get_or_create(order_id=order_id, defaults={"total": 1})


@SHOP.task
def only_mails(order_id: int) -> None:
    if not Invoice.objects.filter(order=order_id).exists() and len(mail.outbox) < 2:
        write_to("somebody@example.com")


@SHOP.task
def fails_the_second_time(order_id: int) -> None:
    with transaction.atomic():
        Invoice.objects.create(order_id=order_id, total=1)
    write_to("somebody@example.com")


@SHOP.task
def takes_back(order_id: int) -> None:
    """One invoice after the first run, none after the second."""
    if Invoice.objects.filter(order=order_id).delete()[0] == 0:
        Invoice.objects.create(order_id=order_id, total=1)
        write_to("somebody@example.com")


HARMLESS = {
    good: True,
    good_and_careful: True,
    mails_twice: False,
    never_mails: False,
    only_mails: False,
    fails_the_second_time: False,
    takes_back: False,
}


safe = Exercise(
    "14.9",
    "A test for any task",
    minutes=6,
    changes=[changes.newcomer],
    needs_commit=True,
    layers=("http",),
    hints=[
        "Run the task twice. Then look: what is there, and how often?",
        (
            "Invoice.objects.filter(order=order_id).count(), and how much longer mail.outbox is than "
            "before. An error of the task is a No."
        ),
        (
            "task.apply((order_id,)) keeps the error in its result: .state is then FAILURE. Or call "
            "the task inside try and except Exception."
        ),
    ],
)


@safe.cases
def cases() -> object:
    mail.outbox = [mail.EmailMessage("Good morning", "An older mail.", None, ["a@example.com"])]
    order = Order.objects.filter(invoice=None).earliest("pk")
    return [(task, order.pk) for task in HARMLESS]


@safe.expects
def expected(task: Task, order_id: int) -> object:
    return HARMLESS[task]


@safe.mistake(
    "The task raised an error in its second run. That is a No, not an error of your test."
)
def error_goes_on(run: Run) -> bool:
    return failed(run, "IntegrityError")


@safe.mistake(
    "This task failed in its second run. delay() and apply() keep the error in the result: look at "
    "its state."
)
def error_not_seen(run: Run) -> bool:
    return run.arguments[0] is fails_the_second_time and run.value is True


@safe.mistake("This task sends a mail each time it runs. Count the mails as well.")
def mails_not_counted(run: Run) -> bool:
    return run.arguments[0] is mails_twice and run.value is True


@safe.mistake("Twice nothing is no result: asked is exactly one invoice, and one mail.")
def nothing_is_not_one(run: Run) -> bool:
    return run.arguments[0] in (never_mails, only_mails) and run.value is True


@safe.mistake(
    "There was a mail in mail.outbox before. Compare with how many there were, or empty the list."
)
def older_mail(run: Run) -> bool:
    return run.arguments[0] is good and run.value is False


@safe.mistake(
    "This task does no harm: one invoice, one mail. What it returns may differ the second time."
)
def results_compared(run: Run) -> bool:
    return run.arguments[0] is good_and_careful and run.value is False


@safe.mistake("After the second run the invoice is gone. Look after both, not after the first.")
def looked_too_early(run: Run) -> bool:
    return run.arguments[0] is takes_back and run.value is True


@safe.mistake("Asked is True or False.")
def no_bool(run: Run) -> bool:
    return not isinstance(run.value, bool)


def ran_well(*results: Any) -> bool:
    return all(result.successful() for result in results)


def is_once(order_id: int, mails: int) -> bool:
    return Invoice.objects.filter(order=order_id).count() == 1 and len(mail.outbox) == mails + 1


@safe.right
def called(task: Any, order_id: int) -> object:
    mail.outbox.clear()
    try:
        task(order_id)
        task(order_id)
    except Exception:  # noqa: BLE001 Whatever it is, it is a No.
        return False
    return is_once(order_id, 0)


@safe.right
def delayed(task: Any, order_id: int) -> object:
    before = len(mail.outbox)
    return ran_well(task.delay(order_id), task.delay(order_id)) and is_once(order_id, before)


@safe.wrong(error_goes_on)
def called_without_try(task: Any, order_id: int) -> object:
    before = len(mail.outbox)
    task(order_id)
    task(order_id)
    return is_once(order_id, before)


@safe.wrong(error_not_seen)
def state_not_read(task: Any, order_id: int) -> object:
    before = len(mail.outbox)
    task.delay(order_id)
    task.delay(order_id)
    return is_once(order_id, before)


@safe.wrong(mails_not_counted)
def only_invoices(task: Any, order_id: int) -> object:
    good = ran_well(task.delay(order_id), task.delay(order_id))
    return good and Invoice.objects.filter(order=order_id).count() == 1


@safe.wrong(nothing_is_not_one)
def at_most_one(task: Any, order_id: int) -> object:
    before = len(mail.outbox)
    good = ran_well(task.delay(order_id), task.delay(order_id))
    few = Invoice.objects.filter(order=order_id).count() < 2 and len(mail.outbox) < before + 2
    return good and few


@safe.wrong(older_mail)
def exactly_one_in_all(task: Any, order_id: int) -> object:
    return ran_well(task.delay(order_id), task.delay(order_id)) and is_once(order_id, 0)


@safe.wrong(results_compared)
def the_same_result(task: Any, order_id: int) -> object:
    first, second = task.delay(order_id), task.delay(order_id)
    return ran_well(first, second) and first.result == second.result


@safe.wrong(looked_too_early)
def invoice_after_the_first(task: Any, order_id: int) -> object:
    before = len(mail.outbox)
    good = ran_well(task.delay(order_id))
    one = Invoice.objects.filter(order=order_id).count() == 1
    return good and one and ran_well(task.delay(order_id)) and len(mail.outbox) == before + 1


@safe.wrong(no_bool)
def in_words(task: Any, order_id: int) -> object:
    return "no harm" if delayed(task, order_id) else "harm"
