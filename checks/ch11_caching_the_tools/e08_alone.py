"""11.8 Only one of them: a lock in the cache."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from django.core.cache import cache

from checks.ch11_caching_the_tools import LAYERS, LOOKS, interrupted, once_more, somebody_else
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run


class Work:
    """A job. It notes that it ran, and what happens meanwhile."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.ran = 0
        self.then = then

    def __call__(self) -> None:
        self.ran += 1
        self.then()

    def __repr__(self) -> str:
        return "work"


class Failure(Exception):
    """Comes out of a job."""


alone = Exercise(
    "11.8",
    "Only one of them",
    minutes=7,
    layers=LAYERS,
    hints=[
        "Looking and writing must be one step. Which call of the cache writes only where nothing is?",
        "add() says whether it wrote. Who gets False does nothing, and returns False.",
        "Who has the key takes it away in a finally. A time limit is for a process that dies.",
    ],
)


@alone.cases
def cases() -> object:
    return [("night-report", Work())]


def within(run: Run, name: str, *steps: Callable[[], object]) -> tuple[Run, list[Any]]:
    """Run a job during which the steps are done; return its run, and what the steps returned."""
    found: list[Any] = []
    job = Work(lambda: found.extend(map(somebody_else, steps)))
    return once_more(run, name, job), found


@alone.check
def check(run: Run) -> str | None:
    name, work = run.arguments
    if work.ran != 1:
        return f"Nobody else was at it, and work() was called {work.ran} times. Right is once."
    if run.value is not True:
        return f"work() was called: return True. Yours: {compare.shown(run.value)}."
    if once_more(run, name, Work()).value is not True:
        return "The job was over, and the next one was not allowed to run. Take the key away."
    other = Work()
    _, found = within(
        run,
        name,
        lambda: once_more(run, name, other).value,
        lambda: once_more(run, "backup", Work()).value,
        lambda: once_more(run, name, other).value,
    )
    if found[0] is not False or found[1] is not True:
        if found[1] is not True:
            return "A job of another name was kept out. Each name needs a key of its own."
        if other.ran:
            return "While the job was running, a second one of the same name ran, too."
        return f"Who is kept out gets False. Yours: {compare.shown(found[0])}."
    if found[2] is not False:
        return (
            "Who was kept out took the key away, and so a third one ran beside the first. "
            "Only the one that has the key may delete it."
        )
    limits = [call.timeout for call in run.seen.cache if call.size]
    if not limits or None in limits or max(limit or 0 for limit in limits) > 60 * 60:
        return (
            "If the process dies in the middle, its key stays for ever, or longer than an hour. "
            "Give the key a time limit."
        )

    def fail() -> None:
        raise Failure("no paper")

    second = run.again(name, Work(fail))
    if not isinstance(second.error, Failure):
        return "work() raised an exception, and it did not come out of your function."
    if once_more(run, name, Work()).value is not True:
        return (
            "work() raised an exception, and afterwards nobody could run: the key is still there. "
            "Take it away in a finally."
        )
    if any(_both_run(run, name, after) for after in (1, 2, 3)):
        return (
            "Two began at the same moment: the second one came between the line where the first "
            "one looked and the line where it wrote, and both ran. add() looks and writes in one "
            "step."
        )
    return None


def _both_run(run: Run, name: str, after: int) -> bool:
    """Whether the job runs twice if a second one begins after so many calls of the first one's."""
    arrived, over = Event(), Event()
    working: list[str] = []
    both: list[bool] = []

    def second_works() -> None:
        working.append("second")
        arrived.set()
        over.wait(2)
        working.clear()

    def begin() -> None:
        pool.submit(run.again, name, Work(second_works)).add_done_callback(lambda _: arrived.set())
        arrived.wait(2)

    with ThreadPoolExecutor(1) as pool:
        try:
            with interrupted(begin, *LOOKS, "incr", "add", "set", after=after):
                once_more(run, name, Work(lambda: both.append(bool(working))))
        finally:
            over.set()
    return any(both)


@alone.mistake("work() is a function: call it, with ().")
def not_called(run: Run) -> bool:
    return run.value is True and run.arguments[1].ran == 0


@alone.right
def by_token(name: str, work: Callable[[], object]) -> object:
    token = uuid.uuid4().hex
    if cache.get_or_set(f"lock:{name}", token, 3600) != token:
        return False
    try:
        work()
    finally:
        if cache.get(f"lock:{name}") == token:
            cache.delete(f"lock:{name}")
    return True


@alone.right
async def locked_async(name: str, work: Callable[[], object]) -> object:
    if not await cache.aadd(f"lock:{name}", True, 3600):
        return False
    try:
        work()
    finally:
        await cache.adelete(f"lock:{name}")
    return True


@alone.wrong("Two began at the same moment")
def get_then_set(name: str, work: Callable[[], object]) -> object:
    if cache.get(f"lock:{name}"):
        return False
    cache.set(f"lock:{name}", True, 3600)
    try:
        work()
    finally:
        cache.delete(f"lock:{name}")
    return True


@alone.wrong("Who was kept out took the key away")
def deleted_by_all(name: str, work: Callable[[], object]) -> object:
    try:
        if not cache.add(f"lock:{name}", True, 3600):
            return False
        work()
        return True
    finally:
        cache.delete(f"lock:{name}")


@alone.wrong("Take it away in a finally")
def without_finally(name: str, work: Callable[[], object]) -> object:
    if not cache.add(f"lock:{name}", True, 3600):
        return False
    work()
    cache.delete(f"lock:{name}")
    return True


@alone.wrong("its key stays for ever, or longer than an hour")
def without_a_limit(name: str, work: Callable[[], object]) -> object:
    if not cache.add(f"lock:{name}", True, None):
        return False
    try:
        work()
    finally:
        cache.delete(f"lock:{name}")
    return True


@alone.wrong("Each name needs a key of its own")
def one_lock_for_all(name: str, work: Callable[[], object]) -> object:
    if not cache.add("lock", True, 3600):
        return False
    try:
        work()
    finally:
        cache.delete("lock")
    return True


@alone.wrong("Who is kept out gets False")
def nothing_for_the_others(name: str, work: Callable[[], object]) -> object:
    if cache.add(f"lock:{name}", True, 3600):
        try:
            work()
        finally:
            cache.delete(f"lock:{name}")
        return True
    return None


@alone.wrong(not_called)
def named_only(name: str, work: Callable[[], object]) -> object:
    if not cache.add(f"lock:{name}", True, 3600):
        return False
    work  # noqa: B018
    cache.delete(f"lock:{name}")
    return True
