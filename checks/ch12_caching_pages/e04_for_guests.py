"""12.4 Only for guests: guests share one copy."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.vary import vary_on_cookie

from checks.ch12_caching_pages import (
    WEB,
    View,
    Visit,
    first_fault,
    greeting,
    leaked,
    no_response,
    toured,
)
from tutor.judge.exercise import Exercise, Run

for_guests = Exercise(
    "12.4",
    "Only for guests",
    minutes=6,
    layers=WEB,
    hints=[
        "Make two views of one: the view as it is, and a cached one. Then choose, at each request.",
        (
            "request.user.is_authenticated says whether there is a login. Write a function that takes "
            "the request, looks, and calls one of the two."
        ),
        (
            "def choose(request): ... and return choose, not choose(...). Make the cached view once, "
            "above it."
        ),
    ],
)


@for_guests.cases
def cases() -> object:
    return [(greeting(),)]


GUESTS = [
    Visit("ann"),
    Visit("guest"),
    Visit("guest 2", made=False),
    Visit("ann"),
    Visit("ben"),
    Visit("guest 3", headers={"cookie": "_ads=7"}, made=False),
    Visit("guest 4", headers={"cookie": "sessionid=of-a-guest"}, made=False),
    Visit("guest", "/page/?sort=price"),
    Visit("guest 2", "/page/?sort=price", made=False),
    Visit("guest 2", after=590, made=False),
    Visit("guest 2", after=610),
]


@for_guests.check
def check(run: Run) -> str | None:
    return toured(run, run.value, run.arguments[0], GUESTS)


@for_guests.mistake(
    "One visitor reads the page of another. Look whether there is a login before you look into "
    "the cache."
)
def guest_leak(run: Run) -> bool:
    return leaked(run)


@for_guests.mistake(
    "Your view gives no response for some visitor. On each path, call one of the two views with "
    "the request, and return what it gives."
)
def guest_no_response(run: Run) -> bool:
    return no_response(run)


@for_guests.mistake("Nothing is kept for the guests: the view runs for each of them.")
def guests_not_kept(run: Run) -> bool:
    return bool(run.value) and all(got.made for got in run.value if not got.due)


@for_guests.mistake("Who is logged in gets a fresh page each time. Yours comes from the cache.")
def login_kept(run: Run) -> bool:
    got = first_fault(run)
    return bool(got.due) and not got.made


@for_guests.mistake(
    "A guest with a cookie is a guest, too: all guests share one page. A cookie, even one of a "
    "session, is not a login."
)
def cookie_is_no_login(run: Run) -> bool:
    return bool(first_fault(run).visit.headers)


@for_guests.mistake("Ten minutes are 600 seconds. cache_page() wants seconds.")
def guests_other_time(run: Run) -> bool:
    return first_fault(run).visit.after > 0


@for_guests.right
def chosen_each_time(view: View) -> object:
    def choose(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_anonymous:
            return cache_page(600)(view)(request, *args, **kwargs)
        return never_cache(view)(request, *args, **kwargs)

    return choose


@for_guests.right
def guests_by_hand(view: View) -> object:
    def choose(request: HttpRequest) -> Any:
        if request.user.is_authenticated:
            return view(request)
        return cache.get_or_set(request.build_absolute_uri(), lambda: view(request), 600)

    return choose


@for_guests.wrong(guest_leak)
def all_share(view: View) -> object:
    return cache_page(600)(view)


@for_guests.wrong(guest_no_response)
def chosen_and_not_called(view: View) -> object:
    kept = cache_page(600)(view)
    return lambda request: view if request.user.is_authenticated else kept


@for_guests.wrong(guest_no_response)
def guests_get_nothing(view: View) -> object:
    def choose(request: HttpRequest) -> Any:
        if request.user.is_authenticated:
            return view(request)
        cache_page(600)(view)(request)

    return choose


@for_guests.wrong(guests_not_kept)
def nothing_kept(view: View) -> object:
    return never_cache(view)


@for_guests.wrong(login_kept)
def copy_for_each(view: View) -> object:
    return cache_page(600)(vary_on_cookie(view))


@for_guests.wrong(cookie_is_no_login)
def by_cookie(view: View) -> object:
    kept = cache_page(600)(view)
    return lambda request: view(request) if request.COOKIES else kept(request)


@for_guests.wrong(cookie_is_no_login)
def by_session(view: View) -> object:
    kept = cache_page(600)(view)
    return lambda request: (view if "sessionid" in request.COOKIES else kept)(request)


@for_guests.wrong(cookie_is_no_login)
def private_after(view: View) -> object:
    def choose(request: HttpRequest) -> Any:
        response = view(request)
        if request.user.is_authenticated:
            patch_cache_control(response, private=True)
        return response

    return cache_page(600)(vary_on_cookie(choose))


@for_guests.wrong(guests_other_time)
def ten_seconds(view: View) -> object:
    kept = cache_page(10)(view)
    return lambda request: (view if request.user.is_authenticated else kept)(request)
