"""Who sent which signal, and who received it: a trace's signals as a sequence diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glass.layer import Event
from glass.layers.signals.event import ReceiverCall, SignalSend
from glass.layers.sql.event import Query
from glass.layers.tasks.event import Task
from glass.views.mermaid import bundle
from glass.wording import count

if TYPE_CHECKING:
    from glass.trace import Trace

_CODE = "your code"
_SHOWN = 60  # arrows; what comes after is only counted


@dataclass(frozen=True)
class Arrow:
    """One message. back is true for the answer of a receiver; a note has the same two ends."""

    source: str
    target: str
    text: str
    back: bool = False

    @property
    def is_note(self) -> bool:
        return self.source == self.target

    def __str__(self) -> str:
        if self.is_note:
            return f"{self.source}: {self.text}"
        text = f": {self.text}" if self.text else ""
        return f"{self.source} {'<-' if self.back else '->'} {self.target}{text}"


class Sequence:
    """Shown as a picture by JupyterLab, which renders Mermaid by itself; str() gives the text."""

    def __init__(self, seen: Trace) -> None:
        tree = seen.children()
        self.arrows = _arrows(tree[None], tree, _CODE)

    def mermaid(self) -> str:
        """The diagram's source: https://mermaid.js.org/syntax/sequenceDiagram.html"""
        shown = self.arrows[:_SHOWN]
        ends = (end for arrow in shown for end in (arrow.source, arrow.target))
        names = {name: f"p{number}" for number, name in enumerate(dict.fromkeys(ends))}
        lines = ["sequenceDiagram"]
        lines += [f"    participant {key} as {_escaped(name)}" for name, key in names.items()]
        for arrow in shown:
            source, target = names[arrow.source], names[arrow.target]
            if arrow.is_note:
                lines.append(f"    Note over {source}: {_escaped(arrow.text)}")
                continue
            if arrow.back:  # An answer is drawn from the receiver to the signal.
                source, target = target, source
            line = "-->>" if arrow.back else "->>"
            lines.append(f"    {source}{line}{target}: {_escaped(arrow.text or ' ')}")
        return "\n".join(lines)

    def __str__(self) -> str:
        lines = [str(arrow) for arrow in self.arrows[:_SHOWN]]
        if len(self.arrows) > _SHOWN:
            lines.append(f"... and {len(self.arrows) - _SHOWN} more, not shown")
        return "\n".join(lines) or "no signals"

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return bundle(self.mermaid(), str(self))


def sequence(seen: Trace) -> Sequence:
    """Draw the signals of a trace: sender, signal, receivers, and what each receiver answered.

    Tasks go through their queue to the worker, where there is one. Queries are counted beside the
    one who made them.
    """
    return Sequence(seen)


def _arrows(events: list[Event], tree: dict[Event | None, list[Event]], actor: str) -> list[Arrow]:
    arrows: list[Arrow] = []
    queries = 0
    for event in [*events, None]:
        if isinstance(event, Query):
            queries += 1
            continue
        if queries:
            arrows.append(Arrow(actor, actor, count(queries, "query")))
            queries = 0
        if isinstance(event, SignalSend):
            arrows.append(Arrow(actor, event.name, f"from {event.sender_name}"))
            arrows += _arrows(tree.get(event, []), tree, event.name)
        elif isinstance(event, ReceiverCall):
            arrows.append(Arrow(actor, event.name, ""))
            arrows += _arrows(tree.get(event, []), tree, event.name)
            if event.error:
                arrows.append(Arrow(actor, event.name, f"raised {event.error}", back=True))
            elif event.returned != "None":
                arrows.append(Arrow(actor, event.name, event.returned, back=True))
        elif isinstance(event, Task):
            arrows += _task(event, tree, actor)
        elif event is not None:  # A request or a transaction: its inside is what counts here.
            arrows += _arrows(tree.get(event, []), tree, actor)
    return arrows


def _task(task: Task, tree: dict[Event | None, list[Event]], actor: str) -> list[Arrow]:
    """Through its queue to the worker; without one, at once."""
    arrows = [Arrow(actor, task.route, task.name)] if task.route else []
    if not task.where:
        return arrows
    here = task.where == "here"
    runs = task.name if here else "worker"
    if task.route:
        arrows.append(Arrow(task.route, runs, task.name))
    else:
        arrows.append(Arrow(actor, runs, "" if here else f"sends {task.name}"))
    arrows += _arrows(tree.get(task, []), tree, runs)
    if task.finished:
        arrows.append(Arrow(actor if here else runs, runs, str(task.states[-1]), back=here))
    return arrows


def _escaped(text: str) -> str:
    """The text with what Mermaid would read as its own signs in its entity codes."""
    text = " ".join(text.split())
    for sign in "#;<>:":
        text = text.replace(sign, f"\0{ord(sign)}\1")
    return text.replace("\0", "#").replace("\1", ";")
