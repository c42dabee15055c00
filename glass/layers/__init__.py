"""The layers that come with glass: a file or a small package for each, which registers itself."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from glass.layer import Layer, layers
from glass.trace import active_traces


def load() -> None:
    """Import every module of this folder, once. A file that is added adds its layer."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")


def default_layers() -> tuple[str, ...]:
    """What is recorded when no layer is named: what the project's own code takes part in."""
    return tuple(layer.name for layer in layers() if layer.default)


def sync_hooks(names: frozenset[str]) -> None:
    """Install the hooks of these layers when the first trace listens; after the last, take them out.

    The inner layers go in first and come out last.
    """
    wanted: list[Layer] = []
    for layer in layers():
        if not names.isdisjoint(layer.names):
            wanted.append(layer)
    for layer in wanted:
        if _listened_to(layer) and not layer.installed:
            layer.installed = True
            layer.install()
    for layer in reversed(wanted):
        if layer.installed and not _listened_to(layer):
            layer.installed = False
            layer.uninstall()


def _listened_to(layer: Layer) -> bool:
    return any(active_traces.get(name) for name in layer.names)
