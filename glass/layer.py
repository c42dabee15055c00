"""What a layer is made of: its events, how they read, and what is done to see them.

A layer is one file: a subclass of Event for what happened, a subclass of Layer that installs the
hook, and one call of register(). `glass.layers` holds the ones that come with glass; any other
module may register one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

from glass.block import Block, Group, Words
from glass.patch import Patches
from glass.source import Place
from glass.wording import count

if TYPE_CHECKING:
    from glass.trace import Trace

#: The event inside which the running code is. A context variable follows code into
#: coroutines and into the threads of sync_to_async.
current: ContextVar[Event | None] = ContextVar("glass_current", default=None)
#: enclosing() -> Event | None
enclosing = current.get


class Event:
    """Something that a line of code caused. Each layer has its own kinds.

    parent    the event inside which this one happened, or None
    places    who asked, nearest first (see glass.source)
    started   when it began, by time.perf_counter(); of a kind that measures no time 0.0
    duration  seconds; 0.0 until it has ended
    error     "Type: message" when it raised, else None

    Of its class:

    layer       the name of the layer, or of the layer's option, that records it
    noun        what it is counted as: "query"; "" for one that is not counted
    says_where  inside it the line of the cell is not said again
    has_bar     its time is drawn as a bar in HTML, beside the others that have one
    """

    __slots__ = ("duration", "error", "parent", "places", "started")
    layer: ClassVar[str] = ""
    noun: ClassVar[str] = ""
    says_where: ClassVar[bool] = False
    has_bar: ClassVar[bool] = False
    parent: Event | None
    places: tuple[Place, ...]

    def __init__(self, places: tuple[Place, ...]) -> None:
        self.parent = enclosing()
        self.places = places
        self.started = self.duration = 0.0
        self.error: str | None = None

    @property
    def place(self) -> str:
        """Where the nearest line of the learner stands, as it is shown: "line 3"."""
        return str(self.places[0]) if self.places else ""

    @property
    def line(self) -> int | None:
        """The line in the cell that caused this, or None when no cell did."""
        return next((place.line for place in reversed(self.places) if place.in_cell), None)

    def parents(self) -> Iterator[Event]:
        """The events around it, the nearest first."""
        event = self.parent
        while event is not None:
            yield event
            event = event.parent

    def label(self) -> str:
        """In a few words, for a picture."""
        return str(getattr(self, "name", self.layer))

    def group_key(self) -> object:
        """Events with equal keys, inside the same group, are shown as one group."""
        return type(self), self.label(), self.places, self.error

    def block(self, group: Group) -> Block:
        """How the group reads whose first event this is."""
        head = [Words(self.label(), "name"), group.times_text]
        return Block(group.where, head, times=group.times)

    def hides_values(self, sql: str) -> bool:
        """Whether the values of this statement inside it are no news: a cache's pickles."""
        return False

    def release_refs(self) -> None:
        """The watch is over: hold on to nothing of the learner's that should be able to vanish."""


class Layer:
    """A kind of thing that can be watched. A subclass is registered once: register(Mail()).

    name       as it is written behind %%watch
    help       what it records, in a line: `watch`'s own help is made of these
    attribute  of a trace, under which its events are found: seen.queries
    kinds      the classes of the events that are found there
    default    whether it is recorded when no layer is named
    options    {name: help} of what is recorded only when it is named as well
    order      its place among the others in the help and when hooks are installed, the innermost
               first; the heading of a trace begins with the outermost
    lane       its place in glass.lanes(), from top to bottom
    colour     in HTML and in pictures; `edge` is the one in HTML, where that is another
    """

    name: ClassVar[str]
    help: ClassVar[str]
    attribute: ClassVar[str] = ""
    kinds: ClassVar[tuple[type[Event], ...]] = ()
    default: ClassVar[bool] = False
    options: ClassVar[dict[str, str]] = {}
    order: ClassVar[int] = 100
    lane: ClassVar[int] = 100
    colour: ClassVar[str] = "#555555"
    edge: ClassVar[str] = ""

    def __init__(self) -> None:
        self.installed = False
        self.patches = Patches()

    @property
    def names(self) -> tuple[str, ...]:
        """Its own name and those of its options."""
        return (self.name, *self.options)

    def install(self) -> None:
        """Begin to see. Whatever self.patches has set is put back by uninstall()."""

    def uninstall(self) -> None:
        """Leave nothing behind."""
        self.patches.undo()

    def wait(self, trace: Trace) -> None:
        """At the end of a block: wait a moment for what is told from elsewhere."""

    def summary(self, events: Sequence[Any]) -> list[str]:
        """What the heading of a trace says of all its events: ["6 queries", "11 rows"]."""
        nouns = [event.noun for event in events if event.noun]
        return [count(nouns.count(noun), noun) for noun in dict.fromkeys(nouns)]

    def spent(self, events: Sequence[Any]) -> str:
        """How long all its events took, in words, for the heading in HTML; "" to say nothing."""
        return ""


_layers: dict[str, Layer] = {}
_by_name: dict[str, Layer] = {}


def register(layer: Layer) -> Layer:
    """Make a layer known: %%watch, `seen`, both views and the help have it from now on.

    One of the same name takes the place of the one before, so that a cell may be run again. Raises
    ValueError for a name, or an attribute of a trace, that another layer has.
    """
    before = _layers.get(layer.name)
    for other in _layers.values():
        if other is before:
            continue
        if taken := set(layer.names) & set(other.names):
            raise ValueError(f"The layer {other.name!r} has the name {min(taken)!r} already.")
        if layer.attribute and layer.attribute == other.attribute:
            raise ValueError(f"The layer {other.name!r} has `seen.{layer.attribute}` already.")
    if before is not None:
        if before.installed:
            before.installed = False
            before.uninstall()
        for name in before.names:
            del _by_name[name]
    _layers[layer.name] = layer
    _by_name.update(dict.fromkeys(layer.names, layer))
    return layer


def unregister(name: str) -> None:
    """Forget a layer. Raises KeyError for one that is not known."""
    layer = _layers.pop(name)
    for each in layer.names:
        del _by_name[each]


def layers() -> list[Layer]:
    """All that are known, in their order."""
    return sorted(_layers.values(), key=lambda layer: layer.order)


def find(name: str) -> Layer | None:
    """The layer of this name, or that has an option of this name."""
    return _by_name.get(name)
