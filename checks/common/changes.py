"""Ready-made changes of the rows: what today's data happens not to have.

Each docstring is said to a learner whose answer stumbles over it: it completes
"Then this was changed: ...".
"""

from __future__ import annotations

from company.models import Department, Employee
from shop.models import Order, Review

from checks.common import rows


def newcomer() -> None:
    """somebody was hired"""
    rows.employee()


def without_department() -> None:
    """somebody was hired who has no department yet"""
    rows.employee(department=None)


def empty_department() -> None:
    """there is a department with nobody in it"""
    rows.department()


def apostrophe() -> None:
    """somebody was hired whose name has an apostrophe"""
    rows.employee(name="Siobhán O'Dwyer")


def same_name() -> None:
    """two people in different departments have the same name"""
    first, second = Department.objects.order_by("pk")[:2]
    rows.employee(name="Kim Lee", department=first)
    rows.employee(name="Kim Lee", department=second)


def twins() -> None:
    """two people in one department have the same name"""
    rows.employee(name="Kim Lee")
    rows.employee(name="Kim Lee")


def renamed_department() -> None:
    """a department has a new name"""
    Department.objects.filter(pk=Department.objects.earliest("pk").pk).update(name="Glasshouses")


def nobody() -> None:
    """nobody works here any more"""
    Employee.objects.all().delete()


def no_orders() -> None:
    """all orders were deleted"""
    Order.objects.all().delete()


def no_reviews() -> None:
    """all reviews were deleted"""
    Review.objects.all().delete()
