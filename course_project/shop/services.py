"""What the shop does when something has happened: for receivers, views and shells alike."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import transaction

from . import catalogue
from .models import Invoice, Order, PriceChange, Product

LOW_STOCK = 5
PRICE_LIST = "shop.price_list"
PRICE_LIST_SECONDS = 60 * 60


# After an order


def warn_about_low_stock(order: Order) -> None:
    """Tell purchasing which products of the order are nearly sold out."""
    low = Product.objects.filter(order_lines__order=order, stock__lt=LOW_STOCK)
    lines = [f"{product.name}: {product.stock} left" for product in low]
    if lines:
        send_mail("Nearly sold out", "\n".join(lines), None, [settings.PURCHASING_EMAIL])


def send_confirmation(order: Order) -> None:
    text = f"Dear {order.customer.name},\n\nthank you for your order {order.number}."
    send_mail(f"Your order {order.number}", text, None, [order.customer.email])


def write_invoice(order: Order) -> Invoice:
    """The order's invoice, written now if there is none yet."""
    # SQLite sums decimals as floats.
    total = round(Order.objects.with_total().get(pk=order.pk).total, 2)
    return Invoice.objects.get_or_create(order=order, defaults={"total": total})[0]


# The log of prices


def remember_price(product: Product, update_fields: Collection[str] | None = None) -> None:
    """Before a save: note the price in the database, where it may change."""
    product._old_price = None
    if not product._state.adding and (update_fields is None or "price" in update_fields):
        prices = Product.objects.filter(pk=product.pk).values_list("price", flat=True)
        product._old_price = prices.first()


def record_price_change(product: Product) -> None:
    """After the save: write down a price that is another one now."""
    new = Product._meta.get_field("price").to_python(product.price)
    if product._old_price not in (None, new):
        PriceChange.objects.create(product=product, old_price=product._old_price, new_price=new)


# The price list


def price_list() -> list[dict[str, Any]]:
    """SKU, name and price of everything on offer, read once an hour at most."""
    return cache.get_or_set(PRICE_LIST, _read_price_list, PRICE_LIST_SECONDS)


def forget_price_list() -> None:
    # Before the commit, somebody else would read the old prices and keep them for an hour.
    transaction.on_commit(lambda: cache.delete(PRICE_LIST))
    catalogue.forget()


def _read_price_list() -> list[dict[str, Any]]:
    return list(Product.objects.active().order_by("sku").values("sku", "name", "price"))
