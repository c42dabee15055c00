"""Open a lesson as slides in JupyterLab: its cells can be edited and run, before a room.

course present 04             lesson 04
course present solutions/04   the exercises of chapter 04, each with its answer folded under it

Click the slide once. Space goes on, Shift and Space back. Ctrl and Enter runs a cell; Esc leaves its
text, so that keys are commands again. T opens a second window with the speaker's notes, the next
slide and a clock.

What is shown is a copy in workspace/present/, without outputs: the room can guess before you run.
Changes that you make there are kept for the next time; --fresh sets them aside and begins again.
Nothing leaves this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from tutor.author.build import cut
from tutor.desk import lab, reset, wheels, workspace
from tutor.judge import solutions
from tutor.paths import WORKSPACE
from tutor.stage.slides import HERE, CannotShow, found, staged

FOLDER = WORKSPACE / "present"
# What jupyterlab-rise reads from a notebook: https://rise.readthedocs.io/en/stable/customize.html
RISE = {
    "theme": "serif",  # the one that asks for no font; rise.css chooses those of the machine
    "transition": "none",
    "start_slideshow_at": "beginning",
    "center": False,
    "margin": 0,
    "slideNumber": "c/t",
    "controls": False,
    "show_buttons_on_startup": False,
}
# The browser keeps to this machine, whatever a theme or a cell's output asks for.
HERE_ONLY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval' "
    "http://127.0.0.1:* ws://127.0.0.1:* http://localhost:* ws://localhost:*; frame-ancestors 'self'"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lesson", metavar="04")
    parser.add_argument("--with-outputs", action="store_true", help="show the stored outputs")
    parser.add_argument("--fresh", action="store_true", help="set your own changes aside")
    lab.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    try:
        source = found(args.lesson, folders=("notebooks", "solutions"))
        wheels.need("jupyterlab-rise", "jupyterlab_rise")
        copy, said = prepare(source, FOLDER, args.with_outputs, args.fresh)
    except (CannotShow, wheels.CannotInstall) as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(workspace.not_writable(error), file=sys.stderr)
        return 1
    for line in said:
        print(line)
    if sentence := lab.unusable(args.port):
        print(sentence, file=sys.stderr)
        return 1
    os.environ["COURSE_PROGRESS"] = ":memory:"  # what is shown to a room is nobody's own work
    os.environ["GLASS_MERMAID"] = "markdown"  # jupyterlab-rise draws it nowhere else
    headers = {"headers": {"Content-Security-Policy": HERE_ONLY}}
    page = f"/rise/{copy.relative_to(WORKSPACE).as_posix()}"
    lab.serve(args, page, {"ServerApp.tornado_settings": headers})
    return 0


def prepare(
    source: Path, folder: Path, with_outputs: bool = False, fresh: bool = False
) -> tuple[Path, list[str]]:
    """Lay the copy that is shown into the folder; return it, and what there is to say.

    A copy with changes of the instructor's own is shown as it is, less its outputs, until `fresh`
    is asked for; then a dated backup is kept. Raises CannotShow where their copy is no notebook.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "rise.css", folder / "rise.css")
    copy = folder / (
        f"solutions_{source.name}" if source.parent.name == "solutions" else source.name
    )
    given, said = workspace.read_state(folder / workspace.STATE_FILE)
    notebook = as_presented(nbformat.read(source, as_version=4))
    says = _says(notebook)
    if copy.exists() and (own := _read(copy)) is not None:
        if _says(own) in (says, given.get(copy.name, {}).get("says")):
            pass
        elif fresh:
            said.append(f"Your changes are kept beside it: {reset.backup(copy).name}")
        else:
            notebook, says = own, given.get(copy.name, {}).get("says", "")
            said.append(f"This is your own present/{copy.name}; --fresh takes the course's again.")
    if not with_outputs:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
    workspace.write(copy, nbformat.writes(notebook).encode())
    given[copy.name] = {"says": says}
    workspace.write(folder / workspace.STATE_FILE, json.dumps(given, indent=1).encode())
    return copy, said


def as_presented(notebook: NotebookNode) -> NotebookNode:
    """The notebook with what jupyterlab-rise needs; of solutions each answer under its question."""
    notebook.metadata["rise"] = dict(RISE)
    if not any("slideshow" in cell.metadata for cell in notebook.cells):
        notebook.cells = [part for cell in notebook.cells for part in _question_and_answer(cell)]
    notebook.cells = [_plain(cell) for cell in staged(notebook.cells)]
    return notebook


def _plain(cell: NotebookNode) -> NotebookNode:
    """A note as plain text: the speaker's window would show Markdown twice, as it is and drawn."""
    if not workspace.is_note(cell):
        return cell
    text = cell.source.replace("**", "").replace("`", "")
    note: NotebookNode = nbformat.v4.new_raw_cell(text, id=cell.id, metadata=cell.metadata)
    return note


def _question_and_answer(cell: NotebookNode) -> list[NotebookNode]:
    """A slide for each cell of words. A worked exercise comes empty, and once more, folded."""
    if cell.cell_type == "markdown":
        cell.metadata["slideshow"] = {"slide_type": "slide"}
        return [cell]
    question = deepcopy(cell)
    question.source = cut(cell.source)
    if question.source == cell.source:
        return [cell]
    cell.id = f"{cell.id[:50]}-answer"
    cell.metadata["slideshow"] = {"slide_type": "subslide"}
    cell.metadata["jupyter"] = {"source_hidden": True}
    lines = cell.source.splitlines()
    marks = (solutions.BEGIN, solutions.END)
    cell.source = "\n".join(line for line in lines if line.strip() not in marks)
    return [question, cell]


def _says(notebook: NotebookNode) -> str:
    """A digest of what a notebook says to the room and to the speaker; not of its outputs."""
    cells: list[Any] = [
        (cell.cell_type, cell.source.strip(), cell.metadata.get("slideshow"))
        for cell in notebook.cells
        if cell.source.strip()
    ]
    return workspace.digest(json.dumps(cells).encode())


def _read(path: Path) -> NotebookNode | None:
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
    except Exception:  # noqa: BLE001 nbformat raises what comes
        raise CannotShow(
            f"{path} cannot be read as a notebook. Remove it, and give the command again."
        ) from None
    return notebook
