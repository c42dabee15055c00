"""10.7 A marker pen: a filter that makes HTML."""

from __future__ import annotations

import re

from django.template import Context, Template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import mark_safe

from checks.ch10_one_value_everywhere import PROGRAM
from checks.common import pages
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

marked = Exercise(
    "10.7",
    "A marker pen",
    minutes=6,
    hints=[
        "text.split(word) gives the parts between the places. None of the parts has the word in it.",
        (
            "Each part must be escaped by itself, and the word too: format_html does it for one, "
            "format_html_join for many."
        ),
        (
            'format_html_join(sep, "{}", ((part,) for part in parts)): what is sep here? It is HTML, '
            'made by format_html("<mark>{}</mark>", word).'
        ),
    ],
)


@marked.cases
def cases() -> list[tuple[str, str]]:
    return [
        ("Rose, Rosemary", "Rose"),
        ("Basil", "Sage"),
        ("Basil", ""),
        ("O'Brien's basil", "basil"),
        ("Basil and basil", "basil"),
        ("Tom & Co", "amp"),
        ("Tom & Co & Sons", "&"),
        ("Paste <b>bold</b> text", "bold"),
        (f"<script>{PROGRAM}</script>", "alert"),
        ("1 < 2 and 2 > 1", "<"),
        (f"Mallory <script>{PROGRAM}</script>", f"<script>{PROGRAM}</script>"),
        ("1+1 is 2.", "1+1"),
        ("a mark is a mark", "mark"),
    ]


@marked.check
def check(run: Run) -> str | None:
    text, word = run.arguments
    if run.value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not isinstance(run.value, str):
        return f"Asked is a text; your function returned {compare.shown(run.value)}."
    page = pages.Page(Template("{{ value }}").render(Context({"value": run.value})))
    if strange := [tag for tag, _ in page.elements if tag != "mark"]:
        return (
            f"What was typed came into the page as HTML: it has a tag <{strange[0]}>. "
            "It could be a program. Mark as safe only what you have written yourself."
        )
    shown = "".join(f"<{tag}>" for tag, _ in page.elements)
    marks, places = page.inside("mark"), text.count(word) if word else 0
    if page.text != text:
        if "<mark>" in page.text and "<mark>" not in text:
            return (
                "The page shows <mark> as text: the template has escaped your tags too. It does "
                "not know that they are HTML. format_html says so."
            )
        if word and any(f"&{name}" in page.text for name in ("amp", "lt", "gt", "#")):
            return (
                "What was typed is escaped twice, or in pieces: the reader sees "
                f"{page.text!r} in place of {text!r}."
            )
        return f"The reader should see {text!r}, and sees {page.text!r}."
    if marks != [word] * places:
        found = ", ".join(map(repr, marks)) or "nothing"
        where = compare.count(places, "place")
        return f"In {text!r} there {'is' if places == 1 else 'are'} {where} of {word!r}. Marked: {found}. {shown}".strip()
    return None


@marked.mistake(
    "You have searched the HTML, not the text: & is &amp; in there, and amp was found in it. Take "
    "the text apart first, then escape the parts."
)
def searched_html(run: Run) -> bool:
    text, word = run.arguments
    page = pages.Page(Template("{{ value }}").render(Context({"value": run.value})))
    return word in ("amp", "&", "<") and page.text != text


@marked.mistake(
    "An empty word is nowhere, but Python finds it between any two letters, and split() refuses "
    "it. Ask for it first."
)
def empty_word(run: Run) -> bool:
    return run.arguments[1] == ""


@marked.mistake("The word is no regular expression: re.escape(word) makes one of it.")
def regular_expression(run: Run) -> bool:
    special = any(letter in run.arguments[1] for letter in "()+.*?[")
    return special and (run.error is not None or "<mark>" not in run.value)


def by_pattern(text: str, pattern: str, flags: int = 0) -> object:
    """The text with a mark around what is found. An empty pattern is not looked for."""
    parts = re.split(f"({pattern})", text, flags=flags) if pattern else [text]
    marks = [format_html("<mark>{}</mark>", part) for part in parts]
    both = zip(parts, marks, strict=True)
    return format_html_join(
        "", "{}", ((mark if n % 2 else part,) for n, (part, mark) in enumerate(both))
    )


@marked.right
def by_regular_expression(text: str, word: str) -> object:
    return by_pattern(text, re.escape(word))


@marked.right
def by_a_template(text: str, word: str) -> object:
    parts = text.split(word) if word else [text]
    code = "{% for part in parts %}{{ part }}{% if not forloop.last %}<mark>{{ word }}</mark>{% endif %}{% endfor %}"
    return Template(code).render(Context({"parts": parts, "word": word}))


@marked.wrong("The page shows <mark> as text")
def plain_text(text: str, word: str) -> object:
    return text.replace(word, f"<mark>{word}</mark>") if word else text


@marked.wrong("What was typed came into the page as HTML: it has a tag <b>.")
def believing(text: str, word: str) -> object:
    return mark_safe(text.replace(word, f"<mark>{word}</mark>") if word else escape(text))


@marked.wrong(searched_html)
def html_searched(text: str, word: str) -> object:
    html, piece = escape(text), escape(word)
    return mark_safe(html.replace(piece, f"<mark>{piece}</mark>")) if word else html


@marked.wrong(empty_word)
def no_thought_of_nothing(text: str, word: str) -> object:
    mark = format_html("<mark>{}</mark>", word)
    return format_html_join(mark, "{}", ((part,) for part in text.split(word)))


@marked.wrong(regular_expression)
def no_re_escape(text: str, word: str) -> object:
    return by_pattern(text, word)


@marked.wrong("In 'Rose, Rosemary' there are 2 places of 'Rose'. Marked: 'Rose'.")
def only_the_first(text: str, word: str) -> object:
    before, found, after = text.partition(word) if word else (text, "", "")
    mark = format_html("<mark>{}</mark>", found) if found else ""
    return format_html("{}{}{}", before, mark, after)


@marked.wrong("In 'Basil and basil' there is 1 place of 'basil'. Marked: 'Basil', 'basil'.")
def capitals_too(text: str, word: str) -> object:
    return by_pattern(text, re.escape(word), re.IGNORECASE)
