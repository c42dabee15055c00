"""A section can be begun alone: its first cell brings a kernel to the state that it needs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.error import UsageError
from nbformat import NotebookNode

from tests.notebooks.kernels import Kernel, Kernels
from tests.notebooks.test_twice import said
from tutor.author.notebooks import notebooks, shown
from tutor.desk.catching_up import cells_around, is_there, section_of

LESSONS = [path for path in notebooks() if path.parent.name == "notebooks"]
CAUGHT_UP = "Caught up: the cells above were run as the lesson has them, on fresh rows.\n"


def sections(notebook: NotebookNode) -> dict[int, list[NotebookNode]]:
    """Number of a section -> its code cells. Each begins with the cell that has minutes."""
    found: dict[int, list[NotebookNode]] = {}
    for cell in notebook.cells:
        if "minutes" in cell.metadata:
            found[len(found) + 1] = []
        elif found and cell.cell_type == "code":
            found[len(found)].append(cell)
    return found


@pytest.mark.parametrize("path", LESSONS, ids=shown)
def test_each_section_begins_with_its_cell(path: Path) -> None:
    for number, cells in sections(nbformat.read(path, as_version=4)).items():
        if number > 1 and cells:
            assert section_of(cells[0].source) == f"{path.name[:2]}.{number}"
            assert cells[0].metadata.jupyter.source_hidden
            assert cells[0].outputs == []


@pytest.fixture(scope="module")
def kernels(request: pytest.FixtureRequest) -> Iterator[Kernels]:
    due = [
        str(LESSONS[0].parent)
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_sections_alone.__name__
    ]
    found = Kernels(due, ahead=1)
    yield found
    found.close()


def run(kernel: Kernel, cell: NotebookNode) -> list[Any]:
    return said(kernel.outputs(kernel.execute_cell_input(cell.source)))


@pytest.mark.parametrize("path", LESSONS, ids=shown)
def test_sections_alone(path: Path, kernels: Kernels) -> None:
    """The last one in a new kernel, then the one before it: nothing that is there is of use."""
    found = sections(nbformat.read(path, as_version=4))
    kernel = kernels.take(cwd=str(path.parent))
    try:
        for number, cells in reversed(found.items()):
            if number == 1 or not cells:
                continue
            assert run(kernel, cells[0]) == [[CAUGHT_UP, "stdout"]], f"section {number}"
            for cell in cells[1:]:
                output = run(kernel, cell)
                if "varies" not in cell.metadata.get("tags", ()):
                    assert output == said(cell.outputs), f"section {number}:\n{cell.source}"
    finally:
        kernel.stop()


def test_whether_the_cells_above_were_run() -> None:
    def there(*ran: str, caught_up: tuple[int, int] = (0, 0)) -> bool:
        return is_there(["a", "b", "c"], {"d", "e"}, list(ran), caught_up)

    assert there("a", "b", "c")
    assert there("a", "x", "b", "c", "y")
    assert there("c", "a", "b", "c")
    assert there("a", "b", "c", "d", "e", "a", "b", "c")
    assert not there("a", "c", "b")
    assert not there("b", "c")
    assert is_there(["a", "c"], {"c", "d"}, ["a", "c"])  # the same cell above and below
    assert not there("a", "b", "c", "d")  # the section itself: its rows are no longer fresh
    assert there("x", "c", caught_up=(1, 2))
    assert not there("x", "a", "b", caught_up=(1, 2))
    assert not there("c", "x", caught_up=(1, 2))
    assert not there("x", "d", caught_up=(1, 3))


def test_which_cells_are_above(tmp_path: Path) -> None:
    def code(source: str, *tags: str) -> dict[str, Any]:
        lines = source.splitlines(keepends=True)
        return {"cell_type": "code", "source": lines, "metadata": {"tags": list(tags)}}

    cells = [
        code("%load_ext glass"),
        {"cell_type": "markdown", "source": ["no code"]},
        code("a = 1\na + 1"),
        code('from tutor import catch_up\n\nawait catch_up("04.2")'),
        code("b = a"),
        code("slow_plot()", "aside"),
        code("a = 1\na + 1"),
        code('from tutor import catch_up\n\nawait catch_up("04.3")'),
    ]
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "04_it.ipynb").write_text(json.dumps({"cells": cells}))
    above = ["%load_ext glass", "a = 1\na + 1", "b = a"]
    assert cells_around("04.3", tmp_path) == ([*above, above[1]], set())
    assert cells_around("04.2", tmp_path) == (above[:2], {"b = a", "slow_plot()"})
    for wrong in ("04.7", "05.1", "four"):
        with pytest.raises(UsageError, match="There is no section"):
            cells_around(wrong, tmp_path)
