"""Chapter 13, message, broker, worker: what its exercises share."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from celery import current_app
from celery.signals import before_task_publish


@dataclass
class Message:
    """A task's message as it was sent. eta, expires: ISO 8601, or None."""

    id: str
    name: str
    args: list[Any]
    kwargs: dict[str, Any]
    queue: str
    eta: str | None
    expires: str | None


#: What was sent since sending().
SENT: list[Message] = []


def sending() -> None:
    """From now on an answer's tasks go to the broker in memory, where no worker is, and into SENT.

    It ends with the answer: tutor.judge.sandbox puts Celery back.
    """

    def note(sender: str, body: Any, headers: Any, routing_key: str, **kwargs: Any) -> None:
        when = headers["eta"], headers["expires"]
        message = Message(headers["id"], sender, [*body[0]], {**body[1]}, routing_key, *when)
        SENT.append(message)

    SENT.clear()
    current_app.conf.task_always_eager = False
    before_task_publish.connect(note, weak=False, dispatch_uid="chapter 13")
