"""Chapter 03, reading and writing one table: what right means, and what mistakes say."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

from company.models import Department
from django.core.paginator import Paginator
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Q, Sum, Value, When
from django.db.models.functions import ExtractMonth
from shop.models import Category, Customer, Product

from glass.layers.sql import Query, Transaction
from tutor.checks import Exercise, Prediction, Run


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


# 03.1: querysets are lazy, and remember.

callers = Prediction(
    "03.1",
    "Predict: when does it ask?",
    minutes=2,
    hints=[
        "Go line by line: which lines need rows, and which only build a question?",
        "filter() asks nothing. len() and a loop need rows.",
        "The rows of a queryset are kept in it. Another queryset has rows of its own.",
    ],
    because="len(irish) reads the rows, and the loop finds them in the result cache. "
    "from_cork is another queryset: it asks for itself when len() needs its rows.",
    wrong={
        0: "Building a queryset asks nothing, but len() needs the rows.",
        1: "from_cork is a queryset of its own, with an empty cache: it asks as well.",
        3: "The loop does not ask again: len() has filled the cache of irish.",
        5: "Not each line asks. filter() only builds a question, and irish keeps its rows.",
    },
)


# 03.2: filter, order, one column.


def sold_out() -> None:
    """one more product is sold out"""
    product(stock=0)


def withdrawn() -> None:
    """a product that is sold out was withdrawn"""
    product(stock=0, is_active=False)


def at_the_limit() -> None:
    """one product has 10 pieces left, another one 20"""
    product(stock=10)
    product(name="Bindweed", stock=20)


running_out = Exercise(
    "03.2",
    "What to order",
    minutes=2,
    queries=1,
    ordered=True,
    changes=[sold_out, withdrawn, at_the_limit],
    hints=[
        "Three steps: filter(), order_by(), and only the names.",
        "Fewer than is the lookup lt: stock__lt. Two conditions can stand in one filter().",
        "order_by() takes several fields. values_list() with flat=True gives plain names.",
    ],
)


@running_out.cases
def _() -> object:
    return [(10,), (20,)]


@running_out.expects
def _(limit: int) -> object:
    few = [p for p in Product.objects.all() if p.is_active and p.stock < limit]
    return [p.name for p in sorted(few, key=lambda p: (p.stock, p.name))]


@running_out.mistake("Your list has products. Asked are their names.")
def products_not_names(run: Run) -> bool:
    return isinstance(run.rows[0], Product)


@running_out.mistake(
    "Each name stands in a row of its own. values_list() wants flat=True for that."
)
def not_flat(run: Run) -> bool:
    return isinstance(run.rows[0], tuple | list | dict) and len(run.rows[0]) == 1


@running_out.mistake("Products that are not sold any more are in your list: is_active is false.")
def with_withdrawn(run: Run) -> bool:
    withdrawn = set(Product.objects.filter(is_active=False).values_list("name", flat=True))
    return not run.missing and bool(withdrawn.intersection(run.surplus))


@running_out.mistake(
    "A product with exactly as many pieces as the limit is in your list. Asked are fewer: lt."
)
def limit_itself(run: Run) -> bool:
    at_limit = Product.objects.filter(stock=run.arguments[0]).values_list("name", flat=True)
    return bool(run.surplus) and set(run.surplus) <= set(at_limit)


@running_out.mistake(
    "The products with the most pieces come first in your list. Take the minus out."
)
def most_first(run: Run) -> bool:
    stock = dict(Product.objects.values_list("name", "stock"))
    found = [stock[name] for name in run.rows]
    return not run.surplus and found[0] > found[-1] and found == sorted(found, reverse=True)


@running_out.mistake(
    "These are the right names in the order of the alphabet. Asked is the smallest stock first."
)
def by_name(run: Run) -> bool:
    return not run.surplus and not run.missing and run.rows == sorted(run.rows)


@running_out.mistake(
    "Among products with the same stock, the order is left to chance. Add the name to the order."
)
def ties_left_open(run: Run) -> bool:
    stock = dict(Product.objects.values_list("name", "stock"))
    found = [stock[name] for name in run.rows]
    return not run.surplus and not run.missing and found == sorted(found)


@running_out.mistake(
    "A product with none left is not in your list. 0 is fewer than the limit, too."
)
def sold_out_forgotten(run: Run) -> bool:
    none_left = Product.objects.filter(stock=0).values_list("name", flat=True)
    return bool(run.missing) and set(run.missing) <= set(none_left)


@running_out.right
def names_by_comprehension(limit: int) -> object:
    few = Product.objects.active().filter(stock__lt=limit).order_by("stock", "name")
    return [p.name for p in few]


@running_out.right
def sorted_in_python(limit: int) -> object:
    few = Product.objects.filter(stock__lt=limit).exclude(is_active=False)
    return (p.name for p in sorted(few, key=lambda p: (p.stock, p.name)))


@running_out.right
def names_by_cursor(limit: int) -> object:
    with connection.cursor() as cursor:
        sql = "SELECT name FROM shop_product WHERE is_active AND stock < %s ORDER BY stock, name"
        cursor.execute(sql, [limit])
        return [name for (name,) in cursor.fetchall()]


@running_out.wrong(products_not_names)
def whole_products(limit: int) -> object:
    return Product.objects.filter(is_active=True, stock__lt=limit).order_by("stock", "name")


@running_out.wrong(not_flat)
def names_in_tuples(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lt=limit)
    return few.order_by("stock", "name").values_list("name")


@running_out.wrong(not_flat)
def names_in_dictionaries(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lt=limit)
    return few.order_by("stock", "name").values("name")


@running_out.wrong(with_withdrawn)
def all_products(limit: int) -> object:
    few = Product.objects.filter(stock__lt=limit).order_by("stock", "name")
    return few.values_list("name", flat=True)


@running_out.wrong(limit_itself)
def at_most(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lte=limit).order_by("stock", "name")
    return few.values_list("name", flat=True)


@running_out.wrong(sold_out_forgotten)
def still_in_stock(limit: int) -> object:
    few = Product.objects.in_stock().filter(stock__lt=limit).order_by("stock", "name")
    return few.values_list("name", flat=True)


@running_out.wrong(most_first)
def turned_round(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lt=limit).order_by("-stock", "name")
    return few.values_list("name", flat=True)


@running_out.wrong(by_name)
def own_order(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lt=limit)
    return few.values_list("name", flat=True)


@running_out.wrong(ties_left_open)
def only_stock(limit: int) -> object:
    few = Product.objects.filter(is_active=True, stock__lt=limit).order_by("stock", "-name")
    return few.values_list("name", flat=True)


# 03.3: or.


def found_by_both() -> None:
    """a customer came who has the text in the name and in the address"""
    customer(name="Garcia-Papadakis O'Brien", email="garcia.papadakis@example.net")


def found_by_address() -> None:
    """a customer came who has the text only in the address"""
    customer(email="GARCIA.PAPADAKIS+o'brien@example.net")


find_customers = Exercise(
    "03.3",
    "Who is calling?",
    minutes=3,
    queries=1,
    changes=[found_by_both, found_by_address],
    hints=[
        "It is enough if one of two conditions is true. Two arguments of filter() mean: both.",
        "Q makes an object of a condition, and | between two of them means or.",
        "The lookup icontains finds a part of a text, and does not care about big and small.",
    ],
)


@find_customers.cases
def _() -> object:
    return [("papa",), ("GARCIA",), ("o'b",), ("example.net",), ("nobody at all",)]


@find_customers.expects
def _(text: str) -> object:
    part = text.lower()
    everyone = Customer.objects.all()
    return [c for c in everyone if part in c.name.lower() or part in c.email.lower()]


@find_customers.check
def reads_only_those(run: Run) -> str | None:
    if run.fetched > 2 * len(run.expected) + 5:
        return (
            f"You read {run.fetched} rows to find {len(run.expected)} customers. "
            "Let the database search: the conditions belong into filter()."
        )
    return None


def _where(run: Run) -> str:
    return run.seen.queries[0].sql.partition(" WHERE ")[2].partition(" ORDER BY ")[0]


@find_customers.mistake(
    "Only the name is searched. Is there Python's own word `or` in your code? "
    "It returns the first Q and forgets the second: write | in its place."
)
def only_name(run: Run) -> bool:
    return bool(run.missing) and "email" not in _where(run)


@find_customers.mistake(
    "Only the e-mail address is searched. Is there Python's own word `and` in your code? "
    "It returns the last Q only. And asked is or: write | between the two."
)
def only_address(run: Run) -> bool:
    return bool(run.missing) and "name" not in _where(run)


@find_customers.mistake(
    "Big and small letters make a difference in your search. The lookup icontains ignores them."
)
def cares_about_case(run: Run) -> bool:
    text = run.arguments[0]
    unseen = all(text not in c.name + c.email for c in run.missing)
    return bool(run.missing) and unseen and " OR " in _where(run)


@find_customers.mistake(
    "Only those are found who have the text in both. One of the two is enough: Q(...) | Q(...)."
)
def both_needed(run: Run) -> bool:
    text = run.arguments[0].lower()
    return bool(run.missing) and all(
        (text in c.name.lower()) != (text in c.email.lower()) for c in run.missing
    )


@find_customers.mistake(
    "A customer who has the text in both stands in your list twice. Ask once, with or."
)
def found_twice(run: Run) -> bool:
    return bool(run.surplus) and not run.missing and all(c in run.expected for c in run.surplus)


@find_customers.mistake("Never put a value into SQL by hand: an apostrophe ends the text. Use %s.")
def sql_by_hand(run: Run) -> bool:
    told = failed(run, "OperationalError", "syntax") or failed(run, "ProgrammingError", "syntax")
    return told and "'" in run.arguments[0]


@find_customers.right
def union_of_two(text: str) -> object:
    customers = Customer.objects.order_by()
    by_address = customers.filter(email__icontains=text)
    return customers.filter(name__icontains=text).union(by_address)


@find_customers.right
def querysets_with_or(text: str) -> object:
    by_name = Customer.objects.filter(name__icontains=text)
    return list(by_name | Customer.objects.filter(email__icontains=text))


@find_customers.right
def neither_excluded(text: str) -> object:
    return Customer.objects.exclude(~Q(name__icontains=text), ~Q(email__icontains=text))


@find_customers.right
def found_by_raw_sql(text: str) -> object:
    sql = "SELECT * FROM shop_customer WHERE lower(name) LIKE %s OR lower(email) LIKE %s"
    return list(Customer.objects.raw(sql, [f"%{text.lower()}%"] * 2))


@find_customers.wrong(both_needed)
def comma_is_and(text: str) -> object:
    return Customer.objects.filter(name__icontains=text, email__icontains=text)


@find_customers.wrong(only_name)
def pythons_or(text: str) -> object:
    return Customer.objects.filter(Q(name__icontains=text) or Q(email__icontains=text))


@find_customers.wrong(only_address)
def pythons_and(text: str) -> object:
    return Customer.objects.filter(Q(name__icontains=text) and Q(email__icontains=text))


@find_customers.wrong(cares_about_case)
def exact_text(text: str) -> object:
    return Customer.objects.filter(Q(name__regex=text) | Q(email__regex=text))


@find_customers.wrong("You read 120 rows to find")
def found_in_python(text: str) -> object:
    part = text.lower()
    everyone = Customer.objects.all()
    return [c for c in everyone if part in c.name.lower() or part in c.email.lower()]


@find_customers.wrong("it took 2 queries. 1 is enough")
def two_sets(text: str) -> object:
    by_name = set(Customer.objects.filter(name__icontains=text))
    return by_name | set(Customer.objects.filter(email__icontains=text))


@find_customers.wrong(found_twice)
def two_lists(text: str) -> object:
    by_name = list(Customer.objects.filter(name__icontains=text))
    return by_name + list(Customer.objects.filter(email__icontains=text))


@find_customers.wrong(sql_by_hand)
def text_in_sql(text: str) -> object:
    part = f"'%%{text.lower()}%%'"
    condition = f"lower(name) LIKE {part} OR lower(email) LIKE {part}"
    return list(Customer.objects.raw(f"SELECT * FROM shop_customer WHERE {condition}"))


# 03.4: not, and nothing.


def unknown_birthday() -> None:
    """a customer came whose birthday is unknown"""
    customer()


def born_in_march() -> None:
    """a customer came who was born in March"""
    customer(birthday="1990-03-31")


no_card = Exercise(
    "03.4",
    "No birthday card",
    minutes=2,
    queries=1,
    changes=[unknown_birthday, born_in_march],
    hints=[
        "Who gets a card is easy to say with filter(). What is the opposite of filter()?",
        "The month of a date is a lookup: birthday__month.",
        "exclude() keeps those whose birthday is NULL. A condition in SQL that says NOT does not.",
    ],
)


@no_card.cases
def _() -> object:
    return [(2,), (3,)]


@no_card.expects
def _(month: int) -> object:
    return [c for c in Customer.objects.all() if not c.birthday or c.birthday.month != month]


@no_card.mistake("These are the customers who do get a card. Asked are all the others.")
def with_card(run: Run) -> bool:
    month = run.arguments[0]
    return bool(run.rows) and all(c.birthday and c.birthday.month == month for c in run.rows)


@no_card.mistake(
    "Customers whose birthday is unknown are missing. NULL is neither this month nor another one: "
    "exclude() on the field itself keeps them, other comparisons lose them."
)
def unknown_forgotten(run: Run) -> bool:
    return bool(run.missing) and all(c.birthday is None for c in run.missing)


@no_card.mistake(
    "Those who do get a card are in your list as well. exclude() with two conditions leaves out "
    "only rows for which both are true."
)
def with_everybody(run: Run) -> bool:
    return not run.missing and len(run.rows) == Customer.objects.count()


@no_card.mistake("Only those whose birthday is unknown are in your list. The others are missing.")
def only_unknown(run: Run) -> bool:
    return bool(run.missing) and all(c.birthday is None for c in run.rows)


@no_card.mistake(
    "There is no lookup for `is not`. Say what is, with filter(), and turn it round: exclude() or ~Q."
)
def no_such_lookup(run: Run) -> bool:
    return failed(run, "FieldError", "nsupported lookup")


@no_card.mistake(
    "The birthday of some customers is None, and None has no month. Ask for that first."
)
def none_has_no_month(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@no_card.right
def not_q(month: int) -> object:
    return Customer.objects.filter(~Q(birthday__month=month))


@no_card.right
def less_or_more(month: int) -> object:
    other = Q(birthday__month__lt=month) | Q(birthday__month__gt=month)
    return Customer.objects.filter(Q(birthday=None) | other)


@no_card.right
def months_in_python(month: int) -> object:
    return [c for c in Customer.objects.all() if not (c.birthday and c.birthday.month == month)]


@no_card.right
def others_by_key(month: int) -> object:
    born = Customer.objects.filter(birthday__month=month)
    return Customer.objects.exclude(pk__in=born)


@no_card.wrong(with_card)
def the_opposite(month: int) -> object:
    return Customer.objects.filter(birthday__month=month)


@no_card.wrong(unknown_forgotten)
def other_months(month: int) -> object:
    return Customer.objects.filter(birthday__month__in=[n for n in range(1, 13) if n != month])


@no_card.wrong(unknown_forgotten)
def unknown_excluded(month: int) -> object:
    return Customer.objects.exclude(birthday__month=month).exclude(birthday=None)


@no_card.wrong(unknown_forgotten)
def month_annotated(month: int) -> object:
    return Customer.objects.annotate(month=ExtractMonth("birthday")).exclude(month=month)


@no_card.wrong(with_everybody)
def both_excluded(month: int) -> object:
    return Customer.objects.exclude(birthday__month=month, birthday=None)


@no_card.wrong(only_unknown)
def both_conditions(month: int) -> object:
    return Customer.objects.filter(birthday=None).exclude(birthday__month=month)


@no_card.wrong(no_such_lookup)
def made_up_lookup(month: int) -> object:
    return Customer.objects.filter(birthday__month__ne=month)


@no_card.wrong(none_has_no_month)
def none_forgotten(month: int) -> object:
    return [c for c in Customer.objects.all() if c.birthday.month != month]


# 03.5: order and slice.


def cheap_one() -> None:
    """there is a new product, the cheapest of all"""
    product(name="Zinnia", price=1)


def same_price() -> None:
    """there are new products that cost as much as others"""
    for price in Product.objects.order_by("price", "name").values_list("price", flat=True)[:20]:
        product(price=price)


price_page = Exercise(
    "03.5",
    "One page of the price list",
    minutes=3,
    queries=2,  # A Paginator counts the rows as well.
    ordered=True,
    changes=[cheap_one, same_price],
    hints=[
        "First put all products in order, then take a slice of ten.",
        "A slice [a:b] of a queryset becomes LIMIT and OFFSET. Page 1 begins at 0, page 2 at 10.",
        "Page n ends before 10 * n, and begins ten earlier.",
    ],
)


@price_page.cases
def _() -> object:
    return [(1,), (3,), (8,)]


@price_page.expects
def _(number: int) -> object:
    in_order = sorted(Product.objects.all(), key=lambda p: (p.price, p.name, p.pk))
    return in_order[10 * number - 10 : 10 * number]


@price_page.check
def reads_one_page(run: Run) -> str | None:
    if run.fetched > len(run.expected) + 2:
        return (
            f"The products are right, but you read {run.fetched} rows for a page of "
            f"{len(run.expected)}. Slice the queryset itself, before you loop or call list()."
        )
    return None


@price_page.mistake("Some products are left out. All products are in the list, sold out or not.")
def not_all_products(run: Run) -> bool:
    where = run.seen.queries[-1].sql.partition(" WHERE ")[2]
    return bool(run.missing) and ("is_active" in where or "stock" in where)


@price_page.mistake("This is the page after it. Pages count from 1, the rows of a slice from 0.")
def next_page(run: Run) -> bool:
    start = 10 * run.arguments[0]
    in_order = Product.objects.order_by("price", "name", "pk")
    return run.rows == list(in_order[start : start + 10])


@price_page.mistake(
    "A slice [a:b] ends before b: [10:20] are ten rows. Yours has too few or too many."
)
def wrong_length(run: Run) -> bool:
    return len(run.rows) != 10 and len(run.expected) == 10


@price_page.mistake("The dearest products come first in your list. Asked are the cheapest first.")
def dearest_first(run: Run) -> bool:
    return run.rows[0].price > run.rows[-1].price and run.rows == sorted(
        run.rows, key=lambda p: -p.price
    )


@price_page.mistake("Your page is in the order of the names. The price list goes by price first.")
def page_by_name(run: Run) -> bool:
    names = [p.name for p in run.rows]
    prices = [p.price for p in run.rows]
    return names == sorted(names) and prices != sorted(prices)


@price_page.mistake(
    "Among products with the same price, your order is another one. Add the name to the order."
)
def price_ties(run: Run) -> bool:
    same_prices = [p.price for p in run.rows] == [p.price for p in run.expected]
    return same_prices and run.rows != run.expected


@price_page.mistake("First the order, then the slice: a queryset that is cut cannot be sorted.")
def sliced_too_early(run: Run) -> bool:
    return failed(run, "TypeError", "once a slice has been taken")


@price_page.mistake("Your page begins one row late: the first row of a slice has the number 0.")
def one_row_late(run: Run) -> bool:
    start = 10 * run.arguments[0] - 9
    in_order = Product.objects.order_by("price", "name", "pk")
    return run.rows == list(in_order[start : start + 10])


@price_page.right
def by_paginator(number: int) -> object:
    return Paginator(Product.objects.order_by("price", "name", "pk"), 10).page(number).object_list


@price_page.right
def page_itself(number: int) -> object:
    pages = Paginator(Product.objects.order_by("price", "name", "pk"), 10)
    return list(pages.get_page(number))


@price_page.right
def page_by_raw_sql(number: int) -> object:
    sql = "SELECT * FROM shop_product ORDER BY price, name, id LIMIT 10 OFFSET %s"
    return list(Product.objects.raw(sql, [10 * (number - 1)]))


@price_page.wrong(next_page)
def counted_from_zero(number: int) -> object:
    return Product.objects.order_by("price", "name", "pk")[10 * number : 10 * number + 10]


@price_page.wrong(one_row_late)
def from_row_one(number: int) -> object:
    return Product.objects.order_by("price", "name", "pk")[10 * number - 9 : 10 * number + 1]


@price_page.wrong(wrong_length)
def nine_rows(number: int) -> object:
    return Product.objects.order_by("price", "name", "pk")[10 * number - 10 : 10 * number - 1]


@price_page.wrong(dearest_first)
def from_the_top(number: int) -> object:
    return Product.objects.order_by("-price", "name", "pk")[10 * number - 10 : 10 * number]


@price_page.wrong(page_by_name)
def no_order(number: int) -> object:
    return Product.objects.all()[10 * number - 10 : 10 * number]


@price_page.wrong(price_ties)
def only_price(number: int) -> object:
    return Product.objects.order_by("price", "-name")[10 * number - 10 : 10 * number]


@price_page.wrong(sliced_too_early)
def slice_then_order(number: int) -> object:
    return Product.objects.all()[10 * number - 10 : 10 * number].order_by("price", "name")


@price_page.wrong(not_all_products)
def only_on_sale(number: int) -> object:
    on_sale = Product.objects.in_stock().order_by("price", "name", "pk")
    return on_sale[10 * number - 10 : 10 * number]


@price_page.wrong("you read 80 rows for a page of 10")
def list_first(number: int) -> object:
    return list(Product.objects.order_by("price", "name", "pk"))[10 * number - 10 : 10 * number]


# 03.6: INSERT or UPDATE.

by_hand = Prediction(
    "03.6",
    "Predict: a key written by hand",
    minutes=2,
    hints=[
        "What does save() do when the object has a primary key?",
        "It tries an UPDATE. What if the UPDATE finds no row?",
        "update_fields allows an UPDATE only, and now the row is there.",
    ],
    because="The object has a primary key, so the first save() tries an UPDATE. It finds 0 rows, "
    "so an INSERT follows. The second save() is one UPDATE of one column.",
    wrong={
        1: "Both save() calls ask: an object in Python is not a row yet.",
        2: "The first save() needs two statements: the UPDATE that finds no row, then the INSERT.",
        4: "The second save() finds the row, and update_fields allows an UPDATE only: one statement.",
    },
)


# 03.7: the lost update, and update_fields.


move = Exercise(
    "03.7",
    "Moving house",
    minutes=3,
    hints=[
        "save() writes every column: also the old budget, which this object still holds.",
        "Write one column only. save() has an option for it, and so has the queryset: update().",
        'department.save() takes the names of the columns: update_fields=["..."].',
    ],
)

_OLD, _NEW = Decimal("150000.00"), Decimal("225000.00")


@move.cases
def _() -> object:
    row = Department.objects.filter(pk=8)
    row.update(budget=_OLD, name="Legal")
    department = row.get()
    row.update(budget=_NEW, name="Law")  # Somebody else, meanwhile.
    return [(department, "Cork")]


@move.check
def only_the_city(run: Run) -> str | None:
    department, city = run.arguments
    row = Department.objects.filter(pk=8).first()
    if row is None:
        return "The row of the department is gone. Change it, do not delete it."
    if row.budget == _OLD:
        return (
            "The city is stored, but the new budget is lost: your save() wrote the old one back, "
            "which this object still held. Write the city alone."
        )
    if Department.objects.count() > 8:
        return "There is a new department now. Change the row that is there."
    if row.budget != _NEW or row.name != "Law":
        return "Other columns of the row have changed. Store the city and nothing else."
    if row.city != city:
        if department.city == city:
            return "The object has the new city, but nobody stored it: the row has the old one."
        return (
            f"The row still has the city {row.city!r}. It should be {city!r}. "
            "(Did you find the row? Its primary key stays, anything else may have changed.)"
        )
    if Department.objects.filter(city=city).count() > 1:
        return "Every department moved. Change only the row of this one: filter(pk=...)."
    return None


@move.mistake("A new object with this key knows only what you give it: save() writes all columns.")
def by_new_object(run: Run) -> bool:
    return failed(run, "IntegrityError") and "null" in str(run.error).lower()


@move.mistake(
    "One object has no update(). A queryset has: Department.objects.filter(pk=...).update()."
)
def object_has_no_update(run: Run) -> bool:
    return failed(run, "AttributeError", "has no attribute 'update'")


@move.mistake('update_fields wants the names of columns, in a list: update_fields=["city"].')
def letters_as_columns(run: Run) -> bool:
    return failed(run, "ValueError", "do not exist in this model")


@move.right
def by_update(department: Department, city: str) -> object:
    return Department.objects.filter(pk=department.pk).update(city=city)


@move.right
def read_again(department: Department, city: str) -> object:
    department.refresh_from_db()
    department.city = city
    department.save()
    return department


@move.right
def locked(department: Department, city: str) -> None:
    with transaction.atomic():
        fresh = Department.objects.select_for_update().get(pk=department.pk)
        fresh.city = city
        fresh.save()


@move.right
def in_bulk(department: Department, city: str) -> None:
    department.city = city
    Department.objects.bulk_update([department], ["city"])


@move.right
async def asynchronously(department: Department, city: str) -> None:
    department.city = city
    await department.asave(update_fields=["city"])


@move.wrong("the new budget is lost")
def plain_save(department: Department, city: str) -> None:
    department.city = city
    department.save()


@move.wrong("the new budget is lost")
def two_columns(department: Department, city: str) -> None:
    department.city = city
    department.save(update_fields=["city", "budget"])


@move.wrong("nobody stored it")
def without_save(department: Department, city: str) -> None:
    department.city = city


@move.wrong("Other columns of the row have changed")
def wrong_column(department: Department, city: str) -> None:
    department.city = city
    department.save(update_fields=["name"])


@move.wrong("The row still has the city 'Dublin'")
def refreshed_too_late(department: Department, city: str) -> None:
    department.city = city
    department.refresh_from_db()
    department.save()


@move.wrong(letters_as_columns)
def column_as_text(department: Department, city: str) -> None:
    department.city = city
    department.save(update_fields="city")


@move.wrong("The row still has the city 'Dublin'")
def found_by_name(department: Department, city: str) -> None:
    Department.objects.filter(name=department.name).update(city=city)


@move.wrong("There is a new department now")
def added(department: Department, city: str) -> None:
    Department.objects.create(name=department.name, city=city, budget=department.budget)


@move.wrong("Every department moved")
def without_filter(department: Department, city: str) -> None:
    Department.objects.update(city=city)


@move.wrong(by_new_object)
def new_object(department: Department, city: str) -> None:
    Department(pk=department.pk, name=department.name, city=city).save()


@move.wrong(object_has_no_update)
def update_of_object(department: Any, city: str) -> None:
    department.update(city=city)


@move.wrong("Other columns of the row have changed")
def rest_forgotten(department: Department, city: str) -> None:
    Department(pk=department.pk, city=city, budget=0).save()


@move.wrong("The row of the department is gone")
def deleted_and_added(department: Department, city: str) -> None:
    row = Department.objects.get(pk=department.pk)
    row.delete()
    Department.objects.create(name=row.name, city=city, budget=row.budget)


# 03.8: get_or_create and its defaults.


def law() -> None:
    """Legal is called Law now"""
    Department.objects.filter(pk=8).update(name="Law")


open_department = Exercise(
    "03.8",
    "Open it, if it is not there",
    minutes=3,
    changes=[law],
    hints=[
        "There is one method for: find it, or else add it.",
        "get_or_create() returns the object, and whether it is new.",
        "Each argument of get_or_create() is part of the search, except defaults={...}.",
    ],
)


@open_department.cases
def _() -> object:
    return [("Sales", "Cork", 1000), ("Legal", "Cork", 1000), ("Design", "Porto", 90_000)]


@open_department.check
def found_or_opened(run: Run) -> str | None:
    name, city, budget = run.arguments
    value = run.value
    if value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if isinstance(value, Department):
        return "Your function returned the department only. Asked is a pair: and whether it is new."
    if not (isinstance(value, tuple | list) and len(value) == 2):
        return "Asked is a pair: the department, and True or False."
    department, is_new = value
    if not isinstance(department, Department) or not isinstance(is_new, bool | int):
        return "Asked is a pair: the department, and True or False."
    rows = list(Department.objects.filter(name=name))
    if not rows and Department.objects.filter(name="").exists():
        return (
            "The new department has no name. A search with a lookup, such as name__iexact, does "
            "not give the new row its name: put it into defaults, or search for name=."
        )
    if not rows:
        return f"There is no department {name} in the table. An object must be saved, too."
    row = rows[0]
    was_there = row.pk <= 8
    if was_there and (row.city == city or row.budget == budget):
        return f"{name} was there already, and you changed it. Leave it exactly as it is."
    if not was_there and (row.city != city or row.budget != budget):
        return f"{name} is new, but it has not got the city and the budget that were given."
    if department.pk != row.pk:
        return f"The department in your pair is not the one called {name}."
    if bool(is_new) == was_there:
        return f"Your pair says {is_new} for {name}. True means that it is new, False that it was there."
    return None


@open_department.mistake(
    "You searched for more than the name. The name was there, but with another city or budget: "
    "the search found nothing, and a second one was refused, since names are unique. "
    "Search for the name only; the rest belongs into defaults."
)
def all_in_the_search(run: Run) -> bool:
    selects = [q for q in run.seen.queries if q.sql.startswith("SELECT")]
    return failed(run, "IntegrityError") and any(
        '"budget" = ' in q.sql or '"city" = ' in q.sql for q in selects
    )


@open_department.mistake(
    "A department of this name is there already, and names are unique: look first."
)
def always_created(run: Run) -> bool:
    return failed(run, "IntegrityError", "UNIQUE") or failed(run, "IntegrityError", "unique")


@open_department.mistake("A new department needs its city and its budget: give them in defaults.")
def rest_not_given(run: Run) -> bool:
    return failed(run, "IntegrityError")


@open_department.mistake(
    "Nothing was searched for, so every department fits. The name is the search: name=name, "
    "outside of defaults."
)
def no_search(run: Run) -> bool:
    return failed(run, "MultipleObjectsReturned")


@open_department.mistake(
    "An error inside atomic() breaks the transaction: no query works until the block ends. "
    "Put the try outside the atomic block."
)
def opened_in_broken(run: Run) -> bool:
    return failed(run, "TransactionManagementError")


@open_department.mistake(
    "get() raises DoesNotExist when there is none. Catch it, or ask another way."
)
def get_raised(run: Run) -> bool:
    return failed(run, "DoesNotExist")


@open_department.right
def by_exception(name: str, city: str, budget: int) -> object:
    try:
        return Department.objects.get(name=name), False
    except Department.DoesNotExist:
        return Department.objects.create(name=name, city=city, budget=budget), True


@open_department.right
def by_first(name: str, city: str, budget: int) -> object:
    department = Department.objects.filter(name=name).first()
    if department:
        return [department, False]
    department = Department(name=name, city=city, budget=budget)
    department.save()
    return [department, True]


@open_department.right
async def by_await(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    return await Department.objects.aget_or_create(name=name, defaults=rest)


@open_department.right
def only_for_the_new(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    return Department.objects.update_or_create(name=name, defaults={}, create_defaults=rest)


@open_department.wrong(all_in_the_search)
def no_defaults(name: str, city: str, budget: int) -> object:
    return Department.objects.get_or_create(name=name, city=city, budget=budget)


@open_department.wrong(always_created)
def create_at_once(name: str, city: str, budget: int) -> object:
    return Department.objects.create(name=name, city=city, budget=budget), True


@open_department.wrong(all_in_the_search)
def city_in_the_search(name: str, city: str, budget: int) -> object:
    return Department.objects.get_or_create(name=name, city=city, defaults={"budget": budget})


@open_department.wrong(rest_not_given)
def name_alone(name: str, city: str, budget: int) -> object:
    return Department.objects.get_or_create(name=name)


@open_department.wrong(no_search)
def all_in_defaults(name: str, city: str, budget: int) -> object:
    everything = {"name": name, "city": city, "budget": budget}
    return Department.objects.get_or_create(defaults=everything)


@open_department.wrong(opened_in_broken)
def try_inside(name: str, city: str, budget: int) -> object:
    with transaction.atomic():
        try:
            return Department.objects.create(name=name, city=city, budget=budget), True
        except IntegrityError:
            return Department.objects.get(name=name), False


@open_department.wrong("The new department has no name")
def found_by_lookup(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    return Department.objects.get_or_create(name__iexact=name, defaults=rest)


@open_department.wrong("Your function returned nothing (None)")
def opened_silently(name: str, city: str, budget: int) -> None:
    rest = {"city": city, "budget": budget}
    Department.objects.get_or_create(name=name, defaults=rest)


@open_department.wrong(get_raised)
def get_only(name: str, city: str, budget: int) -> object:
    return Department.objects.get(name=name), False


@open_department.wrong("Sales was there already, and you changed it")
def updated_as_well(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    return Department.objects.update_or_create(name=name, defaults=rest)


@open_department.wrong("Asked is a pair: and whether it is new")
def without_the_word(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    return Department.objects.get_or_create(name=name, defaults=rest)[0]


@open_department.wrong("True means that it is new")
def other_way_round(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    department, is_new = Department.objects.get_or_create(name=name, defaults=rest)
    return department, not is_new


@open_department.wrong("An object must be saved, too")
def never_saved(name: str, city: str, budget: int) -> object:
    department = Department.objects.filter(name=name).first()
    return department or Department(name=name, city=city, budget=budget), not department


@open_department.wrong("Asked is a pair: the department, and True or False")
def names_only(name: str, city: str, budget: int) -> object:
    department, _ = Department.objects.get_or_create(name=name, defaults={"budget": budget})
    return department.name, True


@open_department.wrong("it has not got the city and the budget")
def city_forgotten(name: str, city: str, budget: int) -> object:
    return Department.objects.get_or_create(name=name, defaults={"budget": budget})


# 03.9: an upsert.

_TODAY = date(2026, 3, 2)
_before: dict[str, dict[str, Any]] = {}


def nothing_new() -> None:
    """one of the new people has become a customer already"""
    customer(name="I. Larsen", email="ida.larsen@example.com", birthday="1991-01-01")


import_customers = Exercise(
    "03.9",
    "The list from the fair",
    minutes=4,
    queries=3,
    changes=[nothing_new],
    hints=[
        "One row, one query is too many. bulk_create() makes one INSERT of many objects.",
        "A known e-mail address is a conflict with a unique column. What can a conflict become?",
        "update_conflicts=True wants unique_fields and update_fields: which may change?",
    ],
)


@import_customers.cases
def _() -> object:
    _before.clear()
    _before.update({row["email"]: row for row in Customer.objects.values()})
    rows = [
        ("Ida Larsen", "ida.larsen@example.com", "Bergen", "Norway"),
        ("Ann O'Brien-Walsh", "ann.obrien@example.com", "Galway", "Ireland"),
        ("Tom Achterberg", "tom.achterberg@example.org", "Utrecht", "Netherlands"),
        ("Dara Byrne", "dara.byrne@example.com", "Lyon", "France"),
    ]
    names = ("name", "email", "city", "country")
    return [([dict(zip(names, row, strict=True)) for row in rows], _TODAY)]


@import_customers.check
def imported(run: Run) -> str | None:
    rows, today = run.arguments
    now = {row["email"]: row for row in Customer.objects.values()}
    for row in rows:
        email = row["email"]
        if email not in now:
            return f"{row['name']} ({email}) is not in the table."
        if sentence := _imported(row, _before.get(email), now[email], today):
            return sentence
    given = {row["email"] for row in rows}
    if any(now.get(email) != row for email, row in _before.items() if email not in given):
        return "Customers who are not in the list have changed, or are gone. Leave them alone."
    if len(now) > len(_before.keys() | given):
        return "There are customers now who are not in the list."
    return None


def _imported(
    row: dict[str, str], old: dict[str, Any] | None, new: dict[str, Any], today: date
) -> str | None:
    email = row["email"]
    if old is None and new["joined_on"] != today:
        return f"{email} is new, and should have joined today: {today}."
    if old and new["id"] != old["id"]:
        return f"{email} has another primary key now: the old row was deleted. Change it instead."
    if old and new["joined_on"] != old["joined_on"]:
        return (
            f"{email} was a customer already, but joined_on is today now. "
            "It is only for new customers."
        )
    if any(new[name] != row[name] for name in ("name", "city", "country")):
        return f"{email} still has the old name, city or country. The list knows better."
    if old and {**old, **row} != new:
        return f"Other columns of {email} have changed. Only name, city and country may."
    return None


@import_customers.mistake(
    "Each row of the list costs queries of its own. Build the objects first, then send them at once."
)
def one_by_one(run: Run) -> bool:
    return run.error is None and run.queries > 3 and run.queries >= len(run.arguments[0])


@import_customers.mistake(
    "Somebody in the list is a customer already, and the e-mail address must be unique."
)
def known_inserted_again(run: Run) -> bool:
    return failed(run, "IntegrityError", "email")


@import_customers.mistake(
    "A new customer needs a day in joined_on: the database takes no row without."
)
def no_day(run: Run) -> bool:
    return failed(run, "IntegrityError", "joined_on")


@import_customers.mistake(
    "bulk_create() must know which column can conflict (unique_fields), "
    "and which columns are to be changed then (update_fields)."
)
def incomplete_upsert(run: Run) -> bool:
    return failed(run, "ValueError", "conflict") or failed(run, "ValueError", "upsert")


@import_customers.mistake(
    "Only a unique column can be in conflict. Which column says that two rows are the same person?"
)
def not_unique(run: Run) -> bool:
    return failed(run, "OperationalError", "ON CONFLICT") or failed(
        run, "ProgrammingError", "ON CONFLICT"
    )


@import_customers.mistake("bulk_create() wants objects, Customer(...), and not dictionaries.")
def dictionaries(run: Run) -> bool:
    return failed(run, "AttributeError", "'dict' object")


@import_customers.mistake(
    "bulk_update() changes objects that were read, and these have no primary key. "
    "Read those that are there, or let bulk_create() turn conflicts into updates."
)
def nothing_read(run: Run) -> bool:
    return failed(run, "ValueError", "primary key set")


@import_customers.mistake(
    "Deleting a customer who has orders is refused: what they bought belongs to them. Change the row."
)
def deleted_first(run: Run) -> bool:
    return failed(run, "ProtectedError")


@import_customers.right
def known_and_new(rows: list[dict[str, str]], today: date) -> None:
    known = Customer.objects.in_bulk([row["email"] for row in rows], field_name="email")
    for row in rows:
        for name, value in row.items():
            if row["email"] in known:
                setattr(known[row["email"]], name, value)
    new = [Customer(**row, joined_on=today) for row in rows if row["email"] not in known]
    with transaction.atomic():
        Customer.objects.bulk_create(new)
        Customer.objects.bulk_update(known.values(), ["name", "city", "country"])


@import_customers.right
def upsert_by_sql(rows: list[dict[str, str]], today: date) -> None:
    columns = "name, email, city, country, joined_on"
    same = ", ".join(f"{name} = excluded.{name}" for name in ("name", "city", "country"))
    places = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
    values: list[Any] = [value for row in rows for value in (*row.values(), today)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO shop_customer ({columns}) VALUES {places} "
            f"ON CONFLICT (email) DO UPDATE SET {same}",
            tuple(values),
        )


@import_customers.right
async def upsert_awaited(rows: list[dict[str, str]], today: date) -> None:
    await Customer.objects.abulk_create(
        [Customer(joined_on=today, **row) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["name", "email", "city", "country"],
    )


@import_customers.wrong(one_by_one)
def row_by_row(rows: list[dict[str, str]], today: date) -> None:
    for row in rows:
        rest = {name: row[name] for name in ("name", "city", "country")}
        new = rest | {"joined_on": today}
        Customer.objects.update_or_create(email=row["email"], defaults=rest, create_defaults=new)


@import_customers.wrong("joined_on is today now")
def joined_again(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create(
        [Customer(**row, joined_on=today) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["name", "city", "country", "joined_on"],
    )


@import_customers.wrong("Other columns of ann.obrien@example.com have changed")
def birthday_lost(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create(
        [Customer(**row, joined_on=today) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["name", "city", "country", "birthday"],
    )


@import_customers.wrong("still has the old name, city or country")
def ignored(rows: list[dict[str, str]], today: date) -> None:
    new = [Customer(**row, joined_on=today) for row in rows]
    Customer.objects.bulk_create(new, ignore_conflicts=True)


@import_customers.wrong(known_inserted_again)
def only_inserted(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create([Customer(**row, joined_on=today) for row in rows])


@import_customers.wrong(no_day)
def day_forgotten(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create(
        [Customer(**row) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["name", "city", "country"],
    )


@import_customers.wrong(incomplete_upsert)
def no_unique_fields(rows: list[dict[str, str]], today: date) -> None:
    new = [Customer(**row, joined_on=today) for row in rows]
    Customer.objects.bulk_create(new, update_conflicts=True, update_fields=["name", "city"])


@import_customers.wrong(incomplete_upsert)
def no_update_fields(rows: list[dict[str, str]], today: date) -> None:
    new = [Customer(**row, joined_on=today) for row in rows]
    Customer.objects.bulk_create(new, update_conflicts=True, unique_fields=["email"])


@import_customers.wrong(not_unique)
def same_name(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create(
        [Customer(**row, joined_on=today) for row in rows],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["city", "country"],
    )


@import_customers.wrong(dictionaries)
def rows_as_they_are(rows: list[Any], today: date) -> None:
    Customer.objects.bulk_create(rows)


@import_customers.wrong(nothing_read)
def only_updated(rows: list[dict[str, str]], today: date) -> None:
    new = [Customer(**row, joined_on=today) for row in rows]
    Customer.objects.bulk_update(new, ["name", "city", "country"])


@import_customers.wrong("still has the old name, city or country")
def country_forgotten(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create(
        [Customer(**row, joined_on=today) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["name", "city"],
    )


@import_customers.wrong(deleted_first)
def deleted_and_inserted(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.filter(email__in=[row["email"] for row in rows]).delete()
    Customer.objects.bulk_create([Customer(**row, joined_on=today) for row in rows])


@import_customers.wrong("(ida.larsen@example.com) is not in the table")
def only_the_known(rows: list[dict[str, str]], today: date) -> None:
    known = Customer.objects.in_bulk([row["email"] for row in rows], field_name="email")
    for row in rows:
        if row["email"] in known:
            known[row["email"]].name = row["name"]
    Customer.objects.bulk_update(known.values(), ["name"])


# 03.10: two updates, one transaction.


def rich_and_poor() -> None:
    """Sales has nothing left, and Legal has more than all the others"""
    Department.objects.filter(name="Sales").update(budget=0)
    Department.objects.filter(name="Legal").update(budget=9_000_000)


transfer = Exercise(
    "03.10",
    "Both or none",
    minutes=4,
    changes=[rich_and_poor],
    hints=[
        "Two statements that belong together need a transaction around them: atomic().",
        "update() returns how many rows it found. 0 means: no such department, or not enough.",
        "An exception that leaves the block undoes all. So does transaction.set_rollback(True).",
    ],
)

_budgets: dict[str, Decimal] = {}


@transfer.cases
def _() -> object:
    _budgets.clear()
    _budgets.update(Department.objects.values_list("name", "budget"))
    return [
        ("Sales", "Legal", Decimal(100_000)),
        ("Legal", "Sales", Decimal(150_000)),
        ("Legal", "Sales", Decimal("150000.01")),
        ("Sales", "Astronomy", Decimal(100)),
        ("Astronomy", "Sales", Decimal(100)),
    ]


def _outermost(query: Query) -> Transaction | None:
    found, event = None, query.parent
    while event is not None:
        found = event if isinstance(event, Transaction) else found
        event = event.parent
    return found


@transfer.check
def moved(run: Run) -> str | None:
    giver, taker, amount = run.arguments
    before, now = _budgets, dict(Department.objects.values_list("name", "budget"))
    possible = giver in before and taker in before and before[giver] >= amount
    right = dict(before)
    if possible:
        right[giver] -= amount
        right[taker] += amount
    if now != right:
        return _what_moved(run, possible, before, now)
    if run.value is None:
        return "Your function returned nothing (None). Return True, or False."
    if not isinstance(run.value, bool | int):
        return "Return True, or False, and nothing else."
    if bool(run.value) != possible:
        done = "moved" if possible else "not moved"
        return f"The amount was {done}, but your function returned {run.value}."
    if possible:
        writes = [q for q in run.seen.queries if q.sql.lstrip().upper().startswith("UPDATE")]
        around = [_outermost(query) for query in writes]
        if len(writes) > 1 and (None in around or len(set(around)) > 1):
            return (
                "The result is right, but each UPDATE was stored by itself. If the program stops "
                "between the two, money is lost. Put both into one transaction.atomic() block."
            )
    return None


def _what_moved(
    run: Run, possible: bool, before: dict[str, Decimal], now: dict[str, Decimal]
) -> str:
    giver, taker, amount = run.arguments
    changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    if changed - {giver, taker}:
        return "Other departments have changed as well. Change only these two: filter(name=...)."
    if possible and not changed:
        return f"{giver} has enough, and {taker} is there, but nothing was moved."
    if possible and now[giver] - before[giver] == amount:
        return f"{giver} has got the amount. It should give it to {taker}."
    if possible:
        return (
            f"{giver} had {before[giver]}, now {now[giver]}; {taker} had {before[taker]}, now "
            f"{now[taker]}. Asked was to move {amount}."
        )
    if taker not in before and giver in changed:
        return (
            f"{amount} left {giver}, but there is no {taker} to take it: the money is gone. "
            "Undo the first change when the second one fails."
        )
    if giver not in before and taker in changed:
        return f"{taker} was given {amount}, and there is no {giver}: the money came from nowhere."
    return (
        f"{giver} has only {before[giver]}, which is less than {amount}, and yet budgets have "
        "changed. Nothing may change then."
    )


@transfer.mistake(
    "An error inside atomic() breaks the transaction: no query works until the block ends. "
    "Put the try outside the atomic block."
)
def caught_inside(run: Run) -> bool:
    return failed(run, "TransactionManagementError")


@transfer.mistake(
    "The database refused a budget below 0. Ask whether there is enough, or catch the "
    "IntegrityError outside the atomic block, and return False."
)
def below_zero(run: Run) -> bool:
    return failed(run, "IntegrityError", "budget")


@transfer.mistake(
    "One of the two departments does not exist. Then return False: catch DoesNotExist."
)
def unknown_name(run: Run) -> bool:
    return failed(run, "DoesNotExist")


@transfer.mistake(
    "first() gives None where there is no such department. Ask for that, return False."
)
def none_has_no_budget(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@transfer.right
def by_exceptions(giver: str, taker: str, amount: Decimal) -> object:
    try:
        with transaction.atomic():
            one = Department.objects.select_for_update().get(name=giver)
            two = Department.objects.select_for_update().get(name=taker)
            one.budget -= amount
            two.budget += amount
            one.save(update_fields=["budget"])
            two.save(update_fields=["budget"])
    except (Department.DoesNotExist, IntegrityError):
        return False
    return True


@transfer.right
@transaction.atomic
def asked_first(giver: str, taker: str, amount: Decimal) -> object:
    one = Department.objects.filter(name=giver, budget__gte=amount).first()
    two = Department.objects.filter(name=taker).first()
    if not one or not two:
        return False
    one.budget, two.budget = F("budget") - amount, F("budget") + amount
    one.save()
    two.save()
    return True


@transfer.right
def in_one_statement(giver: str, taker: str, amount: Decimal) -> object:
    able = Q(name=giver, budget__gte=amount)
    if Department.objects.filter(able | Q(name=taker)).count() < 2:
        return 0
    change = Case(When(name=giver, then=Value(-amount)), default=Value(amount))
    return (
        Department.objects.filter(name__in=[giver, taker]).update(budget=F("budget") + change) // 2
    )


@transfer.right
def given_back(giver: str, taker: str, amount: Decimal) -> object:
    found = Department.objects.in_bulk([giver, taker], field_name="name")
    if len(found) < 2 or found[giver].budget < amount:
        return False
    found[giver].budget -= amount
    found[taker].budget += amount
    return bool(Department.objects.bulk_update(found.values(), ["budget"]))


@transfer.wrong("each UPDATE was stored by itself")
def no_transaction(giver: str, taker: str, amount: Decimal) -> object:
    able = Department.objects.filter(name=giver, budget__gte=amount)
    if not able.exists() or not Department.objects.filter(name=taker).exists():
        return False
    able.update(budget=F("budget") - amount)
    Department.objects.filter(name=taker).update(budget=F("budget") + amount)
    return True


@transfer.wrong("each UPDATE was stored by itself")
def two_transactions(giver: str, taker: str, amount: Decimal) -> object:
    able = Department.objects.filter(name=giver, budget__gte=amount)
    if not able.exists() or not Department.objects.filter(name=taker).exists():
        return False
    with transaction.atomic():
        able.update(budget=F("budget") - amount)
    with transaction.atomic():
        Department.objects.filter(name=taker).update(budget=F("budget") + amount)
    return True


@transfer.wrong("there is no Astronomy to take it: the money is gone")
def taken_from_and_lost(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        able = Department.objects.filter(name=giver, budget__gte=amount)
        if not able.update(budget=F("budget") - amount):
            return False
        given = Department.objects.filter(name=taker).update(budget=F("budget") + amount)
        return given == 1


@transfer.wrong("the money came from nowhere")
def made_of_nothing(giver: str, taker: str, amount: Decimal) -> object:
    if Department.objects.filter(name=giver, budget__lt=amount).exists():
        return False
    with transaction.atomic():
        one = Department.objects.filter(name=giver).update(budget=F("budget") - amount)
        two = Department.objects.filter(name=taker).update(budget=F("budget") + amount)
        if one and not two:
            transaction.set_rollback(True)
    return bool(one and two)


@transfer.wrong(caught_inside)
def broken_transaction(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        with suppress(IntegrityError):
            Department.objects.filter(name=giver).update(budget=F("budget") - amount)
        return bool(Department.objects.filter(name=taker).update(budget=F("budget") + amount))


@transfer.wrong(below_zero)
def refused(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        Department.objects.filter(name=giver).update(budget=F("budget") - amount)
        Department.objects.filter(name=taker).update(budget=F("budget") + amount)
    return True


@transfer.wrong(unknown_name)
def one_is_missing(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        one, two = Department.objects.get(name=giver), Department.objects.get(name=taker)
        if one.budget < amount:
            return False
        one.budget -= amount
        two.budget += amount
        one.save()
        two.save()
    return True


@transfer.wrong(none_has_no_budget)
def first_or_none(giver: str, taker: str, amount: Decimal) -> object:
    one: Any = Department.objects.filter(name=giver).first()
    two: Any = Department.objects.filter(name=taker).first()
    if one.budget < amount:
        return False
    one.budget -= amount
    two.budget += amount
    return Department.objects.bulk_update([one, two], ["budget"]) == 2


@transfer.wrong("but nothing was moved")
def not_stored(giver: str, taker: str, amount: Decimal) -> object:
    found = Department.objects.in_bulk([giver, taker], field_name="name")
    if len(found) < 2 or found[giver].budget < amount:
        return False
    found[giver].budget -= amount
    found[taker].budget += amount
    return True


@transfer.wrong("which is less than 150000.01, and yet budgets have changed")
@transaction.atomic
def given_all_the_same(giver: str, taker: str, amount: Decimal) -> object:
    given = Department.objects.filter(name=taker).update(budget=F("budget") + amount)
    able = Department.objects.filter(name=giver, budget__gte=amount)
    return bool(able.update(budget=F("budget") - amount) and given)


@transfer.wrong("each UPDATE was stored by itself")
def caught_too_late(giver: str, taker: str, amount: Decimal) -> object:
    try:
        given = Department.objects.filter(name=taker).update(budget=F("budget") + amount)
        taken = Department.objects.filter(name=giver).update(budget=F("budget") - amount)
    except IntegrityError:
        return False
    return bool(given and taken)


@transfer.wrong("It should give it to Legal")
def wrong_direction(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        Department.objects.filter(name=giver).update(budget=F("budget") + amount)
        Department.objects.filter(name=taker).update(budget=F("budget") - amount)
    return True


@transfer.wrong("Other departments have changed as well")
def everybody_pays(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        Department.objects.exclude(name=taker).update(budget=F("budget") - amount)
        Department.objects.filter(name=taker).update(budget=F("budget") + amount)
    return True


@transfer.wrong("Your function returned nothing (None)")
def silent(giver: str, taker: str, amount: Decimal) -> None:
    with transaction.atomic():
        Department.objects.filter(name=giver).update(budget=F("budget") - amount)
        Department.objects.filter(name=taker).update(budget=F("budget") + amount)


# 03.11: two buyers at once.

_STOCK = 10
_MARK = "FOR UPDATE"


class Rival:
    """A second buyer, who comes just before the answer writes: the worst moment.

    Where the answer has read before it locks, that moment is just before the lock. A wrapper around the statements of the connection, as in
    https://docs.djangoproject.com/en/6.1/topics/db/instrumentation/. Where the answer has locked
    the row, in a transaction that still runs, the rival waits. What the rival asks for goes to the
    driver directly: it is not the learner's, and is not to stand in the trace.
    """

    def __init__(self, quantity: int) -> None:
        self.quantity = quantity
        self.waits = True
        self.read = self.locked = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if sql.startswith("BEGIN"):
            self.locked = False
        elif "shop_product" not in sql:
            pass
        elif _MARK in sql:
            if self.read:
                self.come()
            self.locked = True
        elif sql.lstrip().upper().startswith("SELECT"):
            self.read = True
        elif not (self.locked and context["connection"].in_atomic_block):
            self.come()
        return execute(sql, params, many, context)

    def come(self) -> None:
        """Buy, once, if there are enough."""
        if self.waits:
            self.waits = False
            connection.connection.execute(
                f"UPDATE shop_product SET stock = stock - {self.quantity:d} "
                f"WHERE id = 1 AND stock >= {self.quantity:d}"
            )


def _rivals() -> list[Rival]:
    return [w for w in connection.execute_wrappers if isinstance(w, Rival)]


def three_are_bought() -> None:
    """just before your code writes, another customer buys 3 of the 10 pieces"""
    connection.execute_wrappers.append(Rival(3))


def eight_are_bought() -> None:
    """just before your code writes, another customer buys 8 of the 10 pieces"""
    connection.execute_wrappers.append(Rival(8))


def _other_stock() -> object:
    return Product.objects.exclude(pk=1).aggregate(stock=Sum("stock"))["stock"]


_elsewhere: dict[str, object] = {}

buy = Exercise(
    "03.11",
    "Two buyers, one stock",
    minutes=5,
    changes=[three_are_bought, eight_are_bought],
    hints=[
        "A number that you have read may be old when you write. Who always knows the present one?",
        "Let the database subtract, with F(). But it must also ask whether there are enough.",
        "filter(..., stock__gte=...).update(...) is one statement. What does update() return?",
    ],
)


@buy.cases
def _() -> object:
    for rival in _rivals():
        rival.waits = False
    if not connection.features.has_select_for_update:
        _pretend_to_lock()
    Product.objects.filter(pk=1).update(stock=_STOCK)
    _elsewhere["stock"] = _other_stock()
    for rival in _rivals():
        rival.waits, rival.read, rival.locked = True, False, False
    return [(1, 4), (1, 10), (1, 11)]


def _pretend_to_lock() -> None:
    """Django leaves FOR UPDATE out on SQLite. Here it stays, as a comment, for the rival to see.

    These objects belong to this connection, which lives for one run of the answer.
    """
    features: Any = connection.features
    features.has_select_for_update = features.has_select_for_update_nowait = True
    features.has_select_for_update_skip_locked = features.has_select_for_update_of = True
    features.has_select_for_no_key_update = True
    connection.ops.for_update_sql = lambda *a, **k: f"/* {_MARK} */"  # type: ignore[method-assign]


def _one_after_the_other(first: int, second: int) -> tuple[bool, bool, int]:
    """Who gets what, and what is left, when nobody disturbs anybody."""
    left = _STOCK
    sold = []
    for quantity in (first, second):
        sold.append(left >= quantity)
        left -= quantity if sold[-1] else 0
    return sold[0], sold[1], left


@buy.check
def sold_right(run: Run) -> str | None:
    quantity = run.arguments[1]
    rival = next(iter(_rivals()), None)
    other = rival.quantity if rival else 0
    if rival:
        rival.come()
    stock = Product.objects.get(pk=1).stock
    if _other_stock() != _elsewhere["stock"]:
        return "Other products have changed as well. Change only this one: filter(pk=pk)."
    if run.value is None:
        return "Your function returned nothing (None). Return True, or False."
    if not isinstance(run.value, bool | int):
        return "Return True, or False, and nothing else."
    mine, _, left = _one_after_the_other(quantity, other)
    _, mine_later, left_later = _one_after_the_other(other, quantity)
    sold = bool(run.value)
    if (sold, stock) in {(mine, left), (mine_later, left_later)}:
        return None
    if not sold and not mine_later and stock == _STOCK:
        return None  # The answer rolled back, and on one connection the rival's purchase with it.
    return _what_went_wrong(sold, stock, quantity, other)


def _what_went_wrong(sold: bool, stock: int, quantity: int, other: int) -> str:
    if sold and other and stock == _STOCK - quantity:
        return (
            f"There were {_STOCK} pieces. The other customer bought {other}, and you sold "
            f"{quantity}, but {stock} are left: a lost update. Your code wrote a number that it had "
            "computed from an old one. Let the database subtract, or lock the row while you think."
        )
    if sold and quantity > _STOCK:
        return f"There were {_STOCK} pieces, and your function says that it sold {quantity}."
    if sold and stock == _STOCK:
        return (
            "Your function says that it sold them, but the stock is the same. Nothing was stored."
        )
    if sold and stock == _STOCK - other:
        return (
            f"Your UPDATE found no row: the other customer had bought {other} by then. And yet your "
            "function says that it sold. Look at what update() returns."
        )
    if sold:
        return (
            f"There were {_STOCK} pieces, {quantity} were sold and {other} bought by somebody else, "
            f"and {stock} are left. That does not add up."
        )
    if stock < _STOCK - other:
        return f"Your function says that it sold nothing, but the stock went down to {stock}."
    again = " The stock had changed since you read it: try again." if other else ""
    return f"There were {_STOCK} pieces, enough for {quantity}, but you returned False.{again}"


@buy.mistake(
    "The stock would have fallen below 0, and the database refused. Ask for enough pieces in the "
    "same statement that subtracts: filter(pk=pk, stock__gte=quantity).update(...)."
)
def below_nothing(run: Run) -> bool:
    return failed(run, "IntegrityError", "stock")


@buy.mistake(
    "select_for_update() holds its lock until the transaction ends. Without a transaction there is "
    "nothing to hold it: put reading and writing into one transaction.atomic() block."
)
def lock_without_transaction(run: Run) -> bool:
    return failed(run, "TransactionManagementError", "select_for_update")


@buy.mistake(
    "An error inside atomic() breaks the transaction. Put the try outside the atomic block."
)
def sale_caught_inside(run: Run) -> bool:
    return failed(run, "TransactionManagementError", "An error occurred")


@buy.mistake("An F expression is not a number in Python: the database knows its value. Ask there.")
def f_compared(run: Run) -> bool:
    return failed(run, "TypeError", "CombinedExpression") or failed(run, "TypeError", "'F'")


@buy.right
def read_locked(pk: int, quantity: int) -> object:
    with transaction.atomic():
        product = Product.objects.select_for_update().get(pk=pk)
        if product.stock < quantity:
            return False
        product.stock -= quantity
        product.save(update_fields=["stock"])
    return True


@buy.right
def refused_by_the_database(pk: int, quantity: int) -> object:
    try:
        with transaction.atomic():
            return bool(Product.objects.filter(pk=pk).update(stock=F("stock") - quantity))
    except IntegrityError:
        return False


@buy.right
def asked_and_refused(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    if product.stock < quantity:
        return False
    product.stock = F("stock") - quantity
    try:
        with transaction.atomic():
            product.save(update_fields=["stock"])
    except IntegrityError:
        return False
    return True


@buy.right
def tried_again(pk: int, quantity: int) -> object:
    while True:
        stock = Product.objects.values_list("stock", flat=True).get(pk=pk)
        if stock < quantity:
            return False
        if Product.objects.filter(pk=pk, stock=stock).update(stock=stock - quantity):
            return True


@buy.right
async def sold_async(pk: int, quantity: int) -> object:
    enough = Product.objects.filter(pk=pk, stock__gte=quantity)
    return await enough.aupdate(stock=F("stock") - quantity) > 0


@buy.right
def sold_by_sql(pk: int, quantity: int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shop_product SET stock = stock - %s WHERE id = %s AND stock >= %s",
            [quantity, pk, quantity],
        )
        return cursor.rowcount


@buy.wrong("are left: a lost update")
def read_and_written(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    if product.stock < quantity:
        return False
    product.stock -= quantity
    product.save()
    return True


@buy.wrong("are left: a lost update")
def only_atomic(pk: int, quantity: int) -> object:
    with transaction.atomic():
        product = Product.objects.get(pk=pk)
        if product.stock < quantity:
            return False
        product.stock -= quantity
        product.save(update_fields=["stock"])
        return True


@buy.wrong("are left: a lost update")
def refreshed(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    product.refresh_from_db()
    if product.stock < quantity:
        return False
    Product.objects.filter(pk=pk).update(stock=product.stock - quantity)
    return True


@buy.wrong("are left: a lost update")
def locked_after_reading(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    with transaction.atomic():
        Product.objects.select_for_update().get(pk=pk)
        if product.stock < quantity:
            return False
        product.stock -= quantity
        product.save()
    return True


@buy.wrong("Your UPDATE found no row")
def result_not_asked(pk: int, quantity: int) -> object:
    stock = Product.objects.get(pk=pk).stock
    if stock < quantity:
        return False
    Product.objects.filter(pk=pk, stock=stock).update(stock=stock - quantity)
    return True


@buy.wrong("The stock had changed since you read it: try again")
def tried_only_once(pk: int, quantity: int) -> object:
    stock = Product.objects.get(pk=pk).stock
    if stock < quantity:
        return False
    return Product.objects.filter(pk=pk, stock=stock).update(stock=stock - quantity) == 1


@buy.wrong(below_nothing)
def asked_too_early(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    if product.stock < quantity:
        return False
    product.stock = F("stock") - quantity
    product.save()
    return True


@buy.wrong(below_nothing)
def never_asked(pk: int, quantity: int) -> object:
    return bool(Product.objects.filter(pk=pk).update(stock=F("stock") - quantity))


@buy.wrong(sale_caught_inside)
def sale_broken(pk: int, quantity: int) -> object:
    with transaction.atomic():
        with suppress(IntegrityError):
            Product.objects.filter(pk=pk).update(stock=F("stock") - quantity)
        return Product.objects.get(pk=pk).stock >= 0


@buy.wrong(f_compared)
def f_in_python(pk: int, quantity: int) -> object:
    product: Any = Product.objects.get(pk=pk)
    product.stock = F("stock") - quantity
    if product.stock < 0:
        return False
    product.save()
    return True


@buy.wrong("Other products have changed as well")
def all_of_them(pk: int, quantity: int) -> object:
    return bool(Product.objects.filter(stock__gte=quantity).update(stock=F("stock") - quantity))


@buy.wrong("Your function returned nothing (None)")
def says_nothing(pk: int, quantity: int) -> None:
    enough = Product.objects.filter(pk=pk, stock__gte=quantity)
    enough.update(stock=F("stock") - quantity)


@buy.wrong("your function says that it sold 11")
def always_true(pk: int, quantity: int) -> object:
    Product.objects.filter(pk=pk, stock__gte=quantity).update(stock=F("stock") - quantity)
    return True


@buy.wrong("Nothing was stored")
def forgot_to_save(pk: int, quantity: int) -> object:
    product = Product.objects.get(pk=pk)
    if product.stock < quantity:
        return False
    product.stock -= quantity
    return True


@buy.wrong("enough for 10, but you returned False")
def one_must_stay(pk: int, quantity: int) -> object:
    enough = Product.objects.filter(pk=pk, stock__gt=quantity)
    return bool(enough.update(stock=F("stock") - quantity))


# Where the notebook has no copy of its own, an answer runs inside a transaction (see tutor.judge.rows).
if connection.vendor == "sqlite":

    @buy.wrong("are left: a lost update")
    def lock_given_back(pk: int, quantity: int) -> object:
        with transaction.atomic():
            product = Product.objects.select_for_update().get(pk=pk)
        if product.stock < quantity:
            return False
        product.stock -= quantity
        product.save()
        return True

    @buy.wrong(lock_without_transaction)
    def lock_for_nothing(pk: int, quantity: int) -> object:
        product = Product.objects.select_for_update().get(pk=pk)
        product.stock -= quantity
        product.save()
        return True
