"""Questions that mistakes ask of a run again and again."""

from __future__ import annotations

from typing import Any

from django.db import connection

from tutor.judge import compare
from tutor.judge.exercise import Run


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


def is_right(run: Run) -> bool:
    """Whether only the number of queries is wrong."""
    return run.error is None and compare.difference(run.expected, run.value, False) is None


def fetched_all(sql: str) -> Any:
    """The rows of a statement: what answers in plain SQL return."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
