"""06.4 A present for regular customers: groups, chosen after counting."""

from __future__ import annotations

from collections import Counter

from django.db import connection
from django.db.models import Count, Q
from shop.models import Customer, Order

from checks.common import changes, rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def namesakes_order() -> None:
    """two customers of the same name ordered five times each"""
    for _ in range(2):
        buyer = rows.customer("Kim Lee")
        for _ in range(5):
            rows.order(buyer)


def all_cancelled() -> None:
    """a new customer cancelled all of eleven orders"""
    buyer = rows.customer("Wilma Berg")
    for _ in range(11):
        rows.order(buyer, status="cancelled")


def exactly_ten() -> None:
    """a new customer has made ten orders, and cancelled one more"""
    buyer = rows.customer("Inga Dahl")
    for _ in range(10):
        rows.order(buyer, status="paid")
    rows.order(buyer, status="cancelled")


regulars = Exercise(
    "06.4",
    "A present for regular customers",
    minutes=6,
    queries=1,
    changes=[exactly_ten, namesakes_order, all_cancelled, changes.no_orders],
    hints=[
        "Count the orders of each customer with annotate, then filter by that number.",
        "Cancelled orders must not be counted. Count has an argument filter=, which takes a Q.",
        "Each customer is a group of its own. Names repeat: do not group by the name.",
    ],
)


@regulars.cases
def cases() -> object:
    return [(10,), (3,), (1,)]


@regulars.expects
def expected(least: int) -> object:
    kept = Counter(order.customer_id for order in Order.objects.all() if order.status != CANCELLED)
    names = dict(Customer.objects.values_list("pk", "name"))
    return [(names[pk], number) for pk, number in kept.items() if number >= least]


CANCELLED = Order.Status.CANCELLED


def ordered_often(kept: bool) -> Counter[tuple[str, int]]:
    """(name, number of orders) of all customers."""
    orders = Order.objects.exclude(status=CANCELLED) if kept else Order.objects.all()
    number = Counter(orders.values_list("customer", flat=True))
    return Counter(
        (name, number[pk]) for pk, name in Customer.objects.values_list("pk", "name") if number[pk]
    )


@regulars.mistake(
    "Cancelled orders are counted as well. Count(..., filter=Q(...)) counts only some."
)
def cancelled_counted(run: Run) -> bool:
    everything = ordered_often(kept=False)
    return bool(run.unexpected) and all(tuple(row) in everything for row in run.unexpected)


@regulars.mistake(
    "Your numbers are too large: they were multiplied. A filter after annotate joins the orders "
    "a second time. Filter before you count, or use filter= of Count."
)
def joined_twice(run: Run) -> bool:
    most = max(number for _, number in ordered_often(kept=False))
    return any(number > most for _, number in run.unexpected)


@regulars.mistake("Your list has customers with fewer orders than asked. Filter by the number.")
def too_few(run: Run) -> bool:
    return any(number < run.arguments[0] for _, number in run.unexpected)


@regulars.mistake("At least means this many or more: >=. Your list has one part of them.")
def one_part(run: Run) -> bool:
    least = run.arguments[0]
    over = {number > least for _, number in run.rows}
    return bool(run.missing) and not run.unexpected and over in ({False}, {True})


@regulars.mistake(
    "Orders are missing: new and paid ones count as well. Only cancelled ones do not."
)
def shipped_counted(run: Run) -> bool:
    right = dict(ordered_often(kept=True).keys())
    return bool(run.unexpected) and all(number < right[name] for name, number in run.unexpected)


@regulars.mistake(
    "Two customers of the same name became one group. Group by the customer, not by the name."
)
def grouped_by_name(run: Run) -> bool:
    names = [name for name, _ in run.missing]
    return any(names.count(name) > 1 for name in names) or any(
        Customer.objects.filter(name=name).count() > 1 for name, _ in run.unexpected
    )


@regulars.mistake(
    "Customers are missing who cancelled one order and made enough others. exclude() with a "
    "relation to many leaves out everybody who has one such order."
)
def excluded_everybody(run: Run) -> bool:
    cancelled = set(Order.objects.filter(status=CANCELLED).values_list("customer__name", flat=True))
    return bool(run.missing) and not run.unexpected and all(n in cancelled for n, _ in run.missing)


@regulars.mistake("The orders of each customer cost a query of their own: this is N+1.")
def orders_counted_each(run: Run) -> bool:
    return run.queries > 3


@regulars.mistake("A filter by a number that annotate made must stand after that annotate.")
def filtered_too_early(run: Run) -> bool:
    return failed(run, "FieldError", "Cannot resolve keyword 'n")


@regulars.mistake("Seen from the customer it is orders__status: the status is the order's.")
def whose_status(run: Run) -> bool:
    return failed(run, "FieldError", "'status'") or failed(run, "FieldError", "'order'")


@regulars.right
def filtered_before(least: int) -> object:
    kept = Customer.objects.filter(orders__status__in=["new", "paid", "shipped"])
    return kept.annotate(n=Count("orders")).filter(n__gte=least).values_list("name", "n")


@regulars.right
def grouped_orders(least: int) -> object:
    groups = Order.objects.exclude(status="cancelled").order_by().values("customer")
    groups = groups.annotate(n=Count("pk")).filter(n__gte=least)
    return [(group["customer__name"], group["n"]) for group in groups.values("customer__name", "n")]


@regulars.right
def counted_in_python(least: int) -> object:
    orders = Order.objects.exclude(status="cancelled").select_related("customer")
    counted = Counter(order.customer for order in orders)
    return [(buyer.name, number) for buyer, number in counted.items() if number >= least]


@regulars.right
def regulars_by_cursor(least: int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.name, COUNT(*) FROM shop_customer c JOIN shop_order o ON o.customer_id = c.id"
            " WHERE o.status <> 'cancelled' GROUP BY c.id HAVING COUNT(*) >= %s",
            [least],
        )
        return cursor.fetchall()


@regulars.wrong(cancelled_counted)
def all_orders(least: int) -> object:
    return (
        Customer.objects.annotate(n=Count("orders")).filter(n__gte=least).values_list("name", "n")
    )


@regulars.wrong(joined_twice)
def filtered_after(least: int) -> object:
    counted = Customer.objects.annotate(n=Count("orders")).filter(n__gte=least)
    return counted.filter(orders__status__in=["new", "paid", "shipped"]).values_list("name", "n")


@regulars.wrong(grouped_by_name)
def by_name(least: int) -> object:
    groups = Order.objects.exclude(status="cancelled").order_by().values("customer__name")
    return groups.annotate(n=Count("pk")).filter(n__gte=least).values_list("customer__name", "n")


@regulars.wrong(excluded_everybody)
def excluded(least: int) -> object:
    buyers = Customer.objects.exclude(orders__status="cancelled").annotate(n=Count("orders"))
    return buyers.filter(n__gte=least).values_list("name", "n")


@regulars.wrong(one_part)
def greater(least: int) -> object:
    kept = Count("orders", filter=~Q(orders__status="cancelled"))
    return Customer.objects.annotate(n=kept).filter(n__gt=least).values_list("name", "n")


@regulars.wrong(orders_counted_each)
def regulars_loop(least: int) -> object:
    found = []
    for buyer in Customer.objects.all():
        n = buyer.orders.exclude(status="cancelled").count()
        if n >= least:
            found.append((buyer.name, n))
    return found


@regulars.wrong(filtered_too_early)
def filter_first(least: int) -> object:
    return Customer.objects.filter(n__gte=least).annotate(n=Count("orders")).values_list("name")


@regulars.wrong(one_part)
def exactly_so_often(least: int) -> object:
    kept = Count("orders", filter=~Q(orders__status="cancelled"))
    return Customer.objects.annotate(n=kept).filter(n=least).values_list("name", "n")


@regulars.wrong(too_few)
def unfiltered(least: int) -> object:
    kept = Count("orders", filter=~Q(orders__status="cancelled"))
    return Customer.objects.annotate(n=kept).values_list("name", "n")


@regulars.wrong(shipped_counted)
def shipped_only(least: int) -> object:
    kept = Count("orders", filter=Q(orders__status="shipped"))
    return Customer.objects.annotate(n=kept).filter(n__gte=least).values_list("name", "n")


@regulars.wrong(whose_status)
def status_of_customer(least: int) -> object:
    kept = Count("orders", filter=~Q(status="cancelled"))
    return Customer.objects.annotate(n=kept).filter(n__gte=least).values_list("name", "n")


@regulars.wrong("Each row should be like ('")
def customers_themselves(least: int) -> object:
    kept = Count("orders", filter=~Q(orders__status="cancelled"))
    return Customer.objects.annotate(n=kept).filter(n__gte=least)
