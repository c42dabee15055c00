"""The same answers on PostgreSQL, in a process of its own: settings are read once."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.needs import undecided
from tutor.paths import ROOT

MANAGE = [sys.executable, str(ROOT / "course_project" / "manage.py")]


@pytest.fixture
def database(require: Callable[[str], str]) -> Iterator[str]:
    """The URL of a new database with the course's rows."""
    url = require("postgres")
    import psycopg

    name = f"exercises_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    try:
        own = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        for command in (["migrate"], ["createcachetable"], ["load_data"]):
            environment = undecided() | {"DATABASE_URL": own}
            subprocess.run([*MANAGE, *command, "-v0"], env=environment, check=True)
        yield own
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_matrix_and_what_harms_nothing(database: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("tests/tutor/test_matrix.py", "tests/tutor/test_hostile.py"),
            *("-k", "exercise or prediction or fresh or put_back"),
        ],
        cwd=ROOT,
        env=undecided() | {"DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout
