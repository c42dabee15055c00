"""`course notebooks`: what it stores, and what it refuses."""

import argparse
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tutor.author import notebooks
from tutor.paths import ROOT


def course_notebooks(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    notebooks.add_arguments(parser)
    return notebooks.run(parser.parse_args([str(word) for word in words]))


def write(path: Path, *sources: str) -> Path:
    cells = [new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_stores_the_same_bytes_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.ipynb"
    written = new_notebook(
        metadata={"kernelspec": {"name": "other", "display_name": "Other"}, "widgets": {}},
        cells=[
            new_markdown_cell("# é", id="title", metadata={"slideshow": {"slide_type": "slide"}}),
            new_code_cell(
                "import os, pathlib\n"
                "for n in range(3):\n"
                "    print(n, flush=True)\n"
                "print(pathlib.Path('one.ipynb').exists())\n"
                "print(os.environ['GLASS_TIMES'])",
                id="prints",
                execution_count=7,
                metadata={"tags": [], "execution": {"iopub.status.busy": "now"}, "scrolled": True},
            ),
            new_code_cell(
                "import sys\nprint('careful', file=sys.stderr)\nprint('out')\n6 * 7",
                id="result",
                metadata={"tags": ["varies"], "reason": "none", "collapsed": False},
            ),
        ],
    )
    nbformat.write(written, path)

    assert course_notebooks("--check", path) == 1
    assert capsys.readouterr().out == f"{path.as_posix()}  would change\n"
    assert nbformat.read(path, 4) == written

    assert course_notebooks(path) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{path.as_posix()}  stored\n"
    assert printed.err == f"{path.as_posix()}, cell 2 writes to stderr: careful\n"
    first = path.read_bytes()
    assert b"\r" not in first
    assert first.endswith(b"}\n")

    assert course_notebooks(path) == 0
    assert path.read_bytes() == first
    assert course_notebooks("--check", path) == 0
    assert capsys.readouterr().out == f"{path.as_posix()}  unchanged\n" * 2

    stored = nbformat.read(path, 4)
    assert stored.metadata == notebooks.METADATA
    title, prints, result = stored.cells
    assert [cell.id for cell in stored.cells] == ["title", "prints", "result"]
    assert title.metadata == {"slideshow": {"slide_type": "slide"}}
    assert prints.metadata == {}
    assert result.metadata == {"tags": ["varies"], "reason": "none"}
    assert [cell.execution_count for cell in (prints, result)] == [1, 2]
    assert prints.outputs == [
        new_output("stream", name="stdout", text="0\n1\n2\nTrue\noff\n"),
    ]
    assert [output.get("name", output.output_type) for output in result.outputs] == [
        *("stdout", "stderr", "execute_result")
    ]


def test_a_cell_that_varies_keeps_its_output(tmp_path: Path) -> None:
    """Until its author clears it; another cell is stored anew each time."""
    path = tmp_path / "one.ipynb"
    source = "import os\nprint(os.urandom(8).hex())\nos.urandom(8).hex()"
    write(path, source, source, source)
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells[:2]:
        cell.metadata.update(tags=["nbval-ignore-output", "varies"], reason="random")
    nbformat.write(notebook, path)

    def stored() -> list[list[NotebookNode]]:
        assert course_notebooks(path) == 0
        return [cell.outputs for cell in nbformat.read(path, 4).cells]

    first = stored()
    assert [len(outputs) for outputs in first] == [2, 2, 2]
    second = stored()
    assert second[:2] == first[:2]
    assert second[2] != first[2]

    notebook = nbformat.read(path, 4)
    notebook.cells[0].outputs = []
    notebook.cells.insert(1, new_code_cell("1", id="inserted"))
    nbformat.write(notebook, path)
    cleared, _, moved, _ = stored()
    assert cleared != second[0]
    text, result = moved
    assert text == second[1][0]
    assert (result.data, result.execution_count) == (second[1][1].data, 3)


def test_several_notebooks_keep_their_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = write(tmp_path / "a.ipynb", "import time\ntime.sleep(0.5)\nprint('a')")
    wrong = write(tmp_path / "b.ipynb", "print('b')", "{}['key']")
    good = write(tmp_path / "c.ipynb", "print('c')")
    before = wrong.read_bytes()
    assert course_notebooks(slow, wrong, good) == 1
    printed = capsys.readouterr()
    assert printed.out == f"{slow.as_posix()}  stored\n{good.as_posix()}  stored\n"
    assert printed.err == f"{wrong.as_posix()}, cell 2 raised KeyError: 'key'.\n"
    assert wrong.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("import os\nos._exit(1)", "cell 1 ended the kernel."),
        ("import time\ntime.sleep(60)", "cell 1 ran longer than 1 seconds."),
        ("object()", "cell 1 prints at 0x"),
        (f"print({str(ROOT / 'glass')!r})", f"cell 1 prints {ROOT}, which"),
        ("import warnings\nwarnings.warn('old')", "cell 1 prints ipykernel_"),
    ],
)
def test_what_is_refused(
    source: str,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notebooks, "CELL_LIMIT", 1)
    path = write(tmp_path / "one.ipynb", source)
    before = path.read_bytes()
    assert course_notebooks(path) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(f"{path.as_posix()}, {sentence}")
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.ipynb", None, "is no notebook: name a file that ends in .ipynb."),
        ("one.py", b"1", "is no notebook: name a file that ends in .ipynb."),
        ("half.ipynb", b'{"cells": [', "cannot be read as a notebook: bring it back with git."),
        ("bytes.ipynb", b"\xff", "cannot be read as a notebook: bring it back with git."),
        ("other.ipynb", b"{}", "cannot be read as a notebook: bring it back with git."),
        ("list.ipynb", b"[]", "cannot be read as a notebook: bring it back with git."),
    ],
)
def test_what_is_no_notebook(
    name: str,
    content: bytes | None,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert course_notebooks(path) == 1
    assert capsys.readouterr().err == f"{path.as_posix()} {sentence}\n"


def stream(text: str, name: str = "stdout") -> NotebookNode:
    output: NotebookNode = new_output("stream", name=name, text=text)
    return output


def test_streams_are_merged_between_displays() -> None:
    shown = new_output("display_data", data={"text/plain": "shown"})
    pieces = [stream("a"), stream("e", "stderr"), stream("b"), shown, stream("c"), stream("d")]
    assert notebooks.merge_streams(pieces) == [
        *(stream("ab"), stream("e", "stderr"), shown, stream("cd"))
    ]
