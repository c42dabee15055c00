"""03.3 Who is calling? Two conditions, one of which is enough."""

from __future__ import annotations

from django.db.models import Q
from shop.models import Customer

from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def found_by_both() -> None:
    """a customer came who has the text in the name and in the address"""
    rows.customer(name="Garcia-Papadakis O'Brien", email="garcia.papadakis@example.net")


def found_by_address() -> None:
    """a customer came who has the text only in the address"""
    rows.customer(email="GARCIA.PAPADAKIS+o'brien@example.net")


find_customers = Exercise(
    "03.3",
    "Who is calling?",
    minutes=3,
    queries=1,
    changes=[found_by_both, found_by_address],
    hints=[
        "It is enough if one of two conditions is true. Two arguments of filter() mean: both.",
        "Q makes an object of a condition, and | between two of them means or.",
        "The lookup icontains finds a part of a text, and does not care about big and small.",
    ],
)


@find_customers.cases
def cases() -> object:
    return [("papa",), ("GARCIA",), ("o'b",), ("example.net",), ("nobody at all",)]


@find_customers.expects
def expected(text: str) -> object:
    part = text.lower()
    everyone = Customer.objects.all()
    return [c for c in everyone if part in c.name.lower() or part in c.email.lower()]


@find_customers.check
def reads_only_those(run: Run) -> str | None:
    if run.fetched > 2 * len(run.expected) + 5:
        return (
            f"You read {run.fetched} rows to find {len(run.expected)} customers. "
            "Let the database search: the conditions belong into filter()."
        )
    return None


def _where(run: Run) -> str:
    return run.seen.queries[0].sql.partition(" WHERE ")[2].partition(" ORDER BY ")[0]


@find_customers.mistake(
    "Only the name is searched. Is there Python's own word `or` in your code? "
    "It returns the first Q and forgets the second: write | in its place."
)
def only_name(run: Run) -> bool:
    return bool(run.missing) and "email" not in _where(run)


@find_customers.mistake(
    "Only the e-mail address is searched. Is there Python's own word `and` in your code? "
    "It returns the last Q only. And asked is or: write | between the two."
)
def only_address(run: Run) -> bool:
    return bool(run.missing) and "name" not in _where(run)


@find_customers.mistake(
    "Big and small letters make a difference in your search. The lookup icontains ignores them."
)
def cares_about_case(run: Run) -> bool:
    text = run.arguments[0]
    unseen = all(text not in c.name + c.email for c in run.missing)
    return bool(run.missing) and unseen and " OR " in _where(run)


@find_customers.mistake(
    "Only those are found who have the text in both. One of the two is enough: Q(...) | Q(...)."
)
def both_needed(run: Run) -> bool:
    text = run.arguments[0].lower()
    return bool(run.missing) and all(
        (text in c.name.lower()) != (text in c.email.lower()) for c in run.missing
    )


@find_customers.mistake(
    "A customer who has the text in both stands in your list twice. Ask once, with or."
)
def found_twice(run: Run) -> bool:
    return (
        bool(run.unexpected) and not run.missing and all(c in run.expected for c in run.unexpected)
    )


@find_customers.mistake("Never put a value into SQL by hand: an apostrophe ends the text. Use %s.")
def sql_by_hand(run: Run) -> bool:
    told = failed(run, "OperationalError", "syntax") or failed(run, "ProgrammingError", "syntax")
    return told and "'" in run.arguments[0]


@find_customers.right
def union_of_two(text: str) -> object:
    customers = Customer.objects.order_by()
    by_address = customers.filter(email__icontains=text)
    return customers.filter(name__icontains=text).union(by_address)


@find_customers.right
def querysets_with_or(text: str) -> object:
    by_name = Customer.objects.filter(name__icontains=text)
    return list(by_name | Customer.objects.filter(email__icontains=text))


@find_customers.right
def neither_excluded(text: str) -> object:
    return Customer.objects.exclude(~Q(name__icontains=text), ~Q(email__icontains=text))


@find_customers.right
def found_by_raw_sql(text: str) -> object:
    sql = "SELECT * FROM shop_customer WHERE lower(name) LIKE %s OR lower(email) LIKE %s"
    return list(Customer.objects.raw(sql, [f"%{text.lower()}%"] * 2))


@find_customers.wrong(both_needed)
def comma_is_and(text: str) -> object:
    return Customer.objects.filter(name__icontains=text, email__icontains=text)


@find_customers.wrong(only_name)
def pythons_or(text: str) -> object:
    return Customer.objects.filter(Q(name__icontains=text) or Q(email__icontains=text))


@find_customers.wrong(only_address)
def pythons_and(text: str) -> object:
    return Customer.objects.filter(Q(name__icontains=text) and Q(email__icontains=text))


@find_customers.wrong(cares_about_case)
def exact_text(text: str) -> object:
    return Customer.objects.filter(Q(name__regex=text) | Q(email__regex=text))


@find_customers.wrong("You read 120 rows to find")
def found_in_python(text: str) -> object:
    part = text.lower()
    everyone = Customer.objects.all()
    return [c for c in everyone if part in c.name.lower() or part in c.email.lower()]


@find_customers.wrong("it took 2 queries. 1 is enough")
def two_sets(text: str) -> object:
    by_name = set(Customer.objects.filter(name__icontains=text))
    return by_name | set(Customer.objects.filter(email__icontains=text))


@find_customers.wrong(found_twice)
def two_lists(text: str) -> object:
    by_name = list(Customer.objects.filter(name__icontains=text))
    return by_name + list(Customer.objects.filter(email__icontains=text))


@find_customers.wrong(sql_by_hand)
def text_in_sql(text: str) -> object:
    part = f"'%%{text.lower()}%%'"
    condition = f"lower(name) LIKE {part} OR lower(email) LIKE {part}"
    return list(Customer.objects.raw(f"SELECT * FROM shop_customer WHERE {condition}"))
