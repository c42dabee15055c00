"""Which line asked: from the running frame up to the learner's own code.

A frame is the learner's when it belongs to a notebook cell, to a template, or to a file
that is neither the standard library nor an installed package nor this one.
"""

from __future__ import annotations

import asyncio
import re
import sys
import sysconfig
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import NamedTuple

_CELL = re.compile(r"[\\/]ipykernel_\d+[\\/]|^<ipython-input-")
#: More places than these of one call chain help nobody; the cell's own line is always kept.
_KEPT = 3


class Place(NamedTuple):
    """A line of the learner's: in a cell, in a file or in a template.

    file  the template's name or the file's path; a cell's own file name is not shown
    line  counted from 1, as JupyterLab shows it
    name  the function, or "<module>" for a line outside any function
    """

    file: str
    line: int
    name: str
    kind: str

    @property
    def in_cell(self) -> bool:
        return self.kind == "cell"

    def __str__(self) -> str:
        if self.kind == "template":
            return f"{self.file} line {self.line}"
        where = f"line {self.line}"
        if self.kind == "file":
            where = f"{shorten(self.file)} {where}"
        elif not self.name.startswith("<"):
            where = f"{where} of {self.name}()"
        return where


#: Where a sync_to_async() call was awaited: its thread has no frame of the learner's.
awaited: ContextVar[tuple[Place, ...]] = ContextVar("glass_awaited", default=())

#: Files below these folders are not the learner's own.
_libraries = {
    str(Path(path).resolve())
    for path in (
        *map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib", "scripts")),
        str(Path(__file__).parent),
    )
}
_roots: list[str] = []


class _Kinds(dict[str, str]):
    """File name -> "cell", "file", "template", or "" for library code. Looked up for every frame."""

    def __missing__(self, file: str) -> str:
        kind = self[file] = _kind_of(file)
        return kind


_kinds = _Kinds()


def hide(folder: Path) -> None:
    """Take the files below this folder for library code, not for the learner's."""
    _libraries.add(str(folder.resolve()))
    _kinds.clear()


def shorten_below(folder: Path) -> None:
    """Show files below this folder by their path inside it."""
    _roots.append(str(folder.resolve()))


def shorten(file: str) -> str:
    for root in _roots:
        if file.startswith(root):
            return Path(file).relative_to(root).as_posix()
    return Path(file).name


#: Place(...) without its argument checks: this runs for every statement.
_new = tuple.__new__


def callers(frame: FrameType | None) -> tuple[Place, ...]:
    """The learner's lines from this frame outwards, nearest first, at most four.

    The last one is the cell's, where a cell is what runs.
    """
    places: list[Place] = []
    kinds = _kinds
    while frame is not None:
        code = frame.f_code
        kind = kinds[code.co_filename]
        if kind:
            if kind == "template":
                # The tags around this one (for, if, block) are on the stack as well.
                if code.co_name == "render_annotated" and not any(
                    place.kind == "template" for place in places
                ):
                    places += _template_place(frame)
            else:
                place = _new(Place, (code.co_filename, frame.f_lineno, code.co_name, kind))
                # A comprehension stands on the same line as the function around it.
                if places and (places[-1][:2] == place[:2] or len(places) >= _KEPT):
                    places[-1] = place
                else:
                    places.append(place)
                if code.co_name == "<module>":
                    break
        frame = frame.f_back
    return tuple(places) or awaited.get()


def _template_place(frame: FrameType) -> list[Place]:
    """The template's line, or [] where it is a library's own: a form's, the admin's."""
    node = frame.f_locals["self"]
    origin = getattr(node, "origin", None)
    file = str(getattr(origin, "name", ""))
    if Path(file).is_absolute() and _kinds[file] != "file":
        return []
    name = getattr(origin, "template_name", None) or "template"
    token = getattr(node, "token", None)
    return [Place(str(name), getattr(token, "lineno", 0), "", "template")]


def _kind_of(file: str) -> str:
    if _CELL.search(file):
        return "cell"
    if file.startswith("<"):
        # "<string>" is code that a library has made, as dataclasses do.
        return "cell" if file.startswith(("<stdin>", "<python-input")) else ""
    if Path(file).parts[-3:] == ("django", "template", "base.py"):
        return "template"
    resolved = Path(file).resolve()
    if not resolved.exists() or "site-packages" in resolved.parts:
        return ""
    return "" if any(str(p) in _libraries for p in resolved.parents) else "file"


def caller(up: int = 0) -> tuple[Place, ...]:
    """The learner's lines that led here, nearest first.

    up  the frames to leave out: those of a layer that is no part of glass
    """
    return callers(sys._getframe(1 + up))


def task_maker() -> tuple[Place, ...]:
    """Where the running task's coroutine was made: gather() leaves no frame of that line.

    Known while sys.set_coroutine_origin_tracking_depth() is on.
    """
    task = asyncio.current_task()
    origin = getattr(task and task.get_coro(), "cr_origin", None) or ()
    places = (Place(file, line, name, _kinds[file]) for file, line, name in origin)
    return tuple(place for place in places if place.kind in ("cell", "file"))[:_KEPT]
