"""What the project knows about a user beyond Django's own."""

from django.conf import settings
from django.db import models


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    phone = models.CharField(max_length=30, blank=True)
    newsletter = models.BooleanField(default=False, db_default=False)

    def __str__(self) -> str:
        return f"profile of user {self.user_id}"
