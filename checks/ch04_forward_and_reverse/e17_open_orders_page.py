"""04.17 A slow page: N+1 in a template, forward twice and in reverse."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from typing import Any

from company.models import Employee
from django.db.models import Count, Q
from django.template import Context, Template
from django.utils.html import escape
from shop.models import Order, OrderLine, Product

from checks.common import rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def newer_order() -> None:
    """a new order came in without a seller and without lines"""
    rows.order(rows.customer("Siobhán <O'Dwyer>"))


def paid_order() -> None:
    """a new order with a seller was paid"""
    new = rows.order(seller=Employee.objects.earliest("pk"), status="paid")
    for product in Product.objects.order_by("pk")[:2]:
        OrderLine.objects.create(order=new, product=product, quantity=1, unit_price=1)


def all_sent() -> None:
    """all orders were sent"""
    Order.objects.update(status="shipped")


PAGE = Template("""<ul>
{% for order in orders %}
  <li>{{ order.number }}: {{ order.customer.name }},
  sold by {{ order.seller.name|default:'the web shop' }},
  {{ order.lines.all|length }} lines</li>
{% endfor %}
</ul>""")


def page(orders: object) -> str:
    return str(PAGE.render(Context({"orders": orders})))


def rows_of(text: str) -> list[str]:
    return re.findall(r"<li>.*?</li>", text, re.DOTALL)


open_orders_page = Exercise(
    "04.17",
    "A slow page",
    minutes=8,
    queries=2,
    changes=[newer_order, paid_order, all_sent],
    hints=[
        "Return slow_page() at first, and read below which line of the template asks for what.",
        "The template follows three relations: customer and seller forward, lines in reverse.",
        "The template can stay as it is. Give it orders that bring these with them.",
    ],
)


@open_orders_page.expects
def expected() -> object:
    lines = Counter(OrderLine.objects.values_list("order", flat=True))
    orders = Order.objects.filter(status__in=["new", "paid"]).order_by("-placed_at")
    rows = orders.values("pk", "number", "customer__name", "seller__name")
    return page(
        {
            "number": row["number"],
            "customer": {"name": row["customer__name"]},
            "seller": {"name": row["seller__name"]},
            "lines": {"all": range(lines[row["pk"]])},
        }
        for row in rows
    )


@open_orders_page.mistake(
    "select_related() joins one object to each row. An order has many lines: "
    "that takes prefetch_related()."
)
def joined_lines(run: Run) -> bool:
    return failed(run, "FieldError", "select_related: 'lines'")


@open_orders_page.mistake("A Template wants a Context around the dictionary: Context({...}).")
def dictionary_for_context(run: Run) -> bool:
    return failed(run, "AttributeError", "'render_context'")


@open_orders_page.mistake("Return the text: PAGE.render(...) makes it.")
def not_the_text(run: Run) -> bool:
    return run.error is None and run.value is not None and not isinstance(run.value, str)


@open_orders_page.mistake("Your page has no rows. The template calls its orders: orders.")
def empty_page(run: Run) -> bool:
    return not rows_of(run.value) and bool(rows_of(run.expected))


@open_orders_page.mistake("Orders without a seller are missing: the web shop sold them.")
def page_of_sellers(run: Run) -> bool:
    return not is_right(run) and rows_of(run.value) == [
        row for row in rows_of(run.expected) if "the web shop" not in row
    ]


@open_orders_page.mistake(
    "Orders are missing: both the new and the paid ones still have to be sent."
)
def page_of_some(run: Run) -> bool:
    return set(rows_of(run.value)) < set(rows_of(run.expected))


@open_orders_page.mistake("The right rows stand in another order. The newest order comes first.")
def page_in_other_order(run: Run) -> bool:
    same = rows_of(run.value) == rows_of(run.expected)
    return not same and sorted(rows_of(run.value)) == sorted(rows_of(run.expected))


@open_orders_page.mistake("Your page shows orders that were sent or cancelled. Keep the filter.")
def page_of_all(run: Run) -> bool:
    return set(rows_of(run.expected)) < set(rows_of(run.value))


@open_orders_page.mistake(
    "A name with < or ' in it is not escaped. A template does that by itself, for every value."
)
def not_escaped(run: Run) -> bool:
    return bool(run.value == unescape(run.expected) != run.expected)


@open_orders_page.mistake(
    "The page is right, but its lines still cost a query for each order: "
    "order.lines is a relation in reverse, with many rows."
)
def lines_of_each(run: Run) -> bool:
    return is_right(run) and run.n_plus_1 == {"Order.lines"}


@open_orders_page.mistake(
    "The page is right, but the seller or the customer still costs a query for each order. "
    "Both lead to one object: select_related() takes both names."
)
def people_on_page(run: Run) -> bool:
    return is_right(run) and len(run.n_plus_1) > 0 and "Order.lines" not in run.n_plus_1


@open_orders_page.mistake(
    "The page is right, but lines of the template ask once for each order: this is N+1. "
    "Look at which line of the template asks for what."
)
def page_unchanged(run: Run) -> bool:
    return is_right(run) and len(run.n_plus_1) > 1


@open_orders_page.mistake(
    "The page is right, but customers or sellers take a query of their own. "
    "Both are one object for each order, so a JOIN brings them: select_related()."
)
def all_prefetched(run: Run) -> bool:
    return is_right(run) and any(
        f'FROM "{table}"' in query.sql
        for query in run.seen.queries
        for table in ("shop_customer", "company_employee")
    )


@open_orders_page.right
def page_of_rows() -> object:
    orders = Order.objects.open().annotate(n=Count("lines")).order_by("-placed_at")
    return page(
        {
            "number": order.number,
            "customer": order.customer,
            "seller": order.seller,
            "lines": {"all": range(order.n)},
        }
        for order in orders.select_related("customer", "seller")
    )


@open_orders_page.right
def page_of_list() -> object:
    orders = Order.objects.filter(Q(status="new") | Q(status="paid")).prefetch_related("lines")
    return page(list(orders.select_related("seller", "customer")))


@open_orders_page.right
def page_without_template() -> object:
    orders = Order.objects.open().prefetch_related("lines").select_related("customer", "seller")
    rows = [
        f"\n  <li>{order.number}: {escape(order.customer.name)},\n"
        f"  sold by {escape(order.seller.name) if order.seller else 'the web shop'},\n"
        f"  {len(order.lines.all())} lines</li>\n"
        for order in orders
    ]
    return "<ul>\n" + "".join(rows) + "\n</ul>"


@open_orders_page.wrong(joined_lines)
def page_all_joined() -> object:
    return page(Order.objects.open().select_related("customer", "seller", "lines"))


@open_orders_page.wrong(not_the_text)
def page_as_orders() -> object:
    return Order.objects.open().select_related("customer", "seller").prefetch_related("lines")


@open_orders_page.wrong(empty_page)
def page_of_another_name() -> object:
    return PAGE.render(Context({"order_list": Order.objects.open()}))


@open_orders_page.wrong(page_of_sellers)
def page_of_sold() -> object:
    orders = Order.objects.open().exclude(seller=None).prefetch_related("lines")
    return page(orders.select_related("customer", "seller"))


@open_orders_page.wrong(page_in_other_order)
def page_oldest_first() -> object:
    orders = Order.objects.open().select_related("customer", "seller").prefetch_related("lines")
    return page(orders.order_by("placed_at"))


@open_orders_page.wrong(page_of_all)
def page_of_every_order() -> object:
    return page(Order.objects.select_related("customer", "seller").prefetch_related("lines"))


@open_orders_page.wrong(not_escaped)
def page_not_escaped() -> object:
    orders = Order.objects.open().prefetch_related("lines").select_related("customer", "seller")
    rows = [
        f"\n  <li>{order.number}: {order.customer.name},\n"
        f"  sold by {order.seller.name if order.seller else 'the web shop'},\n"
        f"  {len(order.lines.all())} lines</li>\n"
        for order in orders
    ]
    return "<ul>\n" + "".join(rows) + "\n</ul>"


@open_orders_page.wrong(lines_of_each)
def page_only_joined() -> object:
    return page(Order.objects.open().select_related("customer", "seller"))


@open_orders_page.wrong(people_on_page)
def page_without_sellers() -> object:
    return page(Order.objects.open().select_related("customer").prefetch_related("lines"))


@open_orders_page.wrong(page_unchanged)
def page_still_slow() -> object:
    return page(Order.objects.open())


@open_orders_page.wrong(page_unchanged)
def page_only_customer() -> object:
    return page(Order.objects.open().select_related("customer"))


@open_orders_page.wrong(all_prefetched)
def page_prefetched() -> object:
    return page(Order.objects.open().prefetch_related("customer", "seller", "lines"))


@open_orders_page.wrong(page_of_some)
def page_of_new() -> object:
    orders = Order.objects.filter(status="new").prefetch_related("lines")
    return page(orders.select_related("customer", "seller"))


@open_orders_page.wrong(dictionary_for_context)
def page_of_dictionary() -> object:
    context: Any = {"orders": Order.objects.open()}
    return PAGE.render(context)


@open_orders_page.wrong("The result is right, but it took 3 queries. 2 are enough.")
def page_with_products() -> object:
    orders = Order.objects.open().select_related("customer", "seller")
    return page(orders.prefetch_related("lines__product"))
