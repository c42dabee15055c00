"""Chapter 02, models and migrations: what its exercises share.

The answers call migrate(), which changes the tables of this run; the checks look at the tables.
A migration is a transaction of its own: hence needs_commit=True everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection, migrations, transaction
from django.db import models as typed_models
from shop.models import Category, Product

from tutor.desk.migrating import begin, historical, history, migrate
from tutor.judge.exercise import Exercise, Run

# The stubs ask for two type arguments of each field.
models: Any = typed_models
NOTHING = 'Nothing was migrated. Hand the operations to migrate("shop", [...]).'


def of_table(task: Exercise, table: str) -> None:
    """What all exercises share whose migration changes this table."""

    @task.cases
    def cases() -> object:
        begin(table)
        return [()]

    @task.mistake("You returned the operations. Hand them to migrate(...): that runs them.")
    def returned(run: Run) -> bool:
        operations = migrations.operations.base.Operation
        values = run.value if isinstance(run.value, list | tuple) else [run.value]
        return any(isinstance(value, operations) for value in values)

    @task.wrong(returned)
    def only_returned() -> object:
        return migrations.RunSQL("UPDATE shop_product SET stock = 0")

    @task.mistake(
        "RunPython takes the function itself, to call it later: its name, without () behind it."
    )
    def called_at_once(run: Run) -> bool:
        return failed_with(
            "must be supplied with a callable",
            "no attribute 'get_model'",
            "missing 2 required positional arguments",
        )(run)

    @task.wrong(called_at_once)
    def result_of_a_call() -> None:
        nothing: Any = None
        migrate("shop", [migrations.RunPython(nothing)])

    @task.mistake(
        "Django calls the function of RunPython with two arguments: def forwards(apps, schema_editor)."
    )
    def other_arguments(run: Run) -> bool:
        return failed_with("positional argument but 2 were given", "positional arguments but 2")(
            run
        )

    @task.wrong(other_arguments)
    def one_argument() -> None:
        migrate("shop", [migrations.RunPython(lambda apps: None)])


def columns(table: str) -> dict[str, bool]:
    """Whether a column may be NULL, by name; nothing where there is no such table."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # Django's own reading fails at a generated column with a comma in it.
            cursor.execute(f"PRAGMA table_xinfo({table})")
            return {name: not required for _, name, _, required, *_ in cursor.fetchall()}
        if table not in connection.introspection.table_names(cursor):
            return {}
        found = connection.introspection.get_table_description(cursor, table)
        return {column.name: bool(column.null_ok) for column in found}


def is_unique(table: str, name: str) -> bool:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT group_concat(columns.name) FROM pragma_index_list(%s) AS found, "
                'pragma_index_info(found.name) AS columns WHERE found."unique" AND NOT '
                "found.partial GROUP BY found.name",
                [table],
            )
            return (name,) in cursor.fetchall()
        found = connection.introspection.get_constraints(cursor, table)
    return any(each["unique"] and each["columns"] == [name] for each in found.values())


def lacks(table: str, model: str, name: str, column_name: str = "") -> str | None:
    """What is wrong where the field is not there, in the table or in the models."""
    if not history().steps:
        return NOTHING
    try:
        there = name in {field.name for field in historical(model)._meta.get_fields()}
    except (LookupError, ValueError):
        return f"After your migration there is no model {model} any more."
    is_column = (column_name or name) in columns(table)
    if there and not is_column:
        return f"Django's models have {name}, and the table has no column {name}."
    if not is_column:
        return f"After your migration the table has no column {name}."
    if not there:
        return (
            f"The table has the column {name}, and Django's models do not. An operation such as "
            "AddField changes both; RunSQL needs state_operations."
        )
    return None


def refused(sql: str, *values: Any) -> str:
    """What the database says against a statement, "" where it runs."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except DatabaseError as error:
        return str(error).strip()
    return ""


def failed_with(*words: str) -> Callable[[Run], bool]:
    """Whether the answer ended with an error that says one of these words."""
    return lambda run: any(word in str(run.error) for word in words)


def one_more_product() -> None:
    """there is one more product"""
    Product.objects.create(name="Sage", sku="HER-900", category=Category.objects.all()[0], price=3)
