"""03.7 Moving house: the lost update, and update_fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from company.models import Department
from django.db import transaction

from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

move = Exercise(
    "03.7",
    "Moving house",
    minutes=3,
    hints=[
        "save() writes every column: also the old budget, which this object still holds.",
        "Write one column only. save() has an option for it, and so has the queryset: update().",
        'department.save() takes the names of the columns: update_fields=["..."].',
    ],
)


_OLD, _NEW = Decimal("150000.00"), Decimal("225000.00")


@move.cases
def cases() -> object:
    row = Department.objects.filter(pk=8)
    row.update(budget=_OLD, name="Legal")
    department = row.get()
    row.update(budget=_NEW, name="Law")  # Somebody else, meanwhile.
    return [(department, "Cork")]


@move.check
def only_the_city(run: Run) -> str | None:
    department, city = run.arguments
    row = Department.objects.filter(pk=8).first()
    if row is None:
        return "The row of the department is gone. Change it, do not delete it."
    if row.budget == _OLD:
        return (
            "The city is stored, but the new budget is lost: your save() wrote the old one back, "
            "which this object still held. Write the city alone."
        )
    if Department.objects.count() > 8:
        return "There is a new department now. Change the row that is there."
    if row.budget != _NEW or row.name != "Law":
        return "Other columns of the row have changed. Store the city and nothing else."
    if row.city != city:
        if department.city == city:
            return "The object has the new city, but nobody stored it: the row has the old one."
        return (
            f"The row still has the city {row.city!r}. It should be {city!r}. "
            "(Did you find the row? Its primary key stays, anything else may have changed.)"
        )
    if Department.objects.filter(city=city).count() > 1:
        return "Every department moved. Change only the row of this one: filter(pk=...)."
    return None


@move.mistake("A new object with this key knows only what you give it: save() writes all columns.")
def by_new_object(run: Run) -> bool:
    return failed(run, "IntegrityError") and "null" in str(run.error).lower()


@move.mistake(
    "One object has no update(). A queryset has: Department.objects.filter(pk=...).update()."
)
def object_has_no_update(run: Run) -> bool:
    return failed(run, "AttributeError", "has no attribute 'update'")


@move.mistake('update_fields wants the names of columns, in a list: update_fields=["city"].')
def letters_as_columns(run: Run) -> bool:
    return failed(run, "ValueError", "do not exist in this model")


@move.right
def by_update(department: Department, city: str) -> object:
    return Department.objects.filter(pk=department.pk).update(city=city)


@move.right
def read_again(department: Department, city: str) -> object:
    department.refresh_from_db()
    department.city = city
    department.save()
    return department


@move.right
def locked(department: Department, city: str) -> None:
    with transaction.atomic():
        fresh = Department.objects.select_for_update().get(pk=department.pk)
        fresh.city = city
        fresh.save()


@move.right
def in_bulk(department: Department, city: str) -> None:
    department.city = city
    Department.objects.bulk_update([department], ["city"])


@move.right
async def asynchronously(department: Department, city: str) -> None:
    department.city = city
    await department.asave(update_fields=["city"])


@move.wrong("the new budget is lost")
def plain_save(department: Department, city: str) -> None:
    department.city = city
    department.save()


@move.wrong("the new budget is lost")
def two_columns(department: Department, city: str) -> None:
    department.city = city
    department.save(update_fields=["city", "budget"])


@move.wrong("nobody stored it")
def without_save(department: Department, city: str) -> None:
    department.city = city


@move.wrong("Other columns of the row have changed")
def wrong_column(department: Department, city: str) -> None:
    department.city = city
    department.save(update_fields=["name"])


@move.wrong("The row still has the city 'Dublin'")
def refreshed_too_late(department: Department, city: str) -> None:
    department.city = city
    department.refresh_from_db()
    department.save()


@move.wrong(letters_as_columns)
def column_as_text(department: Department, city: str) -> None:
    department.city = city
    department.save(update_fields="city")


@move.wrong("The row still has the city 'Dublin'")
def found_by_name(department: Department, city: str) -> None:
    Department.objects.filter(name=department.name).update(city=city)


@move.wrong("There is a new department now")
def added(department: Department, city: str) -> None:
    Department.objects.create(name=department.name, city=city, budget=department.budget)


@move.wrong("Every department moved")
def without_filter(department: Department, city: str) -> None:
    Department.objects.update(city=city)


@move.wrong(by_new_object)
def new_object(department: Department, city: str) -> None:
    Department(pk=department.pk, name=department.name, city=city).save()


@move.wrong(object_has_no_update)
def update_of_object(department: Any, city: str) -> None:
    department.update(city=city)


@move.wrong("Other columns of the row have changed")
def rest_forgotten(department: Department, city: str) -> None:
    Department(pk=department.pk, city=city, budget=0).save()


@move.wrong("The row of the department is gone")
def deleted_and_added(department: Department, city: str) -> None:
    row = Department.objects.get(pk=department.pk)
    row.delete()
    Department.objects.create(name=row.name, city=city, budget=row.budget)
