"""The guard at the door."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from . import services


class LockOutBackend(ModelBackend):
    """Django's own, but it does not ask for the password of a name that failed too often.

    PermissionDenied ends authenticate() at once: no backend after this one is asked.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if username and services.is_locked(username):
            raise PermissionDenied
        return super().authenticate(request, username, password, **kwargs)

    async def aauthenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if username and await sync_to_async(services.is_locked)(username):
            raise PermissionDenied
        return await super().aauthenticate(request, username, password, **kwargs)
