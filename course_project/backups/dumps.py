"""A copy of the whole database in one file, and the proof that it can be read back.

Both use a connection of their own: the copy is that of one moment, whatever is written meanwhile.
"""

import gzip
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

type Counts = dict[str, int]


class CannotDump(Exception):
    """Why there is no copy, or no good one, in a sentence."""


def suffix(alias: str = DEFAULT_DB_ALIAS) -> str:
    return {"sqlite": ".sqlite3.gz", "postgresql": ".sql.gz"}[_vendor(alias)]


def dump(copy: Path, alias: str = DEFAULT_DB_ALIAS) -> Counts:
    """Write the database, compressed, into the file `copy`. Return the rows of each table in it."""
    with TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        write = _dump_sqlite if _vendor(alias) == "sqlite" else _dump_postgresql
        counts = write(alias, raw)
        part = copy.with_name(copy.name + ".part")
        part.unlink(missing_ok=True)  # One that was left behind keeps the mode that it has.
        with (
            raw.open("rb") as source,
            open(part, "wb", opener=_for_us_alone) as file,
            gzip.open(file, "wb") as target,
        ):
            shutil.copyfileobj(source, target)
        part.replace(copy)
    return counts


def _for_us_alone(path: str, flags: int) -> int:
    # A copy holds the hashes of passwords: nobody else reads it, from its first byte on.
    return os.open(path, flags, 0o600)


def restore(copy: Path, alias: str = DEFAULT_DB_ALIAS) -> Counts:
    """Read a copy into a scratch database, and throw that away. Return the rows of each table.

    On PostgreSQL the project's user must be allowed to create one. Raises CannotDump where the copy
    is damaged.
    """
    with TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        try:
            with gzip.open(copy) as source, raw.open("wb") as target:
                shutil.copyfileobj(source, target)
        except (OSError, EOFError) as error:
            raise CannotDump(f"{copy.name} cannot be unpacked: {error}") from error
        read = _restore_sqlite if _vendor(alias) == "sqlite" else _restore_postgresql
        return read(alias, raw)


def checksum(copy: Path) -> str:
    with copy.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def row_counts(connection: BaseDatabaseWrapper) -> Counts:
    """The rows of each table, counted in one statement."""
    tables = sorted(connection.introspection.table_names())
    counts = [f"(SELECT COUNT(*) FROM {connection.ops.quote_name(table)})" for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}")
        return dict(zip(tables, cursor.fetchone(), strict=True))


# SQLite


def _dump_sqlite(alias: str, raw: Path) -> Counts:
    # https://www.sqlite.org/lang_vacuum.html#vacuuminto: one read transaction, and nobody waits.
    with _own_connection(alias) as connection, connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(raw)])
    with _own_connection(alias, raw) as connection:
        return row_counts(connection)


def _restore_sqlite(alias: str, raw: Path) -> Counts:
    try:
        with _own_connection(alias, raw) as connection, connection.cursor() as cursor:
            found = cursor.execute("PRAGMA integrity_check").fetchall()
            found += cursor.execute("PRAGMA foreign_key_check").fetchall()
            if found == [("ok",)]:
                return row_counts(connection)
    except DatabaseError as error:
        raise CannotDump(f"SQLite cannot read the copy: {error}") from error
    raise CannotDump(f"SQLite finds the copy damaged: {found[0]}")


# PostgreSQL


def _dump_postgresql(alias: str, raw: Path) -> Counts:
    # pg_dump and the counts look at the same moment:
    # https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION
    with _own_connection(alias) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        options = ["--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={raw}"]
        _run(connection, "pg_dump", *options)
        return row_counts(connection)


def _restore_postgresql(alias: str, raw: Path) -> Counts:
    scratch = f"restored_{os.getpid()}"
    with _own_connection(alias) as connection, connection.cursor() as cursor:
        name = connection.ops.quote_name(scratch)
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            with _own_connection(alias, scratch) as other:
                _run(
                    other, "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-f", str(raw), "-o", os.devnull
                )
                return row_counts(other)
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _run(connection: BaseDatabaseWrapper, program: str, *options: str) -> None:
    # As `manage.py dbshell` does it: the password is not in the command line, where every user of
    # the machine can read it.
    client = connection.client
    words, variables = client.settings_to_cmd_args_env(connection.settings_dict, [])
    try:
        done = subprocess.run(
            [program, *options, *words[1:]],
            env=os.environ | (variables or {}),
            check=False,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise CannotDump(
            f"{program} is not there. Install the client programs of PostgreSQL, of the server's "
            "version or a newer one."
        ) from None
    if done.returncode:
        raise CannotDump(f"{program} failed: {done.stderr.strip()}")


# Connections


def _vendor(alias: str) -> str:
    vendor = connections[alias].vendor
    if vendor not in ("sqlite", "postgresql"):
        raise CannotDump(f"Only SQLite and PostgreSQL can be dumped, not {vendor}.")
    return vendor


@contextmanager
def _own_connection(alias: str, name: Any = None) -> Iterator[BaseDatabaseWrapper]:
    """A connection beside the one that is open: outside of its transaction."""
    connection = connections[alias].copy()
    if name is not None:
        connection.settings_dict["NAME"] = name
    with closing(connection):
        yield connection
