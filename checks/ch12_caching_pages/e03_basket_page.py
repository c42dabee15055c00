"""12.3 A basket for each: a copy for each visitor."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.vary import vary_on_cookie, vary_on_headers

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

basket_page = Exercise(
    "12.3",
    "A basket for each",
    minutes=5,
    layers=WEB,
    hints=[
        "Two decorators: one that keeps the page, and one that says what the page depends on.",
        "They are cache_page and vary_on_cookie, and their order matters: see section 3.",
        (
            "A decorator is a function: cache_page(seconds)(...) takes a view and returns one. What "
            "stands in the dots must have the header already."
        ),
    ],
)


@basket_page.cases
def cases() -> object:
    return [(greeting(),)]


BASKETS = [
    Visit("ann"),
    Visit("ann", made=False),
    Visit("ben"),
    Visit("guest"),
    Visit("ben", made=False),
    Visit("guest", made=False),
    Visit("ann", made=False),
    Visit("ann", "/page/?sort=price"),
    Visit("ann", after=290, made=False),
    Visit("ann", after=310),
]


@basket_page.check
def check(run: Run) -> str | None:
    return toured(run, run.value, run.arguments[0], BASKETS)


@basket_page.mistake(
    "One visitor reads the page of another. The page depends on the cookie, and cache_page must "
    "know it when it stores the page: what writes Vary: Cookie stands between it and the view."
)
def basket_leaks(run: Run) -> bool:
    return leaked(run)


@basket_page.mistake(
    "Your view gives no response. cache_page(300) alone is a decorator: it still wants the view, "
    "cache_page(300)(view)."
)
def basket_no_response(run: Run) -> bool:
    return no_response(run)


@basket_page.mistake("Nothing is kept: the view runs for each request.")
def basket_never_kept(run: Run) -> bool:
    return bool(run.value) and all(got.made for got in run.value)


@basket_page.mistake("Another address is another page: ?sort=price is part of the key as well.")
def basket_without_address(run: Run) -> bool:
    got = first_fault(run)
    return got.where != got.visit.address


@basket_page.mistake("Five minutes are 300 seconds. cache_page() wants seconds.")
def basket_other_time(run: Run) -> bool:
    return first_fault(run).visit.after > 0


@basket_page.right
def varied(view: View) -> object:
    return cache_page(5 * 60)(vary_on_headers("Cookie")(view))


@basket_page.right
def prefixed(view: View) -> object:
    def kept(request: HttpRequest) -> Any:
        return cache_page(300, key_prefix=f"user-{request.user.pk}")(view)(request)

    return kept


@basket_page.right
def body_by_hand(view: View) -> object:
    @wraps(view, assigned=())
    def kept(request: HttpRequest, *args: Any) -> HttpResponse:
        key = f"{request.user.get_username()}@{request.build_absolute_uri()}"
        if (body := cache.get(key)) is None:
            body = view(request, *args).content
            cache.set(key, body, timeout=300)
        return HttpResponse(body)

    return kept


@basket_page.wrong(basket_leaks)
def for_everybody(view: View) -> object:
    return cache_page(300)(view)


@basket_page.wrong(basket_leaks)
def too_late(view: View) -> object:
    return vary_on_cookie(cache_page(300)(view))


@basket_page.wrong(basket_never_kept)
def only_varied(view: View) -> object:
    return vary_on_cookie(view)


@basket_page.wrong(basket_never_kept)
def never_kept(view: View) -> object:
    return cache_page(300)(never_cache(view))


@basket_page.wrong(basket_without_address)
def without_address(view: View) -> object:
    return lambda request: cache.get_or_set(f"b{request.user.pk}", lambda: view(request), 300)


@basket_page.wrong(basket_other_time)
def five_seconds(view: View) -> object:
    return cache_page(5)(vary_on_cookie(view))


@basket_page.wrong(basket_no_response)
def decorator_alone(view: View) -> object:
    return cache_page(300)


@basket_page.wrong("Asked is a view, a function.")
def no_view(view: View) -> object:
    return None
