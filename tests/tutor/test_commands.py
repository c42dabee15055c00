"""course try, course reset, course exercises: as a terminal and other programs use them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tutor import cli
from tutor.desk import reset, workspace
from tutor.desk import try_file as trial
from tutor.paths import ROOT

RIGHT = """
from company.models import Employee
print("this is nobody's business")
def roster():
    return Employee.objects.exclude(department=None).values_list("name", "department__name")
"""
DECORATED = """
from company.models import Employee

@exercise("04.1")
def anything():
    return [(e.name, e.department.name) for e in Employee.objects.exclude(department=None)]
"""


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    return tmp_path / "answer.py"


def attempt(
    answer: Path, text: str, *words: str, id: str = "04.1", encoding: str = "utf-8"
) -> tuple[int, str]:
    answer.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tutor.cli", "try", str(answer), "--exercise", id, *words],
        cwd=ROOT,
        capture_output=True,
        encoding=encoding,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_any_terminal_can_show_a_verdict(encoding: str, answer: Path) -> None:
    status, said = attempt(answer, RIGHT, encoding=encoding)
    assert status == 0
    assert said.startswith("04.1 Who works where: Correct\n")
    status, said = attempt(answer, "def roster():\n    return ['\u5c71']\n", encoding=encoding)
    assert status == 1
    assert "'?'" in said
    status, said = attempt(answer, RIGHT, "--json", encoding=encoding)
    assert json.loads(said)["verdict"] == "correct"


def test_an_answer_cannot_steer_the_terminal(answer: Path) -> None:
    steering = "\x1b[2J\x9b1m\u202eabc\rd\x00\ud800"
    text = f"def roster():\n    print({steering!a})\n    raise ValueError({steering!a})\n"
    status, said = attempt(answer, text)
    assert status == 2
    assert said.count(r"\x1b[2J\x9b1m\u202eabc\x0dd\x00\ud800") == 2
    assert not set(steering) - set(" abcd[12Jm") & set(said)


def test_a_fault_of_the_course_is_not_the_answers(
    answer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "nonsense")
    status, said = attempt(answer, RIGHT)
    assert status == 4
    assert said.startswith("The check itself failed. This is no fault of your answer")


def test_the_status_says_which(answer: Path) -> None:
    status, said = attempt(answer, RIGHT)
    assert status == 0
    assert said.startswith("04.1 Who works where: ")
    assert "Correct" in said
    assert "nobody's business" not in said
    status, said = attempt(answer, DECORATED, "--json")
    assert status == 1
    verdict = json.loads(said)
    assert verdict["verdict"] == "not yet"
    assert "N+1" in verdict["message"]
    assert verdict["queries"] == len(verdict["sql"]) == 59
    status, said = attempt(answer, "def roster():\n    return 1 / 0\n")
    assert (status, "answer.py line 2: ZeroDivisionError" in said) == (2, True)
    status, said = attempt(answer, 'def roster():\n    """Do it."""\n    ...\n')
    assert (status, "Not attempted" in said) == (3, True)


@pytest.mark.parametrize(
    ("text", "id", "says"),
    [
        (RIGHT, "04.99", "There is no exercise '04.99'. Near it: 04.1"),
        ("def other(): ...", "04.1", "answer.py has no function roster(), and none under 04.1."),
        ("def roster(:", "04.1", "answer.py, line 1: SyntaxError: "),
        ("import nothing_like_it", "04.1", "answer.py: ModuleNotFoundError: "),
        ("exit()", "04.1", "answer.py: SystemExit: "),
    ],
)
def test_what_cannot_be_used(text: str, id: str, says: str, answer: Path) -> None:
    status, said = attempt(answer, text, id=id)
    assert status == 4
    assert said.startswith(says)


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["try", str(tmp_path / "none.py"), "--exercise", "04.1"]) == 4
    assert capsys.readouterr().out.startswith("There is no file ")


def test_an_answer_that_ends_python(answer: Path) -> None:
    answer.write_text("import os\ndef roster():\n    os._exit(0)\n")
    said = trial.check(answer, "04.1")
    assert (said["verdict"], said["message"]) == ("error", "Your code ended the Python process.")


def test_a_file_that_never_ends(answer: Path) -> None:
    answer.write_text("while True:\n    pass\n")
    said = trial.check(answer, "04.1", seconds=2)
    assert said["verdict"] == "error"
    assert said["message"] == "It ran for more than 2 seconds and was ended."


def test_the_list_of_exercises(capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tutor.cli", "exercises", "--json"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    entries = {entry["id"]: entry for entry in json.loads(done.stdout)}
    first = entries["04.1"]
    assert first["chapter"] == "04"
    assert (first["title"], first["minutes"]) == ("Who works where", 5)
    assert first["hints"] >= 3
    assert first["right"] >= 2
    assert first["wrong"] >= 3


# ----- reset


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A workspace with chapter 04, in which the learner has written an answer."""
    work = tmp_path / "workspace"
    workspace.update(ROOT, work)
    notebook = exercises(work)
    for cell in notebook.cells:
        if "@exercise" in cell.source:
            cell.source = cell.source.replace("    ...", "    return 'mine'")
    nbformat.write(notebook, path(work))
    return work


def path(folder: Path) -> Path:
    return folder / "exercises" / "04_forward_and_reverse.ipynb"


def exercises(folder: Path) -> nbformat.NotebookNode:
    return nbformat.read(path(folder), as_version=4)


def mine(folder: Path) -> int:
    return sum("'mine'" in cell.source for cell in exercises(folder).cells)


def backups(work: Path) -> list[Path]:
    return sorted((work / "exercises").glob("04_*(backup *).ipynb"))


def test_reset_of_one_exercise(work: Path) -> None:
    before, bytes_before = mine(work), path(work).read_bytes()
    said = reset.reset("04.1", ROOT, work)
    assert said[0] == f"Reset 04.1 in exercises/{path(ROOT).name}."
    assert mine(work) == before - 1
    (backup,) = backups(work)
    assert backup.read_bytes() == bytes_before
    assert backup.name in said[1]


def test_reset_of_a_chapter(work: Path) -> None:
    said = reset.reset("04", ROOT, work)
    assert said[0] == f"Reset exercises/{path(ROOT).name}."
    assert path(work).read_bytes() == path(ROOT).read_bytes()
    assert len(backups(work)) == 1
    assert reset.reset("04", ROOT, work) == [
        f"exercises/{path(ROOT).name} is as the course gives it."
    ]
    assert len(backups(work)) == 1


def test_each_reset_keeps_its_own_backup(work: Path) -> None:
    for _ in range(2):
        reset.reset("04.1", ROOT, work)
        path(work).write_text(path(work).read_text("utf8").replace("# 04", "# My 04"), "utf8")
        reset.reset("04", ROOT, work)
    assert len(backups(work)) == 4


def test_reset_brings_a_missing_copy(work: Path) -> None:
    path(work).unlink()
    assert reset.reset("04", ROOT, work) == [f"Added exercises/{path(ROOT).name}."]
    assert mine(work) == 0


def test_an_answer_that_is_no_python_can_be_reset(work: Path) -> None:
    before = mine(work)
    notebook = exercises(work)
    for cell in notebook.cells:
        cell.source = cell.source.replace("return 'mine'", "return 'mine' ((")
    nbformat.write(notebook, path(work))
    reset.reset("04.1", ROOT, work)
    assert mine(work) == before - 1


def test_reset_of_all(work: Path) -> None:
    path(work).with_name("05_own.ipynb").write_text("{}", "utf8")
    lesson = work / "notebooks" / "00_start_here.ipynb"
    run = lesson.read_text("utf8").replace('"outputs": [', '"outputs": [ ', 1)
    lesson.write_text(run, "utf8")  # outputs of one's own, and nothing written
    assert reset.reset_all(ROOT, work) == [
        f"Kept beside it: exercises/{backups(work)[0].name}",
        "Reset 2 notebooks. Everything is as the course gives it.",
    ]
    assert mine(work) == 0
    assert len(backups(work)) == 1
    assert path(work).with_name("05_own.ipynb").exists()
    assert lesson.read_bytes() == workspace.given_content(ROOT / "notebooks" / lesson.name)
    assert reset.reset_all(ROOT, work)[0].startswith("Reset 0 notebooks.")
    assert workspace.update(ROOT, work) == []


@pytest.mark.parametrize("words", [["reset"], ["reset", "04", "--all"]])
def test_reset_wants_to_know_what(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 2
    assert capsys.readouterr().err == "Say what to reset: 04, 04.2, notebooks/04 or --all.\n"


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("4", "'4' is neither a chapter, as 04, nor an exercise, as 04.2."),
        ("../../etc", "'../../etc' is neither a chapter"),
        ("notebooks/04.1", "'notebooks/04.1' is neither a chapter"),
        ("77", "There is no exercises/77_*.ipynb in the course."),
        ("04.99", "There is no exercise 04.99 in exercises/04_"),
    ],
)
def test_what_cannot_be_reset(what: str, says: str, work: Path) -> None:
    with pytest.raises(reset.CannotReset) as caught:
        reset.reset(what, ROOT, work)
    assert str(caught.value).startswith(says)
    assert backups(work) == []


@pytest.mark.parametrize("content", ["{", '{"cells": [], "nbformat": 4}'])
def test_a_copy_in_which_the_exercise_is_not_found(content: str, work: Path) -> None:
    path(work).write_text(content)
    with pytest.raises(reset.CannotReset, match="Reset all of it: course reset 04"):
        reset.reset("04.1", ROOT, work)


def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reset", "nonsense"]) == 1
    assert "'nonsense' is neither a chapter" in capsys.readouterr().err
