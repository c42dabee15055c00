"""Chapter 10, one value everywhere: what its exercises share."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from notifications.models import Notice

from checks.common import pages

PROGRAM = "alert(1)"


def user(name: str | None) -> User | AnonymousUser:
    return User.objects.get(username=name) if name else AnonymousUser()


def request_of(name: str | None) -> HttpRequest:
    return pages.request("/", User.objects.get(username=name) if name else None)


def who(name: str | None) -> str:
    return name or "a visitor without a login"


def news(name: str, text: str, **values: Any) -> Notice:
    return Notice.objects.create(user=user(name), text=text, **values)


def more_notices() -> None:
    """kofi has a notice now, and ann one more"""
    news("kofi", "Welcome, kofi!")
    news("ann", "Spades & rakes: it's spring.")


def everything_is_read() -> None:
    """everybody has read all notices"""
    Notice.objects.update(read_at="2026-03-01T09:00Z")
