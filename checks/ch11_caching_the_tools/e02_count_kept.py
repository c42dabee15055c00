"""11.2 No review is a number, too: zero is a value."""

from __future__ import annotations

from django.core.cache import cache, caches
from django.db.models import Count
from shop.models import Customer, Product, Review

from checks.ch11_caching_the_tools import (
    LAYERS,
    TEN_MINUTES,
    empty,
    not_ten_minutes,
    of_the_second,
    once_more,
)
from tutor.judge.exercise import Exercise, Run


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
def cases() -> object:
    return [(reviewed(),), (Product.objects.filter(review=None).earliest("pk"),)]


@count_kept.expects
def expected(product: Product) -> object:
    return Review.objects.filter(product=product.pk).count()


@count_kept.check
def check(run: Run) -> str | None:
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
