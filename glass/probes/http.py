"""HTTP: the requests made with Django's test client, and what answered them.

https://docs.djangoproject.com/en/6.1/topics/testing/tools/#the-test-client
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from django.template import Template
from django.test import AsyncClient, Client
from django.urls import Resolver404, resolve

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
    text = query.decode() if isinstance(query, bytes) else query
    request = Request(source.caller(), method, unquote(path) + (f"?{text}" if text else ""))
    enter(request)
    return request


def _end(request: Request, response: Any) -> None:
    request.status = response.status_code
    request.location = response.headers.get("Location", "")
    try:
        match = resolve(
            request.path.partition("?")[0], getattr(response.wsgi_request, "urlconf", None)
        )
    except (Resolver404, AttributeError):
        return
    function = getattr(match.func, "view_class", match.func)
    request.view = f"{function.__module__}.{function.__qualname__}"


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
        request.status = response.status_code
        request.location = response.headers.get("Location", "")
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
    _installed_render = Template._render
    Client.request = _request  # type: ignore[method-assign]
    AsyncClient.request = _async_request  # type: ignore[method-assign]
    Template._render = _render  # type: ignore[method-assign]


def uninstall() -> None:
    global _installed_render
    Client.request = _django_request  # type: ignore[method-assign]
    AsyncClient.request = _django_async_request  # type: ignore[method-assign]
    Template._render = _installed_render  # type: ignore[method-assign]
    _installed_render = None
