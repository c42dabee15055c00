"""What the learner is told: in words, as text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from textwrap import indent
from typing import Literal

from glass.trace import Trace
from tutor.terminal import harmless

type Word = Literal["not attempted", "correct", "not yet", "error"]

_HEADINGS: dict[Word, tuple[str, str]] = {
    "not attempted": ("Not attempted", "var(--jp-border-color1,#9e9e9e)"),
    "correct": ("\N{CHECK MARK} Correct", "var(--jp-success-color1,#388e3c)"),
    "not yet": ("Not yet", "var(--jp-warn-color1,#e65100)"),
    "error": ("Error", "var(--jp-error-color1,#d32f2f)"),
}
_BOX = (
    "font-family:var(--jp-ui-font-family,sans-serif);font-size:13px;line-height:1.5;margin:4px 0;"
    "border-left:4px solid {};padding:2px 0 2px 12px"
)
_QUIET = "color:var(--jp-ui-font-color2,inherit)"
_PART = "font-weight:bold;margin-top:8px"
_CODE = (
    "font-family:var(--jp-code-font-family,monospace);font-size:13px;line-height:1.45;margin:2px 0;"
    "white-space:pre-wrap;overflow-wrap:anywhere;word-break:normal;background:transparent;padding:0;color:inherit"
)


@dataclass
class Verdict:
    """What is said about an answer.

    id, title  of the exercise
    word       "not attempted", "correct", "not yet" or "error"
    message    the sentence for this answer
    notes      more sentences, each a line
    code       the learner's own line, when it failed there
    seen       what the code did, or None where it did not run
    printed    what it wrote
    done       whether the exercise counts as done; a prediction does with any guess
    """

    id: str
    title: str
    word: Word
    message: str
    notes: list[str] = field(default_factory=list)
    code: str = ""
    seen: Trace | None = None
    printed: str = ""
    done: bool = False

    @property
    def heading(self) -> str:
        return _HEADINGS[self.word][0]

    def text(self) -> str:
        lines = [f"{self.id} {self.title}: {self.heading}", self.message]
        if self.code:
            lines.append(indent(harmless(self.code), "    "))
        lines += self.notes
        if self.printed:
            lines += ["", "It printed:", indent(harmless(self.printed.rstrip("\n")), "    ")]
        if self.seen is not None and self.seen.events:
            lines += ["", "What your code did:", self.seen.text()]
        return harmless("\n".join(lines))

    def html(self) -> str:
        heading, colour = _HEADINGS[self.word]
        title = f'<span style="{_QUIET}">{escape(self.id)} {escape(self.title)}</span>'
        parts = [
            f'<div style="font-size:14px"><b>{escape(heading)}</b> {title}</div>',
            f"<div>{escape(self.message)}</div>",
        ]
        if self.code:
            parts.append(f'<pre style="{_CODE}">{escape(self.code)}</pre>')
        parts += [f"<div>{escape(note)}</div>" for note in self.notes]
        if self.printed:
            parts.append(f'<div style="{_PART}">It printed</div><pre style="{_CODE}">')
            parts.append(f"{escape(self.printed)}</pre>")
        if self.seen is not None and self.seen.events:
            parts.append(f'<div style="{_PART}">What your code did</div>')
            parts.append(self.seen.html())
        return f'<div style="{_BOX.format(colour)}">{"".join(parts)}</div>'

    __str__ = text

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}
