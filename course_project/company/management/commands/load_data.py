"""Fill an empty, migrated database with the rows of data/*.csv."""

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, Error, IntegrityError, connections, models, transaction

from accounts.models import Profile
from company.models import Assignment, Department, Employee, Project, Skill
from notifications.models import Notice
from shop.models import Category, Customer, Invoice, Order, OrderLine, Product, Review
from subscriptions.models import Membership

# A table comes after the tables that it points to.
TABLES: dict[str, type[models.Model]] = {
    "users.csv": User,
    "profiles.csv": Profile,
    "departments.csv": Department,
    "skills.csv": Skill,
    "employees.csv": Employee,
    "employee_skills.csv": Employee.skills.through,
    "projects.csv": Project,
    "assignments.csv": Assignment,
    "customers.csv": Customer,
    "categories.csv": Category,
    "products.csv": Product,
    "orders.csv": Order,
    "order_lines.csv": OrderLine,
    "reviews.csv": Review,
    "notices.csv": Notice,
    "memberships.csv": Membership,
}


class Command(BaseCommand):
    help = "Fill an empty, migrated database with the rows of data/*.csv."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--replace",
            action="store_true",
            help="Delete what is there first: all users, employees, orders and so on.",
        )
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="Default: default.")

    def handle(self, *, database: str, replace: bool, **options: Any) -> None:
        connection = connections[database]
        missing = {model._meta.db_table for model in TABLES.values()}
        missing -= set(connection.introspection.table_names())
        if missing:
            raise CommandError("The database has no tables yet: run `manage.py migrate` first.")
        with transaction.atomic(using=database):
            if replace:
                # Invoices protect their orders, and no file brings any.
                for model in [Invoice, *reversed(TABLES.values())]:
                    model._base_manager.using(database).all().delete()
            elif any(model._base_manager.using(database).exists() for model in TABLES.values()):
                raise CommandError(
                    "There are rows in the database already, and nothing was changed. "
                    "`manage.py load_data --replace` deletes them first."
                )
            count = sum(load(file, model, database) for file, model in TABLES.items())
            try:
                connection.check_constraints()  # Foreign keys would wait for the commit.
            except IntegrityError as error:
                raise CommandError(f"The files in {settings.DATA_DIR} disagree: {error}") from error
        # The rows brought their own keys: tell PostgreSQL where to count on. SQLite knows.
        with connection.cursor() as cursor:
            for sql in connection.ops.sequence_reset_sql(no_style(), list(TABLES.values())):
                cursor.execute(sql)
        self.stdout.write(f"Loaded {count:,} rows into {len(TABLES)} tables.")


def load(file: str, model: type[models.Model], database: str) -> int:
    """Insert the rows of one file. Return how many."""
    path = Path(settings.DATA_DIR) / file
    lines = dict(read(path, model))
    manager = model._base_manager.using(database)
    try:
        with transaction.atomic(using=database):
            manager.bulk_create(lines.values())
    except Error:
        # One of them is refused. Insert them one at a time to learn which.
        for line, row in lines.items():
            try:
                with transaction.atomic(using=database):
                    row.save(using=database, force_insert=True)
            except Error as error:
                raise CommandError(f"{path}, line {line}: {error}") from error
        raise
    return len(lines)


def read(path: Path, model: type[models.Model]) -> Iterator[tuple[int, models.Model]]:
    """Yield (line number, unsaved object) for each row of a CSV file."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            fields = {name: column(path, model, name) for name in reader.fieldnames or []}
            for row in reader:
                if None in row or None in row.values():
                    raise CommandError(
                        f"{path}, line {reader.line_num}: the header names {len(fields)} columns, "
                        "this line has more or fewer."
                    )
                values = {}
                for name, field in fields.items():
                    try:
                        values[name] = value(field, row[name])
                    except ValidationError as error:
                        raise CommandError(
                            f"{path}, line {reader.line_num}, {name}: {' '.join(error.messages)}"
                        ) from error
                yield reader.line_num, model(**values)
    except FileNotFoundError as error:
        raise CommandError(
            f"{path} is missing. `python data/make_data.py` writes it again."
        ) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8: {error}.") from error
    except csv.Error as error:
        # DictReader counts the lines it gave, the reader inside it those it took.
        raise CommandError(f"{path}, line {reader.reader.line_num}: {error}.") from error


def column(path: Path, model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    """Return the field that a column of the header stands for."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    if name not in fields:
        known = ", ".join(fields)
        raise CommandError(f"{path}, line 1: no column is called {name!r}. There are {known}.")
    return fields[name]


def value(field: "models.Field[Any, Any]", text: str) -> Any:
    """Return the text as a value of the field. Raise ValidationError if it cannot be one."""
    if text == "" and field.null:
        return None
    if field.is_relation:
        return field.to_python(text)  # clean() would ask the database once for each row.
    return field.clean(text, None)
