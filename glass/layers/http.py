"""HTTP: the requests made with Django's test client, and what answered them.

https://docs.djangoproject.com/en/6.1/topics/testing/tools/#the-test-client
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.template import Template
from django.test import AsyncClient, Client

from glass import source
from glass.block import INSIDE, Block, Group, Note, Part, Tone, Words
from glass.layer import Event, Layer, enclosing, register
from glass.patch import Patch
from glass.trace import active_traces, enter, leave
from glass.wording import describe_error


class Request(Event):
    """One request and its response.

    path       with its query string
    status     of the response, or 0 when an exception came out of the view
    view       "company.views.department_list", or "" when no URL pattern fits
    templates  the names of the templates that were rendered, in order
    location   where a redirect leads, or ""
    """

    __slots__ = ("location", "method", "path", "status", "templates", "view")
    layer = "http"
    noun = "request"
    says_where = True

    def __init__(self, places: tuple[source.Place, ...], method: str, path: str) -> None:
        super().__init__(places)
        self.method = method
        self.path = path
        self.status = 0
        self.view = ""
        self.templates: list[str] = []
        self.location = ""

    def __repr__(self) -> str:
        return f"<Request {self.label()}>"

    def label(self) -> str:
        return f"{self.method} {self.path} -> {self.status or self.error}"

    def group_key(self) -> object:
        return self  # Each by itself.

    def block(self, group: Group) -> Block:
        answer = str(self.status) if self.status else f"{self.error}"
        if self.location:
            answer += f", go to {self.location}"
        tone: Tone = "good" if 0 < self.status < 400 else "bad"
        lines = [f"view {self.view}"] if self.view else []
        if self.templates:
            lines.append(f"templates {', '.join(dict.fromkeys(self.templates))}")
        head = [Words(f"{self.method} {self.path}", "name"), Words(" -> "), Words(answer, tone)]
        body: list[Part] = [Note(lines), INSIDE]
        return Block(group.where, head, body)


def _begin(method: str, path: str, query: bytes | str) -> Request:
    address = _text(path) + (f"?{_text(query)}" if query else "")
    request = Request(source.caller(), method, address)
    enter(request)
    return request


def _text(value: bytes | str) -> str:
    """WSGI has UTF-8 in the guise of latin-1: https://peps.python.org/pep-3333/#unicode-issues"""
    try:
        return (value if isinstance(value, bytes) else value.encode("latin-1")).decode()
    except UnicodeError:
        return str(value)


def _end(request: Request, response: Any) -> None:
    request.status = response.status_code
    request.location = response.headers.get("Location", "")
    django_request = getattr(response, "wsgi_request", None) or response.asgi_request
    if django_request.resolver_match is not None:
        view = django_request.resolver_match.func
        view = getattr(view, "view_class", view)
        # An object can be a view too, a Feed for example.
        name = getattr(view, "__qualname__", type(view).__qualname__)
        request.view = f"{view.__module__}.{name}"


def _watched(patch: Patch) -> Callable[..., Any]:
    django = patch.original

    def request(self: Client, **environ: Any) -> Any:
        if not (patch.active and active_traces.get("http")):
            return django(self, **environ)
        event = _begin(
            environ.get("REQUEST_METHOD", "GET"),
            environ.get("PATH_INFO", "/"),
            environ.get("QUERY_STRING", ""),
        )
        try:
            response = django(self, **environ)
            _end(event, response)
        except BaseException as error:
            event.error = describe_error(error)
            raise
        finally:
            leave(event)
        return response

    return request


def _watched_async(patch: Patch) -> Callable[..., Any]:
    django = patch.original

    async def request(self: AsyncClient, **scope: Any) -> Any:
        if not (patch.active and active_traces.get("http")):
            return await django(self, **scope)
        event = _begin(
            scope.get("method", "GET"), scope.get("path", "/"), scope.get("query_string", "")
        )
        try:
            response = await django(self, **scope)
            _end(event, response)
        except BaseException as error:
            event.error = describe_error(error)
            raise
        finally:
            leave(event)
        return response

    return request


def _rendering(patch: Patch) -> Callable[..., Any]:
    django = patch.original

    def render(self: Template, context: Any) -> Any:
        event = enclosing()
        while event is not None and not isinstance(event, Request):
            event = event.parent
        if event is not None and patch.active:
            event.templates.append(self.name or "a template without a name")
        return django(self, context)

    return render


class Http(Layer):
    name = "http"
    help = "requests made with Django's test client"
    attribute = "requests"
    kinds = (Request,)
    default = True
    order = 60
    lane = 10
    colour = "#0072b2"
    edge = "#8e63ce"

    def install(self) -> None:
        self.patches.set(Client, "request", _watched)
        self.patches.set(AsyncClient, "request", _watched_async)
        self.patches.set(Template, "_render", _rendering)


register(Http())
