"""The timeline as HTML: what a learner looks at.

Inline styles only: JupyterLab takes <style> and <script> out of outputs it does not trust yet, and
each style that holds a variable. So text keeps the colour around it, and everything else has colours
that do on light and on dark. The SQL alone takes the theme's own, where it may.
Everything that comes from the code or the rows is escaped.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import sqlparse
from django.utils.html import escape
from sqlparse import tokens as T

from glass.block import Block, Code, Fold, Foot, Group, Inside, Note, Words
from glass.layer import find
from glass.views.tree import SHOWN, grouped, headline, left_out, spent
from glass.wording import milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glass.trace import Trace

_QUIET = "opacity:.75"
_BOX = (
    "font-family:var(--jp-ui-font-family,sans-serif);font-size:13px;line-height:1.5;"
    "margin:6px 0 10px 8px;max-width:960px"
)
_CODE = (
    "font-family:var(--jp-code-font-family,monospace);font-size:13px;line-height:1.45;margin:4px 0;"
    "white-space:pre-wrap;overflow-wrap:anywhere;word-break:normal;background:transparent;padding:0;color:inherit"
)
_EDGE = "border-left:3px solid {};margin:10px 0;padding:0 0 0 12px"
_NAME = "font-family:var(--jp-code-font-family,monospace);font-weight:bold"
_FOLDED = f"font-style:italic;{_QUIET}"
#: What a tone looks like: the ground of a note or a badge, and the edge of a block.
_TINTS: dict[str, str] = {
    "good": "rgba(46,160,67,0.2)",
    "warn": "rgba(217,105,15,0.14)",
    "bad": "rgba(229,57,53,0.14)",
    "info": "rgba(30,136,229,0.12)",
    "quiet": "rgba(128,128,128,0.18)",
}
_EDGES: dict[str, str] = {
    "good": "#2e8b43",
    "warn": "#d9690f",
    "bad": "#e53935",
    "info": "#1e88e5",
    "quiet": "#8a8a8a",
}
_BADGE = "background:{};border-radius:9px;padding:1px 8px;margin-right:6px;font-weight:bold"
_STYLES: dict[str, str] = {
    "name": _NAME,
    "faint": _QUIET,
    "counts": f"margin-left:4px;{_QUIET}",
    **{tone: _BADGE.format(tint) for tone, tint in _TINTS.items()},
}
_BAR = 120  # px
_FOLD = re.compile(r"(\.\.\. \d+ columns? of .+? \.\.\.|\.\.\. \d+ (?:values|rows|characters))")
_KEYWORD = "color:var(--jp-mirror-editor-keyword-color,inherit);font-weight:bold"
_STRING = "color:var(--jp-mirror-editor-string-color,inherit)"
_NUMBER = "color:var(--jp-mirror-editor-number-color,inherit)"


def render(trace: Trace) -> str:
    groups = grouped(trace)
    times = shows_times()
    head: str = escape(headline(trace))
    if times and (total := spent(trace)):
        quiet = f"float:right;padding-top:2px;font-weight:normal;font-size:13px;{_QUIET}"
        head += f' <span style="{quiet}">{escape(total)}</span>'
    parts = [f'<div style="font-weight:bold;font-size:15px">{head}</div>']
    scale = max((group.duration for group in _with_bars(groups)), default=0.0) if times else 0.0
    parts += _groups(groups, scale, 0)
    return f'<div style="{_BOX}">{"".join(parts)}</div>'


def shows_times() -> bool:
    """Not where outputs are stored and compared: GLASS_TIMES=off."""
    return os.environ.get("GLASS_TIMES") != "off"


def _with_bars(groups: list[Group]) -> Iterator[Group]:
    for group in groups:
        yield from _with_bars(group.inner)
        if group.first.has_bar:
            yield group


def _groups(groups: list[Group], scale: float, hidden: int) -> list[str]:
    parts = [_group(group, scale) for group in groups[:SHOWN]]
    if more := left_out(groups, hidden):
        parts.append(f"<div>{more}</div>")
    return parts


def _group(group: Group, scale: float) -> str:
    block = group.block()
    parts = [_head(group, block, scale)]
    for part in block.body:
        match part:
            case Code():
                parts.append(_code(part))
            case Note() if part.form != "text":
                parts.append(_note(part))
            case Fold():
                parts.append(_fold(part))
            case Foot():
                error = _note(Note([f"failed: {part.error}"], "bad")) if part.error else ""
                parts.append(f"<div>{_words(Words(part.text, 'name'))}{error}</div>")
            case Inside():
                parts += _groups(group.inner, scale, group.hidden)
    return f'<div style="{_EDGE.format(_edge(group, block))}">{"".join(parts)}</div>'


def _edge(group: Group, block: Block) -> str:
    if block.edge:
        return _EDGES[block.edge]
    layer = find(group.first.layer)
    return layer.edge or layer.colour if layer else _EDGES["quiet"]


def _head(group: Group, block: Block, scale: float) -> str:
    badge = _words(Words(f"{block.times}x", block.tone)) if block.times > 1 else ""
    where = f"<b>{escape(block.where)}</b> " if block.where else ""
    line = badge + where + "".join(map(_words, block.head))
    if group.first.has_bar:
        line += _bar(group.duration, scale)
    if block.spent and shows_times():
        line += f' <span style="float:right;{_QUIET}">{escape(block.spent)}</span>'
    style = ' style="overflow:hidden"' if block.floats else ""
    return f"<div{style}>{line}</div>"


def _words(words: Words) -> str:
    text = words.text if words.html is None else words.html
    if words.style == "plain":
        return str(escape(text))
    return f'<span style="{_STYLES[words.style]}">{escape(text)}</span>'


def _note(note: Note) -> str:
    """Lines on a tint, the words before a colon in bold; or faint lines."""
    if note.tone is None:
        return "".join(f'<div style="{_QUIET}">{escape(line)}</div>' for line in note.lines)
    parts = []
    for line in note.lines:
        name, colon, rest = line.partition(": ")
        headed = colon and note.headed
        words = f"<b>{escape(name)}:</b> {escape(rest)}" if headed else escape(line)
        parts.append(f"<div>{words}</div>")
    style = f"background:{_TINTS[note.tone]};border-radius:4px;padding:4px 10px;margin:6px 0"
    return f'<div style="{style}">{"".join(parts)}</div>'


def _fold(fold: Fold) -> str:
    """What opens by key or click."""
    more = f"<div>{escape(fold.more)}</div>" if fold.more else ""
    return (
        f'<details><summary style="cursor:pointer;{_QUIET}">{escape(fold.label)}</summary>'
        f"{''.join(map(_code, fold.codes))}{more}</details>"
    )


def _bar(duration: float, scale: float) -> str:
    if not scale:
        return ""
    width = max(2, round(_BAR * duration / scale))
    shape = "height:6px;border-radius:3px"
    return (
        f' <span style="float:right">'
        f'<span style="display:inline-block;width:{_BAR}px;{shape};background:{_TINTS["quiet"]};'
        f'vertical-align:middle"><span style="display:block;width:{width}px;{shape};'
        f'background:{_EDGES["info"]}"></span></span>'
        f'<span style="display:inline-block;width:72px;text-align:right;{_QUIET}">'
        f"{milliseconds(duration)}</span></span>"
    )


def _code(code: Code) -> str:
    if code.kind != "sql":
        return f'<pre style="{_CODE}">{escape(code.text)}</pre>'
    parts = []
    for number, piece in enumerate(_FOLD.split(code.text)):
        # Every second piece tells what is folded away, and is no SQL.
        parts.append(
            f'<span style="{_FOLDED}">{escape(piece)}</span>' if number % 2 else _coloured(piece)
        )
    return f'<pre style="{_CODE}">{"".join(parts)}</pre>'


def _coloured(sql: str) -> str:
    parts = []
    for kind, text in sqlparse.lexer.tokenize(sql):
        style = ""
        if kind in T.Keyword:
            style = _KEYWORD
        elif kind in T.String.Single:
            style = _STRING
        elif kind in T.Number or kind in T.Name.Placeholder:
            style = _NUMBER
        parts.append(f'<span style="{style}">{escape(text)}</span>' if style else escape(text))
    return "".join(parts)
