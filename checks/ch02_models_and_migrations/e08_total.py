"""02.8 Let the database multiply: a column that the database computes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import connection, migrations
from django.db.models import ExpressionWrapper, F
from django.db.models.functions import Round

from checks.ch02_models_and_migrations import failed_with, lacks, models, of_table, refused
from tutor.desk.migrating import historical, migrate, rows
from tutor.judge.exercise import Exercise, Run

total = Exercise(
    "02.8",
    "Let the database multiply",
    minutes=4,
    needs_commit=True,
    hints=[
        "A field that is filled once does not follow. Which field is computed by the database?",
        "models.GeneratedField takes expression, output_field and db_persist=True.",
        (
            'The expression is made with F: F("quantity") * F("unit_price"). The output_field is a '
            "DecimalField."
        ),
    ],
)


of_table(total, "shop_orderline")


@total.mistake(
    "GeneratedField needs three arguments: expression, output_field (the type of the result) and "
    "db_persist=True."
)
def half_a_field(run: Run) -> bool:
    return failed_with("db_persist must be", "keyword-only argument")(run)


@total.mistake("There are order lines already, and your field has no value for their rows.")
def no_total(run: Run) -> bool:
    return failed_with("NOT NULL constraint failed", "contains null values")(run)


@total.mistake(
    'The expression is made of the columns: F("quantity") * F("unit_price"), with F before each.'
)
def a_text(run: Run) -> bool:
    return failed_with("no attribute 'resolve_expression'", "can't multiply sequence")(run)


@total.mistake(
    "A default cannot look at other columns, and it only counts for the INSERT. GeneratedField "
    "follows the other columns."
)
def computed_default(run: Run) -> bool:
    return failed_with("'F' object has no attribute 'as_sql'", "cannot use column reference")(run)


@total.mistake("Look at the names of the fields: quantity and unit_price.")
def unknown_name(run: Run) -> bool:
    return failed_with("Cannot resolve keyword", "has no field named")(run)


@total.check
def check(run: Run) -> str | None:
    if sentence := lacks("shop_orderline", "shop.OrderLine", "total"):
        return sentence
    field = historical("shop.OrderLine")._meta.get_field("total")
    kind = getattr(field, "output_field", field)
    if not isinstance(kind, models.DecimalField | models.FloatField):
        return f"The total is an amount of money, no {type(kind).__name__}: DecimalField."
    if sentence := wrong_total():
        return sentence
    sql = "UPDATE shop_orderline SET quantity = quantity + 2"
    if why := refused(sql):
        return f"The quantity cannot be changed any more: {why}."
    if wrong_total():
        return (
            "The totals are right today. Then a program changed the quantities with SQL, and the "
            "totals stayed as they were. Let the database compute the column: GeneratedField."
        )
    return None


def wrong_total() -> str | None:
    for row in rows("shop_orderline"):
        right = row["quantity"] * Decimal(str(row["unit_price"]))
        if row["total"] is None or abs(Decimal(str(row["total"])) - right) > Decimal("0.005"):
            made = f"{row['quantity']} times {row['unit_price']}"
            return f"An order line with {made} has the total {row['total']}."
    return None


def product_of(first: Any, second: Any, **options: Any) -> Any:
    options = {"output_field": models.DecimalField(max_digits=12, decimal_places=2)} | options
    return models.GeneratedField(expression=first * second, db_persist=True, **options)


@total.right
def turned_around() -> None:
    field = product_of(F("unit_price"), F("quantity"))
    migrate("shop", [migrations.AddField(model_name="OrderLine", name="total", field=field)])


@total.right
def wrapped() -> None:
    field = models.GeneratedField(
        expression=ExpressionWrapper(
            F("quantity") * F("unit_price"), models.DecimalField(max_digits=8, decimal_places=2)
        ),
        output_field=models.DecimalField(max_digits=10, decimal_places=2),
        db_persist=True,
    )
    migrate("shop", migrations.AddField("orderline", "total", field))


@total.right
def rounded() -> None:
    field = models.GeneratedField(
        expression=Round(F("quantity") * F("unit_price"), 2),
        output_field=models.DecimalField(max_digits=10, decimal_places=2),
        db_persist=connection.vendor != "sqlite",
    )
    migrate("shop", migrations.AddField("orderline", "total", field))


@total.right
def as_float() -> None:
    field = product_of(F("quantity"), F("unit_price"), output_field=models.FloatField())
    migrate("shop", migrations.AddField("orderline", "total", field))


def fill_total(apps: Any, schema_editor: Any) -> None:
    lines = apps.get_model("shop", "OrderLine").objects
    lines.update(total=F("quantity") * F("unit_price"))


@total.wrong("Let the database compute the column")
def filled_once() -> None:
    field = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    added = migrations.AddField("orderline", "total", field)
    migrate("shop", [added, migrations.RunPython(fill_total)])


@total.wrong("has the total 0")
def never_filled() -> None:
    field = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    migrate("shop", [migrations.AddField("orderline", "total", field)])


@total.wrong(no_total)
def no_default_total() -> None:
    field = models.DecimalField(max_digits=10, decimal_places=2)
    migrate("shop", [migrations.AddField("orderline", "total", field)])


@total.wrong(half_a_field)
def without_persist() -> None:
    field: Any = models.GeneratedField(
        expression=F("quantity") * F("unit_price"),
        output_field=models.DecimalField(max_digits=10, decimal_places=2),
    )
    migrate("shop", [migrations.AddField("orderline", "total", field)])


@total.wrong(a_text)
def columns_in_quotes() -> None:
    field = models.GeneratedField(
        expression="quantity * unit_price",
        output_field=models.DecimalField(max_digits=10, decimal_places=2),
        db_persist=True,
    )
    migrate("shop", [migrations.AddField("orderline", "total", field)])


@total.wrong(computed_default)
def default_of_columns() -> None:
    amount = F("quantity") * F("unit_price")
    field = models.DecimalField(max_digits=10, decimal_places=2, db_default=amount)
    migrate("shop", [migrations.AddField("orderline", "total", field)])


@total.wrong("no IntegerField")
def whole_euros() -> None:
    field = product_of(F("quantity"), F("unit_price"), output_field=models.IntegerField())
    migrate("shop", [migrations.AddField("orderline", "total", field)])


@total.wrong(unknown_name)
def the_product_s_price() -> None:
    field = product_of(F("quantity"), F("price"))
    migrate("shop", [migrations.AddField("orderline", "total", field)])


@total.wrong("has the total 5")
def a_sum() -> None:
    field = models.GeneratedField(
        expression=F("quantity") + F("unit_price"),
        output_field=models.DecimalField(max_digits=10, decimal_places=2),
        db_persist=True,
    )
    migrate("shop", [migrations.AddField("orderline", "total", field)])
