"""Chapter 06, let the database think: what its exercises share."""

from __future__ import annotations

from company.models import Department
from shop.models import Customer, Order, Review

from checks.common import changes


def engineering() -> Department:
    return Department.objects.get(name="Engineering")


def same_salary() -> None:
    """somebody was hired for a salary that a colleague has, too"""
    changes.employee(salary=engineering().employees.earliest("pk").salary, department=engineering())


def no_orders() -> None:
    """all orders were deleted"""
    Order.objects.all().delete()


def no_customers() -> None:
    """there are no customers any more"""
    Review.objects.all().delete()
    Order.objects.all().delete()
    Customer.objects.all().delete()
