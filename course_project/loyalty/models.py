"""Loyalty points: a book of entries. Who has how many is their sum."""

from django.db import models
from django.utils import timezone

from shop.models import Customer, Order


class PointEntry(models.Model):
    """Points that a customer got for an order, or gave back. An entry is never changed."""

    class Reason(models.TextChoices):
        ORDERED = "ordered", "Ordered"
        REFUNDED = "refunded", "Refunded"

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="point_entries")
    order = models.ForeignKey(Order, models.CASCADE, related_name="point_entries")
    reason = models.CharField(max_length=10, choices=Reason)
    points = models.IntegerField(help_text="Below zero where they are given back.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "point entries"
        constraints = [
            models.UniqueConstraint(fields=["order", "reason"], name="point_entry_once"),
        ]

    def __str__(self) -> str:
        # Ids, not names: a name would cost a query for each row of a list.
        return f"{self.points:+} for order {self.order_id}, {self.reason}"
