"""`%load_ext glass` with the template built, beside a bare django.setup() in a fresh process."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

BARE = """
import os, sys, time
begin = time.perf_counter()
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
sys.path.insert(0, "course_project")
import django
django.setup()
print(time.perf_counter() - begin)
"""
# IPython is there already, as it is in a kernel.
GLASS = """
import contextlib, io, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
begin = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    shell.run_line_magic("load_ext", "glass")
print(time.perf_counter() - begin)
"""


def seconds(script: str) -> float:
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def measure(rounds: int = 11) -> dict[str, float]:
    """{"bare", "glass"} in seconds, the best of some rounds in turn, and their ratio."""
    seconds(GLASS)  # the template database is built
    pairs = [(seconds(BARE), seconds(GLASS)) for _ in range(rounds)]
    bare, glass = (min(side) for side in zip(*pairs, strict=True))
    return {"bare": bare, "glass": glass, "ratio": glass / bare}


if __name__ == "__main__":
    print(json.dumps(measure()))
