"""08.6 Back on the shelf: rows that are deleted, one by one and with their order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from company.models import Skill
from django.db import transaction
from django.db.models import F
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver
from shop.models import Customer, Order, OrderLine, Product

from checks.ch08_every_bell import LAYERS, Day, calls, of_days
from checks.common import changes
from tutor.judge.exercise import Exercise, Run


def stocks() -> dict[int, int]:
    return dict(Product.objects.values_list("pk", "stock"))


def came_back(before: dict[int, int]) -> dict[str, int]:
    """By how much the stock has grown since then, by SKU."""
    return {
        product.sku: product.stock - before[product.pk]
        for product in Product.objects.order_by("pk")
        if product.stock != before[product.pk]
    }


def orders(count: int, lines: int) -> list[Order]:
    """New orders, each with the same products: the first piece once, the second two times."""
    buyer = Customer.objects.earliest("pk")
    made = []
    for _ in range(count):
        number = f"2026-D{Order.objects.count() + 1}"
        order = Order.objects.create(number=number, customer=buyer, placed_at="2026-03-01T09:00Z")
        for quantity, product in enumerate(Product.objects.order_by("pk")[:lines], start=1):
            OrderLine.objects.create(order=order, product=product, quantity=quantity, unit_price=1)
        made.append(order)
    return made


def line_removed() -> dict[str, int]:
    """one line of an order is taken out, and another one is saved"""
    (order,) = orders(1, 3)
    before = stocks()
    order.lines.get(quantity=1).save()
    order.lines.get(quantity=3).delete()
    Skill.objects.create(name="Falconry").delete()
    return came_back(before)


def order_removed() -> dict[str, int]:
    """a whole order is deleted, and its lines with it"""
    (order,) = orders(1, 2)
    before = stocks()
    order.delete()
    return came_back(before)


def orders_removed() -> dict[str, int]:
    """the lines of two orders are deleted by one queryset"""
    both = orders(2, 2)
    before = stocks()
    OrderLine.objects.filter(order__in=both).delete()
    return came_back(before)


def skus(*pieces: int) -> Callable[[], dict[str, int]]:
    """The first products with these numbers of pieces, those with 0 left out."""

    def expected() -> dict[str, int]:
        first = Product.objects.order_by("pk").values_list("sku", flat=True)
        return {sku: many for sku, many in zip(first, pieces, strict=False) if many}

    return expected


back_on_the_shelf = Exercise(
    "08.6",
    "Back on the shelf",
    minutes=8,
    needs_commit=True,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "Each line that goes rings a signal, also when its order is deleted: that is a cascade.",
        "Listen to post_delete, with OrderLine as the sender. The instance still has its values.",
        'update(stock=F("stock") + instance.quantity) adds to what is there.',
    ],
)


of_days(
    back_on_the_shelf,
    {line_removed: skus(0, 0, 3), order_removed: skus(1, 2), orders_removed: skus(2, 4)},
)


@back_on_the_shelf.mistake("Your function returned nothing. End it with: return day()")
def stock_not_returned(run: Run) -> bool:
    return run.error is None and run.value is None


@back_on_the_shelf.mistake(
    "Your receiver was called with something that is no line of an order. "
    "Say which sender you listen to."
)
def no_line(run: Run) -> bool:
    return isinstance(run.error, AttributeError) and "object has no attribute" in str(run.error)


@back_on_the_shelf.mistake(
    "The goods came back twice. Listen to one signal: post_delete, or pre_delete, not to both."
)
def twice(run: Run) -> bool:
    return {sku: 2 * many for sku, many in run.expected.items()} == run.value


@back_on_the_shelf.mistake(
    "Each line brought one piece back. A line has a quantity: so many pieces come back."
)
def one_piece(run: Run) -> bool:
    return run.value.keys() == run.expected.keys() and all(
        many in (1, 2) for many in run.value.values()
    )


@back_on_the_shelf.mistake("The stock became less. The goods come back: add them.")
def less(run: Run) -> bool:
    return any(many < 0 for many in run.value.values())


@back_on_the_shelf.mistake(
    "The stock changed where a line was only saved. Listen to the deleting of lines."
)
def saved_not_deleted(run: Run) -> bool:
    return bool(run.value.keys() - run.expected.keys())


@back_on_the_shelf.mistake(
    "Your UPDATE found no product. When post_delete rings, the line is no longer in the database: "
    "go by instance.product_id, not across the relation."
)
def line_is_gone(run: Run) -> bool:
    updates = [q for q in run.seen.queries if q.parent and 'UPDATE "shop_product"' in q.sql]
    return bool(updates) and not any(query.rows for query in updates)


@back_on_the_shelf.mistake(
    "The stock in the database is as before. Setting product.stock changes the object only: "
    "save it, or use update()."
)
def attribute_only(run: Run) -> bool:
    asked = any(query.parent and "SELECT" in query.sql for query in run.seen.queries)
    return not run.value and calls(run) > 0 and asked


@back_on_the_shelf.mistake(
    "Nothing came back, though lines were deleted. Which model's rows are deleted on each of "
    "these days? Listen to that sender."
)
def nothing_came_back(run: Run) -> bool:
    return not run.value


@back_on_the_shelf.right
def product_saved(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        product = Product.objects.get(pk=instance.product_id)
        product.stock += instance.quantity
        product.save(update_fields=["stock"])

    return day()


@back_on_the_shelf.right
def before_the_delete(day: Day) -> object:
    @receiver(pre_delete, sender="shop.OrderLine")
    def heard(instance: Any, **kwargs: Any) -> None:
        products = Product.objects.filter(order_lines=instance)
        products.update(stock=F("stock") + instance.quantity)

    return day()


@back_on_the_shelf.right
def by_expression(day: Day) -> object:
    def heard(sender: Any, instance: Any, **kwargs: Any) -> None:
        if sender is OrderLine:
            instance.product.stock = F("stock") + instance.quantity
            instance.product.save()

    post_delete.connect(heard)
    return day()


@back_on_the_shelf.right
def after_the_commit(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        shelf = Product.objects.filter(pk=instance.product_id)
        transaction.on_commit(partial(shelf.update, stock=F("stock") + instance.quantity))

    return day()


@back_on_the_shelf.wrong(stock_not_returned)
def stock_without_return(day: Day) -> None:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        shelf = Product.objects.filter(pk=instance.product_id)
        shelf.update(stock=F("stock") + instance.quantity)

    day()


@back_on_the_shelf.wrong(no_line)
def every_delete(day: Day) -> object:
    @receiver(post_delete)
    def heard(instance: Any, **kwargs: Any) -> None:
        shelf = Product.objects.filter(pk=instance.product_id)
        shelf.update(stock=F("stock") + instance.quantity)

    return day()


@back_on_the_shelf.wrong(twice)
def both_signals(day: Day) -> object:
    @receiver([pre_delete, post_delete], sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        shelf = Product.objects.filter(pk=instance.product_id)
        shelf.update(stock=F("stock") + instance.quantity)

    return day()


@back_on_the_shelf.wrong(one_piece)
def plus_one(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        Product.objects.filter(pk=instance.product_id).update(stock=F("stock") + 1)

    return day()


@back_on_the_shelf.wrong(less)
def taken_away(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.product.stock -= instance.quantity
        instance.product.save()

    return day()


@back_on_the_shelf.wrong(saved_not_deleted)
def every_save_of_a_line(day: Day) -> object:
    @receiver(post_save, sender=OrderLine)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        shelf = Product.objects.filter(pk=instance.product_id)
        shelf.update(stock=F("stock") + instance.quantity)

    return day()


@back_on_the_shelf.wrong(line_is_gone)
def across_the_relation(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        products = Product.objects.filter(order_lines=instance.pk)
        products.update(stock=F("stock") + instance.quantity)

    return day()


@back_on_the_shelf.wrong(attribute_only)
def stock_not_saved(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.product.stock += instance.quantity

    return day()


@back_on_the_shelf.wrong(nothing_came_back)
def line_saved_again(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.quantity = 0

    return day()


@back_on_the_shelf.wrong(nothing_came_back)
def with_the_order(day: Day) -> object:
    @receiver(pre_delete, sender=Order)
    def heard(instance: Any, **kwargs: Any) -> None:
        for line in instance.lines.all():
            shelf = Product.objects.filter(pk=line.product_id)
            shelf.update(stock=F("stock") + line.quantity)

    return day()
