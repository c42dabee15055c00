"""02.10 Somebody was faster: a column that is there already."""

from __future__ import annotations

from typing import Any

from django.db import connection, migrations

from checks.ch02_models_and_migrations import NOTHING, columns, failed_with, lacks, models, of_table
from tutor.desk.migrating import begin, historical, history, migrate, rows
from tutor.judge.exercise import Exercise, Run

phone = Exercise(
    "02.10",
    "Somebody was faster",
    minutes=4,
    needs_commit=True,
    hints=[
        "AddField makes a column. Here the column is there; only Django does not know it.",
        (
            "There is an operation that tells the models apart from the table: "
            "migrations.SeparateDatabaseAndState."
        ),
        "Give it state_operations=[...] with an AddField in it, and no database_operations.",
    ],
)


of_table(phone, "shop_customer")


@phone.cases
def cases() -> object:
    if "phone" not in columns("shop_customer"):
        text = "varchar(30) NOT NULL DEFAULT ''"
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE shop_customer ADD COLUMN phone {text}")
            cursor.execute("UPDATE shop_customer SET phone = '+49 40 ' || id WHERE id < 50")
    begin("shop_customer")
    return [()]


@phone.mistake(
    "AddField wants to make the column, and it is there already. Only the models are to change: "
    "SeparateDatabaseAndState(state_operations=[...])."
)
def there_already(run: Run) -> bool:
    return failed_with("duplicate column name", "already exists")(run)


@phone.mistake(
    "Django does not know the field, so it cannot alter, rename or remove it. Add it to the "
    "models: SeparateDatabaseAndState(state_operations=[AddField(...)])."
)
def not_known(run: Run) -> bool:
    return failed_with("has no field named", "'phone'")(run)


@phone.mistake("state_operations is a list: [migrations.AddField(...)].")
def no_list(run: Run) -> bool:
    return failed_with("object is not iterable")(run)


gone = "The telephone numbers are gone" if connection.vendor == "sqlite" else there_already


@phone.check
def check(run: Run) -> str | None:
    if not history().steps:
        return NOTHING
    before, now = history().before["shop_customer"], rows("shop_customer")
    if [row.get("phone") for row in now] != [row["phone"] for row in before]:
        return (
            "The telephone numbers are gone: the column was made anew. (On SQLite, AddField makes "
            "a new table with the default in each row.) Leave the table alone."
        )
    if sentence := lacks("shop_customer", "shop.Customer", "phone"):
        return sentence
    if any(not query.sql.startswith("SELECT") for query in run.seen.queries):
        return (
            "Your migration changes the table. The column is there, as it should be: tell only "
            "the models."
        )
    field = historical("shop.Customer")._meta.get_field("phone")
    if not isinstance(field, models.CharField):
        return f"The field is a {type(field).__name__}; the column holds a short text: CharField."
    if field.max_length != 30:
        return f"The field has max_length={field.max_length}; the column has room for 30."
    if field.null:
        return "The field may be NULL, and the column may not."
    return None


PHONE = models.CharField(max_length=30, default="", blank=True)


@phone.right
def sql_that_does_nothing() -> None:
    known = migrations.AddField("customer", "phone", models.CharField(max_length=30, blank=True))
    migrate("shop", [migrations.RunSQL(migrations.RunSQL.noop, state_operations=[known])])


@phone.right
def with_db_default() -> None:
    field = models.CharField(max_length=30, db_default="")
    known = migrations.AddField("customer", "phone", field)
    migrate("shop", migrations.SeparateDatabaseAndState([], [known]))


@phone.wrong(gone)
def added_again() -> None:
    migrate("shop", [migrations.AddField("customer", "phone", PHONE.clone())])


@phone.wrong(there_already)
def added_with_null() -> None:
    field = models.CharField(max_length=30, null=True)
    migrate("shop", [migrations.AddField("customer", "phone", field)])


@phone.wrong("The telephone numbers are gone")
def dropped_first() -> None:
    dropped = migrations.RunSQL("ALTER TABLE shop_customer DROP COLUMN phone")
    migrate("shop", [dropped, migrations.AddField("customer", "phone", PHONE.clone())])


@phone.wrong(gone)
def wrong_side() -> None:
    added = migrations.AddField("customer", "phone", PHONE.clone())
    migrate("shop", [migrations.SeparateDatabaseAndState(database_operations=[added])])


@phone.wrong(not_known)
def altered_phone() -> None:
    migrate("shop", [migrations.AlterField("customer", "phone", PHONE.clone())])


@phone.wrong(no_list)
def not_in_a_list() -> None:
    added: Any = migrations.AddField("customer", "phone", PHONE.clone())
    migrate("shop", [migrations.SeparateDatabaseAndState(state_operations=added)])


@phone.wrong("the column has room for 30")
def another_length() -> None:
    field = models.CharField(max_length=100, default="")
    known = migrations.AddField("customer", "phone", field)
    migrate("shop", [migrations.SeparateDatabaseAndState(state_operations=[known])])


@phone.wrong("The field may be NULL, and the column may not.")
def null_phone() -> None:
    field = models.CharField(max_length=30, null=True)
    known = migrations.AddField("customer", "phone", field)
    migrate("shop", [migrations.SeparateDatabaseAndState(state_operations=[known])])


@phone.wrong("Your migration changes the table")
def tidied_up() -> None:
    known = migrations.AddField("customer", "phone", PHONE.clone())
    wider = models.CharField(max_length=31, default="")
    migrate(
        "shop",
        [
            migrations.SeparateDatabaseAndState(state_operations=[known]),
            migrations.AlterField("customer", "phone", wider),
            migrations.AlterField("customer", "phone", PHONE.clone()),
        ],
    )
