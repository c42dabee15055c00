"""The SQL tests once more, on PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.needs import undecided

HERE = Path(__file__).parent


def test_sql_on_postgres(require):
    # A name of its own: others may test on the same server. Django puts "test_" before it.
    url = urlsplit(require("postgres"))._replace(path=f"/glass_{os.getpid()}").geturl()
    files = map(str, sorted(HERE.glob("test_sql_*.py")))
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:nbval", "-o", "addopts="]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=HERE.parents[1],
        env=undecided() | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8_000:]
    assert " passed" in run.stdout
