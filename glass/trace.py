"""What happened, in order, who caused it and from which line: the one timeline of all layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from glass.source import Place

if TYPE_CHECKING:
    from glass.layers.cache import CacheCall
    from glass.layers.http import Request
    from glass.layers.signals import Send
    from glass.layers.sql import Query
    from glass.layers.tasks import Task
    from glass.layers.templates import Render


class Event:
    """Something that a line of code caused. Each probe has its own kind.

    parent    the event inside which this one happened, or None
    places    who asked, nearest first (see glass.source)
    duration  seconds, 0.0 until it has ended
    error     "Type: message" when it raised, else None
    """

    __slots__ = ("duration", "error", "parent", "places")
    layer: ClassVar[str] = ""
    parent: Event | None
    places: tuple[Place, ...]

    def __init__(self, places: tuple[Place, ...]) -> None:
        self.parent = _current.get()
        self.places = places
        self.duration = 0.0
        self.error: str | None = None

    @property
    def place(self) -> str:
        """Where the nearest line of the learner stands, as it is shown: "line 3"."""
        return str(self.places[0]) if self.places else ""

    def let_go(self) -> None:
        """The watch is over: see Trace.let_go()."""

    @property
    def line(self) -> int | None:
        """The line in the cell that caused this, or None when no cell did."""
        return next((place.line for place in reversed(self.places) if place.in_cell), None)


class Trace:
    """The events that one watch saw.

    It is data as well as a picture: `len(seen.queries)`, `seen.queries[0].sql`.
    `print(seen)` shows it again as text; as the last line of a cell it is shown as HTML.
    """

    def __init__(self, layers: Iterable[str]) -> None:
        self.layers = frozenset(layers)
        self.events: list[Any] = []

    @property
    def queries(self) -> list[Query]:
        """The statements that the code asked for. BEGIN, SAVEPOINT and COMMIT are not counted."""
        from glass.layers.sql import Query

        return [event for event in self.events if isinstance(event, Query)]

    @property
    def requests(self) -> list[Request]:
        """The requests made with Django's test client."""
        from glass.layers.http import Request

        return [event for event in self.events if isinstance(event, Request)]

    @property
    def signals(self) -> list[Send]:
        """The sends of signals, in order; with the layer "unheard" those that nobody heard too."""
        from glass.layers.signals import Send

        return [event for event in self.events if isinstance(event, Send)]

    @property
    def tasks(self) -> list[Task]:
        """Celery's tasks that were sent, or that ran in this process."""
        from glass.layers.tasks import Task

        return [event for event in self.events if isinstance(event, Task)]

    @property
    def cache(self) -> list[CacheCall]:
        """The calls of caches, in order: `seen.cache[0].key`, `seen.cache[0].hit`."""
        from glass.layers.cache import CacheCall

        return [event for event in self.events if isinstance(event, CacheCall)]

    @property
    def templates(self) -> list[Render]:
        """The templates that were rendered, with the layer "templates", in order.

        `seen.templates[0].processors` are the context processors that ran for it.
        """
        from glass.layers.templates import Render

        return [event for event in self.events if isinstance(event, Render)]

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

    def let_go(self) -> None:
        """Hold on to nothing of the learner's that should be able to vanish."""
        for event in self.events:
            event.let_go()

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
        return f"<Trace of {len(self.events)} events, {len(self.queries)} queries>"

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}


#: The event inside which the running code is. A context variable follows code into
#: coroutines and into the threads of sync_to_async.
_current: ContextVar[Event | None] = ContextVar("glass_current", default=None)

#: The traces that listen to each layer. Replaced whole, never changed in place, so that
#: a probe may walk through it while another thread starts a watch.
listening: dict[str, tuple[Trace, ...]] = {}


def listen(trace: Trace) -> None:
    for layer in trace.layers:
        listening[layer] = (*listening.get(layer, ()), trace)


def stop_listening(trace: Trace) -> None:
    for layer in trace.layers:
        listening[layer] = tuple(t for t in listening.get(layer, ()) if t is not trace)


def record(event: Event) -> None:
    """Append the event to every trace that listens to its layer."""
    for trace in listening.get(event.layer, ()):
        trace.events.append(event)


def enter(event: Event) -> None:
    """From now on, what happens in this context happens inside the event."""
    record(event)
    reenter(event)


def reenter(event: Event) -> None:
    event.duration -= perf_counter()
    _current.set(event)


def leave(event: Event) -> None:
    """The event has ended, and with it whatever was left open inside it."""
    event.duration += perf_counter()
    _current.set(event.parent)


#: The event inside which the running code is: enclosing() -> Event | None.
enclosing = _current.get


def describe(error: BaseException) -> str:
    """ "Type: message", as it is shown beside the event that failed."""
    return f"{type(error).__name__}: {error}"
