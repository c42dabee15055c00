"""15.3 What day is it there? Today needs a place."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from checks.common import changes
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

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
def cases() -> object:
    evening = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    return [
        (evening, "Asia/Tokyo"),
        (evening, "Europe/Dublin"),
        (datetime(2026, 1, 1, 3, 0, tzinfo=UTC), "America/Los_Angeles"),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "Europe/Oslo"),
        (datetime(2026, 2, 28, 23, 0, tzinfo=ZoneInfo("Asia/Tokyo")), "Pacific/Auckland"),
    ]


@their_day.expects
def expected(now: datetime, zone: str) -> object:
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
