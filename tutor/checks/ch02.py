"""Chapter 02, models and migrations: what right means, and what mistakes say.

The answers call migrate(), which changes the tables of this run; the checks look at the tables.
A migration is a transaction of its own: hence commits=True everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator
from django.db import DatabaseError, connection, migrations, transaction
from django.db import models as typed_models
from django.db.migrations.exceptions import IrreversibleError
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import Cast, Concat, LPad, Replace, Round
from shop.models import Category, Customer, Order, Product

from tutor.checks import Exercise, Prediction, Run
from tutor.desk.migrating import begin, historical, history, migrate, migrate_back, rows

# The stubs ask for two type arguments of each field.
models: Any = typed_models

NOTHING = 'Nothing was migrated. Hand the operations to migrate("shop", [...]).'


def of_table(task: Exercise, table: str) -> None:
    """What all exercises share whose migration changes this table."""

    @task.cases
    def _() -> object:
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
        return failed(
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
        return failed("positional argument but 2 were given", "positional arguments but 2")(run)

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


def failed(*words: str) -> Callable[[Run], bool]:
    """Whether the answer ended with an error that says one of these words."""
    return lambda run: any(word in str(run.error) for word in words)


def one_more_product() -> None:
    """there is one more product"""
    Product.objects.create(name="Sage", sku="HER-900", category=Category.objects.all()[0], price=3)


# 02.1 and 02.2: predictions

Prediction(
    "02.1",
    "Out with the old, in with the new",
    minutes=2,
    commits=True,
    hints=[
        "There are two operations. Read them one by one, as the database does.",
        "RemoveField drops the column city, with everything in it.",
        "AddField makes a new column. Which value do the rows get that are there?",
    ],
    because=(
        "RemoveField dropped the column with its values, and AddField made a new one, full of its "
        "default. The database cannot know that you meant a rename: RenameField says so."
    ),
    wrong={
        "Dublin": "That would be RenameField. The two operations know nothing of each other.",
        "city": "The name of the old column is gone, and so are its values.",
        "town": "That is the name of the column. Its value is the default.",
    },
    fact=lambda run: run.value,
)

Prediction(
    "02.2",
    "A text for the form",
    minutes=2,
    commits=True,
    hints=[
        "Which part of the column in the table is different afterwards?",
        "A column has a name, a type, perhaps a default. It has no help text.",
        "Think of what sqlmigrate said of help_text in the lesson.",
    ],
    because=(
        "help_text is Python's business: the table stays as it is. The migration is still needed, "
        "because makemigrations compares your models with the migration files."
    ),
    wrong={
        1: "An ALTER TABLE would change the column. Nothing of the column is different.",
        4: "That is the new table on SQLite: make, copy, drop, rename. Here nothing changes.",
        6: "That is the new table on SQLite, with its indexes. Here nothing changes.",
        80: "A migration of the table does not write each row, and here the table stays as it is.",
    },
)


# 02.3: a rename that keeps the values

rename = Exercise(
    "02.3",
    "A better name",
    minutes=3,
    commits=True,
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
    return failed("UNIQUE constraint failed", "could not create unique index")(run)


@rename.mistake(
    "There is no field of this name. RenameField takes the model, the old name, the new."
)
def misspelt(run: Run) -> bool:
    return failed("has no field named")(run)


@rename.check
def _(run: Run) -> str | None:
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


# 02.4: a required column, and a program that does not know it

unit = Exercise(
    "02.4",
    "A column that another program does not know",
    minutes=4,
    commits=True,
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
    return failed("NOT NULL constraint failed", "contains null values")(run)


@unit.check
def _(run: Run) -> str | None:
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


# 02.5: a unique column in three steps

number = Exercise(
    "02.5",
    "A number for each customer",
    minutes=5,
    commits=True,
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
    return failed("UNIQUE constraint failed", "could not create unique index")(run)


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
    return failed("NOT NULL constraint failed", "contains null values")(run)


@number.mistake(
    "The historical model has no field number at this moment. Operations run in their order: "
    "AddField first, then RunPython."
)
def too_early(run: Run) -> bool:
    return failed("Cannot resolve keyword 'number'", "'number'", "no such column: number")(run)


@number.check
def _(run: Run) -> str | None:
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


# 02.6: a data migration that can go back

prefix = Exercise(
    "02.6",
    "There and back",
    minutes=5,
    commits=True,
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
    return failed("seller_id")(run)


@prefix.mistake(
    "The historical model has the fields, and nothing that stands in models.py: no methods and no "
    "managers of your own."
)
def own_method(run: Run) -> bool:
    return failed("'Manager' object has no", "'QuerySet' object has no", "'Order' object has no")(
        run
    )


@prefix.mistake(
    "In SQL, + adds numbers: two texts make a number, or an error. Concat(Value(...), ...) joins "
    "texts."
)
def added_texts(run: Run) -> bool:
    return any(" + " in query.sql for query in run.seen.queries)


@prefix.check
def _(run: Run) -> str | None:
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


# 02.7: a constraint, and rows that break it

hours = Exercise(
    "02.7",
    "A rule that the rows break",
    minutes=4,
    commits=True,
    hints=[
        "The database refuses a constraint that its rows break. So change the rows first.",
        "Two operations: RunPython (an update with filter()), then AddConstraint.",
        (
            "models.CheckConstraint(condition=Q(hours_per_week__lte=16), name=...). lte means: less "
            "than or equal."
        ),
    ],
)
of_table(hours, "company_assignment")


@hours.mistake(
    "There are rows that break the constraint when it is made. Change those rows first: the "
    "operations run in their order. The condition says what is allowed: 16 or less."
)
def rows_break_it(run: Run) -> bool:
    return failed("CHECK constraint failed", "violated by some row")(run)


@hours.mistake(
    "CheckConstraint takes its arguments by name: condition=Q(...), name=... (In old texts the "
    "condition is called check.)"
)
def called_check(run: Run) -> bool:
    return failed("unexpected keyword argument 'check'", "positional argument but 3")(run)


@hours.mistake("A constraint needs a name, so that a later migration can find it.")
def without_name(run: Run) -> bool:
    return failed("required keyword-only argument: 'name'", "has no name", "A unique")(run)


@hours.mistake("Two constraints of the model have one name. The new one needs a name of its own.")
def taken(run: Run) -> bool:
    return failed("already exists")(run)


@hours.check
def _(run: Run) -> str | None:
    if not history().steps:
        return NOTHING
    before = {row["id"]: row["hours_per_week"] for row in history().before["company_assignment"]}
    now = {row["id"]: row["hours_per_week"] for row in rows("company_assignment")}
    if before.keys() != now.keys():
        return "There are fewer rows than before. Change the hours; do not delete the rows."
    for pk, old in before.items():
        if now[pk] != min(old, 16):
            return f"A row with {old} hours has {now[pk]} now; it should have {min(old, 16)}."
    pk = min(now)
    sql = "UPDATE company_assignment SET hours_per_week = %s WHERE id = %s"
    if not refused(sql, 17, pk):
        return (
            "The database still takes 17 hours. Validators are Python's; a rule of the table is "
            "a CheckConstraint, added with AddConstraint."
        )
    if why := refused(sql, 16, pk):
        return f"16 hours are allowed, and the database refuses them: {why}."
    if why := refused(sql, 1, pk):
        return f"1 hour is allowed, and the database refuses it: {why}."
    names = [each.name for each in historical("company.Assignment")._meta.constraints]
    if len(set(names)) < len(names):
        return taken.sentence
    return None


def shorten(apps: Any, schema_editor: Any) -> None:
    assignments = apps.get_model("company", "Assignment").objects
    assignments.filter(hours_per_week__gt=16).update(hours_per_week=16)


def rule(condition: Q) -> Any:
    constraint = models.CheckConstraint(condition=condition, name="assignment_at_most_16")
    return migrations.AddConstraint("assignment", constraint)


@hours.right
def rule_in_a_second_migration() -> None:
    migrate("company", migrations.RunPython(shorten, migrations.RunPython.noop))
    migrate("company", rule(~Q(hours_per_week__gt=16)))


@hours.right
def rows_by_sql() -> None:
    sql = "UPDATE company_assignment SET hours_per_week = 16 WHERE hours_per_week > 16"
    migrate("company", [migrations.RunSQL(sql, ""), rule(Q(hours_per_week__lt=17))])


@hours.right
def rows_in_a_loop() -> None:
    def loop(apps: Any, schema_editor: Any) -> None:
        for assignment in apps.get_model("company", "Assignment").objects.all():
            assignment.hours_per_week = min(assignment.hours_per_week, 16)
            assignment.save()

    migrate("company", [migrations.RunPython(loop), rule(Q(hours_per_week__range=(0, 16)))])


@hours.wrong(rows_break_it)
def only_the_rule() -> None:
    migrate("company", [rule(Q(hours_per_week__lte=16))])


@hours.wrong(rows_break_it)
def rule_first() -> None:
    migrate("company", [rule(Q(hours_per_week__lte=16)), migrations.RunPython(shorten)])


@hours.wrong(rows_break_it)
def below_16() -> None:
    migrate("company", [migrations.RunPython(shorten), rule(Q(hours_per_week__lt=16))])


@hours.wrong(taken)
def name_is_taken() -> None:
    rule = models.CheckConstraint(
        condition=Q(hours_per_week__range=(1, 16)), name="assignment_hours_1_to_60"
    )
    added = migrations.AddConstraint("assignment", rule)
    migrate("company", [migrations.RunPython(shorten), added])


@hours.wrong("Validators are Python's")
def a_validator() -> None:
    field = models.PositiveSmallIntegerField(validators=[MaxValueValidator(16)])
    changed = migrations.AlterField("assignment", "hours_per_week", field)
    migrate("company", [migrations.RunPython(shorten), changed])


@hours.wrong("do not delete the rows")
def deleted() -> None:
    def delete(apps: Any, schema_editor: Any) -> None:
        apps.get_model("company", "Assignment").objects.filter(hours_per_week__gt=16).delete()

    migrate("company", [migrations.RunPython(delete), rule(Q(hours_per_week__lte=16))])


@hours.wrong("hours has 16 now")
def all_rows() -> None:
    def everywhere(apps: Any, schema_editor: Any) -> None:
        apps.get_model("company", "Assignment").objects.update(hours_per_week=16)

    migrate("company", [migrations.RunPython(everywhere), rule(Q(hours_per_week__lte=16))])


@hours.wrong(called_check)
def old_name() -> None:
    constraint: Any = models.CheckConstraint(check=Q(hours_per_week__lte=16), name="at_most_16")
    migrate("company", [migrations.AddConstraint("assignment", constraint)])


@hours.wrong(without_name)
def nameless() -> None:
    constraint: Any = models.CheckConstraint(condition=Q(hours_per_week__lte=16))
    migrate("company", [migrations.AddConstraint("assignment", constraint)])


# 02.8: a column that the database computes

total = Exercise(
    "02.8",
    "Let the database multiply",
    minutes=4,
    commits=True,
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
    return failed("db_persist must be", "keyword-only argument")(run)


@total.mistake("There are order lines already, and your field has no value for their rows.")
def no_total(run: Run) -> bool:
    return failed("NOT NULL constraint failed", "contains null values")(run)


@total.mistake(
    'The expression is made of the columns: F("quantity") * F("unit_price"), with F before each.'
)
def a_text(run: Run) -> bool:
    return failed("no attribute 'resolve_expression'", "can't multiply sequence")(run)


@total.mistake(
    "A default cannot look at other columns, and it only counts for the INSERT. GeneratedField "
    "follows the other columns."
)
def computed_default(run: Run) -> bool:
    return failed("'F' object has no attribute 'as_sql'", "cannot use column reference")(run)


@total.mistake("Look at the names of the fields: quantity and unit_price.")
def unknown_name(run: Run) -> bool:
    return failed("Cannot resolve keyword", "has no field named")(run)


@total.check
def _(run: Run) -> str | None:
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


# 02.9: the database deletes

cascade = Exercise(
    "02.9",
    "No profile without its user",
    minutes=4,
    commits=True,
    hints=[
        "CASCADE is done by Python: an SQL DELETE does not know of it.",
        "Since Django 6.1 there is a variant of CASCADE that stands in the table.",
        "AlterField takes the whole field. Copy it from above, and change one word to DB_CASCADE.",
    ],
)
of_table(cascade, "accounts_profile")


@cascade.mistake("on_delete takes models.DB_CASCADE, without quotation marks.")
def in_quotes(run: Run) -> bool:
    return failed("on_delete must be callable")(run)


@cascade.check
def _(run: Run) -> str | None:
    if sentence := lacks("accounts_profile", "accounts.Profile", "user", "user_id"):
        return sentence
    if rows("accounts_profile") != history().before["accounts_profile"]:
        return "The profiles are not what they were before."
    field = historical("accounts.Profile")._meta.get_field("user")
    if not is_unique("accounts_profile", "user_id"):
        return "Now a user may have two profiles. The field is a OneToOneField."
    if field.null:
        return "Now a profile may have no user. The rest of the field stays as it is."
    if field.remote_field.related_name != "profile":
        return 'The way back from the user is no longer called "profile": related_name is missing.'
    # In bulk: no signal is sent, and nobody makes a profile on the way.
    [user] = User.objects.bulk_create([User(username="kim")])
    historical("accounts.Profile").objects.create(user_id=user.pk)
    why = refused("DELETE FROM auth_user WHERE id = %s", user.pk)
    if why and field.remote_field.on_delete is not models.CASCADE and "null" in why.lower():
        return "The database keeps the profile, and empties its user. It is to delete the profile."
    if why:
        return (
            f"The clean-up deletes a user with SQL, and the database refuses it ({why}). CASCADE "
            "is done by Python; the table's own is DB_CASCADE."
        )
    if any(row["user_id"] == user.pk for row in rows("accounts_profile")):
        return "A user was deleted with SQL, and the profile is still there."
    if field.remote_field.on_delete is not models.DB_CASCADE:
        return "The database deletes, and Django's models say something else. Use DB_CASCADE."
    return None


def altered(on_delete: Any, **options: Any) -> Any:
    field = models.OneToOneField("auth.User", on_delete, **{"related_name": "profile"} | options)
    return migrations.AlterField("profile", "user", field)


@cascade.right
def by_keywords() -> None:
    field = models.OneToOneField(
        to=settings.AUTH_USER_MODEL, on_delete=models.DB_CASCADE, related_name="profile"
    )
    migrate("accounts", [migrations.AlterField(model_name="profile", name="user", field=field)])


@cascade.right
def unique_key() -> None:
    field = models.ForeignKey("auth.user", models.DB_CASCADE, related_name="profile", unique=True)
    migrate("accounts", migrations.AlterField("Profile", "user", field))


@cascade.wrong("the database refuses it")
def still_python() -> None:
    migrate("accounts", [altered(models.CASCADE)])


@cascade.wrong("Now a user may have two profiles")
def many_profiles() -> None:
    field = models.ForeignKey("auth.User", models.DB_CASCADE, related_name="profile")
    migrate("accounts", [migrations.AlterField("profile", "user", field)])


@cascade.wrong("Now a profile may have no user")
def set_null() -> None:
    migrate("accounts", [altered(models.DB_SET_NULL, null=True)])


@cascade.wrong("The database keeps the profile")
def set_null_in_a_required_field() -> None:
    migrate("accounts", [altered(models.DB_SET_NULL)])


@cascade.wrong(in_quotes)
def as_a_text() -> None:
    migrate("accounts", [altered("DB_CASCADE")])


@cascade.wrong("related_name is missing")
def without_related_name() -> None:
    migrate("accounts", [altered(models.DB_CASCADE, related_name=None)])


@cascade.wrong("the database refuses it")
def do_nothing() -> None:
    migrate("accounts", [altered(models.DO_NOTHING)])


@cascade.wrong("The profiles are not what they were before.")
def made_anew() -> None:
    field = models.OneToOneField("auth.User", models.DB_CASCADE, related_name="profile", null=True)
    removed = migrations.RemoveField("profile", "user")
    migrate("accounts", [removed, migrations.AddField("profile", "user", field)])


# 02.10: a column that is there already

phone = Exercise(
    "02.10",
    "Somebody was faster",
    minutes=4,
    commits=True,
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
def _() -> object:
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
    return failed("duplicate column name", "already exists")(run)


@phone.mistake(
    "Django does not know the field, so it cannot alter, rename or remove it. Add it to the "
    "models: SeparateDatabaseAndState(state_operations=[AddField(...)])."
)
def not_known(run: Run) -> bool:
    return failed("has no field named", "'phone'")(run)


@phone.mistake("state_operations is a list: [migrations.AddField(...)].")
def no_list(run: Run) -> bool:
    return failed("object is not iterable")(run)


gone = "The telephone numbers are gone" if connection.vendor == "sqlite" else there_already


@phone.check
def _(run: Run) -> str | None:
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
