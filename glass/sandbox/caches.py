"""The caches of one notebook: nobody else reads its entries, and it clears nobody else's.

Only for a project whose settings have GLASS, as with the database (see glass.sandbox.database): the file
cache gets a folder of this process, and a cache with a KEY_PREFIX, which shares its server with
others, a prefix of this process. Local memory is private by nature, a database cache lies in the
private database.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.core.cache.backends.redis import RedisCache

_FOLDERS = "private-{pid}-cache"
#: {alias: {option: value}} of settings.CACHES, as this process has changed them.
private: dict[str, dict[str, str]] = {}


def make_private(folder: Path) -> None:
    """Once a process, before the first use of a cache.

    folder  where the folder of the file cache is made, when something is cached in it
    """
    if private:
        return
    _remove_leftovers(folder)
    own = folder / _FOLDERS.format(pid=os.getpid())
    shutil.rmtree(own, ignore_errors=True)  # An earlier process may have had the same number.
    suffix = secrets.token_hex(4)
    options = {}
    for alias, before in caches.settings.items():
        if before["BACKEND"].endswith(".FileBasedCache"):
            options[alias] = {"LOCATION": str(own)}
        elif prefix := before.get("KEY_PREFIX"):
            options[alias] = {"KEY_PREFIX": f"{prefix}-{suffix}"}
    use(options)
    atexit.register(_remove, own)


def use(options: dict[str, dict[str, str]]) -> None:
    """Change settings.CACHES: a notebook's worker has the notebook's own caches."""
    private.update(options)
    caches.close_all()
    for alias, changed in options.items():
        caches.settings[alias].update(changed)
        with suppress(AttributeError):
            del caches[alias]  # It was made with the old settings.


def clear() -> None:
    """Empty all caches of this process; those in a database go with its rows."""
    for alias in caches.settings:
        backend = caches[alias]
        if isinstance(backend, RedisCache):
            if names := redis_names(backend):
                backend._cache.get_client(write=True).delete(*names)
        elif not isinstance(backend, BaseDatabaseCache):
            backend.clear()


def redis_names(backend: Any) -> list[bytes]:
    """The names of this backend's keys on its server, sorted; [] where the server is away."""
    redis = sys.modules.get("redis")
    if redis is None:  # Nothing is there yet, and importing it takes a while.
        return []
    sign = str.maketrans({sign: f"\\{sign}" for sign in "\\*?[]"})
    # Without a prefix the server is this process' own.
    pattern = f"{backend.key_prefix.translate(sign)}:*" if backend.key_prefix else "*"
    try:
        return sorted(backend._cache.get_client().scan_iter(match=pattern, count=1000))
    except redis.RedisError:
        return []


def files(backend: Any) -> Iterator[Path]:
    """The file cache's files; it does not keep the keys, only a hash of each."""
    yield from sorted(Path(backend._dir).glob(f"*{backend.cache_suffix}"))


def _remove(folder: Path) -> None:
    with suppress(Exception):
        clear()
    shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers(folder: Path) -> None:
    """Folders of processes that ended without removing them."""
    found = {path: path.name.split("-")[1] for path in folder.glob(_FOLDERS.format(pid="*"))}
    if not found:
        return
    import psutil

    for path, pid in found.items():
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(path, ignore_errors=True)
