"""`make bench`: measure what is meant to be fast, print it as a table, keep it in README.md.

Each figure is measured beside what it is compared with, in the same run on the same machine.
"""

import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import (
    beat,
    caching,
    exercise,
    finding,
    lab,
    loading,
    memory,
    notebooks,
    resetting,
    sending,
    tasks,
    watching,
)


class Row(NamedTuple):
    what: str
    measured: str
    target: str
    met: bool


def watching_rows() -> Iterator[Row]:
    got = watching.measure()
    what = "watching 10,000 ORM gets"
    rivals = {name: got[name] / got["bare"] for name in ("CaptureQueriesContext", "debug-toolbar")}
    yield Row(
        f"{what}, beside not watching",
        f"{got['ratio']:.3f} ({got['watch']:.0f} us to {got['bare']:.0f} us a get)",
        "at most 1.06",
        got["ratio"] <= 1.06,
    )
    for name, ratio in rivals.items():
        yield Row(f"{what}: {name}", f"{ratio:.3f}", "more than glass", ratio > got["ratio"])


def sending_rows() -> Iterator[Row]:
    got = sending.measure()
    yield Row(
        "a watched send() with two receivers, beside an unwatched one",
        f"{got['cost']:.1f} us more ({got['watch']:.1f} us to {got['bare']:.1f} us)",
        "at most 5 us",
        got["cost"] <= 5,
    )


def caching_rows() -> Iterator[Row]:
    got = caching.measure()
    yield Row(
        "a watched call of the local memory cache, beside an unwatched one",
        f"{got['cost']:.1f} us more ({got['watch']:.1f} us to {got['bare']:.1f} us)",
        "at most 4 us",
        got["cost"] <= 4,
    )


def loading_rows() -> Iterator[Row]:
    got = loading.measure()
    yield Row(
        "%load_ext glass, beside a bare django.setup()",
        f"{got['ratio']:.2f} ({got['glass']:.2f} s to {got['bare']:.2f} s)",
        "at most 1.5",
        got["ratio"] <= 1.5,
    )


def resetting_rows() -> Iterator[Row]:
    got = resetting.measure()
    milliseconds = got["reset"] * 1000
    yield Row(
        "reset() with 100,000 rows", f"{milliseconds:.1f} ms", "at most 15 ms", milliseconds <= 15
    )
    yield Row(
        "flush + loaddata of the same rows",
        f"{got['ratio']:,.0f} times as long",
        "at least 1,000 times",
        got["ratio"] >= 1000,
    )


def notebook_rows() -> Iterator[Row]:
    got = notebooks.measure()
    yield Row(
        f"{got['notebooks']:.0f} notebooks as tests, beside the same code as scripts",
        f"{got['ratio']:.2f} ({got['tests']:.1f} s to {got['scripts']:.1f} s)",
        "at most 3",
        got["ratio"] <= 3,
    )


def memory_rows() -> Iterator[Row]:
    got = memory.measure()
    yield Row(
        "memory of notebook 00's kernel above a bare one",
        f"{got['above']:.0f} MB",
        "at most 60 MB",
        got["above"] <= 60,
    )


def lab_rows() -> Iterator[Row]:
    got = lab.measure()
    yield Row("`make lab` again, to a served page", f"{got:.2f} s", "at most 1.2 s", got <= 1.2)


def exercise_rows() -> Iterator[Row]:
    got = exercise.measure()
    yield Row(
        "an exercise's cell beside the answer itself",
        f"{got['milliseconds']:.0f} ms",
        "at most 50 ms",
        got["milliseconds"] <= 50,
    )


def finding_rows() -> Iterator[Row]:
    got = finding.measure()
    yield Row(
        "finding one exercise, beside importing all",
        f"{got['ratio']:.2f} ({1000 * got['one']:.0f} ms to {1000 * got['all']:.0f} ms)",
        "at most 0.2",
        got["ratio"] <= 0.2,
    )


def beat_rows() -> Iterator[Row]:
    got = beat.measure()
    yield Row(
        f"a week of the project's beat, {got['messages']} messages",
        f"{got['seconds']:.2f} s",
        "at most 1 s",
        got["seconds"] <= 1,
    )
    yield Row(
        f"a week with a message a minute, {got['many']:,} messages",
        f"{got['often']:.2f} s",
        "at most 1 s",
        got["often"] <= 1,
    )


def task_rows() -> Iterator[Row]:
    got = tasks.measure()
    own, redis = got["own"], got.get("redis")
    yield Row(
        "a worker's first result, from the line that starts it",
        f"{own['first']:.2f} s",
        "at most 1 s",
        own["first"] <= 1,
    )
    if not redis:
        return
    yield Row(
        "a task's round trip on the notebook's own broker, beside a real Redis",
        f"{own['trip'] / redis['trip']:.2f} ({own['trip']:.1f} ms to {redis['trip']:.1f} ms)",
        "at most 2",
        own["trip"] <= 2 * redis["trip"],
    )
    yield Row(
        "tasks a second on the notebook's own broker, beside a real Redis",
        f"{own['rate'] / redis['rate']:.2f} ({own['rate']:.0f} to {redis['rate']:.0f})",
        "at least 0.5",
        own["rate"] >= 0.5 * redis["rate"],
    )


MEASURES: list[Callable[[], Iterator[Row]]] = [
    watching_rows,
    sending_rows,
    caching_rows,
    loading_rows,
    resetting_rows,
    notebook_rows,
    memory_rows,
    lab_rows,
    exercise_rows,
    finding_rows,
    beat_rows,
]


def main() -> int:
    rows = []
    print("| what | measured | target | met |\n| --- | --- | --- | --- |", flush=True)
    for measure in MEASURES:
        for row in measure():
            rows.append(row)
            print(line(row), flush=True)
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    text = [
        "# What is fast",
        "",
        f"Written by `make bench`, with {python}. Each ratio compares two things measured in turn",
        "in the same run. Each file beside this one is one measurement.",
        "",
        "| what | measured | target | met |",
        "| --- | --- | --- | --- |",
        *map(line, rows),
        "",
    ]
    (ROOT / "benchmarks" / "README.md").write_text("\n".join(text), encoding="utf-8")
    return 0 if all(row.met for row in rows) else 1


def line(row: Row) -> str:
    return f"| {row.what} | {row.measured} | {row.target} | {'yes' if row.met else 'NO'} |"


if __name__ == "__main__":
    sys.exit(main())
