"""A notebook prints the same when it is run again, and when another kernel runs it beside."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.notebooks.kernels import Kernel, Kernels
from tutor.author.notebooks import code_cells, merge_streams, notebooks, shown


def said(outputs: list[NotebookNode]) -> list[Any]:
    """What outputs say, without the numbers of their runs. Pictures may differ by a bit."""
    return [
        [output.text, output.name]
        if output.output_type == "stream"
        else [output.ename, output.evalue]
        if output.output_type == "error"
        else {kind: data for kind, data in output.data.items() if not kind.startswith("image/")}
        for output in merge_streams(outputs)
    ]


def differences(notebook: NotebookNode, kernels: list[Kernel]) -> Iterator[str]:
    """Run a notebook twice in each kernel, all kernels at the same cell; compare with its outputs."""
    for again in (False, True):
        for number, cell in enumerate(code_cells(notebook), start=1):
            sent = [(kernel, kernel.execute_cell_input(cell.source)) for kernel in kernels]
            found = [said(kernel.outputs(message)) for kernel, message in sent]
            if "varies" in cell.metadata.get("tags", ()):
                continue
            for which, output in enumerate(found, start=1):
                if output != (wanted := said(cell.outputs)):
                    when = "run again in" if again else "run in"
                    yield f"cell {number}, {when} kernel {which} of {len(kernels)}:\n{output}\nstored:\n{wanted}"


@pytest.fixture(scope="module")
def kernels(request: pytest.FixtureRequest) -> Iterator[Kernels]:
    """Two for each notebook that is due, started while the notebook before it runs."""
    due = [
        str(cast(Path, item.callspec.params["path"]).parent)
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_notebook.__name__
        for _ in range(2)
    ]
    found = Kernels(due, ahead=2)
    yield found
    found.close()


@pytest.mark.parametrize("path", notebooks(), ids=shown)
def test_notebook(path: Path, kernels: Kernels) -> None:
    pair = [kernels.take(cwd=str(path.parent)) for _ in range(2)]
    try:
        found = list(differences(nbformat.read(path, as_version=4), pair))
    finally:
        for kernel in pair:
            kernel.stop()
    assert not found, "\n\n".join(found)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[list[Kernel]]:
    found = Kernels([str(tmp_path)] * 2, ahead=2)
    pair = [found.take(cwd=str(tmp_path)) for _ in range(2)]
    yield pair
    for kernel in pair:
        kernel.stop()
    found.close()


def test_what_is_found(pair: list[Kernel]) -> None:
    """A notebook that remembers its first run, and one that shares a file with its neighbour."""

    def cell(source: str, text: str) -> NotebookNode:
        output = new_output("stream", name="stdout", text=text)
        cell: NotebookNode = new_code_cell(source, outputs=[output])
        return cell

    same = cell("a, b = 'ab'\nprint(a, flush=True)\nprint(b)", "a\nb\n")
    remembers = cell("print('n' in globals())\nn = 1", "False\n")
    shares = cell(
        "from pathlib import Path\n"
        "try:\n"
        "    Path('shared').touch(exist_ok=False)\n"
        "    print('first')\n"
        "except FileExistsError:\n"
        "    print('second')",
        "first\n",
    )
    found = list(differences(new_notebook(cells=[same, remembers, shares]), pair))
    where = {fault.partition(":")[0] for fault in found}
    again = {f"cell {n}, run again in kernel {k} of 2" for n in (2, 3) for k in (1, 2)}
    assert again < where
    assert len(where - again) == 1  # the one of the two that came second to the file
    assert next(iter(where - again)).startswith("cell 3, run in kernel")
