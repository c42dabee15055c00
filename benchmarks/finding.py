"""Finding one exercise, beside importing all of them: each in a fresh process, Django set up."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SCRIPT = """
import time
import glass
from tutor.paths import ROOT
glass.setup(ROOT)
from tutor.judge import catalogue
begin = time.perf_counter()
{}
print(time.perf_counter() - begin)
"""
ONE = SCRIPT.format('catalogue.find("04.7")')
ALL = SCRIPT.format("list(catalogue.everything())")


def seconds(script: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout.splitlines()[-1])


def measure(rounds: int = 7) -> dict[str, float]:
    """{"one", "all"} in seconds, the best of some rounds in turn, and their ratio."""
    seconds(ALL)  # the template database is built, and the bytecode written
    pairs = [(seconds(ONE), seconds(ALL)) for _ in range(rounds)]
    one, everything = (min(side) for side in zip(*pairs, strict=True))
    return {"one": one, "all": everything, "ratio": one / everything}


if __name__ == "__main__":
    print(json.dumps(measure()))
