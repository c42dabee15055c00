"""Time from `make lab`, in a project that is set up, to a served page of JupyterLab."""

import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.lab_server import start_lab, stop_lab


def measure(root: Path = ROOT, rounds: int = 5) -> float:
    """Return the seconds, the median of some rounds after one that is not counted."""
    times = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        _, process = start_lab(root)
        times.append(time.perf_counter() - begin)
        stop_lab(process)
    return statistics.median(times[1:])


if __name__ == "__main__":
    print(f"{measure():.2f} s")
