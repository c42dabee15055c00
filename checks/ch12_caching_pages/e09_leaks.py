"""12.9 Which pages leak? The test with two browsers."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.vary import vary_on_cookie

from checks.ch12_caching_pages import WEB, View
from checks.common import pages
from tutor.judge.exercise import Exercise, Run

NAME = "ann-2f6c"


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<h1>Hello {request.user.get_username() or 'visitor'}</h1>")


def hours(request: HttpRequest) -> HttpResponse:
    return HttpResponse("We are open from 9 to 5.")


def news(request: HttpRequest) -> HttpResponse:
    cache.add("news", 0)
    return HttpResponse(f"{cache.incr('news')} readers")


#: Each address: its view, and whether ben sees ann there.
SUSPECTS: dict[str, tuple[View, bool]] = {
    "opening-hours/": (cache_page(60)(hours), False),
    "hello/": (hello, False),
    "start/": (cache_page(60)(hello), True),
    "news/": (news, False),
    "news/kept/": (cache_page(60)(news), False),
    "basket/": (cache_page(60)(vary_on_cookie(hello)), False),
    "account/": (vary_on_cookie(cache_page(60)(hello)), True),
    "account/private/": (cache_page(60)(never_cache(hello)), False),
}


def other_name() -> None:
    """ann has another name"""
    User.objects.filter(username="ann").update(username="ann-of-the-garden")


leaks = Exercise(
    "12.9",
    "Which pages leak?",
    minutes=6,
    layers=WEB,
    changes=[other_name],
    hints=[
        (
            "A leak needs two: ann opens the page, and then ben opens the same page. What does ben "
            "read?"
        ),
        "browser.get(address).content is bytes; .content.decode() is a text. Is ann's name in it?",
        (
            "for address in addresses: ann.get(address), then look into ben.get(address). Collect the "
            "addresses where ben's page has the name."
        ),
    ],
)


@leaks.cases
def cases() -> object:
    settings.ROOT_URLCONF = pages.site([path(route, view) for route, (view, _) in SUSPECTS.items()])
    browsers = []
    User.objects.filter(username="ann").update(username=NAME)
    ann = User.objects.get(username__startswith="ann-")
    for user in (ann, User.objects.get(username="ben")):
        browsers.append(Client())
        browsers[-1].force_login(user)
    addresses = [f"/{route}" for route in SUSPECTS]
    return [(each, ann.username, *browsers) for each in (addresses, addresses[3:], addresses[:2])]


@leaks.expects
def expected(addresses: list[str], name: str, ann: Client, ben: Client) -> object:
    cache.clear()
    return [address for address in addresses if SUSPECTS[address[1:]][1]]


@leaks.mistake(
    "Ann may see her own name: on each of these pages she does. Look at what ben gets, after her."
)
def looked_at_ann(run: Run) -> bool:
    return isinstance(run.value, list) and {"/hello/", "/start/", "/basket/"} <= set(run.value)


@leaks.mistake(
    "You found none. Ann must come first: it is her page that is kept, and then shown to ben."
)
def ben_first(run: Run) -> bool:
    return run.value == [] and bool(run.expected)


@leaks.mistake(
    "/opening-hours/ is the same for everybody, and /news/ changes at each visit. Whether two pages "
    "are equal says nothing: look for ann's name on ben's page."
)
def equal_pages(run: Run) -> bool:
    return isinstance(run.value, list) and any(
        address in run.value for address in ("/opening-hours/", "/news/", "/news/kept/")
    )


@leaks.mistake("Return the addresses, not the pages.")
def other_things(run: Run) -> bool:
    return bool(run.rows) and not set(run.rows) <= {f"/{route}" for route in SUSPECTS}


@leaks.mistake(
    ".content is bytes, and the name is a text. Decode the one, or encode the other, before you "
    "look."
)
def bytes_and_text(run: Run) -> bool:
    return isinstance(run.error, TypeError)


Leaks = list[str]


@leaks.right
def all_of_ann_first(addresses: Leaks, name: str, ann: Client, ben: Client) -> object:
    for address in addresses:
        ann.get(address)
    return {address for address in addresses if name in ben.get(address).content.decode()}


@leaks.right
def searched_as_bytes(addresses: Leaks, name: str, ann: Client, ben: Client) -> object:
    for address in addresses:
        cache.clear()
        ann.get(address)
        if name.encode() in ben.get(address).getvalue():
            yield address


@leaks.wrong(looked_at_ann)
def only_ann(addresses: Leaks, name: str, ann: Client, ben: Client) -> object:
    return [address for address in addresses if name in ann.get(address).text]


@leaks.wrong(ben_first)
def other_order_of_visits(addresses: Leaks, name: str, ann: Client, ben: Client) -> object:
    found = []
    for address in addresses:
        page = ben.get(address).text
        ann.get(address)
        if name in page:
            found.append(address)
    return found


@leaks.wrong(equal_pages)
def compared(addresses: Leaks, name: str, ann: Client, ben: Client) -> object:
    return [a for a in addresses if ann.get(a).content == ben.get(a).content]


@leaks.wrong(equal_pages)
def different(addresses: Leaks, name: str, ann: Client, ben: Client) -> object:
    return [a for a in addresses if ann.get(a).content != ben.get(a).content]


@leaks.wrong("Asked is a list; your function returned a dictionary.")
def with_verdicts(addresses: Leaks, name: str, ann: Client, ben: Client) -> object:
    return {a: bool(ann.get(a)) and name in ben.get(a).text for a in addresses}


@leaks.wrong(other_things)
def the_pages(addresses: Leaks, name: str, ann: Client, ben: Client) -> object:
    for address in addresses:
        ann.get(address)
    return [ben.get(a).text for a in addresses if name in ben.get(a).text]


@leaks.wrong(bytes_and_text)
def text_in_bytes(addresses: Leaks, name: str, ann: Client, ben: Client) -> object:
    for address in addresses:
        ann.get(address)
    return [address for address in addresses if name in ben.get(address).content]  # type: ignore[operator]
