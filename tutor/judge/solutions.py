"""The worked answers, as they stand in solutions/: the one source of task, stub and answer."""

from __future__ import annotations

import ast
import json
import linecache
import textwrap
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tutor.paths import ROOT

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_DECORATORS = {"exercise", "predict"}
type Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Worked:
    """The cell of one exercise.

    cell    its source
    name    of the function
    task    its docstring
    body    what stands between the markers; for a prediction the guess
    before  the cells above it that it builds on: imports, and those tagged "given"
    """

    id: str
    cell: str
    name: str
    task: str
    body: str
    before: tuple[str, ...]

    @property
    def guess(self) -> Any:
        """The worked guess of a prediction."""
        return ast.literal_eval(self.body)

    @property
    def first_line(self) -> str:
        return next(
            line.strip()
            for line in self.cell.splitlines()
            if line.lstrip().startswith((f"def {self.name}", f"async def {self.name}", "class "))
        )


def path(chapter: str, folder: str = "solutions") -> Path | None:
    """The notebook of a chapter, "04", in solutions/ or another folder."""
    return next(iter(sorted((ROOT / folder).glob(f"{chapter}_*.ipynb"))), None)


def worked(id: str) -> Worked | None:
    """The worked answer of an exercise; None where solutions/ has none."""
    notebook = path(id.partition(".")[0])
    if notebook is None:
        return None
    return read(notebook, notebook.stat().st_mtime_ns).get(id)


@lru_cache(maxsize=64)
def read(notebook: Path, changed: int) -> dict[str, Worked]:
    """All exercises of a notebook, in its order. `changed` is its time: a new text is read again."""
    found: dict[str, Worked] = {}
    before: list[str] = []
    for cell in json.loads(notebook.read_bytes())["cells"]:
        if cell["cell_type"] != "code":
            continue
        text = "".join(cell["source"])
        try:
            tree = ast.parse(text)
        except SyntaxError:  # A magic, such as %load_ext tutor.
            continue
        for node, call in calls(tree):
            assert isinstance(call.args[0], ast.Constant)
            id = str(call.args[0].value)
            body = _between(text) or (ast.unparse(call.args[1]) if len(call.args) > 1 else "")
            task = ast.get_docstring(node) or ""
            found[id] = Worked(id, text, node.name, task, body, tuple(before))
        tags = cell.get("metadata", {}).get("tags", [])
        if "given" in tags or all(isinstance(s, ast.Import | ast.ImportFrom) for s in tree.body):
            before.append(text)
    return found


def calls(tree: ast.Module) -> list[tuple[Definition, ast.Call]]:
    """The functions under @exercise(...) or @predict(...), each with that call."""
    return [
        (node, call)
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for call in node.decorator_list
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in _DECORATORS
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]


def is_stub(node: ast.AST) -> bool:
    """Whether a function's body is only a docstring and `...`, `pass`, or what nbgrader puts there."""
    return all(
        isinstance(step, ast.Pass)
        or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        or (isinstance(step, ast.Raise) and "NotImplementedError" in ast.unparse(step))
        for step in getattr(node, "body", [node])
    )


def _between(text: str) -> str:
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside:
            lines.append(line)
    return textwrap.dedent("\n".join(lines))


def answer(id: str) -> Any:
    """The worked answer as a function. Raises LookupError where there is none."""
    found = worked(id)
    if found is None:
        raise LookupError(f"solutions/ has no worked answer for {id}.")
    return function(found, found.cell)


def function(around: Worked, cell: str) -> Any:
    """The function of an exercise cell, run below the cells it builds on, but not checked."""
    names: dict[str, Any] = {"__name__": "__main__"}
    names |= dict.fromkeys(_DECORATORS, lambda *args: lambda function: function)
    for number, text in enumerate([*around.before, cell]):
        file = f"<{around.id} cell {number}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), names)  # noqa: S102 The course's own text.
    return names[around.name]
