"""A call of a cache: what is known of it, and how it reads: "cache get 'price_list' -> hit"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.core.cache import caches

from glass import source
from glass.block import INSIDE, Block, Group, Note, Part, Tone, Words
from glass.layer import Event, enclosing
from glass.wording import byte_size, count, join, milliseconds, safe_repr, same_each_time, shorten

#: Each operation and its arguments; "aget" and so on are the async ones.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "add": ("key", "value", "timeout", "version"),
    "clear": (),
    "decr": ("key", "delta", "version"),
    "decr_version": ("key", "delta", "version"),
    "delete": ("key", "version"),
    "delete_many": ("keys", "version"),
    "get": ("key", "default", "version"),
    "get_many": ("keys", "version"),
    "get_or_set": ("key", "default", "timeout", "version"),
    "has_key": ("key", "version"),
    "incr": ("key", "delta", "version"),
    "incr_version": ("key", "delta", "version"),
    "set": ("key", "value", "timeout", "version"),
    "set_many": ("data", "timeout", "version"),
    "touch": ("key", "timeout", "version"),
}
ASYNC = {f"a{operation}": operation for operation in ARGUMENTS}
_LONGEST_KEY = 80


class CacheCall(Event):
    """One call of a cache's API. What it calls on the same cache itself is a part of it.

    alias      the cache's name in settings.CACHES; its class' name when it is none of those
    operation  "get", "set", "get_or_set" and so on, as it was called: "aget" is the async one
    keys       as the caller wrote them
    version    of the keys
    hits       how many of the keys were there; a cached None is there
    misses     how many were not; both are 0 where nothing is read
    timeout    seconds until what is stored expires, None for never; given by all that stores
    size       bytes of what was stored, all values together; None where nothing was
    returned   what the caller got; None where that is a value of the cache
    backend    the cache itself
    """

    __slots__ = (
        "alias",
        "backend",
        "hits",
        "in_backend",
        "keys",
        "misses",
        "operation",
        "returned",
        "size",
        "timeout",
        "version",
    )
    layer = "cache"
    noun = "cache call"
    says_where = True
    timeout: float | None
    size: int | None

    # Not through Event's own: this runs for every call.
    def __init__(self, backend: Any, operation: str, places: tuple[source.Place, ...]) -> None:
        self.parent = enclosing()
        self.places = places
        self.duration = 0.0
        self.error = None
        self.alias = ALIASES.get(backend) or _find_alias(backend)
        self.operation = operation
        self.keys: tuple[Any, ...] = ()
        self.version = backend.version
        self.hits = self.misses = 0
        self.timeout = self.size = None
        self.returned: Any = None
        self.backend = backend
        #: False while the function that was given to get_or_set() runs.
        self.in_backend = True

    @property
    def kind(self) -> str:
        """The operation, async or not: "get"."""
        return ASYNC.get(self.operation, self.operation)

    @property
    def key(self) -> Any:
        """The first of the keys; None where there is none."""
        return self.keys[0] if self.keys else None

    @property
    def hit(self) -> bool | None:
        """Whether all that was looked for was there; None where nothing is read."""
        return not self.misses if self.hits or self.misses else None

    @property
    def stored_keys(self) -> tuple[str, ...]:
        """The keys as the backend has them, by default ":1:key": prefix, version, key.

        https://docs.djangoproject.com/en/6.1/topics/cache/#cache-key-transformation
        """
        return tuple(self.backend.make_key(key, version=self.version) for key in self.keys)

    def __repr__(self) -> str:
        return f"<CacheCall {self.alias}: {self.operation} {', '.join(map(repr, self.keys))}>"

    def label(self) -> str:
        found = {True: " hit", False: " miss", None: ""}[self.hit]
        return f"{self.kind} {self.key!r}{found}"

    def group_key(self) -> object:
        pattern = self._key_pattern()
        return self.alias, self.operation, pattern, self.version, self.places, self.error

    def hides_values(self, sql: str) -> bool:
        """A database cache asks for itself: pickles, and the time when they expire."""
        table = getattr(self.backend, "_table", None)
        return table is not None and f'"{table}"' in sql.replace("`", '"')

    def block(self, group: Group) -> Block:
        calls: list[CacheCall] = group.events
        head = [Words(_title(calls), "name"), group.times_text]
        if outcome := _outcome(calls):
            head += [Words(" -> "), Words(outcome, _tone(calls))]
        if details := _details(calls):
            head += [Words(" (", html=" "), Words(details, "faint"), Words(")", html="")]
        body: list[Part] = [INSIDE]
        if advice := _advice(calls):
            body = [Note([advice], "info", "html"), INSIDE, Note([advice], form="text", mark="<- ")]
        if group.error:
            head.append(Words(f", raised {group.error}", html=""))
            body.insert(0, Note([f"raised: {group.error}"], "bad", "html"))
        return Block(
            group.where,
            head,
            body,
            times=group.times,
            edge="bad" if group.error else None,
            spent=f"{milliseconds(group.duration)} in all",
            floats=True,
        )

    def _key_pattern(self) -> str:
        """What the keys of one kind have in common: "price:7" and "price:8" are shown together."""
        text = shown_key(self.key)
        return re.sub(r"\d+", "", text[: max(text.rfind(":"), text.rfind("/")) + 1] or text)

    def _stored_text(self) -> str:
        """The key as the backend has it, where prefix, version or key function differ from usual."""
        try:
            (stored,) = self.stored_keys
        except Exception:  # noqa: BLE001  A learner's KEY_FUNCTION.
            return ""
        return "" if stored == f":1:{self.key}" else shown_key(stored)

    def _said(self) -> str:
        if self.kind == "add":
            return "stored" if self.returned else "not stored: the key is there"
        if self.kind == "delete":
            return "deleted" if self.returned else "was not there"
        if self.kind == "touch":
            return "kept on" if self.returned else "was not there"
        if self.kind in ("incr_version", "decr_version"):
            return f"now version {self.returned}"
        if self.kind == "set_many" and self.returned:
            return f"not stored: {join(map(shown_key, self.returned), ', ', len(self.returned))}"
        return ""


def shown_key(key: Any) -> str:
    """Its repr; hashes and random parts, which differ from run to run, are only named."""
    return shorten(same_each_time(safe_repr(key)), _LONGEST_KEY)


def hits_and_misses(calls: Sequence[CacheCall]) -> str:
    """ "2 hits, 1 miss" """
    hits = sum(call.hits for call in calls)
    misses = sum(call.misses for call in calls)
    found = (hits, "hit"), (misses, "miss")
    return ", ".join(count(number, noun) for number, noun in found if number)


def _title(calls: Sequence[CacheCall]) -> str:
    """ "redis cache get 'price_list' (stored as ':2:price_list')" """
    call = calls[0]
    words = ["cache", call.operation]
    if call.alias != "default":
        words.insert(0, call.alias)
    keys = dict.fromkeys(key for each in calls for key in each.keys)
    if keys:
        words.append(join(map(shown_key, keys), ", ", len(keys)))
    if len(keys) == 1 and (stored := call._stored_text()):
        words.append(f"(stored as {stored})")
    return " ".join(words)


def _outcome(calls: Sequence[CacheCall]) -> str:
    """ "hit", "2 hits, 1 miss", "stored", "was not there"; "" where there is nothing to say."""
    if any(call.hit is not None for call in calls):
        read = sum(call.hits + call.misses for call in calls)
        words = hits_and_misses(calls) if read > 1 else "hit" if calls[0].hit else "miss"
        stored = calls[0].kind == "get_or_set" and any(call.size is not None for call in calls)
        return f"{words}, stored" if stored else words
    if calls[0].kind in ("incr", "decr"):
        returned = (safe_repr(call.returned) for call in calls if not call.error)
        return join(returned, " | ", len(calls))
    said = Counter(call._said() for call in calls if not call.error)
    if len(said) == 1:
        return next(iter(said))
    return ", ".join(f"{number} {words}" for words, number in said.items())


def _tone(calls: Sequence[CacheCall]) -> Tone:
    if any(call.misses for call in calls):
        return "warn"
    return "good" if any(call.hits for call in calls) else "quiet"


def _details(calls: Sequence[CacheCall]) -> str:
    """ "timeout 3600, 2.1 kB" of what was stored; "" where nothing was."""
    storing = [call for call in calls if call.size is not None or call.kind == "touch"]
    timeouts = {call.timeout for call in storing}
    parts = []
    if len(timeouts) == 1:
        (timeout,) = timeouts
        parts.append("no timeout" if timeout is None else f"timeout {safe_repr(timeout)}")
    sizes = [call.size for call in storing if call.size is not None]
    if sizes:
        parts.append(byte_size(sum(sizes)))
    return ", ".join(parts)


def _advice(calls: Sequence[CacheCall]) -> str:
    """What would ask once, where one line asks a cache for key after key; else ""."""
    call = calls[0]
    many = {"get": "get_many", "set": "set_many", "delete": "delete_many"}.get(call.kind)
    keys = len({key for each in calls for key in each.keys})
    if many is None or keys < 3:
        return ""
    return f"{len(calls)} calls, one after the other: {many}() does it in one"


#: While somebody watches: cache -> alias.
ALIASES: dict[Any, str] = {}


def _find_alias(backend: Any) -> str:
    """Each thread has caches of its own; this one is among those of the running thread, if any."""
    for alias in caches.settings:
        if getattr(caches._connections, alias, None) is backend:  # type: ignore[attr-defined]
            break
    else:
        alias = type(backend).__name__
    ALIASES[backend] = alias
    return alias
