"""What Celery's errors mean in a notebook, in a sentence in place of forty lines of traceback."""

from __future__ import annotations

import sys
from typing import Any

import redis
from celery import current_app
from celery.exceptions import NotRegistered, TimeoutError
from celery.signals import before_task_publish
from kombu.exceptions import EncodeError, OperationalError

from glass.services import session

_SENTENCES: dict[type[Exception], str] = {
    TimeoutError: (
        "No result came in time. A worker must run, know the task and take its queue: "
        "print(worker.log()) says what it received, broker.queues() what still waits."
    ),
    EncodeError: (
        "{error}. What a task is given and what it returns travels as JSON: numbers, texts, lists, "
        "dates. Give it a key (customer.pk), and let it read the row."
    ),
    NotRegistered: (
        "The worker does not know the task {error}. It has the tasks of the project's tasks.py "
        "modules and of %%task_module cells, as they were when it started."
    ),
    OperationalError: "The broker does not answer ({error}). Start it again: start_worker().",
    redis.ConnectionError: "The broker does not answer ({error}). Start it again: start_worker().",
}


def explain(error: BaseException) -> str | None:
    """The sentence for an error of Celery, kombu or redis; None for any other."""
    for kind, sentence in _SENTENCES.items():
        if isinstance(error, kind):
            return sentence.format(error=str(error).rstrip("."))
    return None


def install() -> None:
    """Show sentences for errors in cells, and say before a task is sent that no worker knows it."""
    before_task_publish.connect(_warn, weak=False, dispatch_uid="glass.services.task_errors")
    if shell := _notebook():
        shell.set_custom_exc(tuple(_SENTENCES), _show)


def uninstall() -> None:
    before_task_publish.disconnect(dispatch_uid="glass.services.task_errors")
    if shell := _notebook():
        shell.set_custom_exc((), None)


def _show(
    shell: Any, kind: type, error: BaseException, tb: Any, tb_offset: Any = None
) -> list[str]:
    lines = [f"{kind.__name__}: {explain(error)}"]
    shell._showtraceback(kind, error, lines)
    return lines


def _warn(sender: str, **kwargs: Any) -> None:
    running = [worker for worker in session.workers() if worker.running]
    if not running or any(sender in worker.tasks for worker in running):
        return
    task = current_app.tasks.get(sender)
    if task is not None and task.__module__ == "__main__":
        print(
            f"{sender} is a task of this notebook, and the worker does not know it: it has the "
            "project's modules. Put the task into a cell that begins with %%task_module NAME, "
            "import it from there, and start the worker again."
        )
    else:
        print(
            f"The worker does not know {sender}: it has the tasks that there were when it started. "
            "Start it again: start_worker()."
        )


def _notebook() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None
