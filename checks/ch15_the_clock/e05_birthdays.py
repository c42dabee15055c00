"""15.5 Whose birthday is it? 29 February too."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

from django.db.models import Q
from shop.models import Customer

from checks.ch15_the_clock import TODAY
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def born(day: str) -> None:
    Customer.objects.create(
        name=f"Born {day}", email=f"{day}@example.com", birthday=day, joined_on=TODAY
    )


def leap_child() -> None:
    """somebody else is born on 29 February"""
    born("2004-02-29")


def two_days() -> None:
    """somebody is born on 28 February, and somebody on 1 March"""
    born("1990-02-28")
    born("1991-03-01")


birthdays = Exercise(
    "15.5",
    "Whose birthday is it?",
    minutes=6,
    queries=2,
    changes=[leap_child, two_days],
    hints=[
        "Compare month and day, not the year. Which day is the exception, and in which years?",
        (
            "birthday__month and birthday__day are lookups. On 28 February, look whether there is a "
            "29th this year: calendar.isleap(year)."
        ),
        (
            "Two conditions with | between them, as Q objects: this month and day; and on 28 February "
            "of a common year, month 2 and day 29."
        ),
    ],
)


@birthdays.cases
def cases() -> object:
    days = ["2026-03-02", "2026-02-28", "2028-02-28", "2028-02-29", "2026-03-01", "2100-02-28"]
    return [(date.fromisoformat(day),) for day in days]


@birthdays.expects
def expected(today: date) -> object:
    names = []
    for customer in Customer.objects.exclude(birthday=None):
        day = (customer.birthday.month, customer.birthday.day)
        if day == (2, 29):
            with suppress(ValueError):
                today.replace(month=2, day=29)
                names += [customer.name] * ((today.month, today.day) == (2, 29))
                continue
            day = (2, 28)
        names += [customer.name] * ((today.month, today.day) == day)
    return names


def day_of(run: Run) -> tuple[int, int]:
    return run.arguments[0].month, run.arguments[0].day


@birthdays.mistake(
    "2100 is no leap year, though 4 divides it. calendar.isleap() knows the whole rule."
)
def century(run: Run) -> bool:
    return run.arguments[0].year == 2100


@birthdays.mistake(
    "In a year with a 29 February, people born on it celebrate on that day, and not on the 28th."
)
def a_day_early(run: Run) -> bool:
    return run.arguments[0] == date(2028, 2, 28) and bool(run.unexpected)


@birthdays.mistake(
    "2026 has no 29 February. Who is born on it celebrates on 28 February then, and is missing."
)
def left_out(run: Run) -> bool:
    return day_of(run) == (2, 28) and "Cleo Papadakis" in run.missing


@birthdays.mistake(
    "Who is born on 29 February celebrates on the 28th in such a year, not on 1 March."
)
def a_day_late(run: Run) -> bool:
    return day_of(run) == (3, 1) and "Cleo Papadakis" in run.unexpected


@birthdays.mistake(
    "Nobody is found: birthday=today asks for people born today, in this year. Compare month and "
    "day."
)
def same_year(run: Run) -> bool:
    return run.rows == [] and day_of(run) == (3, 2)


@birthdays.mistake(
    "replace() fails for 29 February in a year that has none. Look at that day first."
)
def replaced_year(run: Run) -> bool:
    return failed(run, "ValueError", "day") and "range" in str(run.error)


@birthdays.mistake("Some customers have no birthday: it is None. Leave them out first.")
def no_birthday(run: Run) -> bool:
    return failed(run, "AttributeError", "NoneType")


def on(month: int, day: int) -> Q:
    return Q(birthday__month=month, birthday__day=day)


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@birthdays.right
def as_a_list_of_days(today: date) -> object:
    wanted = on(today.month, today.day)
    tomorrow = today + timedelta(days=1)
    if today.month == 2 and tomorrow.month == 3 and today.day == 28:
        wanted |= on(2, 29)
    return Customer.objects.filter(wanted).values_list("name", flat=True)


@birthdays.right
def in_python(today: date) -> object:
    def celebrated(birthday: date) -> date:
        if (birthday.month, birthday.day) == (2, 29) and not is_leap(today.year):
            return date(today.year, 2, 28)
        return birthday.replace(year=today.year)

    people = Customer.objects.exclude(birthday=None)
    return [person.name for person in people if celebrated(person.birthday) == today]


@birthdays.wrong(left_out)
def month_and_day(today: date) -> object:
    return [c.name for c in Customer.objects.filter(on(today.month, today.day))]


@birthdays.wrong(a_day_early)
def always_on_the_28th(today: date) -> object:
    wanted = on(today.month, today.day)
    if (today.month, today.day) == (2, 28):
        wanted |= on(2, 29)
    return [c.name for c in Customer.objects.filter(wanted)]


@birthdays.wrong(a_day_late)
def on_the_first_of_march(today: date) -> object:
    wanted = on(today.month, today.day)
    if (today.month, today.day) in ((2, 28), (3, 1)) and not is_leap(today.year):
        wanted |= on(2, 29)
    return [c.name for c in Customer.objects.filter(wanted)]


@birthdays.wrong(century)
def every_fourth_year(today: date) -> object:
    wanted = on(today.month, today.day)
    if (today.month, today.day) == (2, 28) and today.year % 4:
        wanted |= on(2, 29)
    return [c.name for c in Customer.objects.filter(wanted)]


@birthdays.wrong(same_year)
def whole_date(today: date) -> object:
    return [c.name for c in Customer.objects.filter(birthday=today)]


@birthdays.wrong(no_birthday)
def everybody_has_one(today: date) -> object:
    people = Customer.objects.all()
    return [c.name for c in people if c.birthday.timetuple()[1:3] == today.timetuple()[1:3]]


@birthdays.wrong(replaced_year)
def moved_to_this_year(today: date) -> object:
    people = Customer.objects.exclude(birthday=None)
    return [c.name for c in people if c.birthday.replace(year=today.year) == today]
