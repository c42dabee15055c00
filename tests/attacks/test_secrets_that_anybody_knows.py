"""A secret that is misspelt, or too short, must not let anybody sign: then nobody is believed."""

import base64
import hmac
import time
from typing import Any

import pytest
from django.test import Client
from partners import signing
from partners.models import WebhookEvent

BODY = b'{"type":"parcel.delivered","number":"NL-1","sequence":3}'


def signed_with(key: bytes) -> dict[str, str]:
    """What a stranger sends who tries this key."""
    now = int(time.time())
    digest = hmac.digest(key, f"evt_1.{now}.".encode() + BODY, "sha256")
    signature = "v1," + base64.b64encode(digest).decode()
    return {signing.ID: "evt_1", signing.TIMESTAMP: str(now), signing.SIGNATURE: signature}


@pytest.mark.parametrize(
    ("secret", "key", "why"),
    [
        ("whsec_", b"", "fewer than 16 bytes"),
        ("whsec_!!!", b"", "not whsec_ and a key in base64"),
        ("whsec_YQ=", b"a", "not whsec_ and a key in base64"),
        ("whsec_\u00e9", b"", "not whsec_ and a key in base64"),
        ("whsec_MTIzNDU2Nzg5MDEyMzQ1", b"123456789012345", "fewer than 16 bytes"),
    ],
)
def test_nobody_is_believed(db: None, settings: Any, secret: str, key: bytes, why: str) -> None:
    settings.PARTNER_WEBHOOK_SECRET = secret
    answer = Client().post(
        "/partners/webhooks/", BODY, content_type="application/json", headers=signed_with(key)
    )
    assert answer.status_code == 403
    assert why in answer.content.decode()
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!!!"])
def test_nothing_is_signed_with_no_key(secret: str) -> None:
    with pytest.raises(ValueError, match=r"There is no secret|The secret is not"):
        signing.sign(secret, "evt_1", 0, BODY)


def test_a_key_of_sixteen_bytes_will_do() -> None:
    secret = "whsec_" + base64.b64encode(b"1234567890123456").decode()
    assert signing.verify(secret, signed_with(b"1234567890123456"), BODY) == "evt_1"
