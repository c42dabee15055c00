"""Chapter 11, caching the tools: what its exercises share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from types import MethodType
from typing import Any
from unittest import mock

from django.core.cache import caches

import glass.sandbox.caches
from tutor.judge.exercise import Run

TEN_MINUTES = 600
LAYERS = ("sql", "cache")


def once_more(run: Run, *arguments: Any) -> Run:
    """Call the answer again. An exception that comes out of it is that of the run."""
    second = run.again(*arguments)
    if second.error is not None:
        run.seen, run.error = second.seen, second.error
        raise RuntimeError from second.error
    return second


def of_the_second(run: Run, second: Run, sentence: str) -> str:
    """The sentence, with what the second call did as well."""
    run.seen.events += second.seen.events
    return sentence


def empty(run: Run) -> None:
    """Empty all caches, but nobody else's: clear() of a Redis takes everything that is there."""
    glass.sandbox.caches.clear()
    for alias in {call.alias for call in run.seen.cache} & {"database"}:
        caches[alias].clear()


def not_ten_minutes(run: Run) -> str | None:
    """What is wrong with the time limits of what was kept."""
    for call in run.seen.cache:
        if not call.size or call.timeout == TEN_MINUTES:
            continue
        if call.timeout is None:
            return "It is kept for ever (timeout None). Asked are ten minutes: 600 seconds."
        return (
            f"It is kept for {call.timeout:g} seconds. Ten minutes are 600; the default is 300, "
            "and timeout=0 keeps nothing."
        )
    return None


LOOKS = ("get", "get_many", "has_key")


def somebody_else[Result](does: Callable[[], Result]) -> Result:
    """Do it in a thread of its own, with an event loop of its own if it needs one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(does).result()


@contextmanager
def interrupted(by: Callable[[], object], *looks: str, after: int = 1) -> Iterator[list[Any]]:
    """Do it once, at the moment when the code has called these methods of the cache so often.

    Gives a list that is empty when that moment has come.
    """
    waiting = [by]
    calls = count(1)

    def between(look: Callable[..., Any]) -> Any:
        def looked(self: Any, *args: Any, **named: Any) -> Any:
            try:
                return look(*args, **named)
            finally:
                if next(calls) == after:
                    somebody_else(waiting.pop())

        return MethodType(looked, caches["default"])

    backend = caches["default"]
    with ExitStack() as stack:
        for look in looks:
            stack.enter_context(mock.patch.object(backend, look, between(getattr(backend, look))))
        yield waiting


SKUS = ["HER-001", "HER-002", "HER-003", "HER-004", "HER-005", "HER-006"]
