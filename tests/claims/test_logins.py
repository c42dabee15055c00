"""What lesson 09 says of logins and of data migrations."""

from collections.abc import Iterator
from typing import Any

import pytest
from accounts import services
from accounts.models import Profile
from django.contrib.auth import authenticate, user_logged_in, user_login_failed
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung() -> Iterator[list[str]]:
    """The login signals that rang."""
    found: list[str] = []

    def logged_in(**kwargs: object) -> None:
        found.append("user_logged_in")

    def failed(**kwargs: object) -> None:
        found.append("user_login_failed")

    user_logged_in.connect(logged_in, weak=False, dispatch_uid="claims")
    user_login_failed.connect(failed, weak=False, dispatch_uid="claims")
    yield found
    user_logged_in.disconnect(dispatch_uid="claims")
    user_login_failed.disconnect(dispatch_uid="claims")


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", password="under-glass")


def test_authenticate_rings_nothing_when_all_is_right(ann: User, rung: list[str]) -> None:
    assert authenticate(username="ann", password="under-glass") == ann
    assert rung == []
    Client().force_login(ann)
    assert rung == ["user_logged_in"]


def test_a_user_who_is_not_active_counts_as_a_failure(ann: User, rung: list[str]) -> None:
    User.objects.update(is_active=False)
    assert authenticate(username="ann", password="under-glass") is None
    assert rung == ["user_login_failed"]


def test_at_the_signal_last_login_is_written_already(ann: User) -> None:
    seen: list[object] = []

    def look(user: User, **kwargs: object) -> None:
        seen.append((user.last_login is None, services.login_count(user)))

    user_logged_in.connect(look)
    try:
        Client().force_login(ann)
    finally:
        user_logged_in.disconnect(look)
    assert seen == [(False, 1)]


def test_a_service_does_not_take_the_user_of_a_migration(ann: User) -> None:
    Profile.objects.all().delete()
    apps = MigrationLoader(connection).project_state().apps
    old = apps.get_model("auth", "User").objects.get()
    with pytest.raises(ValueError, match='Must be "User" instance'):
        services.create_profile(old)
    assert apps.get_model("accounts", "Profile").objects.get_or_create(user=old)[1]
    assert Profile.objects.get().user == ann


def test_a_backend_that_refuses_must_be_the_first(ann: User, settings: Any) -> None:
    for _ in range(5):
        authenticate(username="ann", password="guess")
    assert services.is_locked("ann")
    both = ["accounts.backends.LockOutBackend", "django.contrib.auth.backends.ModelBackend"]
    settings.AUTHENTICATION_BACKENDS = both
    assert authenticate(username="ann", password="under-glass") is None
    settings.AUTHENTICATION_BACKENDS = both[::-1]
    assert authenticate(username="ann", password="under-glass") == ann
