"""Chapter 04, forward and reverse: what its exercises share."""

from __future__ import annotations

from typing import Any

from company.models import Assignment, Employee, Project
from django.db import connection
from shop.models import Customer, Order, Product, Review

from tutor.judge import compare
from tutor.judge.exercise import Exercise, Mistake, Run


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


def is_right(run: Run) -> bool:
    """Whether only the number of queries is wrong."""
    return run.error is None and compare.difference(run.expected, run.value, False) is None


def many_as_list(task: Exercise, name: str) -> Mistake:
    """The mistake of taking a manager for its rows."""
    says = task.mistake(f"{name} is a manager, not a list. Add .all() to go through its rows.")
    return says(lambda run: failed(run, "TypeError", "Manager"))


def asks_for_each(run: Run) -> bool:
    """Whether the result is right, and a statement was asked again and again."""
    statements = {query.sql for query in run.seen.queries}
    return is_right(run) and run.queries > len(statements) + 1


def fetched_all(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def customer(name: str = "Wilma Berg") -> Customer:
    number = Customer.objects.count() + 1
    email = f"customer.{number}@example.com"
    return Customer.objects.create(
        name=name, email=email, city="Bergen", country="Norway", joined_on="2026-01-07"
    )


def order(buyer: Customer | None = None, **values: Any) -> Order:
    """The newest order."""
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


def new_customer() -> None:
    """there is a new customer without an order"""
    customer()


def nobody_ordered() -> None:
    """all orders were deleted"""
    Order.objects.all().delete()


def no_reviews() -> None:
    """all reviews were deleted"""
    Review.objects.all().delete()


def no_assignments() -> None:
    """all assignments were deleted"""
    Assignment.objects.all().delete()
