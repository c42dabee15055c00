"""Chapter 12, caching pages: what its exercises share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from checks.common import pages
from glass import watch
from tutor.judge import compare
from tutor.judge.exercise import Run

type View = Callable[..., Any]


#: Without the SQL of the sessions: it has times of today in it, and would hide what matters here.
WEB = ("http", "cache")


# Visitors, and the pages that they get.


def greeting() -> View:
    """A view that says who came and what for, and counts how often it `runs`."""

    def view(request: HttpRequest) -> HttpResponse:
        made.runs += 1
        return HttpResponse(f"{request.user.get_username()}|{request.get_full_path()}|{made.runs}")

    made: Any = view
    made.runs, made.__qualname__ = 0, "view"
    return view


@dataclass
class Visit:
    """One request: whose browser, where, so many seconds after the first."""

    browser: str
    address: str = "/page/"
    after: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    #: What it must be: made by the view, or from the cache.
    made: bool = True


@dataclass
class Got:
    """What a visit brought."""

    visit: Visit
    response: Any
    made: bool

    @property
    def owner(self) -> str:
        """Whose page it is: a name, or "" for nobody's."""
        return pages.body(self.response).split("|")[0]

    @property
    def due(self) -> str:
        """Whose page it should be."""
        return "" if self.visit.browser.startswith("guest") else self.visit.browser

    @property
    def where(self) -> str:
        return pages.body(self.response).split("|")[1]


def shift(seconds: float) -> Any:
    """Let it be so many seconds later, for everything that asks time.time()."""
    real = time.time
    return mock.patch("time.time", lambda: real() + seconds)


def tour(run: Run, view: Any, page: Any, visits: list[Visit]) -> str | None:
    """Make the visits to a site with this view at /page/; run.value becomes what they brought."""
    if not callable(view):
        return f"Asked is a view, a function. Yours returned {compare.shown(view)}."
    clients: dict[str, Client] = {}
    for visit in visits:
        if visit.browser not in clients:
            clients[visit.browser] = Client()
            if not visit.browser.startswith("guest"):
                clients[visit.browser].force_login(User.objects.get(username=visit.browser))
    got: list[Got] = []
    urls = pages.site([path("page/", view)])
    with override_settings(ROOT_URLCONF=urls), watch(*WEB, show=False) as run.seen:
        try:
            for visit in visits:
                before = page.runs
                with shift(visit.after):
                    client = clients[visit.browser]
                    response = client.get(visit.address, headers=visit.headers)
                got.append(Got(visit, response, page.runs > before))
        except BaseException as error:  # noqa: BLE001 Also exit(): the learner is told.
            run.error = error
    run.value = got
    return None


def fault_of(got: Got, number: int) -> str | None:
    """What is wrong with one answer of a tour."""
    who = "a visitor without a login" if got.visit.browser.startswith("guest") else got.due
    request = f"Request {number}, {who} asks for {got.visit.address}"
    if got.visit.after:
        request += f" after {got.visit.after} seconds"
    if got.response.status_code != 200:
        return f"{request}: the status is {got.response.status_code}."
    if got.owner != got.due:
        return f"{request}: it is the page of {got.owner or 'a visitor without a login'}."
    if got.where != got.visit.address:
        return f"{request}: it is the page {got.where}."
    if got.made and not got.visit.made:
        return f"{request}: that page was in the cache before, and the view ran again."
    if got.visit.made and not got.made:
        return f"{request}: it came from the cache; the view should have run."
    return None


def toured(run: Run, view: Any, page: Any, visits: list[Visit]) -> str | None:
    """Make the visits, and say what is wrong with the first that is not as it should be."""
    if (sentence := tour(run, view, page, visits)) or run.error:
        return sentence
    faults = (fault_of(got, number) for number, got in enumerate(run.value, 1))
    return next(filter(None, faults), None)


def first_fault(run: Run) -> Got:
    """The first answer of a tour that is wrong. Raises StopIteration where there is none."""
    return next(got for got in run.value if fault_of(got, 1))


def leaked(run: Run) -> bool:
    got = first_fault(run)
    return got.owner != got.due


def no_response(run: Run) -> bool:
    """Whether the view gave a function, or nothing, in place of a response."""
    words = ("object has no attribute 'get'", "didn't return an HttpResponse")
    return any(word in str(run.error) for word in words)


OTHERS = {"basket:2": "two pots", "session:7": "ann"}
