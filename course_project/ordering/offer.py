"""What can be ordered now, for the form: kept in the cache with the catalogue, and forgotten with it."""

from django.core.cache import cache

from shop import catalogue
from shop.models import Product


def choices() -> list[tuple[int, str]]:
    """(key, "Basil: 2.90 €, 10 left") of each product in stock."""
    key = f"ordering.offer.{catalogue.generation()}"
    return cache.get_or_set(key, _read, catalogue.SECONDS)


def _read() -> list[tuple[int, str]]:
    products = Product.objects.in_stock().order_by("name", "pk")
    return [(each.pk, f"{each.name}: {each.price} €, {each.stock} left") for each in products]
