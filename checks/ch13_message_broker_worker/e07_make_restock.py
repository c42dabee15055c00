"""13.7 A task of your own: a decorated function that is returned."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

from types import FunctionType
from typing import Any
from unittest import mock

from celery import Task, current_app, shared_task
from django.db import connection, transaction
from django.db.models import F, QuerySet
from shop.models import Product

from tutor.judge.exercise import Exercise, Run

make_restock = Exercise(
    "13.7",
    "A task of your own",
    minutes=7,
    hints=[
        "A task is a function with a decorator. What the decorator made is what you return.",
        '@shared_task(name="shop.restock"). In the function, let the database add: F("stock").',
        (
            'Product.objects.filter(pk=product_id).update(stock=F("stock") + pieces), then read the '
            "stock again and return it."
        ),
    ],
)


@make_restock.check
def check(run: Run) -> str | None:
    task = run.value
    if not isinstance(task, Task):
        return f"Asked is a task. Your function returned {type(task).__name__}."
    if task.name != "shop.restock":
        return f'The task is called "{task.name}", not "shop.restock".'
    first, second = Product.objects.order_by("pk")[:2]
    for product, pieces in ((first, 5), (second, 12), (first, 1)):
        before, all_before = stocks(product)
        result = result_of(task, product.pk, pieces)
        if isinstance(result, BaseException):
            return f"The task failed: {type(result).__name__}: {result}"
        now, all_now = stocks(product)
        if now != before + pieces:
            return f"{pieces} pieces were added to a stock of {before}. It is {now} now."
        if result != now:
            return f"The new stock is {now}. The task returned {result!r}."
        if all_now != all_before + pieces:
            return "The stock of other products was changed, too."
    return _lost(task, first)


def stocks(product: Product) -> tuple[int, int]:
    """The stock of this product, and that of all."""
    found = dict(Product.objects.values_list("pk", "stock"))
    return found[product.pk], sum(found.values())


def result_of(task: Any, *arguments: object) -> Any:
    """What the task returns, or the exception that comes of it."""
    try:
        return task.delay(*arguments).result
    except Exception as error:  # noqa: BLE001 Its arguments do not fit, for example.
        return error


LOST = (
    "Two workers at the same time: each reads the stock, each adds its pieces, and the second one "
    "writes over the first. Pieces are lost. Let the database add: "
    'update(stock=F("stock") + pieces).'
)


def _lost(task: Any, product: Product) -> str | None:
    """Let another worker add 100 pieces right after the task has read the stock, without a lock."""
    Product.objects.filter(pk=product.pk).update(stock=10)
    locks: list[object] = []
    others: list[object] = []
    lock = QuerySet.select_for_update

    def locked(self: QuerySet[Any], *args: Any, **kwargs: Any) -> Any:
        locks.append(self)
        return lock(self, *args, **kwargs)

    def another(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("SELECT") and "stock" in sql and not locks and not others:
            others.append(sql)
            with context["connection"].cursor() as cursor:
                cursor.execute(
                    "UPDATE shop_product SET stock = stock + 100 WHERE id = %s", [product.pk]
                )
        return result

    with (
        mock.patch.object(QuerySet, "select_for_update", locked),
        connection.execute_wrapper(another),
    ):
        result_of(task, product.pk, 5)
    now = Product.objects.get(pk=product.pk).stock
    return LOST if now != 15 + 100 * len(others) else None


@make_restock.mistake(
    "That is the function. Above it stands no decorator: @shared_task makes a task of it."
)
def no_decorator(run: Run) -> bool:
    return isinstance(run.value, FunctionType)


@make_restock.mistake("Your function returned nothing. Return the task, without calling it.")
def nothing(run: Run) -> bool:
    return run.value is None and run.error is None


@make_restock.mistake(
    'Without a name the task is called after its module. Say it: @shared_task(name="shop.restock").'
)
def own_name(run: Run) -> bool:
    return isinstance(run.value, Task) and run.value.name != "shop.restock"


@make_restock.mistake(
    "With bind=True the task itself comes as first argument, self. Without it there is no self."
)
def unbound(run: Run) -> bool:
    return failed_task(run, "positional argument")


@make_restock.mistake("A worker gets the key, not the product: read the row by its key.")
def wants_a_model(run: Run) -> bool:
    return failed_task(run, "'int' object has no attribute")


@make_restock.mistake("The task must return the new stock, read after the change.")
def wrong_return(run: Run) -> bool:
    product: Any = Product.objects.order_by("pk").first()
    return isinstance(run.value, Task) and result_of(run.value, product.pk, 1) != product.stock + 1


def failed_task(run: Run, words: str) -> bool:
    product: Any = Product.objects.order_by("pk").first()
    result = result_of(run.value, product.pk, 0)
    return isinstance(result, BaseException) and words in str(result)


@make_restock.right
def returning_by_lock() -> object:
    @shared_task(name="shop.restock", bind=True)
    def restock(self: Any, pk: int, pieces: int) -> int:
        with transaction.atomic():
            product = Product.objects.select_for_update().get(pk=pk)
            product.stock += pieces
            product.save(update_fields=["stock"])
        return product.stock

    return restock


@make_restock.right
def of_the_app() -> object:
    @current_app.task(name="shop.restock")
    def add(product_id: int, number: int) -> int:
        product = Product.objects.get(pk=product_id)
        product.stock = F("stock") + number  # type: ignore[assignment]
        product.save(update_fields=["stock"])
        product.refresh_from_db()
        return product.stock

    return add


def plain(product_id: int, pieces: int) -> int:
    Product.objects.filter(pk=product_id).update(stock=F("stock") + pieces)
    return Product.objects.get(pk=product_id).stock


@make_restock.wrong(no_decorator)
def only_a_function() -> object:
    return plain


@make_restock.wrong(nothing)
def not_returned() -> object:
    shared_task(name="shop.restock")(plain)
    return None


@make_restock.wrong(own_name)
def without_a_name() -> object:
    return shared_task(plain)


@make_restock.wrong(unbound)
def self_without_bind() -> object:
    @shared_task(name="shop.restock")
    def restock(self: Any, product_id: int, pieces: int) -> int:
        return plain(product_id, pieces)

    return restock


@make_restock.wrong(wants_a_model)
def takes_the_product() -> object:
    @shared_task(name="shop.restock")
    def restock(product: Product, pieces: int) -> int:
        return plain(product.pk, pieces)

    return restock


@make_restock.wrong(LOST)
def added_in_python() -> object:
    @shared_task(name="shop.restock")
    def restock(product_id: int, pieces: int) -> int:
        product = Product.objects.get(pk=product_id)
        product.stock += pieces
        product.save()
        return product.stock

    return restock


@make_restock.wrong(LOST)
def read_then_update() -> object:
    @shared_task(name="shop.restock")
    def restock(product_id: int, pieces: int) -> int:
        now = Product.objects.values_list("stock", flat=True).get(pk=product_id) + pieces
        Product.objects.filter(pk=product_id).update(stock=now)
        return now

    return restock


@make_restock.wrong(wrong_return)
def returns_the_rows() -> object:
    @shared_task(name="shop.restock")
    def restock(product_id: int, pieces: int) -> int:
        return Product.objects.filter(pk=product_id).update(stock=F("stock") + pieces)

    return restock


@make_restock.wrong("Asked is a task")
def called_at_once() -> object:
    task = shared_task(name="shop.restock")(plain)
    return task.delay(1, 5)
