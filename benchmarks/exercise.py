"""What an exercise's cell costs beside the answer itself.

All of it is counted: fresh and changed rows, the right result, the worked answer, comparing, the
verdict as text and as HTML, the progress file. Left out is the time inside the answer.
"""

import inspect
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Timed:
    """An answer that knows how long it has run in all, the rows that it leaves to be read included."""

    def __init__(self, answer: Callable[..., Any]) -> None:
        self.answer = answer
        self.seconds = 0.0

    def __call__(self) -> Any:
        from tutor.judge import compare

        begin = time.perf_counter()
        try:
            return compare.materialize(self.answer())
        finally:
            self.seconds += time.perf_counter() - begin


def run() -> dict[str, float]:
    """In a process of its own: milliseconds for each exercise whose answer takes no arguments."""
    import glass

    glass.setup(ROOT)
    from tutor.desk import notebook as exercise
    from tutor.judge import solutions
    from tutor.judge.catalogue import everything
    from tutor.judge.exercise import Exercise

    exercise.show = lambda verdict: verdict._repr_mimebundle_()
    found = {}
    for task in everything():
        if not isinstance(task, Exercise):
            continue
        function = solutions.answer(task.id)
        if inspect.signature(function).parameters or inspect.iscoroutinefunction(function):
            continue
        answer = Timed(function)
        costs = []
        for _ in range(8):
            inside, begin = answer.seconds, time.perf_counter()
            exercise.exercise(task.id)(answer)
            costs.append(time.perf_counter() - begin - (answer.seconds - inside))
        # The best round: other programs on the machine only ever make it slower.
        found[task.id] = 1000 * min(costs[1:])
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
