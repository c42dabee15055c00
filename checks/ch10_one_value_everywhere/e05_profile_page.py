"""10.5 The page of somebody else: a name that a processor uses."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template import Context, RequestContext, Template, engines

from checks.ch10_one_value_everywhere import PROGRAM, request_of
from checks.common import pages, rows
from tutor.judge.exercise import Exercise, Run


def hostile_login() -> None:
    """there is a user whose name is a small program"""
    rows.login(f"<script>{PROGRAM}</script>")


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
def cases() -> list[tuple[HttpRequest, User]]:
    ann, ben = (User.objects.get(username=name) for name in ("ann", "ben"))
    visits = [("ann", ben), ("ben", ann), (None, ann), ("ann", ann)]
    return [
        (request_of(name), owner) for name, owner in [*visits, ("ben", User.objects.latest("pk"))]
    ]


@profile_page.check
def check(run: Run) -> str | None:
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
