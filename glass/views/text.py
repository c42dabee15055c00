"""The timeline as text: what is stored in a notebook, compared by tests and read aloud."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from glass.block import Code, Foot, Group, Inside, Note
from glass.views.tree import SHOWN, grouped, headline, left_out

if TYPE_CHECKING:
    from glass.trace import Trace

_STEP = "    "


def render(trace: Trace) -> str:
    groups = grouped(trace)
    lines = [headline(trace)]
    for group in groups[:SHOWN]:
        lines += ["", *_group(group)]
    if more := left_out(groups):
        lines += ["", more]
    return "\n".join(lines)


def _group(group: Group) -> list[str]:
    block = group.block()
    where = f"{block.where}: " if block.where else ""
    lines = [where + "".join(words.text for words in block.head)]
    for part in block.body:
        match part:
            case Code():
                lines.append(indent(part.text, _STEP))
            case Note() if part.form != "html":
                lines += [f"{_STEP}{part.mark}{line}" for line in part.lines]
            case Foot():
                lines.append(part.text + (f" failed: {part.error}" if part.error else ""))
            case Inside():
                lines += _inner(group)
    return lines


def _inner(group: Group) -> list[str]:
    lines = [line for inner in group.inner[:SHOWN] for line in _group(inner)]
    return [indent(line, _STEP) for line in (*lines, left_out(group.inner, group.hidden)) if line]
