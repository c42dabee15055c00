"""13.4 In an hour, and not after a day: the options of apply_async."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from celery import current_app
from celery.result import AsyncResult
from shop.models import Order
from shop.tasks import write_invoice

from checks.ch13_message_broker_worker import SENT, sending
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

HOUR, DAY = 3_600, 86_400


invoice_later = Exercise(
    "13.4",
    "In an hour, and not after a day",
    minutes=5,
    hints=[
        "delay() has no room for options. Which way to send has?",
        "apply_async takes args, a list, and queue, countdown and expires.",
        "countdown and expires are seconds, both counted from now. ticket.id is the id.",
    ],
)


@invoice_later.cases
def cases() -> object:
    sending()
    return [(order,) for order in Order.objects.order_by("pk")[3:6:2]]


def seconds_from_now(text: str | None) -> float | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def near(text: str | None, wanted: int) -> bool:
    left = seconds_from_now(text)
    return left is not None and abs(left - wanted) < 60


@invoice_later.check
def check(run: Run) -> str | None:
    (order,) = run.arguments
    if not SENT:
        return "No message was sent."
    if len(SENT) > 1:
        return f"{len(SENT)} messages were sent. One is enough."
    (task,) = SENT
    if task.name != write_invoice.name:
        return f"The task {task.name} was sent, not {write_invoice.name}."
    if [*task.args, *task.kwargs.values()] != [order.pk]:
        return (
            f"The task was sent with {task.args or task.kwargs}. Its argument is the order's key."
        )
    if task.queue != "papers":
        return f'The message went to the queue "{task.queue}", not to "papers".'
    if not near(task.eta, HOUR):
        return "No worker may run it before an hour has passed. This one is not sent so."
    if not near(task.expires, DAY):
        return "The message does not expire a day after it was sent."
    if not isinstance(run.value, str) or run.value != task.id:
        return "Return the id of the ticket, a text: ticket.id."
    return None


@invoice_later.mistake(
    "The task ran here, in this process, and nothing was sent. Calling a task, or apply(), sends "
    "no message."
)
def ran_here(run: Run) -> bool:
    return not SENT and run.error is None and bool(run.seen.queries)


@invoice_later.mistake(
    "A signature is only written down. Nothing was sent: call its apply_async()."
)
def not_sent(run: Run) -> bool:
    return not SENT and run.error is None


@invoice_later.mistake(
    "delay() hands everything to the task: queue, countdown and the others became arguments of "
    "write_invoice. apply_async() takes options."
)
def options_to_delay(run: Run) -> bool:
    return failed(run, "TypeError", "write_invoice() got an unexpected") or any(
        {"queue", "countdown", "expires"} & set(task.kwargs) for task in SENT
    )


@invoice_later.mistake("A model does not travel. Send the key: order.pk.")
def the_model(run: Run) -> bool:
    return failed(run, "EncodeError")


@invoice_later.mistake("args is a list or a tuple, also with one argument: args=[order.pk].")
def bare_argument(run: Run) -> bool:
    return failed(run, "TypeError", "must be an iterable")


@invoice_later.mistake(
    "countdown and expires are numbers of seconds. A moment, a datetime, can stand in eta."
)
def no_seconds(run: Run) -> bool:
    return failed(run, "TypeError", "timedelta") or failed(run, "AttributeError", "isoformat")


@invoice_later.mistake("get() waits for the result, and nobody has it before an hour has passed.")
def waited(run: Run) -> bool:
    return failed(run, "NotImplementedError", "result backend")


@invoice_later.mistake("That is the ticket itself. Asked is its id: ticket.id.")
def the_ticket(run: Run) -> bool:
    return isinstance(run.value, AsyncResult)


def later(order: Order, **changed: Any) -> Any:
    options = {"args": [order.pk], "queue": "papers", "countdown": HOUR, "expires": DAY}
    return write_invoice.apply_async(**options | changed)


@invoice_later.right
def by_moments(order: Order) -> object:
    now = datetime.now(UTC)
    return write_invoice.apply_async(
        kwargs={"order_id": order.pk},
        routing_key="papers",
        queue="papers",
        eta=now + timedelta(hours=1),
        expires=now + timedelta(days=1),
    ).id


@invoice_later.right
def by_signature(order: Order) -> object:
    call = write_invoice.s(order.pk).set(queue="papers", countdown=HOUR, expires=DAY)
    return call.delay().id


@invoice_later.right
def by_name(order: Order) -> object:
    return str(
        current_app.send_task(
            "shop.tasks.write_invoice",
            args=(order.pk,),
            queue="papers",
            countdown=HOUR,
            expires=DAY,
        )
    )


@invoice_later.right
def with_an_id_of_our_own(order: Order) -> object:
    id = str(uuid4())
    later(order, task_id=id)
    return id


@invoice_later.wrong(ran_here)
def called(order: Order) -> object:
    return write_invoice(order.pk)


@invoice_later.wrong(ran_here)
def applied(order: Order) -> object:
    return write_invoice.apply(args=[order.pk], countdown=HOUR, expires=DAY).id


@invoice_later.wrong(not_sent)
def written_down(order: Order) -> object:
    return write_invoice.s(order.pk).set(queue="papers", countdown=HOUR, expires=DAY).id


@invoice_later.wrong(options_to_delay)
def delay_with_options(order: Order) -> object:
    return write_invoice.delay(order.pk, queue="papers", countdown=HOUR, expires=DAY).id


@invoice_later.wrong(the_model)
def sent_the_model(order: Order) -> object:
    return later(order, args=[order]).id


@invoice_later.wrong(bare_argument)
def without_list(order: Order) -> object:
    return later(order, args=order.pk).id


@invoice_later.wrong(no_seconds)
def with_a_timedelta(order: Order) -> object:
    return later(order, countdown=timedelta(hours=1)).id


@invoice_later.wrong(waited)
def waits_for_it(order: Order) -> object:
    return later(order).get()


@invoice_later.wrong(the_ticket)
def whole_ticket(order: Order) -> object:
    return later(order)


@invoice_later.wrong('the queue "celery"')
def default_queue(order: Order) -> object:
    return write_invoice.apply_async(args=[order.pk], countdown=HOUR, expires=DAY).id


@invoice_later.wrong("does not expire")
def for_ever(order: Order) -> object:
    return later(order, expires=None).id


@invoice_later.wrong("2 messages were sent")
def twice(order: Order) -> object:
    later(order)
    return later(order).id
