"""What an answer says to the outside, and what it asks a person for."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NoReturn


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


def no_input(*args: object, **kwargs: object) -> NoReturn:
    raise InputRefused("input() waits for a person. An answer gets its values as arguments.")


def no_exit() -> NoReturn:
    raise SystemExit


def as_text(printed: Printed) -> Callable[..., None]:
    """display() in an answer that runs several times, as if it were print()."""

    def publish(data: dict[str, Any], *args: object, **kwargs: object) -> None:
        printed.write(f"{data.get('text/plain', '')}\n")

    return publish
