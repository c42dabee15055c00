"""16.8 The dead-letter list."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F
from partners.models import OutgoingWebhook

from tutor.judge.exercise import Exercise, Run

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
def cases() -> object:
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
def expected(now: datetime, send: Any) -> object:
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
def check(run: Run) -> str | None:
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
