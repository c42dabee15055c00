"""02.6 There and back: a data migration that can go back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import migrations
from django.db.migrations.exceptions import IrreversibleError
from django.db.models import F, Value
from django.db.models.functions import Concat, Replace
from shop.models import Customer, Order

from checks.ch02_models_and_migrations import NOTHING, failed_with, of_table
from tutor.desk.migrating import history, migrate, migrate_back, rows
from tutor.judge.exercise import Exercise, Run

prefix = Exercise(
    "02.6",
    "There and back",
    minutes=5,
    needs_commit=True,
    hints=[
        "RunPython takes two functions: one for the way there, one for the way back.",
        'Both begin with Order = apps.get_model("shop", "Order").',
        'There: Order.objects.update(number=Concat(Value("NL-"), "number")).',
        (
            'Back: Substr("number", 4) is the text from its fourth character on. Do not replace "NL-" '
            "everywhere: it may stand in the middle of a number, too."
        ),
    ],
)


of_table(prefix, "shop_order")


def nl_in_the_middle() -> None:
    """there is an order with the number 2026-NL-7"""
    customer = Customer.objects.earliest("pk")
    Order.objects.create(number="2026-NL-7", customer=customer)


def older_table() -> None:
    """the table is an older one, without the column seller_id that today's Order has"""
    migrate("shop", migrations.RemoveField("order", "seller"))


prefix.changes = [nl_in_the_middle, older_table]


@prefix.mistake(
    "You import today's Order. At another point of the history the table has other columns. Take "
    'the model of that time: apps.get_model("shop", "Order").'
)
def todays_order(run: Run) -> bool:
    return failed_with("seller_id")(run)


@prefix.mistake(
    "The historical model has the fields, and nothing that stands in models.py: no methods and no "
    "managers of your own."
)
def own_method(run: Run) -> bool:
    return failed_with(
        "'Manager' object has no", "'QuerySet' object has no", "'Order' object has no"
    )(run)


@prefix.mistake(
    "In SQL, + adds numbers: two texts make a number, or an error. Concat(Value(...), ...) joins "
    "texts."
)
def added_texts(run: Run) -> bool:
    return any(" + " in query.sql for query in run.seen.queries)


@prefix.check
def check(run: Run) -> str | None:
    if not history().steps:
        return NOTHING
    before = {row["id"]: row["number"] for row in history().before["shop_order"]}
    now = {row["id"]: row["number"] for row in rows("shop_order")}
    for pk, old in before.items():
        if now.get(pk) != f"NL-{old}":
            return f"The order {old} should be NL-{old}; it is {now.get(pk, 'gone')}."
    try:
        migrate_back()
    except IrreversibleError:
        return (
            "There is no way back: IrreversibleError. RunPython takes a second function, which "
            "undoes what the first one did."
        )
    except Exception as error:  # noqa: BLE001 The learner's function may do anything.
        return f"On the way back your code fails. {type(error).__name__}: {error}"
    now = {row["id"]: row["number"] for row in rows("shop_order")}
    for pk, old in before.items():
        if now.get(pk) == f"NL-{old}":
            return (
                f"After the way back the number is still NL-{old}: your second function "
                "undoes nothing."
            )
        if now.get(pk) != old:
            return f"There and back, the order {old} has become {now.get(pk)}."
    return None


def add_prefix(apps: Any, schema_editor: Any) -> None:
    apps.get_model("shop", "Order").objects.update(number=Concat(Value("NL-"), F("number")))


def one_by_one(apps: Any, schema_editor: Any) -> None:
    for order in apps.get_model("shop", "Order").objects.all():
        order.number = f"NL-{order.number}"
        order.save()


@prefix.right
def in_a_loop() -> None:
    def backwards(apps: Any, schema_editor: Any) -> None:
        for order in apps.get_model("shop", "Order").objects.filter(number__startswith="NL-"):
            order.number = order.number.removeprefix("NL-")
            order.save(update_fields=["number"])

    operation = migrations.RunPython(one_by_one, reverse_code=backwards)
    migrate("shop", [operation])


@prefix.right
def prefix_by_sql() -> None:
    there = "UPDATE shop_order SET number = 'NL-' || number"
    migrate("shop", [migrations.RunSQL(there, "UPDATE shop_order SET number = substr(number, 4)")])


@prefix.right
def bulk_there_and_back() -> None:
    def change(apps: Any, how: Callable[[str], str]) -> None:
        model = apps.get_model("shop", "Order")
        orders = list(model.objects.only("number"))
        for order in orders:
            order.number = how(order.number)
        model.objects.bulk_update(orders, ["number"], batch_size=100)

    migrate(
        "shop",
        migrations.RunPython(
            lambda apps, editor: change(apps, lambda text: "NL-" + text),
            lambda apps, editor: change(apps, lambda text: text[3:]),
        ),
    )


@prefix.wrong("There is no way back")
def one_way() -> None:
    migrate("shop", [migrations.RunPython(add_prefix)])


@prefix.wrong("your second function undoes nothing")
def noop_back() -> None:
    migrate("shop", [migrations.RunPython(add_prefix, migrations.RunPython.noop)])


@prefix.wrong("There and back, the order 2026-NL-7 has become 2026-7.")
def replaced_everywhere() -> None:
    def backwards(apps: Any, schema_editor: Any) -> None:
        model = apps.get_model("shop", "Order")
        model.objects.update(number=Replace("number", Value("NL-"), Value("")))

    migrate("shop", [migrations.RunPython(add_prefix, backwards)])


@prefix.wrong(todays_order)
def imported_order() -> None:
    def forwards(apps: Any, schema_editor: Any) -> None:
        for order in Order.objects.all():
            order.number = f"NL-{order.number}"
            order.save()

    def backwards(apps: Any, schema_editor: Any) -> None:
        for order in Order.objects.all():
            order.number = order.number[3:]
            order.save()

    migrate("shop", [migrations.RunPython(forwards, backwards)])


@prefix.wrong("The order 2024-0001 should be NL-2024-0001")
def not_saved() -> None:
    def forwards(apps: Any, schema_editor: Any) -> None:
        for order in apps.get_model("shop", "Order").objects.all():
            order.number = f"NL-{order.number}"

    migrate("shop", [migrations.RunPython(forwards, forwards)])


@prefix.wrong("The order 2024-0001 should be NL-2024-0001")
def open_ones_only() -> None:
    def forwards(apps: Any, schema_editor: Any) -> None:
        orders = apps.get_model("shop", "Order").objects.filter(status="new")
        orders.update(number=Concat(Value("NL-"), "number"))

    migrate("shop", [migrations.RunPython(forwards, migrations.RunPython.noop)])


@prefix.wrong(added_texts)
def plus() -> None:
    def forwards(apps: Any, schema_editor: Any) -> None:
        apps.get_model("shop", "Order").objects.update(number=Value("NL-") + F("number"))

    migrate("shop", [migrations.RunPython(forwards, migrations.RunPython.noop)])


@prefix.wrong(own_method)
def with_own_manager() -> None:
    def forwards(apps: Any, schema_editor: Any) -> None:
        orders = apps.get_model("shop", "Order").objects.open()
        orders.update(number=Concat(Value("NL-"), "number"))

    migrate("shop", [migrations.RunPython(forwards, migrations.RunPython.noop)])
