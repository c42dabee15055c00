"""Chapter 12, caching pages: what right means, and what mistakes say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial, wraps
from threading import Barrier, Lock, Thread
from typing import Any
from unittest import mock

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.core.cache.utils import make_template_fragment_key
from django.db import transaction
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template import Context, Template
from django.test import Client, override_settings
from django.urls import path
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.http import condition, conditional_page, etag
from django.views.decorators.vary import vary_on_cookie, vary_on_headers
from shop.models import Category, Product

from glass import watch
from tutor.checks import Exercise, Prediction, Run, pages
from tutor.judge import compare

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


# 12.1 and 12.2: predictions.

hit_or_miss = Prediction(
    "12.1",
    "Predict: hit or miss?",
    minutes=3,
    layers=WEB,
    hints=[
        "Go through the requests one by one. Which of them have the same address as one before?",
        "Another browser is no other page: the user is not in the key. HEAD is served from GET.",
        "?day=1 is another address. And a POST is never cached: the view runs for it.",
    ],
    because="The first GET is a miss. Its address is then in the cache, for every browser and for "
    "HEAD as well. ?day=1 is another address, so a miss. POST always runs the view, and what "
    "is in the cache stays there: the last GET is a hit.",
    wrong={
        1: "?day=1 is another address for the cache, and a POST is never answered by it.",
        2: "One is missing: a POST is never answered by the cache, and ?day=1 is another page.",
        4: "One too many. Does a POST empty the cache? And is HEAD a page of its own?",
        5: "Two too many: another browser, HEAD, and the GET after the POST are all hits.",
        7: "That is every request. cache_page answers those whose address it has.",
    },
    fact=lambda run: run.value,
)

whose_page = Prediction(
    "12.2",
    "Predict: whose page?",
    minutes=3,
    layers=WEB,
    hints=[
        "Decorators are read from the view upwards: the response passes the lowest one first.",
        "What does cache_page know, when it stores the page? Only what was written before it.",
        "In `careful`, Vary: Cookie is there when the page is stored. In `careless` it is not.",
    ],
    because="In `careless` cache_page stands nearest to the view: it stores the page before "
    "vary_on_cookie writes its header, so there is one page for everybody, ann's. In `careful` "
    "the header is there, so each cookie has a page: ben gets his own.",
    wrong={
        ("ben", "ben", "nobody"): "vary_on_cookie above cache_page comes too late: ann's page is "
        "stored for everybody.",
        ("ann", "ann", "ann"): "In `careful` the header is written before the page is stored: ben "
        "has another cookie, so he gets another page.",
        ("ben", "ann", "nobody"): "It is the other way round: read the decorators from the view "
        "upwards.",
        ("ann", "ben", "nobody"): "In `careless` there is one page for everybody. A visitor "
        "without a login is somebody, too.",
    },
    fact=lambda run: run.value,
)


# 12.3: a copy for each visitor.

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
def _() -> object:
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
def _(run: Run) -> str | None:
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


# 12.4: guests share one copy.

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
def _() -> object:
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
def _(run: Run) -> str | None:
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


# 12.5: what belongs into the key of a fragment.

PIECES = [
    "{{ user.username }} has {{ orders.count }} orders, in {{ currency }}",
    "<b>{{ orders.count }}</b> of {{ user.username }} ({{ currency }})",
]


@dataclass
class Shown:
    """One rendering: for whom, in which currency, what came out, what should have."""

    user: str
    currency: str
    after: int
    hit: bool
    text: str
    due: str
    queries: int

    @property
    def wrong(self) -> bool:
        return self.text != self.due or (self.queries > 0) is self.hit


RENDERINGS = [
    ("ann", "EUR", 0, False),
    ("ann", "EUR", 0, True),
    ("ben", "EUR", 0, False),
    ("ann", "USD", 0, False),
    ("", "EUR", 0, False),
    ("ben", "EUR", 0, True),
    ("ann", "USD", 590, True),
    ("ann", "USD", 610, False),
]

fragment = Exercise(
    "12.5",
    "A box for each",
    minutes=5,
    layers=WEB,
    hints=[
        "A template that uses {% cache %} begins with {% load cache %}.",
        "After the seconds and the name come arguments: everything that makes the piece another.",
        (
            "Two things differ: the user and the currency. Write user.pk and currency after the name, "
            "and put the piece between {% cache ... %} and {% endcache %}."
        ),
    ],
)


@fragment.cases
def _() -> object:
    return [(piece,) for piece in PIECES]


@fragment.check
def _(run: Run) -> str | None:
    if not isinstance(run.value, str | Template):
        return f"Asked is the text of a template. Yours is {compare.shown(run.value)}."
    (piece,) = run.arguments
    shown: list[Shown] = []
    try:
        template = Template(str(run.value)) if isinstance(run.value, str) else run.value
        for name, currency, after, hit in RENDERINGS:
            user = User.objects.get(username=name) if name else AnonymousUser()
            orders = User.objects.filter(username__lte=name)  # Any rows will do.
            context = {"user": user, "currency": currency, "orders": orders}
            due = Template(piece).render(Context(context)).strip()
            with shift(after), watch("sql", show=False) as seen:
                text = template.render(Context(context)).strip()
            shown.append(Shown(name, currency, after, hit, text, due, len(seen.queries)))
    except Exception as error:  # noqa: BLE001 Whatever is wrong with the template is said.
        return f"Django cannot use your template: {type(error).__name__}: {error}"
    run.value = shown
    for each in shown:
        if each.text != each.due:
            return f"It shows {each.text!r}, and should show {each.due!r}."
        if each.queries and each.hit:
            return f"{each.due!r} was shown before, and made again: it asked the database."
        if not each.queries and not each.hit:
            return f"{each.due!r} is shown for more than ten minutes."
    return None


def first_wrong(run: Run) -> Shown:
    return next(each for each in run.value if each.wrong)


@fragment.mistake(
    "One user reads the box of another. The key of a fragment is its name and the arguments after "
    "it; the user must be one of them. The context has `user`, and no `request`."
)
def box_of_another(run: Run) -> bool:
    each = first_wrong(run)
    return each.text in [other.due for other in run.value if other.user != each.user]


@fragment.mistake("Dollars are shown as euros: the currency must be an argument of the tag, too.")
def other_currency(run: Run) -> bool:
    each = first_wrong(run)
    return each.text in [other.due for other in run.value if other.currency != each.currency]


@fragment.mistake("Ten minutes are 600 seconds. The tag wants seconds.")
def box_other_time(run: Run) -> bool:
    return first_wrong(run).after > 0


@fragment.mistake(
    "The box asks the database each time. Is {% cache %} around it? An argument of the tag that "
    "asks the database, such as orders.count, asks each time, too."
)
def box_not_kept(run: Run) -> bool:
    return all(each.queries and each.text == each.due for each in run.value)


@fragment.right
def with_username(piece: str) -> object:
    return (
        "{% load cache %}{% cache 600 orders currency user.username %}" + piece + "{% endcache %}"
    )


@fragment.right
def over_lines(piece: str) -> object:
    return f"""
    {{% load cache %}}
    {{% cache 600 box user currency using="default" %}}
        {piece}
    {{% endcache %}}"""


@fragment.right
def ready_template(piece: str) -> object:
    return Template(
        f"{{% load cache %}}{{% cache 600 b user.pk currency %}}{piece}{{% endcache %}}"
    )


def boxed(name: str, tag: str) -> Callable[[str], object]:
    """An answer of this name, with this tag around the piece."""

    def answer(piece: str) -> object:
        return "{% load cache %}{% " + tag + " %}" + piece + "{% endcache %}"

    answer.__name__ = name
    return answer


fragment.wrong(box_of_another)(boxed("only_a_name", "cache 600 box"))
fragment.wrong(box_of_another)(boxed("only_the_currency", "cache 600 box currency"))
fragment.wrong(box_of_another)(boxed("by_request", "cache 600 box request.user.pk currency"))
fragment.wrong(box_of_another)(boxed("a_text", 'cache 600 box "user.pk" currency'))
fragment.wrong(other_currency)(boxed("only_the_user", "cache 600 box user.pk"))
fragment.wrong(box_other_time)(boxed("ten_seconds", "cache 10 box user.pk currency"))
fragment.wrong(box_not_kept)(boxed("a_number", "cache 600 box user.pk currency orders.count"))


@fragment.wrong(box_not_kept)
def the_piece_alone(piece: str) -> object:
    return piece


@fragment.wrong("Django cannot use your template: TemplateSyntaxError")
def not_loaded(piece: str) -> object:
    return "{% cache 600 box user.pk currency %}" + piece + "{% endcache %}"


@fragment.wrong("Django cannot use your template: TemplateSyntaxError")
def not_ended(piece: str) -> object:
    return "{% load cache %}{% cache 600 box user.pk currency %}" + piece


# 12.6: forget one card, and no other.

CARD = "{% load cache %}{% cache 600 card product.pk language %}{{ product.name }}{% endcache %}"
LANGUAGES = ("en", "de")
OTHERS = {"basket:2": "two pots", "session:7": "ann"}


def cards() -> Iterator[tuple[int, str, str]]:
    """(pk of the product, language, key) of each card that is kept."""
    for pk in Product.objects.order_by("pk").values_list("pk", flat=True)[:4]:
        for language in LANGUAGES:
            yield pk, language, make_template_fragment_key("card", [pk, language])


forget_card = Exercise(
    "12.6",
    "A new photo on one card",
    minutes=4,
    layers=WEB,
    hints=[
        "The key of a fragment can be computed, from its name and its arguments.",
        (
            "make_template_fragment_key(name, [first argument, second argument]) gives the key. The "
            "arguments are those of the tag, in its order."
        ),
        "There are two cards, one for each language. For both: cache.delete(key).",
    ],
)


@forget_card.cases
def _() -> object:
    cache.set_many(OTHERS, 600)
    products = Product.objects.order_by("pk")[:4]
    for product in products:
        for language in LANGUAGES:
            Template(CARD).render(Context({"product": product, "language": language}))
    return [(products[0],), (products[2],)]


@forget_card.check
def _(run: Run) -> str | None:
    (product,) = run.arguments
    for pk, language, key in cards():
        kept = cache.get(key) is not None
        if pk == product.pk and kept:
            return f"The card of this product in {language!r} is still in the cache."
        if pk != product.pk and not kept:
            return f"The card of another product (pk {pk}, {language!r}) is gone, too."
    gone = [key for key in OTHERS if cache.get(key) is None]
    return f"The entry {gone[0]!r} is gone, and it is no card." if gone else None


def left(run: Run) -> list[str]:
    """The languages of the product's cards that are still there."""
    return [
        lang
        for pk, lang, key in cards()
        if pk == run.arguments[0].pk and cache.get(key) is not None
    ]


@forget_card.mistake(
    "cache.clear() empties everything: the other cards, the baskets, perhaps the sessions of "
    "everybody. Delete by key."
)
def cleared(run: Run) -> bool:
    return all(cache.get(key) is None for key in OTHERS)


@forget_card.mistake(
    "The card of one language is gone, the other one is there: there are two keys."
)
def one_language(run: Run) -> bool:
    return len(left(run)) == 1


@forget_card.mistake(
    "Nothing was deleted: that is another key. Make it with make_template_fragment_key, from the "
    'name "card" and a list of the arguments: product.pk and the language, in this order.'
)
def other_key(run: Run) -> bool:
    return len(left(run)) == len(LANGUAGES)


@forget_card.right
def with_delete_many(product: Any) -> object:
    pairs = [[product.pk, language] for language in ("en", "de")]
    cache.delete_many(make_template_fragment_key("card", pair) for pair in pairs)
    return None


@forget_card.right
def with_texts(product: Any) -> object:
    for language in ["de", "en"]:
        cache.touch(make_template_fragment_key("card", (str(product.id), language)), 0)
    return None


@forget_card.right
async def forgotten_async(product: Any) -> object:
    for language in ["de", "en"]:
        await cache.adelete(make_template_fragment_key("card", [product.pk, language]))
    return "done"


@forget_card.wrong(cleared)
def all_gone(product: Any) -> object:
    cache.clear()
    return None


@forget_card.wrong(one_language)
def english_only(product: Any) -> object:
    cache.delete(make_template_fragment_key("card", [product.pk, "en"]))
    return None


@forget_card.wrong(other_key)
def without_language(product: Any) -> object:
    cache.delete(make_template_fragment_key("card", [product.pk]))
    return None


@forget_card.wrong(other_key)
def other_order(product: Any) -> object:
    for language in LANGUAGES:
        cache.delete(make_template_fragment_key("card", [language, product.pk]))
    return None


@forget_card.wrong(other_key)
def the_object(product: Any) -> object:
    for language in LANGUAGES:
        cache.delete(make_template_fragment_key("card", [product, language]))
    return None


@forget_card.wrong("The card of another product")
def every_card(product: Any) -> object:
    for _, _, key in cards():
        cache.delete(key)
    return None


# 12.7: a sale, and the cache that others fill meanwhile.


def cheapest(category: Category) -> Any:
    """As in the notebook: the lowest price, kept for ten minutes."""
    prices = Product.objects.active().filter(category=category)
    return cache.get_or_set(
        key_of(category), lambda: prices.aggregate(low=Min("price"))["low"], 600
    )


def key_of(category: Category) -> str:
    return f"cheapest:{category.pk}"


@dataclass
class Rest:
    """The rest of the work: other requests come meanwhile, and it may undo everything."""

    category: Category
    undo: bool
    old: Any
    called: int = 0
    atomic: bool = False
    emptied: bool = False

    def __call__(self) -> None:
        self.called += 1
        connection = transaction.get_connection()
        self.atomic = connection.in_atomic_block
        self.another_request()
        if self.undo and self.atomic:
            transaction.set_rollback(True)
        elif self.atomic:
            commit = connection.commit

            def last_moment() -> None:
                leave_alone()
                self.another_request()
                commit()

            connection.commit = last_moment  # type: ignore[method-assign]

    def another_request(self) -> None:
        """It does not see what is not committed: it reads, and keeps, the old price."""
        self.emptied = self.emptied or cache.get(key_of(self.category)) is None
        cache.add(key_of(self.category), self.old, 600)

    def __repr__(self) -> str:
        return "a function that undoes the transaction" if self.undo else "a function"


def leave_alone() -> None:
    """Take back what Rest did to the connection, if it did."""
    vars(transaction.get_connection()).pop("commit", None)


def prices_of(category: Category) -> list[Any]:
    found = Product.objects.filter(category=category, is_active=True)
    return list(found.values_list("price", flat=True))


BEFORE: dict[int, Any] = {}


def off_offer() -> None:
    """a product of the category is no longer on offer"""
    Product.objects.filter(pk=Product.objects.get(sku="HER-001").pk).update(is_active=False)


sale = Exercise(
    "12.7",
    "A sale, and nobody sees the old price",
    minutes=6,
    layers=("sql", "cache"),
    commits=True,
    changes=[off_offer],
    hints=[
        (
            "An atomic block around update() and rest(). What is left is the right moment to "
            "delete the key."
        ),
        (
            "If the key goes before the commit, another request puts the old price back: rest() shows "
            "it. So delete it after the commit."
        ),
        (
            "transaction.on_commit() takes a function without arguments, and calls it after the commit: "
            "lambda: cache.delete(...). Not cache.delete(...) itself: that would delete at once."
        ),
    ],
)


@sale.cases
def _() -> object:
    leave_alone()
    BEFORE.clear()
    BEFORE.update(Product.objects.values_list("pk", "price"))
    category = Product.objects.get(sku="HER-002").category
    cache.set_many(OTHERS, 600)
    cache.delete(key_of(category))
    old = cheapest(category)
    price = round(old + 1, 2)
    return [(category, price, Rest(category, undo, old)) for undo in (False, True)]


@sale.check
def _(run: Run) -> str | None:
    category, price, rest = run.arguments
    leave_alone()
    if rest.called != 1:
        return f"rest() should be called once; it was called {rest.called} times."
    if not rest.atomic:
        return "rest() was called outside the transaction: call it inside the atomic block."
    sold = Product.objects.filter(category=category, is_active=True)
    for product in Product.objects.all():
        due = price if product in sold and not rest.undo else BEFORE[product.pk]
        if product.price != due:
            return f"The price of {product.sku} is {product.price}, and should be {due}."
    lowest = min(prices_of(category))
    if cheapest(category) != lowest:
        return f"cheapest(category) says {cheapest(category)}; the lowest price is {lowest}."
    gone = [key for key in OTHERS if cache.get(key) is None]
    return f"The entry {gone[0]!r} of the cache is gone." if gone else None


@sale.mistake(
    "on_commit() wants a function, to call it later. cache.delete(...) runs at once, and what is "
    "handed over is True or False. Write lambda: cache.delete(...)."
)
def called_at_once(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "callable" in str(run.error)


@sale.mistake(
    "rest() may undo the transaction, and then it takes no more queries. Give the prices first, and "
    "call rest() after them."
)
def rest_too_early(run: Run) -> bool:
    return type(run.error).__name__ == "TransactionManagementError"


def is_stale(run: Run) -> bool:
    category, _, rest = run.arguments
    return bool(
        run.error is None
        and rest.atomic
        and not rest.undo
        and prices_of(category)
        and cheapest(category) == rest.old
    )


@sale.mistake(
    "You emptied the cache before the commit. Another request came, saw the old price, and the "
    "cache keeps it now. Delete the key after the commit: transaction.on_commit()."
)
def too_early(run: Run) -> bool:
    return is_stale(run) and run.arguments[2].emptied


@sale.mistake(
    'The cache still has the old price: nobody deleted its key, f"cheapest:{category.pk}". A '
    "signal does not do it for you, and update() sends none."
)
def not_deleted(run: Run) -> bool:
    return is_stale(run) and not run.arguments[2].emptied


@sale.mistake(
    "rest() has undone the sale, and the cache says the new price. What is not committed must not "
    "go into the cache."
)
def told_too_soon(run: Run) -> bool:
    category, price, rest = run.arguments
    return rest.undo and rest.atomic and cheapest(category) == price


@sale.mistake(
    "Other products have the new price, too: the sale is for active products of this category."
)
def too_many_sold(run: Run) -> bool:
    category, price, _ = run.arguments
    others = Product.objects.exclude(category=category, is_active=True).filter(price=price)
    return any(BEFORE[product.pk] != price for product in others)


@sale.mistake("cache.clear() empties everything, the baskets as well. Delete one key.")
def cleared_for_a_sale(run: Run) -> bool:
    return run.error is None and all(cache.get(key) is None for key in OTHERS)


@sale.right
def deleted_afterwards(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        Product.objects.active().filter(category=category).update(price=price)
        rest()
    cache.delete(f"cheapest:{category.pk}")


@sale.right
def told_first(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        transaction.on_commit(partial(cache.delete, f"cheapest:{category.pk}"))
        for product in category.products.filter(is_active=True):
            product.price = price
            product.save(update_fields=["price"])
        rest()


@sale.right
def replaced_on_commit(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        Product.objects.filter(category=category, is_active=True).update(price=price)
        rest()
        transaction.on_commit(lambda: cache.set(f"cheapest:{category.pk}", price, 600))


def sold(category: Any, price: Any) -> None:
    Product.objects.active().filter(category=category).update(price=price)


@sale.wrong(called_at_once)
def on_commit_now(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        transaction.on_commit(cache.delete(key_of(category)))  # type: ignore[arg-type]
        rest()


@sale.wrong(rest_too_early)
def rest_first(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        rest()
        sold(category, price)
        transaction.on_commit(lambda: cache.delete(key_of(category)))


@sale.wrong(too_early)
def inside(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        cache.delete(key_of(category))
        rest()


@sale.wrong(too_early)
def inside_at_the_end(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        rest()
        cache.delete(key_of(category))


@sale.wrong(too_early)
def before_all(category: Any, price: Any, rest: Any) -> None:
    cache.delete(key_of(category))
    with transaction.atomic():
        sold(category, price)
        rest()


@sale.wrong(not_deleted)
def trusting(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        rest()


@sale.wrong(told_too_soon)
def written_inside(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        cache.set(key_of(category), price, 600)
        rest()


@sale.wrong(told_too_soon)
def written_in_any_case(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        rest()
    cache.set(key_of(category), price, 600)


@sale.wrong(cleared_for_a_sale)
def cleared_on_commit(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        transaction.on_commit(cache.clear)
        rest()


@sale.wrong("rest() was called outside the transaction")
def without_transaction(category: Any, price: Any, rest: Any) -> None:
    sold(category, price)
    rest()
    cache.delete(key_of(category))


@sale.wrong("rest() should be called once")
def without_rest(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        transaction.on_commit(lambda: cache.delete(key_of(category)))


@sale.wrong(too_many_sold)
def all_products(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        Product.objects.update(price=price)
        transaction.on_commit(lambda: cache.delete(key_of(category)))
        rest()


# 12.8: 304 before the work.


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
def _() -> object:
    PRICE_LIST[:] = [PriceList()]
    return [PRICE_LIST[0].functions()]


@not_modified.check
def _(run: Run) -> str | None:
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


# 12.9: the test with two browsers.

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
def _() -> object:
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
def _(addresses: list[str], name: str, ann: Client, ben: Client) -> object:
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


# 12.10: one makes it, the others wait.

THREADS = 8


@dataclass
class Report:
    """A slow function; it can be told to fail once. It counts its calls."""

    made: int = 0
    fails: bool = False

    def __call__(self) -> str:
        self.made += 1
        if self.fails:
            self.fails = False
            raise ConnectionError("the database does not answer")
        number = self.made
        time.sleep(0.03)
        return f"report {number}"

    def __repr__(self) -> str:
        return "a slow function"


def at_once(read: Callable[[], Any], number: int = 1, limit: float = 0.5) -> list[Any]:
    """What so many threads get that call read() at one moment: values, errors, or "waiting"."""
    got: list[Any] = ["waiting"] * number
    start = Barrier(number)

    def visit(place: int) -> None:
        start.wait(2)
        try:
            got[place] = read()
        except BaseException as error:  # noqa: BLE001 It is what the visitor gets.
            got[place] = error

    threads = [Thread(target=visit, args=[place], daemon=True) for place in range(number)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + limit
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
    came = list(got)
    if "waiting" in came:
        end = time.monotonic() + 0.5
        while any(thread.is_alive() for thread in threads) and time.monotonic() < end:
            cache.clear()  # Whatever they wait for, a lock or a value: it is gone, and they end.
            time.sleep(0.01)
    return came


stampede = Exercise(
    "12.10",
    "One makes it, seven wait",
    minutes=8,
    layers=("sql",),
    hints=[
        "Section 9 of the lesson has the shape: look, try to get the lock, else wait and look again.",
        (
            'cache.add("report.lock", 1, 10) is True for one only. Whoever gets False sleeps for a few '
            "milliseconds, and begins again at the top of the loop."
        ),
        (
            "try: cache.get_or_set(...) finally: cache.delete(the lock). The finally frees the lock also "
            "when make() raises."
        ),
    ],
)


@stampede.cases
def _() -> object:
    return [(Report(),)]


@dataclass
class Crowd:
    """What came out: the first rush, how often it was made, one visit later, after a failure."""

    rush: list[Any]
    made: int
    later: list[Any] = field(default_factory=list)
    made_later: int = 0
    failed: list[Any] = field(default_factory=list)
    again: list[Any] = field(default_factory=list)


@stampede.check
def _(run: Run) -> str | None:
    (make,) = run.arguments
    read = run.value
    if not callable(read):
        return f"Asked is a function, read(). Yours returned {compare.shown(read)}."
    rush = at_once(read, THREADS, limit=1)
    made = make.made
    if "waiting" in rush:
        run.value = Crowd(rush, made)
        return "After a second some visitors still wait."
    with shift(55):
        later = at_once(read)
    made_later = make.made - made
    with shift(61):
        make.fails = True
        failed = at_once(read)
        again = at_once(read)
    run.value = Crowd(rush, made, later, made_later, failed, again)
    if made != 1:
        return f"{THREADS} came at once, and make() ran {made} times."
    if rush != ["report 1"] * THREADS:
        return f"Not everybody got the report: {compare.shown(rush)}."
    if later != ["report 1"] or made_later:
        return f"A visitor who came 55 seconds later got {compare.shown(later[0])}."
    if not isinstance(failed[0], ConnectionError):
        return f"After 61 seconds make() raised, and read() gave {compare.shown(failed[0])}."
    if again == ["waiting"]:
        return "make() raised once. The next visitor waits for ever."
    if again != ["report 3"]:
        return f"make() raised once. The next visitor got {compare.shown(again[0])}."
    return None


@stampede.mistake(
    "Whoever finds the lock taken gets nothing. It must wait a little, and look again."
)
def nothing_for_others(run: Run) -> bool:
    return None in run.value.rush


@stampede.mistake(
    "Nothing stops the second visitor from making the report while the first one does. Only one may: "
    "the one whose cache.add(...) of a lock is True."
)
def no_lock(run: Run) -> bool:
    return run.value.made > 1 and "waiting" not in run.value.rush


@stampede.mistake(
    "The report is made again for each visitor. Put it into the cache for 60 seconds."
)
def report_not_kept(run: Run) -> bool:
    return run.value.made == 1 and run.value.made_later > 0


@stampede.mistake(
    "Somebody has the lock and does not give it back, so the others wait for nobody. Delete it when "
    "the report is made, and also when make() raises: in a finally."
)
def lock_kept(run: Run) -> bool:
    return "waiting" in run.value.again or "waiting" in run.value.rush


@stampede.mistake("The report lives for 60 seconds; after 61 it must be made again.")
def kept_too_long(run: Run) -> bool:
    return run.value.failed == ["report 1"]


@stampede.right
def with_a_recheck(make: Callable[[], Any]) -> object:
    def read() -> Any:
        while True:
            if (value := cache.get("report")) is not None:
                return value
            if cache.add("making", True, 30):
                break
            time.sleep(0.002)
        try:
            value = cache.get("report")
            if value is None:
                value = make()
                cache.set("report", value, 60)
            return value
        finally:
            cache.delete("making")

    return read


@stampede.right
def lock_of_python(make: Callable[[], Any]) -> object:
    lock = Lock()

    def read() -> Any:
        with lock:
            return cache.get_or_set("report", make, 60)

    return read


@stampede.right
def counted(make: Callable[[], Any]) -> object:
    def read() -> Any:
        while (value := cache.get("report")) is None:
            cache.add("makers", 0, 30)
            try:
                if cache.incr("makers") == 1:
                    cache.get_or_set("report", make, 60)
            finally:
                cache.decr("makers")
            time.sleep(0.001)
        return value

    return read


@stampede.wrong(no_lock)
def only_get_or_set(make: Callable[[], Any]) -> object:
    return lambda: cache.get_or_set("report", make, 60)


@stampede.wrong(no_lock)
def looked_and_made(make: Callable[[], Any]) -> object:
    def read() -> Any:
        if (value := cache.get("report")) is None:
            value = make()
            cache.set("report", value, 60)
        return value

    return read


@stampede.wrong(nothing_for_others)
def no_waiting(make: Callable[[], Any]) -> object:
    def read() -> Any:
        if cache.get("report") is None and cache.add("lock", 1, 10):
            try:
                cache.set("report", make(), 60)
            finally:
                cache.delete("lock")
        return cache.get("report")

    return read


@stampede.wrong(lock_kept)
def without_finally(make: Callable[[], Any]) -> object:
    def read() -> Any:
        while (value := cache.get("report")) is None:
            if cache.add("lock", 1, 10):
                cache.get_or_set("report", make, 60)
                cache.delete("lock")
            time.sleep(0.002)
        return value

    return read


@stampede.wrong(lock_kept)
def never_given_back(make: Callable[[], Any]) -> object:
    def read() -> Any:
        while not cache.add("lock", 1, 10):
            time.sleep(0.002)
        return cache.get_or_set("report", make, 60)

    return read


@stampede.wrong(kept_too_long)
def for_an_hour(make: Callable[[], Any]) -> object:
    lock = Lock()

    def read() -> Any:
        with lock:
            return cache.get_or_set("report", make, 3600)

    return read


@stampede.wrong(report_not_kept)
def shared_for_a_moment(make: Callable[[], Any]) -> object:
    lock = Lock()

    def read() -> Any:
        with lock:
            return cache.get_or_set("report", make, 0.5)

    return read


@stampede.wrong("Asked is a function, read().")
def called_already(make: Callable[[], Any]) -> object:
    return cache.get_or_set("report", make, 60)
