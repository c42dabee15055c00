"""Derive exercises/ from solutions/: the same notebooks, without the worked answers.

Cells tagged `solution` are left out. What stands between ### BEGIN SOLUTION and ### END SOLUTION
(the markers of nbgrader) becomes `...`, and so does the guess of @predict. A notebook is written
only when it says something new; its outputs are then gone, and `course notebooks` stores new ones.
"""

from __future__ import annotations

import argparse
import ast
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from tutor.judge import solutions
from tutor.paths import ROOT


class BadMarkers(ValueError):
    """Markers that do not come in pairs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a notebook is not up to date"
    )


def run(args: argparse.Namespace) -> int:
    try:
        said = stale() if args.check else build()
    except BadMarkers as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\n".join(said) or "exercises/ is up to date.")
    return 1 if args.check and said else 0


def build(course: Path = ROOT) -> list[str]:
    """Write the notebooks that are not up to date. Return a line for each."""
    said = []
    for source, target in _pairs(course):
        if source is None:
            target.unlink()
            said.append(f"Removed exercises/{target.name}: solutions/ has no such notebook.")
        elif not _is_fresh(source, target):
            target.parent.mkdir(exist_ok=True)
            text = nbformat.writes(derive(_read(source), source.name)).rstrip("\n") + "\n"
            target.write_bytes(text.encode())
            said.append(
                f"Wrote exercises/{target.name}. "
                f"Store its outputs: course notebooks exercises/{target.name}"
            )
    return said


def stale(course: Path = ROOT) -> list[str]:
    """A sentence for each notebook of exercises/ that differs from what solutions/ says."""
    return [
        f"exercises/{target.name} does not follow solutions/{target.name}: run `course build`."
        for source, target in _pairs(course)
        if source is None or not _is_fresh(source, target)
    ]


def derive(notebook: NotebookNode, name: str = "the notebook") -> NotebookNode:
    """The exercise notebook of a solution notebook."""
    derived = deepcopy(notebook)
    derived.cells = [
        cell for cell in derived.cells if "solution" not in cell.metadata.get("tags", [])
    ]
    for number, cell in enumerate(derived.cells, start=1):
        if cell.cell_type == "code":
            try:
                cell.source = cut(cell.source)
            except BadMarkers as problem:
                raise BadMarkers(f"solutions/{name}, cell {number}: {problem}") from None
            cell.outputs, cell.execution_count = [], None
    return derived


def cut(cell: str) -> str:
    """The cell without its answer."""
    lines: list[str] = []
    inside = False
    for line in cell.splitlines():
        mark = line.strip()
        if mark in (solutions.BEGIN, solutions.END):
            if inside == (mark == solutions.BEGIN):
                raise BadMarkers("BEGIN SOLUTION and END SOLUTION do not come in pairs.")
            inside = not inside
            if inside:
                lines.append(line[: len(line) - len(line.lstrip())] + "...")
        elif not inside:
            lines.append(line)
    if inside:
        raise BadMarkers("BEGIN SOLUTION has no END SOLUTION.")
    return _cut_guess("\n".join(lines))


def _cut_guess(cell: str) -> str:
    try:
        tree = ast.parse(cell)
    except SyntaxError:  # A magic.
        return cell
    for _, call in solutions.calls(tree):
        if len(call.args) > 1:
            guess: Any = call.args[1]
            rows = cell.encode().splitlines(keepends=True)
            first = sum(map(len, rows[: guess.lineno - 1])) + guess.col_offset
            last = sum(map(len, rows[: guess.end_lineno - 1])) + guess.end_col_offset
            raw = cell.encode()
            return (raw[:first] + b"..." + raw[last:]).decode()
    return cell


def _pairs(course: Path) -> list[tuple[Path | None, Path]]:
    """Each notebook of solutions/ with its exercise notebook; None for one without a source."""
    sources = {path.name: path for path in (course / "solutions").glob("*.ipynb")}
    targets = {path.name for path in (course / "exercises").glob("*.ipynb")}
    return [
        (sources.get(name), course / "exercises" / name)
        for name in sorted(sources.keys() | targets)
    ]


def _is_fresh(source: Path, target: Path) -> bool:
    wanted = derive(_read(source), source.name)
    return target.exists() and _said(wanted) == _said(_read(target))


def _said(notebook: NotebookNode) -> Any:
    """All but outputs and counts."""
    bare = deepcopy(notebook)
    for cell in bare.cells:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)
    return bare


def _read(path: Path) -> NotebookNode:
    notebook: NotebookNode = nbformat.reads(path.read_text("utf8"), as_version=4)
    return notebook
