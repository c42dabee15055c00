"""Chapter 16, talking to others: what its exercises share."""

from __future__ import annotations

from functools import cache

import httpx
from partners.sandbox import Sandbox, past_proxies

#: The project's SQL has times of today and random keys in it.
REQUESTS = ("http",)


@cache
def _sandbox() -> Sandbox:
    return Sandbox()


def partner() -> Sandbox:
    """The partner's server, with empty books: one process for all exercises of this kernel."""
    sandbox = _sandbox()
    sandbox.reset()
    past_proxies()  # The environment is put back before each run.
    return sandbox


@cache
def _client() -> httpx.Client:
    """One for all: to make one takes as long as ten calls."""
    return httpx.Client(timeout=0.2, trust_env=False)
