"""Placing an order."""

from collections import Counter
from collections.abc import Iterable
from functools import partial

from django.db import transaction
from django.db.models import F

from .models import Customer, Order, OrderLine, Product
from .signals import order_created


class CannotOrder(ValueError):
    """Why the order is refused, in a sentence. Nothing was changed."""


def place_order(customer: Customer, lines: Iterable[tuple[Product, int]]) -> Order:
    """Write an order of (product, quantity), take the stock, and tell everybody once it is sure.

    What an order needs is called, here, in one transaction. What an order leads to hears
    order_created: after the commit, and robust, because it cannot stop the order any more.
    Raises CannotOrder.
    """
    quantities: Counter[Product] = Counter()
    for product, quantity in lines:
        if quantity < 1:
            raise CannotOrder(f"{quantity} of {product} cannot be ordered: it must be 1 or more.")
        quantities[product] += quantity
    if not quantities:
        raise CannotOrder("An order needs at least one product.")
    with transaction.atomic():
        # The number is made of the key. Until it is known, a second order of this customer waits.
        order = Order.objects.create(number=f"new-{customer.pk}", customer=customer)
        order.number = f"{order.placed_at.year}-W{order.pk:04}"
        Order.objects.filter(pk=order.pk).update(number=order.number)
        OrderLine.objects.bulk_create(
            OrderLine(order=order, product=product, quantity=quantity, unit_price=product.price)
            for product, quantity in quantities.items()
        )
        # Always in the same sequence: two orders cannot wait for each other.
        for product in sorted(quantities, key=lambda product: product.pk):
            take_stock(product, quantities[product])
        transaction.on_commit(partial(order_created.send_robust, sender=Order, order=order))
    return order


def take_stock(product: Product, quantity: int) -> None:
    """Take so many from the shelf, or raise CannotOrder. Two buyers cannot get the last piece."""
    enough = Product.objects.in_stock().filter(pk=product.pk, stock__gte=quantity)
    if not enough.update(stock=F("stock") - quantity):
        raise CannotOrder(f"There are not {quantity} of {product} in stock.")
