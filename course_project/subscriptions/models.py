"""The Garden Club: who belongs to it until when, and which letters went out."""

from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from shop.models import Customer


def check_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # Unknown, a path, or a folder such as "Europe".
        raise ValidationError(f"No time zone is called {name!r}. One is 'Europe/Dublin'.") from None


class Membership(models.Model):
    customer = models.OneToOneField(Customer, models.CASCADE, related_name="membership")
    time_zone = models.CharField(
        max_length=40,
        default="UTC",
        validators=[check_time_zone],
        help_text="Where the customer's clock hangs: 'Europe/Dublin'.",
    )
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The last day. Renewing moves it.")

    class Meta:
        indexes = [models.Index(fields=["ends_on"], name="membership_ends_on")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="membership_ends_after_start"
            ),
        ]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def __str__(self) -> str:
        # Ids, not names: a name would cost a query for each row of a list.
        return f"membership of customer {self.customer_id} until {self.ends_on}"


class Reminder(models.Model):
    """The letter that a membership ends soon, sent. A renewed membership ends on another day."""

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="reminders")
    ends_on = models.DateField(help_text="The end that it speaks of.")
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "ends_on"], name="reminder_once"),
        ]

    def __str__(self) -> str:
        return f"reminder of {self.ends_on} (membership {self.membership_id})"


class BirthdayWish(models.Model):
    """The letter on a birthday, sent."""

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="wishes")
    year = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "birthday wishes"
        constraints = [
            models.UniqueConstraint(fields=["membership", "year"], name="birthday_wish_once"),
        ]

    def __str__(self) -> str:
        return f"birthday wish of {self.year} (membership {self.membership_id})"
