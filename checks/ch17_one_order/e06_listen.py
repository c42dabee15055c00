"""17.6 Step 4: hear the order."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models.signals import post_save
from shop.models import Order
from shop.signals import order_created

from tutor.judge.exercise import Exercise, Run

GIVEN: list[Any] = []


def ring(**more: Any) -> list[Any]:
    """Send the signal; what the receivers answered."""
    return order_created.send_robust(sender=Order, order=Order.objects.earliest("pk"), **more)


listen = Exercise(
    "17.6",
    "Step 4: hear the order",
    minutes=5,
    layers=("signals",),
    hints=[
        "order_created.connect(receiver) connects. A receiver takes order, and **kwargs.",
        (
            "A signal holds its receivers weakly: a function of your function is gone when it ends. "
            "Say weak=False."
        ),
        "Connected twice, it hears twice, unless both have the same dispatch_uid.",
    ],
)


@listen.cases
def cases() -> object:
    settings.DEBUG = False  # With it, connect() keeps each receiver alive by accident.
    GIVEN.clear()
    return [(GIVEN.append,)]


@listen.check
def check(run: Run) -> str | None:
    again = run.again(GIVEN.append)
    if again.error is not None:
        return f"The second call of listen() raised {type(again.error).__name__}."
    if GIVEN:
        return "give() was called although no order was placed."
    ring()
    if len(GIVEN) != 1:
        return f"listen() was called twice; for one order give() was called {len(GIVEN)} times."
    if [Order.objects.earliest("pk")] != GIVEN:
        return f"give() was called with {GIVEN[0]!r}, not with the order."
    ring(channel="phone")
    if len(GIVEN) != 2:
        return "The signal was sent with one argument more, and your receiver did not call give()."
    return None


@listen.mistake("A receiver must take arguments that come later: end its list with **kwargs.")
def no_kwargs(run: Run) -> bool:
    answers = [answer for _, answer in ring(channel="phone") if isinstance(answer, TypeError)]
    return any("unexpected keyword" in str(answer) for answer in answers)


@listen.mistake(
    "When listen() had returned, nobody listened any more. A signal holds its receivers weakly: "
    "say weak=False, or keep the function somewhere."
)
def forgotten(run: Run) -> bool:
    run.again(GIVEN.append)
    gc.collect()
    held = [each for _, each, *_ in order_created.receivers]
    return any(isinstance(each, weakref.ReferenceType) and each() is None for each in held)


@listen.mistake(
    "A signal calls its receivers with names: sender, signal, order. give() takes the order alone: "
    "connect a function of your own, which calls give(order)."
)
def give_itself(run: Run) -> bool:
    return any(each is run.arguments[0] for _, each, *_ in order_created.receivers)


@listen.mistake("give() wants the order. The signal sends it as the argument `order`.")
def something_else(run: Run) -> bool:
    return bool(GIVEN) and not isinstance(GIVEN[0], Order)


@listen.mistake(
    "Connected twice, it hears twice. A function that is made anew each time is another one: give "
    "it a dispatch_uid."
)
def heard_twice(run: Run) -> bool:
    return len(GIVEN) > 1 and GIVEN[0] == GIVEN[1]


@listen.right
def with_decorator(give: Callable[[Order], None]) -> None:
    from django.dispatch import receiver

    @receiver(order_created, sender=Order, weak=False, dispatch_uid="points")
    def hear(sender: type, order: Order, **kwargs: Any) -> None:
        give(order)


@listen.right
def disconnected_first(give: Callable[[Order], None]) -> None:
    order_created.disconnect(dispatch_uid="loyalty.give")
    order_created.connect(
        lambda order, **kwargs: give(order), weak=False, dispatch_uid="loyalty.give"
    )


@listen.wrong(forgotten)
def weakly(give: Callable[[Order], None]) -> None:
    def hear(order: Order, **kwargs: Any) -> None:
        give(order)

    order_created.connect(hear, dispatch_uid="loyalty")


@listen.wrong("listen() was called twice; for one order give() was called 0 times.")
def other_signal(give: Callable[[Any], None]) -> None:
    post_save.connect(lambda instance, **kwargs: give(instance), sender=Order, weak=False)


@listen.wrong(heard_twice)
def without_uid(give: Callable[[Order], None]) -> None:
    order_created.connect(lambda order, **kwargs: give(order), weak=False)


@listen.wrong(give_itself)
def connected_give(give: Any) -> object:
    return order_created.connect(give, weak=False, dispatch_uid="loyalty")


@listen.wrong(no_kwargs)
def fixed_arguments(give: Callable[[Order], None]) -> None:
    def hear(signal: Any, sender: type, order: Order) -> None:
        give(order)

    order_created.connect(hear, weak=False, dispatch_uid="loyalty")


@listen.wrong(something_else)
def the_sender(give: Callable[[Any], None]) -> None:
    order_created.connect(lambda sender, **kwargs: give(sender), weak=False, dispatch_uid="loyalty")
