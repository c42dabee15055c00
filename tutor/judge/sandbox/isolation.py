"""Keep what an answer does to the outside: print, mail, input(), exit(), helper threads."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import Any
from unittest import mock

from asgiref.sync import SyncToAsync
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.test import override_settings

from glass.sandbox import caches as private_caches
from glass.sandbox import database
from tutor.judge.sandbox import tasks


class Printed(io.StringIO):
    """What is written, up to a length: a loop may print for ever."""

    LONGEST = 20_000

    def write(self, text: str) -> int:
        room = self.LONGEST - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)

    def take(self) -> str:
        """What was written since the last time."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


class InputRefused(RuntimeError):
    """An answer asked a person for something."""


def _no_input(*args: object, **kwargs: object) -> str:
    raise InputRefused("input() waits for a person. An answer gets its values as arguments.")


def _no_exit() -> None:
    raise SystemExit


def _as_text(printed: Printed) -> Callable[..., None]:
    """display() in an answer that runs several times, as if it were print()."""

    def publish(data: dict[str, Any], *args: object, **kwargs: object) -> None:
        printed.write(f"{data.get('text/plain', '')}\n")

    return publish


class _NoReset:
    """Stands for the notebook's private database while an answer has one of its own."""

    def reset(self) -> None:
        raise database.DatabaseProblem("An answer gets fresh rows by itself. Leave reset() out.")


@contextmanager
def isolated() -> Iterator[Printed]:
    """Around a whole check. Gives what the answer prints."""
    printed = Printed()
    patches: list[Any] = [
        mock.patch("builtins.input", _no_input),
        # A connection belongs to a thread. The usual thread has one to the notebook's rows.
        mock.patch.object(SyncToAsync, "single_thread_executor", ThreadPoolExecutor(1)),
        # glass allows it for the cells of a notebook; an answer has a thread of its own.
        mock.patch.dict(os.environ),
        mock.patch.object(mail, "outbox", [], create=True),
        mock.patch.object(database, "private", _NoReset()),
        tasks.eager(),
        redirect_stdout(printed),
        redirect_stderr(printed),
    ]
    if shell := _notebook():
        # IPython's bare shell has none.
        patches.append(mock.patch.object(shell, "ask_exit", _no_exit, create=True))
        patches.append(mock.patch.object(shell.display_pub, "publish", _as_text(printed)))
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


def fresh() -> None:
    """Nothing cached, no mail, and no helper thread that looks at the rows of another run."""
    SyncToAsync.single_thread_executor.shutdown(wait=False, cancel_futures=True)
    SyncToAsync.single_thread_executor = ThreadPoolExecutor(max_workers=1)
    mail.outbox = []
    private_caches.clear()
    if apps.is_installed("django.contrib.contenttypes"):
        from django.contrib.contenttypes.models import ContentType

        ContentType.objects.clear_cache()
