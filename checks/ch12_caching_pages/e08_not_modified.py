"""12.8 Nothing new, and no work: 304 before the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.test import Client, override_settings
from django.urls import path
from django.views.decorators.cache import cache_page
from django.views.decorators.http import condition, conditional_page, etag

from checks.ch12_caching_pages import WEB, View
from checks.common import pages
from glass import watch
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run


@dataclass
class PriceList:
    """A page and its version; both change when the prices change."""

    number: int = 1
    runs: int = 0

    def functions(self) -> tuple[View, Callable[[], str]]:
        """The view, and what asks for the version."""

        def view(request: HttpRequest) -> HttpResponse:
            self.runs += 1
            return HttpResponse(f"prices, version {self.number}")

        def version() -> str:
            return f"prices-{self.number}"

        view.__qualname__, version.__qualname__ = "view", "version"
        return view, version


PRICE_LIST = [PriceList()]


@dataclass
class Answered:
    """One answer: what was asked with, and whether the view ran for it."""

    asked: str
    changed: bool
    response: Any
    made: bool


def conversation(view: Any, page: PriceList) -> Iterator[Answered]:
    """A browser with its copy, another one without, and new prices in between."""
    tag = ""
    for asked in ("nothing", "its copy", "nothing", "its old copy", "its copy"):
        if asked == "its old copy":
            page.number += 1
        before = page.runs
        headers = {} if asked == "nothing" else {"if-none-match": tag}
        response = Client().get("/page/", headers=headers)
        tag = response.headers.get("ETag", tag)
        yield Answered(asked, page.number > 1, response, page.runs > before)


not_modified = Exercise(
    "12.8",
    "Nothing new, and no work",
    minutes=5,
    layers=WEB,
    hints=[
        "A decorator of django.views.decorators.http compares versions before the view runs.",
        "condition(etag_func=...)(view). The function that you give gets the request.",
        "version() wants no argument: put a lambda around it, which takes the request and calls it.",
    ],
)


@not_modified.cases
def cases() -> object:
    PRICE_LIST[:] = [PriceList()]
    return [PRICE_LIST[0].functions()]


@not_modified.check
def check(run: Run) -> str | None:
    page, view = PRICE_LIST[0], run.value
    if not callable(view):
        return f"Asked is a view, a function. Yours returned {compare.shown(view)}."
    got: list[Answered] = []
    urls = pages.site([path("page/", view)])
    with override_settings(ROOT_URLCONF=urls), watch(*WEB, show=False) as run.seen:
        try:
            got.extend(conversation(view, page))
        except BaseException as error:  # noqa: BLE001 Also exit(): the learner is told.
            run.error = error
    run.value = got
    for number, each in enumerate(got, 1):
        if fault := fault_in(each):
            return f"Request {number}, of a browser that has {each.asked}: {fault}"
    return None


def fault_in(each: Answered) -> str | None:
    due = 304 if each.asked == "its copy" else 200
    if each.response.status_code != due:
        return f"the status is {each.response.status_code}, and should be {due}."
    if "ETag" not in each.response.headers and due == 200:
        return "the answer has no ETag, so the browser cannot ask with it."
    if each.made and due == 304:
        return "the view ran, only to find out that nothing is new."
    if due == 200 and f"version {2 if each.changed else 1}" not in pages.body(each.response):
        return "the page is old."
    return None


@not_modified.mistake(
    "etag_func gets the request, and version() takes no argument. Put a function between them: "
    "lambda request: version()."
)
def version_got_a_request(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "positional argument" in str(run.error)


@not_modified.mistake(
    "etag_func is a function that gets the request and gives a text: lambda request: version(). "
    "Yours is a text, or gives a function."
)
def no_text_or_no_function(run: Run) -> bool:
    words = ("'str' object is not callable", "expected string or bytes-like object")
    return any(word in str(run.error) for word in words)


@not_modified.mistake(
    "The answer is a 304, but the view ran for it: the page was made and thrown away. Compare the "
    "version before the view, with condition()."
)
def way_only(run: Run) -> bool:
    return run.value[1].response.status_code == 304 and run.value[1].made


@not_modified.mistake(
    "After a change of the prices the browser still hears that nothing is new. Ask version() at "
    "each request, not once."
)
def version_once(run: Run) -> bool:
    return run.value[3].response.status_code == 304 and not way_only.applies(run)


@not_modified.mistake(
    "The first answer has no ETag. Without it, no browser can ask whether there is something new."
)
def no_etag(run: Run) -> bool:
    return "ETag" not in run.value[0].response.headers


@not_modified.right
def with_etag(view: View, version: Callable[[], str]) -> object:
    @etag(lambda request, *args, **kwargs: version())
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return view(request, *args, **kwargs)

    return page


@not_modified.right
def compared_by_hand(view: View, version: Callable[[], str]) -> object:
    def page(request: HttpRequest) -> Any:
        now = f'"{version()}"'
        if request.headers.get("If-None-Match") == now:
            return HttpResponseNotModified(headers={"ETag": now})
        response = view(request)
        response["ETag"] = now
        return response

    return page


@not_modified.wrong(version_got_a_request)
def handed_over(view: View, version: Callable[[], str]) -> object:
    return condition(etag_func=version)(view)


@not_modified.wrong(no_text_or_no_function)
def text_handed_over(view: View, version: Callable[[], str]) -> object:
    return etag(version())(view)  # type: ignore[arg-type]


@not_modified.wrong(no_text_or_no_function)
def not_called(view: View, version: Callable[[], str]) -> object:
    return condition(etag_func=lambda request: version)(view)  # type: ignore[arg-type,return-value]


@not_modified.wrong(way_only)
def like_the_middleware(view: View, version: Callable[[], str]) -> object:
    return conditional_page(view)


@not_modified.wrong(version_once)
def asked_once(view: View, version: Callable[[], str]) -> object:
    now = version()
    return condition(etag_func=lambda request: now)(view)


@not_modified.wrong(no_etag)
def only_cached(view: View, version: Callable[[], str]) -> object:
    return cache_page(60)(view)


@not_modified.wrong("Asked is a view, a function.")
def nothing_returned(view: View, version: Callable[[], str]) -> None:
    condition(etag_func=lambda request: version())(view)
