"""What happens when users are created, and come in. Each receiver only calls a service."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from . import services


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def give_profile(instance: User, created: bool, raw: bool, **kwargs: Any) -> None:
    # raw: a fixture is being loaded, and brings its own profiles.
    if created and not raw:
        services.create_profile(instance)


@receiver(user_logged_in)
def write_login_down(user: User, request: HttpRequest | None, **kwargs: Any) -> None:
    services.record_login(user, request)


@receiver(user_login_failed)
def write_failure_down(
    credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    # A backend may log people in by something else than a name: by a token, say.
    if username := credentials.get("username"):
        services.record_failure(username, request)
