"""A watched get() and set() of the local memory cache, in a cell, beside unwatched ones."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CALLS = 2000

SETUP = """
import time
from django.core.cache import cache
from glass import watch

cache.set("here", 1)
"""
CELL = """
begin = time.process_time()
for number in range(CALLS // 2):
    cache.get("here")
    cache.set("here", number)
spent = time.process_time() - begin
"""
WATCHED = "with watch('cache', show=False) as seen:\n" + "\n".join(
    f"    {line}" for line in CELL.splitlines()
)


def run() -> dict[str, float]:
    """In a process of its own: microseconds a call."""
    from IPython.core.interactiveshell import InteractiveShell

    import glass

    glass.setup(ROOT)
    shell = InteractiveShell.instance()
    shell.user_ns["CALLS"] = CALLS
    shell.run_cell(SETUP).raise_error()
    best = {"bare": float("inf"), "watch": float("inf")}
    for _ in range(20):
        for what, cell in (("bare", CELL), ("watch", WATCHED)):
            shell.run_cell(cell).raise_error()
            best[what] = min(best[what], shell.user_ns["spent"] / CALLS * 1e6)
        assert len(shell.user_ns["seen"].cache) == CALLS
    return best


def measure() -> dict[str, float]:
    """{"bare", "watch", "cost"} in microseconds a call."""
    done = subprocess.run(
        [sys.executable, __file__, "run"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found | {"cost": found["watch"] - found["bare"]}


if __name__ == "__main__":
    print(json.dumps(run() if sys.argv[1:] else measure()))
