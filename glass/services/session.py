"""What runs for this notebook now: its broker, its workers, its beat. It imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glass.services.broker import Broker
    from glass.services.worker import Process, Worker

#: The broker that this process' tasks go to, or None.
broker: Broker | None = None
#: The workers and the beat, by name.
processes: dict[str, Process] = {}


def workers() -> list[Worker]:
    """The workers that were started and not stopped."""
    return [each for each in processes.values() if each.takes_tasks]  # type: ignore[misc]


def has_no_worker() -> bool:
    """Whether this notebook's own broker runs, and no worker of its own."""
    return broker is not None and not workers()


def plain_name(name: str) -> str:
    """A name as the project says it: on a RabbitMQ this notebook's ones begin with its own mark."""
    return name.removeprefix(broker.prefix) if broker else name


def stop_broker() -> None:
    """And the workers on it, if there is one."""
    if broker is not None:
        broker.stop()
