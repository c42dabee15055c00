"""The same answers on PostgreSQL, in processes of their own: settings are read once."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.needs import undecided
from tutor.judge import catalogue
from tutor.paths import ROOT

MANAGE = [sys.executable, str(ROOT / "course_project" / "manage.py")]
CHAPTERS = {chapter: list(ids) for chapter, ids in groupby(catalogue.numbers(), lambda id: id[:2])}


@pytest.fixture(scope="module")
def database(require: Callable[[str], str]) -> Iterator[str]:
    """The URL of a new database with the course's rows. Whoever uses it leaves them as they were."""
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


def run(database: str, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words],
        cwd=ROOT,
        env=undecided() | {"DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_matrix_of_a_chapter(chapter: str, database: str) -> None:
    ids = " or ".join(f"[{id}]" for id in CHAPTERS[chapter])
    run(database, "tests/tutor/test_matrix.py", "-k", ids)


def test_what_harms_nothing(database: str) -> None:
    run(database, "tests/tutor/test_hostile.py", "-k", "fresh or put_back")
