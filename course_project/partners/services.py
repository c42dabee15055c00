"""What is asked of the partners, and what is done when they tell us something."""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from shop.models import Order

from . import calls, signing
from .models import (
    OutgoingWebhook,
    OutgoingWebhookQuerySet,
    Parcel,
    Payment,
    PushSubscription,
    WebhookEvent,
)

ATTEMPTS = 5


# Out: what we ask for


def open_payment(order: Order) -> Payment:
    """Write down what the order costs. Nobody is asked for the money yet."""
    # SQLite sums decimals as floats.
    total = round(Order.objects.with_total().get(pk=order.pk).total, 2)
    return Payment.objects.create(order=order, amount=total)


def send_payment(payment: Payment) -> str:
    """Ask the payment service for the money, and return its number. Asked again it is the same.

    Raises calls.TryAgain or calls.Refused.
    """
    if not payment.reference:
        data = {"order": payment.order.number, "amount": str(payment.amount)}
        answer = calls.api("/v1/payments", data, key=str(payment.idempotency_key))
        payment.reference = answer["id"]
        payment.save(update_fields=["reference"])
    return payment.reference


# In: what they tell us


def receive(event_id: str, payload: dict[str, Any], ip: str | None = None) -> WebhookEvent:
    """Write an event down, once: the unique constraint decides, even between two requests."""
    return WebhookEvent.objects.get_or_create(
        partner=settings.PARTNER_NAME,
        event_id=event_id,
        defaults={"payload": payload, "ip": ip},
    )[0]


class NotKnownYet(Exception):
    """News of something that we have not heard of. They can be quicker than the answer to our call."""


def process(event_id: int) -> bool:
    """Do what an event calls for. False where it was done before, or is of yesterday.

    Raises NotKnownYet; the event stays unprocessed then.
    """
    with transaction.atomic():
        event = WebhookEvent.objects.select_for_update().get(pk=event_id)
        if event.processed_at:
            return False
        news = apply(event.payload)
        event.processed_at = timezone.now()
        event.save(update_fields=["processed_at"])
    return news


def apply(payload: dict[str, Any]) -> bool:
    """Let a payment or a parcel know its new status, unless it has heard of a later one."""
    about, _, status = str(payload.get("type")).partition(".")
    number, rows = payload.get("number"), None
    if about == "parcel" and status in Parcel.Status:
        rows = Parcel.objects.filter(number=number)
    elif about == "payment" and status in Payment.Status:
        rows = Payment.objects.filter(reference=number)
    if not number or rows is None:
        return False  # A kind of event that we have no use for.
    sequence = payload["sequence"]
    # One statement looks and writes, so that no other event comes in between.
    if not rows.filter(sequence__lt=sequence).update(status=status, sequence=sequence):
        if not rows.exists():
            raise NotKnownYet(f"Nobody here knows {about} {number}.")
        return False
    if (about, status) == ("payment", Payment.Status.PAID):
        orders = Order.objects.filter(payments__reference=number, status=Order.Status.NEW)
        orders.update(status=Order.Status.PAID)
    return True


# Out: what we tell


def announce(kind: str, data: dict[str, Any], url: str) -> OutgoingWebhook:
    """Write down that a partner is to be told; deliver() does it."""
    body = json.dumps({"type": kind, **data})
    return OutgoingWebhook.objects.create(url=url, body=body)


def deliver(webhook_id: int) -> str:
    """Try now to send a webhook that waits; return its status afterwards.

    After a failure it waits, longer each time; after the last one it is dead.
    """
    webhook = OutgoingWebhook.objects.get(pk=webhook_id)
    attempts = webhook.attempts + 1
    # Whoever counts this attempt makes it. No lock is held while the partner thinks, and if this
    # process dies meanwhile, the webhook is due again later.
    mine = OutgoingWebhook.objects.filter(
        pk=webhook_id, status=OutgoingWebhook.Status.WAITING, attempts=webhook.attempts
    ).update(
        attempts=attempts,
        next_try_at=timezone.now() + timedelta(seconds=calls.backoff(attempts)),
    )
    if not mine:
        return webhook.status
    status, error = OutgoingWebhook.Status.DELIVERED, ""
    body = webhook.body.encode()
    headers = signing.headers(settings.SHOP_WEBHOOK_SECRET, str(webhook.event_id), body)
    try:
        calls.post(
            webhook.url, content=body, headers={"Content-Type": "application/json", **headers}
        )
    except calls.PartnerError as why:
        dead = attempts >= ATTEMPTS
        status = OutgoingWebhook.Status.DEAD if dead else OutgoingWebhook.Status.WAITING
        error = str(why)[:200]
    OutgoingWebhook.objects.filter(pk=webhook_id).update(status=status, last_error=error)
    return str(status)


def revive(webhooks: OutgoingWebhookQuerySet) -> int:
    """Let the dead ones of these be tried again, once the partner is well; return how many."""
    return webhooks.dead().update(
        status=OutgoingWebhook.Status.WAITING, attempts=0, next_try_at=timezone.now()
    )


# Out: to the browser

# Nobody reads the news in more browsers than that.
MOST_BROWSERS = 10


def subscribe(user: AbstractBaseUser, subscription: dict[str, Any]) -> PushSubscription:
    """Keep what a browser's pushManager.subscribe() has answered. Raises ValueError.

    A user with more than MOST_BROWSERS loses the oldest.
    """
    from . import push  # Cryptography takes its time to import: not at each start of Django.

    try:
        endpoint = str(subscription["endpoint"])
        keys = {name: str(subscription["keys"][name]) for name in ("p256dh", "auth")}
    except (KeyError, TypeError):
        raise ValueError("A subscription has an endpoint, and keys p256dh and auth.") from None
    if not push.is_push_service(endpoint):
        raise ValueError("The endpoint is not at a push service that we know.")
    for name, value in {"endpoint": endpoint, **keys}.items():
        longest = PushSubscription._meta.get_field(name).max_length
        if len(value) > longest:
            raise ValueError(f"The {name} is longer than {longest} characters.")
    with transaction.atomic():
        kept, _ = PushSubscription.objects.update_or_create(
            endpoint=endpoint, defaults={"user": user, **keys}
        )
        others = PushSubscription.objects.filter(user=user.pk).exclude(pk=kept.pk)
        newest_first = others.order_by("-pk").values_list("pk", flat=True)
        PushSubscription.objects.filter(pk__in=list(newest_first[MOST_BROWSERS - 1 :])).delete()
    return kept


def push_to(user: AbstractBaseUser, message: dict[str, Any]) -> int:
    """Send a message to each browser of the user; return how many took it.

    One that does not take it stops no other. Raises the first of calls.TryAgain and calls.Refused
    when all were asked.
    """
    from . import push

    taken, problems = 0, []
    for subscription in PushSubscription.objects.filter(user=user.pk):
        try:
            taken += push.send(subscription, message)
        except calls.PartnerError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
    return taken
