"""SQL: every statement, its parameters, rows, time and line, and the transactions around it.

Statements come through Django's documented execute_wrapper hook
(https://docs.djangoproject.com/en/6.1/topics/db/instrumentation/). COMMIT and ROLLBACK do not
pass there; Django announces them through one function of its own, debug_transaction.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from types import FrameType
from typing import Any
from weakref import WeakSet

from asgiref.sync import SyncToAsync
from django.db import connections
from django.db.backends.base import base
from django.db.backends.signals import connection_created

from glass import repeats, source
from glass.repeats import Cause
from glass.trace import Event, describe, enclosing, enter, leave, listening, reenter

_TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")


class _Asked:
    """What one line asks, once or often. Its queries share it: there may be thousands."""

    __slots__ = ("again", "cause", "displayed", "places", "sql")
    again: int  # how often it came again, at most 2

    def __init__(self, sql: str, places: tuple[source.Place, ...], displayed: bool) -> None:
        self.sql = sql
        self.places = places
        self.displayed = displayed
        self.again = 0
        self.cause: Cause | None = None

    def look_again(self, frame: FrameType) -> None:
        """Find the cause at the second statement; the third one must have the same."""
        self.again += 1
        cause = repeats.find_cause(frame)
        if self.again == 1 or (cause and self.cause and cause.relation == self.cause.relation):
            self.cause = cause
        else:
            self.cause = None


class Query(Event):
    """A statement that the code asked for.

    sql        as the database driver received it, with its placeholders
    params     the values for the placeholders; with many=True a list of such values
    rows       rows that were fetched, or rows that were changed
    alias      the database's name in settings.DATABASES
    cause      why it was asked again and again, where that is certain (see glass.repeats)
    displayed  whether it was made by showing a queryset
    """

    __slots__ = ("alias", "asked", "many", "params", "rows")
    layer = "sql"

    # Not through Event's own: this runs for every statement.
    def __init__(self, asked: _Asked, params: Any, many: bool, alias: str) -> None:
        self.parent = enclosing()
        self.duration = 0.0
        self.error = None
        self.asked = asked
        # A list could be changed by the code that owns it.
        self.params = list(params) if isinstance(params, list) else params
        self.many = many
        self.alias = alias
        self.rows = 0

    @property
    def sql(self) -> str:
        return self.asked.sql

    @property
    def places(self) -> tuple[source.Place, ...]:  # type: ignore[override]
        return self.asked.places

    @property
    def cause(self) -> Cause | None:
        return self.asked.cause

    @property
    def displayed(self) -> bool:
        return self.asked.displayed

    def __repr__(self) -> str:
        return f"<Query {self.place}: {self.sql[:60]}>"

    def __str__(self) -> str:
        from glass.views.sqltext import layout, values

        sql = layout(self.sql)
        return f"{sql}\n-- with {values(self.params)}" if self.params else sql


class Transaction(Event):
    """BEGIN or SAVEPOINT up to what ended it; the statements between are inside it.

    sql     "BEGIN" or "SAVEPOINT"; "" when it was opened before the watch began
    name    of the savepoint, or ""
    end     "COMMIT", "ROLLBACK", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", or "" while open
    traces  those that recorded its beginning
    """

    __slots__ = ("alias", "end", "name", "sql", "traces")
    layer = "sql"

    def __init__(
        self, places: tuple[source.Place, ...], sql: str, alias: str, name: str = ""
    ) -> None:
        super().__init__(places)
        self.sql = sql
        self.alias = alias
        self.name = name
        self.end = ""
        self.traces = listening["sql"]

    def __repr__(self) -> str:
        return f"<Transaction {self.place}: {self.sql} ... {self.end or 'still open'}>"


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
    asked = _asked.get(key)
    if asked is None:
        displayed = text.endswith("LIMIT 21") and repeats.is_display(frame)
        asked = _asked[key] = _Asked(*key, displayed)
    elif asked.again < 2:
        asked.look_again(frame)
    query = Query(asked, params, many, context["connection"].alias)
    for trace in listening["sql"]:
        trace.events.append(query)
    wrapper = context["cursor"]
    if type(wrapper.cursor) is _Cursor:  # This cursor has executed a statement before.
        wrapper.cursor = wrapper.cursor.glass_cursor
    start = perf_counter()
    try:
        result = execute(sql, params, many, context)
    except BaseException as error:
        query.error = describe(error)
        raise
    finally:
        query.duration = perf_counter() - start
    cursor = wrapper.cursor
    if cursor.description is None:
        query.rows = max(cursor.rowcount, 0)
        return result
    wrapper.cursor = _Cursor(cursor, query)
    return wrapper.cursor if result is cursor else result


_asked: dict[tuple[str, tuple[source.Place, ...]], _Asked] = {}


def _watch_transaction(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    result = execute(sql, params, many, context)
    _mark_transaction(sql, context["connection"].alias)
    return result


def _mark_transaction(sql: str, alias: str, error: str | None = None) -> None:
    words, savepoint, name = sql.partition("SAVEPOINT")
    if sql.startswith(("BEGIN", "SAVEPOINT")):
        enter(Transaction(source.caller(), savepoint or "BEGIN", alias, name))
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
    late = [t for t in listening["sql"] if event is None or t not in ended[-1].traces]
    if late:
        loose = Transaction(source.caller(), "", alias)
        loose.end, loose.error = end, error
        for trace in late:
            trace.events.append(loose)


@contextmanager
def _announce(connection: Any, sql: str) -> Iterator[None]:
    with _django_announce(connection, sql):
        try:
            yield
        except BaseException as error:
            _mark_transaction(sql, connection.alias, describe(error))
            raise
        _mark_transaction(sql, connection.alias)


async def _await_with_source(self: Any, *args: Any, **kwargs: Any) -> Any:
    """The line that awaits, remembered for the thread in which the statement will run."""
    token = source.awaited.set(source.caller() or source.task_maker())
    try:
        return await _django_await(self, *args, **kwargs)
    finally:
        source.awaited.reset(token)


_django_announce = base.debug_transaction  # type: ignore[attr-defined]
_django_await = SyncToAsync.__call__
_django_depth = sys.get_coroutine_origin_tracking_depth()
_DEPTH = 5  # frames from where a coroutine of Django's is made to the learner's line; 2 are usual
#: Every connection of every thread, as far as it was opened since glass was imported.
_connections: WeakSet[Any] = WeakSet()
_installed = False


def _adopt(connection: Any, **kwargs: object) -> None:
    _connections.add(connection)
    if _installed and _watch_statement not in connection.execute_wrappers:
        # First in the list is outermost; the last place belongs to execute_wrapper() blocks.
        connection.execute_wrappers.insert(0, _watch_statement)


def known_connections() -> list[Any]:
    """The open connections of all threads."""
    return list({*connections.all(initialized_only=True), *_connections})


def follow_connections() -> None:
    """Keep track of the connections that other threads open, from now on."""
    connection_created.connect(_adopt, dispatch_uid="glass")
    _connections.update(connections.all(initialized_only=True))


def forget_connections() -> None:
    """Hear of no further connection. The known ones are kept, weakly, for the next time."""
    connection_created.disconnect(dispatch_uid="glass")


def installed() -> bool:
    return _installed


def install() -> None:
    global _installed
    _installed = True
    follow_connections()
    for connection in [*connections.all(), *_connections]:
        _adopt(connection)
    base.debug_transaction = _announce  # type: ignore[attr-defined]
    sys.set_coroutine_origin_tracking_depth(max(_django_depth, _DEPTH))
    SyncToAsync.__call__ = _await_with_source  # type: ignore[method-assign]


def uninstall() -> None:
    global _installed
    _installed = False
    base.debug_transaction = _django_announce  # type: ignore[attr-defined]
    sys.set_coroutine_origin_tracking_depth(_django_depth)
    SyncToAsync.__call__ = _django_await  # type: ignore[method-assign]
    for connection in known_connections():
        if _watch_statement in connection.execute_wrappers:
            connection.execute_wrappers.remove(_watch_statement)
    _asked.clear()
