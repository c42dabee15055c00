"""The project's Celery app on a broker of this notebook's own.

Without CELERY_BROKER_URL that is glass.services.redis_server, in this process. With it the real one is used, and
every name on it begins with this process' own prefix: two notebooks never see each other's tasks.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from kombu.exceptions import OperationalError

from glass.services import session, task_errors
from glass.services.celery_app import BrokerProblem, connect, project_app

if TYPE_CHECKING:
    from glass.services.redis_server import Server

__all__ = ["Broker", "BrokerProblem", "start_broker"]


def start_broker() -> Broker:
    """Send this notebook's tasks to a broker, where they wait until a worker takes them.

    The app's task_always_eager, broker_url and result_backend are changed until `stop()`. Called
    again it stops the broker, and the workers and the beat on it, and begins with an empty one.
    Raises BrokerProblem with a sentence.
    (https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/)
    """
    session.stop_broker()
    return Broker()


class Broker:
    """`broker = start_broker()`, `broker.queues()`, `broker.stop()`; or a with block.

    app       the project's Celery app
    embedded  whether it is glass.services.redis_server, in this process
    settings  what is changed in the app, and in the workers' app
    """

    def __init__(self) -> None:
        self.app = project_app()
        url = os.environ.get("CELERY_BROKER_URL")
        self.embedded = not url
        self._server = None if url else _server()
        self.prefix = "" if self.embedded else f"glass-{socket.gethostname()}-{os.getpid()}."
        self._on_stop: list[Callable[[], object]] = []
        url = url or self._server.url  # type: ignore[union-attr]
        self.settings: dict[str, Any] = {
            "task_always_eager": False,
            "broker_url": url,
            "result_backend": self.app.conf.result_backend
            or ("rpc://" if url.startswith("amqp") else url),
            # A broker that is gone is said at once.
            "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.1},
            "result_backend_transport_options": {
                "global_keyprefix": self.prefix,
                "retry_policy": {"max_retries": 2, "interval_start": 0.1},
            },
            "broker_connection_timeout": 2,
            "broker_connection_retry_on_startup": True,
        }
        if url.startswith("redis"):
            self.settings["broker_transport_options"] = {"global_keyprefix": self.prefix}
        if self.settings["result_backend"] == "rpc://":
            # A worker that sends tasks has a queue for their results; nobody cleans after it.
            self.settings["result_expires"] = 3600
        self._before = dict(self.app.conf.changes)
        connect(self.app, self.settings, self.prefix)
        self._check()
        session.broker = self
        task_errors.install()
        atexit.register(self.stop)

    def __repr__(self) -> str:
        kind = "in this notebook" if self.embedded else self.app.connection().transport_cls
        return f"<broker: {kind}>"

    def queues(self, *names: str) -> dict[str, int]:
        """{queue: messages that wait in it}: of the queues named, or of all that the app knows.

        A message that a worker has reserved waits no more.
        """
        with self.app.connection_for_read() as connection:
            channel = connection.default_channel
            known = self.app.amqp.queues
            queues = [known[name] for name in names or tuple(known)]
            return {
                queue.alias or queue.name: queue(channel).queue_declare().message_count
                for queue in queues
            }

    def messages(self, queue: str = "celery") -> list[dict[str, Any]]:
        """What waits in the queue, the oldest first, and stays there.

        Each is {"headers": {"task": name, "id": ..., "eta": ...}, "properties": {...},
        "body": [args, kwargs, {"callbacks": ..., "chain": ...}]}.
        (https://docs.celeryq.dev/en/stable/internals/protocol.html)
        Raises BrokerProblem on RabbitMQ, which shows no message without handing it out.
        """
        with self.app.connection_for_read() as connection:
            channel = connection.default_channel
            if not hasattr(channel, "client"):
                raise BrokerProblem(
                    "Only Redis shows the messages of a queue; RabbitMQ hands them out. "
                    "broker.queues() counts them."
                )
            found = [
                json.loads(raw)
                for raw in reversed(channel.client.lrange(self.prefix + queue, 0, -1))
            ]
        for message in found:
            body = message["body"]
            if message["properties"].get("body_encoding") == "base64":
                body = base64.b64decode(body)
            message["body"] = json.loads(body)
        return found

    def stop(self) -> None:
        """Stop the workers and the beat on it, empty it, and give the app its own settings back.

        Again does no harm.
        """
        if session.broker is not self:
            return
        for step in list(self._on_stop):
            step()
        session.broker = None
        task_errors.uninstall()
        atexit.unregister(self.stop)
        with suppress(Exception):  # A broker that is gone needs no cleaning.
            self._clean()
        self.app.conf.changes.clear()
        self.app.conf.changes.update(self._before)
        connect(self.app, {})
        if self._server:
            self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _check(self) -> None:
        """Raise BrokerProblem where nobody answers at the URL."""
        try:
            with self.app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0.1, timeout=2)
        except OperationalError as error:
            self.app.conf.changes.clear()
            self.app.conf.changes.update(self._before)
            connect(self.app, {})
            raise BrokerProblem(
                f"No broker answers at CELERY_BROKER_URL ({error}). Start it, or remove the "
                "variable: then the notebook brings its own."
            ) from None

    def _clean(self) -> None:
        """Take away from a real broker whatever begins with this process' prefix."""
        if self.embedded:
            return
        with self.app.connection_for_write() as connection:
            channel = connection.default_channel
            if hasattr(channel, "client"):
                import redis

                client = redis.Redis.from_url(self.settings["broker_url"])
                keys = list(client.scan_iter(f"{self.prefix}*"))
                if keys:
                    client.delete(*keys)
                return
            queues = list(self.app.amqp.queues.values())
            for name in [*(queue.name for queue in queues), self.app.thread_oid]:
                channel.queue_delete(name)
            shared = (f"{self.prefix}{name}" for name in ("celery.pidbox", "celeryev"))
            for name in [*(queue.exchange.name for queue in queues), *shared]:
                channel.exchange_delete(name)
            channel.exchange_delete(f"reply.{self.prefix}celery.pidbox")


def _server() -> Server:
    from glass.services.redis_server import (
        Server,  # A worker that starts does so while fakeredis is loaded.
    )

    return Server()
