"""A project for one lesson, whose files, commands and tables are shown as they change.

It is a scratch project of this process: started again with each Playground(), removed at the end.
"""

from __future__ import annotations

import atexit
import difflib
import json
import os
import shlex
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tutor.desk.scratch import Scratch
from tutor.judge import compare
from tutor.paths import STATE

_SETTINGS = """\
SECRET_KEY = "only-for-this-lesson"
INSTALLED_APPS = ["{app}"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": "{database}"}}}}
USE_TZ = True
"""
_DATABASE = "db.sqlite3"

# Several commands in one process: starting Python and Django takes most of a command's time.
_RUN = """
import builtins, importlib, json, os, shlex, sys
from django.core.management import ManagementUtility

commands, answers = json.loads(sys.argv[1])
sys.stderr = sys.stdout
os.environ["PATH"] = ""  # Where there is a black, Django formats new files with it.

def typed(prompt=""):
    print(prompt + answers[0])
    return answers.pop(0)

builtins.input = typed
for command in commands:
    print("$ python manage.py", command)
    importlib.invalidate_caches()
    try:
        ManagementUtility(["manage.py", *shlex.split(command)]).execute()
    except SystemExit as end:
        if end.code:
            print(f"(exit status {end.code})")
    except Exception as error:
        print(f"\\n{type(error).__name__}: {error}\\n(exit status 1)")
"""
_CODE = """
import sys
import django
from django.apps import apps

django.setup()
names = {model.__name__: model for model in apps.get_models()}
try:
    exec(compile(sys.argv[1], "code", "exec"), names)
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""


class Playground(Scratch):
    """`Playground("nursery")`: a project with one empty app and an empty SQLite database."""

    def __init__(self, app: str, below: Path = STATE / "scratch") -> None:
        for folder in leftovers(below):
            shutil.rmtree(folder, ignore_errors=True)
        # Two notebooks at once must not share it.
        super().__init__(f"{app}-{os.getpid()}", below)
        atexit.register(self.remove)
        self.app = app
        self.database = self.folder / _DATABASE
        self.write("mysite/settings.py", _SETTINGS.format(app=app, database=_DATABASE))
        self.write(f"{app}/__init__.py", "")
        self.models("")
        self._begun: dict[tuple[str, str], tuple[str, bytes]] = {}

    def begin(self, models: str, data: str = "") -> None:
        """Start again, quietly: these models, their first migration applied, then `data` run.

        data  Python code that makes the first rows; the models are there by name
        """
        shutil.rmtree(self.folder / self.app / "migrations", ignore_errors=True)
        self.new_database()
        self.models(models)
        first = self.folder / self.app / "migrations" / "0001_initial.py"
        if (models, data) in self._begun:
            content, rows = self._begun[models, data]
            self.migration("__init__", "")
            self.migration(first.stem, content)
            self.database.write_bytes(rows)
            return
        commands = [f"makemigrations {self.app}", "migrate", shlex.join(["shell", "-c", data])]
        output = self._run("-c", _RUN, json.dumps([commands, []]))
        if output.status or "(exit status" in output.text:
            raise RuntimeError(output.text + output.errors)
        self._begun[models, data] = first.read_text(encoding="utf-8"), self.database.read_bytes()

    def new_database(self) -> None:
        """Give the project an empty database, as it is on a colleague's machine."""
        self.database.unlink(missing_ok=True)

    def models(self, text: str) -> None:
        """Write the app's models.py: these classes below the usual import."""
        self.write(f"{self.app}/models.py", f"from django.db import models\n\n\n{text.lstrip()}")

    def migration(self, name: str, text: str) -> None:
        """Write a file of the app's migrations/."""
        self.write(f"{self.app}/migrations/{name}.py", text.lstrip())

    def run(self, *commands: str, typed: tuple[str, ...] = ()) -> None:
        """Run `python manage.py COMMAND` for each, in a fresh process, and print what it says.

        typed  what a person would answer, where a command asks
        """
        self._print("-c", _RUN, json.dumps([commands, typed]))

    def code(self, text: str) -> None:
        """Run Python code in a fresh process of the project; the models are there by name."""
        self._print("-c", _CODE, text)

    def show(self, path: str) -> None:
        """Print a file, without the line that says when Django made it."""
        lines = self.read(path).splitlines()
        print("\n".join(line for line in lines if not line.startswith("# Generated by")).strip())

    def files(self) -> None:
        """Print the names of the app's migration files."""
        for path in sorted((self.folder / self.app / "migrations").glob("0*.py")):
            print(path.relative_to(self.folder).as_posix())

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a piece of a file, and print the lines that changed."""
        before = self.read(path)
        if old not in before:
            raise ValueError(f"{path} does not contain {old!r}.")
        after = before.replace(old, new)
        self.write(path, after)
        lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0))
        print("\n".join([path, *(line for line in lines[2:] if not line.startswith("@@"))]))

    def delete(self, path: str) -> None:
        (self.folder / path).unlink()

    def rows(self, sql: str) -> None:
        """Print what the project's database answers, a row a line, under the columns' names."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            found = connection.execute(sql)
            names = [column[0] for column in found.description or ()]
            lines = [names, *([str(value) for value in row] for row in found)]
            connection.commit()
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines if names else []:
            padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
            print("  ".join(padded).rstrip())

    def tables(self) -> Tables:
        """The app's tables as they are in the database, as a diagram."""
        with closing(sqlite3.connect(self.database)) as connection:
            return Tables.read(connection, self.app)

    def _print(self, *words: str) -> None:
        output = self._run(*words)
        text = compare.plain(output.text + output.errors).rstrip()
        text = text.replace(f"{self.folder}{os.sep}", "")
        print(text.replace(os.sep, "/") if os.sep != "/" else text)


@dataclass(frozen=True)
class Tables:
    """An entity-relationship diagram of tables: a picture in JupyterLab, str() gives the text.

    columns     (table, column, type, "PK" or "FK" or "", whether it may be NULL)
    references  (table, column, the table that it leads to)
    """

    columns: list[tuple[str, str, str, str, bool]]
    references: list[tuple[str, str, str]]

    @classmethod
    def read(cls, connection: sqlite3.Connection, app: str) -> Tables:
        columns, references = [], []
        found = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE ? ORDER BY name"
        for (table,) in connection.execute(found, [f"{app}_%"]).fetchall():
            keys = connection.execute("SELECT * FROM pragma_foreign_key_list(?)", [table])
            leads = {key[3]: key[2] for key in keys}
            references += [(table, column, other) for column, other in sorted(leads.items())]
            # xinfo: generated columns are left out of table_info.
            for row in connection.execute("SELECT * FROM pragma_table_xinfo(?)", [table]):
                _, name, kind, not_null, _, key, _ = row
                mark = "PK" if key else "FK" if name in leads else ""
                columns.append((table, name, kind, mark, not not_null))
        return cls(columns, references)

    def mermaid(self) -> str:
        """The source: https://mermaid.js.org/syntax/entityRelationshipDiagram.html"""
        lines = ["erDiagram"]
        for table in dict.fromkeys(column[0] for column in self.columns):
            lines.append(f"    {table} {{")
            for _, name, kind, mark, null in self._of(table):
                words = [kind.replace(" ", "_"), name, mark, '"NULL"' if null else ""]
                lines.append("        " + " ".join(filter(None, words)))
            lines.append("    }")
        for table, column, other in self.references:
            lines.append(f"    {table} }}o--|| {other} : {column}")
        return "\n".join(lines)

    def __str__(self) -> str:
        lines = []
        for table in dict.fromkeys(column[0] for column in self.columns):
            lines.append(table)
            for _, name, kind, mark, null in self._of(table):
                words = [f"{name:<12}", kind, mark, "NULL" if null else ""]
                lines.append("  " + " ".join(filter(None, words)))
        lines += [f"{table}.{column} -> {other}" for table, column, other in self.references]
        return "\n".join(lines)

    def _of(self, table: str) -> list[tuple[str, str, str, str, bool]]:
        return [column for column in self.columns if column[0] == table]

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, Any]:
        return {"text/vnd.mermaid": self.mermaid(), "text/plain": str(self)}


def leftovers(below: Path) -> list[Path]:
    """Playgrounds whose process ended without removing them."""
    folders = [path for path in below.glob("*-*") if path.name.rpartition("-")[2].isdigit()]
    return [path for path in folders if not psutil.pid_exists(int(path.name.rpartition("-")[2]))]
