"""Find an exercise by its number: a file of its own in checks/, imported when it is asked for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from tutor.judge.exercise import BaseExercise
from tutor.paths import ROOT

CHECKS = ROOT / "checks"
_FOLDER = re.compile(r"ch(\d\d)_\w+")
_FILE = re.compile(r"e(\d\d)_\w+\.py")


class UnknownExercise(LookupError):
    """There is no exercise of this number; str() names those that are near."""


class BadCatalogue(RuntimeError):
    """A file in checks/ is not what its name says; str() says which, and what is wrong."""


#: The exercises that have been imported, by their number.
_loaded: dict[str, BaseExercise] = {}


@cache
def files(folder: Path) -> dict[str, Path]:
    """The number of each exercise, and its file: {"04.7": .../ch04_.../e07_....py}, in order.

    Read from the names alone. Raises BadCatalogue when two files have the same number.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("ch*/e*.py")):
        chapter, number = _FOLDER.fullmatch(path.parent.name), _FILE.fullmatch(path.name)
        if not chapter or not number:
            raise BadCatalogue(
                f"{path.parent.name}/{path.name} is no name of an exercise's file. "
                "Call it as ch04_name/e07_name.py."
            )
        id = f"{chapter[1]}.{int(number[1])}"
        if id in found:
            raise BadCatalogue(
                f"There are two exercises {id}: {found[id].name} and {path.name} in "
                f"{path.parent.name}."
            )
        found[id] = path
    return found


def find(id: str) -> BaseExercise:
    """The exercise of this number; its file alone is imported. Raises UnknownExercise.

    Django must be set up: the files import the project's models.
    """
    if id not in _loaded:
        known = files(CHECKS)
        if id not in known:
            raise UnknownExercise(_nothing_like(str(id)))
        _loaded[id] = _load(id, known[id])
    return _loaded[id]


def everything() -> Iterator[BaseExercise]:
    """All exercises, in order. This imports all of checks/."""
    for id in numbers():
        yield find(id)


def numbers() -> list[str]:
    """The number of each exercise, in order. Nothing is imported."""
    return sorted({*files(CHECKS), *_loaded}, key=lambda id: [int(part) for part in id.split(".")])


def _load(id: str, path: Path) -> BaseExercise:
    module = import_module(f"{CHECKS.name}.{path.parent.name}.{path.stem}")
    made = [value for value in vars(module).values() if isinstance(value, BaseExercise)]
    ids = [exercise.id for exercise in made]
    if ids != [id]:
        defined = " and ".join(ids) or "no exercise"
        raise BadCatalogue(f"{path.parent.name}/{path.name} is to define {id}. It has {defined}.")
    return made[0]


def _nothing_like(id: str) -> str:
    ids = numbers()
    chapter = id.partition(".")[0].zfill(2)
    near = [other for other in ids if other.partition(".")[0] == chapter]
    near = near or difflib.get_close_matches(id, ids) or ids[:1]
    return f"There is no exercise {id!r}. Near it: {', '.join(near)}. progress() lists all."
