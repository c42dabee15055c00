"""Caches: each call of a cache's API, its keys, hit or miss, and what happened inside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glass.layer import Layer, register
from glass.layers.cache.event import ALIASES, CacheCall, hits_and_misses
from glass.layers.cache.hook import Wrapper

__all__ = ["Cache", "CacheCall"]


class Cache(Layer):
    name = "cache"
    help = "calls of the cache framework: keys, hits, misses"
    attribute = "cache"
    kinds = (CacheCall,)
    default = True
    order = 20
    lane = 50
    colour = "#e69f00"
    edge = "#2e8b43"

    def install(self) -> None:
        Wrapper(self.patches)

    def uninstall(self) -> None:
        super().uninstall()
        ALIASES.clear()

    def summary(self, events: Sequence[Any]) -> list[str]:
        counted = super().summary(events)
        found = hits_and_misses(events)
        return [f"{counted[0]} ({found})"] if found else counted


register(Cache())
