"""10.9 Said once: a message that survives the redirect."""

from __future__ import annotations

import logging
from typing import Any
from unittest import mock

from django.contrib import messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.views import View
from notifications import views as notification_views
from notifications.models import Notice

from checks.ch10_one_value_everywhere import everything_is_read, more_notices, user
from checks.common import pages
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

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
def cases() -> list[tuple[HttpRequest]]:
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
def check(run: Run) -> str | None:
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
