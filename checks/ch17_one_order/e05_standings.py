"""17.5 Step 3: who has how many points?"""

from __future__ import annotations

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from loyalty.models import PointEntry
from shop.models import Customer, Order

from checks.ch17_one_order import NOW, entry
from tutor.judge.exercise import Exercise, Run


def some_points() -> None:
    """three customers have points, one of them from two orders, and one has given some back"""
    for order in Order.objects.order_by("pk")[:30]:
        entry(order, 5 + order.pk)
    entry(Order.objects.earliest("pk"), -4, "refunded")


def namesakes() -> None:
    """two customers in Ireland have the same name, and one of them has points"""
    for number in (1, 2):
        twin = Customer.objects.create(
            name="Aoife Kelly",
            email=f"aoife.{number}@example.com",
            city="Cork",
            country="Ireland",
            joined_on=NOW,
        )
    order = Order.objects.create(number="2026-T1", customer=twin)
    entry(order, 9)


standings = Exercise(
    "17.5",
    "Step 3: who has how many?",
    minutes=5,
    queries=1,
    changes=[some_points, namesakes],
    hints=[
        "annotate() adds a value to each customer. Which way leads from customer to entries?",
        'annotate(points=Sum("point_entries__points")) keeps customers without an entry: None.',
        'Sum("point_entries__points", default=0), and then values_list("name", "points").',
    ],
)


@standings.cases
def cases() -> object:
    return [("Ireland",), ("Nigeria",), ("Atlantis",)]


@standings.expects
def expected(country: str) -> object:
    return [
        (customer.name, sum(each.points for each in customer.point_entries.all()))
        for customer in Customer.objects.filter(country=country)
    ]


@standings.mistake("Who has no entry has 0 points, not None. Sum() takes default=0.")
def none_points(run: Run) -> bool:
    return any(points is None for _, points in run.rows)


@standings.mistake("Two customers have the same name, and you took them for one.")
def one_name(run: Run) -> bool:
    names = [name for name, _ in run.expected]
    return len(run.rows) < len(names) and len(set(names)) < len(names)


@standings.mistake("Customers without an entry are to be in the list too, with 0.")
def without_strangers(run: Run) -> bool:
    return (
        bool(run.missing) and all(points == 0 for _, points in run.missing) and not run.unexpected
    )


@standings.mistake("You ask once for each customer. annotate() asks once for all.")
def asked_each(run: Run) -> bool:
    return run.queries > 1


@standings.mistake("Add up the points: one line for each customer, not for each entry.")
def line_for_each_entry(run: Run) -> bool:
    return len(run.rows) > len(run.expected)


@standings.right
def coalesced(country: str) -> object:
    total = Coalesce(Sum("point_entries__points"), 0)
    people = Customer.objects.filter(country=country).annotate(total=total)
    return [(customer.name, customer.total) for customer in people]


@standings.right
def subquery(country: str) -> object:
    of_one = PointEntry.objects.filter(customer=OuterRef("pk")).order_by().values("customer")
    total = Coalesce(Subquery(of_one.values(sum=Sum("points"))), 0)
    return Customer.objects.filter(country=country).values_list("name", total)


@standings.wrong(none_points)
def with_none(country: str) -> object:
    people = Customer.objects.filter(country=country)
    return people.annotate(points=Sum("point_entries__points")).values_list("name", "points")


@standings.wrong(without_strangers)
def from_entries(country: str) -> object:
    rows = PointEntry.objects.filter(customer__country=country).order_by()
    return rows.values("customer").annotate(s=Sum("points")).values_list("customer__name", "s")


@standings.wrong(one_name)
def by_name(country: str) -> object:
    people = Customer.objects.filter(country=country).order_by().values("name")
    return list(
        people.annotate(points=Sum("point_entries__points", default=0)).values_list(
            "name", "points"
        )
    )


@standings.wrong(asked_each)
def in_a_loop(country: str) -> object:
    return [
        (customer.name, sum(each.points for each in customer.point_entries.all()))
        for customer in Customer.objects.filter(country=country)
    ]


@standings.wrong(line_for_each_entry)
def joined(country: str) -> object:
    people = Customer.objects.filter(country=country)
    return people.values_list("name", Coalesce("point_entries__points", 0))
