"""watch: record what a block of code causes, and show it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from textwrap import indent
from types import TracebackType

from django.core.exceptions import ImproperlyConfigured

from glass import layers, trace
from glass.layer import find
from glass.layer import layers as known_layers
from glass.trace import Trace


class UnknownLayer(ValueError):
    """A layer that glass does not have."""


def check_layers(names: tuple[str, ...]) -> tuple[str, ...]:
    """The layers to record: the default ones when none is named.

    Raises UnknownLayer with a sentence that names the ones there are.
    """
    layers.load()
    for name in names:
        if find(name) is None:
            known = [name for layer in known_layers() for name in layer.names]
            raise UnknownLayer(
                f"There is no layer called {name!r}. The layers are: {', '.join(known)}. "
                f"Without any: {', '.join(layers.default_layers())}."
            )
    return names or layers.default_layers()


def layers_help() -> str:
    """A line for each layer and for each option, the default ones first."""
    layers.load()
    rows = sorted(known_layers(), key=lambda layer: not layer.default)
    lines = [(layer.name, layer.help) for layer in rows]
    lines += [(name, text) for layer in rows for name, text in layer.options.items()]
    return "\n".join(f"{name:<10} {text}" for name, text in lines)


class _Help:
    """The docstring of watch, with the layers that there are when somebody reads it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __get__(self, instance: object, owner: type) -> str:
        default = ", ".join(layers.default_layers())
        lines = indent(layers_help(), " " * 12).strip()
        return self.text.replace("LAYERS", lines).replace("DEFAULT", default)


class watch:
    __doc__ = _Help("""See what the code in a block makes Django do.

    In a notebook, on the first line of a cell:

        %%watch
        for employee in Employee.objects.all():
            print(employee.department)

    or in code:

        with watch() as seen:
            list(Employee.objects.all())
        len(seen.queries), seen.queries[0].sql, seen.queries[0].line

    layers  which layers to record, for example watch("sql"); when none is named
            DEFAULT

            LAYERS

    show    False: record only, show nothing at the end of the block

    A count of queries means the statements that the code asked for. BEGIN, SAVEPOINT and COMMIT
    are shown, but not counted. After a %%watch cell the record is also there under the name `seen`.
    """)

    def __init__(self, *names: str, show: bool = True) -> None:
        self.trace = Trace(check_layers(names))
        self.show = show

    def __enter__(self) -> Trace:
        _require_django()
        trace.listen(self.trace)
        layers.sync_hooks(self.trace.layers)
        return self.trace

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Who does not want to wait any longer for a worker sees what there is.
        with suppress(KeyboardInterrupt):
            for layer in known_layers():
                if not self.trace.layers.isdisjoint(layer.names):
                    layer.wait(self.trace)
        trace.stop_listening(self.trace)
        layers.sync_hooks(self.trace.layers)
        self.trace.release_refs()
        if self.show:
            show(self.trace)


@contextmanager
def suspended() -> Iterator[None]:
    """In this block the watches that run now record nothing. New ones do: a check has its own."""
    active = trace.active_traces
    before = dict(active)
    names = frozenset(name for layer in known_layers() for name in layer.names)
    active.clear()
    layers.sync_hooks(names)
    try:
        yield
    finally:
        active.clear()
        active.update(before)
        layers.sync_hooks(names)


def show(seen: Trace) -> None:
    """Show a trace: as HTML in a notebook, as text elsewhere."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display

        display(seen)
    else:
        print(seen)


def _require_django() -> None:
    from django.apps import apps

    if not apps.ready:
        raise ImproperlyConfigured(
            "Django is not set up yet. In a notebook run the first cell, %load_ext glass; "
            "in a script call glass.setup() first."
        )
