"""The database connections of all threads, and one wrapper around what they execute."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from django.db import connections
from django.db.backends.signals import connection_created

Wrapper = Callable[..., Any]
#: Every connection of every thread, as far as it was opened since glass was imported.
_connections: WeakSet[Any] = WeakSet()
#: What each of them executes through, while somebody watches.
_wrappers: list[Wrapper] = []


def adopt(connection: Any, **kwargs: object) -> None:
    """The receiver of connection_created. Glass' own: no watch shows it."""
    _connections.add(connection)
    for wrapper in _wrappers:
        if wrapper not in connection.execute_wrappers:
            # First in the list is outermost; the last place belongs to execute_wrapper() blocks.
            connection.execute_wrappers.insert(0, wrapper)


def known_connections() -> list[Any]:
    """The open connections of all threads."""
    return list({*connections.all(initialized_only=True), *_connections})


def follow_connections() -> None:
    """Keep track of the connections that other threads open, from now on."""
    connection_created.connect(adopt, dispatch_uid="glass")
    _connections.update(connections.all(initialized_only=True))


def forget_connections() -> None:
    """Hear of no further connection. The known ones are kept, weakly, for the next time."""
    connection_created.disconnect(dispatch_uid="glass")


def watch_with(wrapper: Wrapper) -> None:
    """Have every connection, and those to come, execute through the wrapper.

    https://docs.djangoproject.com/en/6.1/topics/db/instrumentation/
    """
    _wrappers.append(wrapper)
    follow_connections()
    for connection in [*_usable(), *_connections]:
        adopt(connection)


def unwatch(wrapper: Wrapper) -> None:
    """Take the wrapper off every connection."""
    _wrappers.remove(wrapper)
    for connection in known_connections():
        if wrapper in connection.execute_wrappers:
            connection.execute_wrappers.remove(wrapper)


def _usable() -> list[Any]:
    """This thread's connections. A database without its driver, which nobody uses, is left out."""
    found = []
    for alias in connections:
        # Whoever uses it is told what is wrong with it.
        with suppress(Exception):
            found.append(connections[alias])
    return found
