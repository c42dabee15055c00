"""09.9 A gift for the fifth order: to listen to somebody else's signal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.core import mail
from django.core.mail import EmailMessage, send_mail
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from shop.checkout import CannotOrder, place_order
from shop.models import Customer, Order, Product
from shop.signals import order_created

from checks.ch08_every_bell import Day, of_days
from checks.ch09_signals_at_work import SIGNALS
from checks.common import changes
from glass.layers.signals import ReceiverCall
from tutor.judge.exercise import Exercise, Run


def regular(name: str, orders: int) -> Customer:
    """A customer who has ordered so many times."""
    buyer = Customer.objects.create(
        name=name,
        email=f"{name.lower()}@example.com",
        city="Bergen",
        country="Norway",
        joined_on="2025-01-07",
    )
    Order.objects.bulk_create(
        Order(number=f"2025-{name}{n}", customer=buyer, placed_at="2025-03-01T09:00Z")
        for n in range(orders)
    )
    return buyer


def stocked() -> Product:
    Product.objects.filter(sku="HER-001").update(stock=500)
    return Product.objects.get(sku="HER-001")


def the_fifth() -> int:
    """wilma places her fifth and her sixth order, and nils his second"""
    basil = stocked()
    wilma, nils = regular("Wilma", 4), regular("Nils", 1)
    for buyer in (nils, wilma, wilma):
        place_order(buyer, [(basil, 1)])
    return 3


def undone() -> int:
    """the fifth order of vidar is undone with its transaction, and then placed again"""
    basil, vidar = stocked(), regular("Vidar", 4)
    with suppress(KeyError), transaction.atomic():
        place_order(vidar, [(basil, 1)])
        raise KeyError("the card was refused")
    place_order(vidar, [(basil, 1)])
    return 1


def refused() -> int:
    """the fifth order of odd is refused, rolf places his tenth, and gro her fifth, of two lines"""
    basil, odd, gro = stocked(), regular("Odd", 4), regular("Gro", 4)
    other = Product.objects.in_stock().exclude(pk=basil.pk)[0]
    with suppress(CannotOrder):
        place_order(odd, [(basil, 501)])
    place_order(regular("Rolf", 9), [(basil, 1)])
    place_order(gro, [(basil, 1), (other, 1)])
    return 2


fifth = Exercise(
    "09.9",
    "A gift for the fifth order",
    minutes=6,
    layers=SIGNALS,
    needs_commit=True,
    changes=[changes.newcomer],
    hints=[
        "order_created rings after the commit, so a receiver of it may send the mail at once.",
        "It carries order. From there it is one step to the customer, and one to all her orders.",
        "Count the orders of order.customer. The new one is among them already.",
    ],
)


DAYS: dict[Callable[[], Any], tuple[int, list[str]]] = {
    the_fifth: (3, ["wilma@example.com"]),
    undone: (1, ["vidar@example.com"]),
    refused: (2, ["gro@example.com"]),
}


of_days(fifth, {work: returned for work, (returned, _) in DAYS.items()})


def gifts() -> list[str]:
    letters = [letter for letter in mail.outbox if letter.subject == "A gift for you"]
    return sorted(address for letter in letters for address in letter.to)


def wanted(run: Run) -> list[str]:
    return DAYS[run.arguments[0].work][1]


@fifth.check
def check(run: Run) -> str | None:
    for event in run.seen.events:
        if isinstance(event, ReceiverCall) and event.error:
            return f"Your receiver failed: {event.error}. send_robust keeps that to itself, and goes on."
    found, right = gifts(), wanted(run)
    if found == right:
        return None
    if not found:
        return (
            f"No gift was sent. It should be one, to {right[0]}. When the signal comes, the new "
            "order is among the customer's orders already."
        )
    return f"Gifts went to {', '.join(found)}. Right is one, to {right[0]}."


@fifth.mistake(
    "A gift went out for an order that was undone. post_save rings before the commit; "
    "order_created rings after it."
)
def for_nothing(run: Run) -> bool:
    return run.arguments[0].work is undone and len(gifts()) > 1


def new_buyers() -> set[str]:
    """Those who ordered on this day."""
    return set(
        Customer.objects.filter(orders__number__contains="-W").values_list("email", flat=True)
    )


@fifth.mistake(
    "Gifts went to customers who ordered nothing on this day. Listen to order_created, and look at "
    "the customer of its order only."
)
def to_old_customers(run: Run) -> bool:
    return not set(gifts()) <= new_buyers() and len(gifts()) > 1


@fifth.mistake("Only the fifth order brings a gift. Compare the number of orders with exactly 5.")
def again_and_again(run: Run) -> bool:
    return len(gifts()) > 1 and set(gifts()) <= new_buyers()


@fifth.mistake(
    "The mail has another subject, or went to somebody else. Subject: A gift for you. "
    "To: the customer's email."
)
def another_mail(run: Run) -> bool:
    letters = [letter for letter in mail.outbox if "order" not in letter.subject]
    return bool(letters) and not gifts()


@fifth.right
def by_hand_connected(day: Day) -> object:
    def heard(sender: Any, order: Order, **kwargs: Any) -> None:
        if Order.objects.filter(customer=order.customer_id).count() == 5:
            EmailMessage("A gift for you", "", None, [order.customer.email]).send()

    order_created.connect(heard, sender=Order)
    try:
        return day()
    finally:
        order_created.disconnect(heard, sender=Order)


@fifth.right
def on_commit_as_well(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if len(order.customer.orders.all()) == 5:
            send = partial(send_mail, "A gift for you", "!", None, [order.customer.email])
            transaction.on_commit(send)

    return day()


@fifth.right
def after_each_save(day: Day) -> object:
    def look(order: Order) -> None:
        if Order.objects.filter(customer_id=order.customer_id).count() == 5:
            send_mail("A gift for you", "!", None, [order.customer.email])

    @receiver(post_save, sender=Order)
    def heard(instance: Order, created: bool, **kwargs: Any) -> None:
        if created:
            transaction.on_commit(partial(look, instance))

    return day()


@fifth.wrong(for_nothing)
def in_post_save(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Order, created: bool, **kwargs: Any) -> None:
        if instance.customer.orders.count() == 5:
            send_mail("A gift for you", "!", None, [instance.customer.email])

    return day()


@fifth.wrong(to_old_customers)
def looked_afterwards(day: Day) -> object:
    returned = day()
    for customer in Customer.objects.all():
        if customer.orders.count() == 5:
            send_mail("A gift for you", "!", None, [customer.email])
    return returned


@fifth.wrong(again_and_again)
def every_fifth(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() % 5 == 0:
            send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong(again_and_again)
def five_or_more(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() >= 5:
            send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong("No gift was sent")
def counted_before(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() == 4:  # "The new one is not among them yet."
            send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong(again_and_again)
def everybody(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong("Gifts went to shop@northlight.example. Right is one, to wilma@example.com")
def to_ourselves(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() == 5:
            send_mail("A gift for you", "!", None, ["shop@northlight.example"])

    return day()


@fifth.wrong("send_robust keeps that to itself")
def receiver_that_fails(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.order_set.count() == 5:
            send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong("No gift was sent")
def to_the_customers_only(day: Day) -> object:
    @receiver(order_created, sender=Customer)
    def heard(order: Order, **kwargs: Any) -> None:
        send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong(another_mail)
def another_subject(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() == 5:
            send_mail("A gift", "!", None, [order.customer.email])

    return day()


@fifth.wrong("Your function returned nothing")
def nothing_returned(day: Day) -> None:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() == 5:
            send_mail("A gift for you", "!", None, [order.customer.email])

    day()
