"""One probe a layer. Each has install() and uninstall(), and nothing stays behind."""

from __future__ import annotations

from types import ModuleType

from glass.probes import http, sql
from glass.trace import listening

PROBES: dict[str, ModuleType] = {"sql": sql, "http": http}


def switch(layer: str) -> None:
    """Install the layer's probe when the first trace listens; uninstall it after the last."""
    probe = PROBES[layer]
    wanted = bool(listening.get(layer))
    if wanted and not probe.installed():
        probe.install()
    elif not wanted and probe.installed():
        probe.uninstall()
