"""A copy of a PostgreSQL database whose rows can be put back, as often as wanted.

Copying a whole database takes half a second. So it is done once in a process: the copy keeps its
first rows in a schema of its own, `saved`, and the tables that an answer changed are filled from
there again, in milliseconds.
"""

from __future__ import annotations

import atexit
import os
import re
from contextlib import suppress
from typing import Any

import psutil
from django.db import DEFAULT_DB_ALIAS, connections

_ORDER = "ORDER BY relname"
_TABLES = f"""
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' {_ORDER}
"""
_SEQUENCES = _TABLES.replace("'r'", "'S'")
#: The tables with their columns, constraints and indexes. Another answer after a change of any.
_SHAPE = """
    SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
        SELECT concat_ws(' ', relname, attname, atttypid, attnotnull, pg_get_expr(adbin, adrelid))
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    ) AS parts(part)
"""
_COLUMNS = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
_END_THE_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
type _Mark = tuple[int, int | None]


class Copy:
    """A database made by CREATE DATABASE ... TEMPLATE.

    https://www.postgresql.org/docs/current/manage-ag-templatedbs.html
    """

    def __init__(self, original: str, number: int) -> None:
        self.name = f"{original}_{os.getpid()}_{number}"
        on_the_server(f'CREATE DATABASE "{self.name}" TEMPLATE "{original}"')
        atexit.register(self.remove)
        # Not one of Django's connections: glass must not see it, nor an answer close it.
        settings = connections.settings[DEFAULT_DB_ALIAS] | {"NAME": self.name}
        wrapper = connections.create_connection(DEFAULT_DB_ALIAS)
        wrapper.settings_dict = settings
        self.raw = wrapper.Database.connect(  # type: ignore[attr-defined]
            **wrapper.get_connection_params() | {"cursor_factory": None}, autocommit=True
        )
        self.shape = self._ask(_SHAPE)
        self.columns: dict[str, str] = {}
        with self.raw.transaction():
            self._ask("CREATE SCHEMA saved")
            for (table,) in self._ask(_TABLES):
                self.columns[table] = self._ask(_COLUMNS, (f'public."{table}"',))[0][0]
                self._ask(f'CREATE UNLOGGED TABLE saved."{table}" AS TABLE public."{table}"')
        self.marks = self._marks()
        self.sequences = [
            (name, *self._ask(f'SELECT last_value, is_called FROM public."{name}"')[0])
            for (name,) in self._ask(_SEQUENCES)
        ]

    def put_back(self) -> bool:
        """Give the tables their first rows. False where a table itself was changed."""
        self._ask(_END_THE_OTHERS)
        if self._ask(_SHAPE) != self.shape:
            return False
        with self.raw.transaction():
            self._ask("SET CONSTRAINTS ALL DEFERRED")
            # A row that goes may take others with it (DB_CASCADE): look again.
            while changed := self._changed():
                for table in changed:
                    self._ask(f'DELETE FROM public."{table}"')
                for table in changed:
                    names = self.columns[table]
                    self._ask(
                        f'INSERT INTO public."{table}" ({names}) OVERRIDING SYSTEM VALUE '
                        f'SELECT {names} FROM saved."{table}"'
                    )
                marks = self._marks()
                self.marks |= {
                    table: marks[table]
                    for table in changed
                    if marks[table][0] == self.marks[table][0]
                }
            for name, value, called in self.sequences:
                self._ask("SELECT setval(%s::regclass, %s, %s)", (f'"{name}"', value, called))
        return True

    def remove(self) -> None:
        """Drop the database. Again does no harm."""
        atexit.unregister(self.remove)
        with suppress(Exception):
            self.raw.close()
        on_the_server(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def _marks(self) -> dict[str, _Mark]:
        """Of each table the number of rows, and the youngest transaction that wrote one of them."""
        parts = [
            f"SELECT '{table}', count(*), max(xmin::text::bigint) FROM public.\"{table}\""
            for table in self.columns
        ]
        return {
            table: (rows, youngest)
            for table, rows, youngest in self._ask(" UNION ALL ".join(parts))
        }

    def _changed(self) -> list[str]:
        return [table for table, mark in self._marks().items() if mark != self.marks[table]]

    def _ask(self, sql: str, params: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:
        cursor = self.raw.execute(sql, params)
        return list(cursor.fetchall()) if cursor.description else []


def remove_those_left_behind(original: str) -> None:
    """Drop the copies of processes that were killed before they could."""
    pattern = re.compile(rf"{re.escape(original)}_(\d+)_\d+")
    names = (
        found
        for (name,) in on_the_server("SELECT datname FROM pg_database")
        if (found := pattern.fullmatch(name))
    )
    for found in names:
        if not psutil.pid_exists(int(found[1])):
            on_the_server(f'DROP DATABASE IF EXISTS "{found[0]}" WITH (FORCE)')


def on_the_server(sql: str) -> list[tuple[Any, ...]]:
    """Run one statement, in no database of ours: Django's own way to make test databases."""
    with connections.create_connection(DEFAULT_DB_ALIAS)._nodb_cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []
