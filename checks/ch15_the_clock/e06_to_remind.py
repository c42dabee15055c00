"""15.6 Who must be reminded? A range, and what is not done yet."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef
from subscriptions.models import Membership, Reminder

from checks.ch15_the_clock import TODAY, reminded_last_year, reminded_now
from tutor.judge.exercise import Exercise, Run

to_remind = Exercise(
    "15.6",
    "Who must be reminded?",
    minutes=6,
    queries=2,
    changes=[reminded_now, reminded_last_year],
    hints=[
        "It is a range of days, not one day. Where does it begin, where does it end?",
        "range, or gte and lte. And leave out those with a reminder of this same end.",
        (
            "In exclude() or Exists(), compare the reminder's ends_on with that of its membership: "
            'F("ends_on") or OuterRef("ends_on").'
        ),
    ],
)


@to_remind.cases
def cases() -> object:
    return [(TODAY,), (date(2026, 3, 6),), (date(2026, 11, 1),)]


@to_remind.expects
def expected(today: date) -> object:
    done = {(row.membership_id, row.ends_on) for row in Reminder.objects.all()}
    last = today + timedelta(days=25)
    return [
        row.pk
        for row in Membership.objects.all()
        if today <= row.ends_on <= last and (row.pk, row.ends_on) not in done
    ]


def ends(run: Run) -> list[int]:
    """How many days are left of each membership in the answer."""
    return [(end - run.arguments[0]).days for end in ends_of(run.rows)]


@to_remind.mistake("Asked are the keys, not the memberships: values_list(..., flat=True).")
def objects(run: Run) -> bool:
    return any(isinstance(row, Membership | tuple | dict) for row in run.rows)


@to_remind.mistake(
    "Those are the ones that end in exactly 25 days. If a night is missed, nobody ever tells the "
    "others: ask for the range."
)
def one_day(run: Run) -> bool:
    return bool(run.missing) and set(ends(run)) <= {25}


@to_remind.mistake("Some of them have ended already: the range begins today.")
def ended(run: Run) -> bool:
    return any(days < 0 for days in ends(run))


@to_remind.mistake("The day in 25 days is in the range as well: lte, not lt.")
def a_day_short(run: Run) -> bool:
    return missed(25, run) and max(ends(run)) < 25 and not Reminder.objects.exists()


@to_remind.mistake("Who ends today is to be reminded, too: gte, not gt.")
def today_left_out(run: Run) -> bool:
    return set(ends_of(run.missing)) == {run.arguments[0]} and bool(ends(run))


def missed(days: int, run: Run) -> bool:
    end = run.arguments[0] + timedelta(days=days)
    return Membership.objects.filter(pk__in=run.missing, ends_on=end).exists()


@to_remind.mistake(
    "Ben was reminded of another end, a year ago. Only a reminder of the present end counts."
)
def any_reminder(run: Run) -> bool:
    return Reminder.objects.filter(membership__in=run.missing).exists()


@to_remind.mistake("Somebody else was told of an end on the same day. Compare the membership, too.")
def same_day(run: Run) -> bool:
    return Reminder.objects.filter(ends_on__in=ends_of(run.missing)).exists()


def ends_of(keys: list[int]) -> list[date]:
    return list(Membership.objects.filter(pk__in=keys).values_list("ends_on", flat=True))


@to_remind.mistake("Ann has her reminder of this end. Leave her out, or she gets it each night.")
def again(run: Run) -> bool:
    return Reminder.objects.filter(membership__in=run.unexpected).exists()


def in_range(today: date) -> Any:
    return Membership.objects.filter(ends_on__range=(today, today + timedelta(days=25)))


@to_remind.right
def with_exists(today: date) -> object:
    told = Reminder.objects.filter(membership=OuterRef("pk"), ends_on=OuterRef("ends_on"))
    return in_range(today).filter(~Exists(told)).values_list("pk", flat=True)


@to_remind.right
def in_two_queries(today: date) -> object:
    told = set(Reminder.objects.values_list("membership_id", "ends_on"))
    return [row.pk for row in in_range(today) if (row.pk, row.ends_on) not in told]


@to_remind.right
def without_the_told(today: date) -> object:
    told = Reminder.objects.filter(ends_on=F("membership__ends_on")).values("membership")
    return {row.pk for row in in_range(today).exclude(pk__in=told)}


@to_remind.wrong(objects)
def memberships(today: date) -> object:
    return in_range(today).exclude(reminders__ends_on=F("ends_on"))


@to_remind.wrong(one_day)
def on_the_day(today: date) -> object:
    return [row.pk for row in Membership.objects.filter(ends_on=today + timedelta(days=25))]


@to_remind.wrong(ended)
def without_a_beginning(today: date) -> object:
    return [row.pk for row in Membership.objects.filter(ends_on__lte=today + timedelta(days=25))]


@to_remind.wrong(a_day_short)
def before_the_day(today: date) -> object:
    rows = Membership.objects.filter(ends_on__gte=today, ends_on__lt=today + timedelta(days=25))
    return [row.pk for row in rows]


@to_remind.wrong(today_left_out)
def from_tomorrow(today: date) -> object:
    rows = Membership.objects.filter(ends_on__gt=today, ends_on__lte=today + timedelta(days=25))
    return [row.pk for row in rows]


@to_remind.wrong(any_reminder)
def never_told(today: date) -> object:
    return [row.pk for row in in_range(today).filter(reminders=None)]


@to_remind.wrong(same_day)
def by_the_day_alone(today: date) -> object:
    told = Reminder.objects.values("ends_on")
    return [row.pk for row in in_range(today).exclude(ends_on__in=told)]


@to_remind.wrong(again)
def whoever_ends(today: date) -> object:
    return [row.pk for row in in_range(today)]
