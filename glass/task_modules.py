"""Tasks that are written in a notebook, for a worker, which knows modules only."""

from __future__ import annotations


def modules() -> list[str]:
    return []
