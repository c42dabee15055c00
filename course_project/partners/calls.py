"""Calls to the partner: never without a time limit, and an answer that says whether to try again."""

from __future__ import annotations

import functools
import random
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:  # It takes a tenth of a second, so it waits for the first call.
    import httpx


class PartnerError(Exception):
    """The partner did not do what we asked for; str() says why."""


class TryAgain(PartnerError):
    """No answer, or one that says "later". It may even have been done: ask with the same key."""


class Refused(PartnerError):
    """A clear no. The same question gets the same answer, however often it is asked."""


class Gone(Refused):
    """What we asked for is not there, or not there any more."""


@functools.cache
def client() -> httpx.Client:
    """One for all calls: its connections stay open. https://www.python-httpx.org/advanced/clients/"""
    import httpx

    return httpx.Client()


def post(url: str, **options: Any) -> httpx.Response:
    """POST, with our time limit; `options` as httpx takes them. Raises TryAgain or Refused."""
    import httpx

    try:
        answer = client().post(url, timeout=settings.PARTNER_TIMEOUT, **options)
    except httpx.TransportError as error:  # no connection, no answer in time, cut off
        raise TryAgain(f"{type(error).__name__}: {error}") from error
    if answer.status_code in (408, 425, 429) or answer.is_server_error:
        raise TryAgain(f"The partner answered {answer.status_code}.")
    if not answer.is_success:
        kind = Gone if answer.status_code in (404, 410) else Refused
        raise kind(f"The partner answered {answer.status_code}.")
    return answer


def api(path: str, data: dict[str, Any], key: str) -> dict[str, Any]:
    """Ask the partner's API to do something once, and return its answer.

    key  the idempotency key: a second call with it changes nothing, and gets the first answer
    https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
    """
    headers = {"Authorization": f"Bearer {settings.PARTNER_API_KEY}", "Idempotency-Key": key}
    answer: dict[str, Any] = post(settings.PARTNER_URL + path, json=data, headers=headers).json()
    return answer


def backoff(attempts: int, longest: float = 3600) -> float:
    """Seconds to wait after so many attempts: twice as long each time, with jitter.

    Half of it is chance, so that a thousand calls that failed together do not come back together.
    """
    wait = min(2.0**attempts, longest)
    return wait / 2 + random.uniform(0, wait / 2)
