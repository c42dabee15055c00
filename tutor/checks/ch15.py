"""Chapter 15, the clock: what right means, and what mistakes say."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backups.store import StoreDown, StoreRefused
from celery import Celery, Task
from celery.schedules import crontab
from celery.schedules import schedule as interval
from django.core.cache.backends.locmem import LocMemCache
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from shop.models import Customer
from subscriptions.models import Membership, Reminder

from glass import run_beat
from glass.services.clock import BeatRun
from tutor.checks import Exercise, Prediction, Run, changes

TODAY = date(2026, 3, 2)


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


# 15.1: what is left out is a star.

every_night = Prediction(
    "15.1",
    "Predict: every night at three",
    minutes=2,
    hints=[
        "The hour is given. What about the minute?",
        "What is left out of a crontab is a star, and a star means every.",
        "Every minute from 3:00 to 3:59.",
    ],
    because="minute is left out, so it is *: every minute of the hour from 3:00 to 3:59. "
    "crontab(hour=3, minute=0) would be once.",
    wrong={
        1: "Once would be crontab(hour=3, minute=0). The minute that is left out is not 0.",
        3: "3 is the hour of the day, not the number of runs.",
        24: "Once an hour would be crontab(minute=0). Here the hour is given, and no minute.",
        59: "From 3:00 to 3:59 there is one more: both ends count.",
    },
    fact=lambda run: run.value,
)


# 15.2: hours are those of a zone.

nine_in_kolkata = Prediction(
    "15.2",
    "Predict: nine o'clock in the office",
    minutes=3,
    hints=[
        "The hours of a crontab are those of CELERY_TIMEZONE: here, of the office in Kolkata.",
        "Kolkata is ahead of UTC: when it is nine there, it is earlier in UTC.",
        "The distance is five hours and a half.",
    ],
    because="9:00 is the time on the wall in Kolkata, which is 5:30 ahead of UTC: 9:00 - 5:30.",
    wrong={
        "09:00": "That would be nine in UTC. The office's beat reads its hours in Kolkata's zone.",
        "14:30": "You went the wrong way: when it is nine in Kolkata, UTC is not there yet.",
        "04:00": "The zone of Kolkata is not a whole number of hours away: it is 5:30.",
        "03:00": "The zone of Kolkata is not a whole number of hours away: not 6, but 5:30.",
    },
    fact=lambda run: run.value,
)


# 15.3: today needs a place.

their_day = Exercise(
    "15.3",
    "What day is it there?",
    minutes=3,
    changes=[changes.newcomer],
    hints=[
        "The moment is the same everywhere; the day is not. Which clock is asked?",
        "A datetime can be moved to another zone, and then it has another date.",
        (
            "astimezone() moves it; ZoneInfo makes a zone of a name. django.utils.timezone.localdate() "
            "takes both."
        ),
    ],
)


@their_day.cases
def _() -> object:
    evening = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    return [
        (evening, "Asia/Tokyo"),
        (evening, "Europe/Dublin"),
        (datetime(2026, 1, 1, 3, 0, tzinfo=UTC), "America/Los_Angeles"),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "Europe/Oslo"),
        (datetime(2026, 2, 28, 23, 0, tzinfo=ZoneInfo("Asia/Tokyo")), "Pacific/Auckland"),
    ]


@their_day.expects
def _(now: datetime, zone: str) -> object:
    return now.astimezone(ZoneInfo(zone)).date()


@their_day.mistake(
    "That is the day in the zone that the moment came with. Move it to the other zone first."
)
def same_zone(run: Run) -> bool:
    return run.value == run.arguments[0].date()


@their_day.mistake("That is today on this machine. Asked is the day of the moment that was given.")
def machine_today(run: Run) -> bool:
    return run.value == date.today()


@their_day.mistake("zone is a text. ZoneInfo(zone) makes a time zone of it.")
def text_is_no_zone(run: Run) -> bool:
    return failed(run, "TypeError") or failed(run, "AttributeError")


@their_day.mistake("Asked is the day alone, a date, without the time.")
def with_time(run: Run) -> bool:
    return isinstance(run.value, datetime)


@their_day.right
def with_localdate(now: datetime, zone: str) -> object:
    return timezone.localdate(now, ZoneInfo(zone))


@their_day.right
def with_override(now: datetime, zone: str) -> object:
    with timezone.override(zone):
        return timezone.localdate(now)


@their_day.right
def by_the_offset(now: datetime, zone: str) -> object:
    there = timezone.localtime(now, timezone=ZoneInfo(zone))
    return date(there.year, there.month, there.day)


@their_day.wrong(same_zone)
def plain_date(now: datetime, zone: str) -> object:
    return now.date()


@their_day.wrong(same_zone)
def replaced(now: datetime, zone: str) -> object:
    return now.replace(tzinfo=ZoneInfo(zone)).date()


@their_day.wrong(same_zone)
def of_the_project(now: datetime, zone: str) -> object:
    return timezone.localdate(now)


@their_day.wrong(machine_today)
def on_this_machine(now: datetime, zone: str) -> object:
    return date.today()


@their_day.wrong(text_is_no_zone)
def text_as_zone(now: datetime, zone: Any) -> object:
    return now.astimezone(zone).date()


@their_day.wrong(with_time)
def not_cut(now: datetime, zone: str) -> object:
    return now.astimezone(ZoneInfo(zone))


# 15.4: a schedule.

the_schedule = Exercise(
    "15.4",
    "Four jobs by the clock",
    minutes=6,
    hints=[
        (
            "Two of the jobs look at the clock on the wall, one counts from its last run, and one looks "
            "at the calendar as well."
        ),
        (
            "crontab(minute=, hour=, day_of_month=) for the clock on the wall, a timedelta for an "
            "interval. Give crontab each of them that must not be a star."
        ),
        (
            '"report": {"task": "shop.tasks.monthly_sales", "schedule": crontab(minute=30, hour=6, '
            'day_of_month=1), "args": [2026]}'
        ),
    ],
)

BACKUP, CHECK = "backups.tasks.nightly_backup", "backups.tasks.check_backups"
SESSIONS, REPORT = "accounts.tasks.clear_sessions", "shop.tasks.monthly_sales"


def beat_of(value: Any) -> BeatRun:
    """Five days around the first of March, with a beat that is started at 9:17."""
    return run_beat(value, start="2026-02-26 09:17", days=5)


def times(run: BeatRun, task: str) -> list[str]:
    return [f"{sent.when:%d %H:%M}" for sent in run if sent.task == task]


NIGHTS = ["27 03:00", "28 03:00", "01 03:00", "02 03:00", "03 03:00"]
HALF_DAYS = [f"{day} {hour}:00" for day in ("27", "28", "01", "02", "03") for hour in ("00", "12")]
HALF_DAYS = ["26 12:00", *HALF_DAYS[:-1]]
DAYS = ["27 09:17", "28 09:17", "01 09:17", "02 09:17"]
YEARS = [([2026], {}), ([], {"year": 2026})]
WANTED = {BACKUP: NIGHTS, CHECK: HALF_DAYS, SESSIONS: DAYS, REPORT: ["01 06:30"]}


def a_day_after(value: Any) -> list[str]:
    """When the sessions are cleared, with a beat that is started at another time."""
    return times(run_beat(value, start="2026-02-26 10:05", days=2), SESSIONS)


@the_schedule.check
def _(run: Run) -> str | None:
    entries = run.value
    if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
        return "Asked is a dictionary of dictionaries, as CELERY_BEAT_SCHEDULE in the settings."
    for name, entry in entries.items():
        if missing := {"task", "schedule"} - set(entry):
            return f"The entry {name!r} has no {' and no '.join(sorted(missing))}."
    strange = sorted({entry["task"] for entry in entries.values()} - set(WANTED))
    if strange:
        return f"No task is called {strange[0]!r}: beat would send it all the same."
    try:
        beat = beat_of(entries)
    except Exception as error:  # noqa: BLE001 Whatever a schedule may be made of.
        return f"Beat cannot read this schedule: {error}"
    for task, wanted in WANTED.items():
        if (found := times(beat, task)) != wanted:
            some = f"{', '.join(found[:3])}{' ...' if len(found) > 3 else ''}" or "never"
            return f"{task} was sent on {some}; asked is {', '.join(wanted[:3])}."
    if (found := a_day_after(entries)) != ["27 10:05"]:
        some = ", ".join(found) or "never"
        return f"Beat was started at 10:05: {SESSIONS} was sent on {some}; asked is 27 10:05."
    (report,) = (entry for entry in entries.values() if entry["task"] == REPORT)
    args, kwargs = report.get("args", ()), report.get("kwargs", {})
    if not isinstance(args, list | tuple) or ([*args], kwargs) not in YEARS:
        return "The report needs its year, 2026: the entry may have args, a list or a tuple."
    return None


def sent(run: Run, task: str) -> list[str]:
    return times(beat_of(run.value), task)


@the_schedule.mistake("A number is a number of seconds. timedelta(hours=24) says what it means.")
def so_many_seconds(run: Run) -> bool:
    return any(entry["schedule"] == 24 for entry in run.value.values())


@the_schedule.mistake(
    "A schedule without minute runs each minute of its hour. Write minute=0 as well."
)
def each_minute(run: Run) -> bool:
    return any(len(sent(run, task)) > 30 for task in WANTED)


@the_schedule.mistake(
    "timedelta(hours=12) counts from the start of beat: 9:17 and 21:17. At 0:00 and 12:00 is a "
    "crontab."
)
def half_day_as_interval(run: Run) -> bool:
    return sent(run, CHECK)[:1] == ["26 21:17"]


@the_schedule.mistake(
    "Once a day by the clock is not 24 hours after the last run. An interval is a timedelta."
)
def sessions_by_the_clock(run: Run) -> bool:
    found = sent(run, SESSIONS)
    return len(found) in (4, 5) and a_day_after(run.value) != ["27 10:05"]


@the_schedule.mistake("day_of_week=1 is Monday. The first of the month is day_of_month=1.")
def monday(run: Run) -> bool:
    return sent(run, REPORT) == ["02 06:30"]


@the_schedule.mistake("The report runs each day. Say which day of the month.")
def report_each_day(run: Run) -> bool:
    return len(sent(run, REPORT)) == 5


def entries(**changed: Any) -> dict[str, dict[str, Any]]:
    """The right schedule, but for one job."""
    right: dict[str, dict[str, Any]] = {
        "backup": {"task": BACKUP, "schedule": crontab(hour=3, minute=0)},
        "check": {"task": CHECK, "schedule": crontab(hour="0,12", minute=0)},
        "sessions": {"task": SESSIONS, "schedule": timedelta(days=1)},
        "report": {
            "task": REPORT,
            "schedule": crontab(minute=30, hour=6, day_of_month=1),
            "args": (2026,),
        },
    }
    for name, schedule in changed.items():
        right[name]["schedule"] = schedule
    return right


@the_schedule.right
def in_other_words() -> object:
    return entries(sessions=interval(run_every=86400), check=crontab("0", [0, 12]))


@the_schedule.right
def in_seconds() -> object:
    value = entries(sessions=24 * 60 * 60.0)
    value["report"] |= {"args": [], "kwargs": {"year": 2026}}
    return value


@the_schedule.wrong(each_minute)
def without_minute() -> object:
    return entries(backup=crontab(hour=3))


@the_schedule.wrong(so_many_seconds)
def hours_as_seconds() -> object:
    return entries(sessions=24)


@the_schedule.wrong(sessions_by_the_clock)
def at_the_time_of_the_start() -> object:
    return entries(sessions=crontab(hour=9, minute=17))


@the_schedule.wrong(half_day_as_interval)
def two_intervals() -> object:
    return entries(check=timedelta(hours=12))


@the_schedule.wrong(sessions_by_the_clock)
def only_crontabs() -> object:
    return entries(sessions=crontab(hour=0, minute=0))


@the_schedule.wrong(monday)
def on_mondays() -> object:
    return entries(report=crontab(minute=30, hour=6, day_of_week=1))


@the_schedule.wrong(report_each_day)
def daily_report() -> object:
    return entries(report=crontab(minute=30, hour=6))


@the_schedule.wrong("No task is called 'accounts.tasks.clear_sesions'")
def slip_of_the_pen() -> object:
    value = entries()
    value["sessions"]["task"] = "accounts.tasks.clear_sesions"
    return value


@the_schedule.wrong("The report needs its year")
def without_the_year() -> object:
    value = entries()
    del value["report"]["args"]
    return value


@the_schedule.wrong("a dictionary of dictionaries")
def only_schedules() -> object:
    return {"backup": crontab(hour=3, minute=0)}


@the_schedule.wrong("was sent on never")
def only_the_backup() -> object:
    value = entries()
    return {"backup": value["backup"]}


# 15.5: birthdays, 29 February too.


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
def _() -> object:
    days = ["2026-03-02", "2026-02-28", "2028-02-28", "2028-02-29", "2026-03-01", "2100-02-28"]
    return [(date.fromisoformat(day),) for day in days]


@birthdays.expects
def _(today: date) -> object:
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
    return run.arguments[0] == date(2028, 2, 28) and bool(run.surplus)


@birthdays.mistake(
    "2026 has no 29 February. Who is born on it celebrates on 28 February then, and is missing."
)
def left_out(run: Run) -> bool:
    return day_of(run) == (2, 28) and "Cleo Papadakis" in run.missing


@birthdays.mistake(
    "Who is born on 29 February celebrates on the 28th in such a year, not on 1 March."
)
def a_day_late(run: Run) -> bool:
    return day_of(run) == (3, 1) and "Cleo Papadakis" in run.surplus


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


# 15.6: a range, and what is not done yet.


def the_one_of(name: str) -> Any:
    return Membership.objects.get(customer__name=name)


def reminded_now() -> None:
    """Ann's reminder of the present end is sent"""
    ann = the_one_of("Ann O'Brien")
    ann.reminders.create(ends_on=ann.ends_on)


def reminded_last_year() -> None:
    """Ben was reminded last year, of the end before; then he renewed"""
    the_one_of("Ben Okafor").reminders.create(ends_on="2025-03-26")


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
def _() -> object:
    return [(TODAY,), (date(2026, 3, 6),), (date(2026, 11, 1),)]


@to_remind.expects
def _(today: date) -> object:
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
    return Reminder.objects.filter(membership__in=run.surplus).exists()


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


# 15.7: seven copies.


class Shelf:
    """A store of names."""

    def __init__(self, *names: str) -> None:
        self.files = list(names)
        self.deleted: list[str] = []

    def names(self) -> list[str]:
        return list(self.files)

    def delete(self, name: str) -> None:
        self.files.remove(name)
        self.deleted.append(name)

    def __repr__(self) -> str:
        return f"<a store with {len(self.files) + len(self.deleted)} files>"


def copies(*days: str) -> list[str]:
    return [f"{day}.sqlite3.gz" for day in days]


MARCH = copies(*(f"2026-03-{day:02}" for day in (5, 2, 9, 1, 4, 8, 3, 7, 6)))
NEW_YEAR = copies(*(f"2026-01-0{day}" for day in range(1, 7)), "2025-12-31", "2025-12-30")

keep_seven = Exercise(
    "15.7",
    "Keep the last seven",
    minutes=5,
    changes=[changes.newcomer],
    hints=[
        "First sort out which files are copies at all. Then: which of them are the newest?",
        "Names that begin with year, month, day sort by themselves. Cut the list from the right.",
        "list[:-7] is all but the last seven, and is empty where there are seven or fewer.",
    ],
)


@keep_seven.cases
def _() -> object:
    others = ["notes.txt", "2026-03-01.txt", "old.sqlite3.gz", "README"]
    return [
        (Shelf(*MARCH),),
        (Shelf(*NEW_YEAR),),
        (Shelf(*MARCH[:5]),),
        (Shelf(*MARCH[:7]),),
        (Shelf(),),
        (Shelf(*others, *MARCH),),
        (Shelf(*MARCH[:6], *others),),
    ]


def old(names: list[str]) -> list[str]:
    dated = sorted(name for name in names if name in MARCH + NEW_YEAR)
    return dated[:-7]


@keep_seven.expects
def _(store: Shelf) -> object:
    return old(store.files)


@keep_seven.check
def _(run: Run) -> str | None:
    (store,) = run.arguments
    if sorted(store.deleted) != sorted(run.expected):
        return f"You returned the right names, but deleted {store.deleted or 'nothing'}."
    return None


def gone(run: Run) -> list[str]:
    return list(run.arguments[0].deleted)


@keep_seven.mistake(
    "That is a file of somebody else: its name is no date with .sqlite3.gz behind it."
)
def of_others(run: Run) -> bool:
    return any(name not in MARCH + NEW_YEAR for name in gone(run))


@keep_seven.mistake("Files of others were counted as copies, so a good copy was deleted too early.")
def others_counted(run: Run) -> bool:
    return "notes.txt" in run.arguments[0].files and len(gone(run)) > len(run.expected)


@keep_seven.mistake(
    "There are seven copies or fewer, and you deleted some. A negative number in a slice counts "
    "from the other end."
)
def fewer_than_seven(run: Run) -> bool:
    return run.expected == [] and bool(gone(run))


@keep_seven.mistake("You deleted the newest copies, and kept the oldest.")
def newest_deleted(run: Run) -> bool:
    kept = sorted(filter(is_copy, run.arguments[0].files))
    return min(gone(run)) > kept[0] and max(gone(run)) > kept[-1]


@keep_seven.mistake("store.names() comes in no order. Sort the names first.")
def not_sorted(run: Run) -> bool:
    before = [name for name in MARCH if name in run.arguments[0].files + gone(run)]
    return bool(gone(run)) and gone(run) == before[: len(gone(run))]


@keep_seven.mistake("Seven copies stay. You left one too few, or one too many.")
def not_seven(run: Run) -> bool:
    return abs(len(gone(run)) - len(run.expected)) == 1


def is_copy(name: str) -> bool:
    try:
        date.fromisoformat(name.removesuffix(".sqlite3.gz"))
    except ValueError:
        return False
    return name.endswith(".sqlite3.gz")


@keep_seven.right
def with_a_pattern(store: Any) -> object:
    import re

    dated = sorted(filter(re.compile(r"\d{4}-\d\d-\d\d\.sqlite3\.gz").fullmatch, store.names()))
    surplus = dated[: max(0, len(dated) - 7)]
    for name in surplus:
        store.delete(name)
    return surplus


@keep_seven.right
def newest_first(store: Any) -> object:
    deleted = []
    for name in sorted(filter(is_copy, store.names()), reverse=True)[7:]:
        store.delete(name)
        deleted.append(name)
    return tuple(deleted)


def shortened(store: Any, names: list[str]) -> list[str]:
    for name in names:
        store.delete(name)
    return names


@keep_seven.wrong(of_others)
def all_files(store: Any) -> object:
    return shortened(store, sorted(store.names())[:-7])


@keep_seven.wrong(others_counted)
def by_the_ending(store: Any) -> object:
    ours = [name for name in store.names() if name.endswith(".sqlite3.gz")]
    return shortened(store, sorted(ours)[:-7])


@keep_seven.wrong(others_counted)
def counted_together(store: Any) -> object:
    dated = sorted(filter(is_copy, store.names()))
    return shortened(store, dated[: max(0, len(store.names()) - 7)])


@keep_seven.wrong(fewer_than_seven)
def negative_slice(store: Any) -> object:
    dated = sorted(filter(is_copy, store.names()))
    return shortened(store, dated[: len(dated) - 7])


@keep_seven.wrong(newest_deleted)
def the_other_end(store: Any) -> object:
    return shortened(store, sorted(filter(is_copy, store.names()))[7:])


@keep_seven.wrong(not_sorted)
def as_they_come(store: Any) -> object:
    return shortened(store, list(filter(is_copy, store.names()))[:-7])


@keep_seven.wrong(not_seven)
def keeps_six(store: Any) -> object:
    return shortened(store, sorted(filter(is_copy, store.names()))[:-6])


@keep_seven.wrong("but deleted nothing")
def only_named(store: Any) -> object:
    return sorted(filter(is_copy, store.names()))[:-7]


# 15.8: never twice.


def write_as_well(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """After the first SELECT of the reminders: another worker is quicker, and tells Ann."""
    result = execute(sql, params, many, context)
    if sql.startswith("SELECT") and "subscriptions_reminder" in sql:
        nobody_else()
        ann = the_one_of("Ann O'Brien")
        ann.reminders.create(ends_on=ann.ends_on)
        TOLD.add(ann.pk)
    return result


def same_moment() -> None:
    """between your look and your INSERT another worker writes Ann's row"""
    connection.execute_wrappers.append(write_as_well)


def nobody_else() -> None:
    with suppress(ValueError):
        connection.execute_wrappers.remove(write_as_well)


class Post:
    """send(), which notes whether the row was there when it was called."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.letters: list[tuple[Membership, bool]] = []

    def __call__(self, membership: Membership) -> None:
        nobody_else()
        there = membership.reminders.filter(ends_on=membership.ends_on).exists()
        self.letters.append((membership, there))
        if self.fails:
            raise ConnectionRefusedError("The mail server does not answer.")

    def __repr__(self) -> str:
        return "<a send() that fails>" if self.fails else "<send()>"


remind_once = Exercise(
    "15.8",
    "One letter, whatever happens",
    minutes=7,
    commits=True,
    # Without the SQL: the time of now is in it.
    layers=("http",),
    changes=[reminded_now, reminded_last_year, same_moment],
    hints=[
        "The database knows the rule: one row for each membership and end. Let it say no.",
        (
            "Insert the row first. IntegrityError says that somebody else was here; if the sending "
            "fails, the row must go again."
        ),
        (
            "with transaction.atomic(): create the row, then send. Outside of the block, catch "
            "IntegrityError and OSError."
        ),
    ],
)


AGAIN = {
    "IntegrityError": "So the database says that the row is there: catch it, around atomic().",
    "TransactionManagementError": "An IntegrityError inside atomic() spoils the transaction: catch "
    "it outside of the block.",
}
# The keys of those whose reminder is out before the answer is called.
TOLD: set[int] = set()
# The keys of all reminders that there are then.
BEFORE: set[int] = set()


@remind_once.cases
def _() -> object:
    quick = write_as_well in connection.execute_wrappers
    nobody_else()  # It waits for the answer's look, not for those below.
    TOLD.clear()
    TOLD.update(
        Reminder.objects.filter(ends_on=F("membership__ends_on")).values_list(
            "membership_id", flat=True
        )
    )
    BEFORE.clear()
    BEFORE.update(Reminder.objects.values_list("pk", flat=True))
    ann, ben = the_one_of("Ann O'Brien"), the_one_of("Ben Okafor")
    if quick:
        same_moment()
    return [(ann, Post()), (ben, Post()), (ben, Post(fails=True))]


@remind_once.check
def _(run: Run) -> str | None:
    nobody_else()
    membership, post = run.arguments
    rows = Reminder.objects.filter(membership=membership, ends_on=membership.ends_on).count()
    if not isinstance(run.value, bool):
        return f"Asked is True or False; your function returned {run.value!r}."
    if not set(Reminder.objects.values_list("pk", flat=True)) >= BEFORE:
        return "A reminder of another end was there before, and is gone."
    if membership.pk in TOLD:
        if post.letters:
            return "The row of this end was there before, and a second letter went out."
        return "No letter went out now, so the value is False." if run.value else None
    if len(post.letters) != 1:
        return f"There was no row of this end, and send() was called {len(post.letters)} times."
    if not post.letters[0][1]:
        return "When send() was called, the row was not there yet: a second worker sends as well."
    if rows == post.fails:
        if rows:
            return "The letter did not go out, and the row is there: nobody will try again."
        return "The letter is out, and there is no row that says so."
    if run.value is post.fails:
        return f"The letter {'did not go' if post.fails else 'went'} out: {run.value} is not right."
    second = run.again(membership, Post(post.fails))
    if second.error is not None:
        kind = type(second.error).__name__
        return f"Called a second time, it raised {kind}. {AGAIN.get(kind, '')}".strip()
    if len(second.arguments[1].letters) > post.fails:
        return "Called a second time, it sent a second letter."
    if len(second.arguments[1].letters) < post.fails:
        return "The letter did not go out, and when it was called again, it did not try."
    return "Called a second time, nothing was sent: the value is False." if second.value else None


@remind_once.mistake(
    "send() raised an OSError, and so did your function. The next run tries again, so return False."
)
def send_not_caught(run: Run) -> bool:
    return failed(run, "ConnectionRefusedError")


@remind_once.mistake(
    "Between your look and your INSERT another worker has written the row, and the constraint "
    "refused yours. get_or_create() knows what to do then; or catch the IntegrityError."
)
def refused_later(run: Run) -> bool:
    return failed(run, "IntegrityError")


@remind_once.mistake(
    "Ben has a row of another end. Ask for the row of this end: membership and ends_on."
)
def other_end(run: Run) -> bool:
    membership, post = run.arguments
    return not post.letters and membership.pk not in TOLD and membership.reminders.exists()


@remind_once.right
def tried_and_taken_back(membership: Any, send: Any) -> object:
    row, new = Reminder.objects.get_or_create(membership=membership, ends_on=membership.ends_on)
    if not new:
        return False
    try:
        send(membership)
    except OSError:
        row.delete()
        return False
    return True


@remind_once.right
def in_one_transaction(membership: Any, send: Any) -> object:
    try:
        with transaction.atomic():
            _, new = membership.reminders.get_or_create(ends_on=membership.ends_on)
            if new:
                send(membership)
    except OSError:
        return False
    return new


@remind_once.right
def looked_first(membership: Any, send: Any) -> object:
    key = {"membership": membership, "ends_on": membership.ends_on}
    if Reminder.objects.filter(**key).exists():
        return False
    try:
        with transaction.atomic():
            Reminder.objects.create(**key)
            send(membership)
    except (IntegrityError, OSError):
        return False
    return True


@remind_once.wrong("the row was not there yet")
def sent_then_written(membership: Any, send: Any) -> object:
    if membership.reminders.filter(ends_on=membership.ends_on).exists():
        return False
    try:
        send(membership)
    except OSError:
        return False
    membership.reminders.create(ends_on=membership.ends_on)
    return True


@remind_once.wrong(refused_later)
def looked_and_taken_back(membership: Any, send: Any) -> object:
    if membership.reminders.filter(ends_on=membership.ends_on).exists():
        return False
    row = membership.reminders.create(ends_on=membership.ends_on)
    try:
        send(membership)
    except OSError:
        row.delete()
        return False
    return True


@remind_once.wrong("the row is there: nobody will try again")
def written_and_kept(membership: Any, send: Any) -> object:
    _, new = membership.reminders.get_or_create(ends_on=membership.ends_on)
    if new:
        try:
            send(membership)
        except OSError:
            return False
    return new


@remind_once.wrong("it sent a second letter")
def sent_each_time(membership: Any, send: Any) -> object:
    try:
        with transaction.atomic():
            membership.reminders.get_or_create(ends_on=membership.ends_on)
            send(membership)
    except OSError:
        return False
    return True


@remind_once.wrong(AGAIN["IntegrityError"])
def inserted_only(membership: Any, send: Any) -> object:
    try:
        with transaction.atomic():
            membership.reminders.create(ends_on=membership.ends_on)
            send(membership)
    except OSError:
        return False
    return True


@remind_once.wrong(send_not_caught)
def failing_with_it(membership: Any, send: Any) -> object:
    try:
        with transaction.atomic():
            membership.reminders.create(ends_on=membership.ends_on)
            send(membership)
    except IntegrityError:
        return False
    return True


@remind_once.wrong(AGAIN["TransactionManagementError"])
def caught_inside(membership: Any, send: Any) -> object:
    with transaction.atomic():
        try:
            membership.reminders.create(ends_on=membership.ends_on)
        except IntegrityError:
            return not Reminder.objects.filter(ends_on=membership.ends_on).exists()
        try:
            send(membership)
        except OSError:
            transaction.set_rollback(True)
            return False
    return True


@remind_once.wrong("A reminder of another end was there before, and is gone")
def all_taken_back(membership: Any, send: Any) -> object:
    _, new = membership.reminders.get_or_create(ends_on=membership.ends_on)
    try:
        if new:
            send(membership)
    except OSError:
        membership.reminders.all().delete()
        return False
    return new


@remind_once.wrong(other_end)
def any_row(membership: Any, send: Any) -> object:
    if membership.reminders.exists():
        return False
    return looked_first(membership, send)


@remind_once.wrong("Asked is True or False")
def returns_nothing(membership: Any, send: Any) -> None:
    looked_first(membership, send)


# 15.9: one at a time.


class SharedCache(LocMemCache):
    """A cache in which another worker is quick: it takes the lock right after somebody looked."""

    def __init__(self, taken: bool = False, hurry: bool = False) -> None:
        super().__init__(f"exercise-{id(self)}", {})
        self.clear()
        self.hurry = hurry
        # Whether another worker has the lock.
        self.others = taken
        self.was_free = not taken
        if taken:
            super().set(LOCK, "another worker", 60)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        value = super().get(key, default, version)
        self._be_quick()
        return value

    def __contains__(self, key: Any) -> bool:
        return self.has_key(key)

    def has_key(self, key: Any, version: Any = None) -> bool:
        there = super().has_key(key, version)
        self._be_quick()
        return there

    def _be_quick(self) -> None:
        if self.hurry:
            self.hurry = False
            self.others = super().add(LOCK, "another worker", 60)

    def held(self) -> bool:
        return super().has_key(LOCK)

    def holder(self) -> Any:
        return super().get(LOCK)

    def __repr__(self) -> str:
        return "<a cache>"


LOCK = "lock:report"


class Work:
    """work(), which notes what is in the cache meanwhile. It gives 7."""

    def __init__(self, cache: SharedCache, fails: bool = False) -> None:
        self.cache = cache
        self.fails = fails
        self.calls = 0
        self.locked = False
        self.opens_in: float | None = 0

    def __call__(self) -> int:
        self.calls += 1
        self.locked = self.cache.held()
        if self.locked:
            until = self.cache._expire_info[self.cache.make_key(LOCK)]
            self.opens_in = None if until is None else until - time.time()
        if self.fails:
            raise ZeroDivisionError("no orders in this month")
        return 7

    def __repr__(self) -> str:
        return "<work()>"


run_alone = Exercise(
    "15.9",
    "One report at a time",
    minutes=7,
    changes=[changes.newcomer],
    hints=[
        "Looking and taking must be one step. Which method of the cache does both?",
        (
            "cache.add() sets a key only where there is none, and returns whether it did. It takes a "
            "timeout, too."
        ),
        "If add() says no, return None. Else work in a try, and delete the key in its finally.",
    ],
)


@run_alone.cases
def _() -> object:
    free, taken, quick = SharedCache(), SharedCache(taken=True), SharedCache(hurry=True)
    return [(cache, LOCK, Work(cache)) for cache in (free, taken, quick)]


@run_alone.check
def _(run: Run) -> str | None:
    cache, key, work = run.arguments
    if work.calls > 1:
        return f"work() was called {work.calls} times."
    if cache.others:
        if work.calls:
            return "Another worker held the lock, and work() was called all the same."
        if cache.holder() != "another worker":
            return "Another worker held the lock, and your function opened it."
        return None if run.value is None else "Another worker held the lock: the value is None."
    if not work.calls:
        return "The lock was free, and work() was not called."
    if not work.locked:
        return "While work() ran, there was nothing in the cache under the key."
    if work.opens_in is None:
        return "This lock never opens by itself: if its holder dies, nobody works any more."
    if not 50 <= work.opens_in <= 61:
        return f"The lock would open by itself after {work.opens_in:.0f} seconds; asked is 60."
    if run.value != 7:
        return f"work() returned 7, your function {run.value!r}."
    if cache.held():
        return "The work is done, and the lock is still there."
    broken = Work(cache, fails=True)
    again = run.again(cache, key, broken)
    if cache.held():
        return "work() raised an error, and the lock is still there. finally runs in any case."
    if not isinstance(again.error, ZeroDivisionError):
        return "work() raised an error, and it was lost: whoever called you must hear of it."
    return None


@run_alone.mistake(
    "Between looking and taking, another worker took the lock. cache.add() is both in one step."
)
def two_steps(run: Run) -> bool:
    cache, _, work = run.arguments
    return bool(work.calls) and cache.others and cache.was_free


def released(cache: Any, key: str, work: Any) -> object:
    try:
        return work()
    finally:
        cache.delete(key)


@run_alone.right
def with_a_name_of_its_own(cache: Any, key: str, work: Any) -> object:
    import uuid

    mine = uuid.uuid4().hex
    if not cache.add(key, mine, timeout=60):
        return None
    try:
        return work()
    finally:
        if cache.get(key) == mine:  # It may have opened meanwhile, and be somebody else's.
            cache.delete(key)


@run_alone.right
def in_any_case(cache: Any, key: str, work: Any) -> object:
    if not cache.add(key, 1, 60):
        return None
    try:
        value = work()
    except BaseException:
        cache.delete(key)
        raise
    cache.delete(key)
    return value


@run_alone.right
def in_one_line(cache: Any, key: str, work: Any) -> object:
    return released(cache, key, work) if cache.add(key, True, 60) else None


@run_alone.wrong(two_steps)
def looked_then_set(cache: Any, key: str, work: Any) -> object:
    if cache.get(key):
        return None
    cache.set(key, 1, 60)
    return released(cache, key, work)


@run_alone.wrong(two_steps)
def looked_with_in(cache: Any, key: str, work: Any) -> object:
    if key in cache:
        return None
    cache.set(key, 1, 60)
    return released(cache, key, work)


@run_alone.wrong("nobody works any more")
def for_ever(cache: Any, key: str, work: Any) -> object:
    if not cache.add(key, 1, None):
        return None
    return released(cache, key, work)


@run_alone.wrong("The lock would open by itself after 300 seconds")
def as_long_as_the_default(cache: Any, key: str, work: Any) -> object:
    return released(cache, key, work) if cache.add(key, 1) else None


@run_alone.wrong("your function opened it")
def opened_for_others(cache: Any, key: str, work: Any) -> object:
    try:
        return work() if cache.add(key, 1, 60) else None
    finally:
        cache.delete(key)


@run_alone.wrong("the lock is still there. finally runs in any case")
def without_finally(cache: Any, key: str, work: Any) -> object:
    if not cache.add(key, 1, 60):
        return None
    value = work()
    cache.delete(key)
    return value


@run_alone.wrong("The work is done, and the lock is still there")
def never_opened(cache: Any, key: str, work: Any) -> object:
    return work() if cache.add(key, 1, 60) else None


@run_alone.wrong("and it was lost")
def swallowed(cache: Any, key: str, work: Any) -> object:
    if not cache.add(key, 1, 60):
        return None
    try:
        return work()
    except ArithmeticError:
        return None
    finally:
        cache.delete(key)


@run_alone.wrong("work() was called all the same")
def not_asked(cache: Any, key: str, work: Any) -> object:
    cache.add(key, 1, 60)
    return released(cache, key, work)


# 15.10: again, and then the alarm.


class Upload:
    """A store that says what it is told to, and counts."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.failures = len(errors)
        self.refuses = any(isinstance(error, StoreRefused) for error in errors)
        self.state = ""
        self.asked: list[str] = []
        self.stored: list[str] = []

    def put(self, name: str) -> None:
        self.asked.append(name)
        if self.errors:
            raise self.errors.pop(0)
        self.stored.append(name)

    def __repr__(self) -> str:
        return f"<a store that {'refuses' if self.refuses else f'fails {self.failures} times'}>"


class Alarm:
    def __init__(self) -> None:
        self.texts: list[object] = []

    def __call__(self, text: object) -> None:
        self.texts.append(text)

    def __repr__(self) -> str:
        return "<alarm()>"


def fresh_app() -> Celery:
    app = Celery("exercise", set_as_current=False)
    app.conf.task_always_eager = True
    return app


def downs(number: int) -> list[Exception]:
    return [StoreDown("The store answered 503.") for _ in range(number)]


upload_task = Exercise(
    "15.10",
    "Again, and then the alarm",
    minutes=9,
    hints=[
        "Two kinds of failure: one may pass, one stays. Which of them is worth another attempt?",
        (
            "bind=True gives the task itself: self.retry(), self.request.retries, self.max_retries. Or "
            "autoretry_for=(StoreDown,) does the retrying."
        ),
        (
            "The alarm belongs where Celery gives up: a class of task with on_failure(), given as "
            "base=. Or before the last retry(), and before each error that is not tried again."
        ),
    ],
)


@upload_task.cases
def _() -> object:
    stores = [Upload(), Upload(*downs(2)), Upload(*downs(3)), Upload(*downs(9))]
    stores.append(Upload(StoreRefused("The store answered 401.")))
    return [(fresh_app(), store, Alarm()) for store in stores]


NAME = "2026-03-02.sqlite3.gz"


@upload_task.check
def _(run: Run) -> str | None:
    _, store, alarm = run.arguments
    task = run.value
    if not isinstance(task, Task):
        return f"Asked is the task itself; your function returned {type(task).__name__}."
    if store.asked:
        return "The task has run already. Return it, and do not call it."
    result = task.apply([NAME])
    store.state = result.state
    if not store.asked:
        return f"The task did not ask the store: {result.result!r}."
    if set(store.asked) != {NAME}:
        return f"The store was asked for {store.asked[0]!r}; the name was {NAME!r}."
    wanted = 1 if store.refuses else min(store.failures + 1, 4)
    if len(store.asked) != wanted:
        why = "refused it" if store.refuses else f"failed {store.failures} times"
        return f"The store {why}, and was asked {len(store.asked)} times; asked is {wanted}."
    good = bool(store.stored)
    if good and result.state != "SUCCESS":
        return f"The copy is in the store, and the task's state is {result.state}."
    if not good and result.state != "FAILURE":
        return (
            f"The copy is not in the store, and the task's state is {result.state}: whoever looks "
            "at it believes that all is well."
        )
    if len(alarm.texts) != (not good):
        happened = "was stored" if good else "was given up"
        return f"The copy {happened}, and alarm() was called {len(alarm.texts)} times."
    return None


def store_of(run: Run) -> Upload:
    return run.arguments[1]


@upload_task.mistake(
    "A wrong password is wrong the next time, too. Try again on StoreDown, not on StoreRefused."
)
def refused_again(run: Run) -> bool:
    return store_of(run).refuses and len(store_of(run).asked) > 1


@upload_task.mistake(
    "retry() works by raising Retry. A broad except around it swallows that: the store was asked "
    "once, and the task is a success."
)
def swallowed_retry(run: Run) -> bool:
    store = store_of(run)
    return len(store.asked) == 1 and store.state == "SUCCESS" and not store.stored


@upload_task.mistake("The alarm is for the end. It was raised, and then there was another attempt.")
def at_each_attempt(run: Run) -> bool:
    store, alarm = run.arguments[1:]
    return len(alarm.texts) > 1 or bool(store.stored and alarm.texts)


@upload_task.mistake("Nobody was told that the copy is not in the store.")
def no_alarm(run: Run) -> bool:
    store, alarm = run.arguments[1:]
    return bool(store.asked) and not store.stored and not alarm.texts


@upload_task.mistake(
    "max_retries counts the attempts after the first one: 3 of them make 4 in all."
)
def counted_wrongly(run: Run) -> bool:
    return store_of(run).failures >= 3 and len(store_of(run).asked) in (3, 5)


@upload_task.right
def by_hand(app: Any, store: Any, alarm: Any) -> object:
    @app.task(bind=True, max_retries=3)
    def upload(self: Any, name: str) -> None:
        try:
            store.put(name)
        except StoreRefused as error:
            alarm(str(error))
            raise
        except StoreDown as error:
            if self.request.retries == self.max_retries:
                alarm(str(error))
            raise self.retry(exc=error, countdown=60 * 2**self.request.retries) from error

    return upload


@upload_task.right
def when_there_are_no_more(app: Any, store: Any, alarm: Any) -> object:
    @app.task(bind=True, max_retries=3, default_retry_delay=1)
    def upload(self: Any, name: str) -> None:
        try:
            store.put(name)
        except StoreDown as error:
            try:
                self.retry()
            except self.MaxRetriesExceededError:
                alarm(error)
                raise
        except Exception as error:
            alarm(error)
            raise

    return upload


def plain(app: Any, store: Any, alarm: Any = None, **options: Any) -> Any:
    """A task that only uploads; all else is left to Celery."""

    class Loud(Task):
        def on_failure(self, exc: Any, *args: Any) -> None:
            if alarm:
                alarm(exc)

    @app.task(base=Loud, **options)
    def upload(name: str) -> None:
        store.put(name)

    return upload


@upload_task.right
def left_to_celery(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, alarm, autoretry_for=(StoreDown,), retry_kwargs={"max_retries": 3})


@upload_task.wrong(refused_again)
def whatever_it_is(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, alarm, autoretry_for=(Exception,), max_retries=3)


@upload_task.wrong(swallowed_retry)
def broad_except(app: Any, store: Any, alarm: Any) -> object:
    @app.task(bind=True, max_retries=3)
    def upload(self: Any, name: str) -> None:
        try:
            try:
                store.put(name)
            except StoreDown as error:
                self.retry(exc=error)
        except Exception:  # noqa: BLE001 It is the mistake.
            print("later, perhaps")

    return upload


@upload_task.wrong(at_each_attempt)
def loud_each_time(app: Any, store: Any, alarm: Any) -> object:
    @app.task(bind=True, max_retries=3)
    def upload(self: Any, name: str) -> None:
        try:
            store.put(name)
        except StoreDown as error:
            alarm(error)
            raise self.retry(exc=error) from error

    return upload


@upload_task.wrong(no_alarm)
def silent(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, autoretry_for=(StoreDown,), max_retries=3)


@upload_task.wrong(counted_wrongly)
def three_attempts(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, alarm, autoretry_for=(StoreDown,), max_retries=2)


@upload_task.wrong("The store failed 2 times, and was asked 1 times; asked is 3")
def never_again(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, alarm)


@upload_task.wrong("believes that all is well")
def no_failure(app: Any, store: Any, alarm: Any) -> object:
    @app.task(bind=True, max_retries=3)
    def upload(self: Any, name: str) -> None:
        try:
            store.put(name)
        except StoreDown as error:
            if self.request.retries < self.max_retries:
                raise self.retry(exc=error) from error
            alarm(error)
        except StoreRefused as error:
            alarm(error)

    return upload


@upload_task.wrong("Asked is the task itself")
def a_result(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, alarm).delay(NAME)
