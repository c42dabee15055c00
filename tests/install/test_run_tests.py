"""What `course test` runs: everything, one chapter, or one exercise."""

import subprocess
import sys

import pytest

from tests.needs import undecided
from tutor.author.run_tests import NothingToTest, steps
from tutor.paths import ROOT


def collected(words: list[str]) -> list[str]:
    """The tests that pytest finds for these words, by their names."""
    command = [word for word in steps(words)["tests"] if not word.startswith("--durations")]
    if "-n" in command:
        command[command.index("-n") + 1] = "0"
    done = subprocess.run(
        [sys.executable, "-m", *command, "--collect-only", "-q"],
        cwd=ROOT,
        env=undecided(),
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if "::" in line]


def test_everything() -> None:
    planned = steps(["-k", "relations"])
    assert list(planned) == ["style", "format", "types", "tests"]
    assert planned["style"] == ["ruff", "check", "."]
    assert planned["tests"][-2:] == ["-k", "relations"]


def test_a_chapter() -> None:
    found = collected(["04"])
    matrix = [name for name in found if "test_matrix.py" in name]
    assert len(matrix) == 18
    assert all("[04." in name for name in matrix)
    lesson = "notebooks/04_forward_and_reverse.ipynb"
    assert f"tests/notebooks/test_sections.py::test_sections_alone[{lesson}]" in found
    for folder in ("notebooks", "exercises", "solutions"):
        assert any(name.startswith(f"{folder}/04_") for name in found)
    assert not any("/05_" in name for name in found)


def test_the_first_chapter_has_no_exercises() -> None:
    words = steps(["00"])["tests"]
    assert not any("test_matrix" in word for word in words)
    assert any("notebooks/00_start_here.ipynb" in word for word in words)


@pytest.mark.parametrize(("id", "kind"), [("04.7", "exercise"), ("04.3", "prediction")])
def test_an_exercise(id: str, kind: str) -> None:
    assert collected([id]) == [f"tests/tutor/test_matrix.py::test_{kind}[{id}]"]
    assert steps([id])["types"][1].startswith("checks/ch04_forward_and_reverse/e0")


@pytest.mark.parametrize(
    ("word", "says"), [("44", "There is no chapter 44."), ("04.99", "There is no exercise 04.99.")]
)
def test_what_is_not_there(word: str, says: str) -> None:
    with pytest.raises(NothingToTest, match=says):
        steps([word])


def test_the_test_of_each_exercise_is_there() -> None:
    words = [word for n in range(1, 18) for word in steps([f"{n:02}"])["tests"]]
    wanted = {word for word in words if "test_matrix.py" in word}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/tutor/test_matrix.py", "--collect-only", "-q"],
        cwd=ROOT,
        env=undecided(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert wanted == {line for line in done.stdout.splitlines() if "::" in line}
