"""Run code that may never end, in a thread that can be ended.

The thread gets its own database connection, and the notebook's own thread stays free to end it: at
the time limit, when it takes too much memory, or when the learner presses the stop button.
Code that is stuck inside one call of the C library (a long time.sleep) is left behind, and ended
as soon as the call comes back. The one thing that cannot be ended is a C function that never lets
other threads run: sum(range(10**11)), say.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from concurrent.futures.thread import _worker as _pool_worker
from contextlib import contextmanager
from contextvars import copy_context
from threading import Thread, current_thread
from time import monotonic, sleep
from types import CodeType
from typing import Any

import psutil

SECONDS = 10.0
MEGABYTES = 1000

_GRACE = 1.0  # seconds in which a thread has to end
_POLL = 0.05


class Stopped(Exception):
    """The code was ended; str() says why in a sentence."""


class Clock:
    """When the time limit began to count: anew for each call of the answer."""

    def __init__(self) -> None:
        self.began = monotonic()

    def restart(self) -> None:
        self.began = monotonic()


class _Worker(Thread):
    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(name="exercise", daemon=True)
        self.work = work
        self.context = copy_context()
        self.value: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.value = self.context.run(self.work)
        except BaseException as error:  # noqa: BLE001 Raised again in the thread that waits.
            self.error = error


def run(work: Callable[[], Any], file: str, interrupt: Callable[[], None], clock: Clock) -> Any:
    """Return what work() returns, or raise what it raises; but end it when it takes too much.

    file       of the learner's code
    clock      restarted by work() where the limit begins to count again
    interrupt  ends the database statements that it has running

    Raises Stopped. Threads that the code leaves behind are ended as well.
    """
    with _family(_Worker(work)) as threads:
        worker = threads[0]
        worker.start()
        try:
            reason = _wait(worker, clock)
        except KeyboardInterrupt:
            _end(threads, file, interrupt)
            raise
        if reason:
            _end(threads, file, interrupt)
            raise Stopped(reason)
        _end(threads, file, interrupt)
    if worker.error is not None:
        raise worker.error
    return worker.value


def _wait(worker: Thread, clock: Clock) -> str | None:
    """Wait for the end; return why it should not be waited for any longer."""
    process = psutil.Process()
    most = process.memory_info().rss + MEGABYTES * 1_000_000
    while worker.is_alive():
        worker.join(_POLL)
        if not worker.is_alive():
            break
        if monotonic() > clock.began + SECONDS:
            return (
                f"Your code ran for more than {SECONDS:g} seconds and was stopped. "
                "Is there a loop that never ends?"
            )
        if process.memory_info().rss > most:
            return (
                f"Your code took more than {MEGABYTES / 1000:g} GB of memory and was stopped. "
                "Does something grow in a loop?"
            )
    return None


@contextmanager
def _family(worker: _Worker) -> Iterator[list[Any]]:
    """The worker, and the threads that it and they start."""
    threads: list[Thread] = [worker]
    start = Thread.start

    def follow(self: Thread) -> None:
        if current_thread() in threads:
            threads.append(self)
        start(self)

    Thread.start = follow  # type: ignore[method-assign]
    try:
        yield threads
    finally:
        Thread.start = start  # type: ignore[method-assign]


def _end(threads: list[Thread], file: str, interrupt: Callable[[], None]) -> None:
    """End the threads; go on in the background with those that do not end at once."""
    threads = _busy(threads)
    if not threads:
        return
    with _raising_at_each_line(threads, file):
        end = monotonic() + _GRACE
        while threads and monotonic() < end:
            interrupt()
            _raise_in(threads)
            sleep(0.005)
            threads = _busy(threads)
    if threads:
        Thread(target=_keep_ending, args=(threads, file), daemon=True).start()


def _busy(threads: list[Thread]) -> list[Thread]:
    """Those that run. A worker of a thread pool that waits for work ends with its pool."""
    frames = sys._current_frames()
    busy = []
    for thread in threads:
        frame = frames.get(thread.ident or 0)
        rests = frame is not None and frame.f_code is _pool_worker.__code__
        if thread.is_alive() and not rests:
            busy.append(thread)
    return busy


def _raise_in(threads: list[Thread]) -> None:
    """Raise SystemExit in each thread, at its next step."""
    for thread in threads:
        # Asked again: the number of a thread that has ended may be another thread's by now.
        if thread.is_alive():
            # The documented way: https://docs.python.org/3/c-api/threads.html
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit)
            )


@contextmanager
def _raising_at_each_line(threads: list[Thread], file: str) -> Iterator[None]:
    """Raise SystemExit at each line of the learner's code: no `except:` around a loop survives that.

    One exception alone would be caught by `while True: try: ... except: pass`.
    """
    monitoring = sys.monitoring

    def stop(code: CodeType, *rest: object) -> None:
        theirs = code.co_filename == file or "ipykernel_" in code.co_filename
        if theirs and current_thread() in threads:
            raise SystemExit

    tool = next((n for n in (4, 3, 5) if monitoring.get_tool(n) is None), None)
    if tool is None:
        yield
        return
    kinds = monitoring.events
    events = (kinds.LINE, kinds.JUMP, kinds.PY_START, kinds.PY_RESUME)
    monitoring.use_tool_id(tool, "course")
    for event in events:
        monitoring.register_callback(tool, event, stop)
    monitoring.set_events(tool, sum(events))
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        for event in events:
            monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)


def _keep_ending(threads: list[Thread], file: str) -> None:
    pause = 0.1
    while threads := _busy(threads):
        with _raising_at_each_line(threads, file):
            _raise_in(threads)
            sleep(0.01)
        sleep(pause)
        pause = min(2 * pause, 5)
