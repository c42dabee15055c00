"""The copy that is shown to a room: without outputs, with notes, and with what the speaker changed."""

from datetime import date
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tutor.stage.present import prepare
from tutor.stage.slides import CannotShow


def words(source: str, kind: str | None = None) -> NotebookNode:
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}} if kind else {})


def store(path: Path, *cells: NotebookNode) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def code(source: str, **more: object) -> NotebookNode:
    outputs = [new_output("stream", text="an answer\n")]
    return new_code_cell(source, outputs=outputs, execution_count=1, **more)


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    return store(
        tmp_path / "notebooks" / "04_it.ipynb",
        words("# 04 · It"),
        words("## 1. First", "slide"),
        words("Goal. All of it.", "notes"),
        code("print(1)"),
        words("It was one."),
        words("More", "subslide"),
        code("print(2)"),
    )


def shown(path: Path) -> list[tuple[str, str]]:
    cells = nbformat.read(path, as_version=4).cells
    return [(c.source, c.metadata.get("slideshow", {}).get("slide_type", "")) for c in cells]


def test_a_room_meets_the_question_first(lesson: Path, tmp_path: Path) -> None:
    copy, said = prepare(lesson, tmp_path / "present")
    assert said == []
    assert copy == tmp_path / "present" / "04_it.ipynb"
    assert shown(copy) == [
        ("# 04 · It", ""),
        ("## 1. First", "slide"),
        ("Goal. All of it.", "notes"),
        ("print(1)", ""),
        ("It was one.", "fragment"),
        ("More", "subslide"),
        ("Goal. All of it.", "notes"),
        ("print(2)", ""),
    ]
    outputs = [cell.get("outputs", []) for cell in nbformat.read(copy, as_version=4).cells]
    assert not any(outputs)
    copy, _ = prepare(lesson, tmp_path / "present", with_outputs=True)
    outputs = [cell.get("outputs", []) for cell in nbformat.read(copy, as_version=4).cells]
    assert sum(map(bool, outputs)) == 2


def test_the_answers_are_folded(tmp_path: Path) -> None:
    task = (
        '@exercise("04.1")\ndef one():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION'
    )
    source = store(
        tmp_path / "solutions" / "04_it.ipynb",
        words("# 04 · It: exercises"),
        code("%load_ext tutor"),
        words("## 04.1 One"),
        code(task),
    )
    copy, _ = prepare(source, tmp_path / "present")
    assert copy.name == "solutions_04_it.ipynb"
    assert shown(copy) == [
        ("# 04 · It: exercises", "slide"),
        ("%load_ext tutor", ""),
        ("## 04.1 One", "slide"),
        ('@exercise("04.1")\ndef one():\n    ...', ""),
        ('@exercise("04.1")\ndef one():\n    return 1', "subslide"),
    ]
    hidden = [c.metadata.get("jupyter") for c in nbformat.read(copy, as_version=4).cells]
    assert hidden == [None, None, None, None, {"source_hidden": True}]


def change(copy: Path, source: str) -> None:
    own = nbformat.read(copy, as_version=4)
    own.cells[3].source = source
    own.cells[3].outputs = [new_output("stream", text="of the last session\n")]
    nbformat.write(own, copy)


def test_what_the_speaker_changed_is_kept(lesson: Path, tmp_path: Path) -> None:
    folder = tmp_path / "present"
    copy, _ = prepare(lesson, folder)
    change(copy, "print('mine')")
    for _ in range(2):
        _, said = prepare(lesson, folder)
        assert said == ["This is your own present/04_it.ipynb; --fresh takes the course's again."]
        own = nbformat.read(copy, as_version=4).cells[3]
        assert (own.source, own.outputs) == ("print('mine')", [])
    _, said = prepare(lesson, folder, fresh=True)
    beside = folder / f"04_it (backup {date.today()}).ipynb"
    assert said == [f"Your changes are kept beside it: {beside.name}"]
    assert ("print('mine')", "") in shown(beside)
    assert ("print(1)", "") in shown(copy)


def test_an_unchanged_copy_follows_the_course(lesson: Path, tmp_path: Path) -> None:
    folder = tmp_path / "present"
    copy, _ = prepare(lesson, folder)
    store(lesson, words("# 04 · It, again"))
    assert prepare(lesson, folder) == (copy, [])
    assert shown(copy) == [("# 04 · It, again", "slide")]


def test_a_copy_that_is_no_notebook_gets_a_sentence(lesson: Path, tmp_path: Path) -> None:
    copy, _ = prepare(lesson, tmp_path / "present")
    copy.write_text("{", "utf-8")
    with pytest.raises(CannotShow, match=r"cannot be read as a notebook. Remove it"):
        prepare(lesson, tmp_path / "present")
