"""What a view knows of events: a head of one line, and a body in order.

A layer says in a Block what it wants to be read. The views turn blocks into text and into HTML, and
escape every word of them; they know no layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from glass.layer import Event

#: What a colour says; the words beside it say the same.
Tone = Literal["good", "warn", "bad", "info", "quiet"]
#: "plain" words, a "name" of code, "faint" ones, or a badge in a tone.
Style = Literal["plain", "name", "faint", "counts"] | Tone
Form = Literal["both", "text", "html"]


class Words(NamedTuple):
    """Some words of a line.

    text   as the text has them, with spaces and punctuation
    html   as HTML has them, where that is something else
    """

    text: str
    style: Style = "plain"
    html: str | None = None


class Note(NamedTuple):
    """Lines below the head.

    tone    of the ground that they stand on in HTML; None: faint lines without one
    form    which view shows them
    mark    what each line begins with in the text: "<- " before advice
    headed  the words before a colon are bold in HTML
    """

    lines: list[str]
    tone: Tone | None = None
    form: Form = "both"
    mark: str = ""
    headed: bool = True


class Code(NamedTuple):
    """Code on lines of its own. kind: "sql" is coloured."""

    text: str
    kind: Literal["sql", "plain"] = "plain"


class Fold(NamedTuple):
    """What HTML hides behind a line until it is opened; the text does without.

    more  what else there would be: "... and 12 more"
    """

    label: str
    codes: list[Code]
    more: str = ""


class Foot(NamedTuple):
    """How it ended, after all that happened inside."""

    text: str
    error: str | None = None


class Inside(Enum):
    """Where in the body stands what happened inside."""

    HERE = "here"


INSIDE = Inside.HERE
Part = Note | Code | Fold | Foot | Inside


@dataclass(slots=True)
class Block:
    """One group of events, to be read.

    where   who asked; "" where the block around it says so
    head    the words after it
    body    what follows, in order
    times   more than one: how often, as a badge in HTML; the head of the text says it where it wants
    tone    of that badge
    edge    the tone of the line at the left in HTML, or None for the layer's own colour
    spent   how long it took, in words, for HTML alone: a text is the same every time
    floats  what stands at the right of the head in HTML is as high as the head itself
    """

    where: str
    head: list[Words]
    body: list[Part] = field(default_factory=lambda: [INSIDE])
    times: int = 1
    tone: Tone = "quiet"
    edge: Tone | None = None
    spent: str = ""
    floats: bool = False


@dataclass
class Group:
    """Events alike: the same from the same line, inside the same kind of event."""

    events: list[Any]
    inner: list[Group] = field(default_factory=list)
    #: How many events inside are too deep to be shown.
    hidden: int = 0

    @property
    def first(self) -> Any:
        return self.events[0]

    @property
    def where(self) -> str:
        """The line, and the cell's line where another one is nearer to what happened."""
        event: Event = self.first
        where = event.place
        outer = event.places[-1] if len(event.places) > 1 else None
        if outer is not None and outer.in_cell and not (event.parent and event.parent.says_where):
            where += f", called by line {outer.line}"
        return where or "outside your code"

    @property
    def times(self) -> int:
        return len(self.events)

    @property
    def times_text(self) -> Words:
        """ ", 3 times" for the head of the text; HTML has a badge."""
        return Words(f", {self.times} times" if self.times > 1 else "", html="")

    @property
    def duration(self) -> float:
        """Seconds, of all its events together."""
        return float(sum(event.duration for event in self.events))

    @property
    def error(self) -> str | None:
        return next((event.error for event in self.events if event.error), None)

    @property
    def raised(self) -> bool:
        """Whether the error began here, and not in what is inside."""
        return bool(self.error) and all(inner.error != self.error for inner in self.inner)

    def block(self) -> Block:
        shown: Block = self.first.block(self)
        return shown
