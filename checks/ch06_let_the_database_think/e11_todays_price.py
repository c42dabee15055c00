"""06.11 Today's price: an update with the value of another table."""

from __future__ import annotations

from decimal import Decimal

from django.db import connection
from django.db.models import F, OuterRef, Subquery
from shop.models import Order, OrderLine, Product

from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

_others: dict[int, Decimal] = {}  # the prices of all other lines, before the answer


def prices_rose() -> None:
    """all prices rose by one euro"""
    Product.objects.update(price=F("price") + 1)


def order_with_two_lines() -> None:
    """a new order came in with two lines, and then all prices were halved"""
    found = rows.order()
    for product in Product.objects.order_by("-pk")[:2]:
        OrderLine.objects.create(order=found, product=product, quantity=2, unit_price=product.price)
    Product.objects.update(price=F("price") / 2)


def nothing_new() -> None:
    """all new orders were paid, and then all prices rose by one euro"""
    Order.objects.filter(status="new").update(status="paid")
    prices_rose()


todays_price = Exercise(
    "06.11",
    "Today's price",
    minutes=6,
    queries=1,
    changes=[prices_rose, order_with_two_lines, nothing_new],
    hints=[
        "One update() for all lines of new orders. It returns how many rows it changed.",
        'F("product__price") is refused in an update: it walks to another table.',
        "A Subquery may: the product whose pk is OuterRef('product'), its price, one row.",
    ],
)


@todays_price.expects
def expected() -> object:
    lines = OrderLine.objects.exclude(order__status="new")
    _others.clear()
    _others.update(lines.values_list("pk", "unit_price"))
    return OrderLine.objects.count() - len(_others)


@todays_price.check
def check(run: Run) -> str | None:
    lines = OrderLine.objects.select_related("product")
    new = [line for line in lines if line.pk not in _others]
    if any(line.unit_price != line.product.price for line in new):
        return "Lines of new orders do not have the price of their product."
    if any(line.unit_price != _others.get(line.pk, line.unit_price) for line in lines):
        return "Lines of other orders have another price than before."
    return None


@todays_price.mistake(
    'F("product__price") walks to another table, and an update may not. A Subquery may.'
)
def joined_update(run: Run) -> bool:
    return failed(run, "FieldError", "Joined field references")


@todays_price.mistake("Orders that were paid or sent have new prices, too. Only new orders may.")
def all_lines(run: Run) -> bool:
    lines = OrderLine.objects.filter(pk__in=list(_others))
    return (type(run.value) is int and run.value > run.expected) or any(
        line.unit_price != _others[line.pk] for line in lines
    )


@todays_price.mistake(
    "The return value is missing: how many lines belong to new orders. update() returns it."
)
def no_number(run: Run) -> bool:
    return run.value is None and not run.error


@todays_price.mistake("Seen from the line it is order__status: the status is the order's.")
def status_of_line(run: Run) -> bool:
    return failed(run, "FieldError", "'status'")


@todays_price.mistake("A subquery must return one column: values('price').")
def whole_product(run: Run) -> bool:
    return failed(run, "OperationalError", "columns") or failed(run, "OutputFieldIsNoneError")


@todays_price.mistake(
    "For some lines the subquery found no product. The product of a line is OuterRef('product')."
)
def no_product(run: Run) -> bool:
    return failed(run, "IntegrityError")


@todays_price.mistake("annotate computes while it reads. update() stores.")
def annotated_price(run: Run) -> bool:
    return failed(run, "ValueError", "conflicts with a field")


@todays_price.mistake(
    "All lines got the same price: the subquery does not know the line. "
    "Filter it with OuterRef('product')."
)
def one_price(run: Run) -> bool:
    lines = OrderLine.objects.filter(order__status="new")
    return len(set(lines.values_list("unit_price", flat=True))) == 1 < lines.count()


@todays_price.mistake("Each line costs queries of its own. One UPDATE can do all of them.")
def line_by_line(run: Run) -> bool:
    return run.queries > 3


@todays_price.mistake(
    "The result is right. But the lines were read, and then written. One UPDATE does both: "
    "the database knows the prices already."
)
def read_and_written(run: Run) -> bool:
    return run.queries in (2, 3) and run.value == run.expected and "SELECT" in first_word(run)


def first_word(run: Run) -> str:
    return run.seen.queries[0].sql.split()[0]


@todays_price.mistake("Nothing was changed: save(), update() or bulk_update() is missing.")
def nothing_written(run: Run) -> bool:
    return not any("UPDATE" in query.sql for query in run.seen.queries)


@todays_price.right
def unsliced() -> object:
    lines = OrderLine.objects.filter(order__in=Order.objects.filter(status="new"))
    price = Product.objects.filter(order_lines=OuterRef("pk")).values("price")
    return lines.update(unit_price=Subquery(price[:1]))


@todays_price.right
def updated_by_cursor() -> object:
    with connection.cursor() as cursor:
        cursor.execute("""
            UPDATE shop_orderline SET unit_price =
                (SELECT price FROM shop_product WHERE id = shop_orderline.product_id)
            WHERE order_id IN (SELECT id FROM shop_order WHERE status = 'new')
        """)
        return cursor.rowcount


@todays_price.wrong(joined_update)
def f_across() -> object:
    return OrderLine.objects.filter(order__status="new").update(unit_price=F("product__price"))


@todays_price.wrong(all_lines)
def every_line() -> object:
    price = Product.objects.filter(pk=OuterRef("product")).values("price")[:1]
    OrderLine.objects.update(unit_price=Subquery(price))
    return OrderLine.objects.filter(order__status="new").count()


@todays_price.wrong(all_lines)
def paid_as_well() -> object:
    price = Product.objects.filter(pk=OuterRef("product")).values("price")[:1]
    return OrderLine.objects.filter(order__in=Order.objects.open()).update(unit_price=price)


@todays_price.wrong(no_number)
def returns_nothing() -> None:
    price = Product.objects.filter(pk=OuterRef("product")).values("price")[:1]
    OrderLine.objects.filter(order__status="new").update(unit_price=Subquery(price))


@todays_price.wrong(one_price)
def price_of_any() -> object:
    price = Product.objects.values("price")[:1]
    return OrderLine.objects.filter(order__status="new").update(unit_price=Subquery(price))


@todays_price.wrong(status_of_line)
def status_without_order() -> object:
    return OrderLine.objects.filter(status="new").update(unit_price=1)


@todays_price.wrong(whole_product)
def product_as_price() -> object:
    product = Product.objects.filter(pk=OuterRef("product"))[:1]
    return OrderLine.objects.filter(order__status="new").update(unit_price=Subquery(product))


@todays_price.wrong(no_product)
def product_of_line_key() -> object:
    price = Product.objects.filter(pk=OuterRef("pk")).values("price")[:1]
    return OrderLine.objects.filter(order__status="new").update(unit_price=Subquery(price))


@todays_price.wrong(annotated_price)
def annotated_lines() -> object:
    lines = OrderLine.objects.filter(order__status="new")
    return lines.annotate(unit_price=F("product__price")).count()


@todays_price.wrong(line_by_line)
def saved_one_by_one() -> object:
    lines = OrderLine.objects.filter(order__status="new")
    for line in lines:
        line.unit_price = line.product.price
        line.save()
    return len(lines)


@todays_price.wrong(read_and_written)
def bulk() -> object:
    lines = list(OrderLine.objects.filter(order__status="new").select_related("product"))
    for line in lines:
        line.unit_price = line.product.price
    return OrderLine.objects.bulk_update(lines, ["unit_price"])


@todays_price.wrong(nothing_written)
def set_and_forgotten() -> object:
    lines = OrderLine.objects.filter(order__status="new").select_related("product")
    for line in lines:
        line.unit_price = line.product.price
    return len(lines)
