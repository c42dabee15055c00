"""`course exercise new`: both places of an exercise, as a draft that lacks only words."""

import shutil
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tutor.author import build, lint
from tutor.author.new_exercise import CannotBegin, begin
from tutor.judge import solutions
from tutor.judge.judging import judge
from tutor.paths import ROOT


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of what a new exercise touches."""
    folder = "ch04_forward_and_reverse"
    shutil.copytree(ROOT / "checks" / folder, tmp_path / "checks" / folder)
    (tmp_path / "solutions").mkdir()
    shutil.copy(ROOT / "solutions" / "04_forward_and_reverse.ipynb", tmp_path / "solutions")
    return tmp_path


def draft(check: Path) -> Any:
    spec = spec_from_file_location("draft", check)
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.head_count  # type: ignore[attr-defined]


def test_the_draft_lacks_nothing_but_words(course: Path) -> None:
    check, notebook = begin("04.19", "head_count", course)
    task = draft(check)
    assert list(lint._of(task)) == []
    assert lint._line_to_do(check.read_text("utf8")) == 1
    cell = nbformat.read(notebook, as_version=4).cells[-2]
    assert build.cut(cell.source).endswith("    ...")
    assert lint._line_to_do(cell.source) == 3


def test_the_draft_is_proved_by_its_own_answers(course: Path) -> None:
    task = draft(begin("04.19", "head_count", course)[0])
    for answer in task.right_answers:
        assert judge(task, answer).word == "correct"
    for wrong in task.wrong_answers:
        verdict = judge(task, wrong.answer)
        assert verdict.word == "not yet"
        assert wrong.says in verdict.message


def test_the_notebook_keeps_its_other_cells(course: Path) -> None:
    path = course / "solutions" / "04_forward_and_reverse.ipynb"
    before = nbformat.read(path, as_version=4)
    begin("04.19", "head_count", course)
    after = nbformat.read(path, as_version=4)
    nbformat.validate(after)
    assert [cell.id for cell in after.cells[-3:]] == ["task-19", "answer-19", "end"]
    del after.cells[-3:-1]
    assert after == before


@pytest.mark.parametrize(
    ("id", "name", "says"),
    [
        ("04.18", "head_count", "04.18 is there already: checks/ch04_"),
        ("04.21", "head_count", "The next exercise of chapter 04 is 04.19."),
        ("4.19", "head_count", "Write it like 04.19."),
        ("44.1", "head_count", "There is no chapter 44 with exercises."),
        ("04.19", "Head Count", "Write it like open_orders."),
    ],
)
def test_what_cannot_begin_is_refused(id: str, name: str, says: str, course: Path) -> None:
    before = sorted(course.rglob("*"))
    with pytest.raises(CannotBegin) as refused:
        begin(id, name, course)
    assert says in str(refused.value).replace("\\", "/")
    assert sorted(course.rglob("*")) == before


def test_lint_says_what_is_still_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    worked = solutions.worked("04.1")
    assert worked
    unfinished = solutions.Worked(**vars(worked) | {"cell": worked.cell + "# TODO: shorter"})
    monkeypatch.setattr(solutions, "worked", lambda id: unfinished)
    assert list(lint._to_do("04.1")) == ["its cell in solutions/ still says TODO."]
