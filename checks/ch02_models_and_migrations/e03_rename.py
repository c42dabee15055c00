"""02.3 A better name: a rename that keeps the values."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import F

from checks.ch02_models_and_migrations import (
    columns,
    failed_with,
    is_unique,
    lacks,
    models,
    of_table,
    one_more_product,
)
from tutor.desk.migrating import history, migrate, rows
from tutor.judge.exercise import Exercise, Run

rename = Exercise(
    "02.3",
    "A better name",
    minutes=3,
    needs_commit=True,
    changes=[one_more_product],
    hints=[
        "Removing a field drops its values. There is an operation that only changes the name.",
        "It is migrations.RenameField. It takes the model, the old name and the new name.",
        'Call migrate("shop", [migrations.RenameField("product", ..., ...)]).',
    ],
)


of_table(rename, "shop_product")


@rename.mistake(
    "RemoveField drops the values, and AddField gives the same default to all rows, so that the "
    "column cannot be unique. One operation renames the column, with its values: RenameField."
)
def same_default(run: Run) -> bool:
    return failed_with("UNIQUE constraint failed", "could not create unique index")(run)


@rename.mistake(
    "There is no field of this name. RenameField takes the model, the old name, the new."
)
def misspelt(run: Run) -> bool:
    return failed_with("has no field named")(run)


@rename.check
def check(run: Run) -> str | None:
    if sentence := lacks("shop_product", "shop.Product", "article_number"):
        return sentence
    if "sku" in columns("shop_product"):
        return "The old column sku is still there, beside the new one."
    now = {row["id"]: row["article_number"] for row in rows("shop_product")}
    before = {row["id"]: row["sku"] for row in history().before["shop_product"]}
    if now.keys() != before.keys():
        return "There are other products than before."
    if lost := [pk for pk in before if now[pk] != before[pk]]:
        return (
            f"The values are lost: {before[lost[0]]!r} has become {now[lost[0]]!r}. RemoveField "
            "drops a column with all that is in it."
        )
    if not is_unique("shop_product", "article_number"):
        return "The column was unique, and now two products may have the same value."
    if columns("shop_product")["article_number"]:
        return "The column was required, and now it may be NULL."
    return None


def copy_sku(apps: Any, schema_editor: Any) -> None:
    apps.get_model("shop", "Product").objects.update(article_number=F("sku"))


@rename.right
def by_four_steps() -> None:
    text = models.CharField(max_length=20, null=True)
    unique = models.CharField(max_length=20, unique=True)
    migrate(
        "shop",
        [
            migrations.AddField("product", "article_number", text),
            migrations.RunPython(copy_sku),
            migrations.AlterField("product", "article_number", unique),
            migrations.RemoveField("product", "sku"),
        ],
    )


@rename.right
def by_sql() -> None:
    known = migrations.RenameField("product", "sku", "article_number")
    sql = "ALTER TABLE shop_product RENAME COLUMN sku TO article_number"
    migrate("shop", migrations.RunSQL(sql, state_operations=[known]))


@rename.right
def two_migrations() -> None:
    migrate("shop", migrations.RenameField("product", "sku", "number"))
    migrate("shop", migrations.RenameField("product", "number", "article_number"))


@rename.wrong("The values are lost: 'HER-001' has become ''.")
def remove_and_add() -> None:
    text = models.CharField(max_length=20, default="")
    migrate(
        "shop",
        [
            migrations.RemoveField("product", "sku"),
            migrations.AddField("product", "article_number", text),
        ],
    )


@rename.wrong(same_default)
def remove_and_add_unique() -> None:
    text = models.CharField(max_length=20, unique=True, default="")
    migrate(
        "shop",
        [
            migrations.RemoveField("product", "sku"),
            migrations.AddField("product", "article_number", text),
        ],
    )


@rename.wrong("there is no model shop.Product any more")
def rename_the_model() -> None:
    migrate("shop", [migrations.RenameModel("product", "article_number")])


@rename.wrong("The old column sku is still there")
def add_and_copy() -> None:
    text = models.CharField(max_length=20, default="")
    added = migrations.AddField("product", "article_number", text)
    migrate("shop", [added, migrations.RunPython(copy_sku)])


@rename.wrong("now two products may have the same value")
def no_longer_unique() -> None:
    text = models.CharField(max_length=20)
    renamed = migrations.RenameField("product", "sku", "article_number")
    migrate("shop", [renamed, migrations.AlterField("product", "article_number", text)])


@rename.wrong("Django's models do not")
def sql_alone() -> None:
    sql = "ALTER TABLE shop_product RENAME COLUMN sku TO article_number"
    migrate("shop", [migrations.RunSQL(sql)])


@rename.wrong("Django's models do not")
def column_only() -> None:
    text = models.CharField(max_length=20, unique=True, db_column="article_number")
    migrate("shop", [migrations.AlterField("product", "sku", text)])


@rename.wrong(misspelt)
def turned_around_names() -> None:
    migrate("shop", [migrations.RenameField("product", "article_number", "sku")])


@rename.wrong("The app shop has no model products: it has category")
def of_another_model() -> None:
    migrate("shop", [migrations.RenameField("products", "sku", "article_number")])
