"""What partners hear of. Connected where the settings name somebody to tell (see apps.py)."""

from typing import Any

from django.conf import settings

from shop.models import Order

from . import services, tasks


def tell_partner(order: Order, **kwargs: Any) -> None:
    """Receiver of order_created."""
    data = {"order": order.number, "placed_at": order.placed_at.isoformat()}
    webhook = services.announce("order.created", data, settings.SHOP_WEBHOOK_URL)
    tasks.deliver_webhook.delay_on_commit(webhook.pk)
