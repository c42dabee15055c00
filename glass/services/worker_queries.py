"""What a task asked the database in the worker's process, told to the notebook that watches it.

The notebook marks the messages that it sends inside a watch. The worker watches the tasks with that
mark, and sends what it saw as an event of its own beside Celery's:
https://docs.celeryq.dev/en/stable/userguide/monitoring.html#real-time-processing
"""

from __future__ import annotations

import threading
from typing import Any

from glass.layer import Event, current
from glass.layers.sql.event import Query
from glass.layers.tasks.event import EVENT_TYPE, WANTED
from glass.watching import watch

#: More queries than these of one task are not told.
_MOST = 1000

_watches: dict[str, tuple[Event, Any]] = {}


def tell_queries() -> None:
    """In a worker's process: from now on, tell what the tasks ask that are marked."""
    from celery.signals import before_task_publish, task_postrun, task_prerun

    before_task_publish.connect(_pass_on)
    task_prerun.connect(_begin)
    task_postrun.connect(_end)


def _pass_on(headers: dict[str, Any], **_: Any) -> None:
    """A chain's next task is watched as well."""
    from celery import current_task

    if current_task and getattr(current_task.request, WANTED, False):
        headers[WANTED] = True


def _begin(task_id: str, task: Any, **_: Any) -> None:
    if getattr(task.request, WANTED, False):
        outer = Event(())
        _watches[task_id] = outer, watch("sql", show=False)
        _watches[task_id][1].__enter__()
        current.set(outer)


def _end(task_id: str, task: Any, **_: Any) -> None:
    if task_id not in _watches:
        return
    outer, watching = _watches.pop(task_id)
    current.set(outer.parent)
    watching.__exit__(None, None, None)
    # A pool of threads runs several tasks at once: each tells its own.
    mine = [query for query in watching.trace.of(Query) if outer in query.parents()]
    task.send_event(EVENT_TYPE, queries=[query.pack() for query in mine[:_MOST]], where=_where())


def _where() -> str:
    from billiard.process import current_process

    if current_process().name != "MainProcess":
        return "a child process"
    main = threading.current_thread() is threading.main_thread()
    return "the worker's process" if main else "a thread of the worker"
