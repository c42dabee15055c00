"""01.7 A name in bold: HTML made by Python."""

from __future__ import annotations

from html import escape as python_escape
from html import unescape

from django.template import Context, Template
from django.utils.html import escape, format_html, strip_tags
from django.utils.safestring import mark_safe

from checks.ch01_one_request import PROGRAM
from checks.common import pages
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

label = Exercise(
    "01.7",
    "A name in bold",
    minutes=4,
    hints=[
        "What should be escaped is the name, and only the name.",
        "format_html takes a text with {} in it, and then what comes in there.",
        "The text is a plain one, without f: Python must not fill in the name.",
    ],
)


@label.cases
def cases() -> list[tuple[str]]:
    return [("Ann O'Brien",), ("Tom & Co",), ("<i>Ann</i>",), (f"<script>{PROGRAM}</script>",)]


@label.check
def check(run: Run) -> str | None:
    name = run.arguments[0]
    if run.value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not isinstance(run.value, str):
        return f"Asked is a text; your function returned {compare.shown(run.value)}."
    page = pages.Page(Template("{{ label }}").render(Context({"label": run.value})))
    if any(tag in ("i", "script") for tag, _ in page.elements):
        return (
            "What the user typed came into the page as HTML. Here it is a tag; it could be a "
            "program. Mark as safe only what you have written yourself."
        )
    if "<b>" in page.text:
        return (
            "The page shows <b> and </b> as text: the template has escaped your tags too. "
            "It does not know that they are HTML. format_html says so."
        )
    if page.inside("b") == [name]:
        return None
    if [unescape(text) for text in page.inside("b")] == [name]:
        return f"The name is escaped twice: the page shows {page.text}. format_html escapes it."
    if not page.inside("b"):
        return "There is no <b> in the page."
    return f"In the <b> stands {', '.join(page.inside('b'))!r}. It should show the name: {name!r}."


@label.mistake(
    "format_html needs the name as a second value. If the name stands in the text already, by "
    "f or %, it cannot be escaped any more: put {} in its place."
)
def filled_in_before(run: Run) -> bool:
    return "args or kwargs must be provided" in str(run.error)


@label.mistake("A hole with a name wants a value with that name: format_html(..., name=name).")
def hole_with_a_name(run: Run) -> bool:
    return isinstance(run.error, KeyError)


@label.right
def by_name(name: str) -> object:
    return format_html("<b>{name}</b>", name=name)


@label.right
def escaped_by_hand(name: str) -> object:
    return mark_safe("<b>" + escape(name) + "</b>")


@label.right
def by_a_template(name: str) -> object:
    return Template("<b>{{ name }}</b>").render(Context({"name": name}))


@label.right
def by_python(name: str) -> object:
    return mark_safe(f'<b class="name">{python_escape(name)}</b>')


@label.wrong("The page shows <b> and </b> as text")
def f_string(name: str) -> object:
    return f"<b>{name}</b>"


@label.wrong("What the user typed came into the page as HTML")
def safe_f_string(name: str) -> object:
    return mark_safe(f"<b>{name}</b>")


@label.wrong("What the user typed came into the page as HTML")
def safe_name(name: str) -> object:
    return format_html("<b>{}</b>", mark_safe(name))


@label.wrong(filled_in_before)
def format_html_of_f_string(name: str) -> object:
    return format_html(f"<b>{name}</b>")


@label.wrong(hole_with_a_name)
def named_hole(name: str) -> object:
    return format_html("<b>{name}</b>", name)


@label.wrong("The name is escaped twice: the page shows Ann O&#x27;Brien")
def twice(name: str) -> object:
    return format_html("<b>{}</b>", python_escape(name))


@label.wrong("In the <b> stands 'Ann'. It should show the name: '<i>Ann</i>'")
def stripped(name: str) -> object:
    return format_html("<b>{}</b>", strip_tags(name))


@label.wrong("The page shows <b> and </b> as text")
def escaped_all(name: str) -> object:
    return escape(f"<b>{name}</b>")


@label.wrong("There is no <b> in the page")
def only_the_name(name: str) -> object:
    return name


@label.wrong("In the <b> stands '{}'")
def hole_left(name: str) -> object:
    return mark_safe("<b>{}</b>")
