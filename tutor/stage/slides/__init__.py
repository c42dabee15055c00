"""Lessons as slides that any browser shows, with the network off: see `course slides --help`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from copy import deepcopy
from html import escape
from pathlib import Path
from typing import Any, cast

import nbformat
from nbformat import NotebookNode

from tutor.desk.catching_up import section_of
from tutor.paths import ROOT

HERE = Path(__file__).parent
ASSETS = [HERE / "slides.css", HERE / "slides.js", *sorted((HERE / "vendor").glob("*.*s"))]


class CannotShow(Exception):
    """What was asked for cannot be shown; str() says why."""


def lessons(course: Path = ROOT) -> list[Path]:
    return sorted((course / "notebooks").glob("*.ipynb"))


def found(name: str, course: Path = ROOT, folders: tuple[str, ...] = ("notebooks",)) -> Path:
    """The notebook "04", or solutions/04, or notebooks/04_forward_and_reverse.ipynb.

    Raises CannotShow.
    """
    folder = Path(name).parent.name or folders[0]
    there = sorted((course / folder).glob("[0-9][0-9]_*.ipynb")) if folder in folders else []
    for path in there:
        if Path(name).stem in (path.name[:2], path.stem):
            return path
    known = ", ".join(path.name[:2] for path in there or lessons(course))
    raise CannotShow(f"There is no lesson {name}. The lessons are {known}.")


def write(paths: Iterable[Path], folder: Path) -> None:
    """Write these lessons, what they need, and an index of all that are in the folder."""
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    for asset in ASSETS:
        shutil.copyfile(asset, folder / "assets" / asset.name)
    for path in paths:
        (folder / f"{path.stem}.html").write_text(as_slides(path), encoding="utf-8")
    (folder / "index.html").write_text(index(folder), encoding="utf-8")


def as_slides(path: Path) -> str:
    """One lesson as a page."""
    from nbconvert import SlidesExporter

    exporter = cast(Any, SlidesExporter)(template_file=str(HERE / "page.html.j2"))
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    notebook = for_a_wall(nbformat.read(path, as_version=4))
    resources = {"title": title(notebook), "metadata": {"name": path.stem}}
    page, _ = exporter.from_notebook_node(notebook, resources)
    return str(page)


def for_a_wall(notebook: NotebookNode) -> NotebookNode:
    """Without what does nothing on a wall: cells that catch up, links to files beside the lesson,
    a second blank line."""
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "markdown" or not section_of(cell.source)
    ]
    for cell in notebook.cells:
        cell.source = re.sub(r"\n{3,}", "\n\n", cell.source)
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\((\d\d_\w+)\.ipynb\)", r"](\1.html)", cell.source)
            cell.source = re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", cell.source)
    notebook.cells = staged(notebook.cells)
    return notebook


def staged(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells in the order in which a room meets them.

    A remark under a code cell comes with the next key, so that it does not give the answer away.
    The notes of a section are on each of its slides, so that the speaker has them all along.
    """
    found: list[NotebookNode] = []
    notes: NotebookNode | None = None
    after_code = False
    for number, cell in enumerate(cells):
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        found.append(cell)
        if kind == "notes":
            notes = cell
        elif kind == "slide":
            notes = None
        elif kind == "subslide" and notes:
            found.append(deepcopy(notes))
            found[-1].id = f"notes-{number}"
        if cell.cell_type == "code":
            after_code = True
        elif kind in ("slide", "subslide"):
            after_code = False
        elif kind is None and after_code:
            cell.metadata["slideshow"] = {"slide_type": "fragment"}
            after_code = False
    return found


def title(notebook: NotebookNode) -> str:
    return str(notebook.cells[0].source).partition("\n")[0].lstrip("# ")


def index(folder: Path) -> str:
    """A page that links all lessons of the folder, by the title that each gives itself."""
    items = []
    for path in sorted(folder.glob("[0-9][0-9]_*.html")):
        name = re.search("<title>(.*)</title>", path.read_text("utf-8"))
        items.append(f'<li><a href="{escape(path.name)}">{name[1] if name else path.stem}</a></li>')
    page = (HERE / "index.html").read_text("utf-8")
    return page.replace("<!-- lessons -->", "\n".join(items))
