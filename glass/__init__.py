"""See what your code makes Django do: every query beside the line that caused it.

In a notebook: `%load_ext glass`, then `%%watch` on the first line of a cell.
In code: `glass.setup()`, then `with watch() as seen: ...`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glass.layer import register
    from glass.notebook import load_ipython_extension, unload_ipython_extension
    from glass.project import setup
    from glass.sandbox.database import reset
    from glass.services.broker import start_broker
    from glass.services.clock import at, next_runs, run_beat
    from glass.services.worker import start_beat, start_worker
    from glass.trace import Trace
    from glass.views.cache_contents import cache_contents
    from glass.views.diagram import diagram
    from glass.views.lanes import lanes
    from glass.views.page import page
    from glass.views.receivers import receivers_of
    from glass.views.sequence import sequence
    from glass.views.task_progress import progress
    from glass.views.topology import topology
    from glass.watching import watch

__all__ = [
    "Trace",
    "at",
    "cache_contents",
    "diagram",
    "lanes",
    "load_ipython_extension",
    "next_runs",
    "page",
    "progress",
    "receivers_of",
    "register",
    "reset",
    "run_beat",
    "sequence",
    "setup",
    "start_beat",
    "start_broker",
    "start_worker",
    "topology",
    "unload_ipython_extension",
    "watch",
]

_HOME = {
    "Trace": "trace",
    "at": "services.clock",
    "cache_contents": "views.cache_contents",
    "diagram": "views.diagram",
    "lanes": "views.lanes",
    "load_ipython_extension": "notebook",
    "next_runs": "services.clock",
    "page": "views.page",
    "progress": "views.task_progress",
    "receivers_of": "views.receivers",
    "register": "layer",
    "reset": "sandbox.database",
    "run_beat": "services.clock",
    "sequence": "views.sequence",
    "setup": "project",
    "start_beat": "services.worker",
    "start_broker": "services.broker",
    "start_worker": "services.worker",
    "topology": "views.topology",
    "unload_ipython_extension": "notebook",
    "watch": "watching",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: setup() must be able to name the settings before Django is loaded.
    if name not in _HOME:
        raise AttributeError(f"module 'glass' has no attribute {name!r}")
    value = getattr(import_module(f"glass.{_HOME[name]}"), name)
    globals()[name] = value
    return value
