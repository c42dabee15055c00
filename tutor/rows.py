"""Fresh rows for each run of an answer, whatever the run before did to them.

Where the notebook has a private database, an answer gets a copy of the template for itself: it may
commit, delete, leave a transaction open or close the connection, and nobody else notices. Any
other database (PostgreSQL, say) is worked on in a transaction that is rolled back.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from glass import database
from glass.probes.sql import known_connections

_numbers = count(1)


class Rows:
    """renew() is called by the thread that runs the answer; interrupt() and end() by any other."""

    def renew(self) -> None:
        """Give the calling thread the rows that the course starts with."""
        raise NotImplementedError

    def connections(self) -> list[Any]:
        """The connections of all threads that look at these rows."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """End the statements that are running."""
        for connection in self.connections():
            raw = connection.connection
            # sqlite3 calls it interrupt, psycopg cancel.
            with suppress(Exception):
                (raw.interrupt if hasattr(raw, "interrupt") else raw.cancel)()

    def end(self) -> None:
        """Close the connections; what was changed is lost."""
        self.interrupt()
        for connection in self.connections():
            connection.inc_thread_sharing()
            with suppress(Exception):
                connection.close()


class CopiedRows(Rows):
    """A copy of the template file for each run. New connections of all threads lead to it."""

    def __init__(self, template: Path) -> None:
        self.template = template
        self.settings = connections.settings[DEFAULT_DB_ALIAS]
        self.path: Path | None = None

    def renew(self) -> None:
        self._drop()
        # The name tells glass whose copy it is, so that it is removed even after a crash.
        name = f"private-{os.getpid()}-exercise-{next(_numbers)}.sqlite3"
        path = self.template.with_name(name)
        try:
            shutil.copyfile(self.template, path)
        except FileNotFoundError:
            raise database.DatabaseProblem(
                "The course was updated since this notebook was started, and its template "
                "database is gone. Restart the kernel."
            ) from None
        self.path = path
        connections.settings[DEFAULT_DB_ALIAS] = {**self.settings, "NAME": str(path)}
        _forget_connection()

    def connections(self) -> list[Any]:
        name = str(self.path)
        return [c for c in known_connections() if str(c.settings_dict["NAME"]) == name]

    def end(self) -> None:
        connections.settings[DEFAULT_DB_ALIAS] = self.settings
        self._drop()

    def _drop(self) -> None:
        super().end()
        if self.path is not None:
            for suffix in ("", "-wal", "-shm"):
                # On Windows a file that a stuck thread has open stays; glass removes it later.
                with suppress(OSError):
                    self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.path = None


class RolledBackRows(Rows):
    """A transaction on the database as it is, rolled back after each run."""

    def __init__(self) -> None:
        self.connection: Any = None

    def renew(self) -> None:
        self.end()
        _forget_connection()
        self.connection = connections[DEFAULT_DB_ALIAS]
        # Never left: closing the connection rolls back.
        transaction.atomic().__enter__()

    def connections(self) -> list[Any]:
        return [] if self.connection is None else [self.connection]


def _forget_connection() -> None:
    """The calling thread's next statement opens a new one."""
    with suppress(AttributeError):
        del connections[DEFAULT_DB_ALIAS]


def rows() -> Rows:
    private = database.private
    return RolledBackRows() if private is None else CopiedRows(private.template)
