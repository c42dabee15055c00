"""The timeline as text: what is stored in a notebook, compared by tests and read aloud."""

from __future__ import annotations

from textwrap import indent

from glass.layers.cache import CacheCall
from glass.layers.http import Request
from glass.layers.signals import Call, Send
from glass.layers.sql import Transaction
from glass.layers.tasks import Task
from glass.layers.templates import Fragment, Processor, Render
from glass.trace import Trace
from glass.views import cachetext, sqltext, tasktext, templatetext
from glass.views.tree import SHOWN, Group, grouped, headline, left_out

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
    if isinstance(group.first, Request):
        return _request(group)
    if isinstance(group.first, Transaction):
        return _transaction(group)
    if isinstance(group.first, Send):
        return _send(group)
    if isinstance(group.first, Call):
        return _call(group)
    if isinstance(group.first, CacheCall):
        return _cache(group)
    if isinstance(group.first, Task):
        return _task(group)
    if isinstance(group.first, Render | Processor | Fragment):
        return _template(group)
    return _query(group)


def _query(group: Group) -> list[str]:
    query = group.first
    lines = [f"{group.where}: {group.counts}", indent(sqltext.folded(query.sql), _STEP)]
    if sets := group.sets:
        many = f"{sqltext.count(len(sets), 'set')} of values: " if query.many else ""
        lines.append(f"{_STEP}with {many}{sqltext.value_sets(sets)}")
    if group.error:
        lines.append(f"{_STEP}failed: {group.error}")
    return lines + [f"{_STEP}<- {remark}" for remark in group.remarks]


def _transaction(group: Group) -> list[str]:
    transaction, times = group.first, len(group.events)
    repeated = f" {times} times" if times > 1 else ""
    if not transaction.sql:
        return [f"{group.where}: {transaction.end}{repeated}"]
    lines = [f"{group.where}: {transaction.sql}{repeated}", *_inner(group)]
    lines.append(transaction.end or "(still open)")
    if group.error:
        lines[-1] += f" failed: {group.error}"
    return lines


def _request(group: Group) -> list[str]:
    request = group.first
    answer = str(request.status) if request.status else f"{request.error}"
    if request.location:
        answer += f", go to {request.location}"
    lines = [f"{group.where}: {request.method} {request.path} -> {answer}"]
    if request.view:
        lines.append(f"{_STEP}view {request.view}")
    if request.templates:
        lines.append(f"{_STEP}templates {', '.join(dict.fromkeys(request.templates))}")
    return lines + _inner(group)


def _send(group: Group) -> list[str]:
    send = group.first
    told = f" ({send.told})" if send.told else ""
    line = f"{group.where}: {send.name} from {send.sender_name}{told}{_times(group)}"
    heard = _inner(group)
    return [line, *heard] if heard else [f"{line}, nobody hears it"]


def _call(group: Group) -> list[str]:
    call = group.first
    line = f"receiver {call.name}{_times(group)}"
    if group.error:
        line += f", raised {group.error}"
    elif call.returned != "None":
        line += f", returned {call.returned}"
    return [line, *_inner(group)]


def _task(group: Group) -> list[str]:
    lines = [f"{tasktext.asked(group)}: task {tasktext.name(group)}{_times(group)}"]
    lines[0] += tasktext.way(group)
    if given := tasktext.given(group):
        lines.append(f"{_STEP}with {given}")
    fate = [_STEP + line for line in tasktext.fate(group)]
    # What a task caused here stands in order; what a worker tells comes first.
    return lines + (_inner(group) + fate if tasktext.here(group) else fate + _inner(group))


def _cache(group: Group) -> list[str]:
    calls = group.events
    line = f"{group.where}: {cachetext.asked(calls)}{_times(group)}"
    if outcome := cachetext.outcome(calls):
        line += f" -> {outcome}"
    if details := cachetext.details(calls):
        line += f" ({details})"
    if group.error:
        line += f", raised {group.error}"
    lines = [line, *_inner(group)]
    if remark := cachetext.remark(calls):
        lines.append(f"{_STEP}<- {remark}")
    return lines


def _template(group: Group) -> list[str]:
    event = group.first
    where = "" if isinstance(event, Processor) else f"{group.where}: "
    line = f"{where}{templatetext.told(event)}{_times(group)}"
    if group.raised:
        line += f", raised {group.error}"
    return [line, *_inner(group)]


def _times(group: Group) -> str:
    return f", {len(group.events)} times" if len(group.events) > 1 else ""


def _inner(group: Group) -> list[str]:
    lines = [line for inner in group.inner[:SHOWN] for line in _group(inner)]
    return [indent(line, _STEP) for line in (*lines, left_out(group.inner)) if line]
