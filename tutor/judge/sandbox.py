"""What an answer can change around itself in this process, and how to put it back."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from threading import local
from types import ModuleType
from typing import Any
from unittest import mock

from asgiref.sync import SyncToAsync
from celery import current_app
from celery import signals as celery_signals
from celery.utils.dispatch import Signal as CelerySignal
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.core.cache import caches
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from django.core.signals import setting_changed
from django.dispatch import Signal
from django.test import override_settings
from django.test import signals as _  # noqa: F401 What Django itself resets when a setting changes.
from django.utils.module_loading import autodiscover_modules

from glass.sandbox import caches as private_caches
from glass.sandbox import database
from tutor.judge.printed import Printed, as_text, no_exit, no_input

type Undo = Callable[[], None]

# What lies in modules, models and settings may be a learner's, or somebody's proxy. So nothing is
# asked of it: no isinstance() (which reads __class__), no == (which calls __eq__), no truth value.


def _same_items(now: Iterable[object], before: Iterable[object]) -> bool:
    """Whether the very same objects stand there, in this order."""
    return list(map(id, now)) == list(map(id, before))


def _same_values(now: Mapping[str, object], before: Mapping[str, object]) -> bool:
    """Whether each name has the very same object."""
    return now.keys() == before.keys() and all(now[name] is before[name] for name in before)


def _equal(value: object, other: object) -> bool:
    try:
        return bool(value == other)
    except Exception:  # noqa: BLE001 An __eq__ may do anything.
        return False


def snapshot() -> Undo:
    """Note how things are. What is returned puts them back, as often as it is called."""
    undo = [part() for part in (_settings, _receivers, _models, _celery, _caches, _mail, _process)]

    def put_back() -> None:
        for step in undo:
            step()

    return put_back


def _settings() -> Undo:
    outermost = settings._wrapped
    holders = [outermost]  # With override_settings() around, one lies over the other.
    while below := vars(holders[-1]).get("default_settings"):
        holders.append(below)
    undo_holders = [_holder(holder) for holder in holders]

    def undo() -> None:
        if settings._wrapped is not outermost:
            settings._wrapped = outermost
        changed = {name: None for step in undo_holders for name in step()}
        for name in changed:
            settings.__dict__.pop(name, None)
        for name in changed:
            value = getattr(settings, name, None)
            setting_changed.send(sender=type(outermost), setting=name, value=value, enter=False)

    return undo


def _holder(holder: Any) -> Callable[[], list[str]]:
    """Put one object full of settings back; return the names that had changed."""
    before = dict(vars(holder))
    copies = {}
    for name, value in before.items():
        # The databases are looked after elsewhere (see tutor.judge.rows).
        if isinstance(value, dict | list | set) and name != "DATABASES":
            with suppress(Exception):
                copies[name] = deepcopy(value)

    def undo() -> list[str]:
        now = vars(holder)
        changed = [
            name
            for name in {**before, **now}
            if now.get(name, ...) is not before.get(name, ...)
            or (name in copies and not _equal(now[name], copies[name]))
        ]
        for name in changed:
            if name in before:
                now[name] = deepcopy(copies[name]) if name in copies else before[name]
            else:
                del now[name]
        return changed

    return undo


_scanned: dict[str, list[Signal]] = {}


def _signals() -> Iterator[Signal]:
    """Every signal that is the value of a module's name. Modules are looked through once."""
    for name, module in list(sys.modules.items()):
        if name not in _scanned or name == "__main__":
            found: list[Any] = []
            with suppress(Exception):  # Some put an object of their own in a module's place.
                found = list(vars(module).values()) if _is(module, ModuleType) else []
            _scanned[name] = [value for value in found if _is(value, Signal)]
        yield from _scanned[name]


def _is(value: object, kind: type) -> bool:
    return issubclass(type(value), kind)


def _receivers() -> Undo:
    before = [
        (signal, list(signal.receivers)) for signal in {id(s): s for s in _signals()}.values()
    ]

    def undo() -> None:
        for signal, receivers in before:
            if not _same_items(signal.receivers, receivers):
                with signal.lock:
                    signal.receivers[:] = receivers
                    signal.sender_receivers_cache.clear()

    return undo


def _models() -> Undo:
    registry = {label: dict(models) for label, models in apps.all_models.items()}
    attributes = {
        model: dict(vars(model)) for models in registry.values() for model in models.values()
    }

    def undo() -> None:
        for label, models in apps.all_models.items():
            if not _same_values(models, registry.get(label, {})):
                models.clear()
                models.update(registry.get(label, {}))
                apps.clear_cache()
        for model, before in attributes.items():
            now = vars(model)
            if _same_values(now, before):
                continue
            for name in now.keys() - before.keys():
                delattr(model, name)
            for name, value in before.items():
                if now.get(name, ...) is not value:
                    setattr(model, name, value)

    return undo


@cache
def _import_tasks() -> None:
    """The project's tasks are there before an answer is: one that it imports first would be gone."""
    autodiscover_modules("tasks")


def _celery() -> Undo:
    """The app's settings, its schedule, its tasks, and who hears Celery's own signals."""
    app = current_app._get_current_object()
    _import_tasks()
    changes, schedule, tasks = app.conf.changes, app.conf.beat_schedule, app.tasks
    pairs = [(changes, dict(changes)), (schedule, dict(schedule)), (tasks, dict(tasks))]
    pairs += [(vars(task), dict(vars(task))) for task in tasks.values()]
    heard = [
        (signal, list(signal.receivers))
        for signal in vars(celery_signals).values()
        if _is(signal, CelerySignal) and signal.receivers is not None
    ]

    def undo() -> None:
        for now, before in pairs:
            if not _same_values(now, before):
                now.clear()
                now.update(before)
        for signal, receivers in heard:
            if not _same_items(signal.receivers, receivers):
                signal.receivers[:] = receivers
                signal.sender_receivers_cache.clear()

    return undo


@contextmanager
def _eager() -> Iterator[None]:
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


def _caches() -> Undo:
    """Empty for the answer; afterwards what was there before."""
    keepers = [_keep(caches[alias]) for alias in caches.settings]

    def undo() -> None:
        private_caches.clear()
        for put_back in keepers:
            put_back()

    return undo


def _keep(backend: Any) -> Undo:
    """Note a cache's entries. What is returned puts them into the cleared cache."""
    if isinstance(backend, LocMemCache):
        local: Any = backend
        values, expiry = local._cache.copy(), dict(local._expire_info)

        def put_back() -> None:
            with local._lock:
                local._cache.update(values)
                local._expire_info.update(expiry)

    elif isinstance(backend, FileBasedCache):
        contents = {path: path.read_bytes() for path in private_caches.files(backend)}

        def put_back() -> None:
            for path, content in contents.items():
                path.write_bytes(content)

    elif isinstance(backend, RedisCache) and (names := private_caches.redis_names(backend)):
        client: Any = backend._cache.get_client(write=True)
        dumps = [(name, max(client.pttl(name), 0), client.dump(name)) for name in names]

        def put_back() -> None:
            for name, milliseconds, dump in dumps:
                client.restore(name, milliseconds, dump, replace=True)

    else:  # A cache in a database goes with its rows.

        def put_back() -> None: ...

    return put_back


def fresh() -> None:
    """Nothing cached, no mail, and no helper thread that looks at the rows of another run."""
    SyncToAsync.single_thread_executor.shutdown(wait=False, cancel_futures=True)
    SyncToAsync.single_thread_executor = ThreadPoolExecutor(max_workers=1)
    mail.outbox = []
    private_caches.clear()
    if apps.is_installed("django.contrib.contenttypes"):
        from django.contrib.contenttypes.models import ContentType

        ContentType.objects.clear_cache()


def _mail() -> Undo:
    before = getattr(mail, "outbox", None)
    messages = list(before or [])

    def undo() -> None:
        if before is None:
            vars(mail).pop("outbox", None)
        else:
            before[:] = messages
            mail.outbox = before

    return undo


def _process() -> Undo:
    environment, folder = dict(os.environ), Path.cwd()
    path, limit = list(sys.path), sys.getrecursionlimit()

    def undo() -> None:
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        os.chdir(folder)
        sys.path[:] = path
        sys.setrecursionlimit(limit)

    return undo


class _NoReset:
    """Stands for the notebook's private database while an answer has one of its own."""

    def reset(self) -> None:
        raise database.DatabaseProblem("An answer gets fresh rows by itself. Leave reset() out.")


@contextmanager
def isolated() -> Iterator[Printed]:
    """Keep what an answer does to the outside: print, mail, input(), exit(), helper threads."""
    printed = Printed()
    patches: list[Any] = [
        mock.patch("builtins.input", no_input),
        # A connection belongs to a thread. The usual thread has one to the notebook's rows.
        mock.patch.object(SyncToAsync, "single_thread_executor", ThreadPoolExecutor(1)),
        # glass allows it for the cells of a notebook; an answer has a thread of its own.
        mock.patch.dict(os.environ),
        mock.patch.object(mail, "outbox", [], create=True),
        mock.patch.object(database, "private", _NoReset()),
        _eager(),
        redirect_stdout(printed),
        redirect_stderr(printed),
    ]
    if shell := _notebook():
        # IPython's bare shell has none.
        patches.append(mock.patch.object(shell, "ask_exit", no_exit, create=True))
        patches.append(mock.patch.object(shell.display_pub, "publish", as_text(printed)))
    locmem = "django.core.mail.backends.locmem.EmailBackend"
    if hasattr(settings, "MAILERS"):
        mailers = {alias: {"BACKEND": locmem} for alias in settings.MAILERS}
        patches.append(override_settings(MAILERS=mailers))
    else:
        patches.append(override_settings(EMAIL_BACKEND=locmem))
    with ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
        try:
            yield printed
        finally:
            SyncToAsync.single_thread_executor.shutdown(wait=False, cancel_futures=True)


def _notebook() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None
