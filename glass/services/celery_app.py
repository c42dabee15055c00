"""The project's Celery app: where it is, and what it is connected to.

The worker's process imports this too, and wants to be ready soon: nothing here loads fakeredis.
"""

from __future__ import annotations

import threading
from typing import Any

from celery import Celery, current_app
from celery.app.amqp import AMQP, Queues
from kombu import pools
from kombu.entity import Exchange


class BrokerProblem(Exception):
    """What is wrong with the broker or the worker, and what to do, in a sentence."""


def project_app() -> Celery:
    """The project's app. Raises BrokerProblem where there is none."""
    from django.apps import apps

    app = current_app._get_current_object() if apps.ready else None
    if app is None or app.main in (None, "default"):
        raise BrokerProblem(
            "This project has no Celery app. Django's __init__.py of the settings' package imports "
            "one: https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html"
        )
    return app


def connect(app: Celery, settings: dict[str, Any], prefix: str = "") -> None:
    """Change settings of an app that may have been used already: let go of what it had opened.

    prefix  of the names of queues and exchanges, where the broker is RabbitMQ
    """
    app.conf.update(settings)
    pools.reset()  # type: ignore[no-untyped-call]
    app._pool = None
    for name in ("amqp", "control", "events"):
        app.__dict__.pop(name, None)
    app.__dict__.pop("amqp_cls", None)
    backend = app._backend
    if hasattr(backend, "result_consumer"):
        # Results that are held would each look for the old store when they are dropped.
        backend.remove_pending_result = lambda result: result
    # Each thread has its backend, and a thread-safe one is shared.
    app._local = threading.local()
    app._backend_cache = None
    if prefix and app.conf.broker_url.startswith("amqp"):
        own = type("OwnQueues", (_OwnQueues,), {"prefix": prefix})
        app.amqp_cls = type("OwnAMQP", (AMQP,), {"queues_cls": own})
        app.conf.update(control_exchange=f"{prefix}celery", event_exchange=f"{prefix}celeryev")


class _OwnQueues(Queues):  # type: ignore[misc]
    """Queues whose names on the broker begin with a prefix; the code calls them without it."""

    prefix = ""

    def _add(self, queue: Any) -> Any:
        exchange = queue.exchange or self.default_exchange
        queue.alias, queue.name = queue.name, self.prefix + queue.name
        queue.exchange = Exchange(self.prefix + exchange.name, exchange.type)  # type: ignore[no-untyped-call]
        queue.expires = 3600  # Seconds without a worker: nobody cleans after a killed notebook.
        return super()._add(queue)
