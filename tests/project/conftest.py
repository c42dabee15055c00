"""The tests of the course project, with its own settings: on SQLite, or on DATABASE_URL."""

import os
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from unittest import mock

import django
import pytest
from django.core.management import call_command
from django.db import connection, connections

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "course_project"

sys.path.insert(0, str(PROJECT))
# For the time of setup() only: kernels that pytest starts find the project by themselves.
with mock.patch.dict(os.environ, DJANGO_SETTINGS_MODULE="config.settings"):
    django.setup()


@pytest.fixture
def rows(db: None) -> str:
    """The rows of data/, for one test; the value is what load_data said."""
    out = StringIO()
    call_command("load_data", stdout=out)
    return out.getvalue()


@pytest.fixture
def shared_rows(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The rows of data/, committed, in a database that threads can write to at once.

    The tests' own SQLite database is in memory, and locks whole tables: here it becomes a file.
    """
    call_command("load_data", stdout=StringIO())
    if connection.vendor != "sqlite":
        yield
        return
    in_memory = connections["default"]
    file = tmp_path / "rows.sqlite3"
    file.write_bytes(in_memory.connection.serialize())
    monkeypatch.setitem(connections.settings, "default", {**in_memory.settings_dict, "NAME": file})
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = in_memory
