"""Chapter 04, forward and reverse: what its exercises share."""

from __future__ import annotations

from company.models import Assignment

from checks.common import rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Mistake, Run


def many_as_list(task: Exercise, name: str) -> Mistake:
    """The mistake of taking a manager for its rows."""
    says = task.mistake(f"{name} is a manager, not a list. Add .all() to go through its rows.")
    return says(lambda run: failed(run, "TypeError", "Manager"))


def asks_for_each(run: Run) -> bool:
    """Whether the result is right, and a statement was asked again and again."""
    statements = {query.sql for query in run.seen.queries}
    return is_right(run) and run.queries > len(statements) + 1


def new_customer() -> None:
    """there is a new customer without an order"""
    rows.customer()


def no_assignments() -> None:
    """all assignments were deleted"""
    Assignment.objects.all().delete()
