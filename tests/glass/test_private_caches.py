"""The caches of a notebook: nobody else reads its entries, and it clears nobody else's."""

import os
import subprocess
import sys

from glass.sandbox import caches as private
from tests.needs import undecided
from tutor.paths import ROOT

NOTEBOOK = """
import glass
glass.setup()
from django.core.cache import caches
from glass import cache_contents, watch
from glass.sandbox import caches as private
"""


def run(code, **environment):
    """What a process on the course's project prints."""
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK + code],
        cwd=ROOT,
        env=undecided() | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_each_cache_starts_empty_and_reset_empties_it():
    code = """
for alias in ("default", "redis", "database", "file"):
    backend = caches[alias]
    print(alias, backend.get("a", "empty"))
    backend.set("a", 1)
glass.reset()
print([caches[alias].get("a") for alias in caches.settings])
"""
    assert run(code) == [
        "default empty",
        "redis empty",
        "database empty",
        "file empty",
        "[None, None, None, None, None]",
    ]


def test_the_file_cache_is_a_folder_of_the_process_and_goes_with_it():
    code = """
caches["file"].set("a", 1)
from pathlib import Path
folder = Path(caches["file"]._dir)
print(folder, len(list(folder.iterdir())))
"""
    (line,) = run(code)
    folder, files = line.rsplit(" ", 1)
    assert files == "1"
    assert not os.path.exists(folder)  # noqa: PTH110


def test_folders_of_processes_that_were_killed_are_removed(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left, alive = (tmp_path / f"private-{pid}-cache" for pid in (dead.pid, os.getppid()))
    left.mkdir()
    alive.mkdir()
    private._remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [alive.name]


def test_clearing_needs_no_table_no_query_and_no_redis():
    code = """
import sys
from django.db import connection
connection.cursor().execute("DROP TABLE cache_entries")
with watch("sql", "cache", show=False) as seen:
    private.clear()
print(len(seen.queries), "redis" in sys.modules, "fakeredis" in sys.modules)
"""
    assert run(code) == ["0 False False"]


def test_a_shared_server_keeps_what_belongs_to_others(require):
    url = require("redis")
    import redis

    others = [b"northlight:1:a", b"northlight-0000:1:a", b"celery"]
    with redis.Redis.from_url(url) as server:
        before = set(server.keys("northlight*"))
        try:
            for name in others:
                server.set(name, 1, ex=60)
            code = """
caches["redis"].set("a", "mine", 60)
print(cache_contents("redis")[0].key, caches["redis"].get("a"))
private.clear()
print(len(cache_contents("redis")))
caches["redis"].set("left", 1, None)
"""
            assert run(code, REDIS_URL=url) == ["a mine", "0"]
            assert server.exists(*others) == 3
            assert set(server.keys("northlight*")) == before | set(others[:2])
        finally:
            server.delete(*others)


def test_a_server_that_is_away_is_a_sentence():
    url = "redis://127.0.0.1:1"
    code = 'private.clear(); print(cache_contents("redis")); private.clear()'
    assert "The Redis server does not answer" in run(code, REDIS_URL=url)[-1]


def test_a_worker_has_the_caches_of_its_notebook(tmp_path):
    (tmp_path / "lookups.py").write_text(
        "from celery import shared_task\n"
        "from django.core.cache import caches\n\n\n"
        "@shared_task\n"
        "def look(alias):\n"
        "    return caches[alias].get('a')\n",
        encoding="utf-8",
    )
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from lookups import look
for alias in ("default", "database", "file"):
    caches[alias].set("a", alias)
with glass.start_worker(pool="solo", include=["lookups"]):
    print([look.delay(alias).get(timeout=10) for alias in ("default", "database", "file")])
"""
    assert run(code)[-1] == "[None, 'database', 'file']"
