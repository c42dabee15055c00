"""What the steps of an order do. Each may be tried twice."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from notifications.models import Notice
from partners import services as partners
from partners.models import Payment
from shop import services as shop
from shop.models import Order

from .models import Step


def do(step_id: int) -> bool:
    """Do a step that is due. False where there is nothing to do, or somebody else is at it.

    It raises what the work raises, and the step is due again later.
    """
    step = Step.objects.select_related("order__customer").filter(pk=step_id).first()
    if step is None:
        return False
    # Whoever moves the time does the work. If this process dies meanwhile, the step is due again.
    wait = timedelta(seconds=settings.ORDER_RETRY_SECONDS * 2**step.attempts)
    mine = Step.objects.due().filter(pk=step_id, due_at=step.due_at)
    if not mine.update(due_at=timezone.now() + wait, attempts=F("attempts") + 1):
        return False
    WORK[Step.Kind(step.kind)](step.order)
    Step.objects.filter(pk=step_id).update(done_at=timezone.now())
    return True


def tell_customer(order: Order) -> None:
    """A notice on the site; a second time it is there already. Without a login nobody reads it."""
    if order.customer.user_id:
        Notice.objects.get_or_create(
            user_id=order.customer.user_id,
            url=reverse("order_detail", args=[order.pk]),
            text=f"We have your order {order.number}.",
        )


def write_invoice(order: Order) -> None:
    """The receiver of order_created has written it. If it could not, here is its second chance."""
    shop.write_invoice(order)


def tell_warehouse(order: Order) -> None:
    """A mail. Tried twice it may come twice: that is better than never."""
    lines = order.lines.select_related("product").order_by("pk")
    text = "\n".join(f"{line.quantity} x {line.product.name}" for line in lines)
    send_mail(f"Please pack {order.number}", text, None, [settings.WAREHOUSE_EMAIL])


def ask_for_money(order: Order) -> None:
    """One payment, however often we ask: its key is written before the first call."""
    payment = Payment.objects.filter(order=order).first() or partners.open_payment(order)
    partners.send_payment(payment)


def remind(order: Order) -> None:
    """A mail, unless the order is paid, or cancelled."""
    order.refresh_from_db(fields=["status"])
    if order.status == Order.Status.NEW:
        text = f"Dear {order.customer.name},\n\nyour order {order.number} is not paid yet."
        send_mail(f"Your order {order.number}", text, None, [order.customer.email])


WORK: dict[Step.Kind, Callable[[Order], None]] = {
    Step.Kind.NOTICE: tell_customer,
    Step.Kind.INVOICE: write_invoice,
    Step.Kind.PACKING: tell_warehouse,
    Step.Kind.PAYMENT: ask_for_money,
    Step.Kind.REMINDER: remind,
}
