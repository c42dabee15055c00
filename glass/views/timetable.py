"""What runs when: a table of counts that says it in text, and a picture of the moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Timetable:
    """Rows of moments over columns of time.

    moments  {name of a row: moments}, each a number of columns since the left edge: 3.5
    columns  their labels, from left to right
    """

    moments: dict[str, list[float]]
    columns: Sequence[str]
    title: str = ""

    @property
    def counts(self) -> dict[str, list[int]]:
        """{name: how many in each column}"""
        found = {}
        for name, moments in self.moments.items():
            inside = Counter(int(moment) for moment in moments)
            found[name] = [inside[column] for column in range(len(self.columns))]
        return found

    def __str__(self) -> str:
        rows = [[self.title, *self.columns, "in all"]]
        for name, counts in self.counts.items():
            rows.append([f"  {name}", *(str(n) if n else "." for n in counts), str(sum(counts))])
        return table(rows) if len(self.columns) < 10 else _strips(self)

    def figure(self) -> Figure:
        """The picture: a stroke for each moment, to change as matplotlib's documentation says.

        https://matplotlib.org/stable/api/figure_api.html
        """
        # Imported here: it takes half a second that most notebooks need not wait.
        from matplotlib.figure import Figure

        height = 1.2 + 0.35 * len(self.moments)
        # White, whatever the theme: what is drawn on it is dark.
        figure = Figure(figsize=(7.5, height), layout="constrained", facecolor="white")
        axes = figure.add_subplot(title=self.title)
        axes.eventplot(
            list(self.moments.values()), linelengths=0.7, linewidths=1.5, colors="#0072b2"
        )
        axes.set_yticks(range(len(self.moments)), list(self.moments))
        step = 1 if len(self.columns) < 10 else 3
        axes.set_xticks(range(0, len(self.columns), step), list(self.columns)[::step])
        axes.set(xlim=(0, len(self.columns)), ylim=(len(self.moments) - 0.5, -0.5))
        axes.grid(color="#dddddd", axis="x")
        return figure

    def png(self) -> bytes:
        file = BytesIO()
        self.figure().savefig(file, format="png", dpi=100, metadata={"Software": None})
        return file.getvalue()

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, bytes | str]:
        return {"text/plain": str(self), "image/png": self.png()}


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([first.ljust(widths[0]), *map(str.rjust, cells, widths[1:])]).rstrip()
        for first, *cells in rows
    )


def _strips(timetable: Timetable) -> str:
    """Many columns: a sign each, "." for none and "#" for more than nine."""
    width = max(map(len, timetable.moments), default=0)
    ruler = "".join(
        label.ljust(3) for number, label in enumerate(timetable.columns) if number % 3 == 0
    )
    lines = [timetable.title, f"  {'':{width}}  {ruler}".rstrip()]
    for name, counts in timetable.counts.items():
        strip = "".join("." if not n else str(n) if n < 10 else "#" for n in counts)
        lines.append(f"  {name:{width}}  {strip}  {sum(counts)}")
    return "\n".join(lines)
