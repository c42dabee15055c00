"""12.7 A sale, and nobody sees the old price: a sale, and the cache that others fill meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Min
from shop.models import Category, Product

from checks.ch12_caching_pages import OTHERS
from tutor.judge.exercise import Exercise, Run


def cheapest(category: Category) -> Any:
    """As in the notebook: the lowest price, kept for ten minutes."""
    prices = Product.objects.active().filter(category=category)
    return cache.get_or_set(
        key_of(category), lambda: prices.aggregate(low=Min("price"))["low"], 600
    )


def key_of(category: Category) -> str:
    return f"cheapest:{category.pk}"


@dataclass
class Rest:
    """The rest of the work: other requests come meanwhile, and it may undo everything."""

    category: Category
    undo: bool
    old: Any
    called: int = 0
    atomic: bool = False
    emptied: bool = False

    def __call__(self) -> None:
        self.called += 1
        connection = transaction.get_connection()
        self.atomic = connection.in_atomic_block
        self.another_request()
        if self.undo and self.atomic:
            transaction.set_rollback(True)
        elif self.atomic:
            commit = connection.commit

            def last_moment() -> None:
                leave_alone()
                self.another_request()
                commit()

            connection.commit = last_moment  # type: ignore[method-assign]

    def another_request(self) -> None:
        """It does not see what is not committed: it reads, and keeps, the old price."""
        self.emptied = self.emptied or cache.get(key_of(self.category)) is None
        cache.add(key_of(self.category), self.old, 600)

    def __repr__(self) -> str:
        return "a function that undoes the transaction" if self.undo else "a function"


def leave_alone() -> None:
    """Take back what Rest did to the connection, if it did."""
    vars(transaction.get_connection()).pop("commit", None)


def prices_of(category: Category) -> list[Any]:
    found = Product.objects.filter(category=category, is_active=True)
    return list(found.values_list("price", flat=True))


BEFORE: dict[int, Any] = {}


def off_offer() -> None:
    """a product of the category is no longer on offer"""
    Product.objects.filter(pk=Product.objects.get(sku="HER-001").pk).update(is_active=False)


sale = Exercise(
    "12.7",
    "A sale, and nobody sees the old price",
    minutes=6,
    layers=("sql", "cache"),
    needs_commit=True,
    changes=[off_offer],
    hints=[
        (
            "An atomic block around update() and rest(). What is left is the right moment to "
            "delete the key."
        ),
        (
            "If the key goes before the commit, another request puts the old price back: rest() shows "
            "it. So delete it after the commit."
        ),
        (
            "transaction.on_commit() takes a function without arguments, and calls it after the commit: "
            "lambda: cache.delete(...). Not cache.delete(...) itself: that would delete at once."
        ),
    ],
)


@sale.cases
def cases() -> object:
    leave_alone()
    BEFORE.clear()
    BEFORE.update(Product.objects.values_list("pk", "price"))
    category = Product.objects.get(sku="HER-002").category
    cache.set_many(OTHERS, 600)
    cache.delete(key_of(category))
    old = cheapest(category)
    price = round(old + 1, 2)
    return [(category, price, Rest(category, undo, old)) for undo in (False, True)]


@sale.check
def check(run: Run) -> str | None:
    category, price, rest = run.arguments
    leave_alone()
    if rest.called != 1:
        return f"rest() should be called once; it was called {rest.called} times."
    if not rest.atomic:
        return "rest() was called outside the transaction: call it inside the atomic block."
    sold = Product.objects.filter(category=category, is_active=True)
    for product in Product.objects.all():
        due = price if product in sold and not rest.undo else BEFORE[product.pk]
        if product.price != due:
            return f"The price of {product.sku} is {product.price}, and should be {due}."
    lowest = min(prices_of(category))
    if cheapest(category) != lowest:
        return f"cheapest(category) says {cheapest(category)}; the lowest price is {lowest}."
    gone = [key for key in OTHERS if cache.get(key) is None]
    return f"The entry {gone[0]!r} of the cache is gone." if gone else None


@sale.mistake(
    "on_commit() wants a function, to call it later. cache.delete(...) runs at once, and what is "
    "handed over is True or False. Write lambda: cache.delete(...)."
)
def called_at_once(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "callable" in str(run.error)


@sale.mistake(
    "rest() may undo the transaction, and then it takes no more queries. Give the prices first, and "
    "call rest() after them."
)
def rest_too_early(run: Run) -> bool:
    return type(run.error).__name__ == "TransactionManagementError"


def is_stale(run: Run) -> bool:
    category, _, rest = run.arguments
    return bool(
        run.error is None
        and rest.atomic
        and not rest.undo
        and prices_of(category)
        and cheapest(category) == rest.old
    )


@sale.mistake(
    "You emptied the cache before the commit. Another request came, saw the old price, and the "
    "cache keeps it now. Delete the key after the commit: transaction.on_commit()."
)
def too_early(run: Run) -> bool:
    return is_stale(run) and run.arguments[2].emptied


@sale.mistake(
    'The cache still has the old price: nobody deleted its key, f"cheapest:{category.pk}". A '
    "signal does not do it for you, and update() sends none."
)
def not_deleted(run: Run) -> bool:
    return is_stale(run) and not run.arguments[2].emptied


@sale.mistake(
    "rest() has undone the sale, and the cache says the new price. What is not committed must not "
    "go into the cache."
)
def told_too_soon(run: Run) -> bool:
    category, price, rest = run.arguments
    return rest.undo and rest.atomic and cheapest(category) == price


@sale.mistake(
    "Other products have the new price, too: the sale is for active products of this category."
)
def too_many_sold(run: Run) -> bool:
    category, price, _ = run.arguments
    others = Product.objects.exclude(category=category, is_active=True).filter(price=price)
    return any(BEFORE[product.pk] != price for product in others)


@sale.mistake("cache.clear() empties everything, the baskets as well. Delete one key.")
def cleared_for_a_sale(run: Run) -> bool:
    return run.error is None and all(cache.get(key) is None for key in OTHERS)


@sale.right
def deleted_afterwards(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        Product.objects.active().filter(category=category).update(price=price)
        rest()
    cache.delete(f"cheapest:{category.pk}")


@sale.right
def told_first(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        transaction.on_commit(partial(cache.delete, f"cheapest:{category.pk}"))
        for product in category.products.filter(is_active=True):
            product.price = price
            product.save(update_fields=["price"])
        rest()


@sale.right
def replaced_on_commit(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        Product.objects.filter(category=category, is_active=True).update(price=price)
        rest()
        transaction.on_commit(lambda: cache.set(f"cheapest:{category.pk}", price, 600))


def sold(category: Any, price: Any) -> None:
    Product.objects.active().filter(category=category).update(price=price)


@sale.wrong(called_at_once)
def on_commit_now(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        transaction.on_commit(cache.delete(key_of(category)))  # type: ignore[arg-type]
        rest()


@sale.wrong(rest_too_early)
def rest_first(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        rest()
        sold(category, price)
        transaction.on_commit(lambda: cache.delete(key_of(category)))


@sale.wrong(too_early)
def inside(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        cache.delete(key_of(category))
        rest()


@sale.wrong(too_early)
def inside_at_the_end(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        rest()
        cache.delete(key_of(category))


@sale.wrong(too_early)
def before_all(category: Any, price: Any, rest: Any) -> None:
    cache.delete(key_of(category))
    with transaction.atomic():
        sold(category, price)
        rest()


@sale.wrong(not_deleted)
def trusting(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        rest()


@sale.wrong(told_too_soon)
def written_inside(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        cache.set(key_of(category), price, 600)
        rest()


@sale.wrong(told_too_soon)
def written_in_any_case(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        rest()
    cache.set(key_of(category), price, 600)


@sale.wrong(cleared_for_a_sale)
def cleared_on_commit(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        transaction.on_commit(cache.clear)
        rest()


@sale.wrong("rest() was called outside the transaction")
def without_transaction(category: Any, price: Any, rest: Any) -> None:
    sold(category, price)
    rest()
    cache.delete(key_of(category))


@sale.wrong("rest() should be called once")
def without_rest(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        sold(category, price)
        transaction.on_commit(lambda: cache.delete(key_of(category)))


@sale.wrong(too_many_sold)
def all_products(category: Any, price: Any, rest: Any) -> None:
    with transaction.atomic():
        Product.objects.update(price=price)
        transaction.on_commit(lambda: cache.delete(key_of(category)))
        rest()
