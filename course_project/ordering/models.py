"""What an order on the site leads to, written down step by step."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from shop.models import Order

ATTEMPTS = 10


class StepQuerySet(models.QuerySet["Step"]):
    def due(self) -> "StepQuerySet":
        """Those to be done now."""
        return self.filter(done_at=None, attempts__lt=ATTEMPTS, due_at__lte=timezone.now())

    def given_up(self) -> "StepQuerySet":
        """Those that nobody tries any more: somebody must look at them."""
        return self.filter(done_at=None, attempts__gte=ATTEMPTS)


class Step(models.Model):
    """One thing that must happen after an order. It is written with the order, a worker does it.

    A message to a worker can get lost. This row cannot: whatever is due is found again.
    """

    class Kind(models.TextChoices):
        NOTICE = "notice", "Tell the customer on the site"
        INVOICE = "invoice", "Write the invoice"
        PACKING = "packing", "Tell the warehouse"
        PAYMENT = "payment", "Ask the payment service for the money"
        REMINDER = "reminder", "Remind the customer to pay"

    order = models.ForeignKey(Order, models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=10, choices=Kind)
    due_at = models.DateTimeField(
        default=timezone.now, help_text="Each try moves it: so a try that failed is due again."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = StepQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(done_at=None), name="step_due")]
        constraints = [models.UniqueConstraint(fields=["order", "kind"], name="step_once")]

    def __str__(self) -> str:
        return f"{self.kind} of order {self.order_id}"
