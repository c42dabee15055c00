"""01.3 Put the patterns in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, path

from checks.common import pages
from tutor.judge.exercise import Exercise, Run

ADDRESSES = {
    "/shop/sale/": "sale",
    "/shop/17/": "product",
    "/shop/herbs/": "category",
    "/shop/2019/old/page/": "moved",
}


def _answering(name: str) -> Callable[..., HttpResponse]:
    return lambda request, **arguments: HttpResponse(name, content_type="text/plain")


in_order = Exercise(
    "01.3",
    "Put the patterns in order",
    minutes=3,
    hints=[
        "Ask of each pattern which of the four addresses it fits.",
        "moved fits all four addresses. So it can only stand in one place.",
        "A pattern for one word or for numbers stands before a pattern for any text.",
    ],
)


@in_order.cases
def cases() -> list[tuple[URLPattern, ...]]:
    patterns = {
        "moved": "shop/<path:rest>",
        "category": "shop/<str:name>/",
        "product": "shop/<int:pk>/",
        "sale": "shop/sale/",
    }
    return [tuple(path(text, _answering(name)) for name, text in patterns.items())]


@in_order.check
def check(run: Run) -> str | None:
    if sentence := pages.no_patterns(run.value):
        return sentence
    own = run.seen
    for address, wanted in ADDRESSES.items():
        response = pages.visit(run, run.value, address)
        if response is None:
            return None
        if response.status_code == 404:
            return f"Nothing answers {address}. Is the pattern of {wanted} in your list?"
        if (found := pages.body(response)) != wanted:
            return (
                f"{address} is answered by {found}, and not by {wanted}. The pattern of {found} "
                "fits this address too, and it stands first."
            )
    run.seen = own
    return None


@in_order.right
def numbers_first(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return product, sale, category, moved


@in_order.right
def turned_round(*patterns: Any) -> object:
    return reversed(patterns)


@in_order.right
def by_length(*patterns: Any) -> object:
    special = {"shop/sale/": 0, "shop/<int:pk>/": 1, "shop/<str:name>/": 2, "shop/<path:rest>": 3}
    return sorted(patterns, key=lambda pattern: special[str(pattern.pattern)])


@in_order.wrong("/shop/sale/ is answered by moved, and not by sale")
def as_it_was(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return [moved, category, product, sale]


@in_order.wrong("/shop/sale/ is answered by category, and not by sale")
def sale_too_late(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return [product, category, sale, moved]


@in_order.wrong("/shop/17/ is answered by category, and not by product")
def numbers_too_late(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return [sale, category, product, moved]


@in_order.wrong("/shop/herbs/ is answered by moved, and not by category")
def category_last(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return [sale, product, moved, category]


@in_order.wrong("Nothing answers /shop/2019/old/page/. Is the pattern of moved in your list?")
def without_moved(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return [sale, product, category]


@in_order.wrong("Each thing in the list is made by path(...). Yours has 'sale'")
def names(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return ["sale", "product", "category", "moved"]


@in_order.wrong("Your function returned nothing (None)")
def sorted_in_place(*patterns: Any) -> object:
    return list(patterns).reverse()  # type: ignore[func-returns-value]
