"""exercises/ from solutions/."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tutor.author import build
from tutor.author.build import BadMarkers, cut, derive

ANSWER = '''@exercise("04.1")
def roster():
    """Return it."""
    ### BEGIN SOLUTION
    rows = []
    return rows
    ### END SOLUTION
'''
STUB = '''@exercise("04.1")
def roster():
    """Return it."""
    ...'''


@pytest.fixture
def course(tmp_path: Path) -> Path:
    notebook = new_notebook()
    notebook.cells = [
        new_markdown_cell("# Title", id="title"),
        new_code_cell("%load_ext tutor", id="load", execution_count=1),
        new_code_cell(ANSWER, id="answer", execution_count=2),
        new_code_cell("print(roster())", id="more", metadata={"tags": ["solution"]}),
    ]
    notebook.cells[2].outputs = [new_output("stream", text="correct")]
    (tmp_path / "solutions").mkdir()
    nbformat.write(notebook, tmp_path / "solutions" / "04_relations.ipynb")
    return tmp_path


def read(course: Path) -> nbformat.NotebookNode:
    return nbformat.read(course / "exercises" / "04_relations.ipynb", as_version=4)


def test_the_answer_is_cut(course: Path) -> None:
    (said,) = build.build(course)
    assert said.startswith(
        "Wrote exercises/04_relations.ipynb. Store its outputs: course notebooks"
    )
    cells = read(course).cells
    assert [cell.id for cell in cells] == ["title", "load", "answer"]
    assert cells[2].source == STUB
    assert cells[2].outputs == []
    assert cells[2].execution_count is None


def test_it_is_written_only_when_it_says_something_new(course: Path) -> None:
    build.build(course)
    notebook = read(course)
    notebook.cells[2].outputs = [new_output("stream", text="not attempted")]
    notebook.cells[2].execution_count = 2
    path = course / "exercises" / "04_relations.ipynb"
    nbformat.write(notebook, path)
    before = path.read_bytes()
    assert build.stale(course) == []
    assert build.build(course) == []
    assert path.read_bytes() == before


def test_stale_notebooks_are_named(course: Path) -> None:
    assert "does not follow" in build.stale(course)[0]
    build.build(course)
    notebook = read(course)
    notebook.cells[0].source = "# Another title"
    nbformat.write(notebook, course / "exercises" / "04_relations.ipynb")
    assert "run `course build`" in build.stale(course)[0]
    shutil.rmtree(course / "solutions")
    assert len(build.stale(course)) == 1
    assert build.build(course)[0].startswith("Removed exercises/04_relations.ipynb")
    assert build.stale(course) == []


def test_guesses_are_cut() -> None:
    cell = '@predict("04.2", {})\ndef loop():\n    print("Größe", 61)\n'
    for guess in ("61", '("pre_save", "post_save")', '(\n    "hit",\n    "miss",\n)', '"Größe"'):
        assert cut(cell.format(guess)) == cell.format("...").rstrip("\n")


def test_other_cells_stay(course: Path) -> None:
    for cell in ("%load_ext tutor", "x = 1\ny = 2", "def f():\n    return '### BEGIN'"):
        assert cut(cell) == cell


@pytest.mark.parametrize(
    "cell",
    [
        "### BEGIN SOLUTION\nx = 1",
        "x = 1\n### END SOLUTION",
        "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION",
    ],
)
def test_markers_come_in_pairs(cell: str) -> None:
    with pytest.raises(BadMarkers):
        cut(cell)
    with pytest.raises(BadMarkers, match=r"solutions/04_x\.ipynb, cell 1: "):
        derive(new_notebook(cells=[new_code_cell(cell)]), "04_x.ipynb")


def test_the_course_is_up_to_date() -> None:
    assert build.stale() == []
