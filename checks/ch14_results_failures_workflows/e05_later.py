"""14.5 Later and later."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from celery import Celery, Task
from celery.signals import task_retry
from django.utils import timezone
from shop.tasks import CourierBusy

from tutor.judge.exercise import Exercise, Run


def fresh_app() -> Celery:
    app = Celery("exercise", broker="memory://", set_as_current=False)
    app.conf.task_always_eager = True
    return app


class Courier:
    """book(number), which raises so many errors, and then takes the parcel."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = errors
        self.asked: list[str] = []

    def __call__(self, number: str) -> str:
        self.asked.append(number)
        if len(self.asked) <= len(self.errors):
            raise self.errors[len(self.asked) - 1]
        return f"parcel of {number}"

    def __repr__(self) -> str:
        return f"<book(), {len(self.errors)} errors first>"


class Slept(Exception):
    """The task waited by itself, and held its place."""


def no_sleep() -> Any:
    """Stands for time.sleep(): it raises Slept in this thread, and sleeps in all others."""
    mine, sleep = threading.get_ident(), time.sleep

    def slept(seconds: float) -> None:
        if threading.get_ident() == mine:
            raise Slept(seconds)
        sleep(seconds)

    return mock.patch("time.sleep", slept)


class Asked:
    """What one run of the task asked for: its waits, its calls, its end."""

    def __init__(self, task: Task, book: Courier) -> None:
        self.waits: list[Any] = []
        book.asked.clear()

        def note(reason: Any, **kwargs: Any) -> None:
            wait = reason.when
            if isinstance(wait, datetime):  # eta= in place of countdown=
                wait = round((wait - timezone.now()).total_seconds())
            self.waits.append(wait)

        task_retry.connect(note)
        try:
            with no_sleep():
                result = task.apply(("2026-0001",))
        finally:
            task_retry.disconnect(note)
        self.calls, self.state, self.value = len(book.asked), result.state, result.result


later = Exercise(
    "14.5",
    "Later and later",
    minutes=7,
    hints=[
        "Celery can count the waits by itself, or you say each of them: self.retry(countdown=...).",
        (
            "@app.task(autoretry_for=..., retry_backoff=..., retry_backoff_max=..., retry_jitter=..., "
            "max_retries=...)"
        ),
        (
            "By hand: bind=True, and in the except: raise self.retry(exc=error, countdown=min(10, "
            "2**self.request.retries))."
        ),
    ],
)


WAITS = [1, 2, 4, 8, 10]


@later.cases
def cases() -> object:
    busy = [CourierBusy("no answer") for _ in range(9)]
    couriers = [Courier(*busy), Courier(), Courier(*busy[:2]), Courier(*busy[:5])]
    couriers.append(Courier(ValueError("no such address"), *busy))
    return [(fresh_app(), courier) for courier in couriers]


@later.check
def check(run: Run) -> str | None:
    book = run.arguments[1]
    if not isinstance(run.value, Task):
        return f"Asked is the task itself; your function returned {type(run.value).__name__}."
    if book.asked:
        return "The task has run already. Return it, and do not call it."
    # Three times: with some chance in it, the waits would differ.
    run.value.asked_for = all_runs = [Asked(run.value, book) for _ in range(3)]
    asked = all_runs[0]
    passing = next((n for n, e in enumerate(book.errors) if type(e) is not CourierBusy), 9)
    tries = min(passing, len(book.errors), 5) + 1
    if not book.asked:
        return f"The task did not call book(): {asked.value!r}."
    if any(each.waits != WAITS[: tries - 1] for each in all_runs):
        return f"Asked are the waits {WAITS[: tries - 1]}; your task asked for {asked.waits}."
    if asked.calls != tries:
        return f"book() was called {asked.calls} times; asked is {tries}."
    if len(book.errors) < 6 and isinstance(passing, int) and passing == 9:
        if asked.state != "SUCCESS" or asked.value != "parcel of 2026-0001":
            return f"The parcel is booked, and the task's end is {asked.state} {asked.value!r}."
    elif asked.state != "FAILURE" or type(asked.value) is not type(book.errors[0]):
        return f"No parcel is booked, and the task's end is {asked.state} {asked.value!r}."
    return None


def asked_for(run: Run) -> list[Asked]:
    found: list[Asked] = run.value.asked_for
    return found


@later.mistake(
    "There is chance in your waits: jitter is on by default. It is good, but this partner's contract "
    "says the seconds. retry_jitter=False"
)
def with_jitter(run: Run) -> bool:
    return len({tuple(asked.waits) for asked in asked_for(run)}) > 1


@later.mistake(
    "Your task sleeps, and holds its place in the worker meanwhile. Ask Celery to send it again "
    "later: retry."
)
def sleeps(run: Run) -> bool:
    return isinstance(asked_for(run)[0].value, Slept)


@later.mistake(
    "At the end it fails with MaxRetriesExceededError. retry(exc=error) makes it fail with the real "
    "error."
)
def without_the_error(run: Run) -> bool:
    return type(asked_for(run)[0].value).__name__ == "MaxRetriesExceededError"


@later.mistake("A wrong address is wrong the next time, too. Try again on CourierBusy alone.")
def whatever_it_is(run: Run) -> bool:
    return type(run.arguments[1].errors[0]) is ValueError and bool(asked_for(run)[0].waits)


@later.mistake(
    "A broad except around retry() swallows its Retry. The task is a success, and nobody hears "
    "that no parcel is booked. (In apply() no attempt follows; on a worker the attempts go on.)"
)
def swallowed(run: Run) -> bool:
    asked, book = asked_for(run)[0], run.arguments[1]
    return asked.state == "SUCCESS" and asked.calls <= len(book.errors)


@later.mistake(
    "Your waits grow without an end. Ten seconds are the most: retry_backoff_max, min()."
)
def without_an_end(run: Run) -> bool:
    return max(asked_for(run)[0].waits) > 10


@later.mistake("Each wait is as long as the one before. It is to double: 1, 2, 4, 8.")
def always_the_same(run: Run) -> bool:
    found = asked_for(run)[0].waits
    return len(found) > 1 and len(set(found)) == 1


@later.mistake("The first wait is 1 second: 2 to the power of 0. self.request.retries begins at 0.")
def begins_elsewhere(run: Run) -> bool:
    return asked_for(run)[0].waits[0] != 1


@later.mistake("Five retries are asked: max_retries counts those after the first attempt.")
def another_number(run: Run) -> bool:
    found = asked_for(run)[0].waits
    return len(run.arguments[1].errors) > 4 and len(found) not in (0, 5)


@later.mistake("The task returns what book() returns: return book(number).")
def without_a_value(run: Run) -> bool:
    asked = asked_for(run)[0]
    return asked.state == "SUCCESS" and asked.value is None


@later.right
def by_hand(app: Any, book: Any) -> object:
    @app.task(bind=True, max_retries=5)
    def courier(self: Any, number: str) -> str:
        try:
            return book(number)
        except CourierBusy as error:
            raise self.retry(exc=error, countdown=min(10, 2**self.request.retries)) from error

    return courier


def left_to_celery(app: Any, book: Any, **options: Any) -> Any:
    usual = {
        "autoretry_for": (CourierBusy,),
        "retry_backoff": 1,
        "retry_backoff_max": 10,
        "retry_jitter": False,
        "retry_kwargs": {"max_retries": 5},
    }

    @app.task(**usual | options)
    def courier(number: str) -> str:
        return book(number)

    return courier


@later.right
def by_options(app: Any, book: Any) -> object:
    return left_to_celery(app, book)


@later.wrong(without_a_value)
def no_return(app: Celery, book: Any) -> object:
    @app.task(
        autoretry_for=(CourierBusy,),
        retry_backoff=True,
        retry_backoff_max=10,
        retry_jitter=False,
        max_retries=5,
    )
    def task(number: str) -> None:
        book(number)

    return task


@later.wrong(with_jitter)
def jitter_left_on(app: Any, book: Any) -> object:
    return left_to_celery(app, book, retry_jitter=True)


@later.wrong(sleeps)
def waits_by_itself(app: Any, book: Any) -> object:
    @app.task
    def courier(number: str) -> str:
        for seconds in WAITS:
            try:
                return book(number)
            except CourierBusy:
                time.sleep(seconds)
        return book(number)

    return courier


@later.wrong(without_the_error)
def error_left_out(app: Any, book: Any) -> object:
    @app.task(bind=True, max_retries=5)
    def courier(self: Any, number: str) -> str:
        try:
            return book(number)
        except CourierBusy:
            self.retry(countdown=min(10, 2**self.request.retries))
            raise

    return courier


@later.right
def by_the_clock(app: Any, book: Any) -> object:
    @app.task(bind=True, max_retries=5)
    def courier(self: Any, number: str) -> str:
        try:
            return book(number)
        except CourierBusy as error:
            wait = timedelta(seconds=min(10, 2**self.request.retries))
            raise self.retry(exc=error, eta=timezone.now() + wait) from error

    return courier


@later.wrong(whatever_it_is)
def all_errors(app: Any, book: Any) -> object:
    return left_to_celery(app, book, autoretry_for=(Exception,))


@later.wrong(swallowed)
def broad_except(app: Any, book: Any) -> object:
    @app.task(bind=True, max_retries=5)
    def courier(self: Any, number: str) -> str:
        try:
            return book(number)
        except ValueError:
            raise
        except Exception as error:
            try:
                self.retry(exc=error, countdown=min(10, 2**self.request.retries))
            except Exception:  # noqa: BLE001 It is the mistake.
                return "later"
            raise

    return courier


@later.wrong(without_an_end)
def no_cap(app: Any, book: Any) -> object:
    return left_to_celery(app, book, retry_backoff_max=600)


@later.wrong(always_the_same)
def one_second_each(app: Any, book: Any) -> object:
    return left_to_celery(app, book, retry_backoff=False, default_retry_delay=1)


@later.wrong(begins_elsewhere)
def twice_the_number(app: Any, book: Any) -> object:
    @app.task(bind=True, autoretry_for=())
    def courier(self: Any, number: str) -> str:
        try:
            return book(number)
        except CourierBusy as error:
            wait = min(10, 2 * self.request.retries)
            raise self.retry(exc=error, countdown=wait, max_retries=5) from error

    return courier


@later.wrong(another_number)
def three_by_default(app: Any, book: Any) -> object:
    return left_to_celery(app, book, retry_kwargs={})


@later.wrong("your task asked for []")
def never_again(app: Any, book: Any) -> object:
    return left_to_celery(app, book, autoretry_for=())


@later.wrong("Asked is the task itself")
def started_at_once(app: Any, book: Any) -> object:
    return left_to_celery(app, book).delay("2026-0001")
