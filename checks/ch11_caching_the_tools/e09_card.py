"""11.9 A card that asks once: cached_property."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace

from django.db.models import Sum
from django.utils.functional import SimpleLazyObject, cached_property
from shop.models import Category, Product

from checks.ch11_caching_the_tools import once_more
from glass import watch
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run


def more_stock() -> None:
    """there is one more product in each category"""
    for category in Category.objects.all():
        Product.objects.create(
            name="Parsley", sku=f"NEW-{category.pk}", category=category, price=1, stock=7
        )


card = Exercise(
    "11.9",
    "A card that asks once",
    minutes=5,
    changes=[more_stock],
    hints=[
        "Write a class in the function, with one method for each number, and return an object of it.",
        "A decorator turns a method into an attribute that is computed at its first use, and kept.",
        "It is called cached_property. Without products, Sum() gives None, unless it has a default.",
    ],
)


@card.cases
def cases() -> object:
    return [(Category.objects.get(name=name),) for name in ("Herbs", "Plants")]


@card.check
def check(run: Run) -> str | None:
    (category,) = run.arguments
    if run.queries:
        return (
            "The database was asked when the object was made. A page that does not use the numbers "
            "asks for nothing."
        )
    products = Product.objects.filter(category=category.pk)
    rows = {
        "products": products.count(),
        "stock": sum(products.values_list("stock", flat=True)),
    }
    for name, right in rows.items():
        with watch("sql", show=False) as seen:
            found = [getattr(run.value, name, ...) for _ in range(3)]
            fits = found == [right] * 3  # What is lazy asks now.
        if found[0] is ...:
            return f"The object has no attribute {name}. Yours: {compare.shown(run.value)}."
        if callable(found[0]):
            return f"{name} is a method. As an attribute it is read without (): {name}."
        if not fits:
            return f"{name} is {compare.shown(found[0])}; right is {right}, those directly in {category}."
        if len(seen.queries) > 1:
            run.seen.events += seen.events
            return (
                f"{name} was read three times, and the database asked {len(seen.queries)} times. "
                "Once is enough."
            )
    Product.objects.create(name="Mint", sku="NEW-0", category=category, price=1, stock=9)
    new = once_more(run, Category.objects.get(pk=category.pk)).value
    if (new.products, new.stock) != (rows["products"] + 1, rows["stock"] + 9):
        return (
            "There is one more product now, and a new object for the same category still has the "
            "old numbers. Keep them in the object itself."
        )
    return None


@card.mistake("Where there are no products, Sum() gives None. Give it default=0.")
def none_as_sum(run: Run) -> bool:
    return run.value.stock is None and run.value.products is not None


@card.mistake("A dictionary has keys. Asked is an object with attributes: an object of a class.")
def dictionary(run: Run) -> bool:
    return isinstance(run.value, dict)


@card.mistake("You returned the class. Make an object of it: with () behind its name.")
def the_class(run: Run) -> bool:
    return isinstance(run.value, type)


@card.mistake(
    "A queryset's count() in __init__ asks at once. Ask in a method that is a cached_property."
)
def asked_at_once(run: Run) -> bool:
    return run.queries == 2


@card.right
def by_hand(category: Category) -> object:
    class Card:
        def __init__(self) -> None:
            self.kept: dict[str, int] = {}

        def read(self, name: str, ask: Callable[[], int]) -> int:
            if name not in self.kept:
                self.kept[name] = ask()
            return self.kept[name]

        @property
        def products(self) -> int:
            return self.read("products", category.products.count)

        @property
        def stock(self) -> int:
            ask = category.products.aggregate
            return self.read("stock", lambda: ask(total=Sum("stock", default=0))["total"])

    return Card()


@card.right
def on_demand(category: Category) -> object:
    class Card:
        def __getattr__(self, name: str) -> int:
            stocks = Product.objects.filter(category=category).values_list("stock", flat=True)
            if name == "products":
                self.products = stocks.count()
            elif name == "stock":
                self.stock = sum(stocks)
            else:
                raise AttributeError(name)
            return int(vars(self)[name])

    return Card()


@card.right
def lazy_objects(category: Category) -> object:
    products = Product.objects.filter(category=category)
    return SimpleNamespace(
        products=SimpleLazyObject(products.count),
        stock=SimpleLazyObject(lambda: products.aggregate(total=Sum("stock", default=0))["total"]),
    )


@card.wrong("the database asked 3 times")
def plain_property(category: Category) -> object:
    class Card:
        @property
        def products(self) -> int:
            return category.products.count()

        @property
        def stock(self) -> int:
            return sum(category.products.values_list("stock", flat=True))

    return Card()


@card.wrong("is a method. As an attribute")
def methods(category: Category) -> object:
    class Card:
        def products(self) -> int:
            return category.products.count()

        def stock(self) -> int:
            return sum(category.products.values_list("stock", flat=True))

    return Card()


@card.wrong(asked_at_once)
def in_init(category: Category) -> object:
    return SimpleNamespace(
        products=category.products.count(),
        stock=category.products.aggregate(total=Sum("stock", default=0))["total"],
    )


@card.wrong(none_as_sum)
def no_default(category: Category) -> object:
    class Card:
        @cached_property
        def products(self) -> int:
            return category.products.count()

        @cached_property
        def stock(self) -> int:
            return category.products.aggregate(total=Sum("stock"))["total"]

    return Card()


@card.wrong("still has the old numbers")
def for_all_objects(category: Category) -> object:
    return _card_of(category.pk)


@lru_cache
def _card_of(key: int) -> object:
    class Card:
        @cached_property
        def products(self) -> int:
            return Product.objects.filter(category=key).count()

        @cached_property
        def stock(self) -> int:
            return sum(Product.objects.filter(category=key).values_list("stock", flat=True))

    return Card()


@card.wrong(dictionary)
def as_a_dictionary(category: Category) -> object:
    return {"products": 0, "stock": 0}


@card.wrong(the_class)
def class_returned(category: Category) -> object:
    class Card:
        @cached_property
        def products(self) -> int:
            return category.products.count()

        @cached_property
        def stock(self) -> int:
            return sum(category.products.values_list("stock", flat=True))

    return Card
