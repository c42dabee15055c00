"""Chapter 09, signals at work: what its exercises share."""

from __future__ import annotations

from checks.common import rows

#: Without the SQL of the project: it has times of today in it, and would hide what matters here.
SIGNALS = ("signals",)


def new_login() -> None:
    """there is one more user without a profile"""
    rows.login("lena")
