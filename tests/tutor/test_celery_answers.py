"""Answers with tasks: they run at once, and leave Celery as it was."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app, shared_task
from celery.exceptions import AlwaysEagerIgnored
from celery.signals import task_success
from company.models import Employee
from company.tasks import count_primes
from shop.tasks import book_courier

import glass.services.session
from glass import start_broker
from glass.services.task_modules import forget_tasks
from tutor.judge import sandbox
from tutor.judge.judging import judge
from tutor.judge.verdict import Verdict

ROOT = Path(__file__).resolve().parents[2]

type Attempt = Callable[[Callable[..., Any]], Verdict]


@pytest.fixture(params=["eager", "with a broker"])
def attempt(
    make: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Attempt]:
    """Judge an answer twice; afterwards Celery is as it was."""
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    sandbox.tasks.import_tasks()
    broker = start_broker() if request.param != "eager" else None
    task, app = make(), current_app._get_current_object()

    def judged(answer: Callable[..., Any]) -> Verdict:
        def now() -> tuple[dict[str, Any], ...]:
            conf = app.conf
            return dict(conf.changes), dict(conf.beat_schedule), dict(app.tasks), dict(vars(kept))

        kept = count_primes._get_current_object()
        before = now()
        verdict = judge(task, answer)
        assert judge(task, answer).word == verdict.word
        assert now() == before
        assert not task_success.receivers
        return verdict

    yield judged
    if broker:
        assert broker.queues() == {"celery": 0}
        sent = count_primes.delay(10)
        assert (sent.state, broker.queues()) == ("PENDING", {"celery": 1})
        broker.stop()
    assert glass.services.session.broker is None
    assert count_primes.delay(10).get() == 4


def test_a_task_runs_at_once_on_the_answers_rows(attempt: Attempt) -> None:
    forget_tasks(__name__)

    @shared_task
    def hire() -> int:
        Employee.objects.create(
            name="Ann",
            email="ann@new.example",
            title="Engineer",
            salary=1,
            hired_on="2026-03-02",
        )
        return Employee.objects.count() - 1

    assert attempt(lambda: hire.delay().get()).word == "correct"


def test_an_error_and_a_retry_stay_in_the_result(attempt: Attempt) -> None:
    def answer() -> int:
        booked = book_courier.delay("2026-W1", wait=0)
        failed = book_courier.delay("2026-W1", busy=9, wait=0)
        right = booked.get()["attempts"] == 3 and failed.state == "FAILURE"
        return Employee.objects.count() if right else -1

    assert attempt(answer).word == "correct"


def test_what_an_answer_changes_is_put_back(attempt: Attempt) -> None:
    bodies = iter(range(100))

    def answer() -> int:
        app = current_app
        number = next(bodies)

        @shared_task(name="answers.newest")
        def newest() -> int:
            return number

        assert newest.delay().get() == number, "the body of the run before"
        app.conf.task_always_eager = True
        app.conf.timezone = "Asia/Kolkata"
        app.conf.beat_schedule["nightly"] = {"task": "answers.newest", "schedule": 10}
        count_primes.rate_limit = "1/h"
        app.tasks.pop("shop.tasks.book_courier")
        task_success.connect(lambda **kwargs: None, weak=False)
        with pytest.warns(AlwaysEagerIgnored):
            app.send_task("answers.newest")
        return Employee.objects.count()

    assert attempt(answer).word == "correct"


def test_it_costs_next_to_nothing() -> None:
    begin = time.perf_counter()
    for _ in range(20):
        undo = sandbox.tasks.snapshot()
        with sandbox.tasks.eager():
            undo()
    assert time.perf_counter() - begin < 20 * 0.002


def test_tasks_that_an_answer_imports_first_stay() -> None:
    code = (
        "import glass; glass.setup(); from celery import current_app; from tutor.judge import sandbox;"
        "undo = sandbox.snapshot(); from shop.tasks import write_invoice; undo();"
        "print(write_invoice.name in current_app.tasks)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "True\n", done.stderr


def test_a_broker_can_be_started_after_the_first_answer() -> None:
    code = (
        "import glass; glass.setup(); from tutor.judge import sandbox\n"
        "with sandbox.isolated(): pass\n"
        "from company.tasks import count_primes\n"
        "with glass.start_broker() as broker: count_primes.delay(10); count = broker.queues()\n"
        "print(count)"
    )
    environment = {key: value for key, value in os.environ.items() if key != "CELERY_BROKER_URL"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.stdout == "{'celery': 1}\n", done.stderr
