"""The timeline, folded: what repeats is one group. Both the text and the HTML show these groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glass import layer
from glass.block import Group
from glass.layer import Event, Layer
from glass.wording import count

if TYPE_CHECKING:
    from glass.trace import Trace

#: Groups shown in one view; what comes after is only counted.
SHOWN = 50
#: Groups inside each other; what is deeper is only counted. A receiver that saves its own sender
#: goes down until Python stops it.
DEEPEST = 25


def grouped(trace: Trace) -> list[Group]:
    """The outermost groups of the trace, each with its inner ones, in order of first events."""
    tree = trace.children()
    return _group(tree[None], tree)


def left_out(groups: list[Group], hidden: int = 0) -> str:
    """How many of the groups a view does not show, in words, or ""."""
    if hidden:
        return f"... {hidden} more inside"
    more = len(groups) - SHOWN
    return f"... and {count(more, 'statement')} more, not shown" if more > 0 else ""


def _group(
    events: list[Event], tree: dict[Event | None, list[Event]], depth: int = 1
) -> list[Group]:
    groups: dict[object, Group] = {}
    for event in events:
        groups.setdefault(event.group_key(), Group([])).events.append(event)
    for group in groups.values():
        inner = [child for event in group.events for child in tree.get(event, [])]
        if depth < DEEPEST:
            group.inner = _group(inner, tree, depth + 1)
        else:
            group.hidden = _count(inner, tree)
    return list(groups.values())


def _count(events: list[Event], tree: dict[Event | None, list[Event]]) -> int:
    """These and all that is inside them."""
    number, waiting = 0, list(events)
    while waiting:
        number += 1
        waiting += tree.get(waiting.pop(), [])
    return number


def headline(trace: Trace) -> str:
    """ "6 queries, 11 rows" """
    parts = [part for each, events in by_layer(trace) for part in each.summary(events)]
    return ", ".join(parts) or "nothing to see"


def spent(trace: Trace) -> str:
    """ "1.20 ms in the database" """
    return ", ".join(filter(None, (each.spent(events) for each, events in by_layer(trace))))


def by_layer(trace: Trace) -> list[tuple[Layer, list[Event]]]:
    """The events of each layer that the trace recorded, or has events of; the outermost first."""
    found: dict[Layer, list[Event]] = {each: [] for each in reversed(layer.layers())}
    for event in trace.events:
        if (of := layer.find(event.layer)) is not None:
            found[of].append(event)
    return [
        (each, events)
        for each, events in found.items()
        if events or trace.layers.intersection(each.names)
    ]
