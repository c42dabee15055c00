"""Show something to the learner: as HTML in a notebook, as text elsewhere."""

from __future__ import annotations

import sys
from html import escape
from textwrap import indent
from typing import Any

from tutor.terminal import harmless, say


class Said:
    """Some lines for the learner, and a piece of code below them."""

    def __init__(self, *lines: str, code: str = "") -> None:
        self.lines = lines
        self.code = code

    def __str__(self) -> str:
        code = [indent(self.code, "    ")] if self.code else []
        return harmless("\n".join([*self.lines, *code]))

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        html = "".join(f"<div>{escape(line)}</div>" for line in self.lines)
        if self.code:
            html += f'<pre style="background:transparent;color:inherit">{escape(self.code)}</pre>'
        return {"text/plain": str(self), "text/html": f"<div>{html}</div>"}


def show(what: Any) -> None:
    """Show something that has a text and an HTML form: as HTML in a notebook, as text elsewhere."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display

        display(what)
    else:
        say(str(what))
