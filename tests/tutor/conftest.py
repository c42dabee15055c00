"""Exercises in the process of pytest: on copies of the template, or on DATABASE_URL."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import django
import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]

sys.path.insert(0, str(ROOT / "course_project"))
# For the time of setup() only: kernels that pytest starts find the project by themselves.
with mock.patch.dict(os.environ, DJANGO_SETTINGS_MODULE="config.settings"):
    django.setup()


@pytest.fixture(scope="session")
def template() -> Path | None:
    """The template database, built by another process: this one may have a test database open."""
    from glass.sandbox import caches, database

    caches.make_private(ROOT / database.FOLDER)
    if "sqlite" not in settings.DATABASES["default"]["ENGINE"]:
        return None
    subprocess.run(
        [sys.executable, "-c", "import glass; glass.setup()"],
        cwd=ROOT,
        check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
    )
    return ROOT / database.FOLDER / database._template_name()


@pytest.fixture(scope="session")
def private(template: Path | None) -> Iterator[Any]:
    from glass.sandbox import database

    copy = template and database.PrivateDatabase(template)
    yield copy
    if copy:
        database._unlink(copy.path)


@pytest.fixture(autouse=True)
def _as_set_up(
    private: Any, monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any
) -> Iterator[None]:
    """What %load_ext tutor does: rows to copy, known connections, progress; here kept by nobody."""
    from glass import connections
    from glass.sandbox import database

    monkeypatch.setenv("COURSE_PROGRESS", ":memory:")
    monkeypatch.setattr(database, "private", private)
    connections.follow_connections()
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`make(**options)`: an exercise, 99.1, 99.2 and so on, known during one test: count the employees."""
    from company.models import Employee

    from tutor.judge import catalogue
    from tutor.judge.exercise import Exercise

    known = dict(catalogue._loaded)
    monkeypatch.setattr(catalogue, "_loaded", known)

    def exercise(**options: Any) -> Exercise:
        number = 1 + sum(id.startswith("99.") for id in known)
        task = Exercise(
            f"99.{number}",
            "How many people work here",
            **{"minutes": 1, "hints": ["One", "Two", "Three"]} | options,
        )
        task.expects(lambda *arguments: Employee.objects.count())
        known[task.id] = task
        return task

    return exercise
