"""Tasks that are written in a notebook: run a cell again, and a worker can have them too.

A worker is another process. It knows modules, and no notebook: %%task_module writes a cell to one.
"""

from __future__ import annotations

import ast
import atexit
import importlib
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from celery import current_app

from glass.services.celery_app import BrokerProblem

_folder: Path | None = None


def task_module(name: str, source: str) -> str:
    """Write a module, import it here, and have it imported by the workers that start from now on.

    Again it takes the old one's place here; a worker that runs keeps the old one. Returns what to
    tell the reader. Raises BrokerProblem where the name cannot be had.
    """
    if not name.isidentifier():
        raise BrokerProblem(
            f"{name!r} cannot be the name of a module: letters, digits and _ only. "
            "The first line is, for example, %%task_module daily"
        )
    folder = _home()
    path = folder / f"{name}.py"
    if not path.exists() and (name in sys.modules or find_spec(name)):
        raise BrokerProblem(f"There is a module {name!r} already. Choose another name.")
    path.write_text(source, encoding="utf-8")
    # Two versions may have the same second and the same size.
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    importlib.invalidate_caches()
    sys.modules.pop(name, None)
    forget_tasks(name)
    try:
        importlib.import_module(name)
    except BaseException:
        path.unlink()
        raise
    tasks = [task.__name__ for task in current_app.tasks.values() if task.__module__ == name]
    found = f"tasks {', '.join(sorted(tasks))}" if tasks else "no tasks"
    return f"Module {name}: {found}. Workers that start from now on have it so."


def modules() -> list[str]:
    """The names of the modules that were written."""
    return sorted(path.stem for path in _folder.glob("*.py")) if _folder else []


def folder() -> str | None:
    """Where they are, if there are any."""
    return str(_folder) if _folder else None


def _home() -> Path:
    global _folder
    if _folder is None:
        _folder = Path(tempfile.mkdtemp(prefix="glass-tasks-"))
        atexit.register(shutil.rmtree, _folder, ignore_errors=True)
        sys.path.append(str(_folder))
    return _folder


def forget_tasks(module: str, functions: set[str] | None = None) -> None:
    """Take tasks out of the app that are about to be defined again: Celery keeps the first ones.

    functions  only those made of functions with these names
    """
    registry = current_app.tasks
    for name, task in list(registry.items()):
        if task.__module__ == module and (functions is None or task.__name__ in functions):
            registry.pop(name)


def forget_tasks_of(cell: str) -> None:
    """The tasks of this notebook that the cell is about to define again."""
    if not any(task.__module__ == "__main__" for task in current_app.tasks.values()):
        return
    try:
        tree = ast.parse(cell)
    except SyntaxError:
        return  # The cell itself says so.
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    forget_tasks("__main__", {node.name for node in ast.walk(tree) if isinstance(node, functions)})
