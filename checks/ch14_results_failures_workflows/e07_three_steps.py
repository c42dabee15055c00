"""14.7 Three steps, one after the other: workflows that nobody waits for."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from celery import Task, chain, group
from celery.signals import task_prerun
from django.core import mail
from shop import services
from shop.models import Invoice, Order
from shop.tasks import CourierBusy, book_courier, send_confirmation, write_invoice

from checks.ch14_results_failures_workflows import end, not_a_plan, workflow
from tutor.judge.exercise import Exercise, Run

#: The first argument of each task that has run, by the task's name.
TOOK: dict[str, list[Any]] = {}


@contextmanager
def running() -> Iterator[list[str]]:
    """The names of the tasks that run meanwhile, in their order."""
    names: list[str] = []

    def note(task: Task, args: Any, kwargs: Any, **more: Any) -> None:
        names.append(name := task.name.rpartition(".")[2])
        TOOK[name] = [*args, *kwargs.values()][:1]

    task_prerun.connect(note)
    try:
        yield names
    finally:
        task_prerun.disconnect(note)


three_steps = Exercise(
    "14.7",
    "Three steps, one after the other",
    minutes=6,
    # Without the SQL: the time of now is in it.
    layers=("http",),
    hints=[
        "Which of the three words is it: chain, group or chord?",
        "In a chain each task gets the result of the one before. None of these three wants it.",
        "chain(book_courier.si(number), ..., ...), or the same with | between them.",
    ],
)


@three_steps.cases
def cases() -> object:
    orders = Order.objects.filter(lines__gt=0, invoice=None).order_by("pk").distinct()
    return [(order.number, order.pk) for order in orders[:2]]


@three_steps.check
def check(run: Run) -> str | None:
    number, pk = run.arguments
    if problem := not_a_plan(run.value):
        return problem
    if mail.outbox or Invoice.objects.filter(order=pk):
        return "Something has run already. Asked is the plan, which is started later."
    plan = workflow(run.value)
    assert plan is not None
    # It gives up before the courier takes the parcel.
    with mock.patch.object(book_courier, "max_retries", 1), running() as names:
        end(plan)
    if set(names) != {"book_courier"} or mail.outbox or Invoice.objects.filter(order=pk):
        return "The courier took no parcel, and yet the workflow went on."
    with mock.patch.object(services, "write_invoice", side_effect=OSError):
        end(plan)
    if mail.outbox:
        return "The invoice was not written, and yet the mail went out."
    with running() as names:
        run.error_of_plan = value = end(plan)
    if isinstance(value, Exception):
        return f"The workflow ended with {type(value).__name__}: {value}"
    steps = list(dict.fromkeys(names))
    if steps != ["book_courier", "write_invoice", "send_confirmation"]:
        return f"These steps ran: {', '.join(steps)}. Asked are courier, invoice, mail."
    if TOOK["book_courier"] != [number]:
        return f"book_courier got {TOOK['book_courier']}. It takes the order's number, {number!r}."
    if not Invoice.objects.filter(order=pk).exists():
        return "The invoice of another order was written."
    if [message.subject for message in mail.outbox] != [f"Your order {number}"]:
        return "Asked is one mail, about this order."
    return None


@three_steps.mistake(
    "A task got the result of the one before as one more argument. si() takes nothing from it."
)
def one_argument_more(run: Run) -> bool:
    return isinstance(run.error_of_plan, TypeError)


@three_steps.mistake(
    "In a group all of them run, whatever becomes of the others. One after the other is a chain."
)
def at_the_same_time(run: Run) -> bool:
    return run.value["subtask_type"] == "group"


@three_steps.mistake(
    "The task runs at once: you have called it. A call that is written down for later is a signature: "
    ".s() or .si()."
)
def called_now(run: Run) -> bool:
    return isinstance(run.error, CourierBusy)


@three_steps.right
def with_bars(number: str, order_id: int) -> object:
    return book_courier.si(number) | write_invoice.si(order_id) | send_confirmation.si(order_id)


@three_steps.right
def with_links(number: str, order_id: int) -> object:
    """Each one names the next: it is sent when the one before has succeeded."""
    invoice = write_invoice.si(order_id)
    invoice.link(send_confirmation.si(order_id))
    first = book_courier.si(number)
    first.link(invoice)
    return first


@three_steps.wrong(one_argument_more)
def with_results(number: str, order_id: int) -> object:
    return chain(book_courier.s(number), write_invoice.s(order_id), send_confirmation.s(order_id))


@three_steps.wrong(at_the_same_time)
def as_a_group(number: str, order_id: int) -> object:
    return group(
        book_courier.si(number), write_invoice.si(order_id), send_confirmation.si(order_id)
    )


@three_steps.wrong("You have started it")
def started(number: str, order_id: int) -> object:
    return with_bars(number, order_id).delay()


@three_steps.wrong("Asked is a signature")
def in_a_list_only(number: str, order_id: int) -> object:
    return [book_courier.si(number), write_invoice.si(order_id), send_confirmation.si(order_id)]


@three_steps.wrong("The invoice was not written, and yet the mail went out")
def two_at_the_end(number: str, order_id: int) -> object:
    then = group(write_invoice.si(order_id), send_confirmation.si(order_id))
    return chain(book_courier.si(number), then)


@three_steps.wrong("It takes the order's number")
def key_for_the_courier(number: str, order_id: int) -> object:
    return with_bars(str(order_id), order_id)


@three_steps.wrong(called_now)
def called_in_place(number: str, order_id: int) -> object:
    return chain(book_courier(number), write_invoice(order_id), send_confirmation(order_id))
