"""Which way a message goes: exchanges, bindings, queues, and how many messages wait in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError
from kombu.transport import virtual

from glass.services.session import plain_name
from glass.views.mermaid import bundle
from glass.wording import count


@dataclass(frozen=True)
class Binding:
    """A queue is bound to an exchange by a key.

    exchange  its name; "" is the default one, which knows every queue by its own name
    kind      "direct", "topic" or "fanout"
    key       the routing key, or the pattern of a topic exchange
    queue     the queue's name
    waiting   the messages that no worker has taken; None where the broker does not know the queue
    """

    exchange: str
    kind: str
    key: str
    queue: str
    waiting: int | None

    @property
    def messages(self) -> str:
        if self.waiting is None:
            return "not there yet"
        return f"{count(self.waiting, 'message')} waiting"


class Topology:
    """Shown as a picture by JupyterLab, which renders Mermaid by itself; str() gives the text."""

    def __init__(self, bindings: list[Binding]) -> None:
        self.bindings = bindings

    def mermaid(self) -> str:
        """The diagram's source: https://mermaid.js.org/syntax/flowchart.html"""
        lines = ["flowchart LR"]
        exchanges = list(dict.fromkeys((each.exchange, each.kind) for each in self.bindings))
        queues = list(dict.fromkeys((each.queue, each.messages) for each in self.bindings))
        for number, (name, kind) in enumerate(exchanges):
            lines.append(f'    e{number}(["{_escaped(f"{name or 'default'} ({kind})")}"])')
        for number, (name, waiting) in enumerate(queues):
            lines.append(f'    q{number}[("{_escaped(name)}<br>{_escaped(waiting)}")]')
        for each in self.bindings:
            start = exchanges.index((each.exchange, each.kind))
            end = queues.index((each.queue, each.messages))
            key = f'-- "{_escaped(each.key)}" -->' if each.key else "-->"
            lines.append(f"    e{start} {key} q{end}")
        return "\n".join(lines)

    def __str__(self) -> str:
        lines = []
        exchange = None
        for each in self.bindings:
            if (each.exchange, each.kind) != exchange:
                exchange = each.exchange, each.kind
                lines.append(f"exchange {each.exchange or 'default'} ({each.kind})")
            key = f"{each.key} -> " if each.key else "-> "
            lines.append(f"  {key}queue {each.queue}: {each.messages}")
        return "\n".join(lines) or "no queues"

    __repr__ = __str__

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return bundle(self.mermaid(), str(self))


def topology() -> Topology:
    """The queues that the app knows, what they are bound to, and how many messages wait.

    They are those of task_queues, the default one, and those that a task was sent to. A message
    that a worker has reserved waits no more.

    Raises BrokerProblem with a sentence where there is no broker.
    https://docs.celeryq.dev/en/stable/userguide/routing.html
    """
    from glass.services.broker import BrokerProblem

    app = current_app
    if app.conf.task_always_eager:
        raise BrokerProblem(
            "There is no broker: tasks run at once, in this process. start_broker() brings one."
        )
    bindings: list[Binding] = []
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            for queue in app.amqp.queues.values():
                bindings += _bindings(queue, connection)
    except OperationalError as error:
        raise BrokerProblem(f"The broker does not answer: {error}") from None
    return Topology(sorted(bindings, key=lambda each: (each.exchange, each.queue, each.key)))


def _bindings(queue: Any, connection: Any) -> list[Binding]:
    waiting = _waiting(queue, connection)
    found = []
    for bound in queue.bindings or [queue]:
        exchange = bound.exchange or queue.exchange
        key = "" if exchange.type == "fanout" else bound.routing_key or ""
        found.append(
            Binding(plain_name(exchange.name), exchange.type, key, plain_name(queue.name), waiting)
        )
    return found


def _waiting(queue: Any, connection: Any) -> int | None:
    """Asked by a passive declaration, which makes no queue."""
    # A broker closes the channel on which one asks for a queue that is not there.
    with connection.channel() as channel:
        # On Redis a queue is a list: an empty one is not there, and declaring makes none.
        passive = not isinstance(channel, virtual.Channel)
        try:
            return int(channel.queue_declare(queue=queue.name, passive=passive).message_count)
        except connection.channel_errors:
            return None


def _escaped(text: str) -> str:
    """The text with what Mermaid would read as its own signs in its entity codes."""
    for sign in '#;<>"':
        text = text.replace(sign, f"\0{ord(sign)}\1")
    return text.replace("\0", "#").replace("\1", ";")
