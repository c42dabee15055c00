"""What is in a cache: its keys, how long each has to live, and how large it is."""

from __future__ import annotations

import base64
import math
import pickle
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.memcached import BaseMemcachedCache
from django.core.cache.backends.redis import RedisCache
from django.db import DatabaseError, connections, models, router
from django.utils.html import format_html, format_html_join

from glass.layers.cache.event import shown_key
from glass.sandbox.caches import files, redis_names
from glass.views.timetable import table
from glass.wording import byte_size, count

_HEAD = ("key", "version", "stored as", "expires in", "size")


@dataclass(frozen=True)
class Entry:
    """One entry of a cache.

    key      as the caller wrote it; None where it cannot be told from the stored one
    version  of the key; None likewise
    stored   the key as the backend has it; of a file cache the file's name
    seconds  until it expires; None: never
    size     bytes of the pickled value
    """

    key: str | None
    version: int | None
    stored: str
    seconds: float | None
    size: int

    def row(self) -> tuple[str, ...]:
        """As text: the time that is left is rounded up, so that a moment makes no difference."""
        return (
            "" if self.key is None else shown_key(self.key),
            "" if self.version is None else str(self.version),
            # A file's name is nothing but a hash: of the same key it is the same everywhere.
            self.stored if self.stored.endswith(".djcache") else shown_key(self.stored),
            "never" if self.seconds is None else f"{_rounded_up(self.seconds)} s",
            byte_size(self.size),
        )


class Contents(list[Entry]):
    """A cache's entries, by stored key. print() shows them as a table.

    sentence  what else is to be said: why a cache cannot tell, for example; "" mostly
    """

    def __init__(self, alias: str, kind: str, entries: list[Entry], sentence: str) -> None:
        super().__init__(sorted(entries, key=lambda entry: entry.stored))
        self.alias = alias
        self.kind = kind
        self.sentence = sentence

    @property
    def title(self) -> str:
        """ "redis (RedisCache): 2 keys" """
        name = f"{self.alias} ({self.kind})"
        return f"{name}: {count(len(self), 'key')}" if self or not self.sentence else name

    def __str__(self) -> str:
        parts = [self.title]
        if self:
            parts.append(table([_HEAD, *(entry.row() for entry in self)]))
        if self.sentence:
            parts.append(self.sentence)
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = format_html_join(
            "", '<th scope="col" style="text-align:left">{}</th>', ((name,) for name in _HEAD)
        )
        rows = format_html_join(
            "",
            "<tr>{}</tr>",
            (
                (format_html_join("", "<td>{}</td>", ((cell,) for cell in entry.row())),)
                for entry in self
            ),
        )
        return format_html(
            '<table><caption style="text-align:left">{}</caption>{}{}</table><div>{}</div>',
            self.title,
            format_html("<tr>{}</tr>", cells) if self else "",
            rows,
            self.sentence,
        )


def cache_contents(alias: str = "default") -> Contents:
    """What is in a cache now: each key, its version, the seconds it has to live, its size in bytes.

    alias  the cache's name in settings.CACHES

    Looking changes nothing, and is no cache call of the code that is watched. A cache that cannot
    tell what it holds (dummy, Memcached) is shown with a sentence that says so. Raises ValueError
    for an unknown alias.
    """
    if alias not in caches.settings:
        known = ", ".join(caches.settings)
        raise ValueError(f"There is no cache called {alias!r}. settings.CACHES has: {known}.")
    backend: Any = caches[alias]
    reader, sentence = next(
        ((reader, sentence) for kind, reader, sentence in _READERS if isinstance(backend, kind)),
        (None, "This kind of cache is not known to glass: what it holds cannot be shown."),
    )
    entries: list[Entry] = []
    if reader is not None:
        try:
            entries = list(reader(backend))
        except _Unreadable as problem:
            sentence = str(problem)
    return Contents(alias, type(backend).__name__, entries, sentence)


class _Unreadable(Exception):
    """Why a cache cannot be read now, in a sentence."""


def _local(backend: Any) -> Iterator[Entry]:
    with backend._lock:
        found = dict(backend._cache)
        expiry = dict(backend._expire_info)
    for stored, value in found.items():
        yield from _entry(backend, stored, expiry.get(stored, 0), len(value))


def _files(backend: Any) -> Iterator[Entry]:
    for path in files(backend):
        try:
            with path.open("rb") as file:
                expiry = pickle.load(file)
                size = len(zlib.decompress(file.read()))
        except (OSError, EOFError):
            continue  # It is being removed.
        if expiry is None or expiry > time.time():
            yield Entry(None, None, path.name, _left(expiry), size)


def _redis(backend: Any) -> Iterator[Entry]:
    import redis

    client = backend._cache.get_client()
    try:
        client.ping()
    except redis.RedisError as error:
        raise _Unreadable(f"The Redis server does not answer: {error}") from None
    names = redis_names(backend)
    asked = client.pipeline()
    for name in names:
        asked.pttl(name)
        asked.strlen(name)
    answers = iter(asked.execute())
    for name, milliseconds, size in zip(names, answers, answers, strict=False):
        if milliseconds != -2:  # It has just expired.
            expiry = None if milliseconds < 0 else time.time() + milliseconds / 1000
            yield from _entry(backend, name.decode(errors="replace"), expiry, size)


def _rows(backend: Any) -> Iterator[Entry]:
    connection = connections[router.db_for_read(backend.cache_model_class)]
    field = models.Expression(output_field=models.DateTimeField())
    converters = connection.ops.get_db_converters(field) + field.get_db_converters(connection)
    name = connection.ops.quote_name
    columns = ", ".join(map(name, ("cache_key", "value", "expires")))
    try:
        with connection.cursor() as cursor, connection.wrap_database_errors:
            # The driver's own cursor: this is no query of the code that is watched.
            cursor.cursor.execute(f"SELECT {columns} FROM {name(backend._table)}")
            rows = cursor.cursor.fetchall()
    except DatabaseError:
        raise _Unreadable(
            f"The table {backend._table} is missing: `manage.py createcachetable` makes it."
        ) from None
    for stored, value, when in rows:
        for converter in converters:
            when = converter(when, field, connection)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        # Django writes the last moment there is for "never".
        expiry = None if when.year == datetime.max.year else when.timestamp()
        yield from _entry(backend, stored, expiry, len(base64.b64decode(value)))


#: Which backend is read how, and what is to be said about it.
_READERS: tuple[tuple[type, Callable[[Any], Iterator[Entry]] | None, str], ...] = (
    (LocMemCache, _local, ""),
    (RedisCache, _redis, ""),
    (DatabaseCache, _rows, ""),
    (
        FileBasedCache,
        _files,
        "A file cache keeps no keys: each file is named by a hash of its key.",
    ),
    (DummyCache, None, "The dummy cache keeps nothing."),
    (BaseMemcachedCache, None, "Memcached does not tell which keys it holds."),
)


def _entry(backend: Any, stored: str, expiry: float | None, size: int) -> Iterator[Entry]:
    """The entry, unless it has expired or belongs to another prefix."""
    if expiry is not None and expiry <= time.time():
        return
    key: str | None = None
    version: int | None = None
    prefix, _, rest = stored.removeprefix(backend.key_prefix).partition(":")
    number, colon, name = rest.partition(":")
    if not prefix and colon and number.isdigit() and stored == backend.make_key(name, int(number)):
        key, version = name, int(number)
    elif backend.key_prefix and not stored.startswith(backend.key_prefix):
        return
    yield Entry(key, version, stored, _left(expiry), size)


def _left(expiry: float | None) -> float | None:
    return None if expiry is None else expiry - time.time()


def _rounded_up(seconds: float) -> int:
    """To whole seconds; the longer it is, the coarser. Written is what was set a moment ago."""
    step = next(
        step for limit, step in ((20, 1), (100, 5), (1000, 10), (math.inf, 60)) if seconds <= limit
    )
    return math.ceil(seconds / step) * step
