"""05.2 The packing list: several levels, one of them nullable."""

from __future__ import annotations

from django.db import connection
from django.db.models import Count, F
from shop.models import Category, Order, OrderLine, Product

from checks.ch05_from_n_plus_one_to_two import sell
from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def top_shelf() -> None:
    """a product of a category at the top was added to an order"""
    sell(
        Order.objects.earliest("pk"), rows.product(category=Category.objects.filter(parent=None)[0])
    )


def same_line_twice() -> None:
    """two different products of the same name were added to an order"""
    first, category = Order.objects.earliest("pk"), Category.objects.latest("pk")
    for _ in range(2):
        sell(first, rows.product(name="Twin", category=category))


packing_list = Exercise(
    "05.2",
    "The packing list",
    minutes=4,
    queries=1,
    changes=[top_shelf, same_line_twice],
    hints=[
        "Every step leads to one object: line, product, category, parent. Which cure is that?",
        "Name the whole way with two underscores between the steps.",
        "The way starts at the line: product, then its category, then that one's parent.",
    ],
)


@packing_list.cases
def cases() -> object:
    busiest = Order.objects.alias(n=Count("lines")).order_by("-n", "-placed_at").first()
    assert busiest is not None
    return [(Order.objects.get(pk=busiest.pk),), (Order.objects.earliest("pk"),)]


@packing_list.expects
def expected(sold: Order) -> object:
    products, categories = Product.objects.in_bulk(), Category.objects.in_bulk()
    rows = []
    for line in OrderLine.objects.filter(order=sold):
        category = categories[products[line.product_id].category_id]
        above = categories[category.parent_id].name if category.parent_id else None
        rows.append((products[line.product_id].name, category.name, above, line.quantity))
    return rows


@packing_list.mistake("A category at the top has no parent: category.parent is None there.")
def top_is_none(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType' object has no attribute 'name'")


@packing_list.mistake(
    "The lines whose category is at the top are missing. "
    "A filter or an exclude on the parent leaves them out: keep them, with None."
)
def without_top(run: Run) -> bool:
    return bool(run.missing) and not run.unexpected and all(row[2] is None for row in run.missing)


@packing_list.mistake("These are the lines of all orders. Asked are those of this one order.")
def of_all_orders(run: Run) -> bool:
    return not run.missing and len(run.rows) > 2 * len(run.expected)


@packing_list.mistake("There are numbers where names are asked: walk on to the name, with __name.")
def numbers_not_names(run: Run) -> bool:
    return any(isinstance(value, int) for row in run.rows for value in row[:3])


@packing_list.mistake("Where there is no category above, the value is None, not an empty text.")
def above_is_no_text(run: Run) -> bool:
    return any(row[2] == "" for row in run.rows)


@packing_list.mistake(
    "A prefetch asks once for each step. Each step leads to one object: join them all."
)
def prefetch_for_one(run: Run) -> bool:
    return any(" IN (" in query.sql for query in run.seen.queries) and not run.n_plus_1


@packing_list.mistake(
    "Nearly: only the category above still costs a query for each line. "
    "Go one step further, to the parent of the category."
)
def one_step_short(run: Run) -> bool:
    return run.n_plus_1 == {"Category.parent"}


@packing_list.mistake(
    "Each line asks for its product, and for more: this is N+1. Join them to the lines."
)
def ask_for_each_line(run: Run) -> bool:
    return bool({"OrderLine.product", "Product.category"} & run.n_plus_1)


@packing_list.mistake(
    "select_related follows the names of relations, from the line: product__category__parent."
)
def wrong_way(run: Run) -> bool:
    return failed(run, "FieldError", "select_related")


@packing_list.right
def packing_values(sold: Order) -> object:
    return sold.lines.values_list(
        "product__name",
        "product__category__name",
        "product__category__parent__name",
        "quantity",
    )


@packing_list.right
def packing_annotated(sold: Order) -> object:
    lines = OrderLine.objects.filter(order_id=sold.pk).annotate(
        what=F("product__name"),
        shelf=F("product__category__name"),
        above=F("product__category__parent__name"),
    )
    return ((line.what, line.shelf, line.above, line.quantity) for line in lines)


@packing_list.right
def packing_raw(sold: Order) -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.name, c.name, a.name, l.quantity FROM shop_orderline l
            JOIN shop_product p ON p.id = l.product_id JOIN shop_category c ON c.id = p.category_id
            LEFT JOIN shop_category a ON a.id = c.parent_id WHERE l.order_id = %s
            """,
            [sold.pk],
        )
        return cursor.fetchall()


@packing_list.wrong(ask_for_each_line)
def packing_slow(sold: Order) -> object:
    return [
        (
            line.product.name,
            line.product.category.name,
            line.product.category.parent.name if line.product.category.parent else None,
            line.quantity,
        )
        for line in sold.lines.all()
    ]


@packing_list.wrong(one_step_short)
def packing_two_levels(sold: Order) -> object:
    rows = []
    for line in sold.lines.select_related("product__category"):
        category = line.product.category
        above = category.parent.name if category.parent else None
        rows.append((line.product.name, category.name, above, line.quantity))
    return rows


@packing_list.wrong(top_is_none)
def packing_no_none(sold: Order) -> object:
    lines = sold.lines.select_related("product__category__parent")
    return [
        (
            line.product.name,
            line.product.category.name,
            line.product.category.parent.name,
            line.quantity,
        )
        for line in lines
    ]


@packing_list.wrong(without_top)
def packing_inner(sold: Order) -> object:
    lines = sold.lines.exclude(product__category__parent=None)
    return lines.values_list(
        "product__name", "product__category__name", "product__category__parent__name", "quantity"
    )


@packing_list.wrong(of_all_orders)
def packing_everything(sold: Order) -> object:
    return OrderLine.objects.values_list(
        "product__name", "product__category__name", "product__category__parent__name", "quantity"
    )


@packing_list.wrong(wrong_way)
def packing_from_category(sold: Order) -> object:
    return list(sold.lines.select_related("category__parent"))


@packing_list.wrong(numbers_not_names)
def packing_numbers(sold: Order) -> object:
    category = "product__category"
    return sold.lines.values_list("product__name", category, f"{category}__parent", "quantity")


@packing_list.wrong(above_is_no_text)
def packing_empty_text(sold: Order) -> object:
    rows = []
    for line in sold.lines.select_related("product__category__parent"):
        above = line.product.category.parent
        name = above.name if above else ""
        rows.append((line.product.name, line.product.category.name, name, line.quantity))
    return rows


@packing_list.wrong(prefetch_for_one)
def packing_prefetched(sold: Order) -> object:
    rows = []
    for line in sold.lines.prefetch_related("product__category__parent"):
        category = line.product.category
        above = category.parent.name if category.parent else None
        rows.append((line.product.name, category.name, above, line.quantity))
    return rows
