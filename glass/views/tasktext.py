"""What is said of Celery's tasks, in text and in HTML: no ids, no processes, no times."""

from __future__ import annotations

from glass.layers.tasks import State, Task
from glass.views.sqltext import count, values
from glass.views.tree import Group


def asked(group: Group) -> str:
    """ "line 3"; who sent it, where that was the worker itself."""
    by_worker = isinstance(group.first.parent, Task) and group.first.where == "worker"
    return "then the worker sends" if by_worker else group.where


def here(group: Group) -> bool:
    """Whether it ran in this process."""
    return bool(group.first.where == "here")


def name(group: Group) -> str:
    """ "shop.tasks.send_confirmation(12)"; several of them without what they were given."""
    task = group.first
    return task.name if len(group.events) > 1 else f"{task.name}({_inside(task)})"


def given(group: Group) -> str:
    """What several tasks were given: "12 | 13 | 14"."""
    if len(group.events) == 1:
        return ""
    calls = [_inside(task) for task in group.events]
    return _joined(calls) if any(calls) else ""


def way(group: Group) -> str:
    """ " -> queue celery (json, 61 bytes)"; ", run here" without a broker."""
    task = group.first
    if not task.routing_key and not task.exchange:
        return ", run here at once" if task.where == "here" else ""
    size = count(sum(each.size for each in group.events), "byte")
    extras = [task.serializer, size] if task.body else []
    extras += ["not before its eta"] * bool(task.eta) + ["expires"] * bool(task.expires)
    return f" -> {task.route}" + (f" ({', '.join(extras)})" if extras else "")


def fate(group: Group) -> list[str]:
    """["worker: received, started, succeeded: 'sent'"]; each attempt of a retried one in its line."""
    task = group.first
    if not task.states:
        if not task.sent:
            return ["was not sent" if task.routing_key else "still running"]
        return ["sent, no worker has taken it yet"]
    attempts: list[list[str]] = [[]]
    for number, state in enumerate(task.states):
        attempts[-1].append(_state(group, number))
        if state.name == "retried":
            attempts.append([])
    if not task.finished:
        waits = task.eta and task.state == "received"
        attempts[-1].append("waits for its eta" if waits else "not finished yet")
    who = "worker: " if task.where == "worker" else ""
    lines = [", ".join(attempt) for attempt in attempts]
    return [who + lines[0], *(" " * len(who) + line for line in lines[1:])]


def spent(group: Group) -> str:
    """ "waited 2.10 ms, ran 10.21 ms" """
    waited = [task.waited for task in group.events if task.waited is not None]
    parts = [f"waited {sum(waited) * 1000:.2f} ms"] if waited else []
    if group.duration > 0:
        parts.append(f"ran {group.duration * 1000:.2f} ms")
    return ", ".join(parts)


def body(group: Group) -> str:
    """The first message as it was sent; "" for one that is no text."""
    message = group.first.body
    if isinstance(message, bytes):
        return ""
    return message if len(message) <= 2000 else f"{message[:2000]}... {len(message)} characters"


def _state(group: Group, number: int) -> str:
    states: list[State] = [task.states[number] for task in group.events]
    details = [state.detail for state in states]
    if not any(details):
        return states[0].name
    return f"{states[0].name}: {_joined(details if len(set(details)) > 1 else details[:1])}"


def _joined(parts: list[str]) -> str:
    shown = parts if len(parts) <= 4 else [*parts[:3], f"... {len(parts) - 3} more"]
    return " | ".join(shown)


def _inside(task: Task) -> str:
    return ", ".join(filter(None, (values(task.args), values(task.kwargs))))
