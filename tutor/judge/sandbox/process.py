"""The process: its environment, folder and import path; and the mail in its outbox."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.core import mail

from tutor.judge.sandbox.identity import Undo, keep_list


def snapshot() -> Undo:
    environment, folder = dict(os.environ), Path.cwd()
    path, limit = keep_list(sys, "path"), sys.getrecursionlimit()

    def undo() -> None:
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        os.chdir(folder)
        path()
        sys.setrecursionlimit(limit)

    return undo


def snapshot_mail() -> Undo:
    before = getattr(mail, "outbox", None)
    messages = list(before or [])

    def undo() -> None:
        if before is None:
            vars(mail).pop("outbox", None)
        else:
            before[:] = messages
            mail.outbox = before

    return undo
