"""17.10 Step 8: the cache, and when it forgets."""

from __future__ import annotations

from django.core.cache import cache
from django.db import transaction
from loyalty.models import PointEntry
from shop.models import Order

from checks.ch17_one_order import REQUESTS, entries, entry
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def key(order: Order) -> str:
    return f"points.{order.customer_id}"


book = Exercise(
    "17.10",
    "Step 8: the cache",
    minutes=6,
    layers=REQUESTS,
    needs_commit=True,
    hints=[
        "cache.delete(key) lets it forget. But when? Somebody may read before the commit.",
        "Whoever reads before the commit sees the old rows, and puts the old sum into the cache.",
        (
            "transaction.on_commit(lambda: cache.delete(key)): after the commit, and outside of a "
            "transaction at once."
        ),
    ],
)


@book.cases
def cases() -> object:
    order = Order.objects.earliest("pk")
    cache.set_many({key(order): 0, "points.0": 5, "shop.price_list": ["kept"]})
    return [(order, 3)]


@book.check
def check(run: Run) -> str | None:
    order, points = run.arguments
    if entries() != [(order.customer_id, order.pk, "ordered", points)]:
        return f"Afterwards the entries (customer, order, reason, points) are {entries()}."
    if key(order) in cache:
        return "The sum of the customer is still in the cache."
    if cache.get("points.0") != 5 or "shop.price_list" not in cache:
        return "Something else is gone from the cache, too."
    other = Order.objects.filter(customer=order.customer).exclude(pk=order.pk).earliest("pk")
    with transaction.atomic():
        again = run.again(other, 4)
        written = PointEntry.objects.filter(order=other).exists()
        cache.set(key(order), 77)  # Somebody reads: for him the new entry is not there yet.
    if again.error is not None:
        return f"In a transaction it raised {type(again.error).__name__}."
    if not written:
        return (
            "The entry was not written inside of the transaction around your function. It belongs "
            "there: both stand, or none. Only the cache waits for the commit."
        )
    if key(order) in cache:
        return (
            "Before the commit somebody read the old sum, and put it into the cache. After the "
            "commit it is still there."
        )
    return None


@book.mistake(
    "Deleted before the commit: somebody reads the old rows in that moment, and the old sum is in "
    "the cache again, for long. Use transaction.on_commit()."
)
def deleted_early(run: Run) -> bool:
    order = run.arguments[0]
    return run.error is None and cache.get(key(order)) == 77


@book.mistake("cache.clear() forgets everything, of everybody. Delete the one key.")
def all_cleared(run: Run) -> bool:
    return run.error is None and "shop.price_list" not in cache


@book.mistake("The key has the primary key of the customer, not of the order or of the user.")
def other_key(run: Run) -> bool:
    return run.error is None and cache.get(key(run.arguments[0])) == 0


@book.mistake(
    "on_commit() wants a function. cache.delete(...) calls it now, and gives its result to "
    "on_commit(). Write partial(cache.delete, key), or a lambda."
)
def deleted_now(run: Run) -> bool:
    return failed(run, "TypeError", "callable")


@book.right
def after_atomic(order: Order, points: int) -> None:
    with transaction.atomic():
        entry(order, points)
        transaction.on_commit(lambda: cache.delete(f"points.{order.customer.pk}"))


@book.right
def twice(order: Order, points: int) -> None:
    cache.delete(key(order))
    PointEntry(customer=order.customer, order=order, reason="ordered", points=points).save()
    transaction.on_commit(lambda: cache.delete_many([key(order)]), robust=True)


@book.wrong("Only the cache waits for the commit")
def all_of_it_later(order: Order, points: int) -> None:
    def write() -> None:
        order.point_entries.create(customer=order.customer, reason="ordered", points=points)
        cache.delete(f"points.{order.customer_id}")

    transaction.on_commit(write)


@book.wrong(deleted_early)
def at_once_deleted(order: Order, points: int) -> None:
    entry(order, points)
    cache.delete(key(order))


@book.wrong(deleted_early)
def after_inner_atomic(order: Order, points: int) -> None:
    with transaction.atomic():
        entry(order, points)
    cache.delete(key(order))


@book.wrong(all_cleared)
def cleared(order: Order, points: int) -> None:
    entry(order, points)
    transaction.on_commit(cache.clear)


@book.wrong(other_key)
def key_of_the_order(order: Order, points: int) -> None:
    entry(order, points)
    transaction.on_commit(lambda: cache.delete(f"points.{order.number}"))


@book.wrong(deleted_now)
def result_registered_too(order: Order, points: int) -> None:
    entry(order, points)
    transaction.on_commit(cache.delete(key(order)))  # type: ignore[arg-type]
