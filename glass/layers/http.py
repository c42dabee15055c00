"""HTTP: the requests made with Django's test client, and what answered them.

https://docs.djangoproject.com/en/6.1/topics/testing/tools/#the-test-client
"""

from __future__ import annotations

from typing import Any

from django.template import Template
from django.test import AsyncClient, Client

from glass import source
from glass.trace import Event, describe, enclosing, enter, leave


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

    def __init__(self, places: tuple[source.Place, ...], method: str, path: str) -> None:
        super().__init__(places)
        self.method = method
        self.path = path
        self.status = 0
        self.view = ""
        self.templates: list[str] = []
        self.location = ""

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path} -> {self.status or self.error}>"


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
    asked = getattr(response, "wsgi_request", None) or response.asgi_request
    if asked.resolver_match is not None:
        view = asked.resolver_match.func
        view = getattr(view, "view_class", view)
        # An object can be a view too, a Feed for example.
        name = getattr(view, "__qualname__", type(view).__qualname__)
        request.view = f"{view.__module__}.{name}"


def _request(self: Client, **environ: Any) -> Any:
    request = _begin(
        environ.get("REQUEST_METHOD", "GET"),
        environ.get("PATH_INFO", "/"),
        environ.get("QUERY_STRING", ""),
    )
    try:
        response = _django_request(self, **environ)
        _end(request, response)
    except BaseException as error:
        request.error = describe(error)
        raise
    finally:
        leave(request)
    return response


async def _async_request(self: AsyncClient, **scope: Any) -> Any:
    request = _begin(
        scope.get("method", "GET"), scope.get("path", "/"), scope.get("query_string", "")
    )
    try:
        response = await _django_async_request(self, **scope)
        _end(request, response)
    except BaseException as error:
        request.error = describe(error)
        raise
    finally:
        leave(request)
    return response


def _render(self: Template, context: Any) -> Any:
    event = enclosing()
    while event is not None and not isinstance(event, Request):
        event = event.parent
    if event is not None:
        event.templates.append(self.name or "a template without a name")
    return _installed_render(self, context)


_django_request = Client.request
_django_async_request = AsyncClient.request
_installed_render: Any = None


def installed() -> bool:
    return _installed_render is not None


def install() -> None:
    global _installed_render
    _installed_render = Template._render  # type: ignore[attr-defined]
    Client.request = _request  # type: ignore[method-assign]
    AsyncClient.request = _async_request  # type: ignore[method-assign]
    Template._render = _render  # type: ignore[attr-defined]


def uninstall() -> None:
    global _installed_render
    Client.request = _django_request  # type: ignore[method-assign]
    AsyncClient.request = _django_async_request  # type: ignore[method-assign]
    Template._render = _installed_render  # type: ignore[attr-defined]
    _installed_render = None
