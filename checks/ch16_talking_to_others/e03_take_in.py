"""16.3 Once, and only once: an event that comes twice."""

from __future__ import annotations

import json
from typing import Any

from django.db import IntegrityError, connection, transaction
from partners.models import WebhookEvent

from checks.common.meanwhile import after_looking_at, nobody_else
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

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


def write_as_well() -> None:
    write_event("cards", "evt_7", EVENT)
    THERE["cards", "evt_7"] = EVENT
    MEANWHILE.add(("cards", "evt_7"))


def same_moment() -> None:
    """between your look and your INSERT another request writes the same event down"""
    after_looking_at("partners_webhookevent", write_as_well)


take_in = Exercise(
    "16.3",
    "Once, and only once",
    minutes=5,
    needs_commit=True,  # an IntegrityError may be caught
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
def cases() -> object:
    THERE.clear()
    MEANWHILE.clear()
    with connection.cursor() as cursor:
        # Not the ORM's SELECT: that is what the rival waits for.
        cursor.execute("/* */ SELECT partner, event_id, payload FROM partners_webhookevent")
        for partner, id, payload in cursor.fetchall():
            THERE[partner, id] = json.loads(payload) if isinstance(payload, str) else payload
    return [("cards", EVENT)]


@take_in.check
def check(run: Run) -> str | None:
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
