"""Chapter 15, the clock: what its exercises share."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from datetime import date
from typing import Any

from subscriptions.models import Membership

TODAY = date(2026, 3, 2)


def the_one_of(name: str) -> Any:
    return Membership.objects.get(customer__name=name)


def reminded_now() -> None:
    """Ann's reminder of the present end is sent"""
    ann = the_one_of("Ann O'Brien")
    ann.reminders.create(ends_on=ann.ends_on)


def reminded_last_year() -> None:
    """Ben was reminded last year, of the end before; then he renewed"""
    the_one_of("Ben Okafor").reminders.create(ends_on="2025-03-26")
