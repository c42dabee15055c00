"""Look at what is somebody else's without asking it anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

type Undo = Callable[[], None]

# What lies in modules, models and settings may be a learner's, or somebody's proxy. So nothing is
# asked of it: no isinstance() (which reads __class__), no == (which calls __eq__), no truth value.


def same_items(now: Iterable[object], before: Iterable[object]) -> bool:
    """Whether the very same objects stand there, in this order."""
    return list(map(id, now)) == list(map(id, before))


def same_values(now: Mapping[str, object], before: Mapping[str, object]) -> bool:
    """Whether each name has the very same object."""
    return now.keys() == before.keys() and all(now[name] is before[name] for name in before)


def is_a(value: object, kind: type) -> bool:
    """isinstance(), of the class that the value has, not of the one that it says it has."""
    return issubclass(type(value), kind)


def equal(value: object, other: object) -> bool:
    """For copies of settings, which have no identity to go by. What cannot be compared differs."""
    try:
        return bool(value == other)
    except Exception:  # noqa: BLE001 An __eq__ may do anything.
        return False


def keep_list(holder: Any, name: str) -> Callable[[], bool]:
    """Note a list and what is in it. What is returned puts both back, and says if it had to."""
    kept: list[Any] = getattr(holder, name)
    items = list(kept)

    def undo() -> bool:
        if getattr(holder, name, None) is kept and same_items(kept, items):
            return False
        kept[:] = items
        setattr(holder, name, kept)
        return True

    return undo
