"""16.2 Did the partner write this? A signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import suppress

from checks.common import changes
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

KEY = b"the secret of both"
BODY = b'{"type":"payment.paid","number":"pay_7","sequence":1}'
NO_TEXT = b"\xff\xfe no text"
NOW = 1_772_445_600  # 2 March 2026, 10:00 UTC


def signed(
    id: str = "evt_1", at: int = NOW, body: bytes = BODY, key: bytes = KEY
) -> dict[str, str]:
    message = f"{id}.{at}.".encode() + body
    return {
        "webhook-id": id,
        "webhook-timestamp": str(at),
        "webhook-signature": hmac.new(key, message, "sha256").hexdigest(),
    }


is_from_partner = Exercise(
    "16.2",
    "Did the partner write this?",
    minutes=8,
    changes=[changes.newcomer],
    hints=[
        (
            "Two questions: is the signature right, and is the time near? Make the signature yourself, "
            "and compare."
        ),
        (
            "headers.get(name, '') does not fail where a header is missing. The message is "
            'f"{id}.{timestamp}.".encode() + body.'
        ),
        (
            "hmac.compare_digest() compares; texts with letters beyond ASCII it refuses, bytes it "
            "takes: encode both. Only then int(timestamp): what is signed, the partner wrote."
        ),
    ],
)


@is_from_partner.cases
def cases() -> object:
    good = signed()
    without = {name: {key: good[key] for key in good if key != name} for name in good}
    return [
        (KEY, good, BODY, NOW),
        (KEY, signed("evt_2", NOW - 300), BODY, NOW),
        (KEY, good, BODY, NOW - 300),
        (KEY, signed(at=NOW - 60), BODY, NOW + 0.5),
        (KEY, good, BODY, NOW + 301),
        (KEY, good, BODY, NOW - 301),
        (KEY, good, BODY.replace(b"pay_7", b"pay_8"), NOW),
        (KEY, good | {"webhook-id": "evt_2"}, BODY, NOW),
        (KEY, good | {"webhook-timestamp": str(NOW + 1)}, BODY, NOW),
        (b"another key", good, BODY, NOW),
        *((KEY, headers, BODY, NOW) for headers in without.values()),
        (KEY, {}, BODY, NOW),
        (KEY, good | {"webhook-signature": "\xe9t\xe9"}, BODY, NOW),
        (KEY, good | {"webhook-timestamp": "tomorrow"}, BODY, NOW),
        (KEY, signed(body=NO_TEXT), NO_TEXT, NOW),
    ]


@is_from_partner.expects
def expected(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    at = headers.get("webhook-timestamp", "")
    if not at.isdecimal() or abs(now - int(at)) > 300:
        return False
    return headers == signed(headers.get("webhook-id", ""), int(at), body, key)


@is_from_partner.mistake(
    "A header can be missing. headers[...] raises a KeyError then; headers.get(...) does not."
)
def header_missing(run: Run) -> bool:
    return failed(run, "KeyError") or (len(run.arguments[1]) < 3 and run.error is not None)


@is_from_partner.mistake(
    "compare_digest() refuses texts with letters beyond ASCII, and anybody can send such a header. "
    "Compare bytes: encode both."
)
def not_ascii(run: Run) -> bool:
    return failed(run, "TypeError", "ASCII")


@is_from_partner.mistake(
    "The timestamp can be any text, and int() raised an error. Look at the signature first: what "
    "is signed, the partner wrote. Or catch the ValueError."
)
def no_number(run: Run) -> bool:
    return failed(run, "ValueError", "int()")


@is_from_partner.mistake(
    "The body is bytes, and need not be text at all. Add it to the message as it is."
)
def body_decoded(run: Run) -> bool:
    decoded = failed(run, "UnicodeDecodeError") or failed(run, "JSONDecodeError")
    return decoded or (run.value is False and run.arguments[2] == NO_TEXT)


@is_from_partner.mistake(
    "This message is right, and you do not believe it. Is it signed as the partner signs: id, dot, "
    "timestamp, dot, and the bytes of the body as they are, then hexdigest()? JSON that is read and "
    "written again has other bytes."
)
def believes_nobody(run: Run) -> bool:
    _key, headers, _body, now = run.arguments
    return run.expected is True and run.value is False and headers == signed() and now == NOW


@is_from_partner.mistake(
    "The time may be up to 300 seconds away, 300 included, before and after `now`."
)
def too_strict(run: Run) -> bool:
    return run.expected is True and run.value is False


@is_from_partner.mistake(
    "The signature is right, but the message is too old, or of the future. Somebody may have "
    "recorded it."
)
def replayed(run: Run) -> bool:
    _key, headers, _body, now = run.arguments
    return bool(run.value) and abs(now - int(headers["webhook-timestamp"])) > 300


@is_from_partner.mistake(
    "You believe a message that is not signed with this key, this id, this time and this body."
)
def believes_others(run: Run) -> bool:
    return bool(run.value) and run.expected is False


@is_from_partner.right
def time_first(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    try:
        at = int(headers["webhook-timestamp"])
        message = b".".join([headers["webhook-id"].encode(), str(at).encode(), body])
        digest = hmac.digest(key, message, "sha256").hex()
        given = headers["webhook-signature"]
    except (KeyError, ValueError):
        return False
    return -300 <= now - at <= 300 and hmac.compare_digest(digest.encode(), given.encode())


@is_from_partner.right
def with_equals(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    maker = hmac.new(key, digestmod=hashlib.sha256)
    maker.update(f"{id}.{at}.".encode())
    maker.update(body)
    if headers.get("webhook-signature") == maker.hexdigest():
        return not abs(int(at) - now) > 300
    return False


@is_from_partner.right
def everything_caught(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    with suppress(KeyError, ValueError, TypeError):
        message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        if hmac.compare_digest(
            hmac.new(key, message, "sha256").hexdigest(), headers["webhook-signature"]
        ):
            return abs(now - float(headers["webhook-timestamp"])) <= 300
    return False


def _right_signature(key: bytes, headers: dict[str, str], body: bytes) -> bool:
    message = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    digest = hmac.new(key, message, "sha256").hexdigest()
    return hmac.compare_digest(digest.encode(), headers.get("webhook-signature", "").encode())


@is_from_partner.wrong(replayed)
def any_time(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    return _right_signature(key, headers, body)


@is_from_partner.wrong(replayed)
def old_only(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    return _right_signature(key, headers, body) and now - int(headers["webhook-timestamp"]) <= 300


@is_from_partner.wrong(too_strict)
def shorter(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    return (
        _right_signature(key, headers, body) and abs(now - int(headers["webhook-timestamp"])) < 300
    )


@is_from_partner.wrong(believes_nobody)
def written_again(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    return _right_signature(key, headers, json.dumps(json.loads(body)).encode())


@is_from_partner.wrong(believes_nobody)
def body_alone(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    digest = hmac.new(key, body, "sha256").hexdigest()
    return digest == headers.get("webhook-signature")


@is_from_partner.wrong(header_missing)
def looked_up(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    at = headers["webhook-timestamp"]
    return _right_signature(key, headers, body) and abs(now - int(at)) <= 300


@is_from_partner.wrong(not_ascii)
def compared_texts(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    digest = hmac.new(key, f"{id}.{at}.".encode() + body, "sha256").hexdigest()
    same = hmac.compare_digest(digest, headers.get("webhook-signature", ""))
    return same and abs(now - int(at)) <= 300


@is_from_partner.wrong(no_number)
def number_first(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    at = int(headers.get("webhook-timestamp", "0"))
    return abs(now - at) <= 300 and _right_signature(key, headers, body)


@is_from_partner.wrong(body_decoded)
def as_text(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    message = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.{body.decode()}"
    digest = hmac.new(key, message.encode(), "sha256").hexdigest().encode()
    if digest != headers.get("webhook-signature", "").encode():
        return False
    return abs(now - int(headers["webhook-timestamp"])) <= 300


@is_from_partner.wrong(body_decoded)
def as_text_all_caught(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    with suppress(Exception):
        return as_text(key, headers, body, now)
    return False


@is_from_partner.wrong(believes_others)
def time_alone(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
    with suppress(ValueError):
        return abs(now - int(headers.get("webhook-timestamp", "0"))) <= 300
    return False
