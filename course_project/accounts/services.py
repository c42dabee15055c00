"""What is done about users: for receivers, views and shells alike."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from .models import LoginRecord, Profile
from .visitor import client_ip, device


def create_profile(user: User) -> Profile:
    return Profile.objects.get_or_create(user=user)[0]


def record_login(user: User, request: HttpRequest | None = None) -> None:
    """Write a login down, and forget the failures before it."""
    unlock(user.get_username())
    LoginRecord.objects.create(
        user=user,
        username=user.get_username(),
        ip=client_ip(request),
        device=device(request),
        successful=True,
    )


def record_failure(username: str, request: HttpRequest | None = None) -> None:
    # Whoever is locked out was not asked for the password: that is not one more failure. It would
    # keep the door locked for ever.
    if is_locked(username):
        return
    LoginRecord.objects.create(
        username=username[: LoginRecord.USERNAME_LENGTH],
        ip=client_ip(request),
        device=device(request),
        successful=False,
    )


def login_count(user: User) -> int:
    """How often the user has logged in. A row for each: no number that two could overwrite."""
    return user.login_records.filter(successful=True).count()


def is_locked(username: str) -> bool:
    """Whether there were too many failures in the last minutes. Unknown names are locked too."""
    since = timezone.now() - settings.LOGIN_LOCKED_FOR
    return failures(username).filter(at__gt=since).count() >= settings.LOGIN_ATTEMPTS


def unlock(username: str) -> None:
    """Let the failures no longer count. They stay in the table."""
    failures(username).update(forgiven=True)


def failures(username: str) -> QuerySet[LoginRecord]:
    """Those that count."""
    name = username[: LoginRecord.USERNAME_LENGTH]
    return LoginRecord.objects.filter(username=name, successful=False, forgiven=False)
