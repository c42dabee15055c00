"""11.7 Three teasers: plain values."""

from __future__ import annotations

import pickle
from decimal import Decimal
from typing import Any

from django.core.cache import cache, caches
from django.db.models import Model, QuerySet
from shop.models import Product

from checks.ch11_caching_the_tools import (
    LAYERS,
    SKUS,
    empty,
    not_ten_minutes,
    of_the_second,
    once_more,
)
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run


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
def expected() -> object:
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
def check(run: Run) -> str | None:
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
        for row in run.unexpected
    )


@teasers.mistake("Of products with the same price, the one whose SKU comes first stands first.")
def no_second_order(run: Run) -> bool:
    names = [{"name", "price"} == row.keys() for row in run.rows]
    prices = [row["price"] for row in run.rows]
    return (
        all(names)
        and bool(run.unexpected or run.missing)
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
