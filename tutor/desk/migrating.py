"""migrate(): run the operations of one migration on the database at hand, for exercises.

What `manage.py migrate` does with a file of migrations/, without the file: the same operations,
the same transaction, the same SQL. The project's models and their files stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


@dataclass
class History:
    """What migrate() did to one database.

    database  its name: reset() brings another file, and with it another history
    state     the models after the last migration
    steps     each migration, and the models before it
    before    rows that were there at the beginning, by table (see begin)
    """

    database: str
    state: ProjectState
    steps: list[tuple[Migration, ProjectState]] = field(default_factory=list)
    before: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


_histories: WeakKeyDictionary[Any, History] = WeakKeyDictionary()


def migrate(app: str, *operations: Operation | Iterable[Operation] | type[Migration]) -> None:
    """Run a migration with these operations: migrate("shop", [migrations.RenameField(...)]).

    A class Migration, as it stands in a file of migrations/, will do as well.
    All or nothing: when an operation fails, the migration is rolled back, and its error raised.
    """
    if app not in [config.label for config in apps.get_app_configs()]:
        raise LookupError(f'Name the app first, as in migrate("shop", [...]): not {app!r}.')
    past = history()
    contents = {"operations": list(_flat(operations))}
    migration = type("Migration", (Migration,), contents)(f"{len(past.steps) + 1:04}_yours", app)
    try:
        with _editor() as editor:
            after = migration.apply(past.state.clone(), editor)
    except KeyError as error:
        if error.args[0] in past.state.models or not isinstance(error.args[0], tuple):
            raise
        label, model = error.args[0]
        others = ", ".join(sorted(name for app, name in past.state.models if app == label))
        raise LookupError(f"The app {label} has no model {model}: it has {others}.") from None
    past.steps.append((migration, past.state))
    past.state = after


def migrate_back() -> None:
    """Undo what migrate() did, the last migration first."""
    past = history()
    while past.steps:
        migration, before = past.steps[-1]
        with _editor() as editor:
            migration.unapply(before.clone(), editor)
        past.steps.pop()
        past.state = before


def historical(name: str) -> Any:
    """The model as it is after the migrations: historical("shop.Product")."""
    return history().state.apps.get_model(name)


def history() -> History:
    """The history of the database that this thread works on."""
    database = str(connection.settings_dict["NAME"])
    past = _histories.get(connections[DEFAULT_DB_ALIAS])
    if past is None or past.database != database:
        state = MigrationLoader(None).project_state()
        past = _histories[connections[DEFAULT_DB_ALIAS]] = History(database, state)
    return past


def begin(*tables: str) -> None:
    """Take the database as it is for the beginning, and keep the rows of these tables."""
    past = history()
    past.steps.clear()
    past.before = {table: rows(table) for table in tables}


def rows(table: str) -> list[dict[str, Any]]:
    """All rows of a table, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY id")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _flat(operations: Iterable[Any]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, Operation):
            yield operation
        elif isinstance(operation, type) and issubclass(operation, Migration):
            yield from operation.operations
        elif isinstance(operation, Iterable) and not isinstance(operation, str):
            yield from _flat(operation)
        else:
            raise TypeError(
                f"migrate() takes operations, such as migrations.AddField(...): not {operation!r}."
            )


@contextmanager
def _editor() -> Iterator[Any]:
    connection.execute_wrappers.insert(0, _unseen)
    try:
        with connection.schema_editor(atomic=True) as editor:
            yield editor
    finally:
        connection.execute_wrappers.remove(_unseen)


def _unseen(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """SQLite's foreign keys off and on again, around each migration: past the other wrappers."""
    if sql.startswith("PRAGMA"):
        return context["cursor"].cursor.execute(sql)
    return execute(sql, params, many, context)
