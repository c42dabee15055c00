"""What happened, in order, who caused it and from which line: the one timeline of all layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from glass import layer
from glass.layer import Event, current

#: The traces that listen to each layer. Replaced whole, never changed in place, so that
#: a hook may walk through it while another thread starts a watch.
active_traces: dict[str, tuple[Trace, ...]] = {}


class Trace:
    """The events that one watch saw.

    It is data as well as a picture: `len(seen.queries)`, `seen.queries[0].sql`. Each layer gives it
    a name under which its events are found; `dir(seen)` lists them, `seen.of(Query)` works for any
    kind. `print(seen)` shows it again as text; as the last line of a cell it is shown as HTML.
    """

    def __init__(self, layers: Iterable[str]) -> None:
        self.layers = frozenset(layers)
        self.events: list[Any] = []

    def of[Kind: Event](self, kind: type[Kind]) -> list[Kind]:
        """The events of this kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def __getattr__(self, name: str) -> list[Any]:
        for each in layer.layers():
            if each.attribute == name:
                return [event for event in self.events if isinstance(event, each.kinds)]
        raise AttributeError(f"A trace has no {name!r}; it has {', '.join(_attributes())}.")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *_attributes()]

    def children(self) -> dict[Event | None, list[Event]]:
        """Each event's inner events, in order; under None stand the outermost ones.

        An event inside one that this trace does not record hangs on the next outer one.
        """
        recorded = set(map(id, self.events))
        tree: dict[Event | None, list[Event]] = defaultdict(list)
        for event in list(self.events):
            parent = event.parent
            while parent is not None and id(parent) not in recorded:
                parent = parent.parent
            tree[parent].append(event)
        return tree

    def release_refs(self) -> None:
        """Hold on to nothing of the learner's that should be able to vanish."""
        for event in self.events:
            event.release_refs()

    def text(self) -> str:
        """The timeline as text: no colours, no times, the same on every machine."""
        from glass.views.text import render

        return render(self)

    def html(self) -> str:
        """The timeline as HTML: inline styles only, no script, every value escaped."""
        from glass.views.html import render

        return render(self)

    __str__ = text

    def __repr__(self) -> str:
        return f"<Trace of {len(self.events)} events>"

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}


def _attributes() -> list[str]:
    return [each.attribute for each in layer.layers() if each.attribute]


def listen(trace: Trace) -> None:
    for name in trace.layers:
        active_traces[name] = (*active_traces.get(name, ()), trace)


def stop_listening(trace: Trace) -> None:
    for name in trace.layers:
        active_traces[name] = tuple(t for t in active_traces.get(name, ()) if t is not trace)


def record(event: Event) -> None:
    """Append the event to every trace that listens to its layer."""
    for trace in active_traces.get(event.layer, ()):
        trace.events.append(event)


def enter(event: Event) -> None:
    """From now on, what happens in this context happens inside the event."""
    record(event)
    reenter(event)


def reenter(event: Event) -> None:
    event.started = perf_counter()
    current.set(event)


def leave(event: Event) -> None:
    """The event has ended, and with it whatever was left open inside it."""
    event.duration += perf_counter() - event.started
    current.set(event.parent)
