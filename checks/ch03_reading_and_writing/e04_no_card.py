"""03.4 No birthday card: what is not so, and what is not known."""

from __future__ import annotations

from django.db.models import Q
from django.db.models.functions import ExtractMonth
from shop.models import Customer

from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def unknown_birthday() -> None:
    """a customer came whose birthday is unknown"""
    rows.customer()


def born_in_march() -> None:
    """a customer came who was born in March"""
    rows.customer(birthday="1990-03-31")


no_card = Exercise(
    "03.4",
    "No birthday card",
    minutes=2,
    queries=1,
    changes=[unknown_birthday, born_in_march],
    hints=[
        "Who gets a card is easy to say with filter(). What is the opposite of filter()?",
        "The month of a date is a lookup: birthday__month.",
        "exclude() keeps those whose birthday is NULL. A condition in SQL that says NOT does not.",
    ],
)


@no_card.cases
def cases() -> object:
    return [(2,), (3,)]


@no_card.expects
def expected(month: int) -> object:
    return [c for c in Customer.objects.all() if not c.birthday or c.birthday.month != month]


@no_card.mistake("These are the customers who do get a card. Asked are all the others.")
def with_card(run: Run) -> bool:
    month = run.arguments[0]
    return bool(run.rows) and all(c.birthday and c.birthday.month == month for c in run.rows)


@no_card.mistake(
    "Customers whose birthday is unknown are missing. NULL is neither this month nor another one: "
    "exclude() on the field itself keeps them, other comparisons lose them."
)
def unknown_forgotten(run: Run) -> bool:
    return bool(run.missing) and all(c.birthday is None for c in run.missing)


@no_card.mistake(
    "Those who do get a card are in your list as well. exclude() with two conditions leaves out "
    "only rows for which both are true."
)
def with_everybody(run: Run) -> bool:
    return not run.missing and len(run.rows) == Customer.objects.count()


@no_card.mistake("Only those whose birthday is unknown are in your list. The others are missing.")
def only_unknown(run: Run) -> bool:
    return bool(run.missing) and all(c.birthday is None for c in run.rows)


@no_card.mistake(
    "There is no lookup for `is not`. Say what is, with filter(), and turn it round: exclude() or ~Q."
)
def no_such_lookup(run: Run) -> bool:
    return failed(run, "FieldError", "nsupported lookup")


@no_card.mistake(
    "The birthday of some customers is None, and None has no month. Ask for that first."
)
def none_has_no_month(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@no_card.right
def not_q(month: int) -> object:
    return Customer.objects.filter(~Q(birthday__month=month))


@no_card.right
def less_or_more(month: int) -> object:
    other = Q(birthday__month__lt=month) | Q(birthday__month__gt=month)
    return Customer.objects.filter(Q(birthday=None) | other)


@no_card.right
def months_in_python(month: int) -> object:
    return [c for c in Customer.objects.all() if not (c.birthday and c.birthday.month == month)]


@no_card.right
def others_by_key(month: int) -> object:
    born = Customer.objects.filter(birthday__month=month)
    return Customer.objects.exclude(pk__in=born)


@no_card.wrong(with_card)
def the_opposite(month: int) -> object:
    return Customer.objects.filter(birthday__month=month)


@no_card.wrong(unknown_forgotten)
def other_months(month: int) -> object:
    return Customer.objects.filter(birthday__month__in=[n for n in range(1, 13) if n != month])


@no_card.wrong(unknown_forgotten)
def unknown_excluded(month: int) -> object:
    return Customer.objects.exclude(birthday__month=month).exclude(birthday=None)


@no_card.wrong(unknown_forgotten)
def month_annotated(month: int) -> object:
    return Customer.objects.annotate(month=ExtractMonth("birthday")).exclude(month=month)


@no_card.wrong(with_everybody)
def both_excluded(month: int) -> object:
    return Customer.objects.exclude(birthday__month=month, birthday=None)


@no_card.wrong(only_unknown)
def both_conditions(month: int) -> object:
    return Customer.objects.filter(birthday=None).exclude(birthday__month=month)


@no_card.wrong(no_such_lookup)
def made_up_lookup(month: int) -> object:
    return Customer.objects.filter(birthday__month__ne=month)


@no_card.wrong(none_has_no_month)
def none_forgotten(month: int) -> object:
    return [c for c in Customer.objects.all() if c.birthday.month != month]
