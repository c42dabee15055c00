"""Web Push: a message to a browser, through the push service of whoever made the browser.

RFC 8030 is the way to send, RFC 8291 keeps the text secret from the push service, RFC 8292 (VAPID)
says who sends. https://datatracker.ietf.org/doc/html/rfc8292
"""

import json
import time
from typing import Any
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host
from py_vapid import Vapid
from py_vapid.utils import b64urldecode, b64urlencode

from . import calls
from .models import PushSubscription

HOURS = 3600


class NoKeys(ValueError):
    """What a subscription says are its keys are none."""


def is_push_service(endpoint: str) -> bool:
    """Whether we send there. The address comes from a browser, and it may be a lie.

    Without this question anybody could have our server ask the machines behind our firewall.
    """
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    secure = parts.scheme == "https" or (parts.scheme == "http" and host == "127.0.0.1")
    return secure and validate_host(host, settings.PUSH_SERVICES)


def our_key() -> Vapid:
    if not settings.VAPID_PRIVATE_KEY:
        raise ImproperlyConfigured("Web Push needs VAPID_PRIVATE_KEY. The command vapid makes one.")
    return Vapid.from_string(settings.VAPID_PRIVATE_KEY)


def public_key() -> str:
    """What a page hands to pushManager.subscribe() as applicationServerKey."""
    key = our_key().public_key
    point: bytes = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    encoded: str = b64urlencode(point)
    return encoded


def authorization(endpoint: str) -> dict[str, str]:
    """The header that says who we are: a token for this one push service, valid for some hours."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + 12 * HOURS,
        "sub": settings.VAPID_SUBJECT,
    }
    signed: dict[str, str] = our_key().sign(claims)
    return signed


def encrypt(message: dict[str, Any], p256dh: str, auth: str) -> bytes:
    """The message in a form that only this one browser can read. Raises NoKeys."""
    text = json.dumps(message).encode()
    try:
        sealed: bytes = http_ece.encrypt(
            text,
            private_key=ec.generate_private_key(ec.SECP256R1()),  # a new one for each message
            dh=b64urldecode(p256dh.encode()),
            auth_secret=b64urldecode(auth.encode()),
            version="aes128gcm",
        )
    except (ValueError, http_ece.ECEException) as error:
        raise NoKeys("Nothing can be encrypted with the keys of this subscription.") from error
    return sealed


def send(subscription: PushSubscription, message: dict[str, Any]) -> bool:
    """Send one message; False where no browser can ever read it there, and it is forgotten.

    Raises calls.TryAgain or calls.Refused.
    """
    headers = {"Content-Encoding": "aes128gcm", "TTL": str(HOURS)}
    try:
        calls.post(
            subscription.endpoint,
            content=encrypt(message, subscription.p256dh, subscription.auth),
            headers=headers | authorization(subscription.endpoint),
        )
    except (calls.Gone, NoKeys):
        subscription.delete()
        return False
    return True
