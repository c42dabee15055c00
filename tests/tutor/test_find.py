"""An exercise is found by its number: one file, imported alone."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tutor.judge import catalogue
from tutor.judge.exercise import Exercise, Prediction

LOADED = """
import sys, glass
from tutor.paths import ROOT
glass.setup(ROOT)
from tutor.judge.catalogue import find
print(find("04.7").title)
print(*sorted(name for name in sys.modules if name.startswith("checks.")))
"""

FILE = """
from tutor.judge.exercise import Prediction
{name} = Prediction("{id}", "How many", minutes=1, hints=[], because="", wrong={{}})
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of checks that is empty but for one chapter."""
    chapter = tmp_path / "made_up_checks" / "ch98_trees"
    chapter.mkdir(parents=True)
    (chapter / "__init__.py").touch()
    (chapter.parent / "__init__.py").touch()
    monkeypatch.setattr(catalogue, "CHECKS", chapter.parent)
    monkeypatch.setattr(catalogue, "_loaded", {})
    monkeypatch.syspath_prepend(str(tmp_path))
    yield chapter
    for name in [name for name in sys.modules if name.startswith("made_up_checks")]:
        del sys.modules[name]
    catalogue.files.cache_clear()


def write(folder: Path, file: str, id: str, name: str = "guess") -> None:
    (folder / file).write_text(FILE.format(name=name, id=id))


def test_an_exercise_is_imported_alone() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    title, modules = told.stdout.splitlines()
    assert title == "The order sheet"
    exercises = [name for name in modules.split() if ".e" in name]
    assert exercises == ["checks.ch04_forward_and_reverse.e07_order_sheet"]


def test_no_file_imports_an_exercise() -> None:
    """So what is true of 04.7 above is true of each: its chapter and checks/common, and no other."""
    an_exercise = re.compile(r"^\s*(from|import) checks\.ch\w+(\.| import )e\d\d_", re.MULTILINE)
    files = list(catalogue.CHECKS.rglob("*.py"))
    assert len(files) > len(catalogue.numbers())
    assert [file for file in files if an_exercise.search(file.read_text("utf8"))] == []


def test_every_file_defines_the_exercise_that_its_name_says() -> None:
    found = list(catalogue.everything())
    assert [exercise.id for exercise in found] == catalogue.numbers()
    assert all(isinstance(exercise, Exercise | Prediction) for exercise in found)


def test_an_unknown_number_names_those_of_its_chapter() -> None:
    with pytest.raises(
        catalogue.UnknownExercise, match=r"There is no exercise '4.99'. Near it: 04"
    ):
        catalogue.find("4.99")


def test_two_files_of_one_number_are_refused(folder: Path) -> None:
    write(folder, "e01_oak.py", "98.1")
    write(folder, "e01_elm.py", "98.1")
    with pytest.raises(catalogue.BadCatalogue, match=r"two exercises 98.1: e01_elm.py and e01_oak"):
        catalogue.numbers()


def test_a_file_of_another_name_is_refused(folder: Path) -> None:
    write(folder, "e1.py", "98.1")
    with pytest.raises(catalogue.BadCatalogue, match=r"ch98_trees/e1.py is no name of an exercise"):
        catalogue.numbers()


def test_a_file_without_its_exercise_is_refused(folder: Path) -> None:
    write(folder, "e02_oak.py", "98.3")
    with pytest.raises(catalogue.BadCatalogue, match=r"is to define 98.2. It has 98.3."):
        catalogue.find("98.2")
    (folder / "e04_elm.py").write_text("")
    catalogue.files.cache_clear()
    with pytest.raises(catalogue.BadCatalogue, match=r"is to define 98.4. It has no exercise."):
        catalogue.find("98.4")
