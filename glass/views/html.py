"""The timeline as HTML: what a learner looks at.

Inline styles only: JupyterLab takes <style> and <script> out of outputs it does not trust yet.
Colours are JupyterLab's own variables, so that they follow its light and dark themes.
Everything that comes from the code or the rows is escaped.
"""

from __future__ import annotations

import os

import sqlparse
from django.utils.html import escape
from sqlparse import tokens as T

from glass.probes.http import Request
from glass.probes.sql import Transaction
from glass.trace import Trace
from glass.views import sqltext
from glass.views.tree import SHOWN, Group, grouped, headline, left_out

_QUIET = "color:var(--jp-ui-font-color2,inherit)"
_BOX = "font-family:var(--jp-ui-font-family,sans-serif);font-size:13px;line-height:1.5;margin:4px 0"
_CODE = (
    "font-family:var(--jp-code-font-family,monospace);font-size:13px;line-height:1.45;margin:2px 0;"
    "white-space:pre-wrap;overflow-wrap:anywhere;background:transparent;padding:0;color:inherit"
)
_EDGE = "border-left:3px solid {};margin:8px 0;padding:0 0 0 10px"
_PLAIN = "var(--jp-border-color1,#9e9e9e)"
_WARN = "var(--jp-warn-color1,#e65100)"
_ERROR = "var(--jp-error-color1,#d32f2f)"
_BLUE = "var(--jp-brand-color1,#1976d2)"
_KEYWORD = "color:var(--jp-mirror-editor-keyword-color,inherit);font-weight:bold"
_STRING = "color:var(--jp-mirror-editor-string-color,inherit)"
_NUMBER = "color:var(--jp-mirror-editor-number-color,inherit)"


def render(trace: Trace) -> str:
    groups = grouped(trace)
    times = os.environ.get("GLASS_TIMES") != "off"
    total = sum(query.duration for query in trace.queries)
    head: str = escape(headline(trace))
    if times and trace.queries:
        head += f' <span style="{_QUIET}">{_milliseconds(total)} in the database</span>'
    parts = [f'<div style="font-weight:bold;font-size:14px">{head}</div>']
    scale = max((group.duration for group in _flat(groups)), default=0.0) if times else 0.0
    parts += _groups(groups, scale)
    return f'<div style="{_BOX}">{"".join(parts)}</div>'


def _flat(groups: list[Group]) -> list[Group]:
    queries = []
    for group in groups:
        queries += _flat(group.inner)
        if not isinstance(group.first, Request | Transaction):
            queries.append(group)
    return queries


def _group(group: Group, scale: float) -> str:
    if isinstance(group.first, Request):
        return _request(group, scale)
    if isinstance(group.first, Transaction):
        return _transaction(group, scale)
    return _query(group, scale)


def _query(group: Group, scale: float) -> str:
    query = group.first
    repeats = len(group.events) > 1 and not query.many
    edge = _ERROR if group.error else _WARN if repeats else _PLAIN
    badge = _badge(f"{len(group.events)}x", _WARN) if repeats else ""
    head = (
        f"{badge}<b>{escape(group.where)}</b> <span style='{_QUIET}'>{escape(group.counts)}</span>"
    )
    parts = [f"<div>{head}{_bar(group.duration, scale)}</div>", _sql(sqltext.folded(query.sql))]
    if group.error:
        parts.append(f'<div style="color:{_ERROR}"><b>failed:</b> {escape(group.error)}</div>')
    for remark in group.remarks:
        parts.append(f'<div style="color:{_WARN};font-weight:bold">{escape(remark)}</div>')
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
    badge = _badge(f"{times}x", _PLAIN) if times > 1 else ""
    end: str = escape(transaction.end or "(still open)")
    if group.error:
        end += f' <span style="color:{_ERROR}">failed: {escape(group.error)}</span>'
    where = f"{badge}<b>{escape(group.where)}</b>"
    if not transaction.sql:
        return _box(_BLUE, [f"<div>{where} {end}</div>"])
    return _box(
        _BLUE,
        [
            f'<div>{where} <span style="{_KEYWORD}">{transaction.sql}</span></div>',
            *_groups(group.inner, scale),
            f'<div style="{_KEYWORD}">{end}</div>',
        ],
    )


def _request(group: Group, scale: float) -> str:
    request = group.first
    answer = str(request.status) if request.status else str(request.error)
    if request.location:
        answer += f", go to {request.location}"
    good = 0 < request.status < 400
    asked = f"<b>{escape(group.where)}</b> <b>{escape(request.method)} {escape(request.path)}</b>"
    colour = "inherit" if good else _ERROR
    parts = [f'<div>{asked} -&gt; <b style="color:{colour}">{escape(answer)}</b></div>']
    if request.view:
        parts.append(f'<div style="{_QUIET}">view {escape(request.view)}</div>')
    if request.templates:
        names = ", ".join(dict.fromkeys(request.templates))
        parts.append(f'<div style="{_QUIET}">templates {escape(names)}</div>')
    return _box(_BLUE, [*parts, *_groups(group.inner, scale)])


def _groups(groups: list[Group], scale: float) -> list[str]:
    parts = [_group(group, scale) for group in groups[:SHOWN]]
    if more := left_out(groups):
        parts.append(f"<div>{more}</div>")
    return parts


def _box(edge: str, parts: list[str]) -> str:
    return f'<div style="{_EDGE.format(edge)}">{"".join(parts)}</div>'


def _badge(text: str, colour: str) -> str:
    return (
        f'<span style="border:1px solid {colour};border-radius:3px;padding:0 5px;'
        f'margin-right:6px;font-weight:bold">{escape(text)}</span>'
    )


def _bar(duration: float, scale: float) -> str:
    if not scale:
        return ""
    width = max(2, round(120 * duration / scale))
    return (
        f' <span style="display:inline-block;width:{width}px;height:8px;margin:0 4px 0 8px;'
        f'background:{_BLUE};opacity:.6"></span>'
        f'<span style="{_QUIET}">{_milliseconds(duration)}</span>'
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _sql(sql: str) -> str:
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
    return f'<pre style="{_CODE}">{"".join(parts)}</pre>'
