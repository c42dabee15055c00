"""A task of Celery's: what is known of it, and how it reads: no ids, no processes, no times."""

from __future__ import annotations

from typing import Any, NamedTuple

from glass import source
from glass.block import INSIDE, Block, Code, Fold, Group, Note, Part, Tone, Words
from glass.layer import Event
from glass.wording import count, milliseconds, values

#: The header of a message that asks the worker for the queries of its task, and the type of the
#: event by which the worker tells them.
WANTED = "glass_watched"
EVENT_TYPE = "glass-queries"
FINAL = frozenset({"succeeded", "failed", "revoked", "rejected", "ignored"})


class State(NamedTuple):
    """What became of a task.

    name    "received", "started", "retried", "succeeded", "failed", "revoked", "rejected", "ignored"
    detail  what it returned, or "Type: message"; "" where there is nothing to tell
    """

    name: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}" if self.detail else self.name


class Task(Event):
    """One task: its message, and what became of it.

    id           of the task, the same for each attempt
    args, kwargs as they were given
    sent         whether it went to a broker; False for one that ran here at once (eager)
    exchange, routing_key   where the message went; the exchange "" is the default one, and its
                 routing key is the name of the queue
    body         the message as it was serialized, a str or bytes; `size` is its length in bytes
    serializer   "json"
    eta, expires as in the message's headers, ISO 8601, or None
    states       [State], in order
    where        "here", "worker", or "" as long as nobody has taken it
    process      with a worker of this notebook's: "a child process", "a thread of the worker" or
                 "the worker's process" itself; else ""
    waited       seconds between being sent and being started by a worker; None as long as unknown
    """

    __slots__ = (
        "_outer",
        "_sent_at",
        "args",
        "body",
        "eta",
        "exchange",
        "expires",
        "follows",
        "id",
        "kwargs",
        "name",
        "process",
        "routing_key",
        "sent",
        "serializer",
        "states",
        "waited",
        "where",
    )
    layer = "tasks"
    noun = "task"

    def __init__(
        self, places: tuple[source.Place, ...], id: str, name: str, args: Any, kwargs: Any
    ) -> None:
        super().__init__(places)
        self.id = id
        self.name = name
        self.args = tuple(args or ())
        self.kwargs = dict(kwargs or {})
        self.sent = False
        self.exchange = self.routing_key = self.serializer = ""
        self.body: str | bytes = b""
        self.eta: str | None = None
        self.expires: str | None = None
        self.states: list[State] = []
        self.where = self.process = ""
        self.waited: float | None = None
        #: The ids of the tasks that the worker sends when this one is done: a chain's next.
        self.follows: list[str] = []
        self._sent_at = 0.0
        self._outer: Event | None = None

    @property
    def finished(self) -> bool:
        return bool(self.states) and self.states[-1].name in FINAL

    @property
    def state(self) -> str:
        """The last state's name; "sent" before the first."""
        return self.states[-1].name if self.states else "sent"

    @property
    def size(self) -> int:
        return len(self.body.encode() if isinstance(self.body, str) else self.body)

    @property
    def route(self) -> str:
        """ "queue celery"; "" of a task that was not sent from here."""
        if not self.exchange:
            return f"queue {self.routing_key}" if self.routing_key else ""
        return f"exchange {self.exchange}, routing key {self.routing_key}"

    def __repr__(self) -> str:
        return f"<Task {self.name} {self.state}>"

    def label(self) -> str:
        return f"{self.name} {self.state}"

    def group_key(self) -> object:
        states = tuple(state.name for state in self.states)
        return self.name, self.places, self.sent, self.route, self.where, states, self.error

    def block(self, group: Group) -> Block:
        tasks: list[Task] = group.events
        head = [Words("task "), Words(self._title(group), "name"), group.times_text]
        head.append(Words(self._route_text(group), "faint"))
        body: list[Part] = []
        calls = [task._arguments_text() for task in tasks]
        if len(tasks) > 1 and any(calls):
            body.append(Note([f"with {_joined(calls)}"]))
        if message := self._message():
            body.append(Fold("the message", [Code(message)]))
        tone: Tone = "bad" if group.error else "good" if self.finished else "quiet"
        states = Note(self._state_lines(group), tone, headed=False)
        # What a task caused here stands in order; what a worker tells comes first.
        body += [INSIDE, states] if self.where == "here" else [states, INSIDE]
        by_worker = isinstance(self.parent, Task) and self.where == "worker"
        return Block(
            "then the worker sends" if by_worker else group.where,
            head,
            body,
            times=group.times,
            edge="bad" if group.error else None,
            spent=_spent(group),
        )

    def _title(self, group: Group) -> str:
        """ "shop.tasks.send_confirmation(12)"; several of them without what they were given."""
        return self.name if group.times > 1 else f"{self.name}({self._arguments_text()})"

    def _arguments_text(self) -> str:
        return ", ".join(filter(None, (values(self.args), values(self.kwargs))))

    def _route_text(self, group: Group) -> str:
        """ " -> queue celery (json, 61 bytes)"; ", run here" without a broker."""
        if not self.routing_key and not self.exchange:
            return ", run here at once" if self.where == "here" else ""
        size = count(sum(each.size for each in group.events), "byte")
        extras = [self.serializer, size] if self.body else []
        if self.eta:
            extras.append("not before its eta")
        if self.expires:
            extras.append("expires")
        return f" -> {self.route}" + (f" ({', '.join(extras)})" if extras else "")

    def _state_lines(self, group: Group) -> list[str]:
        """["worker: received, started, succeeded: 'sent'"]; each attempt of a retried one in its line."""
        if not self.states:
            if not self.sent:
                return ["was not sent" if self.routing_key else "still running"]
            return ["sent, no worker has taken it yet"]
        attempts: list[list[str]] = [[]]
        for number, state in enumerate(self.states):
            attempts[-1].append(_state_text(group, number))
            if state.name == "retried":
                attempts.append([])
        if not self.finished:
            waits = self.eta and self.state == "received"
            attempts[-1].append("waits for its eta" if waits else "not finished yet")
        who = "worker: " if self.where == "worker" else ""
        lines = [", ".join(attempt) for attempt in attempts]
        return [who + lines[0], *(" " * len(who) + line for line in lines[1:])]

    def _message(self) -> str:
        """The message as it was sent; "" for one that is no text."""
        if isinstance(self.body, bytes):
            return ""
        size = len(self.body)
        return self.body if size <= 2000 else f"{self.body[:2000]}... {size} characters"


def _state_text(group: Group, number: int) -> str:
    states: list[State] = [task.states[number] for task in group.events]
    details = [state.detail for state in states]
    if not any(details):
        return states[0].name
    return f"{states[0].name}: {_joined(details if len(set(details)) > 1 else details[:1])}"


def _joined(parts: list[str]) -> str:
    shown = parts if len(parts) <= 4 else [*parts[:3], f"... {len(parts) - 3} more"]
    return " | ".join(shown)


def _spent(group: Group) -> str:
    """ "waited 2.10 ms, ran 10.21 ms" """
    waited = [task.waited for task in group.events if task.waited is not None]
    parts = [f"waited {milliseconds(sum(waited))}"] if waited else []
    if group.duration > 0:
        parts.append(f"ran {milliseconds(group.duration)}")
    return ", ".join(parts)
