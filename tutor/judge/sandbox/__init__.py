"""What an answer can change around itself in this process, and how to put it back.

Each part is a file with a snapshot(): it notes how things are, and returns what puts them back.
"""

from __future__ import annotations

from contextlib import ExitStack

from tutor.judge.sandbox import caches, models, process, receivers, settings, tasks
from tutor.judge.sandbox.identity import Undo
from tutor.judge.sandbox.isolation import InputRefused, Printed, fresh, isolated

__all__ = ["InputRefused", "Printed", "Undo", "fresh", "isolated", "snapshot"]

# Receivers first: what an answer connected must not hear that the settings change back.
_PARTS = (
    receivers.snapshot,
    settings.snapshot,
    models.snapshot,
    tasks.snapshot,
    caches.snapshot,
    process.snapshot_mail,
    process.snapshot,
)


def snapshot() -> Undo:
    """Note how things are. What is returned puts them back, as often as it is called."""
    undo = [part() for part in _PARTS]

    def restore() -> None:
        # ExitStack takes every step, whatever another one raises; the last one put in goes first.
        with ExitStack() as steps:
            for step in reversed(undo):
                steps.callback(step)

    return restore
