"""The timeline, folded: what repeats is one group. Both the text and the HTML show these groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from glass.layers.cache import CacheCall
from glass.layers.http import Request
from glass.layers.signals import Call, Send
from glass.layers.sql import Query, Transaction
from glass.layers.tasks import Task
from glass.layers.templates import Fragment, Processor, Render
from glass.trace import Event, Trace
from glass.views import cachetext, sqltext, templatetext
from glass.views.sqltext import count

#: Groups shown in one view; what comes after is only counted.
SHOWN = 50

#: Inside these the line of the cell is not said again.
_SAYS_WHERE = (CacheCall, Fragment, Processor, Render, Request)


@dataclass
class Group:
    """Events alike: the same statement from the same line, inside the same kind of event."""

    events: list[Any]
    inner: list[Group] = field(default_factory=list)

    @property
    def first(self) -> Any:
        return self.events[0]

    @property
    def where(self) -> str:
        """The line, and the cell's line where another one is nearer to the database."""
        event = self.first
        where = event.place
        outer = event.places[-1] if len(event.places) > 1 else None
        if outer is not None and outer.in_cell and not isinstance(event.parent, _SAYS_WHERE):
            where += f", called by line {outer.line}"
        return where or "outside your code"

    @property
    def rows(self) -> int:
        return sum(query.rows for query in self.events)

    @property
    def duration(self) -> float:
        return float(sum(event.duration for event in self.events))

    @property
    def error(self) -> str | None:
        return next((event.error for event in self.events if event.error), None)

    @property
    def raised(self) -> bool:
        """Whether the error began here, and not in what is inside."""
        return bool(self.error) and all(inner.error != self.error for inner in self.inner)

    @property
    def counts(self) -> str:
        """ "59 queries, 59 rows" """
        text = f"{count(len(self.events), 'query')}, {count(self.rows, 'row')}"
        alias = self.first.alias
        return text if alias == "default" else f"{text}, on database {alias}"

    @property
    def sets(self) -> list[Any]:
        """The sets of values; [] where there are none, or a generator gave them."""
        query = self.first
        if cachetext.is_of_a_cache(query):  # Pickles, and the time when they expire.
            return []
        if query.many:
            return list(query.params) if isinstance(query.params, list | tuple) else []
        return [query.params for query in self.events if query.params]

    @property
    def remarks(self) -> list[str]:
        """What the repetition is called, and what would ask once; [] when there is nothing to say."""
        query, times = self.first, len(self.events)
        if query.displayed:
            return ["showing a queryset asks for its first 21 rows"]
        if times < 2 or query.many:
            return []
        if len({sqltext.whole(query.params) for query in self.events}) == 1:
            return [f"asked {times} times for the same: keep the first answer"]
        cause = self.events[-1].cause
        if cause is None or (cause.pk is not None and not self._asked_for_others(cause.pk)):
            return [f"the same statement {times} times"]
        name = f"N+1: {cause.relation} asks once for each of {times} objects"
        return [name, f"remedy: {cause.remedy}"] if cause.remedy else [name]

    def _asked_for_others(self, pk: Any) -> bool:
        """Whether the value that was this key in one statement is another one in the rest."""
        columns = zip(*(query.params for query in self.events), strict=False)
        return any(pk in column and any(value != pk for value in column) for column in columns)


def grouped(trace: Trace) -> list[Group]:
    """The outermost groups of the trace, each with its inner ones, in order of first events."""
    tree = trace.children()
    return _group(tree[None], tree)


def left_out(groups: list[Group]) -> str:
    """How many of the groups a view does not show, in words, or ""."""
    more = len(groups) - SHOWN
    return f"... and {count(more, 'statement')} more, not shown" if more > 0 else ""


def _group(events: list[Event], tree: dict[Event | None, list[Event]]) -> list[Group]:
    groups: dict[object, Group] = {}
    for event in events:
        groups.setdefault(_key(event), Group([])).events.append(event)
    for group in groups.values():
        group.inner = _group(
            [child for event in group.events for child in tree.get(event, [])], tree
        )
    return list(groups.values())


def _key(event: Any) -> object:
    if isinstance(event, Query):
        return event.sql, event.alias, event.places, event.error
    if isinstance(event, Transaction):
        return event.sql, event.alias, event.places, event.end
    if isinstance(event, Send):
        return type(event), event.signal, event.sender_name, event.told, event.places, event.error
    if isinstance(event, Call):
        return event.name, event.number, event.returned, event.error
    if isinstance(event, CacheCall):
        family = cachetext.family(event)
        return event.alias, event.operation, family, event.version, event.places, event.error
    if isinstance(event, Task):
        states = tuple(state.name for state in event.states)
        return event.name, event.places, event.sent, event.route, event.where, states, event.error
    if isinstance(event, Render | Processor | Fragment):
        return templatetext.told(event), event.places, event.error
    return event  # Every request is shown by itself.


def headline(trace: Trace) -> str:
    """ "6 queries, 11 rows" """
    queries = trace.queries
    parts = []
    if trace.requests:
        parts.append(count(len(trace.requests), "request"))
    if sends := trace.signals:
        parts.append(count(len(sends), "signal"))
    if tasks := trace.tasks:
        parts.append(count(len(tasks), "task"))
    if templates := trace.templates:
        parts.append(count(len(templates), "template"))
    if calls := trace.cache:
        found = cachetext.counted(calls)
        parts.append(count(len(calls), "cache call") + (f" ({found})" if found else ""))
    if "sql" in trace.layers:
        parts.append(count(len(queries), "query"))
        if queries:
            parts.append(count(sum(query.rows for query in queries), "row"))
    return ", ".join(parts) or "nothing to see"
