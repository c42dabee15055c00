"""What runs in the process of a worker or of beat: `python -m glass.services.worker_main`, started by glass.services.worker.

The first line of its standard input is a JSON object with what to do. When the input ends, the
notebook has ended, in whatever way: the process and the ones it started end at once.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
import sys
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import IO, Any

_worker_of_process: Any = None

LOG_FORMAT = "%(levelname)s %(message)s"


def main() -> None:
    sys.path[:0] = json.loads(os.environ.pop("GLASS_PATH"))
    import django

    django.setup()  # While the notebook starts the broker.
    from glass.sandbox import caches

    caches.use(json.loads(os.environ.pop("GLASS_CACHES")))
    # The plain file: a thread that waits in sys.stdin would hold its lock when a pool forks.
    words = os.fdopen(0, "rb", buffering=0, closefd=False)
    order = json.loads(words.readline())
    folder = Path(order["folder"])
    Thread(target=_listen, args=(words, folder, order["tidy"]), daemon=True).start()
    _write_mail_to(folder / "mail")
    _follow(folder / "database")

    from celery import current_app

    from glass.services.celery_app import connect

    app = current_app._get_current_object()
    log = {"worker_log_format": LOG_FORMAT, "worker_task_log_format": LOG_FORMAT}
    # A print() of a task stands in the log as it is.
    connect(app, log | {"worker_redirect_stdouts": False} | order["settings"], order["prefix"])
    app.conf.include = [*app.conf.include, *order["include"]]
    if order.get("what") == "beat":
        _beat(app, folder, order)
    else:
        _worker(app, folder, order)


def _worker(app: Any, folder: Path, order: dict[str, Any]) -> None:
    global _worker_of_process
    from celery.signals import worker_ready

    from glass.services.worker_queries import tell_queries

    def tell(**kwargs: Any) -> None:
        _ready(folder, sorted(app.tasks))

    worker_ready.connect(tell, weak=False)
    tell_queries()

    worker = app.Worker(
        hostname=order["hostname"],
        pool_cls=order["pool"],
        concurrency=order["concurrency"],
        queues=order["queues"] or None,
        loglevel="INFO",
        quiet=True,
        no_color=True,
        task_events=True,
        # They are for many workers on many machines, and they cost the first second.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    _worker_of_process = worker
    worker.start()
    sys.exit(worker.exitcode or 0)


def _beat(app: Any, folder: Path, order: dict[str, Any]) -> None:
    from celery.signals import beat_init

    app.conf.beat_schedule = pickle.loads(base64.b64decode(order["schedule"]))

    def tell(**kwargs: Any) -> None:
        _ready(folder, [])

    beat_init.connect(tell, weak=False)

    app.Beat(loglevel="INFO", quiet=True, no_color=True, schedule=str(folder / "beat")).run()


def _ready(folder: Path, tasks: list[str]) -> None:
    part = folder / "ready.part"
    part.write_text(json.dumps(tasks))
    part.replace(folder / "ready")


def _listen(words: IO[bytes], folder: Path, tidy: str | None) -> None:
    """Do what the notebook says, a word a line, and end when it is gone."""
    while word := words.readline():
        if word == b"stop\n":
            from celery.worker import state

            # Celery's own way takes a second or two, and gives the messages back to the broker.
            # A worker that has had nothing for a tenth of a second can go at once.
            begin = idle_since = monotonic()
            while monotonic() - begin < 0.4 and monotonic() - idle_since < 0.1:
                sleep(0.01)
                if state.reserved_requests or _waiting():
                    idle_since = monotonic()
            if monotonic() - idle_since >= 0.1:
                break
            state.should_stop = 0
    else:
        if tidy:  # The notebook cannot do so any more.
            shutil.rmtree(tidy, ignore_errors=True)
    import psutil

    for process in psutil.Process().children(recursive=True):
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _waiting() -> bool:
    """Whether the worker holds tasks whose time has not come."""
    timer = getattr(getattr(_worker_of_process, "consumer", None), "timer", None)
    entries = [item.entry for item in timer.schedule.queue] if timer else []
    return any(entry.args and hasattr(entry.args[0], "task_id") for entry in entries)


def _write_mail_to(folder: Path) -> None:
    """A worker's mail goes into files, which `worker.outbox` reads."""
    from django.conf import settings

    backend = "django.core.mail.backends.filebased.EmailBackend"
    if hasattr(settings, "MAILERS"):
        mailer = {"BACKEND": backend, "OPTIONS": {"file_path": str(folder)}}
        settings.MAILERS = dict.fromkeys(settings.MAILERS, mailer)
    else:
        settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = backend, str(folder)


def _follow(pointer: Path) -> None:
    """Before each task, look at the notebook's database: reset() gives it another file."""
    from celery.signals import task_prerun
    from django.db import connections

    database = connections.settings["default"]

    def look(**kwargs: Any) -> None:
        name = pointer.read_text(encoding="utf-8")
        if database["NAME"] != name:
            database["NAME"] = name
            connections["default"].close()

    task_prerun.connect(look, weak=False)
    look()


if __name__ == "__main__":
    main()
