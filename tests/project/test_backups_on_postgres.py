"""What differs from one database to the other, once more on PostgreSQL: locks, and dumps."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tests.needs import undecided

HERE = Path(__file__).parent


def test_the_clock_on_postgres(require: Callable[[str], str]) -> None:
    # A name of its own: others may test on the same server. Django puts "test_" before it.
    url = urlsplit(require("postgres"))._replace(path=f"/project_{os.getpid()}").geturl()
    chosen = "two_workers or two_runs"
    if shutil.which("pg_dump"):
        chosen += " or a_night or one_moment or cannot_be_restored or without_pg_dump"
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:nbval", "-o", "addopts=", "-k", chosen]
    files = [HERE / "test_backups.py", HERE / "test_subscriptions.py"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *map(str, files)],
        cwd=HERE.parents[1],
        env=undecided() | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8_000:]
    assert " passed" in run.stdout
