"""11.5 The prices of a basket: many at once."""

from __future__ import annotations

from decimal import Decimal

from django.core.cache import cache
from shop.models import Product

from checks.ch11_caching_the_tools import LAYERS, SKUS, not_ten_minutes
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

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
def cases() -> object:
    return [(list(SKUS),)]


@basket.expects
def expected(skus: list[str]) -> object:
    rows = dict(Product.objects.filter(sku__in=skus).values_list("sku", "price"))
    return {sku: cache.get(f"shop.price:{sku}", rows[sku]) for sku in skus}


@basket.check
def check(run: Run) -> str | None:
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
