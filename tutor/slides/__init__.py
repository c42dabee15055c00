"""Write lessons as slides that any browser shows, with the network off.

course slides                        all lessons, to workspace/slides/
course slides 04 05 --to ~/stick     these two, to a folder of your own
course slides --check 04             does each slide fit? Needs Chromium, Chrome or Edge.

Open index.html. Space goes on: first the code, then what it prints. Esc shows all slides, F fills
the screen, S opens a second window with the speaker's notes and a clock. The outputs are those
stored in the lessons; `course present 04` runs them.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any, cast

import nbformat
from nbformat import NotebookNode

from tutor.catching_up import section_of
from tutor.places import ROOT, WORKSPACE

HERE = Path(__file__).parent
ASSETS = [HERE / "slides.css", HERE / "slides.js", *sorted((HERE / "vendor").glob("*.*s"))]


class CannotShow(Exception):
    """What was asked for cannot be shown; str() says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lessons", nargs="*", metavar="04", help="default: all")
    parser.add_argument("--to", type=Path, metavar="DIR", default=WORKSPACE / "slides")
    parser.add_argument("--check", action="store_true", help="write nothing; say what does not fit")


def run(args: argparse.Namespace) -> int:
    from tutor.slides.measure import unfit

    try:
        paths = [found(lesson) for lesson in args.lessons] or lessons()
        if args.check:
            lines = unfit(paths)
            print("\n".join(lines) or "Every slide fits.")
            return 1 if lines else 0
        write(paths, args.to)
    except CannotShow as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The slides cannot be written: {error}.", file=sys.stderr)
        return 1
    print(f"Open {args.to / 'index.html'}")
    return 0


def lessons(course: Path = ROOT) -> list[Path]:
    return sorted((course / "notebooks").glob("*.ipynb"))


def found(name: str, course: Path = ROOT) -> Path:
    """The lesson "04", also written notebooks/04_forward_and_reverse.ipynb. Raises CannotShow."""
    number = Path(name).name[:2]
    for path in lessons(course):
        if path.name[:2] == number and path.stem.startswith(Path(name).stem):
            return path
    there = ", ".join(path.name[:2] for path in lessons(course))
    raise CannotShow(f"There is no lesson {name}. The lessons are {there}.")


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
    return notebook


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
