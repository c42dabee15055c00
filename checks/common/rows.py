"""Rows to add, with values that fit where none are given."""

from __future__ import annotations

from typing import Any

from company.models import Assignment, Department, Employee, Project
from django.contrib.auth.models import User
from shop.models import Category, Customer, Order, Product, Review


def department(**values: Any) -> Department:
    return Department.objects.create(**{"name": "Archive", "city": "Bergen", "budget": 0} | values)


def employee(**values: Any) -> Employee:
    """An employee, of the first department where no other is named."""
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


def project(**values: Any) -> Project:
    number = Project.objects.count() + 1
    usual = {
        "name": f"Project {number}",
        "code": f"NEW-{number}",
        "starts_on": "2026-01-07",
        "budget": 1000,
    }
    return Project.objects.create(**usual | values)


def assign(person: Employee, part: Project, hours: int = 8) -> None:
    Assignment.objects.create(employee=person, project=part, role="member", hours_per_week=hours)


def product(**values: Any) -> Product:
    """A product, of the first category where no other is named."""
    number = Product.objects.count() + 1
    usual = {
        "name": "Aconite",
        "sku": f"NEW-{number}",
        "price": 5,
        "category": Category.objects.earliest("pk"),
    }
    return Product.objects.create(**usual | values)


def customer(name: str = "Wilma Berg", **values: Any) -> Customer:
    number = Customer.objects.count() + 1
    usual = {
        "name": name,
        "email": f"customer.{number}@example.com",
        "city": "Bergen",
        "country": "Norway",
        "joined_on": "2026-01-07",
    }
    return Customer.objects.create(**usual | values)


def order(buyer: Customer | None = None, **values: Any) -> Order:
    """The newest order, of a new customer where none is named."""
    number = Order.objects.count() + 1
    usual = {
        "number": f"2026-N{number}",
        "customer": buyer or customer(),
        "placed_at": "2026-03-01T09:00Z",
    }
    return Order.objects.create(**usual | values)


def review(product: Product, rating: int, day: str, buyer: Customer | None = None) -> None:
    Review.objects.create(
        product=product, customer=buyer or customer(), rating=rating, written_on=day
    )
