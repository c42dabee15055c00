"""17.3 Step 1: what an order is worth."""

from __future__ import annotations

from django.db.models import F, Sum
from shop.models import Order, Product

from checks.ch17_one_order import new_order
from tutor.judge.exercise import Exercise, Run


def dearer() -> None:
    """everything costs three times as much now; what was ordered before did not"""
    Product.objects.update(price=F("price") * 3)


points_for = Exercise(
    "17.3",
    "Step 1: what an order is worth",
    minutes=5,
    queries=2,
    changes=[dearer],
    hints=[
        "Three questions: is it cancelled, what is its total, how often do 10 euros fit into it?",
        "A line knows its amount: line.amount. Without lines the sum is 0.",
        "int(total // 10) is the number of full tens. round() would round up.",
    ],
)


@points_for.cases
def cases() -> object:
    cancelled = Order.objects.filter(lines__isnull=False, status="cancelled").earliest("pk")
    return [
        (new_order(("29.90", 1)),),
        (new_order(("6.00", 2)),),
        (new_order(("9.90", 3), ("0.30", 1)),),
        (cancelled,),
        (new_order(),),
    ]


@points_for.expects
def expected(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    return int(sum(line.quantity * line.unit_price for line in order.lines.all()) // 10)


@points_for.mistake("An order without lines is worth 0 points. The sum of nothing is None in SQL.")
def no_lines(run: Run) -> bool:
    return not run.arguments[0].lines.exists() and (run.error is not None or run.value is None)


@points_for.mistake("A cancelled order is worth 0 points.")
def cancelled_too(run: Run) -> bool:
    return run.arguments[0].status == "cancelled" and bool(run.value)


@points_for.mistake("Only full tens count: 29.90 euros are 2 points. // rounds down.")
def rounded_up(run: Run) -> bool:
    return run.expected < run.value <= run.expected + 1


@points_for.mistake("The quantity counts: two pots for 6 euros are 12 euros.")
def without_quantity(run: Run) -> bool:
    return run.value == int(sum(line.unit_price for line in run.arguments[0].lines.all()) // 10)


@points_for.mistake(
    "Take the price of the line, unit_price: what the customer paid. product.price is today's."
)
def price_of_today(run: Run) -> bool:
    lines = run.arguments[0].lines.select_related("product")
    return run.value == int(sum(line.quantity * line.product.price for line in lines) // 10)


@points_for.mistake("Full tens of the whole order, not of each line: 29.70 and 0.30 are 30 euros.")
def of_each_line(run: Run) -> bool:
    return run.value == sum(line.amount // 10 for line in run.arguments[0].lines.all())


@points_for.right
def by_the_database(order: Order) -> object:
    if order.status == Order.Status.CANCELLED:
        return 0
    total = Order.objects.with_total().get(pk=order.pk).total
    return int(round(total, 2) / 10)


@points_for.right
def one_query(order: Order) -> object:
    lines = order.lines.exclude(order__status="cancelled")
    sold = lines.aggregate(sum=Sum(F("quantity") * F("unit_price")))["sum"]
    return int(round(sold or 0, 2) // 10)


@points_for.wrong(no_lines)
def none_of_nothing(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    return int(order.lines.aggregate(sum=Sum(F("quantity") * F("unit_price")))["sum"] // 10)


@points_for.wrong(cancelled_too)
def any_status(order: Order) -> object:
    return int(sum(line.amount for line in order.lines.all()) // 10)


@points_for.wrong(rounded_up)
def to_the_nearest(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    return round(sum(line.amount for line in order.lines.all()) / 10)


@points_for.wrong(of_each_line)
def line_by_line(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    return int(sum(line.amount // 10 for line in order.lines.all()))


@points_for.wrong(price_of_today)
def todays_price(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    lines = order.lines.select_related("product")
    return int(sum(line.quantity * line.product.price for line in lines) // 10)


@points_for.wrong(without_quantity)
def one_of_each(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    return int(sum(line.unit_price for line in order.lines.all()) // 10)
