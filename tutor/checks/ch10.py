"""Chapter 10, one value everywhere: what right means, and what mistakes say."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from html import unescape
from typing import Any
from unittest import mock

from django import template
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
)
from django.shortcuts import redirect, render
from django.template import (
    Context,
    Engine,
    Library,
    RequestContext,
    Template,
    TemplateSyntaxError,
    engines,
)
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import mark_safe
from django.views import View
from notifications import views as notification_views
from notifications.models import Notice
from shop.models import Customer, Order

from glass import watch
from tutor.checks import Exercise, Prediction, Run, changes, pages
from tutor.judge import compare

PROGRAM = "alert(1)"


def user(name: str | None) -> User | AnonymousUser:
    return User.objects.get(username=name) if name else AnonymousUser()


def request_of(name: str | None) -> HttpRequest:
    return pages.request("/", User.objects.get(username=name) if name else None)


def who(name: str | None) -> str:
    return name or "a visitor without a login"


def hostile_login() -> None:
    """there is a user whose name is a small program"""
    changes.login(f"<script>{PROGRAM}</script>")


def news(name: str, text: str, **values: Any) -> Notice:
    return Notice.objects.create(user=user(name), text=text, **values)


def more_notices() -> None:
    """kofi has a notice now, and ann one more"""
    news("kofi", "Welcome, kofi!")
    news("ann", "Spades & rakes: it's spring.")


def everything_is_read() -> None:
    """everybody has read all notices"""
    Notice.objects.update(read_at="2026-03-01T09:00Z")


# 10.1: a callable is called each time.

function_in_the_context = Prediction(
    "10.1",
    "Predict: a function in the context",
    minutes=2,
    hints=[
        "A template calls what it finds, if it is a function.",
        "How often does the name n stand in the text?",
        "count() asks the database each time. Nothing remembers the answer.",
    ],
    because="The name n stands in the template three times, and each time the template calls "
    "count, which asks the database. The {% if %} counts, and so does pluralize.",
    wrong={
        0: "It would be 0 if the template did not use n. Here it does.",
        1: "So it would be with a function that remembers, or with a number: unread.count().",
        2: "pluralize wants the number as well: that is the third time.",
    },
)


# 10.2: a processor runs for each render that gets a request.

how_often = Prediction(
    "10.2",
    "Predict: how often does it run?",
    minutes=2,
    hints=[
        "A processor runs when a page is rendered, not when a request comes in.",
        "An included template belongs to the page: it is the same render, and the same context.",
        "A Context knows no processors. Only a RequestContext runs them.",
    ],
    because="There are three renders: page, page, line. The includes are part of the first two. The "
    "second one has a Context, which knows no processors. So it runs two times.",
    wrong={
        1: "That is once for the request. But two renders got the request.",
        3: "Three renders, but one of them has a Context, without a request.",
        4: "Three includes are no three renders: they share the context of the page.",
    },
    fact=lambda run: int(run.printed),
)


# 10.3: a processor that waits, and remembers.

LOOKS = {
    "does not use it": "Hello!",
    "shows it": "[{{ open_orders }}]",
    "names it three times": (
        "{% if open_orders %}[{{ open_orders }}] order{{ open_orders|pluralize }}{% endif %}"
    ),
}


def order_of_ann() -> None:
    """ann has a new order"""
    Order.objects.create(number="2026-9001", customer=Customer.objects.get(user__username="ann"))


open_orders = Exercise(
    "10.3",
    "The open orders in the header",
    minutes=6,
    changes=[order_of_ann],
    hints=[
        "A function inside of yours gets the request, and returns a dictionary. Yours returns it.",
        (
            "The value may be a function without arguments, the count of a queryset for example. "
            "The template calls it where it needs it, but each time again."
        ),
        (
            "functools.cache(function) is a function that remembers its answer. Make it inside the "
            "processor: each request needs one of its own."
        ),
    ],
)


@open_orders.check
def _(run: Run) -> str | None:
    processor = run.value
    if processor is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not callable(processor):
        return (
            "Asked is a context processor, which is a function. Yours returned "
            f"{compare.shown(processor)}."
        )
    before = Order.objects.open().count()
    for name in ("admin", "emil", "dara", "ann", None):
        number = Order.objects.visible_to(user(name)).open().count()
        for look, text in LOOKS.items():
            request = request_of(name)
            with watch("sql", show=False) as seen:
                try:
                    added = processor(request)
                    if not isinstance(added, dict):
                        return (
                            "A processor returns a dictionary. Yours returned "
                            f"{compare.shown(added)}."
                        )
                    if "open_orders" not in added:
                        return f"For {who(name)}, the dictionary has no name open_orders."
                    context = RequestContext(request, {}, processors=[lambda _, a=added: a])  # type: ignore[misc]
                    shown = Template(text).render(context)
                except Exception as error:  # noqa: BLE001 The learner is told.
                    run.error = error
                    return None
            if sentence := _looked(who(name), look, shown, number, len(seen.queries)):
                run.seen.events += seen.events
                return sentence
    Order.objects.create(number="2026-9002", customer=Customer.objects.earliest("pk"))
    later = processor(request_of("admin"))
    if Template(LOOKS["shows it"]).render(Context(later)) == f"[{before}]":
        return "Another order came in, and the next request still shows the old number."
    return None


def _looked(name: str, look: str, shown: str, number: int, queries: int) -> str | None:
    if look == "does not use it":
        if queries:
            return (
                "A page that does not use the name pays for it: your processor asks the database "
                "at once. Put something into the dictionary that waits: a function."
            )
        return None
    right = f"[{number}]"
    if look != "shows it":
        right = f"{right} order{'' if number == 1 else 's'}" if number else ""
        if number > 1 and shown == f"[{number}] order":
            return (
                "{{ open_orders|pluralize }} prints nothing, and says so to nobody: it wants a "
                "number, and your value is none. A SimpleLazyObject is not; a function that "
                "returns a number is fine."
            )
    if shown != right:
        text = LOOKS[look]
        return f"For {name}, {text} should print {right!r}. It prints {compare.shown(shown)}."
    if queries > 1:
        return (
            f"A page that {look} makes {queries} queries: each time, your value asks again. "
            "It should remember its answer."
        )
    return None


@open_orders.mistake(
    "What you keep is kept for the next request too, and that may be another user's. Keep it "
    "inside the processor, or on the request."
)
def kept_for_everybody(run: Run) -> bool:
    fresh, shown = run.again().value, Template("{{ open_orders }}")
    visitors = [request_of(name) for name in ("emil", "admin")]
    emil, admin = (shown.render(Context(fresh(request))) for request in visitors)
    return emil == admin == str(Order.objects.visible_to(user("emil")).open().count())


@open_orders.right
def kept_on_the_request() -> object:
    def processor(request: Any) -> dict[str, Any]:
        def count() -> int:
            if not hasattr(request, "open_orders"):
                request.open_orders = Order.objects.visible_to(request.user).open().count()
            return request.open_orders

        return {"open_orders": count, "company": "Northlight Gardens"}

    return processor


@open_orders.right
def by_the_rows() -> object:
    def processor(request: HttpRequest) -> dict[str, Any]:
        orders = Order.objects.visible_to(request.user).open()
        return {"open_orders": lambda: len(orders)}

    return processor


@open_orders.wrong("A page that does not use the name pays for it")
def eager() -> object:
    def processor(request: HttpRequest) -> dict[str, Any]:
        return {"open_orders": Order.objects.visible_to(request.user).open().count()}

    return processor


@open_orders.wrong("A page that names it three times makes 3 queries")
def called_each_time() -> object:
    def processor(request: HttpRequest) -> dict[str, Any]:
        return {"open_orders": Order.objects.visible_to(request.user).open().count}

    return processor


@open_orders.wrong("{{ open_orders|pluralize }} prints nothing, and says so to nobody")
def lazy_object() -> object:
    def processor(request: HttpRequest) -> dict[str, Any]:
        orders = Order.objects.visible_to(request.user).open()
        return {"open_orders": SimpleLazyObject(orders.count)}

    return processor


@open_orders.wrong(kept_for_everybody)
def kept_outside() -> object:
    kept: dict[str, int] = {}

    def processor(request: HttpRequest) -> dict[str, Any]:
        def count() -> int:
            if "number" not in kept:
                kept["number"] = Order.objects.visible_to(request.user).open().count()
            return kept["number"]

        return {"open_orders": count}

    return processor


@open_orders.wrong("the next request still shows the old number.")
def kept_for_each_user() -> object:
    @cache
    def count(visitor: Any) -> int:
        return Order.objects.visible_to(visitor).open().count()

    return lambda request: {"open_orders": partial(count, request.user)}


@open_orders.wrong("For admin, [{{ open_orders }}] should print '[12]'. It prints '[400]'.")
def all_orders() -> object:
    return lambda request: {"open_orders": cache(Order.objects.visible_to(request.user).count)}


@open_orders.wrong("For emil, [{{ open_orders }}] should print '[2]'. It prints '[12]'.")
def of_everybody() -> object:
    return lambda request: {"open_orders": cache(Order.objects.open().count)}


@open_orders.wrong("For admin, the dictionary has no name open_orders.")
def another_name() -> object:
    return lambda request: {"orders": cache(Order.objects.visible_to(request.user).open().count)}


@open_orders.wrong("A processor returns a dictionary. Yours returned 12.")
def only_the_number() -> object:
    return lambda request: Order.objects.visible_to(request.user).open().count()


@open_orders.wrong("Asked is a context processor, which is a function.")
def only_the_dictionary() -> object:
    return {"open_orders": Order.objects.open().count}


# 10.4: only hides what the processors gave, too.

only_this = Prediction(
    "10.4",
    "Predict: only",
    minutes=2,
    hints=[
        "What does the included template see without only? Everything that the page sees.",
        "With only it sees what stands behind with, and nothing else.",
        "user comes from a processor. It belongs to the context of the page, as number 2 does.",
    ],
    because="only gives the included template a context of its own, with number=1 in it. What the "
    "processors and the view gave to the page is not in there, and missing is silent.",
    wrong={
        "[ann|1]": "So it would be without only. user is gone as well, though no view passed it.",
        "[ann|2]": "with number=1 counts for the included template, whatever the page says.",
        "[|2]": "number=1 was handed over by with.",
        "[|]": "What stands between with and only is handed over.",
    },
    fact=lambda run: run.printed.strip(),
)


# 10.5: a name that a processor uses.

PROFILE = '{% extends "base.html" %}{% block content %}<h1>{{ owner.username }}</h1>{% endblock %}'

profile_page = Exercise(
    "10.5",
    "The page of somebody else",
    minutes=4,
    changes=[hostile_login],
    hints=[
        "Who gives base.html the name user, if no view does?",
        "The values of the view win over those of the processors. Give the owner another name.",
        'Change both: {{ user }} in the text, and "user" in the dictionary. Keep the request.',
    ],
)


@profile_page.cases
def _() -> list[tuple[HttpRequest, User]]:
    ann, ben = (User.objects.get(username=name) for name in ("ann", "ben"))
    visits = [("ann", ben), ("ben", ann), (None, ann), ("ann", ann)]
    return [
        (request_of(name), owner) for name, owner in [*visits, ("ben", User.objects.latest("pk"))]
    ]


@profile_page.check
def _(run: Run) -> str | None:
    request, owner = run.arguments
    if sentence := pages.no_response(run):
        return sentence
    if run.error:
        return None
    if run.value.status_code != 200:
        return f"The status is {run.value.status_code}. Asked is a page, with status 200."
    page = pages.read(run.value)
    if page.runs(PROGRAM):
        return "The name of the owner is a small program here, and the page would run it."
    if page.inside("h1") != [owner.username]:
        found = page.inside("h1")
        return f"The <h1> should say {owner.username!r}. The page has {found or 'no <h1>'}."
    header = " ".join(page.inside("header"))
    if not header:
        return "The page has no header. Does it extend base.html?"
    visitor = visitor_of(request)
    if not visitor and "Log out" in header:
        return f"Nobody is logged in, but the header says: {header}"
    if visitor and "Log out" not in header:
        return (
            f"{visitor} is logged in, but the header says: {header}. "
            "Without the request no processor runs."
        )
    if visitor and not re.search(rf"\b{re.escape(visitor)}\b", header):
        return f"{visitor} asks for the page, but the header says: {header}"
    return None


def visitor_of(request: Any) -> str:
    """The name of who is logged in, whatever the answer did to request.user."""
    found = User.objects.filter(pk=request.session.get(SESSION_KEY, 0)).first()
    return found.username if found else ""


@profile_page.mistake(
    "The render of this template takes a dictionary and the request: render({...}, request)."
)
def context_in_place_of_a_dictionary(run: Run) -> bool:
    return "context must be a dict" in str(run.error)


@profile_page.mistake(
    "user is a name that a processor gives to every page: the visitor. Your view gives base.html "
    "another user, and the view wins. Call the owner by another name."
)
def owner_in_the_header(run: Run) -> bool:
    request, owner = run.arguments
    header = " ".join(pages.read(run.value).inside("header"))
    return owner.username != visitor_of(request) and owner.username in header


@profile_page.right
def by_an_engine(request: HttpRequest, owner: User) -> object:
    values = {"owner": owner, "user": request.user}
    return HttpResponse(engines["django"].from_string(PROFILE).render(values, request))


@profile_page.right
def by_a_request_context(request: HttpRequest, owner: User) -> object:
    return HttpResponse(Template(PROFILE).render(RequestContext(request, {"owner": owner})))


@profile_page.right
def only_the_content(request: HttpRequest, owner: User) -> object:
    text = (
        '{% extends "base.html" %}{% block content %}{% with user=owner %}'
        "<h1>{{ user }}</h1>{% endwith %}{% endblock %}"
    )
    return HttpResponse(Template(text).render(RequestContext(request, {"owner": owner})))


@profile_page.wrong(owner_in_the_header)
def as_it_was(request: HttpRequest, owner: User) -> object:
    page = engines["django"].from_string(PROFILE.replace("owner.username", "user"))
    return HttpResponse(page.render({"user": owner}, request))


@profile_page.wrong(owner_in_the_header)
def another_visitor(request: HttpRequest, owner: User) -> object:
    request.user = owner
    page = engines["django"].from_string(PROFILE.replace("owner.username", "user"))
    return HttpResponse(page.render({}, request))


@profile_page.wrong(context_in_place_of_a_dictionary)
def wrong_kind_of_context(request: HttpRequest, owner: User) -> object:
    context = RequestContext(request, {"owner": owner})
    return HttpResponse(engines["django"].from_string(PROFILE).render(context))


@profile_page.wrong("Without the request no processor runs.")
def without_processors(request: HttpRequest, owner: User) -> object:
    return HttpResponse(Template(PROFILE).render(Context({"owner": owner})))


@profile_page.wrong("The <h1> should say 'ben'. The page has ['ann'].")
def visitor_in_the_heading(request: HttpRequest, owner: User) -> object:
    text = PROFILE.replace("owner.username", "user")
    return HttpResponse(Template(text).render(RequestContext(request, {"owner": owner})))


@profile_page.wrong("The <h1> should say 'ben'. The page has [''].")
def half_renamed(request: HttpRequest, owner: User) -> object:
    return HttpResponse(Template(PROFILE).render(RequestContext(request, {"member": owner})))


@profile_page.wrong("The name of the owner is a small program here")
def python_fills_it_in(request: HttpRequest, owner: User) -> object:
    text = PROFILE.replace("{{ owner.username }}", owner.username)
    return HttpResponse(Template(text).render(RequestContext(request)))


@profile_page.wrong("A view returns a response, such as HttpResponse(...)")
def only_the_text(request: HttpRequest, owner: User) -> object:
    return Template(PROFILE).render(RequestContext(request, {"owner": owner}))


# 10.6: no request, and no HTML.

MAIL = """Dear {{ user.get_full_name }},
you have {{ number }} unread notice{{ number|pluralize }}.
{% for notice in notices %}- {{ notice.text }}
{% endfor %}"""

mail_text = Exercise(
    "10.6",
    "By mail",
    minutes=5,
    queries=2,
    changes=[more_notices],
    hints=[
        "No request means no processors: pass user, number and notices yourself.",
        "Template(MAIL).render(Context({...})) escapes what it prints. Context can be told not to.",
        "Context(values, autoescape=False) is for plain text, and for nothing else.",
    ],
)


@mail_text.cases
def _() -> list[tuple[User]]:
    names = ["ann", "ben", "admin", "kofi", "dara"]
    return [(User.objects.get(username=name),) for name in names]


def letter(to: User) -> list[str]:
    notices = list(Notice.objects.filter(user=to.pk, read_at=None).order_by("-created_at", "-pk"))
    number = len(notices)
    return [
        f"Dear {to.first_name} {to.last_name},",
        f"you have {number} unread notice{'' if number == 1 else 's'}.",
        *[f"- {notice.text}" for notice in notices],
    ]


@mail_text.check
def _(run: Run) -> str | None:
    if run.value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not isinstance(run.value, str):
        return f"Asked is a text; your function returned {compare.shown(run.value)}."
    lines = letter(run.arguments[0])
    if run.value.split() == " ".join(lines).split():
        return None
    said = [line for part in run.value.splitlines() if (line := " ".join(part.split()))]
    for line in lines:
        if line not in said:
            return f"A line is missing or another one: {line!r}. Your mail says: {said}"
    return f"The mail says more than asked, or in another order: {said}"


@mail_text.mistake(
    "The mail is plain text, but it was escaped as if it was HTML. Context(..., "
    "autoescape=False), or {% autoescape off %} in the template, turns that off."
)
def escaped(run: Run) -> bool:
    return "&#x27;" in run.value or "&amp;" in run.value


@mail_text.mistake(
    "A name of the template has no value, and missing is silent. There is no processor without "
    "a request: pass user, number and notices, all three."
)
def name_missing(run: Run) -> bool:
    text = " ".join(run.value.split())
    return (
        "Dear ," in text or "you have unread" in text or ("have 0" not in text and "-" not in text)
    )


@mail_text.mistake("Template(text) wants its values in a Context: render(Context({...})).")
def no_context_object(run: Run) -> bool:
    return "has no attribute 'render_context'" in str(run.error)


@mail_text.mistake("Only the unread notices are asked for: those whose read_at is None.")
def read_ones_too(run: Run) -> bool:
    own = Notice.objects.filter(user=run.arguments[0].pk)
    return all(notice.text in run.value for notice in own) and own.exclude(read_at=None).exists()


@mail_text.right
def autoescape_off(user: Any) -> object:
    notices = list(Notice.objects.of(user).unread())
    values = {"user": user, "number": len(notices), "notices": notices}
    text = "{% autoescape off %}" + MAIL + "{% endautoescape %}"
    return Template(text).render(Context(values))


@mail_text.right
def unescaped_again(user: Any) -> object:
    notices = list(Notice.objects.filter(user=user).unread())
    values = {"user": user, "number": len(notices), "notices": notices}
    return unescape(Template(MAIL).render(Context(values)))


@mail_text.wrong(escaped)
def as_html(user: Any) -> object:
    notices = list(user.notices.unread())
    values = {"user": user, "number": len(notices), "notices": notices}
    return Template(MAIL).render(Context(values))


@mail_text.wrong(name_missing)
def trust_in_processors(user: Any) -> object:
    return Template(MAIL).render(Context({"notices": user.notices.unread()}, autoescape=False))


@mail_text.wrong(name_missing)
def without_number(user: Any) -> object:
    values = {"user": user, "notices": user.notices.unread()}
    return Template(MAIL).render(Context(values, autoescape=False))


@mail_text.wrong(no_context_object)
def only_a_dictionary(user: Any) -> object:
    return Template(MAIL).render({"user": user, "number": 0})


@mail_text.wrong(read_ones_too)
def every_notice(user: Any) -> object:
    notices = list(user.notices.all())
    values = {"user": user, "number": len(notices), "notices": notices}
    return Template(MAIL).render(Context(values, autoescape=False))


@mail_text.wrong("The mail says more than asked, or in another order")
def oldest_first(user: Any) -> object:
    notices = list(user.notices.unread().order_by("created_at"))
    values = {"user": user, "number": len(notices), "notices": notices}
    return Template(MAIL).render(Context(values, autoescape=False))


@mail_text.wrong("The result is right, but it took 3 queries. 2 are enough.")
def a_function(user: Any) -> object:
    notices = user.notices.unread()
    values = {"user": user, "number": notices.count, "notices": notices}
    return Template(MAIL).render(Context(values, autoescape=False))


# 10.7: a filter that makes HTML.

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
def _() -> list[tuple[str, str]]:
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
def _(run: Run) -> str | None:
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


# 10.8: a library with an inclusion tag.

notice_library = Exercise(
    "10.8",
    "A box with the news",
    minutes=6,
    changes=[more_notices, everything_is_read],
    hints=[
        "Three steps: make a template.Library, put a decorated function into it, return it.",
        (
            "@register.inclusion_tag(Template(...), takes_context=True): the function gets the page's "
            "context, and returns the dictionary for the template of the tag."
        ),
        (
            'context["user"] raises KeyError where the page knows no user; context.get("user") gives '
            "None."
        ),
    ],
)


def box_engine(library: Library) -> Engine:
    """The engine of the project, with one more library: {% load box %}."""
    engine = Engine(
        dirs=settings.TEMPLATES[0]["DIRS"],
        app_dirs=True,
        context_processors=settings.TEMPLATES[0]["OPTIONS"]["context_processors"],
    )
    engine.template_libraries["box"] = library
    return engine


def box_pages() -> Iterator[tuple[str, str | None, Context]]:
    """What page it is, whose notices it should show, and its context."""
    for name in ("ann", "admin", "kofi", None):
        request = request_of(name)
        yield f"the page of {who(name)}", name, RequestContext(request, {})
    yield "a mail to ben, without a request", "ben", Context({"user": user("ben")})
    yield "a page that knows no user", None, Context({})


@notice_library.check
def _(run: Run) -> str | None:
    library = run.value
    if library is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not isinstance(library, Library):
        return f"Asked is a template.Library; your function returned {compare.shown(library)}."
    if "notice_box" not in library.tags:
        known = ", ".join(library.tags) or "none"
        return f"Your library has no tag notice_box. Its tags: {known}."
    for what, name, context in box_pages():
        with watch("sql", show=False) as seen:
            try:
                text = "{% load box %}<h1>News</h1>{% notice_box %}"
                html = Template(text, engine=box_engine(library)).render(context)
            except TemplateSyntaxError as error:
                return f"The tag cannot be used: {error}."
            except Exception as error:  # noqa: BLE001 The learner is told.
                run.error = error
                return None
        texts = [notice.text for notice in Notice.objects.of(user(name)).unread()]
        sentence = _box(what, texts, pages.Page(html))
        if sentence is None and len(seen.queries) > 1:
            sentence = f"On {what} the tag makes {len(seen.queries)} queries. 1 is enough."
        if sentence:
            run.seen.events += seen.events
            return sentence
    return None


def _box(what: str, texts: list[str], page: pages.Page) -> str | None:
    items = page.inside("li")
    if page.runs(PROGRAM):
        return "A notice has a small program in it, and the page would run it."
    if "<li>" in page.text:
        return (
            "The page shows <li> as text: the output of a simple_tag is escaped. Make HTML with "
            "format_html, or let an inclusion tag do it."
        )
    if Counter(items) == Counter(texts):
        return None
    if len(items) != len(texts):
        return f"On {what} there should be {len(texts)} <li>, one for each notice; there are {len(items)}."
    return f"On {what} the <li> say {items}. They should say {texts}."


@notice_library.mistake(
    "A mail and an error page have no request. Take the user from the context, if it is there: "
    'context.get("user").'
)
def wants_a_request(run: Run) -> bool:
    return isinstance(run.error, KeyError) and "request" in str(run.error)


@notice_library.mistake(
    'context["user"] raises KeyError where the page knows no user. Use context.get("user").'
)
def wants_a_user(run: Run) -> bool:
    return isinstance(run.error, KeyError) and "user" in str(run.error)


@notice_library.mistake("Where the page knows no user, context.get gives None. Ask for that first.")
def nobody(run: Run) -> bool:
    return "'NoneType' object has no attribute" in str(run.error)


@notice_library.mistake("A text is no name of a template. Template(text) makes one of it.")
def no_template(run: Run) -> bool:
    return type(run.error).__name__ == "TemplateDoesNotExist"


@notice_library.mistake(
    "The function of an inclusion tag returns a dictionary for its template: {'notices': ...}."
)
def no_dictionary(run: Run) -> bool:
    return "does not support item assignment" in str(run.error)


@notice_library.mistake(
    "An inclusion tag gets no context by itself. takes_context=True hands it over, as the first "
    "argument, which must be called context."
)
def no_context(run: Run) -> bool:
    return "did not receive value(s) for the argument(s): 'context'" in _tried(
        run
    ) or "must have a first argument of 'context'" in _tried(run)


def _tried(run: Run) -> str:
    try:
        Template("{% load box %}{% notice_box %}", engine=box_engine(run.value))
    except TemplateSyntaxError as error:
        return str(error)
    return str(run.error)


BOX = "{% for notice in notices %}<li>{{ notice.text }}{% endfor %}"


def box_library(find: Callable[[Any], Any], text: str = BOX, takes_context: bool = True) -> Library:
    """A library whose notice_box renders the text with the notices that are found."""
    register = Library()

    @register.inclusion_tag(Template(text), takes_context=takes_context)
    def notice_box(context: Any) -> dict[str, Any]:
        return {"notices": find(context)}

    return register


def news_of(context: Any) -> Any:
    return Notice.objects.of(context.get("user") or AnonymousUser()).unread()


@notice_library.right
def visitor_for_nobody() -> object:
    return box_library(news_of)


@notice_library.right
def simple_tag_with_html() -> object:
    register = template.Library()

    @register.simple_tag(takes_context=True)
    def notice_box(context: Any) -> str:
        if "user" not in context or not context["user"].is_authenticated:
            return ""
        notices = context["user"].notices.unread()
        return format_html_join("", "<li>{}</li>", notices.values_list("text"))

    return register


@notice_library.wrong("the page would run it")
def marked_safe() -> object:
    return box_library(news_of, BOX.replace("text }}", "text|safe }}"))


@notice_library.wrong(wants_a_request)
def by_the_request() -> object:
    return box_library(lambda context: Notice.objects.of(context["request"].user).unread())


@notice_library.wrong(wants_a_user)
def by_key() -> object:
    return box_library(lambda context: Notice.objects.of(context["user"]).unread())


@notice_library.wrong(nobody)
def of_nobody() -> object:
    return box_library(lambda context: Notice.objects.of(context.get("user")).unread())


@notice_library.wrong(no_context)
def context_not_taken() -> object:
    return box_library(news_of, takes_context=False)


@notice_library.wrong("The page shows <li> as text: the output of a simple_tag is escaped.")
def plain_strings() -> object:
    register = template.Library()

    @register.simple_tag(takes_context=True)
    def notice_box(context: Any) -> str:
        return "".join(f"<li>{notice.text}</li>" for notice in news_of(context))

    return register


@notice_library.wrong(
    "On the page of ann there should be 3 <li>, one for each notice; there are 4."
)
def read_and_unread() -> object:
    return box_library(lambda context: Notice.objects.of(context.get("user") or AnonymousUser()))


@notice_library.wrong("On the page of ann the <li> say ['', '', '']")
def misspelt() -> object:
    return box_library(news_of, BOX.replace("notice.text", "notice.txt"))


@notice_library.wrong(no_template)
def text_for_a_name() -> object:
    register = template.Library()
    register.inclusion_tag(BOX, takes_context=True, name="notice_box")(
        lambda context: {"notices": news_of(context)}
    )
    return register


@notice_library.wrong(no_dictionary)
def only_the_rows() -> object:
    register = template.Library()
    register.inclusion_tag(Template(BOX), takes_context=True, name="notice_box")(news_of)
    return register


@notice_library.wrong("Asked is a template.Library")
def the_function_itself() -> object:
    return news_of


# 10.9: a message that survives the redirect.

delete_read = Exercise(
    "10.9",
    "Said once",
    minutes=6,
    changes=[more_notices, everything_is_read],
    hints=[
        "@require_POST from django.views.decorators.http answers 405 to any other method.",
        "delete() returns two things: how many rows it deleted, and a dictionary by model.",
        'messages.success(request, f"Deleted: {number}."), then redirect("notice_list").',
    ],
)


@delete_read.cases
def _() -> list[tuple[HttpRequest]]:
    BEFORE.clear()
    BEFORE.update(state())
    return [(form("ann", "POST"),), (form("emil", "POST"),)]


def form(name: str, method: str) -> HttpRequest:
    """A request of this method, with what the middleware would have added."""
    request = RequestFactory().generic(method, "/notifications/delete/")
    like = pages.request("/notifications/delete/", user(name))
    request.session, request.user, request.auser = like.session, like.user, like.auser  # type: ignore[attr-defined]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    return request


#: What the notices were before the answer ran: (key, user, whether it was read).
BEFORE: set[tuple[int, int, bool]] = set()


def state() -> set[tuple[int, int, bool]]:
    rows = Notice.objects.values_list("pk", "user", "read_at")
    return {(pk, owner, read_at is not None) for pk, owner, read_at in rows}


@delete_read.check
def _(run: Run) -> str | None:
    (request,) = run.arguments
    if sentence := pages.no_response(run):
        return sentence
    if run.error:
        return None
    me, status = request.user.pk, run.value.status_code
    after = state()
    keys = {pk for pk, _, _ in after}
    gone = {row for row in BEFORE if row[0] not in keys}
    if others := {row for row in gone if row[1] != me}:
        return f"{compare.count(len(others), 'notice')} of other users are gone."
    if unread := {row for row in gone if not row[2]}:
        return f"{compare.count(len(unread), 'notice')} that nobody has read are gone."
    read = {row for row in BEFORE if row[1] == me and row[2]}
    if len(gone) < len(read):
        return (
            f"{request.user} has read {compare.count(len(read), 'notice')}; deleted: {len(gone)}."
        )
    if after - BEFORE:
        return "Notices have changed that should stay as they were."
    if status not in (302, 303):
        return (
            f"The status is {status}. After a POST comes a redirect: else the browser sends the "
            "form again when somebody reloads the page."
        )
    if run.value.headers["Location"] != reverse("notice_list"):
        return f"It redirects to {run.value.headers['Location']}, not to the page of the notices."
    return _next_page(request, f"Deleted: {len(read)}.") or _other_methods(run, me)


def _other_methods(run: Run, me: int) -> str | None:
    Notice.objects.create(user_id=me, text="An old one", read_at="2026-03-01T09:00Z")
    before = state()
    for method in ("GET", "DELETE"):
        with mock.patch.object(logging.getLogger("django.request"), "disabled", True):
            more = run.again(form(run.arguments[0].user.username, method))
        if more.error:
            run.error = more.error
            return None
        if state() != before:
            return (
                f"A {method} has deleted notices. A GET is sent by every link, by crawlers, and "
                "by a browser that looks ahead: only a POST may change something."
            )
        status = getattr(more.value, "status_code", None)
        if status != 405:
            return f"A {method} should be answered with the status 405. Yours: {status}."
    return None


def _next_page(request: HttpRequest, sentence: str) -> str | None:
    shown = pages.Page(render_to_string("base.html", {}, request)).inside("li")
    found = [item for item in shown if "eleted" in item]
    if found == [sentence]:
        return None
    if not found:
        return (
            f"The next page does not say {sentence!r}. Write it with messages.success(request, ...): "
            "a message waits for the next page."
        )
    return f"The next page should say {sentence!r}, once. It says: {found}."


@delete_read.mistake(
    "delete() returns two things: the number, and a dictionary. Take the first one: "
    "number, _ = rows.delete()."
)
def both_results(run: Run) -> bool:
    shown = render_to_string("base.html", {}, run.arguments[0])
    return "notifications.Notice" in shown


@delete_read.mistake(
    "You count after you have deleted: then there is nothing left. delete() returns the number."
)
def counted_too_late(run: Run) -> bool:
    shown = render_to_string("base.html", {}, run.arguments[0])
    gone = BEFORE - state()
    return bool(gone) and "Deleted: 0." in shown


def mine(request: Any) -> Any:
    return Notice.objects.filter(user=request.user, read_at__isnull=False)


def said(request: Any, number: object) -> HttpResponse:
    messages.success(request, f"Deleted: {number}.")
    return redirect("notice_list")


@delete_read.right
def method_asked(request: HttpRequest) -> object:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return said(request, mine(request).delete()[0])


@delete_read.right
def class_based(request: HttpRequest) -> object:
    class DeleteRead(View):
        def post(self, request: HttpRequest) -> HttpResponse:
            rows = mine(request)
            number = rows.count()
            rows.delete()
            messages.add_message(request, messages.INFO, f"Deleted: {number}.")
            return redirect(reverse("notice_list"))

    return DeleteRead.as_view()(request)


@delete_read.wrong("A GET has deleted notices.")
def any_method(request: HttpRequest) -> object:
    return said(request, mine(request).delete()[0])


@delete_read.wrong("A GET should be answered with the status 405. Yours: 302.")
def leads_away(request: HttpRequest) -> object:
    if request.method == "POST":
        return said(request, mine(request).delete()[0])
    return redirect("notice_list")


@delete_read.wrong("The next page does not say 'Deleted: 1.'")
def silent(request: HttpRequest) -> object:
    mine(request).delete()
    return redirect("notice_list")


@delete_read.wrong("The status is 200. After a POST comes a redirect")
def at_once(request: HttpRequest) -> object:
    number = mine(request).delete()[0]
    messages.success(request, f"Deleted: {number}.")
    return render(request, "base.html")


@delete_read.wrong("3 notices that nobody has read are gone.")
def all_of_mine(request: HttpRequest) -> object:
    return said(request, request.user.notices.all().delete()[0])  # type: ignore[union-attr]


@delete_read.wrong("of other users are gone.")
def of_all_users(request: HttpRequest) -> object:
    return said(request, Notice.objects.exclude(read_at=None).delete()[0])


@delete_read.wrong(both_results)
def tuple_said(request: HttpRequest) -> object:
    return said(request, mine(request).delete())


@delete_read.wrong(counted_too_late)
def counted_after(request: HttpRequest) -> object:
    rows = mine(request)
    rows.delete()
    return said(request, rows.count())


@delete_read.wrong("ann has read 1 notice; deleted: 0.")
def only_marked(request: HttpRequest) -> object:
    return notification_views.mark_read(request)


# 10.10: middleware that waits.


class Site:
    """Stands for the rest of the site: a view that looks at request.customer so many times."""

    looks = 0

    def __call__(self, request: Any) -> HttpResponse:
        self.response = HttpResponse("A page.")
        self.found = [request.customer.pk if request.customer else None for _ in range(self.looks)]
        return self.response


def sold_to_ivo() -> None:
    """ivo is a customer now"""
    customer = Customer.objects.filter(user=None).earliest("pk")
    Customer.objects.filter(pk=customer.pk).update(user=user("ivo"))


customer_middleware = Exercise(
    "10.10",
    "The customer of the request",
    minutes=6,
    changes=[sold_to_ivo],
    hints=[
        "An inner function gets the request, and calls get_response. Yours returns the inner one.",
        (
            "request.customer must be there before the view runs, but ask the database only when "
            "somebody looks. Django does so with request.user."
        ),
        (
            "SimpleLazyObject(find) calls find() when it is needed, once. find may give None: then "
            "the object is false."
        ),
    ],
)


@customer_middleware.cases
def _() -> list[tuple[Site]]:
    return [(Site(),)]


@customer_middleware.check
def _(run: Run) -> str | None:
    (site,) = run.arguments
    if run.value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not callable(run.value):
        return (
            "Asked is a function that gets the request; your function returned "
            f"{compare.shown(run.value)}."
        )
    for name in ("ann", "ben", "ivo", None):
        for site.looks in (0, 3):
            request = request_of(name)
            with watch("sql", show=False) as seen:
                try:
                    response = run.value(request)
                except Exception as error:  # noqa: BLE001 The learner is told.
                    run.error = error
                    return None
            if not hasattr(site, "response"):
                return "Your middleware has not called get_response: the view never ran."
            if response is not site.response:
                return (
                    "The response of the view is lost. Your function should return what "
                    "get_response(request) returns."
                )
            if sentence := _customer(name, site, len(seen.queries)):
                run.seen.events += seen.events
                return sentence
    return None


def _customer(name: str | None, site: Site, queries: int) -> str | None:
    customer = Customer.objects.filter(user__username=name or "").first()
    right = [customer.pk if customer else None] * site.looks
    if site.found != right:
        if customer is None:
            return f"For {who(name)}, request.customer should be something false."
        return f"For {name}, request.customer should be {customer}. It is another one, or none."
    if not site.looks and queries:
        return (
            "A view that does not look at request.customer pays for it. Put something on the "
            "request that waits: a SimpleLazyObject."
        )
    if queries > 1:
        return f"A view that looks three times causes {queries} queries. Remember the answer."
    return None


@customer_middleware.mistake(
    "What you keep belongs to one request. Here the next visitor gets the customer of the one "
    "before. Keep it inside the inner function."
)
def customer_of_another(run: Run) -> bool:
    (site,) = run.arguments
    site.looks = 1
    seen = []
    for name in ("ann", "ben"):
        run.value(request_of(name))
        seen += site.found
    return seen[0] is not None and seen[0] == seen[1]


@customer_middleware.mistake(
    "Not every user is a customer, and a visitor is no user: a query with get(), or user.customer, "
    "raises an error there. filter(...).first() gives None."
)
def no_customer(run: Run) -> bool:
    return type(run.error).__name__ in ("DoesNotExist", "RelatedObjectDoesNotExist")


@customer_middleware.mistake(
    "A visitor without a login is an AnonymousUser. It has no row, and no customer: ask "
    "is_authenticated first, or look for its pk."
)
def visitor(run: Run) -> bool:
    return "AnonymousUser" in str(run.error)


@customer_middleware.mistake(
    "request.customer is a function here: a template would call it, Python does not. "
    "SimpleLazyObject(function) behaves as what the function returns."
)
def not_called(run: Run) -> bool:
    return re.search("function|lru_cache.*object has no attribute", str(run.error)) is not None


@customer_middleware.mistake("filter() gives rows, none or many. first() takes one, or gives None.")
def rows_of_a_customer(run: Run) -> bool:
    return "'QuerySet' object has no attribute" in str(run.error)


@customer_middleware.mistake("The view has run already. Set request.customer before get_response.")
def too_late(run: Run) -> bool:
    return "has no attribute 'customer'" in str(run.error)


@customer_middleware.mistake(
    "A visitor's pk is None, and filter(user=None) finds the customers without a login. Ask "
    "is_authenticated first."
)
def customers_of_nobody(run: Run) -> bool:
    (site,) = run.arguments
    site.looks = 1
    run.value(pages.request("/"))
    return Customer.objects.filter(pk=site.found[0], user=None).exists()


def find(request: Any) -> Customer | None:
    return Customer.objects.filter(user=request.user.pk).first() if request.user.pk else None


def waiting(get_response: Any, find: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Middleware whose request.customer is found when somebody looks."""

    def middleware(request: Any) -> Any:
        request.customer = SimpleLazyObject(partial(find, request))
        return get_response(request)

    return middleware


@customer_middleware.right
def by_the_relation(get_response: Any) -> object:
    return waiting(get_response, lambda request: getattr(request.user, "customer", None))


@customer_middleware.right
def by_the_key(get_response: Any) -> object:
    return waiting(get_response, find)


@customer_middleware.wrong("A view that does not look at request.customer pays for it.")
def at_the_door(get_response: Any) -> object:
    def middleware(request: Any) -> Any:
        request.customer = find(request)
        return get_response(request)

    return middleware


@customer_middleware.wrong(not_called)
def a_plain_function(get_response: Any) -> object:
    def middleware(request: Any) -> Any:
        request.customer = lambda: find(request)
        return get_response(request)

    return middleware


@customer_middleware.wrong(no_customer)
def by_get(get_response: Any) -> object:
    return waiting(get_response, lambda request: Customer.objects.get(user=request.user.pk))


@customer_middleware.wrong(visitor)
def by_the_user(get_response: Any) -> object:
    return waiting(get_response, lambda request: Customer.objects.filter(user=request.user).first())


@customer_middleware.wrong(customers_of_nobody)
def by_key_alone(get_response: Any) -> object:
    return waiting(
        get_response, lambda request: Customer.objects.filter(user=request.user.pk).first()
    )


@customer_middleware.wrong(rows_of_a_customer)
def all_of_them(get_response: Any) -> object:
    return waiting(get_response, lambda request: Customer.objects.filter(user=request.user.pk))


@customer_middleware.wrong(too_late)
def after_the_view(get_response: Any) -> object:
    def middleware(request: Any) -> Any:
        response = get_response(request)
        request.customer = SimpleLazyObject(lambda: find(request))
        return response

    return middleware


@customer_middleware.wrong(customer_of_another)
def kept_outside_the_function(get_response: Any) -> object:
    kept: list[Any] = []

    def look(request: Any) -> Any:
        if not kept:
            kept.append(find(request))
        return kept[0]

    return waiting(get_response, look)


@customer_middleware.wrong("The response of the view is lost.")
def response_lost(get_response: Any) -> object:
    inner = waiting(get_response, find)
    return lambda request: print(inner(request))


@customer_middleware.wrong("Your middleware has not called get_response")
def view_never_called(get_response: Any) -> object:
    return waiting(lambda request: HttpResponse(), find)


@customer_middleware.wrong("Asked is a function that gets the request")
def no_inner_function(get_response: Any) -> object:
    return HttpResponseBadRequest()
