"""Ordering on the site."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.db import transaction

from shop import catalogue
from shop.checkout import place_order
from shop.models import Customer, Order, Product

from .models import Step
from .tasks import do_step

#: What an order on the site leads to, and how long after it.
STEPS = {
    Step.Kind.NOTICE: timedelta(0),
    Step.Kind.INVOICE: timedelta(0),
    Step.Kind.PACKING: timedelta(0),
    Step.Kind.PAYMENT: timedelta(0),
    Step.Kind.REMINDER: timedelta(days=3),
}


def order_on_site(customer: Customer, lines: Iterable[tuple[Product, int]]) -> Order:
    """Place the order, and write down its steps: both, or neither. Raises CannotOrder."""
    with transaction.atomic():
        order = place_order(customer, lines)
        steps = Step.objects.bulk_create(
            Step(order=order, kind=kind, due_at=order.placed_at + wait)
            for kind, wait in STEPS.items()
        )
        for step in steps:
            if step.due_at == order.placed_at:
                # robust: without a broker the order stands, and do_due_steps() finds its steps.
                transaction.on_commit(partial(do_step.delay, step.pk), robust=True)
        catalogue.forget()  # It says how many are left, and update() rings no bell.
    return order
