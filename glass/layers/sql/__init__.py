"""SQL: every statement, its parameters, rows, time and line, and the transactions around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glass.layer import Layer, register
from glass.layers.sql import hook
from glass.layers.sql.event import Query, Transaction
from glass.wording import count, milliseconds

__all__ = ["Query", "Sql", "Transaction"]


class Sql(Layer):
    name = "sql"
    help = "statements and transactions"
    attribute = "queries"
    kinds = (Query,)
    default = True
    order = 10
    lane = 40
    colour = "#009e73"

    def install(self) -> None:
        hook.install(self.patches)

    def uninstall(self) -> None:
        super().uninstall()
        hook.uninstall()

    def summary(self, events: Sequence[Any]) -> list[str]:
        queries = [event for event in events if isinstance(event, Query)]
        rows = [count(sum(query.rows for query in queries), "row")] if queries else []
        return [count(len(queries), "query"), *rows]

    def spent(self, events: Sequence[Any]) -> str:
        queries = [event for event in events if isinstance(event, Query)]
        total = sum(query.duration for query in queries)
        return f"{milliseconds(total)} in the database" if queries else ""


register(Sql())
