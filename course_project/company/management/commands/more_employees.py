"""Add many employees to the departments: the speed lesson needs more than sixty."""

import random
import runpy
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import batched, islice
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, transaction

from company.models import Department, Employee

# Addresses at this host belong to the rows made here. See RFC 2606 on ".example".
HOST = "more.northlight.example"


class Command(BaseCommand):
    help = "Add employees until there are so many beyond those of data/: always the same ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int, help="How many in all, 100000 for example.")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="Default: default.")

    def handle(self, *, number: int, database: str, **options: Any) -> None:
        if number < 1:
            raise CommandError(f"{number} is too few: ask for 1 or more.")
        employees = Employee.objects.using(database)
        here = employees.filter(email__endswith=f"@{HOST}").count()
        if here > number:
            raise CommandError(f"There are {here:,} additional employees already.")
        new = islice(invent(database), here, number)
        with transaction.atomic(using=database):
            for batch in batched(new, 5_000):
                employees.bulk_create(batch)
        self.stdout.write(f"{employees.count():,} employees, {number:,} of them additional.")


def invent(database: str) -> Iterator[Employee]:
    """Yield employees that are not saved yet, without end, the same each time."""
    make_data = runpy.run_path(str(settings.DATA_DIR / "make_data.py"))
    departments = list(Department.objects.using(database).order_by("pk"))
    if not departments:
        raise CommandError("There are no departments yet: run `manage.py load_data` first.")
    managers = dict(
        Employee.objects.using(database)
        .filter(title__startswith="Head of ")
        .values_list("department_id", "pk")
    )
    rng = random.Random("more_employees")
    for number, (name, plain, _, _) in enumerate(make_data["people"](rng), 1):
        department = rng.choice(departments)
        yield Employee(
            name=name,
            email=f"{plain.replace(' ', '.').lower()}.{number}@{HOST}",
            department_id=department.pk,
            manager_id=managers.get(department.pk),
            **make_data["employee"](rng, department.name),
        )
