"""A watched send() of a signal with two receivers, in a cell, beside one that nobody watches."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SENDS = 2000

SETUP = """
import time
from django.dispatch import Signal
from glass import watch

rung = Signal()
def first(sender, **kwargs): pass
def second(sender, **kwargs): pass
rung.connect(first)
rung.connect(second)
"""
CELL = """
begin = time.process_time()
for number in range(SENDS):
    rung.send(None, number=number)
spent = time.process_time() - begin
"""
WATCHED = "with watch('signals', show=False) as seen:\n" + "\n".join(
    f"    {line}" for line in CELL.splitlines()
)


def run() -> dict[str, float]:
    """In a process of its own: microseconds a send."""
    from IPython.core.interactiveshell import InteractiveShell

    import glass

    glass.setup(ROOT)
    shell = InteractiveShell.instance()
    shell.user_ns["SENDS"] = SENDS
    shell.run_cell(SETUP).raise_error()
    best = {"bare": float("inf"), "watch": float("inf")}
    for _ in range(20):
        for what, cell in (("bare", CELL), ("watch", WATCHED)):
            shell.run_cell(cell).raise_error()
            best[what] = min(best[what], shell.user_ns["spent"] / SENDS * 1e6)
        assert len(shell.user_ns["seen"].signals) == SENDS
    return best


def measure() -> dict[str, float]:
    """{"bare", "watch", "cost"} in microseconds a send."""
    done = subprocess.run(
        [sys.executable, __file__, "run"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found | {"cost": found["watch"] - found["bare"]}


if __name__ == "__main__":
    print(json.dumps(run() if sys.argv[1:] else measure()))
