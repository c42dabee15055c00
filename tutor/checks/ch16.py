"""Chapter 16, talking to others: what right means, and what mistakes say."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core import checks as system
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test import RequestFactory, override_settings
from django.utils.cache import patch_vary_headers
from partners.models import OutgoingWebhook, Parcel, WebhookEvent
from partners.sandbox import Sandbox, past_proxies
from shop.models import Order

from tutor.checks import Exercise, Prediction, Run, changes

#: The project's SQL has times of today and random keys in it.
REQUESTS = ("http",)


@cache
def _sandbox() -> Sandbox:
    return Sandbox()


def partner() -> Sandbox:
    """The partner's server, with empty books: one process for all exercises of this kernel."""
    sandbox = _sandbox()
    sandbox.reset()
    past_proxies()  # The environment is put back before each run.
    return sandbox


def payments_url(*ways: str) -> str:
    """Its address for payments, whose next requests fail in these ways (see Sandbox.fail)."""
    return f"{_sandbox().url}/v1/payments?fail={','.join(ways)}"


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


def first_order() -> Order:
    return Order.objects.earliest("pk")


# 16.1: the door.

believed = Prediction(
    "16.1",
    "Predict: who is believed?",
    minutes=3,
    layers=REQUESTS,
    hints=[
        (
            "The signature is made over the id, the time and the bytes of the body. Which of the six "
            "messages differ in one of them from what was signed?"
        ),
        "json.dumps() writes a blank after each colon.",
        "The last message is the second one again. What does the webhook answer to a duplicate?",
    ],
    because="The first has no signature. The third has other bytes, the fourth another id. The "
    "signature of the fifth is right, but it is a day old. The second is believed, and so is the "
    "sixth: it is a duplicate, and a duplicate is answered 202 as well, or the partner would send "
    "it again and again. Its work is not done twice.",
    wrong={
        0: "The view is csrf_exempt: it needs no token, only a signature.",
        1: "A duplicate is believed, too: the partner must hear 202, or it goes on sending.",
        3: "One of them looks right and is not: other bytes, another id, or an old time.",
        6: "The view is csrf_exempt, but it looks at the signature.",
    },
    fact=lambda run: run.value,
)


# 16.2: a signature.

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
def _() -> object:
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
def _(key: bytes, headers: dict[str, str], body: bytes, now: float) -> object:
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


# 16.3: once.

EVENT = {"id": "evt_7", "type": "payment.paid", "number": "pay_7", "sequence": 1}

#: What stood in the table before the answer ran, and what another request wrote meanwhile.
THERE: dict[tuple[str, str], Any] = {}
MEANWHILE: set[tuple[str, str]] = set()


def write_event(partner: str, id: str, payload: Any) -> None:
    WebhookEvent.objects.create(partner=partner, event_id=id, payload=payload)


def came_before() -> None:
    """the event came an hour ago, and its row has a little more in it"""
    write_event("cards", "evt_7", {**EVENT, "note": "seen by Ann"})


def other_partner() -> None:
    """another partner has sent an event with the same id"""
    write_event("parcels", "evt_7", {"id": "evt_7"})


def write_as_well(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """After the first SELECT of the events: another request is quicker."""
    result = execute(sql, params, many, context)
    if sql.startswith("SELECT") and "partners_webhookevent" in sql:
        nobody_else()
        write_event("cards", "evt_7", EVENT)
        THERE["cards", "evt_7"] = EVENT
        MEANWHILE.add(("cards", "evt_7"))
    return result


def same_moment() -> None:
    """between your look and your INSERT another request writes the same event down"""
    connection.execute_wrappers.append(write_as_well)


def nobody_else() -> None:
    with suppress(ValueError):
        connection.execute_wrappers.remove(write_as_well)


take_in = Exercise(
    "16.3",
    "Once, and only once",
    minutes=5,
    commits=True,  # an IntegrityError may be caught
    changes=[came_before, other_partner, same_moment],
    hints=[
        (
            "The table has a unique constraint on partner and event_id. Which method looks, and makes "
            "a row where there is none?"
        ),
        "get_or_create() looks for what you name, and takes the rest from defaults={...}.",
        (
            "get_or_create(partner=..., event_id=..., defaults={'payload': ...}) returns the row, and "
            "whether it was made. If another request was quicker, it finds that one's row."
        ),
    ],
)


@take_in.cases
def _() -> object:
    THERE.clear()
    MEANWHILE.clear()
    with connection.cursor() as cursor:
        # Not the ORM's SELECT: that is what write_as_well() waits for.
        cursor.execute("/* */ SELECT partner, event_id, payload FROM partners_webhookevent")
        for partner, id, payload in cursor.fetchall():
            THERE[partner, id] = json.loads(payload) if isinstance(payload, str) else payload
    return [("cards", EVENT)]


@take_in.check
def _(run: Run) -> str | None:
    nobody_else()
    partner, event = run.arguments
    rows = list(WebhookEvent.objects.filter(partner=partner, event_id=event["id"]))
    if len(rows) != 1:
        return f"Afterwards there are {len(rows)} rows of this event of this partner."
    others = WebhookEvent.objects.exclude(pk=rows[0].pk)
    if any(THERE.get((row.partner, row.event_id), ...) != row.payload for row in others):
        return "There are rows of other events, which were not there before, or have changed."
    if (partner, event["id"]) not in THERE and rows[0].payload != event:
        return f"The payload is to be the whole event; it is {rows[0].payload!r}."
    new = (partner, event["id"]) not in THERE
    if not new and rows[0].payload != THERE[partner, event["id"]]:
        return "The event was there already, and you have changed its row."
    if not isinstance(run.value, bool):
        return f"Asked is True or False; your function returned {type(run.value).__name__}."
    if run.value is not new:
        return f"The event was {'new' if new else 'there already'}; you returned {run.value}."
    return None


@take_in.mistake(
    "get_or_create() returns two things: the row, and whether it was made. Return the second."
)
def both_returned(run: Run) -> bool:
    return isinstance(run.value, tuple) and len(run.value) == 2


@take_in.mistake(
    "Between your look and your INSERT another request has written the same event, and the "
    "constraint refused yours. get_or_create() knows what to do then; or catch the IntegrityError."
)
def refused_later(run: Run) -> bool:
    return failed(run, "IntegrityError") and bool(MEANWHILE)


@take_in.mistake("The event was there already, and the unique constraint refused a second row.")
def refused(run: Run) -> bool:
    return failed(run, "IntegrityError") and "unique" in str(run.error).lower()


@take_in.mistake(
    "Another partner has an event with this id, and you took it for the same one. Look for "
    "partner and event_id."
)
def of_any_partner(run: Run) -> bool:
    partner, event = run.arguments
    rows = WebhookEvent.objects
    return run.error is None and not rows.filter(partner=partner, event_id=event["id"]).exists()


@take_in.mistake("A row that is there stays as it is. Make a new one, or leave it alone.")
def overwritten(run: Run) -> bool:
    partner, event = run.arguments
    row = WebhookEvent.objects.get(partner=partner, event_id=event["id"])
    return (partner, event["id"]) in THERE and row.payload != THERE[partner, event["id"]]


@take_in.mistake("The row has no payload, or not the whole event. It belongs into defaults.")
def no_payload(run: Run) -> bool:
    partner, event = run.arguments
    if run.error is not None:
        return failed(run, "IntegrityError", "payload")
    row = WebhookEvent.objects.get(partner=partner, event_id=event["id"])
    return row.payload != event


@take_in.right
def tried(partner: str, event: dict[str, Any]) -> object:
    try:
        with transaction.atomic():
            WebhookEvent.objects.create(partner=partner, event_id=event["id"], payload=event)
    except IntegrityError:
        return False
    return True


@take_in.right
def looked_and_tried(partner: str, event: dict[str, Any]) -> object:
    if WebhookEvent.objects.filter(partner=partner, event_id=event["id"]).exists():
        return False
    try:
        with transaction.atomic():
            WebhookEvent(partner=partner, event_id=event["id"], payload=event).save()
    except IntegrityError:
        return False
    return True


@take_in.right
async def made_async(partner: str, event: dict[str, Any]) -> object:
    made = await WebhookEvent.objects.aget_or_create(
        partner=partner, event_id=event["id"], defaults={"payload": event}
    )
    return made[1]


@take_in.wrong(both_returned)
def pair(partner: str, event: dict[str, Any]) -> object:
    return WebhookEvent.objects.get_or_create(
        partner=partner, event_id=event["id"], defaults={"payload": event}
    )


@take_in.wrong(refused)
def only_made(partner: str, event: dict[str, Any]) -> object:
    WebhookEvent.objects.create(partner=partner, event_id=event["id"], payload=event)
    return True


@take_in.wrong(refused)
def payload_looked_for(partner: str, event: dict[str, Any]) -> object:
    return WebhookEvent.objects.get_or_create(partner=partner, event_id=event["id"], payload=event)[
        1
    ]


@take_in.wrong(refused_later)
def looked_first(partner: str, event: dict[str, Any]) -> object:
    if WebhookEvent.objects.filter(partner=partner, event_id=event["id"]).exists():
        return False
    WebhookEvent.objects.create(partner=partner, event_id=event["id"], payload=event)
    return True


@take_in.wrong(of_any_partner)
def id_alone(partner: str, event: dict[str, Any]) -> object:
    return WebhookEvent.objects.get_or_create(
        event_id=event["id"], defaults={"partner": partner, "payload": event}
    )[1]


@take_in.wrong(overwritten)
def updated(partner: str, event: dict[str, Any]) -> object:
    return WebhookEvent.objects.update_or_create(
        partner=partner, event_id=event["id"], defaults={"payload": event}
    )[1]


@take_in.wrong("you returned False")
def the_other_way(partner: str, event: dict[str, Any]) -> object:
    return not WebhookEvent.objects.get_or_create(
        partner=partner, event_id=event["id"], defaults={"payload": event}
    )[1]


@take_in.wrong(no_payload)
def nothing_given(partner: str, event: dict[str, Any]) -> object:
    return WebhookEvent.objects.get_or_create(partner=partner, event_id=event["id"])[1]


@take_in.wrong("you returned True")
def counted_rows(partner: str, event: dict[str, Any]) -> object:
    before = WebhookEvent.objects.count()
    row = WebhookEvent(partner=partner, event_id=event["id"], payload=event)
    WebhookEvent.objects.bulk_create([row], ignore_conflicts=True)
    return WebhookEvent.objects.count() > before


@take_in.wrong(no_payload)
def type_alone(partner: str, event: dict[str, Any]) -> object:
    return WebhookEvent.objects.get_or_create(
        partner=partner, event_id=event["id"], defaults={"payload": event["type"]}
    )[1]


# 16.4: the latest news.


def parcels(*sequences: int) -> None:
    """NL-1, NL-2, ...: each has heard so many news."""
    for number, sequence in enumerate(sequences, start=1):
        status = ["announced", "announced", "on_its_way", "delivered"][sequence]
        Parcel.objects.update_or_create(
            number=f"NL-{number}",
            defaults={"order": first_order(), "sequence": sequence, "status": status},
        )


def heard_before() -> None:
    """some of the news were heard yesterday"""
    parcels(2, 3, 1)


hear = Exercise(
    "16.4",
    "The latest news win",
    minutes=6,
    queries=5,
    changes=[heard_before],
    hints=[
        "Look and write in one statement: then nothing can come in between, and it is one query.",
        "filter() can ask for the number and for a lower sequence at once: sequence__lt.",
        (
            "Parcel.objects.filter(number=number, sequence__lt=sequence).update(...) returns how many "
            "rows it changed: 1 or 0."
        ),
    ],
)


@hear.cases
def _() -> object:
    if not Parcel.objects.exists():
        parcels(0, 0, 0)
    first, second, third = "announced", "on_its_way", "delivered"
    return [
        ([("NL-1", 1, first), ("NL-1", 2, second), ("NL-1", 3, third), ("NL-2", 1, first)],),
        ([("NL-1", 3, third), ("NL-1", 1, first), ("NL-1", 2, second), ("NL-3", 2, second)],),
        ([("NL-1", 2, second)] * 2 + [("NL-2", 2, second), ("NL-2", 1, first)],),
        ([("NL-9", 1, first), ("NL-3", 3, third), ("NL-3", 3, third)],),
        ([],),
    ]


def states() -> dict[str, tuple[int, str]]:
    rows = Parcel.objects.values_list("number", "sequence", "status")
    return {number: (sequence, status) for number, sequence, status in rows}


#: The parcels as they are, and as they are to be: number -> (sequence, status).
BEFORE: dict[str, tuple[int, str]] = {}
AFTERWARDS: dict[str, tuple[int, str]] = {}


@hear.expects
def _(news: list[tuple[str, int, str]]) -> object:
    for found in (BEFORE, AFTERWARDS):
        found.clear()
        found.update(states())
    effects = 0
    for number, sequence, status in news:
        if number in AFTERWARDS and AFTERWARDS[number][0] < sequence:
            AFTERWARDS[number] = sequence, status
            effects += 1
    return effects


@hear.check
def _(run: Run) -> str | None:
    for number, (sequence, status) in states().items():
        if number not in AFTERWARDS:
            return f"There is a new parcel {number}. Leave out the numbers that we do not know."
        if (sequence, status) != AFTERWARDS[number]:
            right = AFTERWARDS[number]
            return (
                f"Parcel {number} is {status!r} with sequence {sequence} now. It should be "
                f"{right[1]!r} with sequence {right[0]}."
            )
    return None


@hear.mistake("A number that we do not know raised an error. Such news are left out.")
def unknown_number(run: Run) -> bool:
    return failed(run, "DoesNotExist") or failed(run, "KeyError")


@hear.mistake(
    "Your code looks first and writes then: two queries for each of the news, and between the two "
    "other news may come in. Let one UPDATE do both: ask for the lower sequence in its filter()."
)
def looked_then_wrote(run: Run) -> bool:
    return run.queries > 5


@hear.mistake("Return how many of the news had an effect, a number.")
def no_number_returned(run: Run) -> bool:
    return run.error is None and type(run.value) is not int


@hear.mistake("The parcel must keep the sequence as well, or the next old news will win.")
def sequence_forgotten(run: Run) -> bool:
    now = states()
    return any(now[n][0] == BEFORE[n][0] != AFTERWARDS[n][0] for n in AFTERWARDS)


@hear.mistake(
    "You count too many. Duplicates and older news have no effect: their sequence is not higher "
    "than the parcel's."
)
def counted_all(run: Run) -> bool:
    return run.value > run.expected


@hear.mistake("You count too few: news that have an effect are missing.")
def counted_few(run: Run) -> bool:
    return run.value < run.expected


@hear.right
def read_once(news: list[tuple[str, int, str]]) -> object:
    known = {parcel.number: parcel for parcel in Parcel.objects.all()}
    effects = 0
    for number, sequence, status in news:
        parcel = known.get(number)
        if parcel and sequence > parcel.sequence:
            parcel.sequence, parcel.status = sequence, status
            effects += 1
    Parcel.objects.bulk_update(known.values(), ["sequence", "status"])
    return effects


@hear.right
def excluded(news: list[tuple[str, int, str]]) -> object:
    with transaction.atomic():
        return sum(
            Parcel.objects.filter(number=number)
            .exclude(sequence__gte=sequence)
            .update(sequence=sequence, status=status)
            for number, sequence, status in news
        )


@hear.wrong(looked_then_wrote)
def looked(news: list[tuple[str, int, str]]) -> object:
    effects = 0
    for number, sequence, status in news:
        parcel = Parcel.objects.filter(number=number).first()
        if parcel and parcel.sequence < sequence:
            parcel.sequence, parcel.status = sequence, status
            parcel.save()
            effects += 1
    return effects


@hear.wrong(unknown_number)
def by_number(news: list[tuple[str, int, str]]) -> object:
    known = {parcel.number: parcel for parcel in Parcel.objects.all()}
    effects = 0
    for number, sequence, status in news:
        if known[number].sequence < sequence:
            known[number].sequence, known[number].status = sequence, status
            effects += 1
    Parcel.objects.bulk_update(known.values(), ["sequence", "status"])
    return effects


@hear.wrong(counted_all)
def last_wins(news: list[tuple[str, int, str]]) -> object:
    return sum(
        Parcel.objects.filter(number=number).update(sequence=sequence, status=status)
        for number, sequence, status in news
    )


@hear.wrong(counted_all)
def equal_too(news: list[tuple[str, int, str]]) -> object:
    return sum(
        Parcel.objects.filter(number=number, sequence__lte=sequence).update(
            sequence=sequence, status=status
        )
        for number, sequence, status in news
    )


@hear.wrong(sequence_forgotten)
def status_alone(news: list[tuple[str, int, str]]) -> object:
    return sum(
        Parcel.objects.filter(number=number, sequence__lt=sequence).update(status=status)
        for number, sequence, status in news
    )


@hear.wrong(no_number_returned)
def nothing_returned(news: list[tuple[str, int, str]]) -> None:
    for number, sequence, status in news:
        Parcel.objects.filter(number=number, sequence__lt=sequence).update(
            sequence=sequence, status=status
        )


@hear.wrong(counted_few)
def highest_only(news: list[tuple[str, int, str]]) -> object:
    highest = {}
    for number, sequence, status in news:
        highest[number] = max(highest.get(number, (0, "")), (sequence, status))
    return sum(
        Parcel.objects.filter(number=number, sequence__lt=sequence).update(
            sequence=sequence, status=status
        )
        for number, (sequence, status) in highest.items()
    )


@hear.wrong("There is a new parcel NL-9")
def made_new(news: list[tuple[str, int, str]]) -> object:
    known = {parcel.number: parcel for parcel in Parcel.objects.all()}
    effects = 0
    new = {number for number, _, _ in news} - known.keys()
    order = first_order() if new else None
    for number, sequence, status in news:
        if number in new:
            Parcel.objects.create(number=number, order=order)
            new.remove(number)
        elif known[number].sequence < sequence:
            known[number].sequence, known[number].status = sequence, status
            effects += 1
    Parcel.objects.bulk_update(known.values(), ["sequence", "status"])
    return effects


# 16.5: three endings.

ask = Exercise(
    "16.5",
    "Done, refused, or unknown",
    minutes=5,
    layers=REQUESTS,
    hints=[
        "httpx.post() returns an answer, or it raises. Both have to be told apart: try, except.",
        (
            "httpx.post(url, json=..., timeout=seconds). TransportError is the family of time-outs, "
            "cut connections and closed doors."
        ),
        (
            "The answer has status_code. 429 means 'later': it belongs to the unknown ones, as do "
            "those from 500 on."
        ),
    ],
)

LIMIT = 0.2


@ask.cases
def _() -> object:
    partner()
    nobody = "http://127.0.0.1:1/"
    ways = ("200", "201", "400", "429", "503", "cut", "slow")
    return [
        *((f"{_sandbox().url}/orders?fail={way}", LIMIT) for way in ways),
        (nobody, LIMIT),
    ]


def ending(url: str) -> str:
    """How a call to this address ends."""
    way = url.rpartition("=")[2]
    return {"200": "done", "201": "done", "400": "refused"}.get(way, "unknown")


@ask.check
def _(run: Run) -> str | None:
    if run.value != (right := ending(run.arguments[0])):
        return f"Your function returned {run.value!r}; right is {right!r}."
    if run.arguments[0].endswith(":1/"):
        return None
    asked = [entry for entry in _sandbox().log() if run.arguments[0].endswith(entry["path"])]
    if len(asked) != 1:
        return f"Ask once. The partner was asked {len(asked)} times."
    with suppress(ValueError):
        if json.loads(asked[0]["body"]) == {"order": "2026-0001"}:
            return None
    return f"The partner got {asked[0]['body'][:60]!r}, which is not the JSON that is asked for."


@ask.mistake(
    "Nothing came within the time limit, and you have waited for longer. Hand the limit on: "
    "timeout=seconds."
)
def waited(run: Run) -> bool:
    return run.arguments[0].endswith("slow") and run.error is None


@ask.mistake(
    "httpx raises an error where no answer comes. Catch httpx.TransportError: time-outs, cut "
    "connections and closed doors are all of this kind."
)
def not_caught(run: Run) -> bool:
    return isinstance(run.error, httpx.TransportError)


@ask.mistake(
    "raise_for_status() raises httpx.HTTPStatusError for 4xx and 5xx, which is no TransportError. "
    "Look at status_code, or catch that too."
)
def raised_for_status(run: Run) -> bool:
    return failed(run, "HTTPStatusError")


@ask.mistake("The partner got no POST. Something else has another answer.")
def no_post(run: Run) -> bool:
    return not run.arguments[0].endswith(":1/") and not _sandbox().log()


@ask.mistake("Ask once. A second call is another question, and may find it done.")
def asked_again_and_again(run: Run) -> bool:
    entries = _sandbox().log()
    return sum(run.arguments[0].endswith(entry["path"]) for entry in entries) > 1


@ask.mistake("429 means: too many requests, come back later. That is no clear no.")
def too_many(run: Run) -> bool:
    return run.arguments[0].endswith("429") and run.value == "refused"


@ask.mistake(
    "The partner has a problem (5xx), and nobody knows what was done. That is neither a no nor a "
    "yes."
)
def server_error(run: Run) -> bool:
    return run.arguments[0][-3:] in ("500", "503") and run.value != "unknown"


@ask.mistake("Every answer from 200 to 299 means that it is done, not 200 alone.")
def only_200(run: Run) -> bool:
    return run.arguments[0][-3:] in ("201",) and run.error is None


@ask.mistake("Without an answer you know nothing: it may have been done.")
def no_is_not_unknown(run: Run) -> bool:
    return ending(run.arguments[0]) == "unknown" != run.value


@cache
def _client() -> httpx.Client:
    """One for all: to make one takes as long as ten calls."""
    return httpx.Client(timeout=0.2, trust_env=False)


def _ask(url: str, **options: Any) -> httpx.Response:
    return _client().post(url, json={"order": "2026-0001"}, **options)


@ask.right
def by_numbers(url: str, seconds: float) -> object:
    with suppress(httpx.TransportError):
        status = _ask(url, timeout=seconds).status_code
        if 200 <= status < 300:
            return "done"
        if 400 <= status < 500 and status != 429:
            return "refused"
    return "unknown"


@ask.right
def with_http_error(url: str, seconds: float) -> object:
    try:
        _ask(url, timeout=seconds).raise_for_status()
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        return "unknown" if status == 429 or status >= 500 else "refused"
    except httpx.HTTPError:
        return "unknown"
    return "done"


@ask.right
async def asked_async(url: str, seconds: float) -> object:
    async with httpx.AsyncClient(timeout=httpx.Timeout(seconds)) as client:
        try:
            answer = await client.post(url, content='{"order": "2026-0001"}')
        except httpx.TransportError:
            return "unknown"
    kind = answer.status_code // 100
    return {2: "done", 4: "unknown" if answer.status_code == 429 else "refused"}.get(
        kind, "unknown"
    )


def _ending(status: int) -> str:
    if status < 300:
        return "done"
    return "refused" if status < 500 and status != 429 else "unknown"


@ask.wrong(waited)
def no_limit(url: str, seconds: float) -> object:
    try:
        return _ending(_ask(url, timeout=5).status_code)
    except httpx.TransportError:
        return "unknown"


@ask.wrong(not_caught)
def timeouts_alone(url: str, seconds: float) -> object:
    try:
        answer = _ask(url, timeout=seconds)
    except httpx.TimeoutException:
        return "unknown"
    return _ending(answer.status_code)


@ask.wrong(raised_for_status)
def raising(url: str, seconds: float) -> object:
    try:
        _ask(url, timeout=seconds).raise_for_status()
    except httpx.TransportError:
        return "unknown"
    return "done"


@ask.wrong(too_many)
def all_4xx(url: str, seconds: float) -> object:
    try:
        answer = _ask(url, timeout=seconds)
    except httpx.TransportError:
        return "unknown"
    if answer.is_client_error:
        return "refused"
    return "done" if answer.is_success else "unknown"


@ask.wrong(server_error)
def done_or_not(url: str, seconds: float) -> object:
    try:
        answer = _ask(url, timeout=seconds)
    except httpx.TransportError:
        return "unknown"
    if answer.status_code == 429:
        return "unknown"
    return "done" if answer.is_success else "refused"


@ask.wrong(only_200)
def ok_alone(url: str, seconds: float) -> object:
    try:
        answer = _ask(url, timeout=seconds)
    except httpx.TransportError:
        return "unknown"
    if answer.status_code == 200:
        return "done"
    return "refused" if answer.status_code in (400, 404) else "unknown"


@ask.wrong(no_is_not_unknown)
def silence_is_no(url: str, seconds: float) -> object:
    try:
        return _ending(_ask(url, timeout=seconds).status_code)
    except httpx.TransportError:
        return "refused"


@ask.wrong("which is not the JSON that is asked for")
def as_a_form(url: str, seconds: float) -> object:
    try:
        return _ending(
            _client().post(url, data={"order": "2026-0001"}, timeout=seconds).status_code
        )
    except httpx.TransportError:
        return "unknown"


@ask.wrong(no_post)
def with_get(url: str, seconds: float) -> object:
    try:
        return _ending(_client().get(url, timeout=seconds).status_code)
    except httpx.TransportError:
        return "unknown"


@ask.wrong(asked_again_and_again)
def twice(url: str, seconds: float) -> object:
    status = 0
    for _ in range(2):
        try:
            status = _ask(url, timeout=seconds).status_code
        except httpx.TransportError:
            return "unknown"
    return _ending(status)


# 16.6: keys.

paid = Prediction(
    "16.6",
    "Predict: how often is it paid?",
    minutes=3,
    layers=REQUESTS,
    hints=[
        (
            "Count for each order by itself. How many tries does it take, and what does each leave in "
            "the books?"
        ),
        "A's key is the same at each try. 500 does nothing, so B is paid by its second try alone.",
        (
            "C is cut two times, and each time the money was taken. The key of its next try is a new "
            "one."
        ),
    ],
    because="A is paid once: its second try has the same key, and gets the first answer again. B "
    "is paid once: 500 did nothing. C is paid three times: a key that is made anew for each try "
    "protects nothing. Make it once, and store it before the first call.",
    wrong={
        3: "A key for each order would make it 3. But C's key is another one at each try.",
        6: "500 does nothing: B's first try is not in the books.",
        7: "A's second try has the key of the first, and changes nothing; 500 does nothing.",
    },
    fact=lambda run: run.value,
)


# 16.7: pay, whatever happens.


class Waits:
    """Called with seconds, it notes them."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def __repr__(self) -> str:
        return "wait"


#: The keys of the orders so far, in this check.
KEYS: dict[str, str] = {}

pay = Exercise(
    "16.7",
    "Pay, whatever happens",
    minutes=9,
    layers=REQUESTS,
    hints=[
        (
            "A loop of four tries. Each ends in one of three ways: return the id, return None, or go "
            "on. Exercise 16.5 tells them apart."
        ),
        (
            "The key: make it of the order alone, as f'payment of {order}'. A random one would be "
            "another one when pay() is called again."
        ),
        (
            "for seconds in (1, 2, 4, None): charge() in a try block; except httpx.TransportError: "
            "nothing; at the end of the loop's body `if seconds: wait(seconds)`."
        ),
    ],
)

ORDERS: list[tuple[str, tuple[str, ...], int]] = [
    # order, how the tries fail, how many tries there should be
    ("2026-0001", ("ok",), 1),
    ("2026-0002", ("cut", "503", "429"), 4),
    ("2026-0002", ("ok",), 1),
    ("2026-0003", ("slow", "500"), 3),
    ("2026-0004", ("500", "cut", "500", "500"), 4),
    ("2026-0005", ("422",), 1),
    ("2026-0006", ("503", "400"), 2),
]


@pay.cases
def _() -> object:
    partner()
    return [(payments_url(*ways), order, "12.50", Waits()) for order, ways, _ in ORDERS]


def _plan(url: str) -> tuple[tuple[str, ...], int]:
    """How the tries at this address fail, and how many there should be."""
    ways = tuple(url.rpartition("=")[2].split(","))
    return ways, next(tries for _, plan, tries in ORDERS if plan == ways)


@pay.check
def _(run: Run) -> str | None:
    url, order, amount, wait = run.arguments
    log = _sandbox().log()
    ways, tries = _plan(url)
    if order == ORDERS[0][0]:
        KEYS.clear()
    if len(log) != tries:
        return f"{tries} tries are right here; the partner was asked {len(log)} times."
    if wait.seconds != [1, 2, 4][: tries - 1]:
        return f"You have waited {wait.seconds} seconds; asked is {[1, 2, 4][: tries - 1]}."
    keys = {entry["key"] for entry in log}
    if len(keys) != 1 or not (key := keys.pop()):
        return "All tries for one order must have the same key, and it must not be empty."
    if KEYS.setdefault(order, key) != key:
        return f"pay() was called again for order {order}, with another key."
    if any(key == other for name, other in KEYS.items() if name != order):
        return f"Order {order} has the key of another order."
    if any(json.loads(entry["body"]) != {"order": order, "amount": amount} for entry in log):
        return f"The partner got {log[0]['body'][:80]!r}."
    if len(_sandbox().payments()) > 1:
        return "It was paid twice."
    # Where the last try did well, it got the first payment of the books, which were empty.
    right = "pay_1" if tries > len(ways) or ways[-1] == "ok" else None
    return None if run.value == right else f"You returned {run.value!r}; right is {right!r}."


def _log() -> list[dict[str, Any]]:
    return _sandbox().log()


@pay.mistake(
    "A new key at each try protects nothing: where only the answer was lost, the money is taken "
    "again. Make the key before the loop, of the order alone."
)
def new_keys(run: Run) -> bool:
    return len({entry["key"] for entry in _log()}) > 1


@pay.mistake(
    "pay() was called again for an order, and had another key: it is paid twice. A random key "
    "would have to be stored; one that is made of the order's number need not."
)
def another_key(run: Run) -> bool:
    keys = {entry["key"] for entry in _log()}
    return len(keys) == 1 and KEYS.get(run.arguments[1], *keys) not in keys


@pay.mistake(
    "Two orders have the same key. The partner takes the second for the first one again, and says "
    "no. Make the key of the order."
)
def shared_key(run: Run) -> bool:
    keys = {entry["key"] for entry in _log()}
    return any(key in keys for order, key in KEYS.items() if order != run.arguments[1])


@pay.mistake(
    "The connection was cut, or the answer was late, and the error came out of your function. "
    "Catch httpx.TransportError and try again."
)
def cut_off(run: Run) -> bool:
    return isinstance(run.error, httpx.TransportError)


@pay.mistake("A clear no is asked only once: 400 tomorrow is 400 as well.")
def asked_again(run: Run) -> bool:
    ways, tries = _plan(run.arguments[0])
    return ways[-1] in ("400", "422") and len(_log()) > tries


@pay.mistake("The answer is a dictionary. Asked is its id alone.")
def whole_answer(run: Run) -> bool:
    return isinstance(run.value, dict)


@pay.mistake("After the fourth try return None, and let no error out.")
def raised_at_the_end(run: Run) -> bool:
    return run.error is not None and len(_log()) == 4


@pay.mistake("An answer without success has no id. Look at the status before you read the JSON.")
def no_id(run: Run) -> bool:
    return failed(run, "KeyError", "id") or failed(run, "JSONDecodeError")


@pay.mistake("429 and 5xx are no clear no. Wait, and try again.")
def gave_up(run: Run) -> bool:
    return len(_log()) < _plan(run.arguments[0])[1]


@pay.mistake("Four tries at most, whatever they end with.")
def too_often(run: Run) -> bool:
    return len(_log()) > 4


@pay.mistake("After the fourth try there is nothing left to wait for.")
def waited_at_the_end(run: Run) -> bool:
    return run.arguments[3].seconds == [1, 2, 4, 8] or len(run.arguments[3].seconds) == 4


@pay.mistake("wait(1), wait(2), wait(4): twice as long each time, and only between two tries.")
def other_waits(run: Run) -> bool:
    return run.arguments[3].seconds != [1, 2, 4][: len(_log()) - 1]


def charge(url: str, order: str, amount: str, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {settings.PARTNER_API_KEY}", "Idempotency-Key": key}
    return _client().post(url, json={"order": order, "amount": amount}, headers=headers)


@pay.right
def in_a_while(url: str, order: str, amount: str, wait: Any) -> object:
    attempt = 0
    while True:
        status = 0
        try:
            answer = charge(url, order, amount, order)
            status = answer.status_code
            if answer.is_success:
                return answer.json()["id"]
        except httpx.TransportError:
            pass
        if status in range(400, 500) and status != 429:
            return None
        attempt += 1
        if attempt == 4:
            return None
        wait(2 ** (attempt - 1))


@pay.right
def calls_itself(url: str, order: str, amount: str, wait: Any) -> object:
    key = hashlib.sha256(order.encode()).hexdigest()

    def attempt(*waits: int) -> object:
        with suppress(httpx.TransportError):
            answer = charge(url, order, amount, key=key)
            if answer.is_success:
                return answer.json()["id"]
            if answer.is_client_error and answer.status_code != 429:
                return None
        if not waits:
            return None
        wait(waits[0])
        return attempt(*waits[1:])

    return attempt(1, 2, 4)


@pay.right
def own_call(url: str, order: str, amount: str, wait: Any) -> object:
    headers = {
        "Authorization": f"Bearer {settings.PARTNER_API_KEY}",
        "Idempotency-Key": f"{order}/{amount}",
    }
    for number in range(4):
        if number:
            wait([1, 2, 4][number - 1])
        try:
            data = {"order": order, "amount": amount}
            answer = _client().post(url, json=data, headers=headers)
            answer.raise_for_status()
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in (429, 500, 502, 503, 504):
                return None
        except httpx.TransportError:
            pass
        else:
            return answer.json()["id"]
    return None


def _tries(
    url: str,
    order: str,
    amount: str,
    wait: Any,
    key: Callable[[], str],
    *,
    clear: Callable[[int], bool] = lambda status: status < 500 and status != 429,
    waits: tuple[int, ...] = (1, 2, 4, 0),
) -> object:
    """The worked answer with a part that can be exchanged for a wrong one."""
    for seconds in waits:
        status = 500
        with suppress(httpx.TransportError):
            answer = charge(url, order, amount, key())
            if answer.is_success:
                return answer.json()["id"]
            status = answer.status_code
        if clear(status):
            return None
        if seconds:
            wait(seconds)
    return None


@pay.wrong(new_keys)
def key_for_each_try(url: str, order: str, amount: str, wait: Any) -> object:
    keys = iter("abcdefgh")
    return _tries(url, order, amount, wait, lambda: order + next(keys))


@pay.wrong(another_key)
def random_key(url: str, order: str, amount: str, wait: Any) -> object:
    from uuid import uuid4

    key = str(uuid4())
    return _tries(url, order, amount, wait, lambda: key)


@pay.wrong(shared_key)
def one_key_for_all(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: "payment")


@pay.wrong(cut_off)
def nothing_caught(url: str, order: str, amount: str, wait: Any) -> object:
    answer = charge(url, order, amount, order)
    return answer.json()["id"] if answer.is_success else None


@pay.wrong(asked_again)
def again_after_a_no(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, clear=lambda status: False)


@pay.wrong(gave_up)
def all_4xx_are_clear(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, clear=lambda status: status < 500)


@pay.wrong(gave_up)
def one_try(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, waits=(0,))


@pay.wrong(waited_at_the_end)
def waits_after_the_last(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, waits=(1, 2, 4, 8))


@pay.wrong(too_often)
def five_tries(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, waits=(1, 2, 4, 8, 0))


@pay.wrong(other_waits)
def the_same_wait(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, waits=(1, 1, 1, 0))


@pay.wrong(whole_answer)
def all_of_the_answer(url: str, order: str, amount: str, wait: Any) -> object:
    return charge(url, order, amount, order).json()


@pay.wrong(raised_at_the_end)
def loud(url: str, order: str, amount: str, wait: Any) -> object:
    found = _tries(url, order, amount, wait, lambda: order)
    if found is None:
        raise RuntimeError("It was not paid.")
    return found


@pay.wrong(no_id)
def read_at_once(url: str, order: str, amount: str, wait: Any) -> object:
    for seconds in (1, 2, 4, 0):
        with suppress(httpx.TransportError):
            return charge(url, order, amount, order).json()["id"]
        wait(seconds)
    return None


# 16.8: the dead-letter list.

TODAY = datetime(2026, 3, 2, 10, tzinfo=UTC)


class Post:
    """send(): notes what it was called with; bodies that begin with "lost" do not arrive."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def __call__(self, webhook: OutgoingWebhook) -> bool:
        self.sent.append(webhook.body)
        return not webhook.body.startswith("lost")

    def __repr__(self) -> str:
        return "send"


def queued(body: str, attempts: int = 0, due: int = -1, status: str = "waiting") -> None:
    """A webhook that is due in so many minutes; bodies that begin with "lost" never arrive."""
    OutgoingWebhook.objects.create(
        url="https://partner.example/hooks",
        body=body,
        attempts=attempts,
        status=status,
        next_try_at=TODAY + timedelta(minutes=due),
    )


def more_lost() -> None:
    """the partner is down: three more webhooks do not arrive, one of them for the fifth time"""
    queued("lost 11")
    queued("lost 12", attempts=2)
    queued("lost 13", attempts=4)


def nothing_due() -> None:
    """nothing is due yet"""
    queued("early", due=5)


send_due = Exercise(
    "16.8",
    "The dead-letter list",
    minutes=7,
    layers=("http",),
    changes=[more_lost, nothing_due],
    hints=[
        "First the rows: filter by status and by next_try_at, with __lte. Then a loop.",
        "In the loop: one more attempt, then send(webhook). What is left depends on its answer.",
        (
            "now + timedelta(minutes=2 ** webhook.attempts), with the attempt counted already: 2 after "
            "the first. Dead when attempts is 5. And save()."
        ),
    ],
)


@send_due.cases
def _() -> object:
    there = set(OutgoingWebhook.objects.values_list("body", flat=True))
    if "well 3" not in there:
        queued("well 3", due=1)
        queued("lost 4", attempts=5, status="dead")
        queued("well 4", attempts=1, status="delivered")
        if "early" not in there:
            queued("well 1")
            queued("well 2", attempts=4, due=0)
            queued("lost 1")
            queued("lost 2", attempts=3, due=0)
            queued("lost 3", attempts=4)
    return [(TODAY, Post())]


def letters() -> dict[str, tuple[int, str, datetime]]:
    rows = OutgoingWebhook.objects.values_list("body", "attempts", "status", "next_try_at")
    return {body: (attempts, status, at) for body, attempts, status, at in rows}


LETTERS: dict[str, tuple[int, str, datetime]] = {}
DUE: set[str] = set()


@send_due.expects
def _(now: datetime, send: Any) -> object:
    LETTERS.clear()
    DUE.clear()
    arrived = 0
    for body, (attempts, status, at) in letters().items():
        if status == "waiting" and at <= now:
            DUE.add(body)
            attempts += 1
            if not body.startswith("lost"):
                arrived, status = arrived + 1, "delivered"
            else:
                at = now + timedelta(minutes=2**attempts)
                status = "dead" if attempts == 5 else "waiting"
        LETTERS[body] = attempts, status, at
    return arrived


def different() -> dict[str, tuple[Any, Any]]:
    """What differs in the database: body -> how it is, how it should be.

    When is a matter of those that wait on, and of those that nobody has to touch.
    """
    found = letters()
    return {
        body: (found.get(body), right)
        for body, right in LETTERS.items()
        if found.get(body, ())[:2] != right[:2]
        or (found[body][2] != right[2] and (body not in DUE or right[1] == "waiting"))
    }


@send_due.check
def _(run: Run) -> str | None:
    sent = Counter(run.arguments[1].sent)
    if sent != Counter(DUE):
        return f"send() was called for {sorted(sent.elements())}; due are {sorted(DUE)}."
    for body, (found, right) in different().items():
        if found is None:
            return f"The row {body!r} is gone."
        words = ("attempts", "status", "next_try_at")
        word, one, other = next(
            (word, one, other)
            for word, one, other in zip(words, found, right, strict=True)
            if one != other
        )
        return f"{body!r} has {word} {one}; it should be {other}."
    return None


@send_due.mistake("Return how many have arrived, a number.")
def not_a_number(run: Run) -> bool:
    return run.error is None and type(run.value) is not int


@send_due.mistake("You call send() more than once for the same webhook: it would arrive twice.")
def sent_twice(run: Run) -> bool:
    return any(many > 1 for many in Counter(run.arguments[1].sent).values())


@send_due.mistake("Count those for which send() returned True. You count others as well.")
def counted_failures(run: Run) -> bool:
    return not different() and run.value > run.expected


@send_due.mistake("The dead and the delivered ones are not sent again: only those that wait.")
def sent_the_dead(run: Run) -> bool:
    return any(LETTERS[body][1] != "waiting" and body not in DUE for body in run.arguments[1].sent)


@send_due.mistake("Some of these are due later. Look at next_try_at.")
def sent_early(run: Run) -> bool:
    return bool(set(run.arguments[1].sent) - DUE)


@send_due.mistake("What is due at exactly `now` is due: __lte, not __lt.")
def left_those_of_now(run: Run) -> bool:
    return DUE - set(run.arguments[1].sent) == {"well 2", "lost 2"}


@send_due.mistake("Nothing has changed in the database. Save what you have set.")
def not_saved(run: Run) -> bool:
    return bool(DUE) and set(different()) == DUE


@send_due.mistake("The attempt counts also where the webhook arrives.")
def arrivals_not_counted(run: Run) -> bool:
    return any(
        found[0] == right[0] - 1 and right[1] == "delivered"
        for found, right in different().values()
    )


@send_due.mistake("After its fifth attempt a webhook is dead, not after another one.")
def wrong_limit(run: Run) -> bool:
    return any(found[1] != right[1] for found, right in different().values())


@send_due.mistake(
    "The wait doubles, and begins with 2 minutes after the first attempt: 2 ** attempts, with this "
    "attempt counted, from `now`."
)
def wrong_wait(run: Run) -> bool:
    return any(found[2] != right[2] for found, right in different().values())


@send_due.right
def with_updates(now: datetime, send: Any) -> object:
    arrived = 0
    for webhook in OutgoingWebhook.objects.exclude(status__in=["dead", "delivered"]):
        if webhook.next_try_at > now:
            continue
        row = OutgoingWebhook.objects.filter(pk=webhook.pk)
        if send(webhook):
            arrived += row.update(status="delivered", attempts=F("attempts") + 1)
            continue
        number = webhook.attempts + 1
        row.update(
            attempts=number,
            status="dead" if number > 4 else "waiting",
            next_try_at=now + timedelta(minutes=2**number),
        )
    return arrived


@send_due.right
def in_bulk(now: datetime, send: Any) -> object:
    due = list(
        OutgoingWebhook.objects.filter(
            status=OutgoingWebhook.Status.WAITING, next_try_at__lte=now
        ).order_by("next_try_at")
    )
    for webhook in due:
        webhook.attempts += 1
        webhook.next_try_at = now + timedelta(minutes=[2, 4, 8, 16, 32][webhook.attempts - 1])
        if send(webhook):
            webhook.status = OutgoingWebhook.Status.DELIVERED
        elif webhook.attempts == 5:
            webhook.status = OutgoingWebhook.Status.DEAD
    OutgoingWebhook.objects.bulk_update(due, ["attempts", "status", "next_try_at"])
    return len([webhook for webhook in due if webhook.status == "delivered"])


def _sending(
    now: datetime,
    send: Any,
    *,
    rows: Any = None,
    first: int = 1,
    limit: int = 5,
    save: bool = True,
) -> int:
    """The worked answer with a part that can be exchanged for a wrong one."""
    arrived = 0
    if rows is None:
        rows = OutgoingWebhook.objects.filter(status="waiting", next_try_at__lte=now)
    for webhook in rows:
        webhook.attempts += 1
        if send(webhook):
            webhook.status = "delivered"
            arrived += 1
        else:
            webhook.next_try_at = now + timedelta(minutes=2 ** (webhook.attempts + first - 1))
            if webhook.attempts >= limit:
                webhook.status = "dead"
        if save:
            webhook.save()
    return arrived


@send_due.wrong(sent_the_dead)
def everything_due(now: datetime, send: Any) -> object:
    return _sending(now, send, rows=OutgoingWebhook.objects.filter(next_try_at__lte=now))


@send_due.wrong(sent_early)
def everything_waiting(now: datetime, send: Any) -> object:
    return _sending(now, send, rows=OutgoingWebhook.objects.filter(status="waiting"))


@send_due.wrong(left_those_of_now)
def earlier_than_now(now: datetime, send: Any) -> object:
    rows = OutgoingWebhook.objects.filter(status="waiting", next_try_at__lt=now)
    return _sending(now, send, rows=rows)


@send_due.wrong(wrong_limit)
def dead_at_six(now: datetime, send: Any) -> object:
    return _sending(now, send, limit=6)


@send_due.wrong(wrong_limit)
def dead_at_four(now: datetime, send: Any) -> object:
    return _sending(now, send, limit=4)


@send_due.wrong(wrong_wait)
def one_minute_first(now: datetime, send: Any) -> object:
    return _sending(now, send, first=0)


@send_due.wrong(not_saved)
def in_python_only(now: datetime, send: Any) -> object:
    return _sending(now, send, save=False)


@send_due.wrong(sent_twice)
def asked_twice(now: datetime, send: Any) -> object:
    rows = OutgoingWebhook.objects.filter(status="waiting", next_try_at__lte=now)
    arrived = sum(send(webhook) for webhook in rows)
    _sending(now, send)
    return arrived


@send_due.wrong(arrivals_not_counted)
def failures_counted(now: datetime, send: Any) -> object:
    arrived = 0
    for webhook in OutgoingWebhook.objects.filter(status="waiting", next_try_at__lte=now):
        if send(webhook):
            webhook.status = "delivered"
            arrived += 1
        else:
            webhook.attempts += 1
            webhook.next_try_at = now + timedelta(minutes=2**webhook.attempts)
            webhook.status = "dead" if webhook.attempts == 5 else "waiting"
        webhook.save()
    return arrived


@send_due.wrong(counted_failures)
def tries_counted(now: datetime, send: Any) -> object:
    return _sending(now, send) + sum(body.startswith("lost") for body in send.sent)


@send_due.wrong(not_a_number)
def list_returned(now: datetime, send: Any) -> object:
    rows = list(OutgoingWebhook.objects.filter(status="waiting", next_try_at__lte=now))
    _sending(now, send, rows=rows)
    return rows


# 16.9: trusted origins.

TRUSTED = (
    "https://www.northlight.example",
    "https://fair.example:8443",
    "https://oslo.gardens.example",
    "https://bergen.gardens.example",
    "https://a.b.gardens.example",
)
STRANGE = (
    "https://evil.example",
    "http://www.northlight.example",
    "http://fair.example:8443",
    "http://oslo.gardens.example",
    "https://fair.example",
    "https://shop.northlight.example",
    "https://gardens.example.evil.example",
    "https://evilgardens.example",
    "null",
)

trusted_origins = Exercise(
    "16.9",
    "From where a change may come",
    minutes=4,
    layers=REQUESTS,
    hints=[
        "An origin is scheme, host and port, and nothing after that: no path, and no slash.",
        "The port stands in it where it is not the usual one of the scheme: 443 for https.",
        "For many names below one: https://*.gardens.example",
    ],
)


def let_through(origins: Any, origin: str) -> bool:
    """Whether Django takes a change from a page of this origin; its own host is another one."""
    with override_settings(CSRF_TRUSTED_ORIGINS=list(origins)):
        token = "a" * 32
        request = RequestFactory().post(
            "/partners/session/",
            headers={"origin": origin, "x-csrftoken": token, "cookie": f"csrftoken={token}"},
        )
        request.COOKIES["csrftoken"] = token
        middleware = CsrfViewMiddleware(lambda request: HttpResponse())
        middleware.process_request(request)
        return middleware.process_view(request, lambda request: HttpResponse(), (), {}) is None


def complaints(origins: Any) -> list[str]:
    """What `manage.py check` says."""
    with override_settings(CSRF_TRUSTED_ORIGINS=list(origins)):
        return [error.id for error in system.run_checks() if error.id == "4_0.E001"]


@trusted_origins.check
def _(run: Run) -> str | None:
    if not isinstance(run.value, list | tuple) or not all(isinstance(o, str) for o in run.value):
        return "Asked is a list of texts."
    if complaints(run.value):
        return "`manage.py check` says 4_0.E001: each origin begins with its scheme."
    for origin in TRUSTED:
        if not let_through(run.value, origin):
            return f"A change from {origin} gets 403."
    for origin in STRANGE:
        if let_through(run.value, origin):
            return f"A change from {origin} is let through."
    return None


@trusted_origins.mistake("Each one begins with its scheme: https://")
def no_scheme(run: Run) -> bool:
    return not isinstance(run.value, str) and any("://" not in one for one in run.value)


@trusted_origins.mistake("443 is the usual port of https, and a browser leaves it out.")
def usual_port(run: Run) -> bool:
    return any(one.endswith(":443") for one in run.value)


@trusted_origins.mistake(
    "An origin ends after host and port. With a slash or a path it is equal to no origin."
)
def with_path(run: Run) -> bool:
    return any(urlsplit(one).path for one in run.value)


@trusted_origins.mistake(
    "That star lets everybody in: any site could send changes in the name of your visitors."
)
def everybody(run: Run) -> bool:
    return let_through(run.value, "https://evil.example")


@trusted_origins.mistake("Plain http is not trusted: whoever is on the way can change the page.")
def plain_http(run: Run) -> bool:
    return any(one.startswith("http://") for one in run.value)


@trusted_origins.mistake("The fair is at another port than 443. The port is a part of its origin.")
def no_port(run: Run) -> bool:
    return not let_through(run.value, "https://fair.example:8443")


@trusted_origins.mistake(
    "There are more garden centres than two. One entry with a star takes all names below a name."
)
def named_one_by_one(run: Run) -> bool:
    return let_through(run.value, TRUSTED[2]) and not let_through(run.value, TRUSTED[4])


@trusted_origins.mistake("Only www.northlight.example is named, not each name below it.")
def more_than_asked(run: Run) -> bool:
    return let_through(run.value, "https://shop.northlight.example")


@trusted_origins.right
def another_order() -> object:
    return [
        "https://*.gardens.example",
        "https://fair.example:8443",
        "https://www.northlight.example",
    ]


@trusted_origins.right
def put_together() -> object:
    hosts = ("www.northlight.example", "fair.example:8443", "*.gardens.example")
    return [f"https://{host}" for host in hosts]


@trusted_origins.wrong(no_scheme)
def hosts_alone() -> object:
    return ["www.northlight.example", "fair.example:8443", "*.gardens.example"]


@trusted_origins.wrong(with_path)
def with_slashes() -> object:
    return ["https://www.northlight.example/", "https://fair.example:8443/forms/"]


@trusted_origins.wrong(usual_port)
def with_443() -> object:
    return ["https://www.northlight.example:443", *put_together()[1:]]


@trusted_origins.wrong(everybody)
def a_star() -> object:
    return ["https://*.example", "https://fair.example:8443"]


@trusted_origins.wrong(plain_http)
def both_schemes() -> object:
    return [
        f"{scheme}://{host}"
        for scheme in ("http", "https")
        for host in ("www.northlight.example", "fair.example:8443", "*.gardens.example")
    ]


@trusted_origins.wrong(no_port)
def without_port() -> object:
    return ["https://www.northlight.example", "https://fair.example", "https://*.gardens.example"]


@trusted_origins.wrong(named_one_by_one)
def two_centres() -> object:
    return [*TRUSTED[:4]]


@trusted_origins.wrong(more_than_asked)
def all_of_northlight() -> object:
    return [
        "https://*.northlight.example",
        "https://fair.example:8443",
        "https://*.gardens.example",
    ]


@trusted_origins.wrong("A change from https://www.northlight.example gets 403")
def without_the_shop() -> object:
    return ["https://fair.example:8443", "https://*.gardens.example"]


# 16.10: who may read.

ALLOWED = ["https://track.example", "https://www.carrier.example:8443"]
ALLOW = "Access-Control-Allow-"

answer = Exercise(
    "16.10",
    "Who may read the answer",
    minutes=8,
    layers=REQUESTS,
    hints=[
        "Three questions: is it a preflight? Is the origin allowed? What goes into Vary?",
        (
            "A preflight is OPTIONS with Access-Control-Request-Method. A plain OPTIONS is for the "
            "view. The origin is allowed if it is one of the list, exactly."
        ),
        (
            "response = HttpResponse(status=204) or view(request); then the headers; then "
            "patch_vary_headers(response, ['Origin']), which keeps what is in Vary."
        ),
    ],
)


class View:
    """The view: notes the requests that reach it, and varies by Cookie."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(str(request.method))
        return HttpResponse("in the greenhouse", headers={"Vary": "Cookie"})

    def __repr__(self) -> str:
        return "view"


def asking(method: str, origin: str | None = None, preflight: bool = False) -> HttpRequest:
    headers = {"origin": origin} if origin is not None else {}
    if preflight:
        headers |= {"access-control-request-method": "PUT"}
    return RequestFactory().generic(method, "/partners/parcels/NL-1/", headers=headers)


@answer.cases
def _() -> object:
    track, other = ALLOWED
    asked = [
        ("GET", track),
        ("GET", other),
        ("GET", "https://evil.example"),
        ("GET", "https://track.example.evil.example"),
        ("GET", "https://track"),
        ("GET", "null"),
        ("GET", None),
        ("PUT", track),
        ("OPTIONS", track, True),
        ("OPTIONS", "https://evil.example", True),
        ("OPTIONS", track),
        ("OPTIONS", None),
        ("GET", track, True),
    ]
    return [(asking(*words), View(), list(ALLOWED)) for words in asked]


def _is_preflight(request: HttpRequest) -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


@answer.check
def _(run: Run) -> str | None:
    request, view, _ = run.arguments
    response, origin = run.value, request.headers.get("Origin")
    preflight, good = _is_preflight(request), origin in ALLOWED
    what = f"{'A preflight' if preflight else request.method} from {origin or 'our own pages'}"
    if not isinstance(response, HttpResponse):
        return f"Asked is a response; your function returned {type(response).__name__}."
    if len(view.asked) != (not preflight):
        return f"{what}: the view was asked {len(view.asked)} times."
    if response.status_code != (204 if preflight else 200):
        return f"{what}: the status is {response.status_code}."
    if preflight and response.content:
        return "The answer to a preflight is empty."
    rights = {
        "Origin": origin if good else None,
        "Methods": "PUT" if good and preflight else None,
        "Headers": "content-type" if good and preflight else None,
    }
    for name, right in rights.items():
        found = response.headers.get(ALLOW + name)
        if str(found).lower() != str(right).lower():
            return f"{what}: {ALLOW}{name} is {found!r}; it should be {right!r}."
    vary = {word.strip().lower() for word in response.headers.get("Vary", "").split(",")}
    if "origin" not in vary:
        return f"{what}: Vary does not name Origin."
    if not preflight and "cookie" not in vary:
        return f"{what}: the view had put Cookie into Vary, and it is gone."
    return None


def _allows(run: Run) -> str | None:
    return run.value.headers.get(ALLOW + "Origin")


@answer.mistake("The star lets every page read the answer. Name the one origin that asks.")
def with_a_star(run: Run) -> bool:
    return _allows(run) == "*"


@answer.mistake("The header takes one origin, the one that asks, and not the list.")
def whole_list(run: Run) -> bool:
    return "," in (_allows(run) or "") or (_allows(run) or "").startswith("[")


@answer.mistake(
    "This origin is not in the list, and may read the answer. Compare it as a whole: names that "
    "begin alike are others, and whoever asks can send any Origin."
)
def let_others_read(run: Run) -> bool:
    return run.arguments[0].headers.get("Origin") not in ALLOWED and _allows(run) is not None


@answer.mistake(
    "A request need not have the header Origin: headers['Origin'] raises KeyError then, and "
    "headers.get('Origin') gives None."
)
def no_origin(run: Run) -> bool:
    return failed(run, "KeyError")


@answer.mistake("The preflight is not for the view. Answer it yourself, with 204.")
def view_was_asked(run: Run) -> bool:
    return _is_preflight(run.arguments[0]) and bool(run.arguments[1].asked)


@answer.mistake(
    "OPTIONS with Access-Control-Request-Method is a preflight. Only the two together: a plain "
    "OPTIONS, or another method, is for the view."
)
def took_it_for_a_preflight(run: Run) -> bool:
    return not _is_preflight(run.arguments[0]) and not run.arguments[1].asked


@answer.mistake(
    "Vary: Origin belongs to every response, also to those without the other headers. Else a cache "
    "hands the answer for one origin to another one."
)
def vary_forgotten(run: Run) -> bool:
    return "origin" not in run.value.headers.get("Vary", "").lower()


@answer.mistake(
    "You have overwritten what the view had put into Vary. patch_vary_headers() adds to it."
)
def vary_overwritten(run: Run) -> bool:
    found = run.value.headers.get("Vary", "").lower()
    return "cookie" not in found and not _is_preflight(run.arguments[0])


@answer.mistake("The headers about methods and headers belong to the preflight alone.")
def always_all(run: Run) -> bool:
    return not _is_preflight(run.arguments[0]) and ALLOW + "Methods" in run.value.headers


@answer.right
def headers_by_hand(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    headers = {}
    preflight = _is_preflight(request)
    if (origin := request.headers.get("origin", "")) in allowed:
        headers[ALLOW + "Origin"] = origin
        if preflight:
            headers |= {ALLOW + "Methods": "PUT", ALLOW + "Headers": "Content-Type"}
    response = HttpResponse(status=204) if preflight else view(request)
    for name, value in headers.items():
        response.headers[name] = value
    known = response.headers.get("Vary")
    response.headers["Vary"] = f"{known}, Origin" if known else "Origin"
    return response


@answer.right
def meta_read(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    asks = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
    if request.method == "OPTIONS" and asks:
        response = HttpResponse(b"", status=204)
    else:
        asks, response = None, view(request)
    patch_vary_headers(response, ("origin",))
    for origin in allowed:
        if request.META.get("HTTP_ORIGIN") == origin:
            response[ALLOW + "Origin"] = origin
            if asks:
                response[ALLOW + "Methods"] = "PUT"
                response[ALLOW + "Headers"] = "content-type"
    return response


def _cors(
    request: HttpRequest,
    view: Any,
    *,
    origin: str | None,
    preflight: bool | None = None,
    all: bool = False,
    vary: Callable[[HttpResponse], None] = lambda response: patch_vary_headers(
        response, ["Origin"]
    ),
) -> HttpResponse:
    """The worked answer with a part that can be exchanged for a wrong one."""
    if preflight is None:
        preflight = _is_preflight(request)
    response = HttpResponse(status=204) if preflight else view(request)
    if origin:
        response[ALLOW + "Origin"] = origin
        if preflight or all:
            response[ALLOW + "Methods"] = "PUT"
            response[ALLOW + "Headers"] = "content-type"
    vary(response)
    return response


def _good(request: HttpRequest, allowed: list[str]) -> str | None:
    origin = request.headers.get("Origin")
    return origin if origin in allowed else None


@answer.wrong(with_a_star)
def for_everybody(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    return _cors(request, view, origin="*")


@answer.wrong(whole_list)
def all_of_them(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    return _cors(request, view, origin=_good(request, allowed) and ", ".join(allowed))


@answer.wrong(let_others_read)
def echoed(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    return _cors(request, view, origin=request.headers.get("Origin"))


@answer.wrong(let_others_read)
def begins_alike(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    origin = request.headers.get("Origin", "")
    good = any(origin.startswith(one) for one in allowed)
    return _cors(request, view, origin=origin if good else None)


@answer.wrong(no_origin)
def origin_looked_up(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    origin = request.headers["Origin"]
    return _cors(request, view, origin=origin if origin in allowed else None)


@answer.wrong(view_was_asked)
def no_preflight(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    return _cors(request, view, origin=_good(request, allowed), preflight=False)


@answer.wrong(view_was_asked)
def preflight_only_if_allowed(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    good = _good(request, allowed)
    return _cors(request, view, origin=good, preflight=bool(good) and _is_preflight(request))


@answer.wrong(took_it_for_a_preflight)
def every_options(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    options = request.method == "OPTIONS"
    return _cors(request, view, origin=_good(request, allowed), preflight=options)


@answer.wrong(vary_forgotten)
def no_vary(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    good = _good(request, allowed)
    return _cors(request, view, origin=good, vary=lambda response: None)


@answer.wrong(vary_forgotten)
def vary_where_allowed(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    good = _good(request, allowed)
    if good:
        return _cors(request, view, origin=good)
    return _cors(request, view, origin=good, vary=lambda response: None)


@answer.wrong(vary_overwritten)
def vary_set(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    good = _good(request, allowed)

    def vary(response: HttpResponse) -> None:
        response["Vary"] = "Origin"

    return _cors(request, view, origin=good, vary=vary)


@answer.wrong(always_all)
def all_headers(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    return _cors(request, view, origin=_good(request, allowed), all=True)
