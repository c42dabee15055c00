"""03.2 What to order: filter, order, one column."""

from __future__ import annotations

from django.db import connection
from shop.models import Product

from checks.common import rows
from tutor.judge.exercise import Exercise, Run


def sold_out() -> None:
    """one more product is sold out"""
    rows.product(stock=0)


def withdrawn() -> None:
    """a product that is sold out was withdrawn"""
    rows.product(stock=0, is_active=False)


def at_the_limit() -> None:
    """one product has 10 pieces left, another one 20"""
    rows.product(stock=10)
    rows.product(name="Bindweed", stock=20)


running_out = Exercise(
    "03.2",
    "What to order",
    minutes=2,
    queries=1,
    ordered=True,
    changes=[sold_out, withdrawn, at_the_limit],
    hints=[
        "Three steps: filter(), order_by(), and only the names.",
        "Fewer than is the lookup lt: stock__lt. Two conditions can stand in one filter().",
        "order_by() takes several fields. values_list() with flat=True gives plain names.",
    ],
)


@running_out.cases
def cases() -> object:
    return [(10,), (20,)]


@running_out.expects
def expected(limit: int) -> object:
    few = [p for p in Product.objects.all() if p.is_active and p.stock < limit]
    return [p.name for p in sorted(few, key=lambda p: (p.stock, p.name))]


@running_out.mistake("Your list has products. Asked are their names.")
def products_not_names(run: Run) -> bool:
    return isinstance(run.rows[0], Product)


@running_out.mistake(
    "Each name stands in a row of its own. values_list() wants flat=True for that."
)
def not_flat(run: Run) -> bool:
    return isinstance(run.rows[0], tuple | list | dict) and len(run.rows[0]) == 1


@running_out.mistake("Products that are not sold any more are in your list: is_active is false.")
def with_withdrawn(run: Run) -> bool:
    withdrawn = set(Product.objects.filter(is_active=False).values_list("name", flat=True))
    return not run.missing and bool(withdrawn.intersection(run.unexpected))


@running_out.mistake(
    "A product with exactly as many pieces as the limit is in your list. Asked are fewer: lt."
)
def limit_itself(run: Run) -> bool:
    at_limit = Product.objects.filter(stock=run.arguments[0]).values_list("name", flat=True)
    return bool(run.unexpected) and set(run.unexpected) <= set(at_limit)


@running_out.mistake(
    "The products with the most pieces come first in your list. Take the minus out."
)
def most_first(run: Run) -> bool:
    stock = dict(Product.objects.values_list("name", "stock"))
    found = [stock[name] for name in run.rows]
    return not run.unexpected and found[0] > found[-1] and found == sorted(found, reverse=True)


@running_out.mistake(
    "These are the right names in the order of the alphabet. Asked is the smallest stock first."
)
def by_name(run: Run) -> bool:
    return not run.unexpected and not run.missing and run.rows == sorted(run.rows)


@running_out.mistake(
    "Among products with the same stock, the order is left to chance. Add the name to the order."
)
def ties_left_open(run: Run) -> bool:
    stock = dict(Product.objects.values_list("name", "stock"))
    found = [stock[name] for name in run.rows]
    return not run.unexpected and not run.missing and found == sorted(found)


@running_out.mistake(
    "A product with none left is not in your list. 0 is fewer than the limit, too."
)
def sold_out_forgotten(run: Run) -> bool:
    none_left = Product.objects.filter(stock=0).values_list("name", flat=True)
    return bool(run.missing) and set(run.missing) <= set(none_left)


@running_out.right
def names_by_comprehension(limit: int) -> object:
    few = Product.objects.active().filter(stock__lt=limit).order_by("stock", "name")
    return [p.name for p in few]


@running_out.right
def sorted_in_python(limit: int) -> object:
    few = Product.objects.filter(stock__lt=limit).exclude(is_active=False)
    return (p.name for p in sorted(few, key=lambda p: (p.stock, p.name)))


@running_out.right
def names_by_cursor(limit: int) -> object:
    with connection.cursor() as cursor:
        sql = "SELECT name FROM shop_product WHERE is_active AND stock < %s ORDER BY stock, name"
        cursor.execute(sql, [limit])
        return [name for (name,) in cursor.fetchall()]


@running_out.wrong(products_not_names)
def whole_products(limit: int) -> object:
    return Product.objects.filter(is_active=True, stock__lt=limit).order_by("stock", "name")


@running_out.wrong(not_flat)
def names_in_tuples(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lt=limit)
    return few.order_by("stock", "name").values_list("name")


@running_out.wrong(not_flat)
def names_in_dictionaries(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lt=limit)
    return few.order_by("stock", "name").values("name")


@running_out.wrong(with_withdrawn)
def all_products(limit: int) -> object:
    few = Product.objects.filter(stock__lt=limit).order_by("stock", "name")
    return few.values_list("name", flat=True)


@running_out.wrong(limit_itself)
def at_most(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lte=limit).order_by("stock", "name")
    return few.values_list("name", flat=True)


@running_out.wrong(sold_out_forgotten)
def still_in_stock(limit: int) -> object:
    few = Product.objects.in_stock().filter(stock__lt=limit).order_by("stock", "name")
    return few.values_list("name", flat=True)


@running_out.wrong(most_first)
def turned_round(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lt=limit).order_by("-stock", "name")
    return few.values_list("name", flat=True)


@running_out.wrong(by_name)
def own_order(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lt=limit)
    return few.values_list("name", flat=True)


@running_out.wrong(ties_left_open)
def only_stock(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lt=limit).order_by("stock", "-name")
    return few.values_list("name", flat=True)
