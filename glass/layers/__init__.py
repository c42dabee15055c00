"""One probe a layer. Each has install() and uninstall(), and nothing stays behind."""

from __future__ import annotations

from types import ModuleType

from glass.layers import cache, http, signals, sql, tasks, templates
from glass.trace import listening

PROBES: dict[str, ModuleType] = {
    "sql": sql,
    "http": http,
    "signals": signals,
    "cache": cache,
    "tasks": tasks,
    "templates": templates,
    "unheard": signals,  # the sends that no receiver of the project hears
}
#: What is recorded when no layer is named: what the project's own code takes part in.
USUAL = tuple(layer for layer in PROBES if layer not in ("templates", "unheard"))


def switch(layer: str) -> None:
    """Install the layer's probe when the first trace listens; uninstall it after the last."""
    probe = PROBES[layer]
    wanted = any(listening.get(name) for name in PROBES if PROBES[name] is probe)
    if wanted and not probe.installed():
        probe.install()
    elif not wanted and probe.installed():
        probe.uninstall()
