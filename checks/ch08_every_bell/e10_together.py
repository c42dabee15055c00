"""08.10 All or nothing, also when a receiver fails."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from company.models import Skill
from django.db import transaction
from django.db.models.signals import post_save

from checks.ch08_every_bell import LAYERS, Day
from checks.common import changes
from tutor.judge.exercise import Exercise, Run


def skills_now() -> set[str]:
    return set(Skill.objects.values_list("name", flat=True))


def all_well() -> None:
    """everything is saved"""
    Skill.objects.create(name="Beekeeping")
    Skill.objects.create(name="Falconry")


def receiver_fails() -> None:
    """a receiver of post_save fails"""
    Skill.objects.create(name="Beekeeping")

    def broken(instance: Any, **kwargs: Any) -> None:
        raise ConnectionError("the mail server does not answer")

    post_save.connect(broken, sender=Skill)
    try:
        Skill.objects.create(name="Falconry")
    finally:
        post_save.disconnect(broken, sender=Skill)


def second_step_fails() -> None:
    """the second save breaks a rule of the database"""
    Skill.objects.create(name="Beekeeping")
    Skill.objects.create(name=Skill.objects.earliest("pk").name)


together = Exercise(
    "08.10",
    "All or nothing",
    minutes=6,
    needs_commit=True,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "A save() that raised may have written its row. Which block takes rows back?",
        "transaction.atomic() undoes everything when an exception leaves its block.",
        "The try stands outside the atomic block. Inside, atomic() would not see the exception.",
    ],
)


@together.cases
def cases() -> object:
    return [(Day(all_well, True),), (Day(receiver_fails, False),), (Day(second_step_fails, False),)]


@together.expects
def expected(steps: Day) -> object:
    return steps.expected


def left_over() -> set[str]:
    return skills_now() & {"Beekeeping", "Falconry"}


@together.check
def check(run: Run) -> str | None:
    steps = run.arguments[0]
    if steps.expected and left_over() != {"Beekeeping", "Falconry"}:
        return "Nothing failed, and still not all rows are there."
    if not steps.expected and left_over():
        return f"It failed, but this is left in the database: {', '.join(sorted(left_over()))}."
    return None


@together.mistake("steps was never called. Call it inside your block: steps()")
def steps_not_called(run: Run) -> bool:
    return run.error is None and not run.arguments[0].begun


@together.mistake("The exception came out of your function. Catch it, and return False.")
def not_caught(run: Run) -> bool:
    return type(run.error).__name__ in ("ConnectionError", "IntegrityError")


@together.mistake(
    "Inside an atomic block that has failed, no query and no rollback() is allowed any more. "
    "Catch the exception outside the block, and leave the undoing to the block."
)
def query_in_broken_block(run: Run) -> bool:
    return type(run.error).__name__ == "TransactionManagementError"


@together.mistake(
    "An exception in a receiver comes after the row was written, and the row stayed. "
    "If you have a transaction: the exception must leave the atomic block, or nothing is undone."
)
def row_stayed(run: Run) -> bool:
    return run.error is None and not run.arguments[0].expected and bool(left_over())


@together.mistake("All steps worked, but the rows are gone: you undo them in any case.")
def always_undone(run: Run) -> bool:
    return run.error is None and run.arguments[0].expected and not left_over()


@together.right
def savepoint_by_hand(steps: Day) -> object:
    done = False
    try:
        with transaction.atomic(durable=False):
            steps()
            done = True
    except BaseException:  # noqa: BLE001
        done = False
    return done


@together.right
def decorated(steps: Day) -> object:
    try:
        transaction.atomic(steps)()
    except (ConnectionError, Exception):  # noqa: BLE001
        return False
    else:
        return True


@together.right
def rolled_back_by_flag(steps: Day) -> object:
    with transaction.atomic():
        try:
            steps()
        except Exception:  # noqa: BLE001
            transaction.set_rollback(True)
            return False
        return True


@together.right
def suppressed(steps: Day) -> object:
    with suppress(Exception), transaction.atomic():
        steps()
        return True
    return False


@together.wrong(steps_not_called)
def nothing_done(steps: Day) -> object:
    with transaction.atomic():
        return bool(steps)


@together.wrong(not_caught)
def only_atomic(steps: Day) -> object:
    with transaction.atomic():
        steps()
    return True


@together.wrong(not_caught)
def only_some_errors(steps: Day) -> object:
    try:
        with transaction.atomic():
            steps()
    except ValueError:
        return False
    return True


@together.wrong(row_stayed)
def only_try(steps: Day) -> object:
    try:
        steps()
    except Exception:  # noqa: BLE001
        return False
    return True


@together.wrong(row_stayed)
def caught_inside(steps: Day) -> object:
    with transaction.atomic():
        try:
            steps()
        except Exception:  # noqa: BLE001
            return False
        return True


@together.wrong(row_stayed)
def caught_after_all(steps: Day) -> object:
    done = True
    with transaction.atomic(), suppress(Exception):
        done = False
        steps()
        done = True
    return done


@together.wrong(query_in_broken_block)
def asks_in_the_block(steps: Day) -> object:
    with transaction.atomic():
        try:
            steps()
        except Exception:  # noqa: BLE001
            transaction.set_rollback(True)
            return Skill.objects.filter(name="Beekeeping").exists()
    return True


@together.wrong(query_in_broken_block)
def rolled_back_by_hand(steps: Day) -> object:
    with transaction.atomic():
        try:
            steps()
        except Exception:  # noqa: BLE001
            transaction.rollback()
            return False
        return True


@together.wrong(always_undone)
def undone_in_any_case(steps: Day) -> object:
    try:
        with transaction.atomic():
            steps()
            transaction.set_rollback(True)
    except Exception:  # noqa: BLE001
        return False
    return True


@together.wrong("returned nothing (None)")
def says_nothing(steps: Day) -> None:
    with suppress(Exception), transaction.atomic():
        steps()
