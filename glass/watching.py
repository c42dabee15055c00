"""watch: record what a block of code causes, and show it."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType

from django.core.exceptions import ImproperlyConfigured

from glass import trace
from glass.layers import PROBES, USUAL, switch, tasks
from glass.trace import Trace


class UnknownLayer(ValueError):
    """A layer that glass has no probe for."""


def check_layers(layers: tuple[str, ...]) -> tuple[str, ...]:
    """The layers to record: the usual ones when none is named.

    Raises UnknownLayer with a sentence that names the ones there are.
    """
    for layer in layers:
        if layer not in PROBES:
            raise UnknownLayer(
                f"There is no layer called {layer!r}. "
                f"The layers are: {', '.join(PROBES)}. Without any: {', '.join(USUAL)}."
            )
    return layers or USUAL


class watch:
    """See what the code in a block makes Django do.

    In a notebook, on the first line of a cell:

        %%watch
        for employee in Employee.objects.all():
            print(employee.department)

    or in code:

        with watch() as seen:
            list(Employee.objects.all())
        len(seen.queries), seen.queries[0].sql, seen.queries[0].line

    layers  which layers to record, for example watch("sql"); when none is named all but the last
            "sql"   statements and transactions
            "http"  requests made with Django's test client
            "signals"  sends that the project's receivers hear, and what happens in each
            "cache" calls of the cache framework: keys, hits, misses
            "tasks" Celery's tasks: sent, run here, run by a worker
            "templates"  what renders what, context processors, cached fragments
    show    False: record only, show nothing at the end of the block

    A count of queries means the statements that the code asked for. BEGIN, SAVEPOINT and COMMIT
    are shown, but not counted. After a %%watch cell the record is also there under the name `seen`.
    """

    def __init__(self, *layers: str, show: bool = True) -> None:
        self.trace = Trace(check_layers(layers))
        self.show = show

    def __enter__(self) -> Trace:
        _require_django()
        trace.listen(self.trace)
        for layer in self.trace.layers:
            switch(layer)
        return self.trace

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Who does not want to wait any longer for a worker sees what there is.
        with suppress(KeyboardInterrupt):
            tasks.settle(self.trace)
        trace.stop_listening(self.trace)
        for layer in self.trace.layers:
            switch(layer)
        self.trace.let_go()
        if self.show:
            show(self.trace)


def show(seen: Trace) -> None:
    """Show a trace: as HTML in a notebook, as text elsewhere."""
    import sys

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
