"""02.4 A column that another program does not know."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import Value

from checks.ch02_models_and_migrations import (
    columns,
    failed_with,
    lacks,
    models,
    of_table,
    one_more_product,
    refused,
)
from tutor.desk.migrating import historical, migrate, rows
from tutor.judge.exercise import Exercise, Run

unit = Exercise(
    "02.4",
    "A column that another program does not know",
    minutes=4,
    needs_commit=True,
    changes=[one_more_product],
    hints=[
        "AddField makes the column. Who fills it when Django does not write the row?",
        "default= is Python's: Django puts it into its own INSERT. The column has no default then.",
        'Give the field db_default="piece": then it stands in the table, for every program.',
    ],
)


of_table(unit, "shop_product")


INSERT = (
    "INSERT INTO shop_product (name, sku, category_id, price, stock, is_active) "
    "VALUES ('Rake', 'WAREHOUSE-1', 1, 12, 5, %s)"
)


@unit.mistake(
    "There are products already, and your field has no value for their rows. Give it one."
)
def without_value(run: Run) -> bool:
    return failed_with("NOT NULL constraint failed", "contains null values")(run)


@unit.check
def check(run: Run) -> str | None:
    if sentence := lacks("shop_product", "shop.Product", "unit"):
        return sentence
    others = [row["unit"] for row in rows("shop_product") if row["unit"] != "piece"]
    if others and others[0] is None:
        return "The products that are there have no unit: it is NULL in their rows."
    if others:
        return f'The products that are there have the unit {others[0]!r}, not "piece".'
    if columns("shop_product")["unit"]:
        return "The column may be NULL: a product without a unit is possible."
    if why := refused(INSERT, True):
        return (
            f"The INSERT of the warehouse fails ({why}). default= belongs to Python; the default "
            "of the column is db_default=."
        )
    given = rows("shop_product")[-1]["unit"]
    if given != "piece":
        return f'A product that the warehouse inserts gets the unit {given!r}, not "piece".'
    field = historical("shop.Product")._meta.get_field("unit")
    if not isinstance(field, models.CharField):
        return f"The field is a {type(field).__name__}. A short text is a CharField."
    if field.max_length != 10:
        return f"The text may have at most {field.max_length} characters; asked is 10."
    return None


@unit.right
def both_defaults() -> None:
    field = models.CharField(max_length=10, default="piece", db_default="piece")
    migrate("shop", [migrations.AddField(model_name="product", name="unit", field=field)])


@unit.right
def null_first() -> None:
    def fill(apps: Any, schema_editor: Any) -> None:
        apps.get_model("shop", "Product").objects.update(unit="piece")

    open_field = models.CharField(max_length=10, null=True)
    field = models.CharField(max_length=10, db_default=Value("piece"))
    migrate("shop", [migrations.AddField("product", "unit", open_field)])
    migrate("shop", [migrations.RunPython(fill), migrations.AlterField("product", "unit", field)])


@unit.right
def default_by_sql() -> None:
    field = models.CharField(max_length=10, default="piece")
    sql = "ALTER TABLE shop_product ADD COLUMN unit varchar(10) NOT NULL DEFAULT 'piece'"
    known = migrations.AddField("product", "unit", field)
    migrate("shop", [migrations.RunSQL(sql, "", state_operations=[known])])


@unit.wrong("The INSERT of the warehouse fails")
def python_default() -> None:
    field = models.CharField(max_length=10, default="piece")
    migrate("shop", [migrations.AddField("product", "unit", field)])


@unit.wrong("The INSERT of the warehouse fails")
def one_off_default() -> None:
    field = models.CharField(max_length=10, default="piece")
    migrate("shop", [migrations.AddField("product", "unit", field, preserve_default=False)])


@unit.wrong(without_value)
def no_default() -> None:
    field = models.CharField(max_length=10)
    migrate("shop", [migrations.AddField("product", "unit", field)])


@unit.wrong("it is NULL in their rows")
def null_allowed() -> None:
    field = models.CharField(max_length=10, null=True)
    migrate("shop", [migrations.AddField("product", "unit", field)])


@unit.wrong("The column may be NULL")
def null_and_default() -> None:
    field = models.CharField(max_length=10, null=True, db_default="piece")
    migrate("shop", [migrations.AddField("product", "unit", field)])


@unit.wrong("have the unit 'pc'")
def another_word() -> None:
    field = models.CharField(max_length=10, db_default="pc")
    migrate("shop", [migrations.AddField("product", "unit", field)])


@unit.wrong("gets the unit ''")
def two_defaults() -> None:
    first = models.CharField(max_length=10, default="piece")
    then = models.CharField(max_length=10, db_default="")
    migrate("shop", [migrations.AddField("product", "unit", first)])
    migrate("shop", [migrations.AlterField("product", "unit", then)])


@unit.wrong("Nothing was migrated")
def only_a_field() -> object:
    return models.CharField(max_length=10, db_default="piece")
