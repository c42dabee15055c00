"""Somebody else who is quicker: what happens between an answer's look and its INSERT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection


class Rival:
    """Acts once, after the first SELECT of the table, as a request or a worker of its own would.

    It stands around the statements of the connection, as in
    https://docs.djangoproject.com/en/6.1/topics/db/instrumentation/.

    word  must be among the parameters of that SELECT
    """

    def __init__(self, table: str, act: Callable[[], object], word: str = "") -> None:
        self.table = table
        self.act = act
        self.word = word

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("SELECT") and self.table in sql and self.word in str(params):
            nobody_else()
            self.act()
        return result


def after_looking_at(table: str, act: Callable[[], object], word: str = "") -> None:
    """Let a rival act after the next SELECT of the table, and no other rival."""
    nobody_else()
    connection.execute_wrappers.append(Rival(table, act, word))


def nobody_else() -> list[Rival]:
    """Send away the rivals that wait, and return them."""
    waiting = [each for each in connection.execute_wrappers if isinstance(each, Rival)]
    for each in waiting:
        connection.execute_wrappers.remove(each)
    return waiting
