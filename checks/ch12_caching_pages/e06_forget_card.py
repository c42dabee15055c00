"""12.6 A new photo on one card: forget one card, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.cache import cache
from django.core.cache.utils import make_template_fragment_key
from django.template import Context, Template
from shop.models import Product

from checks.ch12_caching_pages import OTHERS, WEB
from tutor.judge.exercise import Exercise, Run

CARD = "{% load cache %}{% cache 600 card product.pk language %}{{ product.name }}{% endcache %}"
LANGUAGES = ("en", "de")


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
def cases() -> object:
    cache.set_many(OTHERS, 600)
    products = Product.objects.order_by("pk")[:4]
    for product in products:
        for language in LANGUAGES:
            Template(CARD).render(Context({"product": product, "language": language}))
    return [(products[0],), (products[2],)]


@forget_card.check
def check(run: Run) -> str | None:
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
