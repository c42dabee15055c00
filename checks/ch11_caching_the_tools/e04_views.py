"""11.4 How often was it looked at? A counter that loses nothing."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from shop.models import Product

from checks.ch11_caching_the_tools import (
    LAYERS,
    LOOKS,
    empty,
    interrupted,
    of_the_second,
    once_more,
)
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

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
def cases() -> object:
    return [(Product.objects.earliest("pk"),)]


@views.check
def check(run: Run) -> str | None:
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
