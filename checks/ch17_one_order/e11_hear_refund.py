"""17.11 Step 9: the partner says "refunded"."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from loyalty.models import PointEntry
from shop.models import Order

from checks.ch17_one_order import (
    BEFORE,
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


def was_given() -> None:
    """the order got 7 points"""
    entry(Order.objects.earliest("pk"), 7)


def given_and_taken() -> None:
    """the order got 7 points, and they were taken back an hour ago"""
    was_given()
    taken_back_before()


def taken_meanwhile() -> None:
    """the order got 7 points, and between your look and your INSERT another worker takes them back"""
    was_given()
    quicker(-7, "refunded", "refunded")


hear_refund = Exercise(
    "17.11",
    'Step 9: the partner says "refunded"',
    minutes=7,
    layers=REQUESTS,
    needs_commit=True,  # an IntegrityError may be caught
    changes=[was_given, given_and_taken, taken_back_before, taken_meanwhile],
    hints=[
        'First find the entry with the reason "ordered" of the order with this number.',
        "filter(...).first() gives None where there is none: then return False.",
        'Then as in step 2: get_or_create(order=..., reason="refunded", defaults={...}).',
    ],
)


@hear_refund.cases
def cases() -> object:
    look()
    number = Order.objects.earliest("pk").number
    return [
        ({"type": "order.refunded", "order": number},),
        ({"type": "order.shipped", "order": number},),
        ({"type": "order.refunded", "order": "1999-0001"},),
    ]


@hear_refund.check
def check(run: Run) -> str | None:
    (event,) = run.arguments
    order = Order.objects.filter(number=event["order"]).first()
    given = [row for row in BEFORE if row[2] == "ordered"]
    if order is None or not given or event["type"] != "order.refunded":
        return booked(run, None)
    return booked(run, (order.customer_id, order.pk, "refunded", -given[0][3]))


@hear_refund.mistake(
    "There is no order of this number, and .get() raised DoesNotExist. filter(...).first() gives "
    "None."
)
def no_such_order(run: Run) -> bool:
    return failed(run, "DoesNotExist", "Order ")


@hear_refund.mistake("No points were given for this order: there is nothing to take back.")
def never_given(run: Run) -> bool:
    nothing = not any(reason == "ordered" for _, _, reason, _ in BEFORE)
    return nothing and (run.error is not None or entries() != BEFORE)


@hear_refund.mistake("Look at the type: only order.refunded takes points back.")
def any_type(run: Run) -> bool:
    return run.arguments[0]["type"] != "order.refunded" and len(entries()) > len(BEFORE)


@hear_refund.mistake("Entries are never changed or deleted. Write another one, below zero.")
def book_changed(run: Run) -> bool:
    return not set(BEFORE) <= set(entries())


@hear_refund.mistake("The points of a refund are below zero, so that the sum gets smaller.")
def above_zero(run: Run) -> bool:
    return any(points > 0 for _, _, reason, points in entries() if reason == "refunded")


@hear_refund.mistake(
    "The event came before, or another worker was quicker, and the unique constraint refused your "
    "entry. get_or_create() knows what to do then; or catch the IntegrityError."
)
def refund_refused(run: Run) -> bool:
    return failed(run, "IntegrityError")


@hear_refund.mistake(
    "get_or_create() returns two things: the row, and whether it was made. Return the second."
)
def both_returned_again(run: Run) -> bool:
    return isinstance(run.value, tuple)


@hear_refund.right
def tried_again(event: dict[str, str]) -> object:
    try:
        given = PointEntry.objects.get(order__number=event["order"], reason="ordered")
        if event["type"] == "order.refunded":
            with transaction.atomic():
                entry(given.order, -given.points, "refunded")
            return True
    except (PointEntry.DoesNotExist, IntegrityError):
        pass
    return False


@hear_refund.right
def order_first(event: dict[str, str]) -> object:
    order = Order.objects.filter(number=event["order"]).first()
    if event.get("type") != "order.refunded" or not order:
        return False
    given = order.point_entries.filter(reason="ordered").first()
    return (
        bool(given)
        and (
            order.point_entries.get_or_create(
                reason="refunded", defaults={"customer": order.customer, "points": -given.points}
            )[1]
        )
    )


@hear_refund.wrong(no_such_order)
def must_be_there(event: dict[str, str]) -> object:
    order = Order.objects.get(number=event["order"])
    given = order.point_entries.filter(reason="ordered").first()
    if event["type"] != "order.refunded" or given is None:
        return False
    values = {"customer": order.customer, "points": -given.points}
    return order.point_entries.get_or_create(reason="refunded", defaults=values)[1]


@hear_refund.wrong(refund_refused)
def only_created(event: dict[str, str]) -> object:
    given = PointEntry.objects.filter(order__number=event["order"], reason="ordered").first()
    if event["type"] != "order.refunded" or given is None:
        return False
    entry(given.order, -given.points, "refunded")
    return True


@hear_refund.wrong(both_returned_again)
def pair_again(event: dict[str, str]) -> object:
    given = PointEntry.objects.filter(order__number=event["order"], reason="ordered").first()
    if event["type"] != "order.refunded" or given is None:
        return False
    values = {"customer_id": given.customer_id, "points": -given.points}
    return PointEntry.objects.get_or_create(
        order_id=given.order_id, reason="refunded", defaults=values
    )


@hear_refund.wrong(book_changed)
def deleted(event: dict[str, str]) -> object:
    if event["type"] != "order.refunded":
        return False
    rows = PointEntry.objects.filter(order__number=event["order"], reason="ordered")
    return rows.delete()[0] > 0


@hear_refund.wrong(any_type)
def every_event(event: dict[str, str]) -> object:
    given = PointEntry.objects.filter(order__number=event["order"], reason="ordered").first()
    if given is None:
        return False
    values = {"customer_id": given.customer_id, "points": -given.points}
    return PointEntry.objects.get_or_create(
        order_id=given.order_id, reason="refunded", defaults=values
    )[1]


@hear_refund.wrong(never_given)
def got_the_entry(event: dict[str, str]) -> object:
    order = Order.objects.filter(number=event["order"]).first()
    if event["type"] != "order.refunded" or order is None:
        return False
    points = order.point_entries.get(reason="ordered").points
    taken = {"customer": order.customer, "points": -points}
    return order.point_entries.get_or_create(reason="refunded", defaults=taken)[1]


@hear_refund.wrong(never_given)
def something_or_nothing(event: dict[str, str]) -> object:
    order = Order.objects.filter(number=event["order"]).first()
    if event["type"] != "order.refunded" or order is None:
        return False
    given = order.point_entries.filter(reason="ordered").first()
    values = {"customer": order.customer, "points": -given.points if given else 0}
    return order.point_entries.get_or_create(reason="refunded", defaults=values)[1]


@hear_refund.wrong(above_zero)
def without_minus(event: dict[str, str]) -> object:
    given = PointEntry.objects.filter(order__number=event["order"], reason="ordered").first()
    if event["type"] != "order.refunded" or given is None:
        return False
    values = {"customer_id": given.customer_id, "points": given.points}
    return PointEntry.objects.get_or_create(
        order_id=given.order_id, reason="refunded", defaults=values
    )[1]
