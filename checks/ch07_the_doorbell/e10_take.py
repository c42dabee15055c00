"""07.10 The stock is low."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from shop.models import Product

from checks.ch07_the_doorbell import HEARD, as_on_a_server, house
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

STOCK = 30


take = Exercise(
    "07.10",
    "The stock is low",
    minutes=5,
    needs_commit=True,  # on_commit is a good place, too.
    hints=[
        "First the row, then the bell: who hears it may look at the table.",
        "send takes the sender, and as many values by name as you like.",
        "The values are product=product and left=product.stock; the sender is Product.",
    ],
)


@take.cases
def cases() -> object:
    as_on_a_server()
    product = Product.objects.earliest("pk")
    Product.objects.filter(pk=product.pk).update(stock=STOCK)

    def look(sender: Any, **values: Any) -> None:
        values["stored"] = Product.objects.get(pk=product.pk).stock
        HEARD.append(("look", sender, values))

    signal = house(look)
    return [
        (signal, Product.objects.get(pk=product.pk), quantity) for quantity in (10, 25, 26, STOCK)
    ]


@take.check
def check(run: Run) -> str | None:
    _, product, quantity = run.arguments
    left = STOCK - quantity
    stored = Product.objects.get(pk=product.pk).stock
    if stored != left:
        return f"{quantity} of {STOCK} were taken. In the table the stock is {stored}, not {left}."
    if len(HEARD) != (left < 5):
        asked = "rings once" if left < 5 else "does not ring: it rings for fewer than 5"
        return f"{left} are left, so the bell {asked}. It rang {compare.count(len(HEARD), 'time')}."
    for _, sender, values in HEARD:
        if isinstance(sender, Product):
            return "The sender is one product. Asked is the class: a receiver can filter by it."
        if sender is not Product:
            return f"The sender is {compare.shown(sender)}. Asked is the class Product."
        if missing := [name for name in ("product", "left") if name not in values]:
            return f"The receivers did not get {' and '.join(missing)}. Hand it over by name."
        if values["stored"] != left:
            return "When the bell rang, the table still had the old stock. Save first, then ring."
        if values["product"] != product:
            given = compare.shown(values["product"])
            return f"product is {given}. Asked is the product from which something was taken."
        if values["left"] != left:
            return f"left is {compare.shown(values['left'])}, and {left} are left."
    return None


@take.mistake("A signal is not called like a function. To ring it, call its method send.")
def called_like_a_function(run: Run) -> bool:
    return "'Signal' object is not callable" in str(run.error)


@take.mistake("send takes the sender first, and all the values by name: product=..., left=...")
def not_by_name(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "send()" in str(run.error)


@take.right
def in_the_database(stock_is_low: Any, product: Any, quantity: int) -> None:
    Product.objects.filter(pk=product.pk).update(stock=F("stock") - quantity)
    product.refresh_from_db()
    if product.stock <= 4:
        stock_is_low.send(type(product), product=product, left=product.stock)


@take.right
def when_committed(stock_is_low: Any, product: Any, quantity: int) -> None:
    left = product.stock = product.stock - quantity
    with transaction.atomic():
        product.save(update_fields=["stock"])
        ringing = partial(stock_is_low.send_robust, Product, product=product, left=left)
        if left < 5:
            transaction.on_commit(ringing)


def _taken(product: Any, quantity: int) -> int:
    product.stock -= quantity
    product.save()
    return int(product.stock)


@take.wrong("the table still had the old stock. Save first")
def too_soon(stock_is_low: Any, product: Any, quantity: int) -> None:
    product.stock -= quantity
    if product.stock < 5:
        stock_is_low.send(sender=Product, product=product, left=product.stock)
    product.save()


@take.wrong("In the table the stock is 30, not 20")
def not_saved(stock_is_low: Any, product: Any, quantity: int) -> None:
    product.stock -= quantity
    if product.stock < 5:
        stock_is_low.send(sender=Product, product=product, left=product.stock)


@take.wrong("does not ring: it rings for fewer than 5. It rang 1 time.")
def five_too(stock_is_low: Any, product: Any, quantity: int) -> None:
    if (left := _taken(product, quantity)) <= 5:
        stock_is_low.send(sender=Product, product=product, left=left)


@take.wrong("20 are left, so the bell does not ring")
def always(stock_is_low: Any, product: Any, quantity: int) -> None:
    stock_is_low.send(sender=Product, product=product, left=_taken(product, quantity))


@take.wrong("4 are left, so the bell rings once. It rang 0 times")
def only_when_empty(stock_is_low: Any, product: Any, quantity: int) -> None:
    if not _taken(product, quantity):
        stock_is_low.send(sender=Product, product=product, left=0)


@take.wrong("The sender is one product. Asked is the class")
def one_product(stock_is_low: Any, product: Any, quantity: int) -> None:
    if (left := _taken(product, quantity)) < 5:
        stock_is_low.send(sender=product, product=product, left=left)


@take.wrong("The receivers did not get product and left")
def without_values(stock_is_low: Any, product: Any, quantity: int) -> None:
    if _taken(product, quantity) < 5:
        stock_is_low.send(sender=Product)


@take.wrong(called_like_a_function)
def pressed(stock_is_low: Any, product: Any, quantity: int) -> None:
    if (left := _taken(product, quantity)) < 5:
        stock_is_low(sender=Product, product=product, left=left)


@take.wrong(not_by_name)
def in_a_row(stock_is_low: Any, product: Any, quantity: int) -> None:
    if (left := _taken(product, quantity)) < 5:
        stock_is_low.send(Product, product, left)


@take.wrong("product is 'Basil'. Asked is the product")
def its_name(stock_is_low: Any, product: Any, quantity: int) -> None:
    if (left := _taken(product, quantity)) < 5:
        stock_is_low.send(sender=Product, product=product.name, left=left)


@take.wrong("left is 26, and 4 are left")
def wrong_number(stock_is_low: Any, product: Any, quantity: int) -> None:
    if _taken(product, quantity) < 5:
        stock_is_low.send(sender=Product, product=product, left=quantity)
