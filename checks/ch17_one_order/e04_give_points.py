"""17.4 Step 2: give the points, once."""

from __future__ import annotations

from contextlib import suppress

from django.db import IntegrityError, transaction
from loyalty.models import PointEntry
from shop.models import Order

from checks.ch17_one_order import (
    BEFORE,
    MEANWHILE,
    REQUESTS,
    booked,
    entries,
    entry,
    look,
    quicker,
    taken_back_before,
)
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def given_before() -> None:
    """the points of this order were given yesterday: 7"""
    entry(Order.objects.earliest("pk"), 7)


def given_meanwhile() -> None:
    """between your look and your INSERT another worker gives the points"""
    quicker(3, "ordered")


give_points = Exercise(
    "17.4",
    "Step 2: give them, once",
    minutes=5,
    layers=REQUESTS,
    needs_commit=True,  # an IntegrityError may be caught
    changes=[given_before, taken_back_before, given_meanwhile],
    hints=[
        "Which method looks for a row, and makes it where there is none?",
        "get_or_create(order=..., reason=..., defaults={...}) returns the row, and if it is new.",
        (
            "What the constraint names is looked for; customer and points go into defaults. For 0 "
            "points return False before."
        ),
    ],
)


@give_points.cases
def cases() -> object:
    look()
    order = Order.objects.earliest("pk")
    return [(order, 3), (order, 0)]


@give_points.check
def check(run: Run) -> str | None:
    order, points = run.arguments
    return booked(run, (order.customer_id, order.pk, "ordered", points) if points else None)


@give_points.mistake(
    "get_or_create() returns two things: the row, and whether it was made. Return the second."
)
def both_returned(run: Run) -> bool:
    return isinstance(run.value, tuple) and len(run.value) == 2


@give_points.mistake(
    "Between your look and your INSERT another worker has written the entry, and the constraint "
    "refused yours. get_or_create() knows what to do then; or catch the IntegrityError."
)
def refused_later(run: Run) -> bool:
    return failed(run, "IntegrityError") and bool(MEANWHILE)


@give_points.mistake(
    "The entry was there already, and the unique constraint on order and reason refused yours. "
    "Look for these two; the rest belongs into defaults."
)
def refused(run: Run) -> bool:
    return failed(run, "IntegrityError") and "unique" in str(run.error).lower()


@give_points.mistake("For 0 points nothing is to be written.")
def zero_written(run: Run) -> bool:
    return run.arguments[1] == 0 and len(entries()) > len(BEFORE)


@give_points.mistake('An entry with another reason is there. Only "ordered" means: given before.')
def any_reason(run: Run) -> bool:
    reasons = [reason for _, _, reason, _ in BEFORE]
    return reasons == ["refunded"] and run.value is False and run.arguments[1] > 0


@give_points.mistake("The entry that is there stays as it is.")
def entry_changed(run: Run) -> bool:
    return len(entries()) == len({*BEFORE, *MEANWHILE}) and {*entries()} != {*BEFORE, *MEANWHILE}


@give_points.right
def tried(order: Order, points: int) -> object:
    if points == 0:
        return False
    try:
        with transaction.atomic():
            entry(order, points)
    except IntegrityError:
        return False
    return True


@give_points.right
def without_conflicts(order: Order, points: int) -> object:
    # The database says nothing of what it left out: count.
    if not points:
        return False
    with transaction.atomic():
        Order.objects.select_for_update().get(pk=order.pk)
        if order.point_entries.filter(reason="ordered").exists():
            return False
        with suppress(IntegrityError), transaction.atomic():
            order.point_entries.create(customer=order.customer, reason="ordered", points=points)
            return True
    return False


@give_points.wrong(both_returned)
def pair(order: Order, points: int) -> object:
    values = {"customer_id": order.customer_id, "points": points}
    return points and PointEntry.objects.get_or_create(
        order=order, reason="ordered", defaults=values
    )


@give_points.wrong(refused)
def only_made(order: Order, points: int) -> object:
    if points:
        entry(order, points)
    return bool(points)


@give_points.wrong(refused)
def looked_for_points(order: Order, points: int) -> object:
    return (
        bool(points)
        and (
            PointEntry.objects.get_or_create(
                order=order, reason="ordered", customer_id=order.customer_id, points=points
            )[1]
        )
    )


@give_points.wrong(refused_later)
def looked_first(order: Order, points: int) -> object:
    if not points or PointEntry.objects.filter(order=order, reason="ordered").exists():
        return False
    entry(order, points)
    return True


@give_points.wrong(zero_written)
def zero_as_well(order: Order, points: int) -> object:
    values = {"customer_id": order.customer_id, "points": points}
    return PointEntry.objects.get_or_create(order=order, reason="ordered", defaults=values)[1]


@give_points.wrong(any_reason)
def once_for_all(order: Order, points: int) -> object:
    if not points or order.point_entries.exists():
        return False
    with suppress(IntegrityError), transaction.atomic():
        entry(order, points)
        return True
    return False


@give_points.wrong(entry_changed)
def written_over(order: Order, points: int) -> object:
    values = {"customer_id": order.customer_id, "points": points}
    return (
        bool(points)
        and (PointEntry.objects.update_or_create(order=order, reason="ordered", defaults=values)[1])
    )
