"""A real Celery worker, and a real beat, from one line in a cell.

Each is a process of its own: other memory, the project's code as it was when the process began. It
works on this notebook's database, also after reset(), and ends with the notebook.
"""

from __future__ import annotations

import atexit
import base64
import email
import email.policy
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

from glass.sandbox import caches, database
from glass.services import session, task_modules
from glass.services.broker import Broker, BrokerProblem

SECONDS_TO_START = 30.0
SECONDS_TO_STOP = 5.0

_AT = "notebook"


def start_worker(
    name: str = "worker",
    *,
    pool: str | None = None,
    concurrency: int = 2,
    queues: Iterable[str] = (),
    include: Iterable[str] = (),
    settings: dict[str, Any] | None = None,
) -> Worker:
    """Start a Celery worker for this notebook, and return when it is ready.

    Tasks that are sent go to it from now on. The line can be run again: a worker of the same name
    is stopped first. Raises BrokerProblem with a sentence.

    name         another name makes a second worker beside the first
    pool         "prefork" (processes), "threads" or "solo" (one task at a time); without one,
                 prefork, and on Windows, where that does not work, threads
    concurrency  how many tasks run at the same time
    queues       the queues that it takes messages from; without any, the default one
    include      modules with tasks, beside the apps' tasks.py and those of %%task_module
    settings     Celery settings for this worker alone: {"worker_prefetch_multiplier": 1}

    (https://docs.celeryq.dev/en/stable/userguide/workers.html)
    """
    pool = pool or ("threads" if sys.platform == "win32" else "prefork")
    if pool not in ("prefork", "threads", "solo"):
        raise BrokerProblem(
            f"There is no pool {pool!r} here. The pools are prefork, threads and solo."
        )
    if isinstance(queues, str):
        queues = queues.split(",")
    order = {"pool": pool, "concurrency": concurrency, "queues": list(queues)}
    _stop(name)
    return Worker(name, order, include=include, settings=settings)


def start_beat(
    schedule: dict[str, Any] | None = None, *, settings: dict[str, Any] | None = None
) -> Beat:
    """Start beat for this notebook: it sends each task when it is due. A worker must run them.

    The line can be run again: the beat of before is stopped first.

    schedule  what app.conf.beat_schedule holds; without it, what it holds now
    settings  Celery settings for beat alone

    (https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html)
    """
    _stop("beat")
    return Beat(schedule, settings=settings)


def _stop(name: str) -> None:
    if name in session.processes:
        session.processes[name].stop()


class Process:
    """A process beside the notebook, which ends with it."""

    _BEGIN = " ready.\n"  # What it writes when it begins to work.
    takes_tasks = False

    def __init__(
        self,
        name: str,
        order: dict[str, Any],
        include: Iterable[str] = (),
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self._folder = Path(tempfile.mkdtemp(prefix=f"glass-{name}-"))
        self.process = self._spawn()
        self.pid = self.process.pid
        self._own_broker = session.broker is None
        try:
            self.broker = session.broker or Broker()  # While the process loads Django.
        except BaseException:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._join_session()
        try:
            self._tell_database()
            self._say(json.dumps(self._order(order, include, settings)))
            self._await_ready()
        except BaseException:
            self.kill()
            raise

    def _spawn(self) -> subprocess.Popen[bytes]:
        # In a group of its own: the stop button interrupts the notebook's, and the worker not.
        own_group: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined, unused-ignore]
            if sys.platform == "win32"
            else {"start_new_session": True}
        )
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "glass.services.worker_main"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(),
                **own_group,
            )

    def _join_session(self) -> None:
        """It ends with the notebook and with its broker, and follows the database."""
        session.processes[self.name] = self
        self.broker._on_stop.append(self.stop)
        atexit.register(self.kill)
        if database.private:
            database.private.followers.append(self._tell_database)

    def _order(
        self, order: dict[str, Any], include: Iterable[str], settings: dict[str, Any] | None
    ) -> dict[str, Any]:
        include = [include] if isinstance(include, str) else include
        return order | {
            "folder": str(self._folder),
            "include": [*task_modules.modules(), *include],
            "tidy": task_modules.folder(),
            "settings": self.broker.settings | (settings or {}),
            "prefix": self.broker.prefix,
            "hostname": f"{self.name}@{_AT}",
        }

    def _await_ready(self) -> None:
        ready = self._folder / "ready"
        end = monotonic() + SECONDS_TO_START
        while not ready.exists():
            if self.process.poll() is not None or monotonic() > end:
                ended = "ended at once" if self.process.poll() is not None else "did not get ready"
                lines = self._raw_log().strip().splitlines()[-8:]
                raise BrokerProblem(f"The {self.name} {ended}. It said last:\n" + "\n".join(lines))
            sleep(0.01)
        #: The names of the tasks that it knows.
        self.tasks: list[str] = json.loads(ready.read_text())

    def _tell_database(self) -> None:
        from django.db import connections

        part = self._folder / "database.part"
        part.write_text(str(connections.settings["default"]["NAME"]), encoding="utf-8")
        part.replace(self._folder / "database")

    def _say(self, word: str) -> None:
        with suppress(OSError):  # It has ended, and its log says why.
            assert self.process.stdin
            self.process.stdin.write(f"{word}\n".encode())
            self.process.stdin.flush()

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """Let it finish the tasks that run, five seconds long, and end it. Again does no harm.

        The last one that stops takes along a broker that was not started by start_broker().
        """
        if session.processes.get(self.name) is not self:
            return
        self._say("stop")
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(SECONDS_TO_STOP)
        self.kill()

    def kill(self) -> None:
        """End it now, with the processes of its pool, whatever they do."""
        if session.processes.get(self.name) is not self:
            return
        del session.processes[self.name]
        self._log = self._raw_log()
        self._mail = list(self._letters())
        _kill_tree(self.process)
        with suppress(OSError):
            assert self.process.stdin
            self.process.stdin.close()
        if database.private:
            database.private.followers.remove(self._tell_database)
        self.broker._on_stop.remove(self.stop)
        atexit.unregister(self.kill)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._own_broker and not self.broker._on_stop:
            self.broker.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _raw_log(self) -> str:
        with suppress(OSError):
            return (self._folder / "log").read_text(encoding="utf-8", errors="replace")
        return getattr(self, "_log", "")

    def log(self, *, raw: bool = False, wait: float = 1.0) -> str:
        """What it wrote since it was ready; its tasks' print() too. raw: with ids and times.

        wait  seconds, at most, for the end of tasks that have begun: a result is there a moment
              before the log tells of it
        """
        end = monotonic() + wait
        while self.running and not _settled(self._raw_log()) and monotonic() < end:
            sleep(0.01)
        text = self._raw_log()
        if raw:
            return text
        return _TIME.sub("", _ID.sub("", text.partition(self._BEGIN)[2])).strip()

    def _letters(self) -> Iterable[EmailMessage]:
        files = (self._folder / "mail").glob("*.log")
        for path in sorted(files, key=lambda path: path.stat().st_mtime_ns):
            for letter in path.read_bytes().split(b"-" * 79 + b"\n"):
                if letter.strip():
                    yield email.message_from_bytes(letter, policy=email.policy.default)


def _environment() -> dict[str, str]:
    """What the process begins with; the rest of what it must know comes by its standard input."""
    from django.conf import settings

    environment = os.environ | {
        # With override_settings() around, the settings do not know their module.
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE or os.environ["DJANGO_SETTINGS_MODULE"],
        "GLASS_PATH": json.dumps([path for path in sys.path if path]),
        "GLASS_CACHES": json.dumps(caches.private),
        "CELERY_SKIP_CHECKS": "1",  # This process has made them.
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }
    # A worker is an ordinary process, without an event loop.
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    return environment


_ID = re.compile(r"\[[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\]")
_TIME = re.compile(r"(?<=succeeded) in \d[\d.e-]*s(?=:)")
_RECEIVED = re.compile(r"^INFO Task \S+ received", re.MULTILINE)
_ENDED = re.compile(
    r"^\w+ (?:Task \S+ (?:succeeded|raised|retry|rejected|ignored)|Discarding|Hard)", re.MULTILINE
)


def _settled(log: str) -> bool:
    """Whether as many tasks have ended as were received."""
    return len(_ENDED.findall(log)) >= len(_RECEIVED.findall(log))


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    import psutil

    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
    with suppress(OSError):
        process.kill()
    process.wait()


class Worker(Process):
    """A running worker: `worker.log()`, `worker.outbox`, `worker.stop()`, or a with block.

    name, pid, tasks (the names it knows), running
    """

    takes_tasks = True

    def __repr__(self) -> str:
        return f"<{self.name}@{_AT}: {'ready' if self.running else 'stopped'}>"

    @property
    def outbox(self) -> list[EmailMessage]:
        """The mail that its tasks sent, as email.message.EmailMessage, the oldest first.

        message["To"], message["Subject"], message.get_content()
        """
        return list(self._letters()) or list(getattr(self, "_mail", []))


class Beat(Process):
    """A running beat: `beat.log()`, `beat.stop()`, or a with block."""

    _BEGIN = " beat: Starting...\n"

    def __init__(
        self, schedule: dict[str, Any] | None = None, *, settings: dict[str, Any] | None = None
    ) -> None:
        from celery import current_app

        schedule = current_app.conf.beat_schedule if schedule is None else schedule
        packed = base64.b64encode(pickle.dumps(schedule)).decode()
        super().__init__("beat", {"what": "beat", "schedule": packed}, settings=settings)

    def __repr__(self) -> str:
        return f"<beat: {'running' if self.running else 'stopped'}>"
