"""What the learner has done so far: a small SQLite file in workspace/, theirs alone.

SQLite brings what two kernels at once need on every platform: locks, and changes that are written
whole or not at all. COURSE_PROGRESS names another file; ":memory:" keeps nothing.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from tutor.judge.verdict import Verdict
from tutor.paths import WORKSPACE

_TABLE = """
CREATE TABLE IF NOT EXISTS exercise (
    id TEXT PRIMARY KEY,
    tries INTEGER NOT NULL DEFAULT 0,
    hints INTEGER NOT NULL DEFAULT 0,
    asked INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0
)
"""
_in_memory: sqlite3.Connection | None = None


def file() -> str:
    return os.environ.get("COURSE_PROGRESS") or str(WORKSPACE / "progress.sqlite3")


@contextmanager
def _open() -> Iterator[sqlite3.Connection]:
    """The file, in a transaction that is committed at the end."""
    connection = _connect(file())
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.rollback()  # which does nothing after a COMMIT
        if connection is not _in_memory:
            connection.close()


def _connect(name: str) -> sqlite3.Connection:
    """The file as it should be. A damaged one is set aside; without one that can be written,
    this kernel's memory has to do. Both are said."""
    if name == ":memory:":
        return _memory()
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _begin(name)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            _set_aside(path)
            return _begin(name)
    except (OSError, sqlite3.Error) as error:
        if _in_memory is None:
            print(
                f"Your progress cannot be written to {path.name} ({error}). "
                "What you do now is only remembered until the kernel ends."
            )
        return _memory()


def _begin(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=10, isolation_level=None)
    try:
        # It waits here while another kernel writes.
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("damaged")
        connection.execute(_TABLE)
    except BaseException:
        connection.close()
        raise
    return connection


def _memory() -> sqlite3.Connection:
    global _in_memory
    if _in_memory is None:
        _in_memory = sqlite3.connect(":memory:", isolation_level=None)
        _in_memory.execute(_TABLE)
    _in_memory.execute("BEGIN")
    return _in_memory


def _set_aside(path: Path) -> None:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.replace(aside)
    print(f"Your progress file was damaged. It is kept as {aside.name}, and a new one is begun.")


def record(verdict: Verdict) -> None:
    """Note an attempt. A stub is none."""
    if verdict.word == "not attempted":
        return
    with _open() as rows:
        rows.execute(
            "INSERT INTO exercise (id, tries, done) VALUES (?, 1, ?) ON CONFLICT (id) "
            "DO UPDATE SET tries = tries + 1, done = max(done, excluded.done)",
            (verdict.id, verdict.done),
        )


def count_hint(id: str, most: int) -> int:
    """The number of the hint to show now: one more than last time, up to the last."""
    with _open() as rows:
        rows.execute(
            "INSERT INTO exercise (id, hints) VALUES (?, 1) ON CONFLICT (id) "
            "DO UPDATE SET hints = min(hints + 1, ?)",
            (id, most),
        )
        return int(rows.execute("SELECT hints FROM exercise WHERE id = ?", (id,)).fetchone()[0])


def may_see_solution(id: str) -> bool:
    """Whether it was solved, or is asked for a second time."""
    with _open() as rows:
        rows.execute(
            "INSERT INTO exercise (id, asked) VALUES (?, 1) ON CONFLICT (id) "
            "DO UPDATE SET asked = asked + 1",
            (id,),
        )
        done, asked = rows.execute(
            "SELECT done, asked FROM exercise WHERE id = ?", (id,)
        ).fetchone()
        return bool(done) or asked > 1


def done() -> set[str]:
    """The ids of the exercises that are done."""
    with _open() as rows:
        return {row[0] for row in rows.execute("SELECT id FROM exercise WHERE done")}


class Table:
    """How far the learner is, by chapter, and where to go on."""

    def __init__(self) -> None:
        from tutor.judge import catalogue

        finished = done()
        tasks = list(catalogue.everything())
        self.chapters: dict[str, tuple[int, int]] = {}
        for task in tasks:
            ready, all_of_it = self.chapters.get(task.chapter, (0, 0))
            self.chapters[task.chapter] = ready + (task.id in finished), all_of_it + 1
        self.next = next((task for task in tasks if task.id not in finished), None)

    @property
    def where(self) -> str:
        if self.next is None:
            return "All exercises are done."
        return f"Go on with {self.next.id} {self.next.title} ({self.next.minutes} minutes)."

    def __str__(self) -> str:
        lines = [
            f"  {chapter}  {ready:>3} of {total:<3}" + "#" * ready + "." * (total - ready)
            for chapter, (ready, total) in self.chapters.items()
        ]
        return "\n".join(["Chapter  Done", *lines, self.where])

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        rows = "".join(
            f'<tr><th scope="row">{escape(chapter)}</th><td>{ready} of {total}</td></tr>'
            for chapter, (ready, total) in self.chapters.items()
        )
        head = '<tr><th scope="col">Chapter</th><th scope="col">Done</th></tr>'
        html = f"<table>{head}{rows}</table><div>{escape(self.where)}</div>"
        return {"text/plain": str(self), "text/html": html}


def progress() -> None:
    """Show what you have done, by chapter, and where to go on."""
    from tutor.desk.said import show

    show(Table())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments."""


def run(args: argparse.Namespace) -> int:
    import glass
    from tutor.paths import ROOT

    glass.setup(ROOT)
    print(Table())
    return 0
