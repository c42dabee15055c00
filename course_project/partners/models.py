"""What passes between the shop and its partners: payments, parcels, webhooks, push messages."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from shop.models import Order


class Payment(models.Model):
    """Money that the payment service is to take for an order."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        PAID = "paid", "Paid"
        REFUNDED = "refunded", "Refunded"

    order = models.ForeignKey(Order, models.CASCADE, related_name="payments")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    # Made before the first call, and kept: however often we ask, it is the same payment.
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(
        max_length=60, blank=True, help_text="The partner's number; empty until it has answered."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    sequence = models.PositiveIntegerField(default=0, help_text="The newest event that was heard.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference"], condition=~Q(reference=""), name="payment_reference_once"
            ),
        ]

    def __str__(self) -> str:
        return f"payment of order {self.order_id}, {self.status}"


class Parcel(models.Model):
    """One parcel of an order, as far as the carrier has told us."""

    class Status(models.TextChoices):
        ANNOUNCED = "announced", "Announced"
        ON_ITS_WAY = "on_its_way", "On its way"
        DELIVERED = "delivered", "Delivered"

    order = models.ForeignKey(Order, models.CASCADE, related_name="parcels")
    number = models.CharField(max_length=60, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ANNOUNCED)
    sequence = models.PositiveIntegerField(default=0, help_text="The newest event that was heard.")
    instructions = models.CharField(
        max_length=200, blank=True, help_text="Where to leave it if nobody is at home."
    )

    def __str__(self) -> str:
        return self.number


class WebhookEvent(models.Model):
    """One event that a partner has told us. It may tell us again, and in any order."""

    partner = models.CharField(max_length=40)
    event_id = models.CharField(max_length=100)
    payload = models.JSONField()
    ip = models.GenericIPAddressField("IP address", null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "event_id"], name="webhook_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} of {self.partner}"


class OutgoingWebhookQuerySet(models.QuerySet["OutgoingWebhook"]):
    def due(self) -> "OutgoingWebhookQuerySet":
        """Those to be sent now."""
        return self.filter(status=OutgoingWebhook.Status.WAITING, next_try_at__lte=timezone.now())

    def dead(self) -> "OutgoingWebhookQuerySet":
        """The dead-letter list: nobody tries these any more, and somebody must look at them."""
        return self.filter(status=OutgoingWebhook.Status.DEAD)


class OutgoingWebhook(models.Model):
    """One message to a partner, and how often it was tried."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Dead"

    url = models.URLField("URL", max_length=300)
    # The bytes that are signed: the same at each try.
    body = models.TextField()
    event_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=200, blank=True)

    objects = OutgoingWebhookQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["status", "next_try_at"], name="outgoing_webhook_due")]

    def __str__(self) -> str:
        return f"{self.event_id}, {self.status}"


class PushSubscription(models.Model):
    """A browser that may be sent messages: what its pushManager.subscribe() has answered.

    https://www.w3.org/TR/push-api/#pushsubscription-interface
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="push_subscriptions"
    )
    endpoint = models.URLField(max_length=500, unique=True)
    p256dh = models.CharField(max_length=100, help_text="The browser's public key.")
    auth = models.CharField(max_length=50, help_text="A secret that the browser shares with us.")

    def __str__(self) -> str:
        return f"push subscription {self.pk} of user {self.user_id}"
