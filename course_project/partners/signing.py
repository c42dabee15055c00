"""Signed messages, as the Standard Webhooks say: both sides know one secret, and never send it.

https://www.standardwebhooks.com/ and https://docs.python.org/3/library/hmac.html
This module needs no Django: the partner's side uses it too.
"""

import base64
import hmac
import time
from collections.abc import Mapping

#: So many seconds may lie between the writing of a message and its arrival.
TOLERANCE = 5 * 60

#: So many bytes has a key that nobody can find by trying.
SHORTEST = 16

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class NotBelieved(ValueError):
    """Why a message is not believed, in a sentence."""


def sign(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message: "v1," and the HMAC-SHA256 of its id, its time and its bytes.

    secret  "whsec_" and a key in base64, as the partner's settings show it
    Raises ValueError where there is none: anybody could sign with nothing.
    """
    key = _key(secret)
    if not key:
        raise ValueError("There is no secret to sign with. Set it in the environment.")
    digest = hmac.digest(key, f"{id}.{timestamp}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        # Without validate=True, "!!!" would be read as no bytes at all.
        raise ValueError("The secret is not whsec_ and a key in base64.") from None


def headers(secret: str, id: str, body: bytes, timestamp: int | None = None) -> dict[str, str]:
    """The three headers that a message is sent with; timestamp: now, where none is given."""
    timestamp = int(time.time()) if timestamp is None else timestamp
    return {ID: id, TIMESTAMP: str(timestamp), SIGNATURE: sign(secret, id, timestamp, body)}


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float | None = None) -> str:
    """Return the id of a message that the partner wrote, and wrote just now.

    body  the bytes as they came: read as JSON and written again they are others
    Raises NotBelieved.
    """
    if not secret:
        raise NotBelieved("There is no secret of this partner in the settings.")
    try:
        long_enough = len(_key(secret)) >= SHORTEST
    except ValueError as error:
        raise NotBelieved(str(error)) from None
    if not long_enough:
        raise NotBelieved(f"The secret of this partner has fewer than {SHORTEST} bytes.")
    id, written = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not id or not (written.isascii() and written.isdecimal() and len(written) < 12):
        raise NotBelieved("The message has no id, or no time.")
    # There may be two, while the partner changes from an old secret to a new one.
    expected = sign(secret, id, int(written), body).encode()
    given = headers.get(SIGNATURE, "").encode().split()
    # Not ==, whose time tells how many characters were right.
    if not any(hmac.compare_digest(expected, one) for one in given):
        raise NotBelieved("The signature is not that of this message.")
    # Whoever has overheard a signed message cannot use it tomorrow.
    if abs((time.time() if now is None else now) - int(written)) > TOLERANCE:
        raise NotBelieved("The message is too old, or of the future.")
    return id
