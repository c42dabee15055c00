"""Every notebook passes every guard, and every guard finds the fault that it is for."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.notebooks.guards import GUARDS, broken_links
from tutor.author.notebooks import CELL_LIMIT, FOLDERS, METADATA, notebooks, shown
from tutor.paths import ROOT


@pytest.mark.parametrize("path", notebooks(), ids=shown)
def test_notebook(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    faults = [fault for guard in GUARDS for fault in guard(path, notebook)]
    assert not faults, "\n".join(faults)


def test_every_output_is_compared(pytestconfig: pytest.Config) -> None:
    """The settings in pyproject.toml are what makes the notebooks part of a plain `pytest`."""
    option = pytestconfig.option
    assert option.nbval
    assert option.nbval_current_env
    assert option.nbval_cell_timeout == CELL_LIMIT
    assert not option.nbval_lax
    assert not option.nbval_sanitize_with
    assert set(FOLDERS) < set(pytestconfig.getini("testpaths"))


def test_readme_links() -> None:
    readme = ROOT / "README.md"
    assert list(broken_links(readme.read_text(encoding="utf-8"), ROOT)) == []


PATH = ROOT / "notebooks" / "00_example.ipynb"


def example(
    source: str = "print('hello')", *, count: int | None = 2, output: str = "hello\n", **meta: Any
) -> NotebookNode:
    """A notebook without fault, but for what is asked for."""
    cells = [
        new_markdown_cell("See [the licence](../LICENSE), `[not](a link)` and [a page](#top)."),
        new_code_cell("%load_ext glass", execution_count=1),
        new_code_cell(
            source,
            execution_count=count,
            metadata=meta,
            outputs=[new_output("stream", name="stdout", text=output)],
        ),
    ]
    notebook: NotebookNode = new_notebook(metadata=METADATA, cells=cells)
    return notebook


def with_markdown(text: str) -> NotebookNode:
    notebook = example()
    notebook.cells.append(new_markdown_cell(text))
    return notebook


def with_metadata(**metadata: Any) -> NotebookNode:
    notebook = example()
    notebook.metadata.update(metadata)
    return notebook


def without_first_cell() -> NotebookNode:
    notebook = example(count=1)
    del notebook.cells[1]
    return notebook


@pytest.mark.parametrize(
    "notebook",
    [
        example(),
        example("\n".join(["1"] * 30)),
        example("# NBVAL_IGNORE_OUTPUT\n1", tags=["varies"], reason="a time in seconds"),
        example(tags=["solution"], slideshow={"slide_type": "slide"}),
        example(output="GET /home/ at 10x, /users/amelie, object at 0"),
        with_markdown("[more](https://docs.djangoproject.com/) ![x](attachment:x.png)"),
    ],
)
def test_a_good_notebook_passes(notebook: NotebookNode) -> None:
    assert [fault for guard in GUARDS for fault in guard(PATH, notebook)] == []


@pytest.mark.parametrize(
    ("notebook", "fault"),
    [
        (example(count=None), "cell 2 is stored as run number None"),
        (example(count=3), "cell 2 is stored as run number 3"),
        (example("# NBVAL_IGNORE_OUTPUT\n1"), "cell 2 hides its output"),
        (example("%%capture\n1"), "cell 2 hides its output"),
        (example(tags=["nbval-ignore-output"]), "cell 2 hides its output"),
        (example(tags=["nbval-ignore-output", "varies"], reason=" "), "cell 2 hides its output"),
        (example(tags=["raises-exception"]), "cell 2 is skipped, or is allowed to raise"),
        (example("#NBVAL_SKIP\n1"), "cell 2 is skipped, or is allowed to raise"),
        (with_metadata(widgets={}), "the notebook's metadata is not"),
        (example(execution={"iopub": "now"}), "cell 3 of all cells has the metadata execution"),
        (example(output="<object object at 0x7f01>"), "cell 2 has at 0x7f01 in its output"),
        (example(output=f"{ROOT / 'x.py'}: warning"), f"cell 2 has {ROOT} in its output"),
        (example(output=f"{Path.home() / 'x'}"), f"cell 2 has {Path.home()} in its output"),
        (example(output="ipykernel_12: line 1"), "cell 2 has ipykernel_12 in its output"),
        (example(output="C:\\Users\\ada\\x"), "cell 2 has C:\\Users\\ada in its output"),
        (example("\n".join(["1"] * 31)), "cell 2 has 31 lines"),
        (with_markdown("[no](../no.md#here)"), "the link to ../no.md#here leads to no file"),
        (with_markdown('<img src="no.png">'), "the link to no.png leads to no file"),
        (with_markdown("[n]: no.ipynb"), "the link to no.ipynb leads to no file"),
        (without_first_cell(), "the first code cell is not the one line %load_ext glass"),
        (example(" \n"), "cell 2 is empty"),
    ],
)
def test_a_fault_is_found(notebook: NotebookNode, fault: str) -> None:
    faults = [fault for guard in GUARDS for fault in guard(PATH, notebook)]
    assert len(faults) == 1
    assert faults[0].startswith(fault)


@pytest.mark.parametrize("name", ["example.ipynb", "4_example.ipynb", "04-example.ipynb"])
def test_a_name_without_number_is_found(name: str) -> None:
    faults = [fault for guard in GUARDS for fault in guard(PATH.with_name(name), example())]
    assert faults == ["the name is not of the form 04_forward_and_reverse.ipynb"]


@pytest.mark.parametrize("folder", ["exercises", "solutions"])
def test_an_exercise_begins_with_tutor(folder: str) -> None:
    path = ROOT / folder / PATH.name
    faults = [fault for guard in GUARDS for fault in guard(path, example())]
    assert faults == ["the first code cell is not the one line %load_ext tutor"]
