"""A statement and a transaction: what is known of them, and how they read."""

from __future__ import annotations

from typing import Any, ClassVar

from glass import source
from glass.block import INSIDE, Block, Code, Fold, Foot, Group, Note, Part, Words
from glass.layer import Event, enclosing
from glass.layers.sql.layout import folded, layout
from glass.repeats import Cause, StatementSite, advice
from glass.wording import count, value_sets, values

#: Sets of values that HTML lists; what comes after is only counted.
_SETS = 50


class Query(Event):
    """A statement that the code asked for.

    sql        as the database driver received it, with its placeholders
    params     the values for the placeholders; with many=True a list of such values
    rows       rows that were fetched, or rows that were changed
    alias      the database's name in settings.DATABASES
    cause      why it was asked again and again, where that is certain (see glass.repeats)
    displayed  whether it was made by showing a queryset
    """

    __slots__ = ("alias", "call_site", "many", "params", "rows")
    layer = "sql"
    noun = "query"
    has_bar = True

    # Not through Event's own: this runs for every statement.
    def __init__(self, call_site: StatementSite, params: Any, many: bool, alias: str) -> None:
        self.parent = enclosing()
        self.duration = 0.0
        self.error = None
        self.call_site = call_site
        # A list could be changed by the code that owns it.
        self.params = list(params) if isinstance(params, list) else params
        self.many = many
        self.alias = alias
        self.rows = 0

    @property
    def sql(self) -> str:
        return self.call_site.sql

    @property
    def places(self) -> tuple[source.Place, ...]:  # type: ignore[override]
        return self.call_site.places

    @property
    def cause(self) -> Cause | None:
        return self.call_site.cause

    @property
    def displayed(self) -> bool:
        return self.call_site.displayed

    def __repr__(self) -> str:
        return f"<Query {self.place}: {self.sql[:60]}>"

    def __str__(self) -> str:
        sql = layout(self.sql)
        return f"{sql}\n-- with {values(self.params)}" if self.params else sql

    def label(self) -> str:
        """The verb and the table: "UPDATE shop_product"."""
        words = self.sql.replace('"', "").replace("`", "").split()
        verb = words[0].upper() if words else ""
        before = {"SELECT": "FROM", "DELETE": "FROM", "INSERT": "INTO", "UPDATE": "UPDATE"}
        upper = [word.upper() for word in words]
        if before.get(verb) in upper[:-1]:
            return f"{verb} {words[upper.index(before[verb]) + 1]}"
        return verb

    def group_key(self) -> object:
        return self.sql, self.alias, self.places, self.error

    def block(self, group: Group) -> Block:
        """ "line 3: 59 queries, 59 rows", the statement, its values, what is to be said of it."""
        queries: list[Query] = group.events
        counts = f"{count(len(queries), 'query')}, {count(sum(q.rows for q in queries), 'row')}"
        if self.alias != "default":
            counts += f", on database {self.alias}"
        repeats = len(queries) > 1 and not self.many
        body: list[Part] = [Code(folded(self.sql), "sql")]
        if sets := self._value_sets(group):
            many = f"{count(len(sets), 'set')} of values: " if self.many else ""
            body.append(Note([f"with {many}{value_sets(sets)}"], form="text"))
        if group.error:
            body.append(Note([f"failed: {group.error}"], "bad"))
        if remarks := advice(queries):
            body.append(Note(remarks, "warn" if repeats else "info", mark="<- "))
        return Block(
            group.where,
            [Words(counts, "counts")],
            [*body, *self._fold(sets)],
            times=1 if self.many else group.times,
            tone="warn",
            edge="bad" if group.error else "warn" if repeats else "quiet",
            floats=True,
        )

    def _value_sets(self, group: Group) -> list[Any]:
        """The sets of values; [] where there are none, or a generator gave them."""
        if any(parent.hides_values(self.sql) for parent in self.parents()):
            return []
        if self.many:
            return list(self.params) if isinstance(self.params, list | tuple) else []
        return [query.params for query in group.events if query.params]

    def _fold(self, sets: list[Any]) -> list[Part]:
        """The whole statement and its values."""
        label = f"with {value_sets(sets)}" if sets else ""
        if self.many:
            label = f"{count(len(sets), 'set')} of values" if sets else ""
        codes = [Code(values(params)) for params in sets[:_SETS]]
        if (whole := layout(self.sql)) != folded(self.sql):
            codes.insert(0, Code(whole, "sql"))
            label = label or "the whole statement"
        more = f"... and {len(sets) - _SETS} more" if len(sets) > _SETS else ""
        return [Fold(label, codes, more)] if codes else []

    def pack(self) -> dict[str, Any]:
        """What JSON takes of it, for another process."""
        cause = self.cause and [self.cause.relation, self.cause.remedy, str(self.cause.pk or "")]
        return {
            "sql": self.sql,
            "places": self.places,
            "params": self.params,
            "many": self.many,
            "alias": self.alias,
            "rows": self.rows,
            "duration": self.duration,
            "error": self.error,
            "cause": cause,
        }

    @classmethod
    def unpack(cls, packed: list[dict[str, Any]], parent: Event) -> list[Query]:
        """The queries that were packed, inside this event."""
        sites: dict[tuple[str, tuple[source.Place, ...]], StatementSite] = {}
        queries = []
        for each in packed:
            key = each["sql"], tuple(source.Place(*place) for place in each["places"])
            site = sites.setdefault(key, StatementSite(*key, False))
            site.cause = Cause(*each["cause"]) if each["cause"] else None
            query = cls(site, each["params"], each["many"], each["alias"])
            query.parent = parent
            query.rows, query.duration, query.error = each["rows"], each["duration"], each["error"]
            queries.append(query)
        return queries


class Transaction(Event):
    """BEGIN or SAVEPOINT up to what ended it; the statements between are inside it.

    sql     "BEGIN" or "SAVEPOINT"; "" when it was opened before the watch began
    name    of the savepoint, or ""
    end     "COMMIT", "ROLLBACK", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", or "" while open
    traces  those that recorded its beginning
    """

    __slots__ = ("alias", "end", "name", "sql", "traces")
    layer: ClassVar[str] = "sql"

    def __init__(
        self,
        places: tuple[source.Place, ...],
        sql: str,
        alias: str,
        name: str = "",
        traces: tuple[Any, ...] = (),
    ) -> None:
        super().__init__(places)
        self.sql = sql
        self.alias = alias
        self.name = name
        self.end = ""
        self.traces = traces

    def __repr__(self) -> str:
        return f"<Transaction {self.place}: {self.sql} ... {self.end or 'still open'}>"

    def label(self) -> str:
        return f"{self.sql} ... {self.end}" if self.sql else self.end

    def group_key(self) -> object:
        return self.sql, self.alias, self.places, self.end

    def block(self, group: Group) -> Block:
        repeated = Words(f" {group.times} times" if group.times > 1 else "", html="")
        head = [Words(self.sql or self.end, "name"), repeated]
        body: list[Part] = [INSIDE, Foot(self.end or "(still open)", group.error)]
        if not self.sql:
            body = [Note([f"failed: {group.error}"], "bad", "html")] if group.error else []
        return Block(group.where, head, body, times=group.times, edge="info")
