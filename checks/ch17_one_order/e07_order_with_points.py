"""17.7 Step 5: a message, when it is certain."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from django.db import connection, transaction
from shop.checkout import place_order
from shop.models import Customer, Order, Product

from checks.ch17_one_order import ann
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


class Message:
    """A task whose messages are only noted. away: the broker does not answer."""

    def __init__(self, away: bool = False) -> None:
        self.away = away
        self.sent: list[tuple[Any, ...]] = []
        self.early = False

    def delay(self, *args: Any) -> None:
        self.sent.append(args)
        self.early = self.early or connection.in_atomic_block
        if self.away:
            raise ConnectionError("no broker")


def basil() -> Product:
    return Product.objects.filter(stock__gt=9).earliest("pk")


order_with_points = Exercise(
    "17.7",
    "Step 5: a message, when it is certain",
    minutes=6,
    layers=("http",),
    needs_commit=True,
    hints=[
        "transaction.on_commit() calls a function after the commit, and not after a rollback.",
        "on_commit() wants a function without arguments: partial(task.delay, order.pk).",
        "on_commit(..., robust=True) writes an error into the log, and goes on.",
    ],
)


@order_with_points.cases
def cases() -> object:
    return [(ann(), [(basil(), 2)], Message(away)) for away in (False, True)]


@order_with_points.check
def check(run: Run) -> str | None:
    customer, lines, task = run.arguments
    order = run.value
    if not isinstance(order, Order) or not Order.objects.filter(pk=order.pk).exists():
        return "Asked is the order, and it must be in the database."
    if Order.objects.count() != 401:
        return f"There are {Order.objects.count() - 400} new orders, not one."
    if task.sent != [(order.pk,)]:
        return f"Sent was delay() with {task.sent}; asked is delay({order.pk}), once."
    if commit_fails(run):
        return "The broker is away: the commit of the transaction around your function raised it."
    for away in (False, True):
        rolled = Message(away)
        with suppress(ZeroDivisionError), transaction.atomic():
            inner = run.again(customer, lines, rolled)
            if inner.error is not None:
                return f"In a transaction it raised {type(inner.error).__name__}."
            raise ZeroDivisionError
        if rolled.sent:
            return "The transaction around your function was rolled back, and a message was sent."
    return None


def commit_fails(run: Run) -> bool:
    """Whether a commit around the function suffers from a broker that is away."""
    try:
        with transaction.atomic():
            run.again(*run.arguments[:2], Message(away=True))
    except ConnectionError:
        return True
    return False


@order_with_points.mistake(
    "The message is sent before the commit: the worker may look for an order that is not there, and "
    "after a rollback it never will be. Use transaction.on_commit()."
)
def too_early(run: Run) -> bool:
    task = run.arguments[2]
    if task.early:
        return True
    probe = Message()
    with suppress(ZeroDivisionError), transaction.atomic():
        run.again(*run.arguments[:2], probe)
        raise ZeroDivisionError
    return bool(probe.sent) and run.error is None


@order_with_points.mistake(
    "The broker is away, and the customer gets an error for an order that is there. Say "
    "on_commit(..., robust=True)."
)
def not_robust(run: Run) -> bool:
    return failed(run, "ConnectionError") or (run.error is None and commit_fails(run))


@order_with_points.mistake(
    "on_commit() wants a function. task.delay(order.pk) calls it now, and gives its result to "
    "on_commit(). Write partial(task.delay, order.pk), or a lambda."
)
def called_now(run: Run) -> bool:
    return failed(run, "TypeError", "callable")


@order_with_points.mistake(
    "Send the key, order.pk. An object would be old when the worker reads it."
)
def object_sent(run: Run) -> bool:
    return any(isinstance(arg, Order) for args in run.arguments[2].sent for arg in args)


@order_with_points.mistake("Return the order.")
def not_returned(run: Run) -> bool:
    return run.value is None and run.error is None


@order_with_points.right
def caught(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)

    def send() -> None:
        with suppress(Exception):
            task.delay(order.pk)

    transaction.on_commit(send)
    return order


@order_with_points.right
def with_lambda(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    transaction.on_commit(lambda: task.delay(order.pk), robust=True)
    return order


@order_with_points.wrong(too_early)
def at_once(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    with suppress(ConnectionError):
        task.delay(order.pk)
    return order


@order_with_points.wrong(too_early)
def inside_atomic(customer: Customer, lines: Any, task: Message) -> object:
    with transaction.atomic():
        order = place_order(customer, lines)
        with suppress(ConnectionError):
            task.delay(order.pk)
    return order


@order_with_points.wrong(not_robust)
def not_caught(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    transaction.on_commit(partial(task.delay, order.pk))
    return order


@order_with_points.wrong(not_robust)
def caught_too_near(customer: Customer, lines: Any, task: Message) -> object:
    # It helps only where no transaction is around.
    with suppress(ConnectionError), transaction.atomic():
        order = place_order(customer, lines)
        transaction.on_commit(lambda: task.delay(order.pk))
    return order


@order_with_points.wrong(called_now)
def result_registered(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    transaction.on_commit(task.delay(order.pk), robust=True)  # type: ignore[func-returns-value]
    return order


@order_with_points.wrong(object_sent)
def whole_order(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    transaction.on_commit(lambda: task.delay(order), robust=True)
    return order


@order_with_points.wrong(not_returned)
def nothing_returned(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    transaction.on_commit(lambda: task.delay(order.pk), robust=True)
    return None
