"""Put a wrapper in the place of a method, and take it away again, without stepping on anybody.

Others patch as well: a mock in a test, the debug toolbar, an APM agent. What is wrapped is whatever
stands there when the watch begins; what is put back is only what is still glass' own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_ABSENT = object()
#: Each wrapper that stands somewhere, by its id: it may be found again under somebody's mock.
_standing: dict[int, Patch] = {}


class Patch:
    """One wrapper in its place.

    original  what stood there before, as it stands in the class' or module's own dictionary
    active    False once it is taken away. A wrapper that somebody kept meanwhile, and has put
              back, must then only call the original
    """

    __slots__ = ("_had_own", "active", "name", "original", "owner", "wrapper")
    active: bool

    def __init__(self, owner: Any, name: str, make: Callable[[Patch], Any]) -> None:
        self.owner = owner
        self.name = name
        own = vars(owner).get(name, _ABSENT)
        left = _standing.get(id(own))
        if left is not None and left.wrapper is own and not left.active:
            own = left.original  # Left behind by a mock that ended after an earlier watch.
            del _standing[id(left.wrapper)]
        self._had_own = own is not _ABSENT
        self.original: Any = own if self._had_own else getattr(owner, name)
        self.active = True
        self.wrapper: Any = make(self)
        _standing[id(self.wrapper)] = self
        setattr(owner, name, self.wrapper)

    def undo(self) -> None:
        self.active = False
        if vars(self.owner).get(self.name) is not self.wrapper:
            return  # Somebody else's stands there now, and may lead to ours.
        del _standing[id(self.wrapper)]
        if self._had_own:
            setattr(self.owner, self.name, self.original)
        else:
            delattr(self.owner, self.name)


class Patches:
    """Those of one layer."""

    def __init__(self) -> None:
        self._patches: list[Patch] = []

    def set(self, owner: Any, name: str, make: Callable[[Patch], Any]) -> Patch:
        """Put make(patch) in the place of owner's attribute; patch.original is what it wraps."""
        patch = Patch(owner, name, make)
        self._patches.append(patch)
        return patch

    def undo(self) -> None:
        """Take all of them away, the last one first."""
        while self._patches:
            self._patches.pop().undo()
