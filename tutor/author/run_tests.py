"""Prove all of it, the quickest first: style, types, tests. The first failure ends it.

Words that are not listed here are handed to pytest: course test -k relations
"""

import argparse
import os
import subprocess
import sys

from tutor.paths import ROOT, keep_jupyter_inside

# Two for each core: many tests wait, for a kernel or for a worker of Celery.
WORKERS = str(min(8, 2 * (os.cpu_count() or 1)))
STEPS = {
    "style": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    # The order is conftest.py's: what takes longest begins first, whatever the number of its tests.
    "tests": [
        "pytest",
        "-n",
        WORKERS,
        "--dist",
        "loadgroup",
        "--no-loadscope-reorder",
        "--durations=10",
    ],
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(rest=[])


def run(args: argparse.Namespace) -> int:
    keep_jupyter_inside()
    for name, step in STEPS.items():
        print(f"== {name}: {' '.join(step)}", flush=True)
        words = args.rest if name == "tests" else []
        status = subprocess.call([sys.executable, "-m", *step, *words], cwd=ROOT)
        if status:
            print(f"\nFailed: {name}. The steps after it were not run.")
            return status
    print("\nPassed: " + ", ".join(STEPS) + ".")
    return 0
