"""Check an answer that is kept in a Python file.

The file defines the function, below its imports. @exercise("04.2") above it is welcome, but not
needed: without it the function is found by its name, as the exercise gives it.

exit status:
  0  correct
  1  not yet
  2  error: the answer raised, ran too long, or ended Python
  3  not attempted
  4  there is no such exercise, the file cannot be used, or the check itself failed
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tutor.paths import ROOT
from tutor.terminal import say

STATUS = {"correct": 0, "not yet": 1, "error": 2, "not attempted": 3, "unusable": 4}
SECONDS = 60.0  # for all of it; an answer has a limit of its own (see tutor.judge.running)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a Python file")
    parser.add_argument("--exercise", metavar="ID", required=True, help="04.2, for example")
    parser.add_argument(
        "--json", action="store_true", help="exercise, verdict, message, queries and more, as JSON"
    )


def run(args: argparse.Namespace) -> int:
    said = check(args.file, args.exercise)
    text = said.pop("text")
    if args.json:
        print(json.dumps(said, indent=2))  # ASCII: any terminal and any program can read it.
    else:
        say(text)
    return STATUS[said["verdict"]]


def check(file: Path, id: str, seconds: float = SECONDS) -> dict[str, Any]:
    """The verdict on the file, found by a process of its own: whatever it does, it can be ended.

    As a dictionary: exercise, verdict (a key of STATUS), message, notes, queries, sql, text.
    """
    if not file.is_file():
        return _unusable(id, f"There is no file {file}.")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "verdict.json"
        try:
            subprocess.run(
                [sys.executable, "-m", "tutor.desk.try_file", str(file.resolve()), id, str(report)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _said(id, "error", f"It ran for more than {seconds:g} seconds and was ended.")
        if not report.exists():
            return _said(id, "error", "Your code ended the Python process.")
        said: dict[str, Any] = json.loads(report.read_text("utf8"))
        return said


def _said(id: str, verdict: str, message: str) -> dict[str, Any]:
    said = {"exercise": id, "verdict": verdict, "message": message, "notes": [], "queries": 0}
    return said | {"sql": [], "text": message}


def _unusable(id: str, message: str) -> dict[str, Any]:
    return _said(id, "unusable", message)


class _NoFunction(LookupError):
    """The file has no answer to the exercise."""


def _examine(file: Path, id: str) -> dict[str, Any]:
    """The verdict. A fault of the course itself is said to be one, and is not the learner's."""
    try:
        return _judge(file, id)
    except Exception as error:  # noqa: BLE001 Without a report, the answer would get the blame.
        return _unusable(
            id,
            "The check itself failed. This is no fault of your answer, and nothing is said about "
            f"it. `course doctor` says what may be missing. {type(error).__name__}: {error}",
        )


def _judge(file: Path, id: str) -> dict[str, Any]:
    import glass

    glass.setup(ROOT)
    from tutor.judge import catalogue
    from tutor.judge.judging import CheckFailed, judge

    try:
        task = catalogue.find(id)
    except catalogue.UnknownExercise as problem:
        return _unusable(id, str(problem))
    try:
        answer, guess = _load(file, task)
    except _NoFunction as problem:
        return _unusable(id, str(problem))
    except BaseException as error:  # noqa: BLE001 Also one that calls exit().
        line = getattr(error, "lineno", None)
        where = f", line {line}" if line else ""
        return _unusable(id, f"{file.name}{where}: {type(error).__name__}: {error}")
    try:
        verdict = judge(task, answer, guess)
    except CheckFailed as problem:
        return _unusable(id, str(problem))
    queries = verdict.seen.queries if verdict.seen else []
    return {
        "exercise": id,
        "verdict": verdict.word,
        "message": verdict.message,
        "notes": verdict.notes,
        "queries": len(queries),
        "sql": [query.sql for query in queries[:100]],
        "text": verdict.text(),
    }


def _load(file: Path, task: Any) -> tuple[Callable[..., Any], Any]:
    """Run the file; return its answer, and the guess of a prediction."""
    from tutor.judge import solutions
    from tutor.judge.exercise import Prediction

    found: dict[str, tuple[Callable[..., Any], Any]] = {}

    def keep(id: str, guess: Any = None) -> Callable[[Any], Any]:
        def decorate(function: Any) -> Any:
            found[id] = function, guess
            return function

        return decorate

    def nothing(*args: object) -> None: ...

    names: dict[str, Any] = {"__name__": "__main__", "__file__": str(file)}
    names |= {"exercise": keep, "predict": keep}
    names |= dict.fromkeys(("hint", "solution", "progress"), nothing)
    exec(compile(file.read_bytes(), str(file), "exec"), names)  # noqa: S102 That is what it is for.
    if task.id in found:
        return found[task.id]
    worked = solutions.worked(task.id)
    name = worked.name if worked else ""
    if isinstance(task, Prediction) or not callable(names.get(name)):
        raise _NoFunction(f"{file.name} has no function {name}(), and none under {task.id}.")
    return names[name], None


if __name__ == "__main__":
    _file, _id, _report = sys.argv[1:]
    Path(_report).write_text(json.dumps(_examine(Path(_file), _id)), encoding="utf-8")
