"""12.10 One makes it, seven wait: one makes it, the others wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Barrier, Lock, Thread
from typing import Any

from django.core.cache import cache

from checks.ch12_caching_pages import shift
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

THREADS = 8


@dataclass
class Report:
    """A slow function; it can be told to fail once. It counts its calls."""

    made: int = 0
    fails: bool = False

    def __call__(self) -> str:
        self.made += 1
        if self.fails:
            self.fails = False
            raise ConnectionError("the database does not answer")
        number = self.made
        time.sleep(0.03)
        return f"report {number}"

    def __repr__(self) -> str:
        return "a slow function"


def at_once(read: Callable[[], Any], number: int = 1, limit: float = 0.5) -> list[Any]:
    """What so many threads get that call read() at one moment: values, errors, or "waiting"."""
    got: list[Any] = ["waiting"] * number
    start = Barrier(number)

    def visit(place: int) -> None:
        start.wait(2)
        try:
            got[place] = read()
        except BaseException as error:  # noqa: BLE001 It is what the visitor gets.
            got[place] = error

    threads = [Thread(target=visit, args=[place], daemon=True) for place in range(number)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + limit
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
    came = list(got)
    if "waiting" in came:
        end = time.monotonic() + 0.5
        while any(thread.is_alive() for thread in threads) and time.monotonic() < end:
            cache.clear()  # Whatever they wait for, a lock or a value: it is gone, and they end.
            time.sleep(0.01)
    return came


stampede = Exercise(
    "12.10",
    "One makes it, seven wait",
    minutes=8,
    layers=("sql",),
    hints=[
        "Section 9 of the lesson has the shape: look, try to get the lock, else wait and look again.",
        (
            'cache.add("report.lock", 1, 10) is True for one only. Whoever gets False sleeps for a few '
            "milliseconds, and begins again at the top of the loop."
        ),
        (
            "try: cache.get_or_set(...) finally: cache.delete(the lock). The finally frees the lock also "
            "when make() raises."
        ),
    ],
)


@stampede.cases
def cases() -> object:
    return [(Report(),)]


@dataclass
class Crowd:
    """What came out: the first rush, how often it was made, one visit later, after a failure."""

    rush: list[Any]
    made: int
    later: list[Any] = field(default_factory=list)
    made_later: int = 0
    failed: list[Any] = field(default_factory=list)
    again: list[Any] = field(default_factory=list)


@stampede.check
def check(run: Run) -> str | None:
    (make,) = run.arguments
    read = run.value
    if not callable(read):
        return f"Asked is a function, read(). Yours returned {compare.shown(read)}."
    rush = at_once(read, THREADS, limit=1)
    made = make.made
    if "waiting" in rush:
        run.value = Crowd(rush, made)
        return "After a second some visitors still wait."
    with shift(55):
        later = at_once(read)
    made_later = make.made - made
    with shift(61):
        make.fails = True
        failed = at_once(read)
        again = at_once(read)
    run.value = Crowd(rush, made, later, made_later, failed, again)
    if made != 1:
        return f"{THREADS} came at once, and make() ran {made} times."
    if rush != ["report 1"] * THREADS:
        return f"Not everybody got the report: {compare.shown(rush)}."
    if later != ["report 1"] or made_later:
        return f"A visitor who came 55 seconds later got {compare.shown(later[0])}."
    if not isinstance(failed[0], ConnectionError):
        return f"After 61 seconds make() raised, and read() gave {compare.shown(failed[0])}."
    if again == ["waiting"]:
        return "make() raised once. The next visitor waits for ever."
    if again != ["report 3"]:
        return f"make() raised once. The next visitor got {compare.shown(again[0])}."
    return None


@stampede.mistake(
    "Whoever finds the lock taken gets nothing. It must wait a little, and look again."
)
def nothing_for_others(run: Run) -> bool:
    return None in run.value.rush


@stampede.mistake(
    "Nothing stops the second visitor from making the report while the first one does. Only one may: "
    "the one whose cache.add(...) of a lock is True."
)
def no_lock(run: Run) -> bool:
    return run.value.made > 1 and "waiting" not in run.value.rush


@stampede.mistake(
    "The report is made again for each visitor. Put it into the cache for 60 seconds."
)
def report_not_kept(run: Run) -> bool:
    return run.value.made == 1 and run.value.made_later > 0


@stampede.mistake(
    "Somebody has the lock and does not give it back, so the others wait for nobody. Delete it when "
    "the report is made, and also when make() raises: in a finally."
)
def lock_kept(run: Run) -> bool:
    return "waiting" in run.value.again or "waiting" in run.value.rush


@stampede.mistake("The report lives for 60 seconds; after 61 it must be made again.")
def kept_too_long(run: Run) -> bool:
    return run.value.failed == ["report 1"]


@stampede.right
def with_a_recheck(make: Callable[[], Any]) -> object:
    def read() -> Any:
        while True:
            if (value := cache.get("report")) is not None:
                return value
            if cache.add("making", True, 30):
                break
            time.sleep(0.002)
        try:
            value = cache.get("report")
            if value is None:
                value = make()
                cache.set("report", value, 60)
            return value
        finally:
            cache.delete("making")

    return read


@stampede.right
def lock_of_python(make: Callable[[], Any]) -> object:
    lock = Lock()

    def read() -> Any:
        with lock:
            return cache.get_or_set("report", make, 60)

    return read


@stampede.right
def counted(make: Callable[[], Any]) -> object:
    def read() -> Any:
        while (value := cache.get("report")) is None:
            cache.add("makers", 0, 30)
            try:
                if cache.incr("makers") == 1:
                    cache.get_or_set("report", make, 60)
            finally:
                cache.decr("makers")
            time.sleep(0.001)
        return value

    return read


@stampede.wrong(no_lock)
def only_get_or_set(make: Callable[[], Any]) -> object:
    return lambda: cache.get_or_set("report", make, 60)


@stampede.wrong(no_lock)
def looked_and_made(make: Callable[[], Any]) -> object:
    def read() -> Any:
        if (value := cache.get("report")) is None:
            value = make()
            cache.set("report", value, 60)
        return value

    return read


@stampede.wrong(nothing_for_others)
def no_waiting(make: Callable[[], Any]) -> object:
    def read() -> Any:
        if cache.get("report") is None and cache.add("lock", 1, 10):
            try:
                cache.set("report", make(), 60)
            finally:
                cache.delete("lock")
        return cache.get("report")

    return read


@stampede.wrong(lock_kept)
def without_finally(make: Callable[[], Any]) -> object:
    def read() -> Any:
        while (value := cache.get("report")) is None:
            if cache.add("lock", 1, 10):
                cache.get_or_set("report", make, 60)
                cache.delete("lock")
            time.sleep(0.002)
        return value

    return read


@stampede.wrong(lock_kept)
def never_given_back(make: Callable[[], Any]) -> object:
    def read() -> Any:
        while not cache.add("lock", 1, 10):
            time.sleep(0.002)
        return cache.get_or_set("report", make, 60)

    return read


@stampede.wrong(kept_too_long)
def for_an_hour(make: Callable[[], Any]) -> object:
    lock = Lock()

    def read() -> Any:
        with lock:
            return cache.get_or_set("report", make, 3600)

    return read


@stampede.wrong(report_not_kept)
def shared_for_a_moment(make: Callable[[], Any]) -> object:
    lock = Lock()

    def read() -> Any:
        with lock:
            return cache.get_or_set("report", make, 0.5)

    return read


@stampede.wrong("Asked is a function, read().")
def called_already(make: Callable[[], Any]) -> object:
    return cache.get_or_set("report", make, 60)
