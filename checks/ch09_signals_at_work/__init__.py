"""Chapter 09, signals at work: what its exercises share."""

from __future__ import annotations

from checks.common import changes
from tutor.judge.exercise import Run

#: Without the SQL of the project: it has times of today in it, and would hide what matters here.
SIGNALS = ("signals",)


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


def new_login() -> None:
    """there is one more user without a profile"""
    changes.login("lena")
