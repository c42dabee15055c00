"""09.8 Everything is dearer: a hole, and its cure."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F
from shop import services
from shop.models import Product

from tutor.judge.exercise import Exercise, Run

PRICES: dict[str, tuple[Decimal, bool]] = {}


def many_products() -> None:
    """there are 50 products more"""
    first = Product.objects.earliest("pk")
    Product.objects.bulk_create(
        Product(name=f"Pot {n}", sku=f"POT-{n}", category_id=first.category_id, price=n)
        for n in range(50)
    )


raise_prices = Exercise(
    "09.8",
    "Everything is dearer",
    minutes=5,
    queries=3,
    needs_commit=True,
    changes=[many_products],
    hints=[
        "One UPDATE for all rows: update() with an F expression. Not all products are active.",
        "update() rings no bell. So the receiver that clears the price list does not run.",
        "shop.services has a function that clears the list. Call it after the update.",
    ],
)


@raise_prices.cases
def cases() -> object:
    PRICES.clear()
    PRICES.update({p.sku: (p.price, p.is_active) for p in Product.objects.all()})
    cache.clear()
    services.price_list()  # From here on it is kept.
    return [(Decimal("0.50"),), (Decimal("12.00"),)]


@raise_prices.check
def check(run: Run) -> str | None:
    (amount,) = run.arguments
    now = dict(Product.objects.values_list("sku", "price"))
    active = {sku: price for sku, (price, is_active) in PRICES.items() if is_active}
    if any(now.get(sku) != price + amount for sku, price in active.items()):
        sku = next(sku for sku, price in active.items() if now.get(sku) != price + amount)
        return (
            f"{sku} cost {active[sku]}; it should cost {amount} more, and it costs {now.get(sku)}."
        )
    if any(now[sku] != price for sku, (price, is_active) in PRICES.items() if not is_active):
        return "Products that are not active are dearer as well. They keep their price."
    listed = {row["sku"]: row["price"] for row in services.price_list()}
    if listed != {sku: now[sku] for sku in active}:
        return (
            "The prices in the database are right, and the price list still shows the old ones. "
            "update() rings no bell: clear the list yourself."
        )
    return None


@raise_prices.mistake(
    "Each product costs statements of its own. One UPDATE can change all rows, but it rings no "
    "bell: then the list is yours to clear."
)
def saved_one_by_one(run: Run) -> bool:
    return run.error is None and run.queries > 40


@raise_prices.mistake("The price became the amount. It should rise by it: F('price') + amount.")
def became_the_amount(run: Run) -> bool:
    (amount,) = run.arguments
    return set(Product.objects.active().values_list("price", flat=True)) == {amount}


@raise_prices.right
def deleted_by_key(amount: Decimal) -> None:
    Product.objects.filter(is_active=True).update(price=F("price") + amount)
    cache.delete(services.PRICE_LIST)


@raise_prices.right
def in_a_transaction(amount: Decimal) -> None:
    with transaction.atomic():
        Product.objects.active().update(price=F("price") + amount)
        transaction.on_commit(partial(cache.delete, services.PRICE_LIST))


@raise_prices.right
def bulk_updated(amount: Decimal) -> None:
    products = list(Product.objects.active())
    for product in products:
        product.price += amount
    Product.objects.bulk_update(products, ["price"])
    cache.clear()


@raise_prices.right
async def raised_async(amount: Decimal) -> None:
    await Product.objects.active().aupdate(price=F("price") + amount)
    await cache.adelete(services.PRICE_LIST)


@raise_prices.right
def raised_in_sql(amount: Decimal) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shop_product SET price = price + %s WHERE is_active = %s", [str(amount), True]
        )
    services.forget_price_list()


@raise_prices.wrong("the price list still shows the old ones")
def not_cleared(amount: Decimal) -> None:
    Product.objects.active().update(price=F("price") + amount)


@raise_prices.wrong("the price list still shows the old ones")
def other_key(amount: Decimal) -> None:
    Product.objects.active().update(price=F("price") + amount)
    cache.delete("price_list")


@raise_prices.wrong("the price list still shows the old ones")
def read_too_early(amount: Decimal) -> None:
    services.forget_price_list()
    services.price_list()
    Product.objects.active().update(price=F("price") + amount)


@raise_prices.wrong(saved_one_by_one)
def loop(amount: Decimal) -> None:
    for product in Product.objects.active():
        product.price += amount
        product.save()


@raise_prices.wrong("Products that are not active are dearer as well")
def all_products(amount: Decimal) -> None:
    Product.objects.update(price=F("price") + amount)
    services.forget_price_list()


@raise_prices.wrong(became_the_amount)
def the_amount(amount: Decimal) -> None:
    Product.objects.active().update(price=amount)
    services.forget_price_list()


@raise_prices.wrong("it should cost 0.50 more")
def only_in_python(amount: Decimal) -> None:
    for product in Product.objects.active():
        product.price += amount
    services.forget_price_list()


@raise_prices.wrong("it should cost 0.50 more")
def cheaper(amount: Decimal) -> None:
    Product.objects.active().update(price=F("price") - amount)
    services.forget_price_list()
