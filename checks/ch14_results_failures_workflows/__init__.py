"""Chapter 14, results, failures, workflows: what its exercises share."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from typing import Any

from celery.canvas import Signature
from celery.result import AsyncResult, EagerResult


def workflow(value: Any) -> Signature | None:
    """The signature of the answer, which is a plain dictionary by now; or None."""
    is_one = isinstance(value, dict) and {"task", "subtask_type"} <= set(value)
    return Signature.from_dict(value) if is_one else None


def end(plan: Signature) -> Any:
    """Start the workflow, and return its value, or the error that it ends with."""
    try:
        return plan.delay().get()
    except Exception as error:  # noqa: BLE001 Whatever a task may raise.
        return error


def not_a_plan(value: Any) -> str | None:
    if isinstance(value, AsyncResult | EagerResult) or hasattr(value, "children"):
        return "You have started it. Asked is the plan, the signature, which is started later."
    if workflow(value) is None:
        return f"Asked is a signature; your function returned {type(value).__name__}."
    return None
