"""What the caches hold."""

from __future__ import annotations

from typing import Any

from django.core.cache import caches
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

from glass.sandbox import caches as private_caches
from tutor.judge.sandbox.identity import Undo


def snapshot() -> Undo:
    """Empty for the answer; afterwards what was there before."""
    keepers = [_keep(caches[alias]) for alias in caches.settings]

    def undo() -> None:
        private_caches.clear()
        for restore in keepers:
            restore()

    return undo


def _keep(backend: Any) -> Undo:
    """Note a cache's entries. What is returned puts them into the cleared cache."""
    if isinstance(backend, LocMemCache):
        local: Any = backend
        values, expiry = local._cache.copy(), dict(local._expire_info)

        def restore() -> None:
            with local._lock:
                local._cache.update(values)
                local._expire_info.update(expiry)

    elif isinstance(backend, FileBasedCache):
        contents = {path: path.read_bytes() for path in private_caches.files(backend)}

        def restore() -> None:
            for path, content in contents.items():
                path.write_bytes(content)

    elif isinstance(backend, RedisCache) and (names := private_caches.redis_names(backend)):
        client: Any = backend._cache.get_client(write=True)
        dumps = [(name, max(client.pttl(name), 0), client.dump(name)) for name in names]

        def restore() -> None:
            for name, milliseconds, dump in dumps:
                client.restore(name, milliseconds, dump, replace=True)

    else:  # A cache in a database goes with its rows.

        def restore() -> None: ...

    return restore
