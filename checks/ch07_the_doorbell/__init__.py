"""Chapter 07, the doorbell: what its exercises share.

After the answer has run, the check rings the bell itself, and looks who came.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.dispatch import Signal

from glass import receivers_of

VANISHED = (
    "Your receiver is gone: connect holds it by a weak reference, and nobody else keeps it. "
    "With weak=False the signal keeps it alive."
)

OTHER_SENDER = "The sender was another one. Hand on the sender that your function got."

NO_FUNCTION = (
    "connect takes a function that is to be called later. You handed over what it returned."
)

UNHEARD = "The bell rang, and nobody came. Is your receiver connected, to this signal?"

#: Who heard a bell of the check in the present run: (name, sender, the values).
HEARD: list[tuple[str, Any, dict[str, Any]]] = []


def as_on_a_server() -> None:
    """With DEBUG on, connect() keeps each receiver alive by accident."""
    settings.DEBUG = False
    HEARD.clear()


def listener(name: str, answer: Any = None) -> Callable[..., Any]:
    """A receiver that writes down what it hears, then returns the answer, or raises it."""

    def listen(sender: Any, **values: Any) -> Any:
        HEARD.append((name, sender, values))
        if isinstance(answer, Exception):
            raise type(answer)(*answer.args)  # A new one: an old one drags its traceback along.
        return answer

    listen.__name__ = listen.__qualname__ = name
    listen.__module__ = "__main__"  # As one that was made in the notebook.
    return listen


def house(*inside: Callable[..., Any]) -> Signal:
    """A signal with these receivers."""
    signal = Signal()
    for each in inside:
        signal.connect(each, weak=False)
    return signal


def names() -> list[str]:
    return [name for name, _, _ in HEARD]


def vanished(signal: Signal) -> bool:
    """Whether a receiver was connected that has died. Ask before the bell rings: that clears it."""
    gc.collect()
    held = [each for _, each, *_ in signal.receivers]
    return any(isinstance(each, weakref.ReferenceType) and each() is None for each in held)


def trouble(error: BaseException) -> str:
    """What is wrong with a receiver that failed."""
    said = f"Your receiver failed when the bell rang. {type(error).__name__}: {error}"
    if isinstance(error, TypeError) and "unexpected keyword" in str(error):
        return f"A receiver takes **kwargs, because a signal may carry more tomorrow. {said}"
    if isinstance(error, TypeError) and "positional argument" in str(error):
        return f"A signal hands everything over by name: sender=... and the values. {said}"
    return said


def ring(signal: Signal, sender: Any, **values: Any) -> tuple[list[Any], str | None]:
    """The answers, and what is wrong where a receiver failed."""
    if not all(callable(each.receiver) for each in receivers_of(signal)):
        return [], NO_FUNCTION
    try:
        return [answer for _, answer in signal.send(sender=sender, **values)], None
    except Exception as error:  # noqa: BLE001 A learner's own receiver may do anything.
        return [], trouble(error)
