"""See what your code makes Django do: every query beside the line that caused it.

In a notebook: `%load_ext glass`, then `%%watch` on the first line of a cell.
In code: `glass.setup()`, then `with watch() as seen: ...`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glass.broker import start_broker
    from glass.clock import at, next_runs, run_beat
    from glass.contents import cache_contents
    from glass.database import reset
    from glass.notebook import load_ipython_extension, unload_ipython_extension
    from glass.project import setup
    from glass.receivers import receivers_of
    from glass.trace import Trace
    from glass.views.diagram import diagram
    from glass.views.lanes import lanes
    from glass.views.page import page
    from glass.views.progress import progress
    from glass.views.sequence import sequence
    from glass.views.topology import topology
    from glass.watching import watch
    from glass.worker import start_beat, start_worker

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
    "at": "clock",
    "cache_contents": "contents",
    "diagram": "views.diagram",
    "lanes": "views.lanes",
    "load_ipython_extension": "notebook",
    "next_runs": "clock",
    "page": "views.page",
    "progress": "views.progress",
    "receivers_of": "receivers",
    "reset": "database",
    "run_beat": "clock",
    "sequence": "views.sequence",
    "setup": "project",
    "start_beat": "worker",
    "start_broker": "broker",
    "start_worker": "worker",
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
