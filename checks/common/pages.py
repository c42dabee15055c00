"""What a view answers, through Django itself, and read as a browser reads it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from html.parser import HTMLParser
from types import ModuleType
from typing import Any
from unittest import mock

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory, override_settings
from django.urls import URLPattern, URLResolver, include, path

from glass import watch
from tutor.judge import compare
from tutor.judge.exercise import Run

_INLINE = {"a", "abbr", "b", "code", "em", "i", "mark", "small", "span", "strong", "u"}
_NO_END = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Page(HTMLParser):
    """An HTML text, taken apart.

    elements  each (tag, text inside it), in order
    text      what is seen; white space is one space, as in a browser
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self._found: list[tuple[str, list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self._seen: list[str] = []
        self.feed(html)
        self.close()
        self.elements = [(tag, _one_line(parts)) for tag, parts in self._found]
        self.text = _one_line(self._seen)

    def inside(self, tag: str) -> list[str]:
        """The text in each element of this tag."""
        return [text for found, text in self.elements if found == tag]

    def runs(self, program: str) -> bool:
        """Whether a browser would run this text as a program."""
        return any(program in text for text in self.inside("script"))

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "li" and self._open and self._open[-1][0] == "li":
            self._open.pop()  # Its end tag may be left out.
        self._gap(tag)
        element: tuple[str, list[str]] = (tag, [])
        self._found.append(element)
        if tag not in _NO_END:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        self._gap(tag)
        for number in reversed(range(len(self._open))):
            if self._open[number][0] == tag:
                del self._open[number:]
                break

    def handle_data(self, data: str) -> None:
        for _, parts in self._open:
            parts.append(data)
        if not any(tag in ("script", "style", "title") for tag, _ in self._open):
            self._seen.append(data)

    def _gap(self, tag: str) -> None:
        if tag not in _INLINE:
            self.handle_data(" ")


def _one_line(parts: Iterable[str]) -> str:
    return " ".join("".join(parts).split())


def request(address: str, user: User | AnonymousUser | None = None) -> HttpRequest:
    """A GET request as a view gets it, with what the middleware would have added."""
    made = RequestFactory().get(address)
    who: Any = user or AnonymousUser()
    made.session = SessionStore()
    if user:
        made.session[SESSION_KEY] = str(user.pk)

    async def auser() -> Any:
        return who

    made.user, made.auser = who, auser
    return made


def no_response(run: Run) -> str | None:
    """What is wrong with the answer of a view, if it is no response. Renders what waits for it."""
    value = run.value
    if value is None:
        return "The view returned nothing (None). On every path it must return a response."
    if not isinstance(value, HttpResponseBase):
        return (
            f"A view returns a response, such as HttpResponse(...). Yours: {compare.shown(value)}"
        )
    if not getattr(value, "is_rendered", True):
        with watch(*run.seen.layers, show=False) as more:
            try:
                value.render()  # type: ignore[attr-defined]
            except BaseException as error:  # noqa: BLE001 Also exit(): the learner is told.
                run.error = error
        run.seen.events += more.events
    return None


def body(response: Any) -> str:
    content = b"".join(response) if response.streaming else response.content
    return str(content.decode(response.charset))


def read(response: Any) -> Page:
    """The page of a response. Text that is not HTML is seen as it is."""
    if not is_html(response):
        page = Page("")
        page.text = _one_line(body(response))
        return page
    return Page(body(response))


def is_html(response: Any) -> bool:
    return "html" in response.headers.get("Content-Type", "")


def no_patterns(value: Any) -> str | None:
    """What is wrong with the list of a urls.py."""
    if isinstance(value, URLPattern):
        return "urlpatterns is a list, even with one pattern: [path(...)]."
    if value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not isinstance(value, list | tuple):
        return f"Asked is a list of patterns; your function returned {compare.shown(value)}."
    for item in value:
        if not isinstance(item, URLPattern | URLResolver):
            return f"Each thing in the list is made by path(...). Yours has {compare.shown(item)}."
    return None


def urls(patterns: Iterable[Any]) -> Any:
    """Stands for a urls.py with these patterns."""
    module: Any = ModuleType("urls")
    module.urlpatterns = list(patterns)
    return module


def site(patterns: Iterable[Any]) -> Any:
    """The project, with these patterns above its own."""
    return urls([*patterns, path("", include("config.urls"))])


def visit(run: Run, patterns: Iterable[Any], address: str) -> Any:
    """Ask a site with these patterns, through all its middleware; the run becomes that of the visit.

    Returns the response, or None when there was an exception: it is then run.error.
    """
    quiet = mock.patch.object(logging.getLogger("django.request"), "disabled", True)
    with (
        quiet,
        override_settings(ROOT_URLCONF=site(patterns)),
        watch("sql", "http", show=False) as run.seen,
    ):
        try:
            return Client().get(address)
        except BaseException as error:  # noqa: BLE001 Also exit(): the learner is told.
            run.error = error
            return None
