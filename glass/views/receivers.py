"""Who is connected to a signal, and how."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal
from django.dispatch.dispatcher import _make_id  # type: ignore[attr-defined]

from glass import source
from glass.layers.signals.event import name_of
from glass.wording import function_name


@dataclass(frozen=True)
class Registration:
    """One connected receiver.

    sender        the class or object it listens to; None: every sender
    dispatch_uid  as it was given to connect(), else None
    weak          False: connect(..., weak=False) keeps it alive
    place         "shop/signals.py line 12", or "line 3" in a cell; "" in a library
    """

    receiver: Callable[..., Any]
    sender: Any
    dispatch_uid: Any
    weak: bool
    is_async: bool

    @property
    def name(self) -> str:
        return function_name(self.receiver)

    @property
    def place(self) -> str:
        function = getattr(self.receiver, "__func__", self.receiver)
        code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
        if code is None:
            return ""
        kind = source._kinds[code.co_filename]
        if not kind:  # A library's: its name says where it is.
            return ""
        return str(source.Place(code.co_filename, code.co_firstlineno, "<module>", kind))

    def __str__(self) -> str:
        sender = "every sender" if self.sender is None else _name(self.sender)
        parts = [f"hears {sender}", "weak" if self.weak else "strong"]
        if self.is_async:
            parts.append("async")
        if self.dispatch_uid is not None:
            parts.append(f"dispatch_uid={self.dispatch_uid!r}")
        return f"{self.name} ({', '.join(parts)}) {self.place}".rstrip()


class Registrations(list[Registration]):
    """The receivers of one signal, in the order in which they will run."""

    def __init__(self, signal: Signal) -> None:
        super().__init__(_registrations(signal))
        self.signal_name = name_of(signal)

    def __str__(self) -> str:
        if not self:
            return f"{self.signal_name}: no receivers"
        return "\n".join([f"{self.signal_name}:", *(f"  {each}" for each in self)])

    __repr__ = __str__


def receivers_of(signal: Signal) -> Registrations:
    """Who is connected to this signal: receiver, sender, dispatch_uid, weak or strong, and where.

    Receivers that have vanished (a weak reference to nothing) are left out, and so are glass'
    own. Shown as a list; `for each in receivers_of(post_save)` gives the parts.
    (https://docs.djangoproject.com/en/6.1/topics/signals/#connecting-receiver-functions)
    """
    return Registrations(signal)


def _registrations(signal: Signal) -> list[Registration]:
    found = []
    for (key, sender_id), held, sender_ref, is_async in list(signal.receivers):
        weak = isinstance(held, weakref.ReferenceType)
        receiver = held() if weak else held
        if receiver is None or str(getattr(receiver, "__module__", "")).startswith("glass."):
            continue
        sender = sender_ref() if sender_ref is not None else None
        if sender is None and sender_id != _make_id(None):
            sender = "a sender that is gone"
        uid = None if key == _make_id(receiver) else key
        found.append(Registration(receiver, sender, uid, weak, is_async))
    # Async receivers run after all the others.
    return sorted(found, key=lambda registration: registration.is_async)


def _name(sender: Any) -> str:
    return sender if isinstance(sender, str) else getattr(sender, "__name__", repr(type(sender)))
