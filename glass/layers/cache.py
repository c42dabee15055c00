"""Caches: each call of a cache's API, its keys, hit or miss, and what happened inside it.

Django has no hook there (https://docs.djangoproject.com/en/6.1/topics/cache/#the-low-level-cache-api),
so the methods of the backends' classes are wrapped while somebody watches. Whatever uses the
framework passes there: the low-level API, {% cache %}, cache_page, sessions.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from time import perf_counter
from typing import Any

from django.core.cache import CacheHandler, caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

from glass import source
from glass.trace import Event, _current, describe, enclosing, listening

set_current = _current.set
#: Stands for "not there" in a get(): None may be cached.
_MISSING = object()
#: Each operation and its arguments; "aget" and so on are the async ones.
_ARGUMENTS: dict[str, tuple[str, ...]] = {
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
_STORING = frozenset({"add", "get_or_set", "set", "set_many", "touch"})
_ASYNC = {f"a{operation}": operation for operation in _ARGUMENTS}


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
        "at_work",
        "backend",
        "hits",
        "keys",
        "misses",
        "operation",
        "returned",
        "size",
        "timeout",
        "version",
    )
    layer = "cache"
    timeout: float | None
    size: int | None

    # Not through Event's own: this runs for every call.
    def __init__(self, backend: Any, operation: str, places: tuple[source.Place, ...]) -> None:
        self.parent = enclosing()
        self.places = places
        self.duration = 0.0
        self.error = None
        self.alias = _aliases.get(backend) or _find_alias(backend)
        self.operation = operation
        self.keys: tuple[Any, ...] = ()
        self.version = backend.version
        self.hits = self.misses = 0
        self.timeout = self.size = None
        self.returned: Any = None
        self.backend = backend
        #: False while the function that was given to get_or_set() runs.
        self.at_work = True

    @property
    def kind(self) -> str:
        """The operation, async or not: "get"."""
        return _ASYNC.get(self.operation, self.operation)

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


def _begin(
    backend: Any,
    operation: str,
    names: tuple[str, ...],
    args: tuple[Any, ...],
    named: dict[str, Any],
) -> tuple[CacheCall | None, dict[str, Any]]:
    """The event and its arguments by name; None for what no trace wants."""
    given = dict(zip(names, args))  # noqa: B905  The fastest way, and Python counts them anyway.
    if named:
        given |= named
    traces = listening.get("cache")
    inside = enclosing()
    if (
        not traces
        or (type(inside) is CacheCall and inside.at_work and inside.backend is backend)
        or (names and names[0] not in given)  # Python says what is missing.
    ):
        return None, given
    call = CacheCall(backend, operation, source.callers(sys._getframe(2)))
    if "version" in given and given["version"] is not None:
        call.version = given["version"]
    for trace in traces:
        trace.events.append(call)
    set_current(call)
    call.duration = -perf_counter()
    return call, given


def _alter(
    call: CacheCall, kind: str, given: dict[str, Any], args: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Note the keys. Return the arguments to go on with: after them a miss is certain."""
    head: tuple[Any, ...] = ()  # what is passed in place of the first arguments
    if kind == "get":
        call.keys = (given["key"],)
        if len(args) == 1 and not named:
            return (*args, _MISSING), named
        head = given["key"], _MISSING
    elif kind == "get_or_set" and "default" in given:
        call.keys = (given["key"],)
        head = given["key"], _maker(call, given)
    elif "key" in given:
        call.keys = (given["key"],)
    elif "keys" in given:
        call.keys = tuple(given["keys"])  # It may be a generator.
        head = (list(call.keys),)
    elif "data" in given:
        call.keys = tuple(given["data"])
    if head:
        args = (*head, *args[len(head) :])
        done = _ARGUMENTS[kind][: len(head)]
        named = {name: value for name, value in named.items() if name not in done}
    return args, named


def _maker(call: CacheCall, given: dict[str, Any]) -> Callable[[], Any]:
    """What get_or_set() calls for a key that is not there. What it does is no work of the cache."""

    def make() -> Any:
        call.misses = 1
        call.at_work = False
        default = given["default"]
        try:
            given["value"] = default() if callable(default) else default
        finally:
            call.at_work = True
        return given["value"]

    return make


def _fail(call: CacheCall, error: BaseException) -> None:
    call.duration += perf_counter()
    call.error = describe(error)
    set_current(call.parent)


def _end(call: CacheCall, kind: str, given: dict[str, Any], result: Any) -> Any:
    """Note the result. Return what the caller gets."""
    call.duration += perf_counter()
    set_current(call.parent)
    if kind == "get":
        if result is _MISSING:
            call.misses = 1
            return given.get("default")
        call.hits = 1
        return result
    if kind in _STORING:
        timeout = given.get("timeout", DEFAULT_TIMEOUT)
        call.timeout = call.backend.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
    if kind == "get_or_set":
        call.hits = 1 - call.misses
        if call.misses:
            call.size = _size(call, given["key"], given["value"])
        return result
    call.returned = result
    if kind == "set" or (kind == "add" and result):
        call.size = _size(call, given["key"], given["value"])
    elif kind == "set_many":
        sizes = [_size(call, key, value) for key, value in given["data"].items()]
        call.size = None if None in sizes else sum(sizes)  # type: ignore[arg-type]
    elif kind == "get_many":
        call.hits, call.returned = len(result), None
        call.misses = len(set(call.keys)) - call.hits
    elif kind == "has_key":
        call.hits, call.misses = (1, 0) if result else (0, 1)
    return result


def _size(call: CacheCall, key: Any, value: Any) -> int | None:
    """Bytes of the value as the cache serializes it; a file cache compresses them afterwards."""
    backend = call.backend
    family = type(backend)
    try:
        if issubclass(family, LocMemCache):
            return len(backend._cache[backend.make_key(key, call.version)])
        if issubclass(family, DummyCache):
            return None
        if issubclass(family, RedisCache):
            data = backend._cache._serializer.dumps(value)
            return len(data if isinstance(data, bytes) else str(data))
        return len(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
    except Exception:  # noqa: BLE001  A learner's class, or a backend unlike Django's own.
        return None


def _watched(operation: str, django: Callable[..., Any]) -> Callable[..., Any]:
    names = _ARGUMENTS[operation]

    @wraps(django)
    def call_it(self: Any, *args: Any, **named: Any) -> Any:
        call, given = _begin(self, operation, names, args, named)
        if call is None:
            return django(self, *args, **named)
        try:
            args, named = _alter(call, operation, given, args, named)
            result = django(self, *args, **named)
        except BaseException as error:
            _fail(call, error)
            raise
        return _end(call, operation, given, result)

    return call_it


def _watched_async(
    operation: str, django: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[Any]]:
    kind = _ASYNC[operation]
    names = _ARGUMENTS[kind]

    @wraps(django)
    async def call_it(self: Any, *args: Any, **named: Any) -> Any:
        call, given = _begin(self, operation, names, args, named)
        if call is None:
            return await django(self, *args, **named)
        try:
            args, named = _alter(call, kind, given, args, named)
            result = await django(self, *args, **named)
        except BaseException as error:
            _fail(call, error)
            raise
        return _end(call, kind, given, result)

    return call_it


#: While somebody watches: cache -> alias.
_aliases: dict[Any, str] = {}


def _find_alias(backend: Any) -> str:
    """Each thread has caches of its own; this one is among those of the running thread, if any."""
    for alias in caches.settings:
        if getattr(caches._connections, alias, None) is backend:  # type: ignore[attr-defined]
            break
    else:
        alias = type(backend).__name__
    _aliases[backend] = alias
    return alias


_django_create = CacheHandler.create_connection
#: What was wrapped: (class, name) -> Django's own function.
_originals: dict[tuple[type, str], Any] = {}


def _create(self: CacheHandler, alias: str) -> Any:
    """Its class may have been imported just now."""
    backend = _django_create(self, alias)
    _wrap(type(backend).__mro__)
    return backend


def _wrap(classes: Iterator[type] | tuple[type, ...]) -> None:
    for cls in classes:
        if not issubclass(cls, BaseCache):
            continue
        for name, function in list(vars(cls).items()):
            if (cls, name) in _originals:
                continue
            if name in _ARGUMENTS:
                _originals[cls, name] = function
                setattr(cls, name, _watched(name, function))
            elif name in _ASYNC:
                _originals[cls, name] = function
                setattr(cls, name, _watched_async(name, function))


def _backends(cls: type[Any] = BaseCache) -> Iterator[type]:
    yield cls
    for subclass in cls.__subclasses__():
        yield from _backends(subclass)


def installed() -> bool:
    return bool(_originals)


def install() -> None:
    CacheHandler.create_connection = _create  # type: ignore[method-assign]
    _wrap(_backends())


def uninstall() -> None:
    CacheHandler.create_connection = _django_create  # type: ignore[method-assign]
    for (cls, name), function in _originals.items():
        setattr(cls, name, function)
    _originals.clear()
    _aliases.clear()
