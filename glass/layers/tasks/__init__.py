"""Celery's tasks: what was sent where, who ran it, and what came of it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from glass.layer import Layer, register
from glass.layers.tasks.event import State, Task

if TYPE_CHECKING:
    from glass.trace import Trace

__all__ = ["State", "Task", "Tasks"]


class Tasks(Layer):
    """Celery is imported when its tasks are to be seen, and not before."""

    name = "tasks"
    help = "Celery's tasks: sent, run here, run by a worker"
    attribute = "tasks"
    kinds = (Task,)
    default = True
    order = 40
    lane = 60
    colour = "#d55e00"
    edge = "#d9690f"

    def install(self) -> None:
        if find_spec("celery"):
            from glass.layers.tasks import hook

            hook.install(self.patches)

    def uninstall(self) -> None:
        super().uninstall()
        if find_spec("celery"):
            from glass.layers.tasks import hook

            hook.uninstall()

    def wait(self, trace: Trace) -> None:
        if trace.of(Task):
            from glass.layers.tasks import hook

            hook.wait_for_workers(trace)


register(Tasks())
