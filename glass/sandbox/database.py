"""A fresh database for each notebook: a template built once, a private copy for each process.

Only for a project whose settings ask for it, on SQLite:

    GLASS = {"SEED": "load_data", "SEED_FROM": DATA_DIR}

SEED is the management command that fills an empty database, SEED_FROM the folder it reads.
Any other project's database is left as it is, and reset() says so.
"""

from __future__ import annotations

import atexit
import hashlib
import io
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Literal

FOLDER = ".course"


class DatabaseProblem(Exception):
    """What is wrong with the database, in a sentence, and what to do."""


class PrivateDatabase:
    """This process' own copy of the template database.

    path       the file that Django uses; another one after each reset
    template   the file that reset() copies
    followers  called after each reset, before the old file is removed
    """

    def __init__(self, template: Path) -> None:
        self.template = template
        self._folder = template.parent
        self._numbers = count(1)
        self.followers: list[Callable[[], object]] = []
        self.path = self._copy()

    def reset(self) -> None:
        """Bring back the template's rows. Other connections of this process are closed first.

        Raises DatabaseProblem inside a transaction.
        """
        from django.db import connections as databases

        from glass.connections import known_connections
        from glass.sandbox import caches

        connections = [c for c in known_connections() if c.settings_dict["NAME"] == str(self.path)]
        if any(connection.in_atomic_block for connection in connections):
            raise DatabaseProblem(
                "reset() cannot run inside a transaction. Call it after the atomic() block."
            )
        # A new file: rows that are still being read keep the old one open, and SQLite's log with it.
        old, self.path = self.path, self._copy()
        for connection in connections:
            # A connection belongs to the thread that opened it, unless it is shared.
            connection.inc_thread_sharing()
            try:
                connection.close()
            finally:
                connection.dec_thread_sharing()
        # The dictionary is shared by the connections of all threads.
        databases.settings["default"]["NAME"] = str(self.path)
        for follow in self.followers:
            follow()
        _unlink(old)
        caches.clear()  # They hold copies of the old rows.

    def remove(self) -> None:
        from django.db import connections

        connections.close_all()
        for path in self._folder.glob(f"private-{os.getpid()}-*.sqlite3"):
            _unlink(path)

    def _copy(self) -> Path:
        name = f"private-{os.getpid()}-{next(self._numbers)}-{self.template.name}"
        path = self._folder / name
        _unlink(path)  # An earlier process may have had the same number.
        try:
            shutil.copyfile(self.template, path)
        except FileNotFoundError:
            raise DatabaseProblem(
                "The course was updated since this notebook was started, and its template "
                "database is gone. Restart the kernel."
            ) from None
        except OSError as error:
            raise DatabaseProblem(_no_access(path.parent, error)) from None
        return path


def _unlink(path: Path) -> None:
    """Remove a database and SQLite's write-ahead log of it, where nobody has them open."""
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


#: The copy that this process works on, or None where the project's own database is used.
private: PrivateDatabase | None = None


def reset() -> None:
    """Bring the notebook's database back to the rows it started with, and empty its caches.

    Objects that you read before keep their old values; read them again.
    """
    if private is None:
        raise DatabaseProblem(
            "reset() only works on a private copy, and this notebook uses the project's own "
            "database. Nothing was changed."
        )
    private.reset()


def use_private_copy(root: Path) -> PrivateDatabase | None:
    """Point Django's default connection at a private copy, where the settings ask for one.

    root  the folder in which .course/ holds the template and the copies
    """
    global private
    from django.conf import settings
    from django.db import connections

    seed = getattr(settings, "GLASS", None)
    if private is not None or not seed:
        return private
    database = connections.settings["default"]
    if database["ENGINE"] != "django.db.backends.sqlite3":
        return None
    template = ready_template(root)
    for path in leftovers(template.parent):
        with suppress(OSError):
            path.unlink()
    copy = PrivateDatabase(template)
    connections["default"].close()
    # The dictionary is shared by the connections of all threads.
    database["NAME"] = str(copy.path)
    private = copy
    atexit.register(copy.remove)
    return copy


def ready_template(root: Path) -> Path:
    """The template database for the present migrations and data; built when it is missing."""
    folder = root / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise DatabaseProblem(_no_access(folder, error)) from None
    template = folder / _template_name()
    state = template_state(root)
    if state == "ready":
        return template
    if state == "damaged":
        print("The template database was damaged. It is built again.")
    try:
        _build(template)
    except OSError as error:
        raise DatabaseProblem(_no_access(folder, error)) from None
    for old in folder.glob("template-*.sqlite3"):
        if old != template:
            with suppress(OSError):
                old.unlink()
    return template


def template_state(root: Path) -> Literal["ready", "missing", "stale", "damaged"]:
    """What .course/ holds for the present migrations and data."""
    folder = root / FOLDER
    template = folder / _template_name()
    if template.exists():
        return "ready" if _is_whole(template) else "damaged"
    return "stale" if any(folder.glob("template-*.sqlite3")) else "missing"


def _no_access(folder: Path, error: OSError) -> str:
    return (
        f"The notebook's database cannot be written in {folder} ({error.strerror}). "
        "Make the folder writable, or move the course to a folder of your own."
    )


def _template_name() -> str:
    """template-<fingerprint>.sqlite3: what the rows are made from is part of the name."""
    import django
    from django.apps import apps
    from django.conf import settings

    seed = settings.GLASS
    project = Path(sys.modules[settings.SETTINGS_MODULE].__file__ or "").resolve().parents[1]
    files = list(Path(seed["SEED_FROM"]).glob("*.csv"))
    for app in apps.get_app_configs():
        folder = Path(app.path)
        if project in folder.resolve().parents:
            files += folder.glob("migrations/*.py")
            files += folder.glob(f"management/commands/{seed['SEED']}.py")
    # The tables of database caches come without a migration.
    tables = [str(cache["LOCATION"]) for cache in settings.CACHES.values() if _has_table(cache)]
    digest = hashlib.sha256(f"{django.VERSION}{sqlite3.sqlite_version}{tables}".encode())
    for path in sorted(files):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return f"template-{digest.hexdigest()[:12]}.sqlite3"


def _has_table(cache: dict[str, Any]) -> bool:
    return bool(cache["BACKEND"].endswith(".DatabaseCache"))


def _is_whole(path: Path) -> bool:
    try:
        # Immutable: a template is only ever replaced, and its folder may be read-only.
        database = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
        try:
            tables = database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
            return bool(tables) and database.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        finally:
            database.close()
    except sqlite3.DatabaseError:
        return False


def _build(template: Path) -> None:
    """Migrate and fill a new file, then put it in its place in one step."""
    from django.conf import settings
    from django.core.management import call_command

    part = template.with_name(f"part-{os.getpid()}-{template.name}")
    part.write_bytes(b"")  # Where this is refused, SQLite would not say why.
    with _default_database(part):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        call_command(settings.GLASS["SEED"], verbosity=0, stdout=io.StringIO())
    try:
        part.replace(template)
    except PermissionError:
        # On Windows another process may be copying the same, finished template.
        if not _is_whole(template):
            raise
        part.unlink(missing_ok=True)


@contextmanager
def _default_database(path: Path) -> Iterator[None]:
    from django.db import connections

    database = connections.settings["default"]
    before = database["NAME"]
    connections["default"].close()
    database["NAME"] = str(path)
    try:
        yield
    finally:
        # Closing the last connection folds SQLite's write-ahead log into the file.
        connections["default"].close()
        database["NAME"] = before


def leftovers(folder: Path) -> list[Path]:
    """Copies whose process ended without removing them."""
    files = [path for path in folder.glob("p*-*.sqlite3*") if path.name.split("-")[1].isdigit()]
    if not files:
        return []
    import psutil

    return [path for path in files if not psutil.pid_exists(int(path.name.split("-")[1]))]
