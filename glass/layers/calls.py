"""Calls: requests to other hosts by httpx and by requests, where they are installed.

Method, host, path and status; no headers, no bodies, no values of the query. Both libraries send
every request through one method of theirs
(https://www.python-httpx.org/api/#client, https://requests.readthedocs.io/en/latest/api/), which is
wrapped while somebody watches. Django's test client calls nobody, and is seen by the layer "http".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from glass import source
from glass.block import INSIDE, Block, Group, Note, Part, Tone, Words
from glass.layer import Event, Layer, enclosing, register
from glass.patch import Patch
from glass.trace import active_traces, enter, leave
from glass.wording import describe_error, milliseconds, one_line, same_each_time

#: A part of a path that looks like a key: long, and with digits among the letters.
_KEY = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_\-.~=]{24,}")


class HostCall(Event):
    """One request to another host, with the redirects that the library followed.

    method   "GET"
    host     "api.example.com:8080", without a user's name or password
    path     "/prices?sku=...": values of the query are never kept, nor what looks like a key
    status   of the response, or 0 when there was none
    library  "httpx" or "requests"

    Its error is the exception's type alone: messages of these libraries hold the whole address.
    """

    __slots__ = ("_client_id", "host", "library", "method", "path", "scheme", "status")
    layer = "calls"
    noun = "call"

    def __init__(self, client: Any, library: str, method: str, url: str) -> None:
        super().__init__(source.caller())
        self._client_id = id(client)
        self.library = library
        self.method = one_line(method)
        self.status = 0
        self.scheme, self.host, self.path = _address(url)

    def __repr__(self) -> str:
        return f"<HostCall {self.label()}>"

    @property
    def outcome(self) -> str:
        return str(self.status) if self.status else self.error or "no answer"

    def label(self) -> str:
        return f"{self.method} {self.host}{self.path} -> {self.outcome}"

    def group_key(self) -> object:
        address = self.scheme, self.host, self.path
        return self.library, self.method, *address, self.status, self.error, self.places

    def block(self, group: Group) -> Block:
        tone: Tone = "good" if 0 < self.status < 400 else "bad"
        address = f"{self.method} {self.scheme}://{self.host}{self.path}"
        head = [Words("call "), Words(address, "name"), group.times_text]
        head += [Words(" -> "), Words(self.outcome, tone)]
        body: list[Part] = [Note([f"by {self.library}"]), INSIDE]
        return Block(
            group.where,
            head,
            body,
            times=group.times,
            edge="bad" if self.error else None,
            spent=f"{milliseconds(group.duration)} in all",
            floats=True,
        )


def _address(url: str) -> tuple[str, str, str]:
    """Scheme, host and path, with nothing in them that should stay a secret."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        host += f":{parts.port}" if parts.port else ""
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        return "?", "an address that cannot be read", ""
    path = _KEY.sub("<key>", same_each_time(parts.path)) or "/"
    query = "&".join(f"{name}=..." for name in dict.fromkeys(names))
    return parts.scheme, one_line(host), one_line(f"{path}?{query}" if query else path)


def _begin(patch: Patch, client: Any, library: str, request: Any) -> HostCall | None:
    """Enter the call; None where nobody listens, or it is a redirect that the client follows."""
    inside = enclosing()
    follows = isinstance(inside, HostCall) and inside._client_id == id(client)
    if follows or not (patch.active and active_traces.get("calls")):
        return None
    event = HostCall(client, library, str(request.method), str(request.url))
    enter(event)
    return event


def _error_type(error: BaseException) -> str:
    return describe_error(error).partition(":")[0]


def _watched(library: str) -> Callable[[Patch], Callable[..., Any]]:
    def make(patch: Patch) -> Callable[..., Any]:
        original = patch.original

        def send(self: Any, request: Any, *args: Any, **named: Any) -> Any:
            event = _begin(patch, self, library, request)
            if event is None:
                return original(self, request, *args, **named)
            try:
                response = original(self, request, *args, **named)
                event.status = response.status_code
            except BaseException as error:
                event.error = _error_type(error)
                raise
            finally:
                leave(event)
            return response

        return send

    return make


def _watched_async(library: str) -> Callable[[Patch], Callable[..., Any]]:
    def make(patch: Patch) -> Callable[..., Any]:
        original = patch.original

        async def send(self: Any, request: Any, *args: Any, **named: Any) -> Any:
            event = _begin(patch, self, library, request)
            if event is None:
                return await original(self, request, *args, **named)
            try:
                response = await original(self, request, *args, **named)
                event.status = response.status_code
            except BaseException as error:
                event.error = _error_type(error)
                raise
            finally:
                leave(event)
            return response

        return send

    return make


class Calls(Layer):
    """Only when it is named: to look, glass must import the libraries, which a project need not use."""

    name = "calls"
    help = "requests to other hosts by httpx and requests: host, path, status"
    attribute = "calls"
    kinds = (HostCall,)
    order = 46
    lane = 56
    colour = "#999999"

    def install(self) -> None:
        if find_spec("httpx"):
            httpx = import_module("httpx")
            self.patches.set(httpx.Client, "send", _watched("httpx"))
            self.patches.set(httpx.AsyncClient, "send", _watched_async("httpx"))
        if find_spec("requests"):
            self.patches.set(import_module("requests").Session, "send", _watched("requests"))


register(Calls())
