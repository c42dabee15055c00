"""09.5 Is the door locked? Five failures within a quarter of an hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import LoginRecord
from django.db import connection
from django.db.models import Count, Q

from tutor.judge.exercise import Exercise, Run

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

#: Name -> the minutes ago of its failures, and other values of some.
TRIES: dict[str, list[tuple[float, dict[str, Any]]]] = {
    "ivo": [(n, {}) for n in (1, 2, 3, 4, 5, 6)],
    "ann": [(n, {}) for n in (1, 2, 3, 4, 14.5)],
    "ben": [(n, {}) for n in (1, 2, 3, 4)],
    "fatima": [(n, {"successful": n > 4}) for n in (1, 2, 3, 4, 5, 6, 7)],
    "cleo": [(n, {"forgiven": n > 4}) for n in (1, 2, 3, 4, 5, 6)],
    "dara": [(n, {}) for n in (1, 2, 3, 4, 16, 60, 5000)],
    "emil": [(n, {}) for n in (1, 2, 3, 4, 15)],
    "kofi": [(n, {}) for n in (1, 2, 3)],
    "Kofi": [(n, {}) for n in (1, 2, 3)],
    "kofi2": [(n, {}) for n in (1, 2, 3)],
    "nobody": [(n, {}) for n in (1, 1, 1, 1, 1)],
}


def write_tries(all_tries: dict[str, list[tuple[float, dict[str, Any]]]]) -> None:
    LoginRecord.objects.bulk_create(
        LoginRecord(
            **{"username": name, "at": NOW - timedelta(minutes=ago), "successful": False} | more
        )
        for name, tries in all_tries.items()
        for ago, more in tries
    )


def worse_night() -> None:
    """ben and hana have failed five times now, and nobody has tried ann"""
    five = TRIES["nobody"]
    write_tries({**TRIES, "ben": five, "hana": five, "ann": []})


is_locked = Exercise(
    "09.5",
    "Is the door locked?",
    minutes=5,
    queries=1,
    changes=[worse_night],
    hints=[
        "Start from LoginRecord, and filter: each of the four conditions is one word of filter().",
        "Younger than 15 minutes: its time is greater than now - timedelta(minutes=15).",
        "Count what is left, and compare the number with five.",
    ],
)


@is_locked.cases
def cases() -> object:
    if not LoginRecord.objects.exists():
        write_tries(TRIES)
    return [(name, NOW) for name in (*TRIES, "hana")]


@is_locked.expects
def expected(name: str, now: datetime) -> object:
    since = NOW - timedelta(minutes=15)
    tries = [each for each in LoginRecord.objects.all() if each.username == name]
    return len([t for t in tries if not (t.successful or t.forgiven) and t.at > since]) >= 5


def about(name: str) -> Callable[[Run], bool]:
    return lambda run: run.arguments[0] == name and bool(run.value) != run.expected


@is_locked.mistake(
    "user is empty where a login failed: nobody knows who it was. Look at username, what was typed."
)
def by_the_user(run: Run) -> bool:
    return run.error is None and any("auth_user" in query.sql for query in run.seen.queries)


@is_locked.mistake("Asked is True or False. Compare the number with 5.")
def number_returned(run: Run) -> bool:
    return type(run.value) is int


@is_locked.mistake("Asked is True or False. You returned rows.")
def rows_returned(run: Run) -> bool:
    return isinstance(run.value, list)


@is_locked.mistake(
    "This name has six failures of the last minutes. Count back from `now`, the argument and not "
    "the clock, and by minutes."
)
def looked_at_the_clock(run: Run) -> bool:
    return about("ivo")(run)


five_are_enough = is_locked.mistake("Five failures are enough: at least five, not more than five.")(
    about("ann")
)

too_few = is_locked.mistake("Four failures do not lock yet.")(about("ben"))
successes_counted = is_locked.mistake("A successful login is no failure.")(about("fatima"))
forgiven_counted = is_locked.mistake("Failures that are forgiven no longer count.")(about("cleo"))

old_counted = is_locked.mistake("Some of these failures are old: only 15 minutes count.")(
    about("dara")
)

boundary = is_locked.mistake(
    "A failure of exactly 15 minutes ago is not younger than 15 minutes: greater, not equal."
)(about("emil"))

others_counted = is_locked.mistake(
    '"kofi", "Kofi" and "kofi2" are three names. Compare the username exactly.'
)(lambda run: run.arguments[0] in ("kofi", "Kofi", "kofi2") and run.value is True)


@is_locked.right
def fifth_is_there(name: str, now: datetime) -> object:
    since = now - timedelta(minutes=15)
    tries = LoginRecord.objects.filter(username=name, successful=False, forgiven=False)
    return tries.filter(at__gt=since).order_by("at")[4:5].exists()


@is_locked.right
def counted_in_python(name: str, now: datetime) -> object:
    tries = LoginRecord.objects.filter(username=name)
    return (
        sum(not (t.successful or t.forgiven) and now - t.at < timedelta(minutes=15) for t in tries)
        >= 5
    )


@is_locked.right
def aggregated(name: str, now: datetime) -> object:
    since = now - timedelta(minutes=15)
    bad = Q(username=name, successful=False, forgiven=False, at__gt=since)
    return LoginRecord.objects.aggregate(n=Count("pk", filter=bad))["n"] > 4


@is_locked.right
async def locked_async(name: str, now: datetime) -> object:
    tries = LoginRecord.objects.filter(
        username=name, successful=False, forgiven=False, at__gt=now - timedelta(minutes=15)
    )
    return await tries.acount() >= 5


@is_locked.right
def locked_in_sql(name: str, now: datetime) -> object:
    since: Any = connection.ops.adapt_datetimefield_value(now - timedelta(minutes=15))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM accounts_loginrecord "
            "WHERE username = %s AND NOT successful AND NOT forgiven AND at > %s",
            [name, since],
        )
        return cursor.fetchone()[0] >= 5


def recent(now: datetime, **more: Any) -> Any:
    return LoginRecord.objects.filter(at__gt=now - timedelta(minutes=15), **more)


@is_locked.wrong(by_the_user)
def of_the_user(name: str, now: datetime) -> object:
    tries = recent(now, user__username=name, successful=False, forgiven=False)
    return tries.count() >= 5


@is_locked.wrong(number_returned)
def the_number(name: str, now: datetime) -> object:
    return recent(now, username=name, successful=False, forgiven=False).count()


@is_locked.wrong(rows_returned)
def the_rows(name: str, now: datetime) -> object:
    return recent(now, username=name, successful=False, forgiven=False)


@is_locked.wrong(looked_at_the_clock)
def by_the_clock(name: str, now: datetime) -> object:
    return recent(datetime.now(UTC), username=name, successful=False, forgiven=False).count() >= 5


@is_locked.wrong(five_are_enough)
def more_than_five(name: str, now: datetime) -> object:
    return recent(now, username=name, successful=False, forgiven=False).count() > 5


@is_locked.wrong(too_few)
def any_failure(name: str, now: datetime) -> object:
    return recent(now, username=name, successful=False, forgiven=False).exists()


@is_locked.wrong(successes_counted)
def all_logins(name: str, now: datetime) -> object:
    return recent(now, username=name, forgiven=False).count() >= 5


@is_locked.wrong(forgiven_counted)
def never_forgiven(name: str, now: datetime) -> object:
    return recent(now, username=name, successful=False).count() >= 5


@is_locked.wrong(old_counted)
def for_ever(name: str, now: datetime) -> object:
    tries = LoginRecord.objects.filter(username=name, successful=False, forgiven=False)
    return tries.count() >= 5


@is_locked.wrong(boundary)
def equal_too(name: str, now: datetime) -> object:
    since = now - timedelta(minutes=15)
    tries = LoginRecord.objects.filter(username=name, successful=False, forgiven=False)
    return tries.filter(at__gte=since).count() >= 5


@is_locked.wrong(others_counted)
def any_case(name: str, now: datetime) -> object:
    return recent(now, username__iexact=name, successful=False, forgiven=False).count() >= 5


@is_locked.wrong("it took 2 queries. 1 is enough")
def asked_twice(name: str, now: datetime) -> object:
    tries = recent(now, username=name, successful=False, forgiven=False)
    return tries.exists() and tries.count() >= 5
