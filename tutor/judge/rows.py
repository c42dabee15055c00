"""Fresh rows for each run of an answer, whatever the run before did to them.

On SQLite an answer gets a copy of the template file for itself: it may commit, delete, leave a
transaction open or close the connection, and nobody else notices. On PostgreSQL
that takes longer, and nobody else may be connected to the original: only the exercises that ask
for it get a copy. All else runs there in a transaction that is rolled back.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

from glass.connections import known_connections
from glass.sandbox import database
from tutor.judge import postgres

_numbers = count(1)


def rows(needs_commit: bool) -> Rows:
    """The rows for one answer; `needs_commit`: whether a transaction around it would be in its way."""
    if database.private is not None:
        return CopiedFile(database.private.template)
    name = connections.settings[DEFAULT_DB_ALIAS]["NAME"]
    return CopiedDatabase(name) if needs_commit and _can_be_copied(name) else RolledBack()


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


class _Copied(Rows):
    """A copy for each run. New connections of all threads lead to it."""

    def __init__(self) -> None:
        self.settings = connections.settings[DEFAULT_DB_ALIAS]
        self.name = ""

    def make(self, number: int) -> str:
        """Make the copy; return its name."""
        raise NotImplementedError

    def remove(self, name: str) -> None:
        raise NotImplementedError

    def renew(self) -> None:
        self._drop()
        self.name = self.make(next(_numbers))
        connections.settings[DEFAULT_DB_ALIAS] = {**self.settings, "NAME": self.name}
        _forget_connection()

    def connections(self) -> list[Any]:
        return [c for c in known_connections() if str(c.settings_dict["NAME"]) == self.name]

    def end(self) -> None:
        connections.settings[DEFAULT_DB_ALIAS] = self.settings
        self._drop()

    def _drop(self) -> None:
        super().end()
        if self.name:
            self.remove(self.name)
        self.name = ""


class CopiedFile(_Copied):
    """A copy of SQLite's template file."""

    def __init__(self, template: Path) -> None:
        super().__init__()
        self.template = template

    def make(self, number: int) -> str:
        # The name tells glass whose copy it is, so that it is removed even after a crash.
        path = self.template.with_name(f"private-{os.getpid()}-exercise-{number}.sqlite3")
        try:
            shutil.copyfile(self.template, path)
        except FileNotFoundError:
            raise database.DatabaseProblem(
                "The course was updated since this notebook was started, and its template "
                "database is gone. Restart the kernel."
            ) from None
        return str(path)

    def remove(self, name: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            # On Windows a file that a stuck thread has open stays; glass removes it later.
            with suppress(OSError):
                Path(name + suffix).unlink(missing_ok=True)


class CopiedDatabase(_Copied):
    """One copy in this process, whose rows are put back for each run."""

    def __init__(self, original: str) -> None:
        super().__init__()
        self.original = original

    def make(self, number: int) -> str:
        copy = _copies.get(self.original)
        if copy is not None and not copy.put_back():
            copy.remove()
            copy = None
        if copy is None:
            copy = _copies[self.original] = postgres.Copy(self.original, number)
        return copy.name

    def remove(self, name: str) -> None:
        """It stays for the next run, until this process ends."""


class RolledBack(Rows):
    """A transaction on the database as it is."""

    def __init__(self) -> None:
        self.connection: Any = None
        self.transaction: Any = None
        self.wrappers: list[Any] = []

    def renew(self) -> None:
        if not self._roll_back():
            self.end()
            _forget_connection()
            self.connection = connections[DEFAULT_DB_ALIAS]
            self.connection.ensure_connection()
            self.wrappers = list(self.connection.execute_wrappers)
        self.connection.execute_wrappers[:] = self.wrappers
        # Left by renew() alone: closing the connection rolls back as well.
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def _roll_back(self) -> bool:
        """Go on with the same connection, if the answer left it as it was."""
        connection = self.connection
        if (
            connection is None
            or connection is not connections[DEFAULT_DB_ALIAS]
            or connection.closed_in_transaction
            or connection.savepoint_ids
            or not connection.in_atomic_block
        ):
            return False
        try:
            connection.set_rollback(True)
            self.transaction.__exit__(None, None, None)
        except DatabaseError:
            return False
        return not connection.in_atomic_block

    def connections(self) -> list[Any]:
        return [] if self.connection is None else [self.connection]


def _forget_connection() -> None:
    """The calling thread's next statement opens a new one."""
    with suppress(AttributeError):
        del connections[DEFAULT_DB_ALIAS]


#: The copies on PostgreSQL, by the name of the original.
_copies: dict[str, postgres.Copy] = {}


@cache
def _can_be_copied(name: str) -> bool:
    """Whether PostgreSQL lets this user copy it: nobody else may be connected, this kernel neither."""
    if connections[DEFAULT_DB_ALIAS].vendor != "postgresql":
        return False
    try:
        postgres.remove_those_left_behind(name)
        _copies[name] = postgres.Copy(name, 0)
    except DatabaseError:
        return False
    return True
