"""Calls of a cache in words: "cache get 'price_list' -> hit"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from glass.layers.cache import CacheCall
from glass.layers.sql import Query
from glass.views.sqltext import count, join, whole

_LONGEST = 80
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-z])")
_RANDOM = re.compile(r"(?=[a-z]*\d)[0-9a-z]{32}(?![0-9a-z])")


def asked(calls: Sequence[CacheCall]) -> str:
    """ "redis cache get 'price_list' (stored as ':2:price_list')" """
    call = calls[0]
    words = ["cache", call.operation]
    if call.alias != "default":
        words.insert(0, call.alias)
    keys = dict.fromkeys(key for each in calls for key in each.keys)
    if keys:
        words.append(join(map(shown_key, keys), ", ", len(keys)))
    if len(keys) == 1 and (stored := _stored(call)):
        words.append(f"(stored as {stored})")
    return " ".join(words)


def outcome(calls: Sequence[CacheCall]) -> str:
    """ "hit", "2 hits, 1 miss", "stored", "was not there"; "" where there is nothing to say."""
    if any(call.hit is not None for call in calls):
        read = sum(call.hits + call.misses for call in calls)
        words = counted(calls) if read > 1 else "hit" if calls[0].hit else "miss"
        stored = calls[0].kind == "get_or_set" and any(call.size is not None for call in calls)
        return f"{words}, stored" if stored else words
    if calls[0].kind in ("incr", "decr"):
        return join((whole(call.returned) for call in calls if not call.error), " | ", len(calls))
    said = Counter(_said(call) for call in calls if not call.error)
    if len(said) == 1:
        return next(iter(said))
    return ", ".join(f"{number} {words}" for words, number in said.items())


def counted(calls: Sequence[CacheCall]) -> str:
    """ "2 hits, 1 miss" """
    hits = sum(call.hits for call in calls)
    misses = sum(call.misses for call in calls)
    found = (hits, "hit"), (misses, "miss")
    return ", ".join(count(number, noun) for number, noun in found if number)


def details(calls: Sequence[CacheCall]) -> str:
    """ "timeout 3600, 2.1 kB" of what was stored; "" where nothing was."""
    storing = [call for call in calls if call.size is not None or call.kind == "touch"]
    timeouts = {call.timeout for call in storing}
    parts = []
    if len(timeouts) == 1:
        (timeout,) = timeouts
        parts.append("no timeout" if timeout is None else f"timeout {whole(timeout)}")
    sizes = [call.size for call in storing if call.size is not None]
    if sizes:
        parts.append(size(sum(sizes)))
    return ", ".join(parts)


def size(number: int) -> str:
    """ "47 bytes", "2.1 kB" """
    return count(number, "byte") if number < 1000 else f"{number / 1000:.1f} kB"


def remark(calls: Sequence[CacheCall]) -> str:
    """What would ask once, where one line asks a cache for key after key; else ""."""
    call = calls[0]
    many = {"get": "get_many", "set": "set_many", "delete": "delete_many"}.get(call.kind)
    keys = len({key for each in calls for key in each.keys})
    if many is None or keys < 3:
        return ""
    return f"{len(calls)} calls, one after the other: {many}() does it in one"


def shown_key(key: Any) -> str:
    """Its repr; hashes and random parts, which differ from run to run, are only named."""
    text = _RANDOM.sub("<random>", _HASH.sub("<hash>", whole(key)))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def is_of_a_cache(query: Query) -> bool:
    """Whether a database cache asked this for itself."""
    event = query.parent
    while event is not None and not isinstance(event, CacheCall):
        event = event.parent
    table = getattr(event and event.backend, "_table", None)
    return table is not None and f'"{table}"' in query.sql.replace("`", '"')


def family(call: CacheCall) -> str:
    """What the keys of one kind have in common: "price:7" and "price:8" are shown together."""
    text = shown_key(call.key)
    return re.sub(r"\d+", "", text[: max(text.rfind(":"), text.rfind("/")) + 1] or text)


def _stored(call: CacheCall) -> str:
    """The key as the backend has it, where prefix, version or key function make a difference."""
    try:
        (stored,) = call.stored_keys
    except Exception:  # noqa: BLE001  A learner's KEY_FUNCTION.
        return ""
    return "" if stored == f":1:{call.key}" else shown_key(stored)


def _said(call: CacheCall) -> str:
    if call.kind == "add":
        return "stored" if call.returned else "not stored: the key is there"
    if call.kind == "delete":
        return "deleted" if call.returned else "was not there"
    if call.kind == "touch":
        return "kept on" if call.returned else "was not there"
    if call.kind in ("incr_version", "decr_version"):
        return f"now version {call.returned}"
    if call.kind == "set_many" and call.returned:
        return f"not stored: {join(map(shown_key, call.returned), ', ', len(call.returned))}"
    return ""
