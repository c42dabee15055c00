"""Celery's own scheduler, told another time."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from celery import current_app, shared_task
from celery.beat import Scheduler
from celery.schedules import crontab, schedule
from django.utils import timezone

from glass.services import clock
from glass.services.clock import Sent, at, next_runs, run_beat

NIGHTLY = {"backup": crontab(hour=3, minute=0)}


def clock_times(runs):
    return [f"{when:%d %H:%M}" for when in runs]


# The next runs of one schedule


def test_next_runs_of_each_kind_of_schedule():
    start = "2026-03-02 09:00"
    assert clock_times(next_runs(crontab(minute="*/20"), 3, start=start)) == [
        "02 09:20",
        "02 09:40",
        "02 10:00",
    ]
    assert clock_times(next_runs(timedelta(hours=12), 2, start=start)) == ["02 21:00", "03 09:00"]
    assert clock_times(next_runs(90, 2, start=start)) == ["02 09:01", "02 09:03"]
    on_the_hour = schedule(timedelta(hours=1), relative=True)
    assert clock_times(next_runs(on_the_hour, 2, start="2026-03-02 09:10")) == [
        "02 10:00",
        "02 11:00",
    ]


def test_a_crontab_without_a_minute_runs_sixty_times():
    times = next_runs(crontab(hour=3), 61, start="2026-03-02")
    assert {when.hour for when in times[:60]} == {3}
    assert clock_times(times[58:]) == ["02 03:58", "02 03:59", "03 03:00"]


def test_the_moment_of_the_start_itself_is_not_due():
    assert next_runs(crontab(hour=9, minute=0), 1, start="2026-03-02 09:00")[0].day == 3


def test_hours_are_read_in_the_zone_and_a_start_may_have_its_own():
    start = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    (kolkata,) = next_runs(crontab(hour=9, minute=0), 1, start=start, tz="Asia/Kolkata")
    assert kolkata.astimezone(UTC) == datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    (utc,) = next_runs(crontab(hour=9, minute=0), 1, start=start)
    assert utc == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_the_zone_is_that_of_the_app_when_none_is_named(monkeypatch):
    from zoneinfo import ZoneInfo

    monkeypatch.setattr(current_app._get_current_object(), "timezone", ZoneInfo("Asia/Kolkata"))
    (when,) = next_runs(crontab(hour=9, minute=0), 1, start="2026-03-02")
    assert when.astimezone(UTC) == datetime(2026, 3, 2, 3, 30, tzinfo=UTC)


def test_a_leap_day_is_found_at_once():
    leap = crontab(minute=0, hour=9, day_of_month=29, month_of_year=2)
    runs = next_runs(leap, 2, start="2026-03-02")
    assert [when.date() for when in runs] == [date(2028, 2, 29), date(2032, 2, 29)]


def test_the_night_when_clocks_go_forward():
    runs = next_runs(crontab(hour=3, minute=0), 3, start="2026-03-28", tz="Europe/Oslo")
    assert str(runs).splitlines() == [
        "crontab: 0 3 * * *, from Sat 2026-03-28 00:00, Europe/Oslo",
        "Europe/Oslo                              UTC  after",
        "Sat 2026-03-28 03:00:00 +01:00  Sat 02:00:00    3 h",
        "Sun 2026-03-29 03:00:00 +02:00  Sun 01:00:00   23 h",
        "Mon 2026-03-30 03:00:00 +02:00  Mon 01:00:00   24 h",
    ]
    half_days = next_runs(timedelta(hours=12), 3, start="2026-03-28", tz="Europe/Oslo")
    assert clock_times(half_days) == ["28 12:00", "29 00:00", "29 13:00"]


def test_the_html_is_escaped():
    class Strange(schedule):
        def __repr__(self):
            return "<script>"

    html = next_runs(crontab(hour=3, minute=0), 1, start="2026-03-02")._repr_html_()
    assert "<td>Mon 2026-03-02 03:00:00 +00:00</td>" in html
    runs = next_runs(Strange(60), 1, start="2026-03-02")
    runs.what = "<script>"
    assert "<script>" not in runs._repr_html_()


# A whole beat


def test_what_beat_sends_in_two_days():
    sent = run_beat(
        {"backup": {"task": "backups.tasks.dump", "schedule": crontab(hour=3, minute=0)}},
        "2026-03-02",
        days=2,
    )
    assert list(sent) == [
        Sent(datetime(2026, 3, day, 3, tzinfo=UTC), "backup", "backups.tasks.dump")
        for day in (2, 3)
    ]
    assert sent[0].name == "backup"
    assert len(sent[:1]) == 1


def test_the_end_is_not_part_of_it():
    assert len(run_beat(NIGHTLY, "2026-03-02", until="2026-03-03 03:00")) == 1
    assert len(run_beat(NIGHTLY, "2026-03-02", until="2026-03-03 03:01")) == 2


def test_every_run_is_the_same_and_what_is_due_together_goes_by_name():
    many = {f"job {number:02}": 3600 for number in reversed(range(20))}
    first, second = (list(run_beat(many, "2026-03-02", days=1)) for _ in range(2))
    assert first == second
    assert [sent.name for sent in first[:20]] == sorted(many)


def test_an_interval_drifts_away_from_the_clock_and_a_crontab_does_not():
    both = {"interval": timedelta(hours=12), "clock": crontab(hour="*/12", minute=0)}
    run = run_beat(both, "2026-03-02 09:30", days=1)
    assert clock_times(run.times("interval")) == ["02 21:30"]
    assert clock_times(run.times("clock")) == ["02 12:00", "03 00:00"]


def test_what_was_missed_is_sent_once_when_beat_comes_back():
    before = run_beat(NIGHTLY, "2026-03-02", days=1)
    after = run_beat(NIGHTLY, "2026-03-06 10:00", days=1, last_run=before.last_run)
    assert clock_times(sent.when for sent in after) == ["06 10:00", "07 03:00"]
    forgot = run_beat(NIGHTLY, "2026-03-06 10:00", days=1)
    assert clock_times(sent.when for sent in forgot) == ["07 03:00"]


def test_an_interval_goes_on_counting_where_beat_finds_its_file():
    daily = {"report": timedelta(hours=24)}
    first = run_beat(daily, "2026-03-02 10:00", days=0.9)
    assert len(first) == 0
    again = run_beat(daily, "2026-03-03 08:00", days=0.5, last_run=first.last_run)
    assert clock_times(again.times("report")) == ["03 10:00"]


def test_on_the_night_of_the_change_one_hour_is_missing_or_there_twice():
    both = {"interval": timedelta(minutes=30), "crontab": crontab(minute="*/30")}
    spring = run_beat(both, "2026-03-29", days=1, tz="Europe/Oslo").by_hour()
    assert {tuple(counts[:5]) for counts in spring.counts.values()} == {(1, 2, 0, 2, 2)}
    autumn = run_beat(both, "2026-10-25", days=1, tz="Europe/Oslo").by_hour("2026-10-25")
    assert autumn.counts["interval"][:5] == [1, 2, 4, 2, 2]
    assert autumn.counts["crontab"][:5] == [1, 2, 2, 2, 2]  # It leaves the hour's second time out.


def test_the_learners_own_schedule_goes_on_telling_the_real_time():
    nightly = crontab(hour=3, minute=0)
    run_beat({"backup": nightly}, "2026-03-02", days=1, tz="Asia/Kolkata")
    assert nightly.nowfun is None
    assert abs(nightly.now() - timezone.now()) < timedelta(minutes=1)
    assert "tz" not in vars(nightly)


def test_it_is_celerys_own_scheduler(monkeypatch):
    asked = []
    original = Scheduler.tick
    monkeypatch.setattr(Scheduler, "tick", lambda self: asked.append(1) or original(self))
    run_beat(NIGHTLY, "2026-03-02", days=7)
    assert len(asked) > 7


# The tasks themselves


def test_applied_tasks_live_in_the_virtual_moment():
    days = []

    @shared_task(name="clock.inner")
    def inner():
        days.append(("inner", timezone.localdate()))

    @shared_task(name="clock.outer")
    def outer(word):
        days.append((word, timezone.localdate()))
        inner.delay()
        return word

    entry = {"task": "clock.outer", "schedule": crontab(hour=3, minute=0), "args": ("hello",)}
    run = run_beat({"nightly": entry}, "2028-02-28", days=2, apply=True)
    assert days == [(word, date(2028, 2, day)) for day in (28, 29) for word in ("hello", "inner")]
    assert [result.get() for result in run.results] == ["hello", "hello"]
    assert abs(timezone.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_tasks_of_the_project_are_found(db):
    entry = {"task": "subscriptions.tasks.send_reminders", "schedule": crontab(hour=8, minute=0)}
    run = run_beat({"reminders": entry}, "2026-03-02", days=1, apply=True)
    assert [result.state for result in run.results] == ["SUCCESS"]


def test_a_task_that_fails_stops_nothing():
    @shared_task(name="clock.fails")
    def fails():
        raise ValueError("no disk")

    entry = {"task": "clock.fails", "schedule": crontab(hour=3, minute=0)}
    run = run_beat({"nightly": entry}, "2026-03-02", days=2, apply=True)
    assert [(result.state, str(result.result)) for result in run.results] == [
        ("FAILURE", "no disk")
    ] * 2


def test_at():
    with at("2026-02-28 23:30", "Europe/Oslo"):
        assert timezone.now() == datetime(2026, 2, 28, 22, 30, tzinfo=UTC)
        with at("2026-03-01"):
            assert timezone.localdate() == date(2026, 3, 1)
        assert timezone.localdate() == date(2026, 2, 28)
    with pytest.raises(KeyError), at("2026-03-01"):
        raise KeyError
    assert abs(timezone.now() - datetime.now(UTC)) < timedelta(minutes=1)


# The pictures


def test_the_tables():
    entries = NIGHTLY | {"every quarter": crontab(minute="*/15"), "report": crontab(0, 8, "mon")}
    run = run_beat(entries, "2026-03-02 01:00", days=3)
    assert str(run).splitlines() == [
        "291 messages in 3 days from Mon 2026-03-02 01:00, UTC",
        "messages a day, UTC  Mon 2  Tue 3  Wed 4  Thu 5  in all",
        "  backup                 1      1      1      .       3",
        "  every quarter         91     96     96      4     287",
        "  report                 1      .      .      .       1",
    ]
    assert str(run.by_hour("2026-03-02")).splitlines() == [
        "messages an hour, Mon 2026-03-02, UTC",
        "                 0  3  6  9  12 15 18 21",
        "  backup         ...1....................  1",
        "  every quarter  .34444444444444444444444  91",
        "  report         ........1...............  1",
    ]


def test_a_long_run_shows_sums():
    assert str(run_beat(NIGHTLY, "2026-03-01", days=31)).splitlines() == [
        "31 messages in 31 days from Sun 2026-03-01 00:00, UTC",
        "backup  31",
    ]


def test_the_picture_has_a_stroke_for_each_moment():
    run = run_beat(NIGHTLY, "2026-03-02", days=2)
    (axes,) = run.by_day().figure().axes
    (strokes,) = axes.collections
    assert strokes.get_positions() == [3 / 24, 1 + 3 / 24]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["backup"]
    assert run.by_day()._repr_mimebundle_()["image/png"].startswith(b"\x89PNG")


# What cannot be


@pytest.mark.django_db  # Celery checks the models when it imports the apps' tasks.
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: next_runs("0 3 * * *"), "crontab, a timedelta or seconds, not '0 3"),
        (lambda: next_runs(0), "longer than nothing"),
        (lambda: next_runs(60, tz="Oslo"), "no time zone called 'Oslo'"),
        (lambda: run_beat({"a": {"task": "a"}}, "2026-03-02"), "needs a 'task' and a 'schedule'"),
        (lambda: run_beat({"a": 1}, "2026-03-02"), "more than 11,000"),
        (lambda: run_beat({"no.such.task": 60}, "2026-03-02", apply=True), "no.such.task"),
        (lambda: run_beat(NIGHTLY, "2 March"), "like '2026-03-02 09:00'"),
    ],
)
def test_a_sentence_for_what_cannot_be(call, words, monkeypatch):
    monkeypatch.setattr(clock, "_MOST", 11_000)  # in place of ten times as many
    with pytest.raises((TypeError, ValueError)) as said:
        call()
    assert words in str(said.value)


def test_matplotlib_is_loaded_only_to_draw():
    code = "import sys, glass.views.timetable; print('matplotlib' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
