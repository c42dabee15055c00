"""Who hears Django's signals, the project's and the learner's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any

from django.dispatch import Signal

from tutor.judge.sandbox.identity import Undo, is_a, keep_list

scanned: dict[str, list[Signal]] = {}


def signals() -> Iterator[Signal]:
    """Every signal that is the value of a module's name. Modules are looked through once."""
    for name, module in list(sys.modules.items()):
        if name not in scanned or name == "__main__":
            found: list[Any] = []
            with suppress(Exception):  # Some put an object of their own in a module's place.
                found = list(vars(module).values()) if is_a(module, ModuleType) else []
            scanned[name] = [value for value in found if is_a(value, Signal)]
        yield from scanned[name]


def snapshot() -> Undo:
    before = [
        (signal, keep_list(signal, "receivers"))
        for signal in {id(s): s for s in signals()}.values()
    ]

    def undo() -> None:
        for signal, restore in before:
            with signal.lock:
                if restore():
                    signal.sender_receivers_cache.clear()

    return undo
