"""What an exercise's cell costs beside the answer itself.

All of it is counted: fresh rows, the answer again on each change of the rows, the worked answer,
the verdict as text and as HTML, the progress file. Left out is what the answer takes when it is
called once, without any of this.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run() -> dict[str, float]:
    """In a process of its own: milliseconds for each exercise whose answer takes no arguments."""
    import glass

    glass.setup(ROOT)
    from tutor import compare, exercise, solutions
    from tutor.checks import Exercise, everything

    exercise.show = lambda verdict: verdict._repr_mimebundle_()
    found = {}
    for task in everything():
        if not isinstance(task, Exercise) or list(task.arguments()) != [()]:
            continue
        answer = solutions.answer(task.id)
        costs = []
        for _ in range(8):
            begin = time.perf_counter()
            compare.settle(answer())
            called = time.perf_counter()
            exercise.exercise(task.id)(answer)
            costs.append(time.perf_counter() - called - (called - begin))
        found[task.id] = 1000 * statistics.median(costs[1:])
    return found


def measure() -> dict[str, float]:
    """`milliseconds`: the median over the exercises; `most`: of the dearest one."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "COURSE_PROGRESS": str(Path(folder) / "progress.sqlite3")}
        done = subprocess.run(
            [sys.executable, __file__, "run"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    costs = json.loads(done.stdout).values()
    return {"milliseconds": statistics.median(costs), "most": max(costs)}


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    print(json.dumps(run() if "run" in sys.argv else measure()))
