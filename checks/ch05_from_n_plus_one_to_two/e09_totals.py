"""05.9 The orders are already here: objects that somebody else has read."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import F, Sum, prefetch_related_objects
from shop.models import Order, OrderLine

from checks.ch05_from_n_plus_one_to_two import sell
from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def another_line() -> None:
    """the newest orders have one more line"""
    more = rows.product()
    for each in Order.objects.order_by("-pk")[:5]:
        sell(each, more)


def empty_order() -> None:
    """somebody opened an order, and has put nothing into it yet"""
    rows.order()


totals = Exercise(
    "05.9",
    "The orders are already here",
    minutes=5,
    queries=1,
    changes=[another_line, empty_order],
    hints=[
        "The orders are here. Only their lines are missing: one query for all of them.",
        "prefetch_related() belongs to a queryset. There is a function for a list of objects.",
        "prefetch_related_objects(objects, name) fills the objects; then the slow code is fast.",
    ],
)


@totals.cases
def cases() -> object:
    return [
        (list(Order.objects.order_by("pk")[:20]),),
        (list(Order.objects.order_by("-pk")[:10]),),
        ([],),
    ]


@totals.expects
def expected(orders: list[Order]) -> object:
    found: dict[str, Any] = {each.number: 0 for each in orders}
    numbers = dict(Order.objects.values_list("pk", "number"))
    for line in OrderLine.objects.all():
        if numbers[line.order_id] in found:
            found[numbers[line.order_id]] += line.quantity * line.unit_price
    return found


@totals.mistake("The keys are the numbers of the orders, not their primary keys or objects.")
def by_other_keys(run: Run) -> bool:
    return bool(run.value) and not any(isinstance(key, str) for key in run.value)


@totals.mistake("Orders without a line are missing. They stay, with 0.")
def without_empty(run: Run) -> bool:
    gone = [number for number in run.expected if number not in run.value]
    return bool(gone) and not any(run.expected[number] for number in gone)


@totals.mistake("The sum of no lines is None in the database. Asked is 0: give Sum a default.")
def sum_of_nothing(run: Run) -> bool:
    return None in run.value.values()


@totals.mistake("These are floats. Money stays Decimal, as it comes: a float is not exact.")
def money_as_float(run: Run) -> bool:
    return any(isinstance(total, float) for total in run.value.values())


@totals.mistake("These are all orders of the shop. Asked are those of the list.")
def of_the_whole_shop(run: Run) -> bool:
    return len(run.value) > len(run.expected)


@totals.mistake("A line counts with its quantity: 3 pieces cost three times the price.")
def without_quantity(run: Run) -> bool:
    plain: dict[str, Any] = dict.fromkeys(run.expected, 0)
    for line in OrderLine.objects.filter(order__number__in=plain).select_related("order"):
        plain[line.order.number] += line.unit_price
    return bool(plain) and run.value == plain


@totals.mistake(
    "orders is a list. prefetch_related is a method of querysets; lists need a function."
)
def list_is_no_queryset(run: Run) -> bool:
    return failed(run, "AttributeError", "'list' object")


@totals.mistake("Each order's lines cost a query of their own: this is N+1.")
def lines_of_each(run: Run) -> bool:
    return run.queries > 3


@totals.mistake(
    "You read the orders again: that is one query too many. Fill the objects that you have."
)
def orders_again(run: Run) -> bool:
    again = any('FROM "shop_order"' in query.sql for query in run.seen.queries)
    return again and run.value == run.expected


@totals.right
def totals_by_hand(orders: list[Order]) -> object:
    found: dict[int, Any] = {each.pk: 0 for each in orders}
    for line in OrderLine.objects.filter(order__in=orders):
        found[line.order_id] += line.amount
    return {each.number: found[each.pk] for each in orders}


@totals.right
def totals_in_sql(orders: list[Order]) -> object:
    numbers = [each.number for each in orders]
    amount = F("lines__quantity") * F("lines__unit_price")
    found = Order.objects.filter(number__in=numbers).annotate(total=Sum(amount, default=0))
    return dict(found.values_list("number", "total"))


@totals.right
def totals_of_manager(orders: list[Order]) -> object:
    found = Order.objects.filter(pk__in=[each.pk for each in orders]).with_total()
    return {each.number: each.total for each in found}


@totals.right
async def totals_async(orders: list[Order]) -> object:
    lines = OrderLine.objects.filter(order__in=orders)
    found: dict[int, Any] = {}
    async for line in lines:
        found[line.order_id] = found.get(line.order_id, 0) + line.amount
    return {each.number: found.get(each.pk, 0) for each in orders}


@totals.right
async def totals_in_thread(orders: list[Order]) -> object:
    await sync_to_async(prefetch_related_objects)(orders, "lines")
    return {each.number: sum(line.amount for line in each.lines.all()) for each in orders}


@totals.wrong(lines_of_each)
def totals_slow(orders: list[Order]) -> object:
    return {each.number: sum(line.amount for line in each.lines.all()) for each in orders}


@totals.wrong(orders_again)
def totals_again(orders: list[Order]) -> object:
    again = Order.objects.filter(pk__in=[each.pk for each in orders]).prefetch_related("lines")
    return {each.number: sum(line.amount for line in each.lines.all()) for each in again}


@totals.wrong(without_empty)
def totals_of_lines(orders: list[Order]) -> object:
    found: dict[str, Any] = {}
    for line in OrderLine.objects.filter(order__in=orders).select_related("order"):
        found[line.order.number] = found.get(line.order.number, 0) + line.amount
    return found


@totals.wrong(sum_of_nothing)
def totals_none(orders: list[Order]) -> object:
    found = Order.objects.filter(pk__in=[each.pk for each in orders])
    found = found.annotate(total=Sum(F("lines__quantity") * F("lines__unit_price")))
    return dict(found.values_list("number", "total"))


@totals.wrong(of_the_whole_shop)
def totals_of_all(orders: list[Order]) -> object:
    return {each.number: each.total for each in Order.objects.with_total()}


@totals.wrong(without_quantity)
def totals_of_prices(orders: list[Order]) -> object:
    prefetch_related_objects(orders, "lines")
    return {each.number: sum(line.unit_price for line in each.lines.all()) for each in orders}


@totals.wrong(by_other_keys)
def totals_by_pk(orders: list[Order]) -> object:
    prefetch_related_objects(orders, "lines")
    return {each.pk: sum(line.amount for line in each.lines.all()) for each in orders}


@totals.wrong(money_as_float)
def totals_as_float(orders: list[Order]) -> object:
    prefetch_related_objects(orders, "lines")
    return {each.number: float(sum(line.amount for line in each.lines.all())) for each in orders}


@totals.wrong(list_is_no_queryset)
def totals_of_queryset(orders: list[Order]) -> object:
    return {each.number: 0 for each in orders.prefetch_related("lines")}  # type: ignore[attr-defined]
