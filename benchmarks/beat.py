"""A week of Celery's beat on a virtual clock, with the project's own schedule, in a new process."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CODE = """
import json, time
from pathlib import Path
import glass
glass.setup(Path.cwd())
begin = time.perf_counter()
run = glass.run_beat(start="2026-03-02", days=7)
own = time.perf_counter() - begin
begin = time.perf_counter()
often = glass.run_beat({"every minute": 60}, "2026-03-02", days=7)
print(json.dumps({
    "seconds": own, "messages": len(run),
    "often": time.perf_counter() - begin, "many": len(often),
}))
"""


def measure() -> dict[str, float]:
    """{"seconds", "messages"} of a week, and {"often", "many"} of one with a message a minute."""
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    print(json.dumps(measure()))
