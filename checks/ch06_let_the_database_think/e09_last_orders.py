"""06.9 The last order: one row of many, by a subquery."""

from __future__ import annotations

from collections import Counter

from django.db.models import Exists, F, Max, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber
from shop.models import Customer, Order

from checks.common import changes, rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def entered_late() -> None:
    """an order of January 2024 was found, and entered only now"""
    buyer = Customer.objects.filter(orders__isnull=False).earliest("pk")
    rows.order(buyer, number="2026-9999", placed_at="2024-01-02T08:00Z")


def namesake_orders() -> None:
    """two customers of the same name ordered once each"""
    rows.order(rows.customer("Kim Lee"), placed_at="2026-03-01T09:00Z")
    rows.order(rows.customer("Kim Lee"), placed_at="2026-03-01T10:00Z")


def new_order() -> None:
    """somebody ordered today"""
    buyer = Customer.objects.filter(orders__isnull=False).latest("pk")
    rows.order(buyer, number="2026-0001-B", placed_at="2026-03-02T09:00Z")


last_orders = Exercise(
    "06.9",
    "The last order",
    minutes=6,
    queries=1,
    changes=[new_order, entered_late, namesake_orders, changes.no_orders],
    hints=[
        "Write the inner query first: the orders of one customer, the newest first.",
        (
            "The customer of the outer query is OuterRef('pk'). One column and one row: "
            "values(...)[:1]."
        ),
        "Customers without an order get None from the subquery. Leave them out with a filter.",
    ],
)


@last_orders.expects
def expected() -> object:
    newest: dict[int, Order] = {}
    for found in Order.objects.all():
        other = newest.setdefault(found.customer_id, found)
        if found.placed_at > other.placed_at:
            newest[found.customer_id] = found
    names = dict(Customer.objects.values_list("pk", "name"))
    return [(names[found.customer_id], found.number) for found in newest.values()]


@last_orders.mistake("Customers who never ordered are in your list, with None. Leave them out.")
def never_ordered_none(run: Run) -> bool:
    return bool(run.unexpected) and all(number is None for _, number in run.unexpected)


@last_orders.mistake(
    "Everybody has the same order: the inner query does not know the customer. "
    "Filter it with OuterRef('pk')."
)
def same_for_all(run: Run) -> bool:
    numbers = {number for _, number in run.rows}
    return len(run.rows) > 10 and len(numbers - {None}) == 1


@last_orders.mistake(
    "These are not the newest orders. The newest comes first with a minus. The newest comes first with a minus."
)
def the_oldest(run: Run) -> bool:
    oldest = dict(Order.objects.order_by("-placed_at").values_list("customer", "number"))
    found = {number for _, number in run.rows}
    return found == set(oldest.values()) and len(run.rows) == len(run.expected)


@last_orders.mistake(
    "The newest is the one with the latest placed_at, not the one with the highest key or number."
)
def by_key(run: Run) -> bool:
    return bool(run.unexpected) and all(n == "2026-9999" for _, n in run.unexpected)


@last_orders.mistake("That is the time of the last order. Asked is its number.")
def time_of_order(run: Run) -> bool:
    return bool(run.rows) and all(hasattr(when, "year") for _, when in run.rows)


@last_orders.mistake("These are all orders. Asked is only the newest of each customer.")
def all_of_them(run: Run) -> bool:
    return len({number for _, number in run.rows}) == Order.objects.count() > len(run.expected)


@last_orders.mistake(
    "A customer comes once for each order: filtering by orders joins them. "
    "Filter by the annotation, which is None where there is no order."
)
def once_for_each_order(run: Run) -> bool:
    return len(run.rows) == Order.objects.count() > len(run.expected)


@last_orders.mistake("A subquery must return one column: values('number').")
def many_columns(run: Run) -> bool:
    return failed(run, "OperationalError", "columns") or failed(run, "OutputFieldIsNoneError")


@last_orders.mistake(
    "A query with OuterRef cannot run alone. Put it into Subquery(), as it is: first() would run it."
)
def ran_alone(run: Run) -> bool:
    return failed(run, "ValueError", "outer query")


@last_orders.mistake("DISTINCT ON works on PostgreSQL only. A subquery works on every database.")
def distinct_on(run: Run) -> bool:
    return failed(run, "NotSupportedError", "DISTINCT ON")


@last_orders.mistake(
    "OuterRef names a field of the outer model. The outer row is a customer: OuterRef('pk')."
)
def outer_customer(run: Run) -> bool:
    return failed(run, "FieldError", "'customer'")


@last_orders.mistake("Some customers have never ordered: for them first() gives None.")
def first_of_none(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'") or failed(run, "DoesNotExist")


@last_orders.mistake("To compare with a subquery it must return one row: add [:1].")
def many_rows(run: Run) -> bool:
    return failed(run, "ValueError", "limited to one result")


@last_orders.mistake("The orders of each customer cost a query of their own: this is N+1.")
def last_of_each(run: Run) -> bool:
    return run.queries > 3


@last_orders.mistake("Two customers of the same name became one. Tell customers apart by pk.")
def one_of_namesakes(run: Run) -> bool:
    names = Counter(name for name, _ in run.expected)
    return (
        bool(run.missing) and not run.unexpected and all(names[name] > 1 for name, _ in run.missing)
    )


@last_orders.right
def nothing_newer() -> object:
    newer = Order.objects.filter(
        customer=OuterRef("customer"), placed_at__gt=OuterRef("placed_at")
    ).order_by()
    return Order.objects.filter(~Exists(newer)).values_list("customer__name", "number")


@last_orders.right
def first_by_window() -> object:
    place = Window(RowNumber(), partition_by="customer", order_by=F("placed_at").desc())
    newest = Order.objects.annotate(place=place).filter(place=1).select_related("customer")
    return [(found.customer.name, found.number) for found in newest]


@last_orders.right
def last_in_python() -> object:
    found = {}
    orders = Order.objects.order_by("placed_at")
    for pk, name, number in orders.values_list("customer", "customer__name", "number"):
        found[pk] = name, number
    return found.values()


@last_orders.right
def last_without_buyers() -> object:
    own = Order.objects.filter(customer_id=OuterRef("id")).order_by("-placed_at")
    buyers = Customer.objects.filter(Exists(own)).annotate(last=own.values("number")[:1])
    return [[buyer.name, buyer.last] for buyer in buyers]


@last_orders.wrong(never_ordered_none)
def last_of_everybody() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at")
    buyers = Customer.objects.annotate(last=Subquery(own.values("number")[:1]))
    return buyers.values_list("name", "last")


@last_orders.wrong(same_for_all)
def last_of_the_shop() -> object:
    last = Order.objects.order_by("-placed_at").values("number")[:1]
    buyers = Customer.objects.filter(orders__isnull=False).distinct()
    return buyers.annotate(last=Subquery(last)).values_list("name", "last")


@last_orders.wrong(the_oldest)
def oldest_of_each() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("placed_at")
    buyers = Customer.objects.annotate(last=Subquery(own.values("number")[:1]))
    return buyers.filter(last__isnull=False).values_list("name", "last")


@last_orders.wrong(by_key)
def highest_key() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("-pk")
    buyers = Customer.objects.annotate(last=Subquery(own.values("number")[:1]))
    return buyers.filter(last__isnull=False).values_list("name", "last")


@last_orders.wrong(by_key)
def highest_number() -> object:
    buyers = Customer.objects.annotate(last=Max("orders__number"))
    return buyers.filter(last__isnull=False).values_list("name", "last")


@last_orders.wrong(time_of_order)
def latest_time() -> object:
    buyers = Customer.objects.annotate(last=Max("orders__placed_at"))
    return buyers.filter(last__isnull=False).values_list("name", "last")


@last_orders.wrong(all_of_them)
def every_order() -> object:
    return Order.objects.values_list("customer__name", "number")


@last_orders.wrong(many_columns)
def whole_order() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at")
    return Customer.objects.annotate(last=Subquery(own.values()[:1])).values_list("name", "last")


@last_orders.wrong(ran_alone)
def first_of_own() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at").first()
    return Customer.objects.annotate(last=Subquery(own)).values_list("name", "last")


@last_orders.wrong(once_for_each_order)
def joined_orders() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at")
    buyers = Customer.objects.annotate(last=Subquery(own.values("number")[:1]))
    return buyers.filter(orders__isnull=False).values_list("name", "last")


@last_orders.wrong(distinct_on, sqlite_only=True)
def distinct_customers() -> object:
    newest = Order.objects.order_by("customer", "-placed_at").distinct("customer")
    return newest.values_list("customer__name", "number")


@last_orders.wrong(outer_customer)
def customer_of_customer() -> object:
    own = Order.objects.filter(customer=OuterRef("customer")).order_by("-placed_at")
    buyers = Customer.objects.annotate(last=Subquery(own.values("number")[:1]))
    return buyers.values_list("name", "last")


@last_orders.wrong(first_of_none)
def number_of_none() -> object:
    return [(buyer.name, buyer.orders.first().number) for buyer in Customer.objects.all()]


@last_orders.wrong(many_rows)
def compared_with_many() -> object:
    own = Order.objects.filter(customer=OuterRef("customer")).order_by().values("customer")
    newest = own.annotate(newest=Max("placed_at")).values("newest")
    found = Order.objects.filter(placed_at=Subquery(newest))
    return found.values_list("customer__name", "number")


@last_orders.wrong(last_of_each)
def last_loop() -> object:
    found = []
    for buyer in Customer.objects.all():
        newest = buyer.orders.order_by("-placed_at").first()
        if newest:
            found.append((buyer.name, newest.number))
    return found


@last_orders.wrong(one_of_namesakes)
def last_by_name() -> object:
    orders = Order.objects.order_by("placed_at")
    return list(dict(orders.values_list("customer__name", "number")).items())
