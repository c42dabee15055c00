"""Django's settings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.test import signals as _  # noqa: F401 What Django itself resets when a setting changes.

from tutor.judge.sandbox.identity import Undo, equal


def snapshot() -> Undo:
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
            # A receiver of the learner's notebook may raise; the next setting must not mind.
            setting_changed.send_robust(
                sender=type(outermost), setting=name, value=value, enter=False
            )

    return undo


def _holder(holder: Any) -> Callable[[], list[str]]:
    """Put one object full of settings back; return the names that had changed."""
    before = dict(vars(holder))
    copies = {}
    for name, value in before.items():
        # The databases are looked after elsewhere (see tutor.judge.rows).
        if issubclass(type(value), dict | list | set) and name != "DATABASES":
            with suppress(Exception):
                copies[name] = deepcopy(value)

    def undo() -> list[str]:
        now = vars(holder)
        changed = [
            name
            for name in {**before, **now}
            if now.get(name, ...) is not before.get(name, ...)
            or (name in copies and not equal(now[name], copies[name]))
        ]
        for name in changed:
            if name in before:
                now[name] = deepcopy(copies[name]) if name in copies else before[name]
            else:
                del now[name]
        return changed

    return undo
