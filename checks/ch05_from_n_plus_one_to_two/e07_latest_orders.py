"""05.7 The latest order: the first of each."""

from __future__ import annotations

from django.db import connection
from django.db.models import OuterRef, Prefetch, Subquery, prefetch_related_objects
from shop.models import Customer, Order

from checks.ch05_from_n_plus_one_to_two import many_customers
from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def newest_in_norway() -> None:
    """two customers in Norway ordered again, and the numbers do not follow the time"""
    first, second = Customer.objects.filter(country="Norway").order_by("pk")[:2]
    rows.order(first, number="1999-0001", placed_at="2026-03-02T09:00Z")
    rows.order(second, number="9999-0001", placed_at="2001-03-02T09:00Z")


latest_orders = Exercise(
    "05.7",
    "The latest order",
    minutes=5,
    queries=2,
    changes=[newest_in_norway, many_customers],
    hints=[
        "Two queries: the customers, and for each of them one order. The second can be sliced.",
        "The queryset in a Prefetch may end in [:1]. The slice is made for each customer.",
        "to_attr gives a list: with one order, or with none. Look before you take number 0.",
    ],
)


@latest_orders.cases
def cases() -> object:
    return [("Norway",), ("Ireland",), ("Greece",), ("Atlantis",)]


@latest_orders.expects
def expected(country: str) -> object:
    newest: dict[int, Order] = {}
    for each in sorted(Order.objects.all(), key=lambda one: one.placed_at):
        newest[each.customer_id] = each
    there = [each for each in Customer.objects.all() if each.country == country]
    return [(c.email, newest[c.pk].number if c.pk in newest else None) for c in there]


@latest_orders.check
def check(run: Run) -> str | None:
    if run.queries <= 2 and run.fetched > 2 * len(run.expected):
        return (
            f"The result is right, but {run.fetched} rows were read for {len(run.expected)} "
            "customers. Let the database pick the latest order of each."
        )
    return None


@latest_orders.mistake(
    "A sliced Prefetch needs a to_attr: without it, Django would have to filter what is sliced."
)
def sliced_without_to_attr(run: Run) -> bool:
    return failed(run, "TypeError", "slice")


@latest_orders.mistake("Not every customer has an order: the list is empty then. Look before [0].")
def nothing_at_0(run: Run) -> bool:
    return failed(run, "IndexError")


@latest_orders.mistake("Not every customer has an order: get() and latest() raise an error then.")
def nothing_is_latest(run: Run) -> bool:
    return failed(run, "DoesNotExist")


@latest_orders.mistake("Not every customer has an order: first() gives None then.")
def none_has_no_number(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@latest_orders.mistake("Customers without an order are missing. They stay, with None.")
def only_buyers(run: Run) -> bool:
    return bool(run.missing) and not run.unexpected and all(n is None for _, n in run.missing)


@latest_orders.mistake(
    "Only one customer got an order: your slice took one row of all. In a Prefetch it is made "
    "for each customer."
)
def one_of_all(run: Run) -> bool:
    with_number = [number for _, number in run.rows if number is not None]
    return len(with_number) == 1 and len(run.missing) > 1


@latest_orders.mistake("These are the oldest orders. The latest comes first with a minus.")
def oldest(run: Run) -> bool:
    first: dict[str, str] = {}
    for each in Order.objects.order_by("-placed_at").select_related("customer"):
        first[each.customer.email] = each.number
    return all(first.get(email) == number for email, number in run.unexpected) and bool(
        run.unexpected
    )


@latest_orders.mistake(
    "The latest order is the one with the latest placed_at, not with the highest number or key."
)
def by_number(run: Run) -> bool:
    highest: dict[str, set[str]] = {}
    for field in ("number", "pk"):
        for each in Order.objects.order_by(field).select_related("customer"):
            highest.setdefault(each.customer.email, set())
        last = {o.customer.email: o.number for o in Order.objects.order_by(field)}
        for email, number in last.items():
            highest[email].add(number)
    return bool(run.unexpected) and all(n in highest.get(e, ()) for e, n in run.unexpected)


@latest_orders.mistake("Each customer's latest order costs a query of its own: this is N+1.")
def latest_of_each(run: Run) -> bool:
    return run.queries > 3


@latest_orders.right
def latest_subquery(country: str) -> object:
    orders = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at")
    latest = Subquery(orders.values("number")[:1])
    there = Customer.objects.filter(country=country).annotate(latest=latest)
    return there.values_list("email", "latest")


@latest_orders.right
def latest_by_default_order(country: str) -> object:
    latest = Prefetch("orders", Order.objects.all()[:1], to_attr="latest")  # Meta.ordering.
    there = list(Customer.objects.filter(country=country))
    prefetch_related_objects(there, latest)
    return [(each.email, next((o.number for o in each.latest), None)) for each in there]


@latest_orders.right
def latest_window(country: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.email, o.number FROM shop_customer c
            LEFT JOIN (
                SELECT *, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY placed_at DESC) AS n
                FROM shop_order
            ) o ON o.customer_id = c.id AND o.n = 1
            WHERE c.country = %s
            """,
            [country],
        )
        return cursor.fetchall()


@latest_orders.wrong(latest_of_each)
def latest_loop(country: str) -> object:
    rows = []
    for each in Customer.objects.filter(country=country):
        found = each.orders.order_by("-placed_at").first()
        rows.append((each.email, found.number if found else None))
    return rows


@latest_orders.wrong("rows were read for")
def latest_reads_all(country: str) -> object:
    rows = []
    for each in Customer.objects.filter(country=country).prefetch_related("orders"):
        found = sorted(each.orders.all(), key=lambda one: one.placed_at)
        rows.append((each.email, found[-1].number if found else None))
    return rows


@latest_orders.wrong(nothing_at_0)
def latest_index(country: str) -> object:
    latest = Prefetch("orders", Order.objects.order_by("-placed_at")[:1], to_attr="latest")
    there = Customer.objects.filter(country=country).prefetch_related(latest)
    return [(each.email, each.latest[0].number) for each in there]


@latest_orders.wrong(nothing_is_latest)
def latest_raises(country: str) -> object:
    there = Customer.objects.filter(country=country)
    return [(each.email, each.orders.latest("placed_at").number) for each in there]


@latest_orders.wrong(none_has_no_number)
def latest_none(country: str) -> object:
    there = Customer.objects.filter(country=country).prefetch_related("orders")
    return [(each.email, each.orders.first().number) for each in there]


@latest_orders.wrong(sliced_without_to_attr)
def latest_without_name(country: str) -> object:
    latest = Prefetch("orders", Order.objects.order_by("-placed_at")[:1])
    there = Customer.objects.filter(country=country).prefetch_related(latest)
    return [(each.email, each.orders.all()[0].number) for each in there]


@latest_orders.wrong(only_buyers)
def latest_buyers(country: str) -> object:
    latest = Prefetch("orders", Order.objects.order_by("-placed_at")[:1], to_attr="latest")
    there = Customer.objects.filter(country=country).prefetch_related(latest)
    return [(each.email, each.latest[0].number) for each in there if each.latest]


@latest_orders.wrong(oldest)
def latest_backwards(country: str) -> object:
    latest = Prefetch("orders", Order.objects.order_by("placed_at")[:1], to_attr="latest")
    there = Customer.objects.filter(country=country).prefetch_related(latest)
    return [(each.email, each.latest[0].number if each.latest else None) for each in there]


@latest_orders.wrong(by_number)
def latest_by_number(country: str) -> object:
    latest = Prefetch("orders", Order.objects.order_by("-number")[:1], to_attr="latest")
    there = Customer.objects.filter(country=country).prefetch_related(latest)
    return [(each.email, each.latest[0].number if each.latest else None) for each in there]


@latest_orders.wrong(one_of_all)
def latest_of_all(country: str) -> object:
    newest = Order.objects.filter(customer__country=country).order_by("-placed_at")[:1]
    by_customer = {each.customer_id: each.number for each in newest}
    there = Customer.objects.filter(country=country)
    return [(each.email, by_customer.get(each.pk)) for each in there]
