"""06.5 Where they live: groups of one's own."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count
from shop.models import Customer

from checks.ch06_let_the_database_think import no_customers
from checks.common import rows
from checks.common.runs import failed, fetched_all
from tutor.judge.exercise import Exercise, Run


def new_country() -> None:
    """the first customer in Iceland joined"""
    Customer.objects.filter(pk=rows.customer("Wilma Berg").pk).update(country="Iceland")


def same_city() -> None:
    """two customers of the same name joined from the same city"""
    rows.customer("Kim Lee")
    rows.customer("Kim Lee")


countries = Exercise(
    "06.5",
    "Where they live",
    minutes=4,
    queries=1,
    changes=[new_country, same_city, no_customers],
    hints=[
        "By what do you group? Name it with values().",
        "After values(), annotate computes something for each group: a Count.",
        "Each group is a dictionary with two keys. Make one dictionary of all of them.",
    ],
)


@countries.expects
def expected() -> object:
    return dict(Counter(buyer.country for buyer in Customer.objects.all()))


@countries.check
def check(run: Run) -> str | None:
    assert isinstance(run.expected, dict)
    if run.fetched > len(run.expected):
        return (
            f"The numbers are right, but {run.fetched} rows were read. "
            f"Let the database count: {len(run.expected)} rows are enough, one for each country."
        )
    return None


@countries.mistake(
    "Your groups are too small. They are made by values() and by order_by(): by the country alone."
)
def small_groups(run: Run) -> bool:
    assert isinstance(run.value, dict)
    same = run.value.keys() == run.expected.keys() and run.value != run.expected
    return run.queries == 1 and run.fetched > len(run.expected) and same


@countries.mistake(
    "These are rows. Make a dictionary of them, with the country as the key and the number as "
    "the value."
)
def rows_of_groups(run: Run) -> bool:
    return isinstance(run.value, list) or failed(run, "ValueError", "dictionary update sequence")


@countries.mistake("Keys and values are the wrong way round: the country is the key.")
def turned_dictionary(run: Run) -> bool:
    assert isinstance(run.value, dict)
    return bool(run.value) and set(run.value.values()) <= run.expected.keys()


@countries.mistake("This counts something that repeats inside a country only once: leave distinct.")
def counted_cities(run: Run) -> bool:
    assert isinstance(run.value, dict)
    fewer = [run.value[key] <= number for key, number in run.expected.items()]
    return run.queries == 1 and all(fewer) and run.value != run.expected


@countries.mistake("Each country costs a query of its own. One query can count all groups.")
def query_for_each_country(run: Run) -> bool:
    return run.queries > 2


@countries.mistake(
    "aggregate makes one number of all rows. For a number of each group: values().annotate()."
)
def aggregate_for_groups(run: Run) -> bool:
    return (isinstance(run.value, dict) and len(run.value) == 1 < len(run.expected)) or failed(
        run, "AttributeError", "'dict'"
    )


@countries.right
def dict_of_pairs() -> object:
    return dict(Customer.objects.values_list("country").annotate(Count("pk")).order_by())


@countries.right
def sorted_groups() -> object:
    groups = Customer.objects.values("country").annotate(n=Count("name")).order_by("-n")
    found = {}
    for group in groups:
        found[group["country"]] = group["n"]
    return found


@countries.right
def groups_by_cursor() -> object:
    return dict(fetched_all("SELECT country, COUNT(*) FROM shop_customer GROUP BY country"))


@countries.wrong(small_groups)
def ordered_groups() -> object:
    groups = Customer.objects.values("country").annotate(n=Count("pk")).order_by("name")
    return {group["country"]: group["n"] for group in groups}


@countries.wrong(small_groups)
def each_customer() -> object:
    return {buyer.country: buyer.n for buyer in Customer.objects.annotate(n=Count("country"))}


@countries.wrong(rows_of_groups)
def groups_alone() -> object:
    return Customer.objects.values("country").annotate(n=Count("pk"))


@countries.wrong(rows_of_groups)
def dict_of_groups() -> object:
    return dict(Customer.objects.values_list("country"))


@countries.wrong(counted_cities)
def cities() -> object:
    n = Count("city", distinct=True)
    return dict(Customer.objects.values_list("country").annotate(n=n).order_by())


@countries.wrong(turned_dictionary)
def number_as_key() -> object:
    groups = Customer.objects.values("country").annotate(n=Count("pk"))
    return {group["n"]: group["country"] for group in groups}


@countries.wrong(query_for_each_country)
def loop_over_countries() -> object:
    names = Customer.objects.order_by("country").values_list("country", flat=True).distinct()
    return {name: Customer.objects.filter(country=name).count() for name in names}


@countries.wrong(aggregate_for_groups)
def aggregated() -> object:
    return Customer.objects.values("country").aggregate(n=Count("pk"))


@countries.wrong("120 rows were read")
def counter() -> object:
    return dict(Counter(Customer.objects.values_list("country", flat=True)))
