"""15.9 One report at a time: one at a time."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache

from checks.common import changes
from tutor.judge.exercise import Exercise, Run


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
def cases() -> object:
    free, taken, quick = SharedCache(), SharedCache(taken=True), SharedCache(hurry=True)
    return [(cache, LOCK, Work(cache)) for cache in (free, taken, quick)]


@run_alone.check
def check(run: Run) -> str | None:
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
