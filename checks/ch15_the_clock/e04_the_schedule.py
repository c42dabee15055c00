"""15.4 Four jobs by the clock: a schedule for beat."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab
from celery.schedules import schedule as interval

from glass import run_beat
from glass.services.clock import BeatRun
from tutor.judge.exercise import Exercise, Run

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
def check(run: Run) -> str | None:
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
