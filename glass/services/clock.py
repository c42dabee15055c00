"""A clock that one can turn: Celery's own beat scheduler, a week of it in less than a second.

What is due when is computed by celery.beat.Scheduler and celery.schedules; only the time that they
are told is ours. https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html

Two things differ from a beat in real time. It wakes at the very moment, not 10 ms early; and entries
that are due at the same moment go by their names, where the real one takes them in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, pairwise
from typing import Any, NamedTuple, overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from celery import current_app
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import BaseSchedule, maybe_schedule
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from glass.views.timetable import Timetable, table
from glass.wording import count

#: More messages than these are a mistake: every second for a week is six times as many.
_MOST = 100_000
_DAY = timedelta(days=1)


class Sent(NamedTuple):
    """A message that beat sent: when (aware, in the schedule's zone), which entry, which task."""

    when: datetime
    name: str
    task: str


class NextRuns(list[datetime]):
    """The next times of one schedule, aware, in its zone. print() shows them as a table."""

    def __init__(self, times: Sequence[datetime], start: datetime, what: str) -> None:
        super().__init__(times)
        self.start = start
        self.what = what

    def rows(self) -> list[tuple[str, str, str]]:
        """As text: local time with its distance from UTC, UTC, how long after the one before."""
        rows = [(f"{self.start.tzinfo}", "UTC", "after")]
        for earlier, when in pairwise([self.start, *self]):
            utc = when.astimezone(UTC)
            passed = _span(utc - earlier.astimezone(UTC))
            rows.append((f"{when:%a %Y-%m-%d %H:%M:%S %:z}", f"{utc:%a %H:%M:%S}", passed))
        return rows

    def __str__(self) -> str:
        return f"{self.what}, from {_moment(self.start)}\n{table(self.rows())}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *rows = self.rows()
        cells = format_html_join("", '<th scope="col" style="text-align:left">{}</th>', zip(head))
        body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        return format_html(
            '<table><caption style="text-align:left">{}, from {}</caption><tr>{}</tr>{}</table>',
            self.what,
            _moment(self.start),
            cells,
            body,
        )


class BeatRun(Sequence[Sent]):
    """What a beat has sent: a sequence of (when, name, task), in order.

    results   what came of each message with apply=True: EagerResult, in the same order
    last_run  {entry's name: when it was last sent, or first seen}: what a beat keeps in its file
    """

    def __init__(self, names: Sequence[str], start: datetime, end: datetime) -> None:
        self.names = list(names)
        self.start = start
        self.end = end
        self.sent: list[Sent] = []
        self.results: list[Any] = []
        self.last_run: dict[str, datetime] = {}

    @overload
    def __getitem__(self, place: int) -> Sent: ...
    @overload
    def __getitem__(self, place: slice) -> list[Sent]: ...
    def __getitem__(self, place: int | slice) -> Sent | list[Sent]:
        return self.sent[place]

    def __len__(self) -> int:
        return len(self.sent)

    def times(self, name: str) -> list[datetime]:
        """When this entry was sent."""
        return [sent.when for sent in self.sent if sent.name == name]

    def by_day(self) -> Timetable:
        """The messages of each day, as a table and a picture."""
        first = self.start.date()
        days = ((self.end - timedelta(microseconds=1)).date() - first).days + 1
        dates = [first + n * _DAY for n in range(days)]
        moments: dict[str, list[float]] = {
            name: [(when.date() - first).days + _hour(when) / 24 for when in self.times(name)]
            for name in self.names
        }
        labels = [f"{date:%a} {date.day}" for date in dates]
        return Timetable(moments, labels, f"messages a day, {self.start.tzinfo}")

    def by_hour(self, day: str | datetime | None = None) -> Timetable:
        """The messages of each hour of one day, the first when none is named.

        On the night when clocks change, an hour has none, or one hour has those of two.
        """
        wanted = _aware(day, self.start.tzinfo).date() if day else self.start.date()
        moments = {
            name: [_hour(when) for when in self.times(name) if when.date() == wanted]
            for name in self.names
        }
        title = f"messages an hour, {wanted:%a %Y-%m-%d}, {self.start.tzinfo}"
        return Timetable(moments, [str(hour) for hour in range(24)], title)

    def __str__(self) -> str:
        days = (self.end.astimezone(UTC) - self.start.astimezone(UTC)) / _DAY
        head = f"{count(len(self), 'message')} in {days:.3g} days from {_moment(self.start)}"
        if days <= 14:
            return f"{head}\n{self.by_day()}"
        totals = [(name, str(len(self.times(name)))) for name in self.names]
        return f"{head}\n{table(totals)}"

    __repr__ = __str__


def next_runs(
    schedule: Any,
    number: int = 5,
    *,
    start: str | datetime | None = None,
    tz: str | tzinfo | None = None,
) -> NextRuns:
    """When a beat that was started at this moment would send, the next so many times.

        next_runs(crontab(hour=3, minute=0), 5, start="2026-03-02", tz="Europe/Oslo")

    schedule  a crontab, a timedelta, or seconds
    start     "2026-03-02 09:00" or a datetime; without a zone of its own it is in tz. Now, if left out
    tz        the zone in which a crontab's hours are read; CELERY_TIMEZONE if left out

    https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html#crontab-schedules
    """
    zone = _zone(tz)
    begin = _aware(start, zone)
    beat = _Beat(_entries({"": schedule}), begin)
    times = [sent.when for sent, _ in islice(beat.sends(None), number)]
    return NextRuns(times, begin, _words(schedule))


def run_beat(
    schedule: Mapping[str, Any] | None = None,
    start: str | datetime | None = None,
    *,
    days: float = 7,
    until: str | datetime | None = None,
    tz: str | tzinfo | None = None,
    apply: bool = False,
    last_run: Mapping[str, datetime] | None = None,
) -> BeatRun:
    """Let Celery's beat run from one moment to another, at once.

        run_beat(start="2026-03-02", days=7)          the project's own schedule
        run_beat({"backup": crontab(hour=3, minute=0)}, "2026-03-28", days=2, tz="Europe/Oslo")

    schedule  as CELERY_BEAT_SCHEDULE has it, or {name: crontab | timedelta | seconds};
              the app's own if left out
    until     the end, which is not part of it; or days after the start
    apply     True: each message's task runs at once in this process, as it would eagerly, and
              django.utils.timezone.now() says there what the clock of this beat says (see at())
    last_run  of an earlier BeatRun: what was missed since then is sent once, at the start

    A message is one that beat would send. Nothing goes to a broker.
    """
    app = current_app._get_current_object()
    entries = _entries(app.conf.beat_schedule if schedule is None else schedule)
    zone = _zone(tz)
    begin = _aware(start, zone)
    end = _aware(until, zone) if until else (begin.astimezone(UTC) + days * _DAY).astimezone(zone)
    if apply:
        app.loader.import_default_modules()  # The apps' tasks.py, as a worker does when it starts.
    if apply and (strange := {entry["task"] for entry in entries.values()} - set(app.tasks)):
        raise ValueError(
            f"The app has no task called {', '.join(sorted(strange))}. beat would send the message "
            "nevertheless, and the worker would refuse it. sorted(app.tasks) lists the names."
        )
    run = BeatRun(list(entries), begin, end)
    # A beat notes when it first saw an entry, and counts an interval from there.
    run.last_run = {name: (last_run or {}).get(name, begin) for name in entries}
    beat = _Beat(entries, begin, run.last_run)
    with _eager(app) if apply else nullcontext():
        for sent, entry in beat.sends(end):
            if len(run) == _MOST:
                raise ValueError(f"That is more than {_MOST:,} messages. Let it run for less time.")
            run.sent.append(sent)
            run.last_run[sent.name] = sent.when
            if apply:
                with at(sent.when):
                    result = app.tasks[sent.task].apply(entry.args, entry.kwargs)
                run.results.append(result)
    return run


@contextmanager
def at(when: str | datetime, tz: str | tzinfo | None = None) -> Iterator[None]:
    """In this block django.utils.timezone.now() gives this moment, and localdate() its day.

        with at("2026-02-28 09:00"):
            wish_happy_birthday()

    It is so for code that writes timezone.now(), as Django's fields do, in every thread of this
    process. `from django.utils.timezone import now`, date.today() and time.time() go on telling
    the real time: that is why a project reads its clock in one place.
    """
    moment = _aware(when, _zone(tz)).astimezone(UTC)
    before = timezone.now
    timezone.now = lambda: moment
    try:
        yield
    finally:
        timezone.now = before


@contextmanager
def _eager(app: Any) -> Iterator[None]:
    """What a task sends from inside belongs to the same virtual moment."""
    before = app.conf.task_always_eager
    app.conf.task_always_eager = True
    try:
        yield
    finally:
        app.conf.task_always_eager = before


class _Entry(ScheduleEntry):  # type: ignore[misc]
    def __lt__(self, other: Any) -> bool:
        return bool(self.name < other.name)


class _Beat(Scheduler):  # type: ignore[misc]
    """Celery's scheduler, told the time by turn(), and handing over what it would send."""

    Entry = _Entry
    producer = None  # So that nothing is connected.

    def __init__(
        self,
        entries: Mapping[str, Mapping[str, Any]],
        start: datetime,
        last_run: Mapping[str, datetime] | None = None,
    ) -> None:
        self.now = start
        self.entries = entries
        self.last_run = last_run or {}
        self.due: list[Any] = []
        super().__init__(current_app._get_current_object(), max_interval=_DAY.total_seconds())

    def setup_schedule(self) -> None:
        for name, given in self.entries.items():
            entry = self.Entry(
                **{
                    **given,
                    "name": name,
                    "app": self.app,
                    # A copy: the learner's own goes on telling the real time.
                    "schedule": copy(given["schedule"]),
                    "last_run_at": self.last_run.get(name, self.now),
                }
            )
            entry.schedule.nowfun = lambda: self.now
            entry.schedule.tz = self.now.tzinfo
            self.schedule[name] = entry

    def adjust(self, n: float, drift: float = 0) -> float:
        return n  # The real one wakes 10 ms early, and looks again.

    def schedules_equal(self, *schedules: object) -> bool:
        return True  # Nobody changes it between two ticks, and comparing takes half of the time.

    def apply_entry(self, entry: Any, producer: object = None) -> None:
        self.due.append(entry)

    def _is_due_failed(self, entry: Any) -> None:
        raise  # noqa: PLE0704  Called where the exception was caught; beat would log it for ever.

    def turn(self, seconds: float) -> None:
        # In UTC: on the night when clocks change, an hour later is not the next number.
        forward = timedelta(microseconds=max(1, round(seconds * 1e6)))
        self.now = (self.now.astimezone(UTC) + forward).astimezone(self.now.tzinfo)

    def sends(self, end: datetime | None) -> Iterator[tuple[Sent, Any]]:
        """Each message in its moment, up to the end."""
        while end is None or self.now < end:
            pause = self.tick()
            for entry in self.due:
                yield Sent(self.now, entry.name, entry.task), entry
            self.due.clear()
            if pause:
                self.turn(pause)


def _entries(schedule: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    entries = {}
    for name, given in schedule.items():
        entry = dict(given) if isinstance(given, Mapping) else {"task": name, "schedule": given}
        if "task" not in entry or "schedule" not in entry:
            raise ValueError(f"The entry {name!r} needs a 'task' and a 'schedule'.")
        entry["schedule"] = _known(entry["schedule"])
        entries[name] = entry
    return entries


def _known(schedule: Any) -> Any:
    found = maybe_schedule(schedule) if isinstance(schedule, int | float | timedelta) else schedule
    if not isinstance(found, BaseSchedule):
        raise TypeError(f"A schedule is a crontab, a timedelta or seconds, not {schedule!r}.")
    if getattr(found, "run_every", _DAY) <= timedelta(0):
        raise ValueError("An interval must be longer than nothing: beat would send without end.")
    return found


def _zone(tz: str | tzinfo | None) -> tzinfo:
    if isinstance(tz, str):
        try:
            return ZoneInfo(tz)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(
                f"There is no time zone called {tz!r}. They have names like 'Europe/Oslo': "
                "https://en.wikipedia.org/wiki/List_of_tz_database_time_zones"
            ) from None
    zone: tzinfo = tz or current_app.timezone
    return zone


def _aware(when: str | datetime | None, zone: tzinfo | None) -> datetime:
    if when is None:
        return datetime.now(zone)
    try:
        moment = datetime.fromisoformat(when) if isinstance(when, str) else when
    except ValueError:
        raise ValueError(f"A moment is written like '2026-03-02 09:00', not {when!r}.") from None
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _words(schedule: Any) -> str:
    found = _known(schedule)
    every = getattr(found, "run_every", None)
    return f"every {every}" if every else repr(found).strip("<>").replace(" (m/h/dM/MY/d)", "")


def _moment(when: datetime) -> str:
    return f"{when:%a %Y-%m-%d %H:%M}, {when.tzinfo}"


def _hour(when: datetime) -> float:
    return when.hour + when.minute / 60 + when.second / 3600


def _span(span: timedelta) -> str:
    if span < 3 * _DAY:
        return f"{span / timedelta(hours=1):.4g} h"
    days, rest = divmod(span, _DAY)
    return f"{days:,} days" + (f" {rest / timedelta(hours=1):.4g} h" if rest else "")
