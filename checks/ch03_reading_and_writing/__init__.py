"""Chapter 03, reading and writing one table: what its exercises share."""

from __future__ import annotations

from typing import Any

from shop.models import Category, Customer, Product

from tutor.judge.exercise import Run


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


def product(**values: Any) -> None:
    number = Product.objects.count() + 1
    usual = {
        "name": "Aconite",
        "sku": f"NEW-{number}",
        "price": 5,
        "category": Category.objects.earliest("pk"),
    }
    Product.objects.create(**usual | values)


def customer(**values: Any) -> None:
    number = Customer.objects.count() + 1
    usual = {
        "name": "Wilma Berg",
        "email": f"customer.{number}@example.com",
        "city": "Bergen",
        "country": "Norway",
        "joined_on": "2026-01-07",
    }
    Customer.objects.create(**usual | values)
