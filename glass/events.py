"""Celery's event stream: what workers tell about their tasks while somebody listens.

A worker tells only when it is started with -E.
https://docs.celeryq.dev/en/stable/userguide/monitoring.html#real-time-processing
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Listener(threading.Thread):
    """Hands each event to a function, in a thread of its own, until it is stopped."""

    def __init__(self, app: Any, heard: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(name="glass events", daemon=True)
        self._app = app
        self._heard = heard
        self._ready = threading.Event()
        self._stopped = threading.Event()

    @property
    def listening(self) -> bool:
        return self._ready.is_set() and self.is_alive()

    def listen(self, patience: float = 2.0) -> bool:
        """Whether it hears what is sent from now on; False when the broker does not answer."""
        self.start()
        return self._ready.wait(patience) and self.is_alive()

    def run(self) -> None:
        # No broker, no events: whoever publishes is told why.
        try:
            with (
                suppress(Exception),
                self._app.connection_for_read(connect_timeout=1) as connection,
            ):
                connection.ensure_connection(max_retries=1, interval_start=0)
                receiver = self._app.events.Receiver(connection, handlers={"*": self._heard})
                with receiver.consumer_context(wakeup=False) as (stream, _, _):
                    self._ready.set()
                    self._drain(stream)
        finally:
            self._ready.set()

    def _drain(self, stream: Any) -> None:
        while not self._stopped.is_set():
            try:
                stream.drain_events(timeout=0.1)
            except TimeoutError:
                stream.heartbeat_check()

    def stop(self) -> None:
        self._stopped.set()
        self.join(2)
