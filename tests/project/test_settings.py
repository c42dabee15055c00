"""The project by itself: its settings, its migrations, and its server, without a notebook."""

import ast
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import ConnectionHandler

PROJECT = settings.BASE_DIR


def manage(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py in a process of its own, on SQLite unless `variables` say otherwise."""
    return subprocess.run(
        [sys.executable, PROJECT / "manage.py", *words],
        check=False,
        env=environment(**variables),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def environment(**variables: str) -> dict[str, str]:
    ours = ("DJANGO_", "DATABASE_URL")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return plain | {"PYTHONUTF8": "1"} | variables


def test_the_migrations_are_complete(tmp_path: Path) -> None:
    done = manage("makemigrations", "--check", "--dry-run", DATABASE_URL=url(tmp_path))
    assert (done.stdout, done.returncode) == ("No changes detected\n", 0)


def test_ready_to_deploy() -> None:
    key = "x7-Lq0_vTn2RwY9zKd4HsJ8mPc5BfG1uEa6QoXi3NtVyZrWbMjDk"
    done = manage(
        "check",
        "--deploy",
        "--fail-level=WARNING",
        DJANGO_DEBUG="0",
        DJANGO_SECRET_KEY=key,
        DJANGO_ALLOWED_HOSTS="garden.example",
    )
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_without_debug_there_is_no_secret_to_fall_back_on() -> None:
    done = manage("check", DJANGO_DEBUG="0")
    assert done.returncode != 0
    assert "DJANGO_DEBUG=0 needs DJANGO_SECRET_KEY" in done.stderr


def test_each_cache_works(tmp_path: Path) -> None:
    database = {"DATABASE_URL": url(tmp_path)}
    assert manage("createcachetable", **database).returncode == 0
    code = """
from django.core.cache import caches
for alias in ("default", "redis", "database", "dummy"):
    caches[alias].set("a", None)
    print(alias, caches[alias].get("a", "miss"))
"""
    done = manage("shell", "-v0", "-c", code, **database)
    assert done.stdout == "default None\nredis None\ndatabase None\ndummy miss\n", done.stderr


def test_the_test_client_works_outside_a_test() -> None:
    code = "from django.test import Client; print(Client().get('/accounts/login/').status_code)"
    done = manage("shell", "-v0", "-c", code, DATABASE_URL="sqlite://:memory:")
    assert done.stdout == "200\n", done.stderr


def test_the_project_knows_nothing_of_the_course() -> None:
    for path in PROJECT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & {"glass", "tutor"}, path


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own options")
@pytest.mark.django_db
def test_sqlite_lets_readers_read_while_somebody_writes(tmp_path: Path) -> None:
    options = settings.DATABASES["default"] | {"NAME": tmp_path / "db.sqlite3"}
    other = ConnectionHandler({"default": options})["default"]
    with other.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert cursor.execute("PRAGMA synchronous").fetchone() == (1,)
    other.close()


def url(folder: Path) -> str:
    return f"sqlite:///{(folder / 'db.sqlite3').as_posix()}"


def test_runserver_serves_it(tmp_path: Path) -> None:
    database = {"DATABASE_URL": url(tmp_path)}
    assert manage("load_data", **database).stderr.endswith("run `manage.py migrate` first.\n")
    assert manage("migrate", "-v0", **database).returncode == 0
    assert manage("load_data", **database).stdout.startswith("Loaded 2,")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, PROJECT / "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
        env=environment(**database),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        page = fetch(f"http://127.0.0.1:{port}/departments/")
    finally:
        server.terminate()
        server.wait(10)
    assert "Research &amp; Development" in page


def fetch(address: str) -> str:
    """Return the page as soon as the server answers: within 20 seconds."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=10) as response:
                return response.read().decode()
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")
