"""How calls of caches are seen.

Django has no hook there (https://docs.djangoproject.com/en/6.1/topics/cache/#the-low-level-cache-api),
so the methods of the backends' classes are wrapped while somebody watches. Whatever uses the
framework passes there: the low-level API, {% cache %}, cache_page, sessions.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial, wraps
from time import perf_counter
from typing import Any

from django.core.cache import CacheHandler
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

from glass import source
from glass.layer import current, enclosing
from glass.layers.cache.event import ARGUMENTS, ASYNC, CacheCall
from glass.patch import Patch, Patches
from glass.trace import active_traces
from glass.wording import describe_error

set_current = current.set
_UNWATCHED: tuple[None, dict[str, Any]] = (None, {})
#: Stands for "not there" in a get(): None may be cached.
_MISSING = object()
_STORING = frozenset({"add", "get_or_set", "set", "set_many", "touch"})


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
    traces = active_traces.get("cache")
    inside = enclosing()
    if (
        not traces
        or (type(inside) is CacheCall and inside.in_backend and inside.backend is backend)
        or (names and names[0] not in given)  # Python says what is missing.
    ):
        return None, given
    call = CacheCall(backend, operation, source.callers(sys._getframe(2)))
    if "version" in given and given["version"] is not None:
        call.version = given["version"]
    for trace in traces:
        trace.events.append(call)
    set_current(call)
    call.started = perf_counter()
    return call, given


def _alter(
    call: CacheCall,
    kind: str,
    given: dict[str, Any],
    args: tuple[Any, ...],
    named: dict[str, Any],
    own: bool,
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Note the keys. Return the arguments to go on with: after them a miss is certain.

    own  whether the method is Django's. Another one may do something else for another default
    """
    head: tuple[Any, ...] = ()  # what is passed in place of the first arguments
    if kind == "get":
        call.keys = (given["key"],)
        if own:
            if len(args) == 1 and not named:
                return (*args, _MISSING), named
            head = given["key"], _MISSING
    elif kind == "get_or_set" and "default" in given:
        call.keys = (given["key"],)
        if own or callable(given["default"]):
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
        done = ARGUMENTS[kind][: len(head)]
        named = {name: value for name, value in named.items() if name not in done}
    return args, named


def _maker(call: CacheCall, given: dict[str, Any]) -> Callable[[], Any]:
    """What get_or_set() calls for a key that is not there. What it does is no work of the cache."""

    def make() -> Any:
        call.misses = 1
        call.in_backend = False
        default = given["default"]
        try:
            given["value"] = default() if callable(default) else default
        finally:
            call.in_backend = True
        return given["value"]

    return make


def _fail(call: CacheCall, error: BaseException) -> None:
    call.duration = perf_counter() - call.started
    call.error = describe_error(error)
    set_current(call.parent)


def _end(call: CacheCall, kind: str, given: dict[str, Any], result: Any, own: bool) -> Any:
    """Note the result. Return what the caller gets."""
    call.duration = perf_counter() - call.started
    set_current(call.parent)
    if kind == "get":
        if result is _MISSING:
            call.misses = 1
            return given.get("default")
        # A method that is not Django's was given no _MISSING.
        call.hits = 1 if own or result is not given.get("default") else 0
        call.misses = 1 - call.hits
        return result
    if kind in _STORING:
        timeout = given.get("timeout", DEFAULT_TIMEOUT)
        call.timeout = call.backend.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
    if kind == "get_or_set":
        if own or callable(given["default"]):
            call.hits = 1 - call.misses
        if call.misses and "value" in given:
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


def _is_djangos(method: Callable[..., Any]) -> bool:
    return method.__module__.startswith("django.")


def _size(call: CacheCall, key: Any, value: Any) -> int | None:
    """Bytes of the value as the cache serializes it; a file cache compresses them afterwards."""
    backend = call.backend
    kind = type(backend)
    try:
        if issubclass(kind, LocMemCache):
            return len(backend._cache[backend.make_key(key, call.version)])
        if issubclass(kind, DummyCache):
            return None
        if issubclass(kind, RedisCache):
            data = backend._cache._serializer.dumps(value)
            return len(data if isinstance(data, bytes) else str(data))
        if _is_djangos(kind.set):  # Another one may not pickle at all.
            return len(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
        return None
    except Exception:  # noqa: BLE001  A learner's class, or a backend unlike Django's own.
        return None


def _watched(operation: str, patch: Patch) -> Callable[..., Any]:
    django: Callable[..., Any] = patch.original
    own = _is_djangos(django)
    names = ARGUMENTS[operation]

    @wraps(django)
    def call_it(self: Any, *args: Any, **named: Any) -> Any:
        call, given = _begin(self, operation, names, args, named) if patch.active else _UNWATCHED
        if call is None:
            return django(self, *args, **named)
        try:
            args, named = _alter(call, operation, given, args, named, own)
            result = django(self, *args, **named)
        except BaseException as error:
            _fail(call, error)
            raise
        return _end(call, operation, given, result, own)

    return call_it


def _watched_async(operation: str, patch: Patch) -> Callable[..., Awaitable[Any]]:
    django: Callable[..., Awaitable[Any]] = patch.original
    own = _is_djangos(django)
    kind = ASYNC[operation]
    names = ARGUMENTS[kind]

    @wraps(django)
    async def call_it(self: Any, *args: Any, **named: Any) -> Any:
        call, given = _begin(self, operation, names, args, named) if patch.active else _UNWATCHED
        if call is None:
            return await django(self, *args, **named)
        try:
            args, named = _alter(call, kind, given, args, named, own)
            result = await django(self, *args, **named)
        except BaseException as error:
            _fail(call, error)
            raise
        return _end(call, kind, given, result, own)

    return call_it


class Wrapper:
    """Wraps the methods of each backend's class, and of those that are imported later."""

    def __init__(self, patches: Patches) -> None:
        self.patches = patches
        self.done: set[tuple[type, str]] = set()
        patches.set(CacheHandler, "create_connection", self._creating)
        self.wrap(_backends())

    def wrap(self, classes: Iterable[type]) -> None:
        for cls in classes:
            if not issubclass(cls, BaseCache):
                continue
            for name in list(vars(cls)):
                watched = _watched if name in ARGUMENTS else _watched_async
                if (name in ARGUMENTS or name in ASYNC) and (cls, name) not in self.done:
                    self.done.add((cls, name))
                    self.patches.set(cls, name, partial(watched, name))

    def _creating(self, patch: Patch) -> Callable[..., Any]:
        django = patch.original

        def create_connection(handler: CacheHandler, alias: str) -> Any:
            backend = django(handler, alias)
            if patch.active:  # Its class may have been imported just now.
                self.wrap(type(backend).__mro__)
            return backend

        return create_connection


def _backends(cls: type[Any] = BaseCache) -> Iterator[type]:
    yield cls
    for subclass in cls.__subclasses__():
        yield from _backends(subclass)
