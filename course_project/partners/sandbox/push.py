"""A push service and the browser behind it, so far as our messages meet them."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid
from py_vapid.utils import b64urldecode, b64urlencode

DAY = 24 * 3600


class Browser:
    """Made for one site that asked for permission. Its key never leaves it."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        self.closed = False
        self.messages: list[str] = []

    def keys(self) -> dict[str, str]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": b64urlencode(point), "auth": b64urlencode(self.auth)}

    def take(self, body: bytes, headers: Any) -> tuple[int, dict[str, Any]]:
        """One message, as RFC 8030 and RFC 8292 have it."""
        if self.closed:
            return 410, {"error": "This browser has unsubscribed."}
        if why := self.unwelcome(headers.get("Authorization", "")):
            return 403, {"error": why}
        if not headers.get("TTL", "").isdecimal():
            return 400, {"error": "Say how many seconds the message is worth keeping: TTL."}
        if headers.get("Content-Encoding") != "aes128gcm":
            return 415, {"error": "The message must be encrypted, with aes128gcm."}
        try:
            text = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth)
        except Exception:  # noqa: BLE001 Whatever is wrong with it, the browser cannot read it.
            return 400, {"error": "The browser cannot decrypt this."}
        self.messages.append(text.decode())
        return 201, {}

    def unwelcome(self, authorization: str) -> str | None:
        """Why the sender is not believed. https://datatracker.ietf.org/doc/html/rfc8292#section-2"""
        try:
            believed = Vapid.verify(authorization)
            token = authorization.partition("t=")[2].partition(",")[0]
            claims = json.loads(b64urldecode(token.split(".")[1].encode()))
        except Exception:  # noqa: BLE001 It is not of the right form.
            return "Say who you are: Authorization: vapid t=..., k=..."
        if not believed:
            return "The token is signed with another key."
        if claims.get("aud") != self.origin:
            return "The token is for another push service."
        if not 0 < claims.get("exp", 0) - time.time() <= DAY:
            return "The token is too old, or valid for more than a day."
        return None
