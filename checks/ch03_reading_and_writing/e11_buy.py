"""03.11 Two buyers, one stock: what to ask in the statement that writes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Sum
from shop.models import Product

from checks.ch03_reading_and_writing.rival import Rival, pretend_to_lock, rivals
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

_STOCK = 10


def three_are_bought() -> None:
    """just before your code writes, another customer buys 3 of the 10 pieces"""
    connection.execute_wrappers.append(Rival(3))


def eight_are_bought() -> None:
    """just before your code writes, another customer buys 8 of the 10 pieces"""
    connection.execute_wrappers.append(Rival(8))


def _other_stock() -> object:
    return Product.objects.exclude(pk=1).aggregate(stock=Sum("stock"))["stock"]


_elsewhere: dict[str, object] = {}


buy = Exercise(
    "03.11",
    "Two buyers, one stock",
    minutes=5,
    changes=[three_are_bought, eight_are_bought],
    hints=[
        "A number that you have read may be old when you write. Who always knows the present one?",
        "Let the database subtract, with F(). But it must also ask whether there are enough.",
        "filter(..., stock__gte=...).update(...) is one statement. What does update() return?",
    ],
)


@buy.cases
def cases() -> object:
    for rival in rivals():
        rival.waits = False
    if not connection.features.has_select_for_update:
        pretend_to_lock()
    Product.objects.filter(pk=1).update(stock=_STOCK)
    _elsewhere["stock"] = _other_stock()
    for rival in rivals():
        rival.waits, rival.read, rival.locked = True, False, False
    return [(1, 4), (1, 10), (1, 11)]


def _one_after_the_other(first: int, second: int) -> tuple[bool, bool, int]:
    """Who gets what, and what is left, when nobody disturbs anybody."""
    left = _STOCK
    sold = []
    for quantity in (first, second):
        sold.append(left >= quantity)
        left -= quantity if sold[-1] else 0
    return sold[0], sold[1], left


@buy.check
def sold_right(run: Run) -> str | None:
    quantity = run.arguments[1]
    rival = next(iter(rivals()), None)
    other = rival.quantity if rival else 0
    if rival:
        rival.come()
    stock = Product.objects.get(pk=1).stock
    if _other_stock() != _elsewhere["stock"]:
        return "Other products have changed as well. Change only this one: filter(pk=pk)."
    if run.value is None:
        return "Your function returned nothing (None). Return True, or False."
    if not isinstance(run.value, bool | int):
        return "Return True, or False, and nothing else."
    mine, _, left = _one_after_the_other(quantity, other)
    _, mine_later, left_later = _one_after_the_other(other, quantity)
    sold = bool(run.value)
    if (sold, stock) in {(mine, left), (mine_later, left_later)}:
        return None
    if not sold and not mine_later and stock == _STOCK:
        return None  # The answer rolled back, and on one connection the rival's purchase with it.
    return _what_went_wrong(sold, stock, quantity, other)


def _what_went_wrong(sold: bool, stock: int, quantity: int, other: int) -> str:
    if sold and other and stock == _STOCK - quantity:
        return (
            f"There were {_STOCK} pieces. The other customer bought {other}, and you sold "
            f"{quantity}, but {stock} are left: a lost update. Your code wrote a number that it had "
            "computed from an old one. Let the database subtract, or lock the row while you think."
        )
    if sold and quantity > _STOCK:
        return f"There were {_STOCK} pieces, and your function says that it sold {quantity}."
    if sold and stock == _STOCK:
        return (
            "Your function says that it sold them, but the stock is the same. Nothing was stored."
        )
    if sold and stock == _STOCK - other:
        return (
            f"Your UPDATE found no row: the other customer had bought {other} by then. And yet your "
            "function says that it sold. Look at what update() returns."
        )
    if sold:
        return (
            f"There were {_STOCK} pieces, {quantity} were sold and {other} bought by somebody else, "
            f"and {stock} are left. That does not add up."
        )
    if stock < _STOCK - other:
        return f"Your function says that it sold nothing, but the stock went down to {stock}."
    again = " The stock had changed since you read it: try again." if other else ""
    return f"There were {_STOCK} pieces, enough for {quantity}, but you returned False.{again}"


@buy.mistake(
    "The stock would have fallen below 0, and the database refused. Ask for enough pieces in the "
    "same statement that subtracts: filter(pk=pk, stock__gte=quantity).update(...)."
)
def below_nothing(run: Run) -> bool:
    return failed(run, "IntegrityError", "stock")


@buy.mistake(
    "select_for_update() holds its lock until the transaction ends. Without a transaction there is "
    "nothing to hold it: put reading and writing into one transaction.atomic() block."
)
def lock_without_transaction(run: Run) -> bool:
    return failed(run, "TransactionManagementError", "select_for_update")


@buy.mistake(
    "An error inside atomic() breaks the transaction. Put the try outside the atomic block."
)
def sale_caught_inside(run: Run) -> bool:
    return failed(run, "TransactionManagementError", "An error occurred")


@buy.mistake("An F expression is not a number in Python: the database knows its value. Ask there.")
def f_compared(run: Run) -> bool:
    return failed(run, "TypeError", "CombinedExpression") or failed(run, "TypeError", "'F'")


@buy.right
def read_locked(pk: int, quantity: int) -> object:
    with transaction.atomic():
        product = Product.objects.select_for_update().get(pk=pk)
        if product.stock < quantity:
            return False
        product.stock -= quantity
        product.save(update_fields=["stock"])
    return True


@buy.right
def refused_by_the_database(pk: int, quantity: int) -> object:
    try:
        with transaction.atomic():
            return bool(Product.objects.filter(pk=pk).update(stock=F("stock") - quantity))
    except IntegrityError:
        return False


@buy.right
def asked_and_refused(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    if product.stock < quantity:
        return False
    product.stock = F("stock") - quantity
    try:
        with transaction.atomic():
            product.save(update_fields=["stock"])
    except IntegrityError:
        return False
    return True


@buy.right
def tried_again(pk: int, quantity: int) -> object:
    while True:
        stock = Product.objects.values_list("stock", flat=True).get(pk=pk)
        if stock < quantity:
            return False
        if Product.objects.filter(pk=pk, stock=stock).update(stock=stock - quantity):
            return True


@buy.right
async def sold_async(pk: int, quantity: int) -> object:
    enough = Product.objects.filter(pk=pk, stock__gte=quantity)
    return await enough.aupdate(stock=F("stock") - quantity) > 0


@buy.right
def sold_by_sql(pk: int, quantity: int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shop_product SET stock = stock - %s WHERE id = %s AND stock >= %s",
            [quantity, pk, quantity],
        )
        return cursor.rowcount


@buy.wrong("are left: a lost update")
def read_and_written(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    if product.stock < quantity:
        return False
    product.stock -= quantity
    product.save()
    return True


@buy.wrong("are left: a lost update")
def only_atomic(pk: int, quantity: int) -> object:
    with transaction.atomic():
        product = Product.objects.get(pk=pk)
        if product.stock < quantity:
            return False
        product.stock -= quantity
        product.save(update_fields=["stock"])
        return True


@buy.wrong("are left: a lost update")
def refreshed(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    product.refresh_from_db()
    if product.stock < quantity:
        return False
    Product.objects.filter(pk=pk).update(stock=product.stock - quantity)
    return True


@buy.wrong("are left: a lost update")
def locked_after_reading(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    with transaction.atomic():
        Product.objects.select_for_update().get(pk=pk)
        if product.stock < quantity:
            return False
        product.stock -= quantity
        product.save()
    return True


@buy.wrong("Your UPDATE found no row")
def result_not_asked(pk: int, quantity: int) -> object:
    stock = Product.objects.get(pk=pk).stock
    if stock < quantity:
        return False
    Product.objects.filter(pk=pk, stock=stock).update(stock=stock - quantity)
    return True


@buy.wrong("The stock had changed since you read it: try again")
def tried_only_once(pk: int, quantity: int) -> object:
    stock = Product.objects.get(pk=pk).stock
    if stock < quantity:
        return False
    return Product.objects.filter(pk=pk, stock=stock).update(stock=stock - quantity) == 1


@buy.wrong(below_nothing)
def asked_too_early(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    if product.stock < quantity:
        return False
    product.stock = F("stock") - quantity
    product.save()
    return True


@buy.wrong(below_nothing)
def never_asked(pk: int, quantity: int) -> object:
    return bool(Product.objects.filter(pk=pk).update(stock=F("stock") - quantity))


@buy.wrong(sale_caught_inside)
def sale_broken(pk: int, quantity: int) -> object:
    with transaction.atomic():
        with suppress(IntegrityError):
            Product.objects.filter(pk=pk).update(stock=F("stock") - quantity)
        return Product.objects.get(pk=pk).stock >= 0


@buy.wrong(f_compared)
def f_in_python(pk: int, quantity: int) -> object:
    product: Any = Product.objects.get(pk=pk)
    product.stock = F("stock") - quantity
    if product.stock < 0:
        return False
    product.save()
    return True


@buy.wrong("Other products have changed as well")
def all_of_them(pk: int, quantity: int) -> object:
    return bool(Product.objects.filter(stock__gte=quantity).update(stock=F("stock") - quantity))


@buy.wrong("Your function returned nothing (None)")
def says_nothing(pk: int, quantity: int) -> None:
    enough = Product.objects.filter(pk=pk, stock__gte=quantity)
    enough.update(stock=F("stock") - quantity)


@buy.wrong("your function says that it sold 11")
def always_true(pk: int, quantity: int) -> object:
    Product.objects.filter(pk=pk, stock__gte=quantity).update(stock=F("stock") - quantity)
    return True


@buy.wrong("Nothing was stored")
def forgot_to_save(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    if product.stock < quantity:
        return False
    product.stock -= quantity
    return True


@buy.wrong("enough for 10, but you returned False")
def one_must_stay(pk: int, quantity: int) -> object:
    enough = Product.objects.filter(pk=pk, stock__gt=quantity)
    return bool(enough.update(stock=F("stock") - quantity))


# Where the notebook has no copy of its own, an answer runs inside a transaction (see tutor.judge.rows).
if connection.vendor == "sqlite":

    @buy.wrong("are left: a lost update")
    def lock_given_back(pk: int, quantity: int) -> object:
        with transaction.atomic():
            product = Product.objects.select_for_update().get(pk=pk)
        if product.stock < quantity:
            return False
        product.stock -= quantity
        product.save()
        return True

    @buy.wrong(lock_without_transaction)
    def lock_for_nothing(pk: int, quantity: int) -> object:
        product = Product.objects.select_for_update().get(pk=pk)
        product.stock -= quantity
        product.save()
        return True
