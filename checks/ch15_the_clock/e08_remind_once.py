"""15.8 One letter, whatever happens: never twice."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from subscriptions.models import Membership, Reminder

from checks.ch15_the_clock import reminded_last_year, reminded_now, the_one_of
from checks.common.meanwhile import after_looking_at, nobody_else
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def tell_ann() -> None:
    reminded_now()
    TOLD.add(the_one_of("Ann O'Brien").pk)


def same_moment() -> None:
    """between your look and your INSERT another worker writes Ann's row"""
    after_looking_at("subscriptions_reminder", tell_ann)


class Post:
    """send(), which notes whether the row was there when it was called."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.letters: list[tuple[Membership, bool]] = []

    def __call__(self, membership: Membership) -> None:
        nobody_else()
        there = membership.reminders.filter(ends_on=membership.ends_on).exists()
        self.letters.append((membership, there))
        if self.fails:
            raise ConnectionRefusedError("The mail server does not answer.")

    def __repr__(self) -> str:
        return "<a send() that fails>" if self.fails else "<send()>"


remind_once = Exercise(
    "15.8",
    "One letter, whatever happens",
    minutes=7,
    needs_commit=True,
    # Without the SQL: the time of now is in it.
    layers=("http",),
    changes=[reminded_now, reminded_last_year, same_moment],
    hints=[
        "The database knows the rule: one row for each membership and end. Let it say no.",
        (
            "Insert the row first. IntegrityError says that somebody else was here; if the sending "
            "fails, the row must go again."
        ),
        (
            "with transaction.atomic(): create the row, then send. Outside of the block, catch "
            "IntegrityError and OSError."
        ),
    ],
)


AGAIN = {
    "IntegrityError": "So the database says that the row is there: catch it, around atomic().",
    "TransactionManagementError": "An IntegrityError inside atomic() spoils the transaction: catch "
    "it outside of the block.",
}

# The keys of those whose reminder is out before the answer is called.
TOLD: set[int] = set()

# The keys of all reminders that there are then.
BEFORE: set[int] = set()


@remind_once.cases
def cases() -> object:
    quicker = nobody_else()  # It waits for the answer's look, not for those below.
    TOLD.clear()
    TOLD.update(
        Reminder.objects.filter(ends_on=F("membership__ends_on")).values_list(
            "membership_id", flat=True
        )
    )
    BEFORE.clear()
    BEFORE.update(Reminder.objects.values_list("pk", flat=True))
    ann, ben = the_one_of("Ann O'Brien"), the_one_of("Ben Okafor")
    if quicker:
        same_moment()
    return [(ann, Post()), (ben, Post()), (ben, Post(fails=True))]


@remind_once.check
def check(run: Run) -> str | None:
    nobody_else()
    membership, post = run.arguments
    rows = Reminder.objects.filter(membership=membership, ends_on=membership.ends_on).count()
    if not isinstance(run.value, bool):
        return f"Asked is True or False; your function returned {run.value!r}."
    if not set(Reminder.objects.values_list("pk", flat=True)) >= BEFORE:
        return "A reminder of another end was there before, and is gone."
    if membership.pk in TOLD:
        if post.letters:
            return "The row of this end was there before, and a second letter went out."
        return "No letter went out now, so the value is False." if run.value else None
    if len(post.letters) != 1:
        return f"There was no row of this end, and send() was called {len(post.letters)} times."
    if not post.letters[0][1]:
        return "When send() was called, the row was not there yet: a second worker sends as well."
    if rows == post.fails:
        if rows:
            return "The letter did not go out, and the row is there: nobody will try again."
        return "The letter is out, and there is no row that says so."
    if run.value is post.fails:
        return f"The letter {'did not go' if post.fails else 'went'} out: {run.value} is not right."
    second = run.again(membership, Post(post.fails))
    if second.error is not None:
        kind = type(second.error).__name__
        return f"Called a second time, it raised {kind}. {AGAIN.get(kind, '')}".strip()
    if len(second.arguments[1].letters) > post.fails:
        return "Called a second time, it sent a second letter."
    if len(second.arguments[1].letters) < post.fails:
        return "The letter did not go out, and when it was called again, it did not try."
    return "Called a second time, nothing was sent: the value is False." if second.value else None


@remind_once.mistake(
    "send() raised an OSError, and so did your function. The next run tries again, so return False."
)
def send_not_caught(run: Run) -> bool:
    return failed(run, "ConnectionRefusedError")


@remind_once.mistake(
    "Between your look and your INSERT another worker has written the row, and the constraint "
    "refused yours. get_or_create() knows what to do then; or catch the IntegrityError."
)
def refused_later(run: Run) -> bool:
    return failed(run, "IntegrityError")


@remind_once.mistake(
    "Ben has a row of another end. Ask for the row of this end: membership and ends_on."
)
def other_end(run: Run) -> bool:
    membership, post = run.arguments
    return not post.letters and membership.pk not in TOLD and membership.reminders.exists()


@remind_once.right
def tried_and_taken_back(membership: Any, send: Any) -> object:
    row, new = Reminder.objects.get_or_create(membership=membership, ends_on=membership.ends_on)
    if not new:
        return False
    try:
        send(membership)
    except OSError:
        row.delete()
        return False
    return True


@remind_once.right
def in_one_transaction(membership: Any, send: Any) -> object:
    try:
        with transaction.atomic():
            _, new = membership.reminders.get_or_create(ends_on=membership.ends_on)
            if new:
                send(membership)
    except OSError:
        return False
    return new


@remind_once.right
def looked_first(membership: Any, send: Any) -> object:
    key = {"membership": membership, "ends_on": membership.ends_on}
    if Reminder.objects.filter(**key).exists():
        return False
    try:
        with transaction.atomic():
            Reminder.objects.create(**key)
            send(membership)
    except (IntegrityError, OSError):
        return False
    return True


@remind_once.wrong("the row was not there yet")
def sent_then_written(membership: Any, send: Any) -> object:
    if membership.reminders.filter(ends_on=membership.ends_on).exists():
        return False
    try:
        send(membership)
    except OSError:
        return False
    membership.reminders.create(ends_on=membership.ends_on)
    return True


@remind_once.wrong(refused_later)
def looked_and_taken_back(membership: Any, send: Any) -> object:
    if membership.reminders.filter(ends_on=membership.ends_on).exists():
        return False
    row = membership.reminders.create(ends_on=membership.ends_on)
    try:
        send(membership)
    except OSError:
        row.delete()
        return False
    return True


@remind_once.wrong("the row is there: nobody will try again")
def written_and_kept(membership: Any, send: Any) -> object:
    _, new = membership.reminders.get_or_create(ends_on=membership.ends_on)
    if new:
        try:
            send(membership)
        except OSError:
            return False
    return new


@remind_once.wrong("it sent a second letter")
def sent_each_time(membership: Any, send: Any) -> object:
    try:
        with transaction.atomic():
            membership.reminders.get_or_create(ends_on=membership.ends_on)
            send(membership)
    except OSError:
        return False
    return True


@remind_once.wrong(AGAIN["IntegrityError"])
def inserted_only(membership: Any, send: Any) -> object:
    try:
        with transaction.atomic():
            membership.reminders.create(ends_on=membership.ends_on)
            send(membership)
    except OSError:
        return False
    return True


@remind_once.wrong(send_not_caught)
def failing_with_it(membership: Any, send: Any) -> object:
    try:
        with transaction.atomic():
            membership.reminders.create(ends_on=membership.ends_on)
            send(membership)
    except IntegrityError:
        return False
    return True


@remind_once.wrong(AGAIN["TransactionManagementError"])
def caught_inside(membership: Any, send: Any) -> object:
    with transaction.atomic():
        try:
            membership.reminders.create(ends_on=membership.ends_on)
        except IntegrityError:
            return not Reminder.objects.filter(ends_on=membership.ends_on).exists()
        try:
            send(membership)
        except OSError:
            transaction.set_rollback(True)
            return False
    return True


@remind_once.wrong("A reminder of another end was there before, and is gone")
def all_taken_back(membership: Any, send: Any) -> object:
    _, new = membership.reminders.get_or_create(ends_on=membership.ends_on)
    try:
        if new:
            send(membership)
    except OSError:
        membership.reminders.all().delete()
        return False
    return new


@remind_once.wrong(other_end)
def any_row(membership: Any, send: Any) -> object:
    if membership.reminders.exists():
        return False
    return looked_first(membership, send)


@remind_once.wrong("Asked is True or False")
def returns_nothing(membership: Any, send: Any) -> None:
    looked_first(membership, send)
