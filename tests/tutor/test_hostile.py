"""What an answer may do without harm: to the rows, to the process, and to the learner's time."""
# ruff: noqa: BLE001, S110, S112 Hostile answers catch what they can.

import asyncio
import gc
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from company.models import Department, Employee
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.core.cache import caches
from django.core.mail import send_mail
from django.db import connection, connections, models, transaction
from django.db.models.signals import post_save
from django.dispatch import Signal

import glass
from checks.common import changes
from glass import trace
from tutor.judge import catalogue, running, solutions
from tutor.judge.judging import judge
from tutor.judge.verdict import Verdict

type Attempt = Callable[[Callable[..., Any]], Verdict]

shipped = Signal()


@pytest.fixture
def attempt(make: Any, monkeypatch: pytest.MonkeyPatch) -> Attempt:
    """Judge an answer. Afterwards a good answer must still be right."""
    task = make()
    # Python's own does not mind SystemExit; pytest's does.
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)

    def judged(answer: Callable[..., Any]) -> Verdict:
        databases = connections.settings["default"]
        verdict = judge(task, answer)
        assert connections.settings["default"] is databases
        assert not trace.active_traces.get("sql")
        assert judge(task, lambda: Employee.objects.count()).word == "correct"
        return verdict

    return judged


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SECONDS", 0.3)


# ----- rows


def deletes() -> int:
    Employee.objects.all().delete()
    return 0


def drops_the_table() -> int:
    with connection.schema_editor() as editor:
        editor.delete_model(Employee)
    return 0


def leaves_a_transaction_open() -> int:
    transaction.atomic().__enter__()
    return Employee.objects.count()


def turns_autocommit_off() -> int:
    transaction.set_autocommit(False)
    Employee.objects.update(salary=1)
    return Employee.objects.count()


def closes_the_connection() -> int:
    Employee.objects.update(name="Nobody")
    connection.close()
    return Employee.objects.count()


def closes_all_connections() -> int:
    with transaction.atomic():
        connections.close_all()
    return 0


@pytest.mark.parametrize(
    "answer",
    [
        deletes,
        drops_the_table,
        leaves_a_transaction_open,
        turns_autocommit_off,
        closes_the_connection,
        closes_all_connections,
    ],
)
def test_rows_are_fresh(answer: Any, attempt: Attempt, template: Path | None) -> None:
    before = template and template.read_bytes()
    attempt(answer)
    assert (template and template.read_bytes()) == before
    assert judge(catalogue.find("04.1"), solutions.answer("04.1")).word == "correct"
    if template:
        assert not list(template.parent.glob(f"private-{os.getpid()}-exercise-*"))


def test_reset_is_refused(attempt: Attempt) -> None:
    def answer() -> int:
        glass.reset()
        return Employee.objects.count()

    verdict = attempt(answer)
    assert verdict.word == "error"
    assert "An answer gets fresh rows by itself. Leave reset() out." in verdict.message


def test_objects_of_one_case_tell_nothing_to_the_next(make: Any) -> None:
    """What is fetched through an argument is remembered in it."""
    task = make(queries=1)
    task.cases(lambda: [(d,) for d in Department.objects.all()[:2]])
    task.expects(lambda department: [e.department.name for e in department.employees.all()])
    answer = lambda department: [department.name for _ in department.employees.all()]
    assert judge(task, answer).word == "correct"


def test_another_thread_sees_the_same_rows(make: Any, template: Path | None) -> None:
    if template is None:
        pytest.skip("Rows in a transaction are seen by one thread.")
    task = make(changes=[lambda: Employee.objects.filter(pk__gt=50).delete()])

    def in_a_thread() -> int:
        found = []
        thread = threading.Thread(target=lambda: found.append(Employee.objects.count()))
        thread.start()
        thread.join()
        return found[0]

    def in_a_loop() -> int:
        return asyncio.run(Employee.objects.acount())

    assert judge(task, in_a_thread).word == "correct"
    assert judge(task, in_a_loop).word == "correct"


# ----- the process


def test_settings_are_put_back(attempt: Attempt) -> None:
    folders = list(settings.STATICFILES_FINDERS)

    def answer() -> int:
        settings.PAGE_SIZE = 7
        settings.TIME_ZONE = "Asia/Tokyo"
        settings.INSTALLED_APPS.append("nothing")
        settings.STATICFILES_FINDERS = []
        del settings.LANGUAGE_CODE
        return Employee.objects.count()

    installed = list(settings.INSTALLED_APPS)
    assert attempt(answer).word == "correct"
    assert not hasattr(settings, "PAGE_SIZE")
    assert (settings.TIME_ZONE, settings.LANGUAGE_CODE) == ("UTC", "en")
    assert installed == settings.INSTALLED_APPS
    assert folders == settings.STATICFILES_FINDERS


def test_receivers_are_put_back(attempt: Attempt) -> None:
    def heard(**kwargs: object) -> None: ...

    def other(**kwargs: object) -> None: ...

    def answer() -> int:
        for signal in (post_save, shipped):
            signal.connect(other, weak=False)
            signal.disconnect(heard)
        return Employee.objects.count()

    signals = (post_save, shipped)
    for signal in signals:
        signal.connect(heard)
    try:
        before = [signal._live_receivers(Employee) for signal in signals]
        assert attempt(answer).word == "correct"
        assert [signal._live_receivers(Employee) for signal in signals] == before
    finally:
        for signal in signals:
            signal.disconnect(heard)


@pytest.mark.parametrize("alias", ["default", "redis", "file"])
def test_the_cache_is_empty_and_is_put_back(attempt: Attempt, alias: str) -> None:
    found = []

    def answer() -> int:
        found.append(caches[alias].get("page"))
        caches[alias].set("page", "theirs")
        caches[alias].set("mine", 1)
        return Employee.objects.count()

    caches[alias].set("page", "kept")
    assert attempt(answer).word == "correct"
    assert found == [None]
    assert (caches[alias].get("page"), caches[alias].get("mine")) == ("kept", None)


def test_the_cache_in_the_database_is_as_fresh_as_the_rows(attempt: Attempt) -> None:
    found = []

    def answer() -> int:
        found.append(caches["database"].add("page", "theirs"))
        return Employee.objects.count()

    assert [attempt(answer).word for _ in range(2)] == ["correct", "correct"]
    assert found == [True, True]


def test_mail_is_kept_for_the_check_and_goes_nowhere(make: Any) -> None:
    task = make()
    task.check(lambda run: None if len(mail.outbox) == 1 else "Send one mail.")

    def answer() -> int:
        send_mail("Hello", "Text", "a@example.com", ["b@example.com"])
        return Employee.objects.count()

    before = list(getattr(mail, "outbox", []))
    verdict = judge(task, answer)
    assert (verdict.word, verdict.printed) == ("correct", "")
    assert list(getattr(mail, "outbox", [])) == before


def test_the_process_is_put_back(attempt: Attempt, tmp_path: Path) -> None:
    def answer() -> int:
        os.environ["COURSE_LEFT"] = "1"
        os.environ.pop("PATH", None)
        os.chdir(tmp_path)
        sys.path.insert(0, "nowhere")
        sys.setrecursionlimit(5000)
        return Employee.objects.count()

    before = dict(os.environ), Path.cwd(), list(sys.path), sys.getrecursionlimit()
    assert attempt(answer).word == "correct"
    assert (dict(os.environ), Path.cwd(), list(sys.path), sys.getrecursionlimit()) == before


@pytest.mark.filterwarnings("ignore:Model 'company.department' was already registered")
def test_models_are_put_back(attempt: Attempt) -> None:
    def answer() -> int:
        Employee.__str__ = lambda self: "somebody"  # type: ignore[method-assign]

        class Badge(models.Model):
            owner = models.ForeignKey(Employee, models.CASCADE, related_name="badges")

            class Meta:
                app_label = "company"

        class Department(models.Model):
            boss = models.ForeignKey(Employee, models.CASCADE, related_name="bossed")
            __module__ = "company.models"

            class Meta:
                app_label = "company"

        Employee.objects = None  # type: ignore[assignment]
        return 60

    registered = dict(apps.all_models["company"])
    assert attempt(answer).word == "correct"
    assert apps.all_models["company"] == registered
    assert apps.get_model("company", "Employee") is Employee
    assert str(Employee(name="Ann")) == "Ann"
    assert not hasattr(Employee, "badges")
    relations = {field.name for field in Employee._meta.get_fields()}
    assert "reports" in relations
    assert not {"badges", "bossed"} & relations


def test_what_is_printed_is_shown_once(make: Any) -> None:
    task = make(changes=[lambda: None, lambda: None])

    def answer() -> int:
        print("counting")
        print("<script>alert(1)</script>", file=sys.stderr)
        return Employee.objects.count()

    verdict = judge(task, answer)
    assert verdict.printed == "counting\n<script>alert(1)</script>\n"
    assert "<script>" not in verdict.html()
    assert verdict.text().count("counting") == 1


def test_endless_printing_is_cut(attempt: Attempt, quick: None) -> None:
    def answer() -> None:
        while True:
            print("x" * 1000)

    verdict = attempt(answer)
    assert verdict.word == "error"
    assert 1000 < len(verdict.printed) < 30_000


@pytest.mark.parametrize("leave", [sys.exit, exit, quit])
def test_leaving_the_program(leave: Any, attempt: Attempt) -> None:
    def answer() -> None:
        leave()

    verdict = attempt(answer)
    assert verdict.word == "error"
    assert "your code ends the program" in verdict.message


def test_input_is_refused(attempt: Attempt) -> None:
    def answer() -> Any:
        return input("How many? ")

    verdict = attempt(answer)
    assert verdict.word == "error"
    assert "input() waits for a person" in verdict.message
    assert verdict.code == 'return input("How many? ")'


def test_threads_left_behind_are_ended(attempt: Attempt) -> None:
    started = []

    def endless() -> None:
        while True:
            try:
                time.sleep(0.01)
            except BaseException:
                continue

    def answer() -> int:
        thread = threading.Thread(target=endless, daemon=True)
        thread.start()
        started.append(thread)
        return Employee.objects.count()

    assert attempt(answer).word == "correct"
    assert [thread.is_alive() for thread in started] == [False]


# ----- time and memory


def loops() -> None:
    while True:
        pass


def loops_and_catches_all() -> None:
    while True:
        try:
            while True:
                Employee.objects.count()
        except:  # noqa: E722
            continue


def catches_and_cleans_up() -> None:
    while True:
        try:
            time.sleep(0.001)
        except BaseException:
            pass
        finally:
            len("clean")


def counts_for_ever() -> Any:
    return itertools.count()


def asks_for_ever() -> Any:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n"
        )
        return cursor.fetchone()


async def waits_for_ever() -> None:
    await asyncio.sleep(1000)


async def loops_in_a_coroutine() -> None:
    while True:
        await Employee.objects.acount()


async def loops_in_a_coroutine_without_waiting() -> None:
    while True:
        pass


@pytest.mark.parametrize(
    "answer",
    [
        loops,
        loops_and_catches_all,
        catches_and_cleans_up,
        counts_for_ever,
        asks_for_ever,
        waits_for_ever,
        loops_in_a_coroutine,
        loops_in_a_coroutine_without_waiting,
    ],
)
def test_time_limit(answer: Any, attempt: Attempt, quick: None) -> None:
    before = set(threading.enumerate())
    begin = time.monotonic()
    verdict = attempt(answer)
    assert verdict.word == "error"
    assert "more than 0.3 seconds and was stopped" in verdict.message
    assert time.monotonic() - begin < 3
    gc.collect()  # The thread of an event loop ends with its pool.
    time.sleep(0.1)
    assert set(threading.enumerate()) <= before


def test_a_call_that_cannot_be_ended_is_left_behind(attempt: Attempt, quick: None) -> None:
    ended = []

    def answer() -> None:
        try:
            time.sleep(2)
        finally:
            ended.append(threading.current_thread())

    assert "more than 0.3 seconds" in attempt(answer).message
    deadline = time.monotonic() + 5
    while not ended and time.monotonic() < deadline:
        time.sleep(0.05)
    ended[0].join(1)
    assert not ended[0].is_alive()


def test_the_limit_shows_what_was_done_up_to_then(attempt: Attempt, quick: None) -> None:
    verdict = attempt(loops_and_catches_all)
    assert verdict.seen is not None
    assert verdict.seen.queries
    assert "loops_and_catches_all()" in verdict.text() or "test_hostile.py" in verdict.text()


def test_memory_limit(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MEGABYTES", 100)

    def answer() -> None:
        rows = []
        while True:
            rows.append("x" * 1_000_000)
            time.sleep(0.001)

    verdict = attempt(answer)
    assert verdict.word == "error"
    assert "took more than 0.1 GB of memory" in verdict.message


def test_more_memory_than_there_is(attempt: Attempt) -> None:
    def answer() -> Any:
        return [0] * 10**17

    verdict = attempt(answer)
    assert verdict.word == "error"
    assert "more memory than there is" in verdict.message


def test_recursion(attempt: Attempt) -> None:
    def answer() -> Any:
        return answer()

    verdict = attempt(answer)
    assert verdict.word == "error"
    assert "a function calls itself and never stops" in verdict.message
    assert verdict.code == "return answer()"


# ----- values that bite


class Bites:
    """A value that cannot be looked at."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_a_value_that_cannot_be_compared(attempt: Attempt) -> None:
    assert attempt(lambda: Bites()).word in ("not yet", "error")
    assert attempt(lambda: [Bites()]).word in ("not yet", "error")


def test_a_value_that_bites_again_on_changed_rows(make: Any) -> None:
    task = make(changes=[lambda: None, changes.newcomer])
    task.expects(lambda: None)
    task.check(lambda run: None if run.value is None or Employee.objects.count() == 60 else "No.")
    assert judge(task, lambda: Bites()).word == "not yet"


def test_an_error_that_cannot_be_shown(attempt: Attempt) -> None:
    class Silent(BaseException):
        def __str__(self) -> str:
            raise RuntimeError("no")

    def answer() -> None:
        raise Silent

    verdict = attempt(answer)
    assert verdict.word == "error"
    assert "Silent" in verdict.message


def test_no_debugger_is_left_in(attempt: Attempt, quick: None) -> None:
    """Ending a loop borrows a tool number of sys.monitoring, and gives it back."""
    attempt(loops)
    assert [number for number in range(6) if sys.monitoring.get_tool(number) == "course"] == []
