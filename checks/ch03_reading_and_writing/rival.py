"""A second buyer, and locks that it can see: for 03.11."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

MARK = "FOR UPDATE"


class Rival:
    """Buys just before the answer writes: the worst moment.

    Where the answer has read before it locks, that moment is just before the lock. Where the answer
    has locked the row, in a transaction that still runs, the rival waits. What the rival asks for
    goes to the driver directly: it is not the learner's, and is not to stand in the trace.

    It stands around the statements of the connection, as in
    https://docs.djangoproject.com/en/6.1/topics/db/instrumentation/.
    """

    def __init__(self, quantity: int) -> None:
        self.quantity = quantity
        self.waits = True
        self.read = self.locked = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if sql.startswith("BEGIN"):
            self.locked = False
        elif "shop_product" not in sql:
            pass
        elif MARK in sql:
            if self.read:
                self.come()
            self.locked = True
        elif sql.lstrip().upper().startswith("SELECT"):
            self.read = True
        elif not (self.locked and context["connection"].in_atomic_block):
            self.come()
        return execute(sql, params, many, context)

    def come(self) -> None:
        """Buy, once, if there are enough."""
        if self.waits:
            self.waits = False
            connection.connection.execute(
                f"UPDATE shop_product SET stock = stock - {self.quantity:d} "
                f"WHERE id = 1 AND stock >= {self.quantity:d}"
            )


def rivals() -> list[Rival]:
    return [w for w in connection.execute_wrappers if isinstance(w, Rival)]


def pretend_to_lock() -> None:
    """Django leaves FOR UPDATE out on SQLite. Here it stays, as a comment, for the rival to see.

    These objects belong to this connection, which lives for one run of the answer.
    """
    features: Any = connection.features
    features.has_select_for_update = features.has_select_for_update_nowait = True
    features.has_select_for_update_skip_locked = features.has_select_for_update_of = True
    features.has_select_for_no_key_update = True
    connection.ops.for_update_sql = lambda *a, **k: f"/* {MARK} */"  # type: ignore[method-assign]
