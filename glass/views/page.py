"""A page of the project, shown inside the notebook."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import Any


class Page:
    """A response as a picture of its page. No script in it runs, no link leads anywhere."""

    def __init__(self, html: str, height: int) -> None:
        self.html = html
        self.height = height

    def __str__(self) -> str:
        reader = _Text()
        reader.feed(self.html)
        return "\n".join(line for part in reader.parts if (line := " ".join(part.split())))

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        # An empty sandbox: no script, no form, no access to the notebook around it.
        # Its links would lead into the notebook server: they are sent to a window that
        # the sandbox does not let open.
        base = '<base target="_blank">'
        html = self.html.replace("<head>", f"<head>{base}", 1)
        frame = (
            f'<iframe sandbox srcdoc="{escape(html)}" title="The page" loading="lazy" '
            f'style="width:100%;height:{self.height}px;border:1px solid #9e9e9e"></iframe>'
        )
        return {"text/plain": str(self), "text/html": frame}


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


def page(response: Any, height: int = 320) -> Page:
    """Show the page of a response of Django's test client, or a string of HTML.

    height  of the picture in pixels

    In plain text it reads as the page's words.
    """
    html = response if isinstance(response, str) else response.content.decode(response.charset)
    return Page(html, height)
