"""Chapter 05, from N+1 to two: what its exercises share."""

from __future__ import annotations

from typing import Any

from shop.models import Category, Customer, Order, OrderLine, Product

from tutor.judge.exercise import Run


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


def customer(**values: Any) -> Customer:
    number = Customer.objects.count() + 1
    usual = {
        "name": f"Wilma Berg {number}",
        "email": f"wilma.berg.{number}@example.com",
        "city": "Bergen",
        "country": "Norway",
        "joined_on": "2026-01-07",
    }
    return Customer.objects.create(**usual | values)


def order(buyer: Customer, **values: Any) -> Order:
    """The latest order of all."""
    number = Order.objects.count() + 1
    usual = {"number": f"2026-N{number}", "placed_at": "2026-03-01T09:00Z"}
    return Order.objects.create(customer=buyer, **usual | values)


def sell(sold: Order, product: Product, quantity: int = 3) -> None:
    OrderLine.objects.create(order=sold, product=product, quantity=quantity, unit_price="4.50")


def product(category: Category) -> Product:
    number = Product.objects.count() + 1
    return Product.objects.create(
        name=f"Wonder {number}", sku=f"NEW-{number}", category=category, price="4.50"
    )


def many_customers() -> None:
    """there are 30 more customers in Norway"""
    for _ in range(30):
        customer()
