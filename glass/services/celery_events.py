"""Celery's event stream: what workers tell about their tasks while somebody listens.

A worker tells only when it is started with -E.
https://docs.celeryq.dev/en/stable/userguide/monitoring.html#real-time-processing
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any
from uuid import uuid4

_CALL = "glass-listening"


class Listener(threading.Thread):
    """Hands each event to a function, in a thread of its own, until it is stopped."""

    def __init__(self, app: Any, heard: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(name="glass events", daemon=True)
        self._app = app
        self._heard = heard
        self._word = uuid4().hex
        self._ready = threading.Event()
        self._stopped = threading.Event()

    @property
    def listening(self) -> bool:
        return self._ready.is_set() and self.is_alive()

    def listen(self, patience: float = 2.0) -> bool:
        """Whether it hears what is sent from now on; False when the broker does not answer."""
        self.start()
        end = monotonic() + patience
        while not self._ready.wait(0.005) and self.is_alive() and monotonic() < end:
            pass
        return self.listening

    def run(self) -> None:
        # No broker, no events: whoever publishes is told why.
        with suppress(Exception), self._app.connection_for_read(connect_timeout=1) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            receiver = self._app.events.Receiver(connection, handlers={"*": self._hear})
            with (
                receiver.consumer_context(wakeup=False) as (stream, _, _),
                self._app.events.default_dispatcher() as dispatcher,
            ):
                self._drain(stream, dispatcher)

    def _drain(self, stream: Any, dispatcher: Any) -> None:
        while not self._stopped.is_set():
            if not self._ready.is_set():
                # Some brokers subscribe a moment later than they say. Only what has come back
                # from them proves that they listen.
                dispatcher.send(_CALL, uuid=self._word)
            try:
                stream.drain_events(timeout=0.02)
            except TimeoutError:
                stream.heartbeat_check()

    def _hear(self, event: dict[str, Any]) -> None:
        if event.get("type") != _CALL:
            self._heard(event)
        elif event.get("uuid") == self._word:
            self._ready.set()

    def stop(self) -> None:
        self._stopped.set()
        self.join(2)
