"""Chapter 06, let the database think: what its exercises share."""

from __future__ import annotations

from company.models import Department
from shop.models import Customer, Order, Review

from checks.common import rows


def engineering() -> Department:
    return Department.objects.get(name="Engineering")


def same_salary() -> None:
    """somebody was hired for a salary that a colleague has, too"""
    rows.employee(salary=engineering().employees.earliest("pk").salary, department=engineering())


def no_customers() -> None:
    """there are no customers any more"""
    Review.objects.all().delete()
    Order.objects.all().delete()
    Customer.objects.all().delete()
