"""What a task asked the database in the worker's process, told to the notebook that watches it.

The notebook marks the messages that it sends inside a watch. The worker watches the tasks with that
mark, and sends what it saw as an event of its own beside Celery's:
https://docs.celeryq.dev/en/stable/userguide/monitoring.html#real-time-processing
"""

from __future__ import annotations

import threading
from typing import Any

from glass.layers.sql import Query, _Asked
from glass.repeats import Cause
from glass.source import Place
from glass.trace import Event, _current

#: The event's type, and the header that asks for it.
TOLD = "glass-queries"
WANTED = "glass_watched"
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
    from glass.watching import watch

    if getattr(task.request, WANTED, False):
        outer = Event(())
        _watches[task_id] = outer, watch("sql", show=False)
        _watches[task_id][1].__enter__()
        _current.set(outer)


def _end(task_id: str, task: Any, **_: Any) -> None:
    if task_id not in _watches:
        return
    outer, watching = _watches.pop(task_id)
    _current.set(outer.parent)
    watching.__exit__(None, None, None)
    # A pool of threads runs several tasks at once: each tells its own.
    mine = [query for query in watching.trace.queries if _inside(query, outer)]
    task.send_event(TOLD, queries=[_packed(query) for query in mine[:_MOST]], where=_where())


def _inside(event: Event, outer: Event) -> bool:
    parent = event.parent
    while parent is not None and parent is not outer:
        parent = parent.parent
    return parent is outer


def _where() -> str:
    from billiard.process import current_process

    if current_process().name != "MainProcess":
        return "a child process"
    main = threading.current_thread() is threading.main_thread()
    return "the worker's process" if main else "a thread of the worker"


def _packed(query: Query) -> dict[str, Any]:
    cause = query.cause and [query.cause.relation, query.cause.remedy, str(query.cause.pk or "")]
    return {
        "sql": query.sql,
        "places": query.places,
        "params": query.params,
        "many": query.many,
        "alias": query.alias,
        "rows": query.rows,
        "duration": query.duration,
        "error": query.error,
        "cause": cause,
    }


def unpacked(event: dict[str, Any], task: Event) -> list[Query]:
    """The queries of the event, inside this task."""
    known: dict[tuple[str, tuple[Place, ...]], _Asked] = {}
    queries = []
    for told in event["queries"]:
        key = told["sql"], tuple(Place(*place) for place in told["places"])
        asked = known.setdefault(key, _Asked(*key, False))
        asked.cause = Cause(*told["cause"]) if told["cause"] else None
        query = Query(asked, told["params"], told["many"], told["alias"])
        query.parent = task
        query.rows, query.duration, query.error = told["rows"], told["duration"], told["error"]
        queries.append(query)
    return queries
