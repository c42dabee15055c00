"""Chapter 11, caching the tools: what right means, and what mistakes say."""

from __future__ import annotations

import builtins
import hashlib
import json
import pickle
import unittest
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import lru_cache
from io import StringIO
from itertools import count
from threading import Event
from types import MethodType, SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import quote

from django.core.cache import cache, caches
from django.db.models import Count, Model, QuerySet, Sum
from django.test import SimpleTestCase, TestCase, override_settings
from django.utils.functional import SimpleLazyObject, cached_property
from shop.models import Category, Customer, Product, Review

import glass.sandbox.caches
from glass import watch
from tutor.checks import Exercise, Prediction, Run
from tutor.judge import compare

TEN_MINUTES = 600
LAYERS = ("sql", "cache")


def once_more(run: Run, *arguments: Any) -> Run:
    """Call the answer again. An exception that comes out of it is that of the run."""
    second = run.again(*arguments)
    if second.error is not None:
        run.seen, run.error = second.seen, second.error
        raise RuntimeError from second.error
    return second


def of_the_second(run: Run, second: Run, sentence: str) -> str:
    """The sentence, with what the second call did as well."""
    run.seen.events += second.seen.events
    return sentence


def empty(run: Run) -> None:
    """Empty all caches, but nobody else's: clear() of a Redis takes everything that is there."""
    glass.sandbox.caches.clear()
    for alias in {call.alias for call in run.seen.cache} & {"database"}:
        caches[alias].clear()


def not_ten_minutes(run: Run) -> str | None:
    """What is wrong with the time limits of what was kept."""
    for call in run.seen.cache:
        if not call.size or call.timeout == TEN_MINUTES:
            continue
        if call.timeout is None:
            return "It is kept for ever (timeout None). Asked are ten minutes: 600 seconds."
        return (
            f"It is kept for {call.timeout:g} seconds. Ten minutes are 600; the default is 300, "
            "and timeout=0 keeps nothing."
        )
    return None


# 11.1: timeouts, None, versions.

hits = Prediction(
    "11.1",
    "Predict: hit or miss?",
    minutes=3,
    layers=("cache",),
    hints=[
        "Go from line to line, and note for each key whether it is there.",
        "Two of the values have the timeout 0, and one a version that is not 1.",
        "add() writes only where nothing is. And a value of None is a value.",
    ],
    because="a is there: add() found something, so it wrote nothing, and its timeout 0 does not "
    "count. b: timeout 0 keeps nothing. c: None is a value, and `in` finds it. d: the timeout "
    "None is for ever. e is there in version 2 only. f: touch() with 0 ends its time.",
    wrong={
        2: "Is it c? None is a value like any other: `in` finds it.",
        4: "One too many: look at e, which has another version, and at f, which is touched with 0.",
        5: "Two too many: look for timeouts of 0, in set() and in touch(), and for the version.",
        6: "Not all of them: timeout 0 keeps nothing, and version 2 is not version 1.",
    },
    fact=lambda run: run.value,
)


# 11.2: zero is a value.


def one_more_review() -> None:
    """a product has one more review"""
    review(reviewed())


def reviewed() -> Product:
    return Product.objects.alias(reviews=Count("review")).filter(reviews__gt=1).earliest("pk")


def review(product: Product) -> None:
    author = Customer.objects.exclude(review__product=product).earliest("pk")
    Review.objects.create(product=product, customer=author, rating=4, written_on="2026-03-02")


count_kept = Exercise(
    "11.2",
    "No review is a number, too",
    minutes=5,
    layers=LAYERS,
    changes=[one_more_review],
    hints=[
        "Which key? The number depends on the product, so the product stands in it.",
        "0 is a value. Tell a miss by a default that is no number, or let Django do it.",
        "cache.get_or_set() takes a key, a function that counts, and the seconds.",
    ],
)


@count_kept.cases
def _() -> object:
    return [(reviewed(),), (Product.objects.filter(review=None).earliest("pk"),)]


@count_kept.expects
def _(product: Product) -> object:
    return Review.objects.filter(product=product.pk).count()


@count_kept.check
def _(run: Run) -> str | None:
    (product,) = run.arguments
    review(product)
    second = once_more(run, product)
    if second.queries and run.value == 0 and any(call.size for call in run.seen.cache):
        return of_the_second(
            run,
            second,
            "The 0 is kept, but when your function finds it, it takes it for a miss and asks "
            "again. Tell a miss by a default of your own, or with get_or_set().",
        )
    if second.queries:
        return of_the_second(
            run, second, "Called again for the same product, your function asks the database again."
        )
    if second.value != run.value:
        return of_the_second(
            run, second, f"The second call gives {second.value!r}, the first gave {run.value!r}."
        )
    other = Product.objects.exclude(pk=product.pk).exclude(review=None).latest("review__pk")
    Product.objects.filter(pk=other.pk).update(name=product.name)
    other.refresh_from_db()
    third = once_more(run, other)
    if third.value != Review.objects.filter(product=other).count():
        return of_the_second(
            run,
            third,
            f"Called for {other.sku} afterwards, it returns the number of another product. What "
            "tells products apart must be in the key: the primary key, or the SKU.",
        )
    empty(run)
    fourth = once_more(run, product)
    if fourth.value != run.value + 1:
        return "The cache was emptied, and still the old number came. Keep it in Django's cache."
    return not_ten_minutes(run)


@count_kept.mistake("cache.get() gives None where nothing is. Count then, and keep the number.")
def none_returned(run: Run) -> bool:
    return run.value is None and run.error is None


@count_kept.right
def with_sentinel(product: Product) -> object:
    missing = object()
    number = cache.get(f"reviews:{product.pk}", missing)
    if number is missing:
        number = product.review_set.count()
        cache.set(f"reviews:{product.pk}", number, TEN_MINUTES)
    return number


@count_kept.right
def none_is_no_number(product: Product) -> object:
    number = cache.get(f"reviews:{product.sku}")
    if number is None:
        number = len(Review.objects.filter(product=product))
        cache.set(f"reviews:{product.sku}", number, timeout=60 * 10)
    return number


@count_kept.right
def asked_first(product: Product) -> object:
    key = f"reviews:{product.pk}"
    if key not in cache:
        cache.add(key, product.review_set.count(), 600)
    return cache.get(key)


@count_kept.right
async def kept_async(product: Product) -> object:
    key = f"reviews:{product.pk}"
    number = await cache.aget(key)
    if number is None:
        number = await product.review_set.acount()
        await cache.aset(key, number, 600)
    return number


@count_kept.right
def in_redis(product: Product) -> object:
    reviews = Review.objects.filter(product=product)
    return caches["redis"].get_or_set(f"reviews:{product.pk}", reviews.count, 600)


@count_kept.wrong("The 0 is kept, but when your function finds it")
def if_not(product: Product) -> object:
    number = cache.get(f"reviews:{product.pk}")
    if not number:
        number = product.review_set.count()
        cache.set(f"reviews:{product.pk}", number, 600)
    return number


@count_kept.wrong("The 0 is kept, but when your function finds it")
def with_or(product: Product) -> object:
    def count() -> int:
        number = product.review_set.count()
        cache.set(f"reviews:{product.pk}", number, 600)
        return number

    return cache.get(f"reviews:{product.pk}") or count()


@count_kept.wrong("asks the database again")
def value_in_place_of_function(product: Product) -> object:
    return cache.get_or_set(f"reviews:{product.pk}", product.review_set.count(), 600)


@count_kept.wrong("asks the database again")
def nothing_kept(product: Product) -> object:
    return product.review_set.count()


@count_kept.wrong("returns the number of another product")
def one_key_for_all(product: Product) -> object:
    return cache.get_or_set("reviews", product.review_set.count, 600)


@count_kept.wrong("asks the database again")
def timeout_zero(product: Product) -> object:
    return cache.get_or_set(f"reviews:{product.pk}", product.review_set.count, 0)


@count_kept.wrong("It is kept for ever")
def for_ever(product: Product) -> object:
    return cache.get_or_set(f"reviews:{product.pk}", product.review_set.count, None)


@count_kept.wrong("It is kept for 300 seconds")
def no_timeout(product: Product) -> object:
    return cache.get_or_set(f"reviews:{product.pk}", product.review_set.count)


@count_kept.wrong(none_returned)
def only_read(product: Product) -> object:
    return cache.get(f"reviews:{product.pk}")


_numbers: dict[int, int] = {}


@count_kept.wrong("Keep it in Django's cache")
def in_a_dictionary(product: Product) -> object:
    if product.pk not in _numbers:
        _numbers[product.pk] = product.review_set.count()
    return _numbers[product.pk]


# 11.3: keys.

SEARCHES: list[tuple[int | None, str, int]] = [
    (3, "lemon tree", 1),
    (3, "lemon  tree", 1),
    (3, "Lemon tree", 1),
    (3, "lemon tree", 2),
    (4, "lemon tree", 1),
    (None, "lemon tree", 1),
    (3, "", 1),
    (3, "tomato \N{TOMATO}", 1),
    (3, "tomato \N{HERB}", 1),
    (3, "x" * 500, 1),
    (3, "x" * 499 + "y", 1),
    (1, "2", 34),
    (12, "", 34),
    (1, "23", 4),
    (1, "2:3", 4),
    (1, "2", 3),
    (None, "3:lemon tree", 1),
    (3, "\N{LATIN SMALL LETTER E WITH ACUTE}t\N{LATIN SMALL LETTER E WITH ACUTE}", 1),
    (3, "t", 1),
]

search_key = Exercise(
    "11.3",
    "A key for each search",
    minutes=6,
    layers=(),
    hints=[
        "Two of the three are harmless. The words are not: too long, with blanks, in any script.",
        "A digest turns a text of any length into one of fixed length: hashlib.sha256().",
        "sha256() wants bytes: words.encode(). Its hexdigest() gives visible signs.",
    ],
)


@search_key.cases
def _() -> object:
    return [SEARCHES[0]]


def shown(search: tuple[int | None, str, int]) -> str:
    category, words, page = search
    if len(words) > 40:
        words = f"{words[:5]}...{words[-5:]}"
    return f"({category}, {words!r}, {page})"


def bad_key(key: Any, search: tuple[int | None, str, int]) -> str | None:
    if not isinstance(key, str):
        return f"A key is a text. For {shown(search)} yours is {compare.shown(key)}."
    if not key.startswith("shop.search"):
        return f'The key for {shown(search)} does not begin with "shop.search": {key[:60]!r}.'
    if len(key) > 200:
        return f"The key for {shown(search)} has {len(key)} signs. At most 200 are asked for."
    if not all("!" <= sign <= "~" for sign in key):
        return (
            f"The key for {shown(search)} has a sign that is not visible ASCII: {key[:60]!r}. "
            "What a visitor typed cannot stand in a key as it is."
        )
    return None


@search_key.check
def _(run: Run) -> str | None:
    if sentence := bad_key(run.value, SEARCHES[0]):
        return sentence
    keys: dict[str, tuple[int | None, str, int]] = {}
    for search in SEARCHES:
        key = once_more(run, *search).value
        if sentence := bad_key(key, search):
            return sentence
        if key in keys:
            return (
                f"{shown(keys[key])} and {shown(search)} have the same key, {key[:60]!r}. "
                "So one visitor gets what another one searched for."
            )
        keys[key] = search
    for key, (category, words, page) in keys.items():
        equal = "".join(list(words))  # another object with the same signs
        if once_more(run, category, equal, page).value != key:
            return "Called twice with the same search, your function returns two keys."
    with mock.patch.object(builtins, "hash", lambda value: 7_777_777):
        for key, search in keys.items():
            if once_more(run, *search).value != key:
                return (
                    "hash() of a text is another number in each process: nobody else would find "
                    "the key. hashlib has digests that are the same everywhere."
                )
    return None


@search_key.right
def of_everything(category: int | None, words: str, page: int) -> object:
    text = json.dumps([category, words, page])
    return "shop.search:" + hashlib.sha256(text.encode()).hexdigest()


@search_key.right
def of_repr(category: int | None, words: str, page: int) -> object:
    return f"shop.search.{hashlib.md5(repr((category, words, page)).encode()).hexdigest()}"


@search_key.right
def long_ones_only(category: int | None, words: str, page: int) -> object:
    words = quote(words)
    if len(words) > 100:
        words = "sha1:" + hashlib.sha1(words.encode()).hexdigest()
    return f"shop.search:{category}:{page}:{words}"


@search_key.wrong("has a sign that is not visible ASCII")
def as_it_is(category: int | None, words: str, page: int) -> object:
    return f"shop.search:{category}:{words}:{page}"


@search_key.wrong("hash() of a text is another number in each process")
def with_hash(category: int | None, words: str, page: int) -> object:
    return f"shop.search:{category}:{hash(words)}:{page}"


@search_key.wrong("At most 200 are asked for")
def quoted(category: int | None, words: str, page: int) -> object:
    return f"shop.search:{category}:{quote(words)}:{page}"


@search_key.wrong("have the same key")
def cut_off(category: int | None, words: str, page: int) -> object:
    return f"shop.search:{category}:{page}:{quote(words)}"[:200]


@search_key.wrong("have the same key")
def blanks_replaced(category: int | None, words: str, page: int) -> object:
    text = "-".join(words.split()).encode()
    return f"shop.search:{category}:{hashlib.sha256(text).hexdigest()}:{page}"


@search_key.wrong("have the same key")
def small_letters(category: int | None, words: str, page: int) -> object:
    digest = hashlib.sha256(words.lower().encode()).hexdigest()
    return f"shop.search:{category}:{digest}:{page}"


@search_key.wrong("Called twice with the same search")
def random_key(category: int | None, words: str, page: int) -> object:
    return f"shop.search:{category}:{uuid.uuid4()}:{page}"


@search_key.wrong("A key is a text")
def as_a_tuple(category: int | None, words: str, page: int) -> object:
    return ("shop.search", category, words, page)


# 11.4: a counter.

LOOKS = ("get", "get_many", "has_key")


def somebody_else[Result](does: Callable[[], Result]) -> Result:
    """Do it in a thread of its own, with an event loop of its own if it needs one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(does).result()


@contextmanager
def interrupted(by: Callable[[], object], *looks: str, after: int = 1) -> Iterator[list[Any]]:
    """Do it once, at the moment when the code has called these methods of the cache so often.

    Gives a list that is empty when that moment has come.
    """
    waiting = [by]
    calls = count(1)

    def between(look: Callable[..., Any]) -> Any:
        def looked(self: Any, *args: Any, **named: Any) -> Any:
            try:
                return look(*args, **named)
            finally:
                if next(calls) == after:
                    somebody_else(waiting.pop())

        return MethodType(looked, caches["default"])

    backend = caches["default"]
    with ExitStack() as stack:
        for look in looks:
            stack.enter_context(mock.patch.object(backend, look, between(getattr(backend, look))))
        yield waiting


views = Exercise(
    "11.4",
    "How often was it looked at?",
    minutes=5,
    layers=LAYERS,
    hints=[
        "Who reads a number, adds one and writes it, loses what another one wrote in between.",
        "incr() counts in one step, but the number must be there before.",
        "add() makes the first number, and only where none is. Give it the timeout None.",
    ],
)


@views.cases
def _() -> object:
    return [(Product.objects.earliest("pk"),)]


@views.check
def _(run: Run) -> str | None:
    (product,) = run.arguments
    if run.value != 1:
        return f"The first view is number 1. Your function returned {compare.shown(run.value)}."
    second = once_more(run, product)
    if second.value != 2:
        return of_the_second(
            run, second, f"The second view is number 2, and yours is {second.value!r}."
        )
    other = Product.objects.latest("pk")
    if (found := once_more(run, other).value) != 1:
        return (
            f"{product} was viewed twice, {other} now once, and its number is {found}. Each "
            "product needs a key of its own."
        )
    with interrupted(lambda: once_more(run, product), *LOOKS, "incr") as waiting:
        once_more(run, product)
    if (found := once_more(run, product).value) != 5 - len(waiting):
        return (
            "Two visitors came at the same moment: the second one was counted between the line "
            f"where the first one looked and the line where it wrote. There should be 5 views, "
            f"and there are {found}. add() and incr() look and write in one step."
        )
    empty(run)
    with interrupted(lambda: once_more(run, product), *LOOKS, "incr") as waiting:
        once_more(run, product)
    if (found := once_more(run, product).value) != 3 - len(waiting):
        return (
            "The first two visitors of a product came at the same moment. Both found nothing, "
            f"and both began to count. There should be 3 views, and there are {found}. Begin "
            "with add(): only one of the two will write."
        )
    if any(call.size and call.timeout is not None for call in run.seen.cache):
        return (
            "The counter ends by itself after a time, and begins anew. Give it the timeout None. "
            "(Without one, it is the default: 300 seconds.)"
        )
    return None


@views.mistake(
    "incr() raises ValueError where there is no number yet. Make the first one with add()."
)
def nothing_to_count(run: Run) -> bool:
    return isinstance(run.error, ValueError) and "not found" in str(run.error)


@views.mistake("get() gives None where there is no number yet, and None + 1 is an error.")
def none_and_one(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "NoneType" in str(run.error)


@views.right
def got_or_set(product: Product) -> object:
    cache.get_or_set(f"views:{product.sku}", 0, timeout=None)
    return cache.incr(f"views:{product.sku}", 1)


@views.right
def one_or_more(product: Product) -> object:
    key = f"views:{product.pk}"
    return 1 if cache.add(key, 1, None) else cache.incr(key)


@views.right
async def counted_async(product: Product) -> object:
    await cache.aadd(f"views:{product.pk}", 0, None)
    return await cache.aincr(f"views:{product.pk}")


@views.wrong(nothing_to_count)
def incr_alone(product: Product) -> object:
    return cache.incr(f"views:{product.pk}")


@views.wrong(none_and_one)
def get_alone(product: Product) -> object:
    number: Any = cache.get(f"views:{product.pk}")
    cache.set(f"views:{product.pk}", number + 1, None)
    return number + 1


@views.wrong("add() and incr() look and write in one step")
def get_and_set(product: Product) -> object:
    number = cache.get(f"views:{product.pk}", 0) + 1
    cache.set(f"views:{product.pk}", number, None)
    return number


@views.wrong("Begin with add()")
def set_where_missing(product: Product) -> object:
    key = f"views:{product.pk}"
    if key not in cache:
        cache.set(key, 0, None)
    return cache.incr(key)


@views.wrong("Begin with add()")
def set_after_error(product: Product) -> object:
    key = f"views:{product.pk}"
    try:
        return cache.incr(key)
    except ValueError:
        cache.set(key, 1, None)
        return 1


@views.wrong("needs a key of its own")
def one_for_all(product: Product) -> object:
    cache.add("views", 0, None)
    return cache.incr("views")


@views.wrong("begins anew. Give it the timeout None")
def five_minutes(product: Product) -> object:
    cache.add(f"views:{product.pk}", 0)
    return cache.incr(f"views:{product.pk}")


# 11.5: many at once.

SKUS = ["HER-001", "HER-002", "HER-003", "HER-004", "HER-005", "HER-006"]
KEPT = {"HER-001": Decimal("1.11"), "HER-004": Decimal(0)}


def some_are_kept() -> None:
    """the cache has two of the prices, one of them 0"""
    for sku, price in KEPT.items():
        cache.set(f"shop.price:{sku}", price, 1000)


def all_are_kept() -> None:
    """the cache has all the prices"""
    for number, sku in enumerate(SKUS):
        cache.set(f"shop.price:{sku}", Decimal(number), 1000)


def dearer() -> None:
    """one of the products is dearer"""
    Product.objects.filter(sku=SKUS[2]).update(price=Decimal("99.00"))


basket = Exercise(
    "11.5",
    "The prices of a basket",
    minutes=7,
    queries=1,
    layers=LAYERS,
    changes=[some_are_kept, all_are_kept, dearer],
    hints=[
        "get_many() asks for all the keys at once. It gives a dictionary of those that are there.",
        "What is not in this dictionary is missing. Read those, with one filter(sku__in=...).",
        "set_many() keeps {key: value, ...}; its second argument is the time in seconds.",
    ],
)


@basket.cases
def _() -> object:
    return [(list(SKUS),)]


@basket.expects
def _(skus: list[str]) -> object:
    rows = dict(Product.objects.filter(sku__in=skus).values_list("sku", "price"))
    return {sku: cache.get(f"shop.price:{sku}", rows[sku]) for sku in skus}


@basket.check
def _(run: Run) -> str | None:
    found = {sku: cache.get(f"shop.price:{sku}") for sku in SKUS}
    if found != run.expected:
        return (
            'Afterwards not all the prices are in the cache, under the keys "shop.price:" + sku. '
            f"There is: {compare.shown({sku: price for sku, price in found.items() if price})}."
        )
    stored = [key for call in run.seen.cache if call.size for key in call.keys]
    fresh = [sku for sku in SKUS if f"shop.price:{sku}" in stored]
    if not fresh and run.queries:
        return "All the prices were in the cache, and your function asked the database."
    if len(run.seen.cache) > 3:
        return (
            f"Your function called the cache {len(run.seen.cache)} times for {len(SKUS)} SKUs. "
            "get_many() and set_many() take all of them in one journey."
        )
    return not_ten_minutes(run)


@basket.mistake(
    "A price of 0 is a price. Ask whether the key is there, not whether its value is true."
)
def zero_taken_for_missing(run: Run) -> bool:
    return bool(
        run.expected.get("HER-004") == 0
        and run.value["HER-004"] != 0
        and run.value["HER-001"] == run.expected["HER-001"]
    )


@basket.mistake("Prices that are in the cache are to be taken from there.")
def cache_not_asked(run: Run) -> bool:
    return bool(run.value.keys() == run.expected.keys() and run.value != run.expected)


@basket.mistake("The keys of your dictionary are those of the cache. Asked are the SKUs.")
def keys_of_the_cache(run: Run) -> bool:
    return any(str(key).startswith("shop.price:") for key in run.value)


@basket.mistake(
    "What the cache does not have is missing in your result. Read it from the database."
)
def only_from_the_cache(run: Run) -> bool:
    return bool(run.value.keys() < run.expected.keys())


@basket.mistake("One query for each SKU: filter(sku__in=...) reads all that are missing at once.")
def one_by_one(run: Run) -> bool:
    return run.queries > 1 and run.error is None


@basket.right
def row_by_row(skus: list[str]) -> object:
    kept = cache.get_many([f"shop.price:{sku}" for sku in skus])
    result = {key.partition(":")[2]: price for key, price in kept.items()}
    if rest := set(skus) - result.keys():
        rows = Product.objects.filter(sku__in=rest)
        new = {f"shop.price:{product.sku}": product.price for product in rows}
        cache.set_many(new, timeout=600)
        result |= {key.partition(":")[2]: price for key, price in new.items()}
    return result


@basket.right
async def baskets_async(skus: list[str]) -> object:
    kept = await cache.aget_many([f"shop.price:{sku}" for sku in skus])
    missing = [sku for sku in skus if f"shop.price:{sku}" not in kept]
    if missing:
        rows = Product.objects.filter(sku__in=missing)
        new = {f"shop.price:{row.sku}": row.price async for row in rows}
        await cache.aset_many(new, 600)
        kept |= new
    return {sku: kept[f"shop.price:{sku}"] for sku in skus}


def _one(sku: str) -> Decimal:
    return Product.objects.get(sku=sku).price


@basket.wrong(one_by_one)
def loop(skus: list[str]) -> object:
    return {
        sku: cache.get_or_set(f"shop.price:{sku}", lambda sku=sku: _one(sku), 600) for sku in skus
    }


@basket.wrong("take all of them in one journey")
def loop_of_gets(skus: list[str]) -> object:
    missing_one = object()
    found = {sku: cache.get(f"shop.price:{sku}", missing_one) for sku in skus}
    missing = [sku for sku, price in found.items() if price is missing_one]
    if missing:
        rows = dict(Product.objects.filter(sku__in=missing).values_list("sku", "price"))
        cache.set_many({f"shop.price:{sku}": price for sku, price in rows.items()}, 600)
        found |= rows
    return found


@basket.wrong(keys_of_the_cache)
def whole_keys(skus: list[str]) -> object:
    rows = Product.objects.filter(sku__in=skus).values_list("sku", "price")
    new = {f"shop.price:{sku}": price for sku, price in rows}
    cache.set_many(new, 600)
    return new


@basket.wrong(only_from_the_cache)
def hits_only(skus: list[str]) -> object:
    kept = cache.get_many([f"shop.price:{sku}" for sku in skus])
    return {key.removeprefix("shop.price:"): price for key, price in kept.items()}


@basket.wrong(cache_not_asked)
def database_only(skus: list[str]) -> object:
    rows = dict(Product.objects.filter(sku__in=skus).values_list("sku", "price"))
    cache.set_many({f"shop.price:{sku}": price for sku, price in rows.items()}, 600)
    return rows


@basket.wrong(zero_taken_for_missing)
def zero_read_again(skus: list[str]) -> object:
    kept = cache.get_many([f"shop.price:{sku}" for sku in skus])
    found = {sku: kept[f"shop.price:{sku}"] for sku in skus if kept.get(f"shop.price:{sku}")}
    missing = [sku for sku in skus if sku not in found]
    if missing:
        rows = dict(Product.objects.filter(sku__in=missing).values_list("sku", "price"))
        cache.set_many({f"shop.price:{sku}": price for sku, price in rows.items()}, 600)
        found |= rows
    return found


@basket.wrong("Afterwards not all the prices are in the cache")
def never_kept(skus: list[str]) -> object:
    kept = cache.get_many([f"shop.price:{sku}" for sku in skus])
    found = {key.removeprefix("shop.price:"): price for key, price in kept.items()}
    missing = [sku for sku in skus if sku not in found]
    return found | dict(Product.objects.filter(sku__in=missing).values_list("sku", "price"))


@basket.wrong("All the prices were in the cache, and your function asked the database")
def asked_always(skus: list[str]) -> object:
    rows = dict(Product.objects.filter(sku__in=skus).values_list("sku", "price"))
    kept = cache.get_many([f"shop.price:{sku}" for sku in skus])
    found = {key.removeprefix("shop.price:"): price for key, price in kept.items()}
    new = {sku: price for sku, price in rows.items() if sku not in found}
    if new:
        cache.set_many({f"shop.price:{sku}": price for sku, price in new.items()}, 600)
    return new | found


# 11.6: a stale object is saved.

last_budget = Prediction(
    "11.6",
    "Predict: which budget?",
    minutes=3,
    layers=LAYERS,
    hints=[
        "What does cache.get() give: the object that was put in, or a new one?",
        "Nothing writes into the cache but the one set(). What is in it after the two updates?",
        "save() without update_fields writes every field of the object.",
    ],
    because="In the cache is the picture of the day when the budget was 500. Each get() makes a "
    "new object of it, so the 700 was never in the cache. The second object has the budget 500 "
    "too, and save() writes all its fields: the 900 is lost, and no error was raised. "
    'save(update_fields=["city"]) would have written the city alone.',
    wrong={
        900: "That is what the database had before save(). save() wrote the budget as well.",
        700: "The 700 was put on a copy that nobody kept: each get() makes a new object.",
        150_000: "The first update made it 500, before anything went into the cache.",
    },
    fact=lambda run: run.value,
)


# 11.7: plain values.


def sold_out() -> None:
    """the dearest product is sold out"""
    Product.objects.filter(pk=Product.objects.in_stock().latest("price").pk).update(stock=0)


def the_same_price() -> None:
    """four products have the same price, the highest"""
    Product.objects.filter(sku__in=SKUS[2:]).update(price=Decimal("5000.00"), stock=5)


def withdrawn() -> None:
    """the dearest product is not on offer any more"""
    Product.objects.filter(pk=Product.objects.in_stock().latest("price").pk).update(is_active=False)


teasers = Exercise(
    "11.7",
    "Three teasers",
    minutes=6,
    queries=1,
    ordered=True,
    layers=LAYERS,
    changes=[sold_out, the_same_price, withdrawn],
    hints=[
        "order_by() can take two names: the price, backwards, and then the SKU.",
        "values() gives dictionaries, and [:3] lets the database give three of them.",
        "It is a queryset still. list() around it makes plain values of it; keep those.",
    ],
)


@teasers.expects
def _() -> object:
    dearest = Product.objects.filter(is_active=True, stock__gt=0).order_by("-price", "sku")
    return [{"name": product.name, "price": product.price} for product in dearest[:3]]


def kept_objects() -> list[Any]:
    """All that is in the local memory, and what is inside of lists, tuples and dictionaries."""
    store: Any = caches["default"]
    found = [pickle.loads(pickled) for pickled in list(store._cache.values())]
    for value in found:
        if isinstance(value, list | tuple | set):
            found.extend(value)
        elif isinstance(value, dict):
            found.extend(value.values())
    return found


@teasers.check
def _(run: Run) -> str | None:
    kept = kept_objects()
    if any(isinstance(value, QuerySet) for value in kept):
        return (
            "A queryset is in the cache: a picture of its rows, with the query and the model "
            "around it. Make a list of it first: list(...)."
        )
    if any(isinstance(value, Model) for value in kept):
        return (
            "Objects of a model are in the cache. Whoever takes one out and saves it writes "
            "old values back. Keep plain values: a list of dictionaries."
        )
    if run.fetched > 3:
        return f"Your function read {run.fetched} rows for 3 teasers. Cut with [:3] before reading."
    Product.objects.update(price=Decimal("1.00"))
    second = once_more(run)
    if second.queries:
        return of_the_second(run, second, "Called again, your function asks the database again.")
    if compare.difference(run.value, second.value, ordered=True):
        return of_the_second(run, second, "Called again, your function returns something else.")
    empty(run)
    if not compare.difference(run.value, once_more(run).value, ordered=True):
        return "The cache was emptied, and still the old teasers came. Keep them in Django's cache."
    return not_ten_minutes(run)


@teasers.mistake("Each teaser is a dictionary with name and price: values() gives just that.")
def objects_returned(run: Run) -> bool:
    return any(isinstance(row, Model) for row in run.rows)


@teasers.mistake("Each dictionary has two keys, name and price, and no others.")
def other_keys(run: Run) -> bool:
    return any(row.keys() != {"name", "price"} for row in run.rows)


@teasers.mistake("The dearest come first: order by price backwards, with a minus in front.")
def cheapest_first(run: Run) -> bool:
    return bool(run.rows[0]["price"] < run.expected[-1]["price"])


@teasers.mistake(
    "Only products in stock that are on offer: Product.objects.in_stock() knows which these are."
)
def not_in_stock(run: Run) -> bool:
    return any(
        Product.objects.filter(name=row["name"], price=row["price"]).exists()
        and not Product.objects.in_stock().filter(name=row["name"], price=row["price"]).exists()
        for row in run.surplus
    )


@teasers.mistake("Of products with the same price, the one whose SKU comes first stands first.")
def no_second_order(run: Run) -> bool:
    names = [{"name", "price"} == row.keys() for row in run.rows]
    prices = [row["price"] for row in run.rows]
    return (
        all(names)
        and bool(run.surplus or run.missing)
        and prices == [row["price"] for row in run.expected]
    )


@teasers.right
def looked_first() -> object:
    found = cache.get("shop.teasers")
    if found is None:
        dearest = Product.objects.in_stock().order_by("-price", "sku").only("name", "price")[:3]
        found = [{"name": product.name, "price": product.price} for product in dearest]
        cache.set("shop.teasers", found, 600)
    return found


@teasers.right
async def teased_async() -> object:
    found: Any = await cache.aget("teasers")
    if found is None:
        dearest = Product.objects.in_stock().order_by("-price", "sku").values("name", "price")[:3]
        found = [row async for row in dearest]
        await cache.aset("teasers", found, 600)
    return found


def _dearest() -> QuerySet[Product]:
    return Product.objects.in_stock().order_by("-price", "sku")


@teasers.wrong("A queryset is in the cache")
def queryset_kept() -> object:
    dearest: Any = cache.get_or_set("teasers", _dearest, 600)
    return [{"name": product.name, "price": product.price} for product in dearest[:3]]


@teasers.wrong("A queryset is in the cache")
def queryset_of_values() -> object:
    return cache.get_or_set("teasers", lambda: _dearest().values("name", "price")[:3], 600)


@teasers.wrong("Objects of a model are in the cache")
def models_kept() -> object:
    dearest: Any = cache.get_or_set("teasers", lambda: list(_dearest()[:3]), 600)
    return [{"name": product.name, "price": product.price} for product in dearest]


@teasers.wrong("rows for 3 teasers")
def cut_in_python() -> object:
    return cache.get_or_set("teasers", lambda: list(_dearest().values("name", "price"))[:3], 600)


@teasers.wrong(objects_returned)
def models_returned() -> object:
    return cache.get_or_set("teasers", lambda: list(_dearest()[:3]), 600)


@teasers.wrong(other_keys)
def with_sku() -> object:
    dearest = _dearest().values("sku", "name", "price")[:3]
    return cache.get_or_set("teasers", lambda: list(dearest), 600)


@teasers.wrong(cheapest_first)
def from_below() -> object:
    cheapest = Product.objects.in_stock().order_by("price", "sku").values("name", "price")[:3]
    return cache.get_or_set("teasers", lambda: list(cheapest), 600)


@teasers.wrong(not_in_stock)
def sold_out_too() -> object:
    dearest = Product.objects.active().order_by("-price", "sku").values("name", "price")[:3]
    return cache.get_or_set("teasers", lambda: list(dearest), 600)


@teasers.wrong(no_second_order)
def price_alone() -> object:
    dearest = Product.objects.in_stock().order_by("-price", "-sku").values("name", "price")[:3]
    return cache.get_or_set("teasers", lambda: list(dearest), 600)


# 11.8: a lock.


class Work:
    """A job. It notes that it ran, and what happens meanwhile."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.ran = 0
        self.then = then

    def __call__(self) -> None:
        self.ran += 1
        self.then()

    def __repr__(self) -> str:
        return "work"


class Failure(Exception):
    """Comes out of a job."""


alone = Exercise(
    "11.8",
    "Only one of them",
    minutes=7,
    layers=LAYERS,
    hints=[
        "Looking and writing must be one step. Which call of the cache writes only where nothing is?",
        "add() says whether it wrote. Who gets False does nothing, and returns False.",
        "Who has the key takes it away in a finally. A time limit is for a process that dies.",
    ],
)


@alone.cases
def _() -> object:
    return [("night-report", Work())]


def within(run: Run, name: str, *steps: Callable[[], object]) -> tuple[Run, list[Any]]:
    """Run a job during which the steps are done; return its run, and what the steps returned."""
    found: list[Any] = []
    job = Work(lambda: found.extend(map(somebody_else, steps)))
    return once_more(run, name, job), found


@alone.check
def _(run: Run) -> str | None:
    name, work = run.arguments
    if work.ran != 1:
        return f"Nobody else was at it, and work() was called {work.ran} times. Right is once."
    if run.value is not True:
        return f"work() was called: return True. Yours: {compare.shown(run.value)}."
    if once_more(run, name, Work()).value is not True:
        return "The job was over, and the next one was not allowed to run. Take the key away."
    other = Work()
    _, found = within(
        run,
        name,
        lambda: once_more(run, name, other).value,
        lambda: once_more(run, "backup", Work()).value,
        lambda: once_more(run, name, other).value,
    )
    if found[0] is not False or found[1] is not True:
        if found[1] is not True:
            return "A job of another name was kept out. Each name needs a key of its own."
        if other.ran:
            return "While the job was running, a second one of the same name ran, too."
        return f"Who is kept out gets False. Yours: {compare.shown(found[0])}."
    if found[2] is not False:
        return (
            "Who was kept out took the key away, and so a third one ran beside the first. "
            "Only the one that has the key may delete it."
        )
    limits = [call.timeout for call in run.seen.cache if call.size]
    if not limits or None in limits or max(limit or 0 for limit in limits) > 60 * 60:
        return (
            "If the process dies in the middle, its key stays for ever, or longer than an hour. "
            "Give the key a time limit."
        )

    def fail() -> None:
        raise Failure("no paper")

    second = run.again(name, Work(fail))
    if not isinstance(second.error, Failure):
        return "work() raised an exception, and it did not come out of your function."
    if once_more(run, name, Work()).value is not True:
        return (
            "work() raised an exception, and afterwards nobody could run: the key is still there. "
            "Take it away in a finally."
        )
    if any(_both_run(run, name, after) for after in (1, 2, 3)):
        return (
            "Two began at the same moment: the second one came between the line where the first "
            "one looked and the line where it wrote, and both ran. add() looks and writes in one "
            "step."
        )
    return None


def _both_run(run: Run, name: str, after: int) -> bool:
    """Whether the job runs twice if a second one begins after so many calls of the first one's."""
    arrived, over = Event(), Event()
    working: list[str] = []
    both: list[bool] = []

    def second_works() -> None:
        working.append("second")
        arrived.set()
        over.wait(2)
        working.clear()

    def begin() -> None:
        pool.submit(run.again, name, Work(second_works)).add_done_callback(lambda _: arrived.set())
        arrived.wait(2)

    with ThreadPoolExecutor(1) as pool:
        try:
            with interrupted(begin, *LOOKS, "incr", "add", "set", after=after):
                once_more(run, name, Work(lambda: both.append(bool(working))))
        finally:
            over.set()
    return any(both)


@alone.mistake("work() is a function: call it, with ().")
def not_called(run: Run) -> bool:
    return run.value is True and run.arguments[1].ran == 0


@alone.right
def by_token(name: str, work: Callable[[], object]) -> object:
    token = uuid.uuid4().hex
    if cache.get_or_set(f"lock:{name}", token, 3600) != token:
        return False
    try:
        work()
    finally:
        if cache.get(f"lock:{name}") == token:
            cache.delete(f"lock:{name}")
    return True


@alone.right
async def locked_async(name: str, work: Callable[[], object]) -> object:
    if not await cache.aadd(f"lock:{name}", True, 3600):
        return False
    try:
        work()
    finally:
        await cache.adelete(f"lock:{name}")
    return True


@alone.wrong("Two began at the same moment")
def get_then_set(name: str, work: Callable[[], object]) -> object:
    if cache.get(f"lock:{name}"):
        return False
    cache.set(f"lock:{name}", True, 3600)
    try:
        work()
    finally:
        cache.delete(f"lock:{name}")
    return True


@alone.wrong("Who was kept out took the key away")
def deleted_by_all(name: str, work: Callable[[], object]) -> object:
    try:
        if not cache.add(f"lock:{name}", True, 3600):
            return False
        work()
        return True
    finally:
        cache.delete(f"lock:{name}")


@alone.wrong("Take it away in a finally")
def without_finally(name: str, work: Callable[[], object]) -> object:
    if not cache.add(f"lock:{name}", True, 3600):
        return False
    work()
    cache.delete(f"lock:{name}")
    return True


@alone.wrong("its key stays for ever, or longer than an hour")
def without_a_limit(name: str, work: Callable[[], object]) -> object:
    if not cache.add(f"lock:{name}", True, None):
        return False
    try:
        work()
    finally:
        cache.delete(f"lock:{name}")
    return True


@alone.wrong("Each name needs a key of its own")
def one_lock_for_all(name: str, work: Callable[[], object]) -> object:
    if not cache.add("lock", True, 3600):
        return False
    try:
        work()
    finally:
        cache.delete("lock")
    return True


@alone.wrong("Who is kept out gets False")
def nothing_for_the_others(name: str, work: Callable[[], object]) -> object:
    if cache.add(f"lock:{name}", True, 3600):
        try:
            work()
        finally:
            cache.delete(f"lock:{name}")
        return True
    return None


@alone.wrong(not_called)
def named_only(name: str, work: Callable[[], object]) -> object:
    if not cache.add(f"lock:{name}", True, 3600):
        return False
    work  # noqa: B018
    cache.delete(f"lock:{name}")
    return True


# 11.9: cached_property.


def more_stock() -> None:
    """there is one more product in each category"""
    for category in Category.objects.all():
        Product.objects.create(
            name="Parsley", sku=f"NEW-{category.pk}", category=category, price=1, stock=7
        )


card = Exercise(
    "11.9",
    "A card that asks once",
    minutes=5,
    changes=[more_stock],
    hints=[
        "Write a class in the function, with one method for each number, and return an object of it.",
        "A decorator turns a method into an attribute that is computed at its first use, and kept.",
        "It is called cached_property. Without products, Sum() gives None, unless it has a default.",
    ],
)


@card.cases
def _() -> object:
    return [(Category.objects.get(name=name),) for name in ("Herbs", "Plants")]


@card.check
def _(run: Run) -> str | None:
    (category,) = run.arguments
    if run.queries:
        return (
            "The database was asked when the object was made. A page that does not use the numbers "
            "asks for nothing."
        )
    products = Product.objects.filter(category=category.pk)
    rows = {
        "products": products.count(),
        "stock": sum(products.values_list("stock", flat=True)),
    }
    for name, right in rows.items():
        with watch("sql", show=False) as seen:
            found = [getattr(run.value, name, ...) for _ in range(3)]
            fits = found == [right] * 3  # What is lazy asks now.
        if found[0] is ...:
            return f"The object has no attribute {name}. Yours: {compare.shown(run.value)}."
        if callable(found[0]):
            return f"{name} is a method. As an attribute it is read without (): {name}."
        if not fits:
            return f"{name} is {compare.shown(found[0])}; right is {right}, those directly in {category}."
        if len(seen.queries) > 1:
            run.seen.events += seen.events
            return (
                f"{name} was read three times, and the database asked {len(seen.queries)} times. "
                "Once is enough."
            )
    Product.objects.create(name="Mint", sku="NEW-0", category=category, price=1, stock=9)
    new = once_more(run, Category.objects.get(pk=category.pk)).value
    if (new.products, new.stock) != (rows["products"] + 1, rows["stock"] + 9):
        return (
            "There is one more product now, and a new object for the same category still has the "
            "old numbers. Keep them in the object itself."
        )
    return None


@card.mistake("Where there are no products, Sum() gives None. Give it default=0.")
def none_as_sum(run: Run) -> bool:
    return run.value.stock is None and run.value.products is not None


@card.mistake("A dictionary has keys. Asked is an object with attributes: an object of a class.")
def dictionary(run: Run) -> bool:
    return isinstance(run.value, dict)


@card.mistake("You returned the class. Make an object of it: with () behind its name.")
def the_class(run: Run) -> bool:
    return isinstance(run.value, type)


@card.mistake(
    "A queryset's count() in __init__ asks at once. Ask in a method that is a cached_property."
)
def asked_at_once(run: Run) -> bool:
    return run.queries == 2


@card.right
def by_hand(category: Category) -> object:
    class Card:
        def __init__(self) -> None:
            self.kept: dict[str, int] = {}

        def read(self, name: str, ask: Callable[[], int]) -> int:
            if name not in self.kept:
                self.kept[name] = ask()
            return self.kept[name]

        @property
        def products(self) -> int:
            return self.read("products", category.products.count)

        @property
        def stock(self) -> int:
            ask = category.products.aggregate
            return self.read("stock", lambda: ask(total=Sum("stock", default=0))["total"])

    return Card()


@card.right
def on_demand(category: Category) -> object:
    class Card:
        def __getattr__(self, name: str) -> int:
            stocks = Product.objects.filter(category=category).values_list("stock", flat=True)
            if name == "products":
                self.products = stocks.count()
            elif name == "stock":
                self.stock = sum(stocks)
            else:
                raise AttributeError(name)
            return int(vars(self)[name])

    return Card()


@card.right
def lazy_objects(category: Category) -> object:
    products = Product.objects.filter(category=category)
    return SimpleNamespace(
        products=SimpleLazyObject(products.count),
        stock=SimpleLazyObject(lambda: products.aggregate(total=Sum("stock", default=0))["total"]),
    )


@card.wrong("the database asked 3 times")
def plain_property(category: Category) -> object:
    class Card:
        @property
        def products(self) -> int:
            return category.products.count()

        @property
        def stock(self) -> int:
            return sum(category.products.values_list("stock", flat=True))

    return Card()


@card.wrong("is a method. As an attribute")
def methods(category: Category) -> object:
    class Card:
        def products(self) -> int:
            return category.products.count()

        def stock(self) -> int:
            return sum(category.products.values_list("stock", flat=True))

    return Card()


@card.wrong(asked_at_once)
def in_init(category: Category) -> object:
    return SimpleNamespace(
        products=category.products.count(),
        stock=category.products.aggregate(total=Sum("stock", default=0))["total"],
    )


@card.wrong(none_as_sum)
def no_default(category: Category) -> object:
    class Card:
        @cached_property
        def products(self) -> int:
            return category.products.count()

        @cached_property
        def stock(self) -> int:
            return category.products.aggregate(total=Sum("stock"))["total"]

    return Card()


@card.wrong("still has the old numbers")
def for_all_objects(category: Category) -> object:
    return _card_of(category.pk)


@lru_cache
def _card_of(key: int) -> object:
    class Card:
        @cached_property
        def products(self) -> int:
            return Product.objects.filter(category=key).count()

        @cached_property
        def stock(self) -> int:
            return sum(Product.objects.filter(category=key).values_list("stock", flat=True))

    return Card()


@card.wrong(dictionary)
def as_a_dictionary(category: Category) -> object:
    return {"products": 0, "stock": 0}


@card.wrong(the_class)
def class_returned(category: Category) -> object:
    class Card:
        @cached_property
        def products(self) -> int:
            return category.products.count()

        @cached_property
        def stock(self) -> int:
            return sum(category.products.values_list("stock", flat=True))

    return Card


# 11.10: tests.

clean = Exercise(
    "11.10",
    "Tests that do not know each other",
    minutes=4,
    layers=LAYERS,
    hints=[
        "Which method of a TestCase runs before each of its tests?",
        "setUp() runs before each test, setUpClass() once for all of them.",
        "In setUp(), empty the cache. Return the class itself, without ().",
    ],
)


def tested(base: Any, *names: str) -> tuple[list[Any], unittest.TestResult]:
    """Run two tests of a class that inherits; return what they found, and how it went."""
    found: list[Any] = []

    def one(self: Any) -> None:
        found.append(cache.get("stars", "nothing"))
        cache.set("stars", 5, 60)
        found.append(cache.get("stars"))

    case = type("Colleague", (base,), {"test_a": one, "test_b": one})
    suite = unittest.TestSuite([case(name) for name in names])
    return found, unittest.TextTestRunner(stream=StringIO()).run(suite)


@clean.check
def _(run: Run) -> str | None:
    base = run.value
    if isinstance(base, SimpleTestCase):
        return "You returned an object. Return the class itself: its name, without ()."
    if not isinstance(base, type):
        return f"Asked is a class. Yours: {compare.shown(base)}."
    if not issubclass(base, SimpleTestCase):
        return "The class is not based on Django's TestCase: class ...(TestCase)."
    for order in (("test_a", "test_b"), ("test_b", "test_a")):
        cache.set("stars", "from before", 60)
        found, result = tested(base, *order)
        for _, text in [*result.errors, *result.failures]:
            return f"A test with your class failed: {text.strip().splitlines()[-1]}."
        if found[0] != "nothing":
            return (
                "The first test found in the cache what was there before. Empty it before each "
                "test, not only after it."
            )
        if found[1] != 5 or found[3] != 5:
            return (
                "A test kept a value, and did not find it: the cache does not work there. Tests "
                "of caching need a cache that keeps."
            )
        if found[2] != "nothing":
            return (
                "The second test found in the cache what the first one had left. setUp() runs "
                "before each test; setUpClass() runs once."
            )
    return None


@clean.right
def a_store_of_its_own() -> object:
    locmem = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

    @override_settings(CACHES=locmem)
    class Own(TestCase):
        def setUp(self) -> None:
            for backend in caches.all():
                backend.clear()

    return Own


@clean.right
def cleaned_up_too() -> object:
    class Both(TestCase):
        def setUp(self) -> None:
            super().setUp()
            cache.clear()
            self.addCleanup(cache.clear)

    return Both


@clean.wrong("found in the cache what the first one had left")
def once_for_all() -> object:
    class Once(TestCase):
        @classmethod
        def setUpClass(cls) -> None:
            super().setUpClass()
            cache.clear()

    return Once


@clean.wrong("Empty it before each test, not only after it")
def afterwards() -> object:
    class After(TestCase):
        def tearDown(self) -> None:
            cache.clear()

    return After


@clean.wrong("Tests of caching need a cache that keeps")
def with_dummy() -> object:
    dummy = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    @override_settings(CACHES=dummy)
    class Dummy(TestCase):
        pass

    return Dummy


@clean.wrong("found in the cache what was there before")
def nothing_done() -> object:
    class Plain(TestCase):
        pass

    return Plain


@clean.wrong("The class is not based on Django's TestCase")
def no_base() -> object:
    class Plain:
        def setUp(self) -> None:
            cache.clear()

    return Plain


@clean.wrong("Return the class itself")
def object_returned() -> object:
    class Cleared(TestCase):
        def setUp(self) -> None:
            cache.clear()

    return Cleared()
