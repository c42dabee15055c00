"""The catalogue: everything on offer on one page, made anew only when it has to be.

The page keeps a fragment in the cache; the fragment's key has the number of its generation.
"""

from django.core.cache import cache
from django.db import transaction
from django.db.models import Avg, Count

from .models import Product, ProductQuerySet

SECONDS = 10 * 60
GENERATION = "shop.catalogue.generation"


def products() -> ProductQuerySet:
    """What the catalogue shows, in its order. Not read yet: a fragment that is there needs none."""
    return (
        Product.objects.active()
        .select_related("category")
        .annotate(rating=Avg("review__rating"), reviews=Count("review"))
        .order_by("category__name", "name", "pk")
    )


def generation() -> int:
    """The number in the keys of what is kept now. It must outlive what it names: no time limit."""
    return cache.get_or_set(GENERATION, 1, None)


def forget() -> None:
    """Let nobody read what is kept. Fragments of the old generation end by their time limit."""
    # Before the commit, somebody else would make a fragment of the new generation from old rows.
    transaction.on_commit(_next_generation)


def _next_generation() -> None:
    # Not incr(): caches in a file or a table would then give the number their usual time limit.
    cache.set(GENERATION, generation() + 1, None)
