"""02.5 A number for each customer: a unique column in three steps."""

from __future__ import annotations

from typing import Any

from django.db import connection, migrations
from django.db.models import Value
from django.db.models.functions import Cast, Concat, LPad
from shop.models import Customer

from checks.ch02_models_and_migrations import (
    columns,
    failed_with,
    is_unique,
    lacks,
    models,
    of_table,
)
from tutor.desk.migrating import history, migrate, rows
from tutor.judge.exercise import Exercise, Run

number = Exercise(
    "02.5",
    "A number for each customer",
    minutes=5,
    needs_commit=True,
    hints=[
        "A default is one value for all rows, and the column is to be unique. So take three steps.",
        "First AddField with null=True, then RunPython that fills, then AlterField.",
        (
            'In the function: Customer = apps.get_model("shop", "Customer"). The historical model '
            'knows the new field. f"C-{customer.pk:04}" writes four digits.'
        ),
        "The last step is AlterField with CharField(max_length=10, unique=True), without null.",
    ],
)


of_table(number, "shop_customer")


def a_new_customer() -> None:
    """there is a customer with the id 7001"""
    Customer.objects.create(
        pk=7001, name="Kim Lee", email="kim@example.com", joined_on="2026-01-07"
    )


number.changes = [a_new_customer]


@number.mistake(
    "All customers get the same number, because a default is asked for only once. Add the column "
    "with null=True, fill it, and make it unique at the end."
)
def one_for_all(run: Run) -> bool:
    return failed_with("UNIQUE constraint failed", "could not create unique index")(run)


@number.mistake(
    "You fill an imported Customer. That class is today's: it has no field number, so save() does "
    'not write it. Take the historical model: apps.get_model("shop", "Customer").'
)
def imported(run: Run) -> bool:
    updates = [query.sql for query in run.seen.queries if query.sql.startswith("UPDATE")]
    return bool(updates) and not any('"number"' in sql for sql in updates) and run.error is not None


@number.mistake(
    "When the column is made required, some customers have no number yet. Fill all rows before."
)
def not_filled(run: Run) -> bool:
    return failed_with("NOT NULL constraint failed", "contains null values")(run)


@number.mistake(
    "The historical model has no field number at this moment. Operations run in their order: "
    "AddField first, then RunPython."
)
def too_early(run: Run) -> bool:
    return failed_with("Cannot resolve keyword 'number'", "'number'", "no such column: number")(run)


@number.check
def check(run: Run) -> str | None:
    if sentence := lacks("shop_customer", "shop.Customer", "number"):
        return sentence
    now = {row["id"]: row["number"] for row in rows("shop_customer")}
    if now.keys() != {row["id"] for row in history().before["shop_customer"]}:
        return "There are other customers than before."
    for pk, given in now.items():
        if given is None:
            return "The column is there, and it is empty: no customer with a number."
        if given != f"C-{pk:04}":
            return f"The customer with the id {pk} has the number {given!r}; right is 'C-{pk:04}'."
    if columns("shop_customer")["number"]:
        return "The column may still be NULL: the next customer may have no number."
    if not is_unique("shop_customer", "number"):
        return "The column is not unique: two customers may get the same number."
    return None


OPEN_NUMBER = models.CharField(max_length=10, null=True)
NUMBER = models.CharField(max_length=10, unique=True)


def three_steps(step: Any) -> None:
    added = migrations.AddField("customer", "number", OPEN_NUMBER.clone())
    strict = migrations.AlterField("customer", "number", NUMBER.clone())
    migrate("shop", [added, step, strict])


@number.right
def one_update() -> None:
    def fill(apps: Any, schema_editor: Any) -> None:
        digits = LPad(Cast("pk", models.CharField()), 4, Value("0"))
        apps.get_model("shop", "Customer").objects.update(number=Concat(Value("C-"), digits))

    three_steps(migrations.RunPython(fill))


@number.right
def in_bulk() -> None:
    def fill(apps: Any, schema_editor: Any) -> None:
        model = apps.get_model("shop", "Customer")
        customers = list(model.objects.all())
        for customer in customers:
            customer.number = f"C-{customer.id:04d}"
        model.objects.bulk_update(customers, ["number"])

    migrate("shop", migrations.AddField("customer", "number", OPEN_NUMBER.clone()))
    migrate("shop", migrations.RunPython(fill, migrations.RunPython.noop))
    migrate("shop", migrations.AlterField("customer", "number", NUMBER.clone()))


@number.right
def number_by_sql() -> None:
    three_steps(
        migrations.RunSQL(
            "UPDATE shop_customer SET number = 'C-' || substr('0000' || id, -4)",
            migrations.RunSQL.noop,
        )
        if connection.vendor == "sqlite"
        else migrations.RunSQL("UPDATE shop_customer SET number = 'C-' || lpad(id::text, 4, '0')")
    )


@number.right
def default_first() -> None:
    def fill(apps: Any, schema_editor: Any) -> None:
        for customer in apps.get_model("shop", "Customer").objects.iterator():
            customer.number = "C-" + str(customer.pk).zfill(4)
            customer.save()

    field = models.CharField(max_length=10, default="")
    added = migrations.AddField("customer", "number", field)
    strict = migrations.AlterField("customer", "number", NUMBER.clone())
    migrate("shop", [added, migrations.RunPython(fill), strict])


@number.wrong(one_for_all)
def unique_at_once() -> None:
    field = models.CharField(max_length=10, unique=True, default="C-0001")
    migrate("shop", [migrations.AddField("customer", "number", field)])


@number.wrong(one_for_all)
def a_callable() -> None:
    numbers = iter(range(1, 1000))
    field = models.CharField(max_length=10, unique=True, default=lambda: f"C-{next(numbers):04}")
    migrate("shop", [migrations.AddField("customer", "number", field)])


@number.wrong(imported)
def todays_model() -> None:
    def fill(apps: Any, schema_editor: Any) -> None:
        for customer in Customer.objects.all():
            customer.number = f"C-{customer.pk:04}"
            customer.save()

    three_steps(migrations.RunPython(fill))


@number.wrong(not_filled)
def nobody_filled() -> None:
    three_steps(migrations.RunPython(migrations.RunPython.noop))


@number.wrong("may still be NULL")
def left_open() -> None:
    def fill(apps: Any, schema_editor: Any) -> None:
        for customer in apps.get_model("shop", "Customer").objects.all():
            customer.number = f"C-{customer.pk:04}"
            customer.save()

    field = models.CharField(max_length=10, null=True, unique=True)
    added = migrations.AddField("customer", "number", field)
    migrate("shop", [added, migrations.RunPython(fill)])


@number.wrong("has the number 'C-1'; right is 'C-0001'")
def without_zeros() -> None:
    def fill(apps: Any, schema_editor: Any) -> None:
        for customer in apps.get_model("shop", "Customer").objects.all():
            customer.number = f"C-{customer.pk}"
            customer.save()

    three_steps(migrations.RunPython(fill))


@number.wrong("has the number 'C-0121'; right is 'C-7001'")
def counted() -> None:
    def fill(apps: Any, schema_editor: Any) -> None:
        customers = apps.get_model("shop", "Customer").objects.order_by("pk")
        for place, customer in enumerate(customers, start=1):
            customer.number = f"C-{place:04}"
            customer.save()

    three_steps(migrations.RunPython(fill))


@number.wrong("The column is not unique")
def never_unique() -> None:
    def fill(apps: Any, schema_editor: Any) -> None:
        for customer in apps.get_model("shop", "Customer").objects.all():
            customer.number = f"C-{customer.pk:04}"
            customer.save()

    field = models.CharField(max_length=10, default="")
    migrate("shop", migrations.AddField("customer", "number", field))
    migrate("shop", migrations.RunPython(fill))


@number.wrong(too_early)
def filled_too_early() -> None:
    def fill(apps: Any, schema_editor: Any) -> None:
        apps.get_model("shop", "Customer").objects.update(number=Concat(Value("C-"), "pk"))

    added = migrations.AddField("customer", "number", OPEN_NUMBER.clone())
    migrate("shop", [migrations.RunPython(fill), added])
