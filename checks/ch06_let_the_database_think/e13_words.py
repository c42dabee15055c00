"""06.13 Words for products: a class of querysets."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import models
from django.db.models import Case, Count, Sum, Value, When
from shop.models import OrderLine, Product

from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def one_line_sold_out() -> None:
    """a product that stands on many order lines is sold out"""
    busy = Product.objects.annotate(n=Count("order_lines")).order_by("-n").first()
    assert busy is not None
    Product.objects.filter(pk=busy.pk).update(stock=0)


def nothing_sold() -> None:
    """all order lines were deleted"""
    OrderLine.objects.all().delete()


words = Exercise(
    "06.13",
    "Words for products",
    minutes=7,
    changes=[one_line_sold_out, nothing_sold],
    hints=[
        "The class is one inside your function. Its two methods get self, the queryset so far.",
        "self is a queryset. Each method returns self.filter(...), or self.annotate(...).filter().",
        (
            "Not Product.objects: that would forget what was asked before in the chain. "
            "At the end return the class."
        ),
    ],
)


def asked_of(kind: Any, *steps: tuple[Any, ...]) -> Any:
    """The queryset that the steps lead to; a sentence where one is not a queryset."""
    found = kind(Product)
    for name, *arguments in steps:
        found = getattr(found, name)(*arguments)
        if not isinstance(found, models.QuerySet):
            return f"{name}() must return a queryset, so that it can be chained."
        if found._result_cache is not None:
            return f"{name}() has asked the database already. Return the queryset as it is."
        if not hasattr(found, "sold_out") or not hasattr(found, "selling"):
            return f"After {name}() the other method is gone. Return a queryset made of self."
    return found


@words.check
def check(run: Run) -> str | None:
    kind = run.value
    if not (isinstance(kind, type) and issubclass(kind, models.QuerySet)):
        return "Asked is a class whose base is models.QuerySet. Return the class itself."
    for name in ("sold_out", "selling"):
        if not callable(getattr(kind, name, None)):
            return f"Your class has no method {name}()."
    rows = list(Product.objects.all())
    lines = Counter(OrderLine.objects.values_list("product", flat=True))
    empty = {product.pk for product in rows if product.stock == 0}
    often = {product.pk for product in rows if lines[product.pk] >= 12}
    active = {product.pk for product in rows if product.is_active}
    bad = {product.pk for product in rows if product.stock}
    sold_out, selling = ("sold_out",), ("selling", 12)
    everything = {product.pk for product in rows}
    for steps, right in [
        ((sold_out,), empty),
        ((selling,), often),
        ((("none",), sold_out), set()),
        ((("none",), selling), set()),
        ((sold_out, selling), empty & often),
        ((selling, sold_out), empty & often),
        ((("selling", 1), sold_out), {pk for pk in empty if lines[pk]}),
        ((("selling", 0),), everything),
    ]:
        chain = ".".join(f"{name}({', '.join(map(str, rest))})" for name, *rest in steps)
        try:
            found = asked_of(kind, *steps)
            if isinstance(found, str):
                return found
            keys = [product.pk for product in found]
            kept = [product.pk for product in found.filter(is_active=True)]
        except Exception as error:  # noqa: BLE001 A method may do anything; the learner is told.
            return f"{chain} raised {type(error).__name__}: {str(error).partition(' Choices')[0]}"
        if len(set(keys)) < len(keys):
            return f"{chain} gives a product more than once."
        if set(keys) == bad and steps == (sold_out,):
            return "sold_out() gives the products that are there. Asked are those with stock 0."
        if set(keys) != right and steps[0] == ("none",):
            return (
                f"{chain} finds products, although none() left nothing. "
                "Start from self: Product.objects forgets what was asked before."
            )
        if set(keys) != right:
            return f"{chain} gives {len(set(keys))} products; right are {len(right)}."
        if set(kept) != right & active:
            return f"{chain}.filter(is_active=True) does not give the right products."
    return None


@words.mistake("Your function returned nothing. End it with return and the name of the class.")
def no_class(run: Run) -> bool:
    return run.value is None and not run.error


@words.mistake(
    "That is a class of managers. The methods of a queryset class can be chained: its base is "
    "models.QuerySet."
)
def a_manager(run: Run) -> bool:
    return isinstance(run.value, type) and issubclass(run.value, models.Manager)


@words.mistake(
    "That is an object: a manager or a queryset. Asked is the class itself: return its name, "
    "without parentheses."
)
def an_object(run: Run) -> bool:
    # A manager that belongs to no model cannot be evaluated.
    ownerless = failed(run, "OperationalError") or failed(run, "TypeError", "'NoneType'")
    return isinstance(run.value, list) or ownerless


@words.right
def words_by_exists() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.exclude(stock__gt=0)

        def selling(self, least: int) -> Any:
            lines = OrderLine.objects.order_by().values("product").annotate(n=Count("pk"))
            busy = lines.filter(n__gte=least).values("product")
            return self.filter(pk__in=busy) if least else self.all()

    return Words


@words.right
def words_by_case() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.alias(level=Case(When(stock=0, then=Value(1)), default=Value(0))).filter(
                level=1
            )

        def selling(self, least: int) -> Any:
            return self.alias(n=Count("order_lines", distinct=True)).filter(n__gte=least)

    return Words


@words.wrong(no_class)
def not_returned() -> None:
    class Words(models.QuerySet[Product]):
        pass


@words.wrong(a_manager)
def manager_class() -> object:
    class Words(models.Manager[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

    return Words


@words.wrong(an_object)
def made_a_manager() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

    return Words.as_manager()


@words.wrong(an_object)
def made_a_queryset() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

    return Words(Product)


@words.wrong("Start from self: Product.objects forgets what was asked before.")
def forgets() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return Words(Product).filter(stock=0)

        def selling(self, least: int) -> Any:
            return self.annotate(n=Count("order_lines")).filter(n__gte=least)

    return Words


@words.wrong("After sold_out() the other method is gone.")
def from_objects() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return Product.objects.filter(stock=0)

        def selling(self, least: int) -> Any:
            return self.annotate(n=Count("order_lines")).filter(n__gte=least)

    return Words


@words.wrong("sold_out() must return a queryset, so that it can be chained.")
def lists() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return [product for product in self if product.stock == 0]

        def selling(self, least: int) -> Any:
            return self

    return Words


@words.wrong("Your class has no method selling().")
def one_method() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

    return Words


@words.wrong("sold_out() gives the products that are there.")
def in_stock() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock__gt=0)

        def selling(self, least: int) -> Any:
            return self

    return Words


@words.wrong("selling(12) gives")
def sells_more() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

        def selling(self, least: int) -> Any:
            return self.annotate(n=Sum("order_lines__quantity")).filter(n__gte=least)

    return Words


@words.wrong("FieldError: Cannot resolve keyword 'lines'")
def wrong_relation() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

        def selling(self, least: int) -> Any:
            return self.annotate(n=Count("lines")).filter(n__gte=least)

    return Words
