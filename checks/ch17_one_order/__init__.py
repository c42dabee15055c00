"""Chapter 17, one order, end to end: what its exercises share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import connection
from loyalty.models import PointEntry
from shop.models import Customer, Order, OrderLine, Product

from checks.common.meanwhile import after_looking_at, nobody_else
from tutor.judge.exercise import Run

#: The project's SQL has times of today and random keys in it.
REQUESTS = ("http",)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def ann() -> Customer:
    return Customer.objects.get(name="Ann O'Brien")


def new_order(*lines: tuple[str, int], **values: Any) -> Order:
    """An order of Ann's, with (price, quantity) of each line."""
    number = f"2026-N{Order.objects.count()}"
    order = Order.objects.create(**{"number": number, "customer": ann(), "placed_at": NOW} | values)
    for product, (price, quantity) in zip(Product.objects.order_by("pk"), lines, strict=False):
        OrderLine.objects.create(order=order, product=product, unit_price=price, quantity=quantity)
    return order


def entry(order: Order, points: int, reason: str = "ordered") -> PointEntry:
    return PointEntry.objects.create(
        customer_id=order.customer_id, order=order, reason=reason, points=points
    )


def entries() -> list[tuple[int, int, str, int]]:
    rows = PointEntry.objects.order_by("order_id", "reason")
    return list(rows.values_list("customer_id", "order_id", "reason", "points"))


# ----- what another worker does in the wrong moment

#: The entries that were there before the answer ran, and those that another worker wrote meanwhile.
BEFORE: list[tuple[int, int, str, int]] = []
MEANWHILE: list[tuple[int, int, str, int]] = []


def quicker(points: int, reason: str, word: str = "") -> None:
    """After a SELECT of the entries (with this word in it) another worker writes the entry."""

    def write_as_well() -> None:
        order = Order.objects.earliest("pk")
        entry(order, points, reason)
        MEANWHILE.append((order.customer_id, order.pk, reason, points))

    after_looking_at("loyalty_pointentry", write_as_well, word)


def look() -> None:
    """Note what is there before the answer runs."""
    MEANWHILE.clear()
    with connection.cursor() as cursor:
        # Not the ORM's SELECT: that is what the rival waits for.
        cursor.execute("/* */ SELECT customer_id, order_id, reason, points FROM loyalty_pointentry")
        BEFORE[:] = cursor.fetchall()


def booked(run: Run, wanted: tuple[int, int, str, int] | None) -> str | None:
    """What is wrong with the entries that the answer left, and with what it returned.

    wanted  the entry that it had to write, if it was not there
    """
    nobody_else()
    before = set(BEFORE) | set(MEANWHILE)
    there = wanted is None or any(row[1:3] == wanted[1:3] for row in before)
    rows = before if there or wanted is None else before | {wanted}
    if set(entries()) != rows or len(entries()) != len(rows):
        return f"Afterwards the entries (customer, order, reason, points) are {entries()}."
    if run.value is not True and run.value is not False:
        return f"Asked is True or False; your function returned {type(run.value).__name__}."
    if run.value is there:
        return f"You returned {run.value}, but {'nothing' if there else 'it'} was written now."
    return None


def taken_back_before() -> None:
    """an entry with the reason "refunded" is there for this order"""
    entry(Order.objects.earliest("pk"), -7, "refunded")
