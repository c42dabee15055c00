"""The timeline as HTML: what a learner looks at.

Inline styles only: JupyterLab takes <style> and <script> out of outputs it does not trust yet, and
each style that holds a variable. So text keeps the colour around it, and everything else has colours
that do on light and on dark. The SQL alone takes the theme's own, where it may.
Everything that comes from the code or the rows is escaped.
"""

from __future__ import annotations

import os
import re

import sqlparse
from django.utils.html import escape
from sqlparse import tokens as T

from glass.layers.cache import CacheCall
from glass.layers.http import Request
from glass.layers.signals import Call, Send
from glass.layers.sql import Query, Transaction
from glass.layers.tasks import Task
from glass.layers.templates import Fragment, Processor, Render
from glass.trace import Trace
from glass.views import cachetext, sqltext, tasktext, templatetext
from glass.views.tree import SHOWN, Group, grouped, headline, left_out

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
_GREY, _GREY_TINT = "#8a8a8a", "rgba(128,128,128,0.18)"
_BLUE, _BLUE_TINT = "#1e88e5", "rgba(30,136,229,0.12)"
_GREEN, _GREEN_TINT = "#2e8b43", "rgba(46,160,67,0.2)"
_ORANGE, _ORANGE_TINT = "#d9690f", "rgba(217,105,15,0.14)"
_RED, _RED_TINT = "#e53935", "rgba(229,57,53,0.14)"
_VIOLET = "#8e63ce"
_TEAL = "#00897b"
_BROWN = "#8d6e63"
_BAR = 120  # px
_FOLD = re.compile(r"(\.\.\. \d+ columns? of .+? \.\.\.|\.\.\. \d+ (?:values|rows|characters))")
_KEYWORD = "color:var(--jp-mirror-editor-keyword-color,inherit);font-weight:bold"
_STRING = "color:var(--jp-mirror-editor-string-color,inherit)"
_NUMBER = "color:var(--jp-mirror-editor-number-color,inherit)"


def render(trace: Trace) -> str:
    groups = grouped(trace)
    times = os.environ.get("GLASS_TIMES") != "off"
    total = sum(query.duration for query in trace.queries)
    head: str = escape(headline(trace))
    if times and trace.queries:
        quiet = f"float:right;padding-top:2px;font-weight:normal;font-size:13px;{_QUIET}"
        head += f' <span style="{quiet}">{_milliseconds(total)} in the database</span>'
    parts = [f'<div style="font-weight:bold;font-size:15px">{head}</div>']
    scale = max((group.duration for group in _flat(groups)), default=0.0) if times else 0.0
    parts += _groups(groups, scale)
    return f'<div style="{_BOX}">{"".join(parts)}</div>'


def _flat(groups: list[Group]) -> list[Group]:
    queries = []
    for group in groups:
        queries += _flat(group.inner)
        if isinstance(group.first, Query):
            queries.append(group)
    return queries


def _group(group: Group, scale: float) -> str:
    if isinstance(group.first, Request):
        return _request(group, scale)
    if isinstance(group.first, Transaction):
        return _transaction(group, scale)
    if isinstance(group.first, Send):
        return _send(group, scale)
    if isinstance(group.first, Call):
        return _call(group, scale)
    if isinstance(group.first, CacheCall):
        return _cache(group, scale)
    if isinstance(group.first, Task):
        return _task(group, scale)
    if isinstance(group.first, Render | Processor | Fragment):
        return _template(group, scale)
    return _query(group, scale)


def _query(group: Group, scale: float) -> str:
    query = group.first
    repeats = len(group.events) > 1 and not query.many
    edge = _RED if group.error else _ORANGE if repeats else _GREY
    badge = _badge(f"{len(group.events)}x", _ORANGE_TINT) if repeats else ""
    counts = f'<span style="margin-left:4px;{_QUIET}">{escape(group.counts)}</span>'
    head = f"{badge}<b>{escape(group.where)}</b> {counts}"
    # The bar floats: the line around it must be as high as it is.
    line = f'<div style="overflow:hidden">{head}{_bar(group.duration, scale)}</div>'
    parts = [line, _sql(sqltext.folded(query.sql))]
    if group.error:
        parts.append(_note([f"failed: {group.error}"], _RED_TINT))
    if group.remarks:
        parts.append(_note(group.remarks, _ORANGE_TINT if repeats else _BLUE_TINT))
    parts.append(_details(group))
    return _box(edge, parts)


def _details(group: Group) -> str:
    """The whole statement and its values, behind a line that opens by key or click."""
    query, sets = group.first, group.sets
    label = f"with {sqltext.value_sets(sets)}" if sets else ""
    if query.many:
        label = f"{sqltext.count(len(sets), 'set')} of values" if sets else ""
    whole = sqltext.layout(query.sql)
    parts = []
    if whole != sqltext.folded(query.sql):
        parts.append(_sql(whole))
        label = label or "the whole statement"
    for params in sets[:SHOWN]:
        parts.append(f'<pre style="{_CODE}">{escape(sqltext.values(params))}</pre>')
    if len(sets) > SHOWN:
        parts.append(f"<div>... and {len(sets) - SHOWN} more</div>")
    if not parts:
        return ""
    return (
        f'<details><summary style="cursor:pointer;{_QUIET}">{escape(label)}</summary>'
        f"{''.join(parts)}</details>"
    )


def _transaction(group: Group, scale: float) -> str:
    transaction, times = group.first, len(group.events)
    badge = _badge(f"{times}x", _GREY_TINT) if times > 1 else ""
    end = _name(transaction.end or "(still open)")
    if group.error:
        end += _note([f"failed: {group.error}"], _RED_TINT)
    where = f"{badge}<b>{escape(group.where)}</b>"
    if not transaction.sql:
        return _box(_BLUE, [f"<div>{where} {end}</div>"])
    return _box(
        _BLUE,
        [
            f"<div>{where} {_name(transaction.sql)}</div>",
            *_groups(group.inner, scale),
            f"<div>{end}</div>",
        ],
    )


def _request(group: Group, scale: float) -> str:
    request = group.first
    answer = str(request.status) if request.status else str(request.error)
    if request.location:
        answer += f", go to {request.location}"
    tint = _GREEN_TINT if 0 < request.status < 400 else _RED_TINT
    asked = f"<b>{escape(group.where)}</b> {_name(f'{request.method} {request.path}')}"
    parts = [f"<div>{asked} -&gt; {_badge(answer, tint)}</div>"]
    if request.view:
        parts.append(f'<div style="{_QUIET}">view {escape(request.view)}</div>')
    if request.templates:
        names = ", ".join(dict.fromkeys(request.templates))
        parts.append(f'<div style="{_QUIET}">templates {escape(names)}</div>')
    return _box(_VIOLET, [*parts, *_groups(group.inner, scale)])


def _send(group: Group, scale: float) -> str:
    send, times = group.first, len(group.events)
    badge = _badge(f"{times}x", _GREY_TINT) if times > 1 else ""
    told = f' <span style="{_QUIET}">({escape(send.told)})</span>' if send.told else ""
    head = f"{badge}<b>{escape(group.where)}</b> {_name(f'{send.name} from {send.sender_name}')}"
    if not group.inner:
        told += f'<span style="{_QUIET}">, nobody hears it</span>'
    return _box(_TEAL, [f"<div>{head}{told}</div>", *_groups(group.inner, scale)])


def _call(group: Group, scale: float) -> str:
    call, times = group.first, len(group.events)
    badge = _badge(f"{times}x", _GREY_TINT) if times > 1 else ""
    head = f"{badge}receiver {_name(call.name)}"
    if not group.error and call.returned != "None":
        head += f' <span style="{_QUIET}">returned {escape(call.returned)}</span>'
    if os.environ.get("GLASS_TIMES") != "off":
        spent = _milliseconds(group.duration)
        head += f' <span style="float:right;{_QUIET}">{spent} in all</span>'
    parts = [f"<div>{head}</div>"]
    if group.error:
        parts.append(_note([f"raised: {group.error}"], _RED_TINT))
    return _box(_RED if group.error else _TEAL, [*parts, *_groups(group.inner, scale)])


def _task(group: Group, scale: float) -> str:
    times = len(group.events)
    badge = _badge(f"{times}x", _GREY_TINT) if times > 1 else ""
    head = f"{badge}<b>{escape(tasktext.asked(group))}</b> task {_name(tasktext.name(group))}"
    head += f'<span style="{_QUIET}">{escape(tasktext.way(group))}</span>'
    if os.environ.get("GLASS_TIMES") != "off" and (spent := tasktext.spent(group)):
        head += f' <span style="float:right;{_QUIET}">{spent}</span>'
    parts = [f"<div>{head}</div>"]
    if given := tasktext.given(group):
        parts.append(f'<div style="{_QUIET}">with {escape(given)}</div>')
    if body := tasktext.body(group):
        parts.append(
            f'<details><summary style="cursor:pointer;{_QUIET}">the message</summary>'
            f'<pre style="{_CODE}">{escape(body)}</pre></details>'
        )
    lines = tasktext.fate(group)
    tint = _RED_TINT if group.error else _GREEN_TINT if group.first.finished else _GREY_TINT
    told = "".join(f"<div>{escape(line)}</div>" for line in lines)
    style = f"background:{tint};border-radius:4px;padding:4px 10px;margin:6px 0"
    fate, inner = [f'<div style="{style}">{told}</div>'], _groups(group.inner, scale)
    parts += inner + fate if tasktext.here(group) else fate + inner
    return _box(_RED if group.error else _ORANGE, parts)


def _cache(group: Group, scale: float) -> str:
    calls, times = group.events, len(group.events)
    badge = _badge(f"{times}x", _GREY_TINT) if times > 1 else ""
    head = f"{badge}<b>{escape(group.where)}</b> {_name(cachetext.asked(calls))}"
    if outcome := cachetext.outcome(calls):
        missed = any(call.misses for call in calls)
        hit = any(call.hits for call in calls)
        tint = _ORANGE_TINT if missed else _GREEN_TINT if hit else _GREY_TINT
        head += f" -&gt; {_badge(outcome, tint)}"
    if details := cachetext.details(calls):
        head += f' <span style="{_QUIET}">{escape(details)}</span>'
    if os.environ.get("GLASS_TIMES") != "off":
        spent = _milliseconds(group.duration)
        head += f' <span style="float:right;{_QUIET}">{spent} in all</span>'
    parts = [f'<div style="overflow:hidden">{head}</div>']
    if group.error:
        parts.append(_note([f"raised: {group.error}"], _RED_TINT))
    if remark := cachetext.remark(calls):
        parts.append(_note([remark], _BLUE_TINT))
    return _box(_RED if group.error else _GREEN, [*parts, *_groups(group.inner, scale)])


def _template(group: Group, scale: float) -> str:
    event, times = group.first, len(group.events)
    head = _badge(f"{times}x", _GREY_TINT) if times > 1 else ""
    if not isinstance(event, Processor):
        head += f"<b>{escape(group.where)}</b> "
    head += _name(templatetext.told(event))
    if os.environ.get("GLASS_TIMES") != "off":
        spent = _milliseconds(group.duration)
        head += f' <span style="float:right;{_QUIET}">{spent} in all</span>'
    parts = [f'<div style="overflow:hidden">{head}</div>']
    if group.raised:
        parts.append(_note([f"raised: {group.error}"], _RED_TINT))
    return _box(_RED if group.error else _BROWN, [*parts, *_groups(group.inner, scale)])


def _groups(groups: list[Group], scale: float) -> list[str]:
    parts = [_group(group, scale) for group in groups[:SHOWN]]
    if more := left_out(groups):
        parts.append(f"<div>{more}</div>")
    return parts


def _box(edge: str, parts: list[str]) -> str:
    return f'<div style="{_EDGE.format(edge)}">{"".join(parts)}</div>'


def _name(text: str) -> str:
    return f'<span style="{_NAME}">{escape(text)}</span>'


def _badge(text: str, tint: str) -> str:
    return (
        f'<span style="background:{tint};border-radius:9px;padding:1px 8px;'
        f'margin-right:6px;font-weight:bold">{escape(text)}</span>'
    )


def _note(lines: list[str], tint: str) -> str:
    """Sentences on a tint, the words before a colon in bold."""
    parts = []
    for line in lines:
        name, colon, rest = line.partition(": ")
        words = f"<b>{escape(name)}:</b> {escape(rest)}" if colon else escape(line)
        parts.append(f"<div>{words}</div>")
    style = f"background:{tint};border-radius:4px;padding:4px 10px;margin:6px 0"
    return f'<div style="{style}">{"".join(parts)}</div>'


def _bar(duration: float, scale: float) -> str:
    if not scale:
        return ""
    width = max(2, round(_BAR * duration / scale))
    shape = "height:6px;border-radius:3px"
    return (
        f' <span style="float:right">'
        f'<span style="display:inline-block;width:{_BAR}px;{shape};background:{_GREY_TINT};'
        f'vertical-align:middle"><span style="display:block;width:{width}px;{shape};'
        f'background:{_BLUE}"></span></span>'
        f'<span style="display:inline-block;width:72px;text-align:right;{_QUIET}">'
        f"{_milliseconds(duration)}</span></span>"
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _sql(sql: str) -> str:
    parts = []
    for number, piece in enumerate(_FOLD.split(sql)):
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
