"""Celery: its settings, its schedule, its tasks, and who hears its own signals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import local
from typing import Any

from celery import current_app
from celery import signals as celery_signals
from celery.utils.dispatch import Signal
from django.utils.module_loading import autodiscover_modules

from tutor.judge.sandbox.identity import Undo, is_a, keep_list, same_values


@cache
def import_tasks() -> None:
    """The project's tasks are there before an answer is: one that it imports first would be gone."""
    autodiscover_modules("tasks")


def snapshot() -> Undo:
    app = current_app._get_current_object()
    import_tasks()
    changes, schedule, tasks = app.conf.changes, app.conf.beat_schedule, app.tasks
    pairs = [(changes, dict(changes)), (schedule, dict(schedule)), (tasks, dict(tasks))]
    pairs += [(vars(task), dict(vars(task))) for task in tasks.values()]
    heard = [
        (signal, keep_list(signal, "receivers"))
        for signal in vars(celery_signals).values()
        if is_a(signal, Signal) and signal.receivers is not None
    ]

    def undo() -> None:
        for now, before in pairs:
            if not same_values(now, before):
                now.clear()
                now.update(before)
        for signal, restore in heard:
            if restore():
                signal.sender_receivers_cache.clear()

    return undo


@contextmanager
def eager() -> Iterator[None]:
    """A task of an answer runs at once and here; what it sends by name reaches nobody.

    An error stays in the result, as with a worker: eager_propagates would let retry() fail.
    """
    app = current_app._get_current_object()
    # What the app has opened to a broker, and opens again when it is missing.
    opened = ("_pool", "_local", "_backend_cache", "amqp", "control", "events")
    before = {name: vars(app)[name] for name in opened if name in vars(app)}
    app.conf.get("task_always_eager")  # Loads the settings: before that, changes is all of them.
    changes = dict(app.conf.changes)

    def reconnect(values: dict[str, Any]) -> None:
        for name in opened:
            vars(app).pop(name, None)
        vars(app).update(values)

    app.conf.update(
        task_always_eager=True, task_eager_propagates=False, broker_url="memory://localhost//"
    )
    reconnect({"_local": local(), "_backend_cache": None})
    try:
        yield
    finally:
        app.conf.changes.clear()
        app.conf.changes.update(changes)
        reconnect(before)
