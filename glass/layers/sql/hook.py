"""How statements and transactions are seen.

Statements come through Django's documented execute_wrapper hook
(https://docs.djangoproject.com/en/6.1/topics/db/instrumentation/). COMMIT and ROLLBACK do not
pass there; Django announces them through one function of its own, debug_transaction.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from asgiref.sync import SyncToAsync
from django.db.backends.base import base

from glass import connections as known
from glass import source
from glass.layer import enclosing
from glass.layers.sql.event import Query, Transaction
from glass.patch import Patch, Patches
from glass.repeats import StatementSite, is_display
from glass.trace import active_traces, enter, leave, reenter
from glass.wording import describe_error

_TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")


class _Cursor:
    """The driver's cursor, counting what is fetched from it.

    On SQLite execute() only starts a statement: the time of fetching is the query's time too.
    """

    # A driver's cursor may have a _query of its own, and Django asks psycopg's for it.
    __slots__ = ("glass_cursor", "glass_query")

    def __init__(self, cursor: Any, query: Query) -> None:
        self.glass_cursor = cursor
        self.glass_query = query

    def __getattr__(self, name: str) -> Any:
        return getattr(self.glass_cursor, name)

    def close(self) -> None:
        self.glass_cursor.close()

    def fetchone(self) -> Any:
        start = perf_counter()
        row = self.glass_cursor.fetchone()
        self.glass_query.duration += perf_counter() - start
        if row is not None:
            self.glass_query.rows += 1
        return row

    def fetchmany(self, *size: int) -> Any:
        start = perf_counter()
        rows = self.glass_cursor.fetchmany(*size)
        self.glass_query.duration += perf_counter() - start
        self.glass_query.rows += len(rows)
        return rows

    def fetchall(self) -> Any:
        start = perf_counter()
        rows = self.glass_cursor.fetchall()
        self.glass_query.duration += perf_counter() - start
        self.glass_query.rows += len(rows)
        return rows

    def __iter__(self) -> Iterator[Any]:
        while (row := self.fetchone()) is not None:
            yield row


def _watch_statement(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    text = sql if isinstance(sql, str) else sql.as_string()  # psycopg.sql.Composable
    if not text.startswith("SELECT") and text.startswith(_TRANSACTION):
        return _watch_transaction(execute, text, params, many, context)
    frame = sys._getframe(3)  # Past CursorWrapper's own two: the first that may be a learner's.
    key = text, source.callers(frame)
    site = _sites.get(key)
    if site is None:
        displayed = text.endswith("LIMIT 21") and is_display(frame)
        site = _sites[key] = StatementSite(*key, displayed)
    elif site.repeats < 2:
        site.note_repeat(frame)
    query = Query(site, params, many, context["connection"].alias)
    for trace in active_traces.get("sql", ()):
        trace.events.append(query)
    wrapper = context["cursor"]
    if type(wrapper.cursor) is _Cursor:  # This cursor has executed a statement before.
        wrapper.cursor = wrapper.cursor.glass_cursor
    start = perf_counter()
    try:
        result = execute(sql, params, many, context)
    except BaseException as error:
        query.error = describe_error(error)
        raise
    finally:
        query.duration = perf_counter() - start
    cursor = wrapper.cursor
    if cursor.description is None:
        query.rows = max(cursor.rowcount, 0)
        return result
    wrapper.cursor = _Cursor(cursor, query)
    return wrapper.cursor if result is cursor else result


_sites: dict[tuple[str, tuple[source.Place, ...]], StatementSite] = {}


def _watch_transaction(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    result = execute(sql, params, many, context)
    _mark_transaction(sql, context["connection"].alias)
    return result


def _mark_transaction(sql: str, alias: str, error: str | None = None) -> None:
    words, savepoint, name = sql.partition("SAVEPOINT")
    if sql.startswith(("BEGIN", "SAVEPOINT")):
        enter(Transaction(source.caller(), savepoint or "BEGIN", alias, name, _traces()))
        return
    end = words + savepoint
    ended: list[Transaction] = []  # What was opened inside it ends with it.
    event = enclosing()
    while event is not None:
        if isinstance(event, Transaction) and event.alias == alias:
            ended.append(event)
            if event.name == name:
                break
        event = event.parent
    if event is not None:
        for transaction in ended:
            transaction.end = transaction.end or end
        event.error = error
        leave(event)
        if end.startswith("ROLLBACK TO"):  # The savepoint still stands; RELEASE follows.
            reenter(event)
    # A watch that began in the middle of it sees only its end.
    late = [t for t in _traces() if event is None or t not in ended[-1].traces]
    if late:
        loose = Transaction(source.caller(), "", alias)
        loose.end, loose.error = end, error
        for trace in late:
            trace.events.append(loose)


def _traces() -> tuple[Any, ...]:
    return active_traces.get("sql", ())


def _announcing(patch: Patch) -> Callable[..., Any]:
    django = patch.original

    @contextmanager
    def announce(connection: Any, sql: str) -> Iterator[None]:
        with django(connection, sql):
            if not patch.active:
                yield
                return
            try:
                yield
            except BaseException as error:
                _mark_transaction(sql, connection.alias, describe_error(error))
                raise
            _mark_transaction(sql, connection.alias)

    return announce


def _awaiting(patch: Patch) -> Callable[..., Any]:
    django = patch.original

    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not patch.active:
            return await django(self, *args, **kwargs)
        # The line that awaits, remembered for the thread in which the statement will run.
        token = source.awaited.set(source.caller() or source.task_maker())
        try:
            return await django(self, *args, **kwargs)
        finally:
            source.awaited.reset(token)

    return call


#: Frames from where a coroutine of Django's is made to the learner's line; 2 are usual.
_DEPTH = 5
_depths: list[int] = []


def install(patches: Patches) -> None:
    known.watch_with(_watch_statement)
    patches.set(base, "debug_transaction", _announcing)
    patches.set(SyncToAsync, "__call__", _awaiting)
    _depths.append(sys.get_coroutine_origin_tracking_depth())
    sys.set_coroutine_origin_tracking_depth(max(_depths[-1], _DEPTH))


def uninstall() -> None:
    sys.set_coroutine_origin_tracking_depth(_depths.pop())
    known.unwatch(_watch_statement)
    _sites.clear()
