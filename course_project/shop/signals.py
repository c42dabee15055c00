"""The shop's own signal, and what happens when products change and orders come in.

Each receiver only calls a service.
"""

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import Signal, receiver

from . import services
from .models import Order, Product

#: Sent by shop.checkout.place_order after the commit. Arguments: order.
order_created = Signal()


@receiver(order_created)
def look_at_stock(order: Order, **kwargs: Any) -> None:
    services.warn_about_low_stock(order)


@receiver(order_created)
def confirm_by_mail(order: Order, **kwargs: Any) -> None:
    services.send_confirmation(order)


@receiver(order_created)
def write_invoice(order: Order, **kwargs: Any) -> None:
    services.write_invoice(order)


@receiver(pre_save, sender=Product)
def remember_price(instance: Product, raw: bool, **kwargs: Any) -> None:
    if not raw:
        services.remember_price(instance, kwargs["update_fields"])


@receiver(post_save, sender=Product)
def write_price_down(instance: Product, raw: bool, **kwargs: Any) -> None:
    if not raw:
        services.record_price_change(instance)


@receiver([post_save, post_delete], sender=Product)
def forget_price_list(**kwargs: Any) -> None:
    services.forget_price_list()
