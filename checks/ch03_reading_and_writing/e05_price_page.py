"""03.5 One page of the price list: order and slice."""

from __future__ import annotations

from django.core.paginator import Paginator
from shop.models import Product

from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def cheap_one() -> None:
    """there is a new product, the cheapest of all"""
    rows.product(name="Zinnia", price=1)


def same_price() -> None:
    """there are new products that cost as much as others"""
    for price in Product.objects.order_by("price", "name").values_list("price", flat=True)[:20]:
        rows.product(price=price)


price_page = Exercise(
    "03.5",
    "One page of the price list",
    minutes=3,
    queries=2,  # A Paginator counts the rows as well.
    ordered=True,
    changes=[cheap_one, same_price],
    hints=[
        "First put all products in order, then take a slice of ten.",
        "A slice [a:b] of a queryset becomes LIMIT and OFFSET. Page 1 begins at 0, page 2 at 10.",
        "Page n ends before 10 * n, and begins ten earlier.",
    ],
)


@price_page.cases
def cases() -> object:
    return [(1,), (3,), (8,)]


@price_page.expects
def expected(number: int) -> object:
    in_order = sorted(Product.objects.all(), key=lambda p: (p.price, p.name, p.pk))
    return in_order[10 * number - 10 : 10 * number]


@price_page.check
def reads_one_page(run: Run) -> str | None:
    if run.fetched > len(run.expected) + 2:
        return (
            f"The products are right, but you read {run.fetched} rows for a page of "
            f"{len(run.expected)}. Slice the queryset itself, before you loop or call list()."
        )
    return None


@price_page.mistake("Some products are left out. All products are in the list, sold out or not.")
def not_all_products(run: Run) -> bool:
    where = run.seen.queries[-1].sql.partition(" WHERE ")[2]
    return bool(run.missing) and ("is_active" in where or "stock" in where)


@price_page.mistake("This is the page after it. Pages count from 1, the rows of a slice from 0.")
def next_page(run: Run) -> bool:
    start = 10 * run.arguments[0]
    in_order = Product.objects.order_by("price", "name", "pk")
    return run.rows == list(in_order[start : start + 10])


@price_page.mistake(
    "A slice [a:b] ends before b: [10:20] are ten rows. Yours has too few or too many."
)
def wrong_length(run: Run) -> bool:
    return len(run.rows) != 10 and len(run.expected) == 10


@price_page.mistake("The dearest products come first in your list. Asked are the cheapest first.")
def dearest_first(run: Run) -> bool:
    return run.rows[0].price > run.rows[-1].price and run.rows == sorted(
        run.rows, key=lambda p: -p.price
    )


@price_page.mistake("Your page is in the order of the names. The price list goes by price first.")
def page_by_name(run: Run) -> bool:
    names = [p.name for p in run.rows]
    prices = [p.price for p in run.rows]
    return names == sorted(names) and prices != sorted(prices)


@price_page.mistake(
    "Among products with the same price, your order is another one. Add the name to the order."
)
def price_ties(run: Run) -> bool:
    same_prices = [p.price for p in run.rows] == [p.price for p in run.expected]
    return same_prices and run.rows != run.expected


@price_page.mistake("First the order, then the slice: a queryset that is cut cannot be sorted.")
def sliced_too_early(run: Run) -> bool:
    return failed(run, "TypeError", "once a slice has been taken")


@price_page.mistake("Your page begins one row late: the first row of a slice has the number 0.")
def one_row_late(run: Run) -> bool:
    start = 10 * run.arguments[0] - 9
    in_order = Product.objects.order_by("price", "name", "pk")
    return run.rows == list(in_order[start : start + 10])


@price_page.right
def by_paginator(number: int) -> object:
    return Paginator(Product.objects.order_by("price", "name", "pk"), 10).page(number).object_list


@price_page.right
def page_itself(number: int) -> object:
    pages = Paginator(Product.objects.order_by("price", "name", "pk"), 10)
    return list(pages.get_page(number))


@price_page.right
def page_by_raw_sql(number: int) -> object:
    sql = "SELECT * FROM shop_product ORDER BY price, name, id LIMIT 10 OFFSET %s"
    return list(Product.objects.raw(sql, [10 * (number - 1)]))


@price_page.wrong(next_page)
def counted_from_zero(number: int) -> object:
    return Product.objects.order_by("price", "name", "pk")[10 * number : 10 * number + 10]


@price_page.wrong(one_row_late)
def from_row_one(number: int) -> object:
    return Product.objects.order_by("price", "name", "pk")[10 * number - 9 : 10 * number + 1]


@price_page.wrong(wrong_length)
def nine_rows(number: int) -> object:
    return Product.objects.order_by("price", "name", "pk")[10 * number - 10 : 10 * number - 1]


@price_page.wrong(dearest_first)
def from_the_top(number: int) -> object:
    return Product.objects.order_by("-price", "name", "pk")[10 * number - 10 : 10 * number]


@price_page.wrong(page_by_name)
def no_order(number: int) -> object:
    return Product.objects.all()[10 * number - 10 : 10 * number]


@price_page.wrong(price_ties)
def only_price(number: int) -> object:
    return Product.objects.order_by("price", "-name")[10 * number - 10 : 10 * number]


@price_page.wrong(sliced_too_early)
def slice_then_order(number: int) -> object:
    return Product.objects.all()[10 * number - 10 : 10 * number].order_by("price", "name")


@price_page.wrong(not_all_products)
def only_on_sale(number: int) -> object:
    on_sale = Product.objects.in_stock().order_by("price", "name", "pk")
    return on_sale[10 * number - 10 : 10 * number]


@price_page.wrong("you read 80 rows for a page of 10")
def list_first(number: int) -> object:
    return list(Product.objects.order_by("price", "name", "pk"))[10 * number - 10 : 10 * number]
