"""What the shop leaves to a worker. Each task takes keys, and reads the rows when it runs."""

from decimal import Decimal
from typing import Any

from celery import Task, shared_task
from django.db.models import F, Sum

from . import services
from .models import Order, OrderLine


@shared_task
def send_confirmation(order_id: int) -> None:
    services.send_confirmation(Order.objects.select_related("customer").get(pk=order_id))


@shared_task
def write_invoice(order_id: int) -> str:
    """The order's invoice; the one there is when the task runs twice. Returns its total."""
    return str(services.write_invoice(Order.objects.get(pk=order_id)).total)


@shared_task(bind=True)
def monthly_sales(self: Task, year: int) -> list[str]:
    """What was sold in each month. Says how far it is: state PROGRESS, {"done": 3, "total": 12}."""
    sales = []
    for month in range(1, 13):
        lines = OrderLine.objects.filter(
            order__placed_at__year=year, order__placed_at__month=month
        ).exclude(order__status=Order.Status.CANCELLED)
        sold = lines.aggregate(sold=Sum(F("quantity") * F("unit_price")))["sold"]
        # SQLite sums decimals as floats.
        sales.append(str(round(sold or Decimal(0), 2)))
        self.update_state(state="PROGRESS", meta={"done": month, "total": 12})
    return sales


class CourierBusy(Exception):
    """The courier's server takes no parcel now. Ask again later."""


@shared_task(bind=True, max_retries=5)
def book_courier(self: Task, order_number: str, busy: int = 2, wait: float = 0.1) -> dict[str, Any]:
    """Book a courier whose server says so many times that it is busy, and then takes the parcel.

    It is asked again after `wait` seconds. Returns the order's number and the attempts it took.
    """
    attempt = self.request.retries + 1
    if attempt <= busy:
        raise self.retry(exc=CourierBusy(f"attempt {attempt} for {order_number}"), countdown=wait)
    return {"order": order_number, "attempts": attempt}
