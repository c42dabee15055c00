"""Ready-made changes of the rows: what today's data happens not to have.

Each docstring is said to a learner whose answer stumbles over it: it completes
"Then this was changed: ...".
"""

from __future__ import annotations

from typing import Any

from company.models import Department, Employee
from django.contrib.auth.models import User


def department(**values: Any) -> Department:
    """A department, with values that fit where none are given."""
    return Department.objects.create(**{"name": "Archive", "city": "Bergen", "budget": 0} | values)


def employee(**values: Any) -> Employee:
    """An employee of the first department, with values that fit where none are given."""
    number = Employee.objects.count() + 1
    usual = {
        "name": f"Newcomer {number}",
        "email": f"newcomer.{number}@northlight.example",
        "title": "Gardener",
        "salary": 40_000,
        "hired_on": "2026-01-07",
    }
    if "department" not in values and "department_id" not in values:
        usual["department"] = Department.objects.earliest("pk")
    return Employee.objects.create(**usual | values)


def login(name: str) -> User:
    """A user as the old ones are: bulk_create() sends no signal, so nobody gives it a profile."""
    (user,) = User.objects.bulk_create([User(username=name)])
    return user


def newcomer() -> None:
    """somebody was hired"""
    employee()


def without_department() -> None:
    """somebody was hired who has no department yet"""
    employee(department=None)


def empty_department() -> None:
    """there is a department with nobody in it"""
    department()


def apostrophe() -> None:
    """somebody was hired whose name has an apostrophe"""
    employee(name="Siobhán O'Dwyer")


def same_name() -> None:
    """two people in different departments have the same name"""
    first, second = Department.objects.order_by("pk")[:2]
    employee(name="Kim Lee", department=first)
    employee(name="Kim Lee", department=second)


def twins() -> None:
    """two people in one department have the same name"""
    employee(name="Kim Lee")
    employee(name="Kim Lee")


def renamed_department() -> None:
    """a department has a new name"""
    Department.objects.filter(pk=Department.objects.earliest("pk").pk).update(name="Glasshouses")


def nobody() -> None:
    """nobody works here any more"""
    Employee.objects.all().delete()
