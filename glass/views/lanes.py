"""The timeline from above: a lane for each layer, a bar for each event, what is inside nested."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING

from glass import layer
from glass.layer import Event
from glass.wording import count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from glass.trace import Trace

_WIDTH = 72  # characters of a lane as text
_LINES = 60  # bars named in the text; what comes after is only counted
_DEPTH = 4  # rows of a lane; what is nested deeper shares the last one


@dataclass(frozen=True)
class Bar:
    """One event, or some alike that follow each other.

    start, end  the number of its first and last step. Steps, not seconds: each event is one, in the
                order in which they began, so that the picture is the same every time
    depth       how many bars of the same lane it stands in
    failed      whether an exception came out of it
    """

    lane: str
    start: int
    end: int
    depth: int
    label: str
    failed: bool


class Lanes:
    """A picture in a notebook; str() says the same in text."""

    def __init__(self, seen: Trace) -> None:
        self.bars = _bars(seen)
        self.steps = len(seen.events)

    def __str__(self) -> str:
        if not self.bars:
            return "nothing to see"
        scale = max(1, ceil(self.steps / _WIDTH))
        lines = [f"{count(self.steps, 'step')}, {scale} a character; ! marks a failure"]
        for lane in self._lanes():
            for depth, row in enumerate(_rows(self.bars, lane)):
                name = lane if depth == 0 else ""
                lines.append(f"{name:<10}{_drawn(row, self.steps, scale)}".rstrip())
        # The statements themselves stand in the trace's own text.
        named = [bar for bar in self.bars if bar.lane != "sql" or bar.failed]
        lines.append("")
        for bar in named[:_LINES]:
            indent = "  " * bar.depth
            steps = str(bar.start) if bar.start == bar.end else f"{bar.start}-{bar.end}"
            lines.append(f"{steps:>9}  {bar.lane:<10}{indent}{bar.label}{' !' * bar.failed}")
        if len(named) > _LINES:
            lines.append(f"... and {len(named) - _LINES} more, not shown")
        return "\n".join(lines)

    def _lanes(self) -> dict[str, str]:
        """{lane: colour}, from top to bottom.

        The layers' colours are those of https://jfly.uni-koeln.de/color/, which colour-blind
        readers can tell apart. Each lane is named, so colour never says it alone.
        """
        used = {bar.lane for bar in self.bars}
        known = sorted(layer.layers(), key=lambda each: each.lane)
        return {each.name: each.colour for each in known if each.name in used}

    def figure(self) -> Figure:
        """The picture, to change as matplotlib's documentation says.

        https://matplotlib.org/stable/api/figure_api.html
        """
        # Imported here: it takes half a second that most notebooks need not wait.
        from matplotlib.figure import Figure

        rows = [
            (lane, depth, row)
            for lane in self._lanes()
            for depth, row in enumerate(_rows(self.bars, lane))
        ]
        figure = Figure(
            figsize=(11, 0.9 + 0.36 * len(rows)), layout="constrained", facecolor="white"
        )
        axes = figure.add_subplot(xlabel="steps, in order", xlim=(0.4, self.steps + 0.6))
        axes.set_ylim(len(rows) - 0.4, -0.6)
        room = 105 / max(self.steps, 1)  # characters that fit into one step
        for y, (lane, _, row) in enumerate(rows):
            for bar in row:
                width = bar.end - bar.start + 0.9
                axes.barh(
                    y,
                    width,
                    left=bar.start - 0.45,
                    height=0.78,
                    color=self._lanes()[lane],
                    edgecolor="#b00020" if bar.failed else "white",
                    linewidth=2.5 if bar.failed else 0.5,
                    hatch="///" if bar.failed else None,
                )
                if (letters := int(width * room)) >= 4:
                    axes.text(
                        bar.start - 0.3, y, _cut(bar.label, letters), va="center", fontsize=8,
                        clip_on=True, parse_math=False,
                    )  # fmt: skip
        axes.set_yticks(range(len(rows)), [lane if depth == 0 else "" for lane, depth, _ in rows])
        axes.grid(axis="x", color="#dddddd")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        return figure

    def png(self) -> bytes:
        file = BytesIO()
        self.figure().savefig(file, format="png", dpi=100, metadata={"Software": None})
        return file.getvalue()

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, bytes | str]:
        return {"text/plain": str(self)} | ({"image/png": self.png()} if self.bars else {})


def lanes(seen: Trace) -> Lanes:
    """Draw a trace from above: lanes(seen). What begins later stands further to the right."""
    return Lanes(seen)


def _bars(seen: Trace) -> list[Bar]:
    number = {id(event): step for step, event in enumerate(seen.events, start=1)}
    last = dict(number)
    depth: dict[int, int] = {}
    for event in seen.events:
        inside = 0
        for parent in event.parents():
            if id(parent) in number:
                last[id(parent)] = max(last[id(parent)], number[id(event)])
                inside += _lane(parent) == _lane(event)
        depth[id(event)] = min(inside, _DEPTH - 1)
    bars: list[Bar] = []
    for event in seen.events:
        bar = Bar(
            _lane(event),
            number[id(event)],
            last[id(event)],
            depth[id(event)],
            event.label(),
            event.error is not None,
        )
        before = bars[-1] if bars else None
        if before and before.end + 1 == bar.start and _alike(before, bar):
            bars[-1] = Bar(bar.lane, before.start, bar.end, bar.depth, bar.label, bar.failed)
        else:
            bars.append(bar)
    return bars


def _alike(before: Bar, bar: Bar) -> bool:
    return replace(before, start=bar.start, end=bar.end) == bar


def _lane(event: Event) -> str:
    found = layer.find(event.layer)
    return found.name if found else event.layer


def _rows(bars: list[Bar], lane: str) -> list[list[Bar]]:
    """The bars of a lane, a list for each depth."""
    own = [bar for bar in bars if bar.lane == lane]
    deepest = max(bar.depth for bar in own)
    return [[bar for bar in own if bar.depth == depth] for depth in range(deepest + 1)]


def _drawn(row: list[Bar], steps: int, scale: int) -> str:
    line = [" "] * ceil(steps / scale)
    for bar in row:
        first, last = (bar.start - 1) // scale, (bar.end - 1) // scale
        line[first : last + 1] = "=" * (last - first + 1)
        line[first] = "!" if bar.failed else "|"
    return "".join(line)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"
