"""Numbers as lines: a picture to look at, and a table that says the same in text."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colour is never the only difference: each line has a mark of its own as well. The colours are
# those of https://jfly.uni-koeln.de/color/, which colour-blind readers can tell apart.
_LOOKS = [
    ("#0072b2", "o"),
    ("#d55e00", "s"),
    ("#009e73", "^"),
    ("#cc79a7", "D"),
    ("#e69f00", "v"),
    ("#56b4e9", "P"),
    ("#000000", "X"),
]


@dataclass(frozen=True)
class Plot:
    """Lines over a common x axis.

    lines  {name of a line: {x: y}}
    x, y   what stands on the axes, with its unit: "rows", "time (ms)"
    log    both axes in powers of ten, for numbers that grow a thousandfold
    """

    lines: dict[str, dict[float, float]]
    x: str
    y: str
    title: str = ""
    log: bool = False

    def __str__(self) -> str:
        """The numbers as a table: a row for each line, a column for each x."""
        columns = sorted({x for points in self.lines.values() for x in points})
        rows = [[f"{self.y}, by {self.x}", *map(_number, columns)]]
        for name, points in self.lines.items():
            rows.append([name, *(_number(points[x]) if x in points else "" for x in columns)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join([name.ljust(widths[0]), *map(str.rjust, cells, widths[1:])]).rstrip()
            for name, *cells in rows
        )

    def figure(self) -> Figure:
        """The picture, to change as matplotlib's documentation says.

        https://matplotlib.org/stable/api/figure_api.html
        """
        # Imported here: it takes half a second that most notebooks need not wait.
        from matplotlib.figure import Figure

        # White, whatever the theme: what is drawn on it is dark.
        figure = Figure(figsize=(7.5, 4.2), layout="constrained", facecolor="white")
        axes = figure.add_subplot(xlabel=self.x, ylabel=self.y, title=self.title)
        if self.log:
            axes.set(xscale="log", yscale="log")
        for number, (name, points) in enumerate(self.lines.items()):
            colour, mark = _LOOKS[number % len(_LOOKS)]
            x, y = zip(*sorted(points.items()), strict=True)
            axes.plot(x, y, color=colour, marker=mark, label=name)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.grid(color="#dddddd")
        figure.legend(loc="outside right upper", frameon=False)
        return figure

    def png(self) -> bytes:
        file = BytesIO()
        self.figure().savefig(file, format="png", dpi=100, metadata={"Software": None})
        return file.getvalue()

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, bytes | str]:
        return {"text/plain": str(self), "image/png": self.png()}


def _number(value: float) -> str:
    """With three digits that count: 12,346 and 1.23."""
    whole = isinstance(value, int) or abs(value) >= 100
    return f"{value:,.0f}" if whole else f"{value:,.3g}"
