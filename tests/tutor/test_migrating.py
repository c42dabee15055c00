"""migrate(): the operations of one migration, on the database at hand."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, connections, migrations, models

from glass import watch
from tutor.desk.migrating import begin, historical, history, migrate, migrate_back, rows

if connection.vendor != "sqlite":
    pytest.skip("Each test has a copy of the template.", allow_module_level=True)

RENAME = migrations.RenameField("product", "sku", "code")


@pytest.fixture
def renew(template: Path, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Point this thread's connection to another copy of the template, as an exercise does."""
    settings = connections.settings["default"]

    def renew() -> None:
        end()
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.sqlite3"
        shutil.copyfile(template, path)
        connections.settings["default"] = {**settings, "NAME": str(path)}

    def end() -> None:
        connections["default"].close()
        del connections["default"]

    yield renew
    end()
    connections.settings["default"] = settings


@pytest.fixture(autouse=True)
def _new(renew: Callable[[], None]) -> None:
    renew()


def test_there_and_back() -> None:
    before = rows("shop_product")
    begin("shop_product")
    migrate("shop", [RENAME])
    assert [row["code"] for row in rows("shop_product")] == [row["sku"] for row in before]
    assert historical("shop.Product").objects.get(pk=1).code == before[0]["sku"]
    assert history().before["shop_product"] == before
    migrate_back()
    assert rows("shop_product") == before
    assert history().steps == []


def test_only_the_statements_of_the_operations_are_seen() -> None:
    with watch(show=False) as seen:
        migrate("shop", [RENAME])
    assert [query.sql for query in seen.queries] == [
        'ALTER TABLE "shop_product" RENAME COLUMN "sku" TO "code"'
    ]


def test_all_or_nothing() -> None:
    def fails(apps: Any, schema_editor: Any) -> None:
        raise ValueError("no water")

    before = rows("shop_product")
    with pytest.raises(ValueError, match="no water"):
        migrate("shop", [RENAME, migrations.RunPython(fails)])
    assert rows("shop_product") == before
    migrate("shop", [RENAME])  # The models are the old ones as well.


def test_other_spellings() -> None:
    class Migration(migrations.Migration):
        operations: ClassVar = [migrations.RenameField("product", "code", "label")]

    migrate("shop", RENAME, migrations.RenameField("product", "stock", "left"))
    migrate("shop", Migration)
    assert {"label", "left"} <= rows("shop_product")[0].keys()


def test_another_database_has_another_history(renew: Callable[[], None]) -> None:
    migrate("shop", [RENAME])
    renew()
    assert history().steps == []
    migrate("shop", [RENAME])


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (([RENAME],), LookupError, "Name the app first"),
        (("garden", [RENAME]), LookupError, "not 'garden'"),
        (("company", [RENAME]), LookupError, "The app company has no model product: it has ass"),
        (("shop", ["sku"]), TypeError, "takes operations, .* not 'sku'"),
        (("shop", models.CharField()), TypeError, "takes operations"),
        (("shop", migrations.RenameField("product", "x", "y")), FieldDoesNotExist, "named 'x'"),
    ],
)
def test_what_is_wrong_is_said(arguments: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        migrate(*arguments)
