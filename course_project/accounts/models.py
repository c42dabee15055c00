"""What the project knows about a user beyond Django's own."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from .visitor import DEVICE_LENGTH


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    phone = models.CharField(max_length=30, blank=True)
    newsletter = models.BooleanField(default=False, db_default=False)

    def __str__(self) -> str:
        return f"profile of user {self.user_id}"


class LoginRecord(models.Model):
    """One login, or one that failed."""

    USERNAME_LENGTH = 150

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="login_records",
        help_text="Empty where the login failed.",
    )
    username = models.CharField(max_length=USERNAME_LENGTH, help_text="As it was typed.")
    at = models.DateTimeField(default=timezone.now)
    ip = models.GenericIPAddressField("IP address", null=True, blank=True)
    device = models.CharField(max_length=DEVICE_LENGTH, blank=True)
    successful = models.BooleanField()
    forgiven = models.BooleanField(
        default=False, db_default=False, help_text="A failure that no longer counts."
    )

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["username", "at"], name="login_record_username_at")]

    def __str__(self) -> str:
        return f"{self.username}, {'successful' if self.successful else 'failed'}"
