"""A page of the project, shown inside the notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from itertools import zip_longest
from textwrap import wrap
from typing import Any

_SCREEN = 94  # characters
_TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]*')


class Page:
    """Responses as pictures of their pages. No script in them runs, no link leads anywhere."""

    def __init__(self, pages: list[str], height: int) -> None:
        self.pages = pages
        self.height = height

    def __str__(self) -> str:
        columns = [_words(html) for html in self.pages]
        if len(columns) == 1:
            return "\n".join(columns[0])
        return "\n".join(_side_by_side(columns))

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        frames = "".join(self._frame(html) for html in self.pages)
        if len(self.pages) > 1:
            frames = f'<div style="display:flex;gap:8px">{frames}</div>'
        return {"text/plain": str(self), "text/html": frames}

    def _frame(self, html: str) -> str:
        # An empty sandbox: no script, no form, no access to the notebook around it.
        # Its links would lead into the notebook server: they are sent to a window that
        # the sandbox does not let open.
        base = '<base target="_blank">'
        html = html.replace("<head>", f"<head>{base}", 1)
        # The token of a form is a secret, and another one each time.
        html = _TOKEN.sub(r"\1", html)
        return (
            f'<iframe sandbox srcdoc="{escape(html)}" title="The page" loading="lazy" '
            f'style="width:100%;height:{self.height}px;border:1px solid #9e9e9e"></iframe>'
        )


def _words(html: str) -> list[str]:
    reader = _Text()
    reader.feed(html)
    return [line for part in reader.parts if (line := " ".join(part.split()))]


def _side_by_side(columns: list[list[str]]) -> Iterator[str]:
    """The lines of all columns, which share the width of a screen."""
    width = (_SCREEN - 3 * (len(columns) - 1)) // len(columns)
    wrapped = [[part for line in lines for part in wrap(line, width)] for lines in columns]
    for row in zip_longest(*wrapped, fillvalue=""):
        yield " | ".join(cell.ljust(width) for cell in row).rstrip()


class _Text(HTMLParser):
    """The words that a reader of the page sees."""

    _UNSEEN = frozenset({"style", "script", "head", "title", "template"})

    _INLINE = frozenset({"a", "b", "bdi", "code", "em", "i", "small", "span", "strong", "td", "th"})

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = [""]
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in self._UNSEEN:
            self.hidden += 1
        elif tag in ("td", "th"):
            self.parts[-1] += "  "
        elif tag not in self._INLINE:
            self.parts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._UNSEEN:
            self.hidden -= 1
        elif tag not in self._INLINE:
            self.parts.append("")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts[-1] += data


def page(*responses: Any, height: int = 320) -> Page:
    """Show the page of a response of Django's test client, or a string of HTML.

    responses  one page, or several side by side
    height     of the picture in pixels

    In plain text it reads as the page's words, of several pages in columns.
    """
    return Page([_html(response) for response in responses], height)


def _html(response: Any) -> str:
    if isinstance(response, str):
        return response
    return str(response.content.decode(response.charset))
