"""Prove all of it, the quickest first: style, types, tests. The first failure ends it.

course test              everything
course test 04           chapter 04: its lesson, its sections, its exercises and their answers
course test 04.7         one exercise and its answers
course test -k relations words that are not listed here are handed to pytest
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from tutor.paths import ROOT, keep_jupyter_inside

type Steps = dict[str, list[str]]

_PYTEST = ["pytest", "--durations=10"]
# The order is conftest.py's: what takes longest begins first. A worker takes whole files, since the
# cells of a notebook need one kernel.
_DIVIDED = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


class NothingToTest(LookupError):
    """There is no such chapter or exercise; str() says so."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(rest=[])


def run(args: argparse.Namespace) -> int:
    keep_jupyter_inside()
    try:
        planned = steps(args.rest)
    except NothingToTest as problem:
        print(problem)
        return 2
    for name, step in planned.items():
        print(f"== {name}: {' '.join(step)}", flush=True)
        status = subprocess.call([sys.executable, "-m", *step], cwd=ROOT)
        if status:
            print(f"\nFailed: {name}. The steps after it were not run.")
            return status
    print("\nPassed: " + ", ".join(planned) + ".")
    return 0


def steps(words: list[str], course: Path = ROOT) -> Steps:
    """What is run for these words, in order: {"style": ["ruff", "check", "."], ...}.

    Raises NothingToTest with a sentence.
    """
    if words and re.fullmatch(r"\d\d", words[0]):
        return _of_chapter(words[0], words[1:], course)
    if words and re.fullmatch(r"\d\d\.\d+", words[0]):
        return _of_exercise(words[0], words[1:], course)
    return {**_checked([]), "tests": [*_PYTEST, *_DIVIDED, *words]}


def _checked(files: list[str]) -> Steps:
    """Style and types: of these files, or of everything."""
    python = [file for file in files if not file.endswith(".ipynb")]
    return {
        "style": ["ruff", "check", *(files or ["."])],
        "format": ["ruff", "format", "--check", *(files or ["."])],
        "types": ["mypy", *python],
    }


def _of_chapter(chapter: str, words: list[str], course: Path) -> Steps:
    notebooks = _found(course, f"*/{chapter}_*.ipynb", f"There is no chapter {chapter}.")
    checks = _relative(course, f"checks/ch{chapter}_*")
    tests = [*notebooks]
    lesson = next((path for path in notebooks if path.startswith("notebooks/")), None)
    if lesson:
        tests.append(f"tests/notebooks/test_sections.py::test_sections_alone[{lesson}]")
    if checks:
        exercises = _relative(course, f"{checks[0]}/e*.py")
        tests += [_matrix(f"{chapter}.{_number(path)}", course) for path in exercises]
    return {**_checked([*notebooks, *checks]), "tests": [*_PYTEST, *_DIVIDED, *tests, *words]}


def _of_exercise(id: str, words: list[str], course: Path) -> Steps:
    file = _file(id, course)
    return {**_checked([file]), "tests": [*_PYTEST, _matrix(id, course), *words]}


def _matrix(id: str, course: Path) -> str:
    """The test of all answers to an exercise."""
    text = (course / _file(id, course)).read_text("utf8")
    kind = "prediction" if re.search(r"^\w+ = Prediction\(", text, re.MULTILINE) else "exercise"
    return f"tests/tutor/test_matrix.py::test_{kind}[{id}]"


def _file(id: str, course: Path) -> str:
    chapter, _, number = id.partition(".")
    pattern = f"checks/ch{chapter}_*/e{int(number):02}_*.py"
    return _found(course, pattern, f"There is no exercise {id}.")[0]


def _number(path: str) -> int:
    return int(Path(path).name[1:3])


def _found(course: Path, pattern: str, otherwise: str) -> list[str]:
    found = _relative(course, pattern)
    if not found:
        raise NothingToTest(otherwise)
    return found


def _relative(course: Path, pattern: str) -> list[str]:
    folders = ("notebooks", "exercises", "solutions", "checks")
    paths = (path.relative_to(course) for path in sorted(course.glob(pattern)))
    return [path.as_posix() for path in paths if path.parts[0] in folders]
