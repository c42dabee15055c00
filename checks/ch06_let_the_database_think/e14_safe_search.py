"""06.14 A search that is safe: SQL with parameters."""

from __future__ import annotations

from django.db import connection
from shop.models import Customer

from checks.ch06_let_the_database_think import no_customers
from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def from_aquila() -> None:
    """two customers of the same name in L'Aquila joined"""
    for _ in range(2):
        Customer.objects.filter(pk=rows.customer("Chiara D'Amico").pk).update(city="L'Aquila")


def nearby() -> None:
    """customers from North Dublin and from "dublin" joined"""
    for city in ("North Dublin", "dublin"):
        Customer.objects.filter(pk=rows.customer("Una Kelly").pk).update(city=city)


safe_search = Exercise(
    "06.14",
    "A search that is safe",
    minutes=4,
    queries=1,
    changes=[from_aquila, nearby, no_customers],
    hints=[
        "SQL and values travel separately. Where the value belongs, the SQL has a placeholder.",
        "The placeholder is %s, without quotes around it, whatever the type is.",
        "execute() takes a list of the values as its second argument. Or use filter().",
    ],
)


@safe_search.cases
def cases() -> object:
    return [("L'Aquila",), ("Dublin",), ("x' OR 'a' = 'a",), ("100% %s",)]


@safe_search.expects
def expected(city: str) -> object:
    return [buyer.name for buyer in Customer.objects.all() if buyer.city == city]


@safe_search.check
def check(run: Run) -> str | None:
    city = run.arguments[0]
    spellings = {city, city.replace("'", "''"), city.replace("'", "\\'")}
    if any(text in query.sql for query in run.seen.queries for text in spellings):
        return (
            "The names are right, but the text became a part of the SQL. "
            "Sooner or later somebody finds a text that breaks out of its quotes. "
            "Put %s there, and pass the text as a parameter."
        )
    return None


@safe_search.mistake(
    "There are quotes around %s, so it is only a text. Write %s alone: the database knows "
    "that the parameter is a text."
)
def quoted_placeholder(run: Run) -> bool:
    return any("'%s'" in query.sql for query in run.seen.queries)


@safe_search.mistake(
    "The parameters are a list, even where there is only one: [city]. A text alone is taken "
    "letter by letter."
)
def not_a_list(run: Run) -> bool:
    return (
        failed(run, "ProgrammingError", "bindings")
        or failed(run, "AttributeError", "'str'")
        or failed(run, "TypeError", "query parameters")
    )


@safe_search.mistake(
    "The apostrophe in the text ended the text, and the rest was taken for SQL. "
    "Pass the text as a parameter."
)
def broke_out(run: Run) -> bool:
    city = run.arguments[0]
    return bool(run.error) and any(city in query.sql for query in run.seen.queries)


@safe_search.mistake("Each row is a tuple. Asked are the names alone.")
def rows_not_names(run: Run) -> bool:
    return bool(run.rows) and all(isinstance(row, tuple) for row in run.rows)


@safe_search.mistake("Two customers can have the same name, and both belong to the list.")
def names_once(run: Run) -> bool:
    return bool(run.missing) and not run.unexpected and {*run.rows} >= {*run.missing}


@safe_search.mistake(
    "Your search finds other cities as well, or too few: the city must be the same."
)
def other_cities(run: Run) -> bool:
    names = all(isinstance(row, str) for row in run.rows)
    return names and bool(run.unexpected or run.missing)


@safe_search.right
def searched_by_filter(city: str) -> object:
    return Customer.objects.filter(city=city).values_list("name", flat=True)


@safe_search.right
def searched_raw(city: str) -> object:
    found = Customer.objects.raw("SELECT id, name FROM shop_customer WHERE city = %s", [city])
    return [buyer.name for buyer in found]


@safe_search.right
def searched_by_name(city: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM shop_customer WHERE city = %(city)s", {"city": city})
        return [row[0] for row in cursor]


@safe_search.wrong(broke_out)
def unsafe(city: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name FROM shop_customer WHERE city = '{city}'")
        return [name for (name,) in cursor.fetchall()]


@safe_search.wrong("The names are right, but the text became a part of the SQL.")
def doubled_quotes(city: str) -> object:
    with connection.cursor() as cursor:
        safe = city.replace("'", "''")
        cursor.execute("SELECT name FROM shop_customer WHERE city = '" + safe + "'")
        return [name for (name,) in cursor.fetchall()]


@safe_search.wrong(quoted_placeholder)
def quotes_around(city: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM shop_customer WHERE city = '%s'", [city])
        return [name for (name,) in cursor.fetchall()]


@safe_search.wrong(not_a_list)
def text_alone(city: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM shop_customer WHERE city = %s", city)
        return [name for (name,) in cursor.fetchall()]


@safe_search.wrong("Each row should be like '")
def found_customers(city: str) -> object:
    return Customer.objects.filter(city=city)


@safe_search.wrong(rows_not_names)
def rows_of_cursor(city: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM shop_customer WHERE city = %s", [city])
        return cursor.fetchall()


@safe_search.wrong(names_once)
def names_distinct(city: str) -> object:
    return Customer.objects.filter(city=city).values_list("name", flat=True).distinct()


@safe_search.wrong(other_cities)
def similar_cities(city: str) -> object:
    return Customer.objects.filter(city__contains=city).values_list("name", flat=True)


@safe_search.wrong(other_cities)
def any_spelling(city: str) -> object:
    return Customer.objects.filter(city__iexact=city).values_list("name", flat=True)
