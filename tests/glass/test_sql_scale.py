"""Many statements, long statements, several databases."""

import random
import time

import pytest
from company.models import Employee, Skill
from django.db import connection, connections, transaction

from glass import watch
from glass.layers.sql.layout import folded
from glass.views.tree import SHOWN

pytestmark = pytest.mark.django_db


def test_ten_thousand_queries():
    with watch("sql", show=False) as outer, connection.cursor() as cursor:
        for n in range(9_990):
            cursor.execute("SELECT %s", [n])
        with watch("sql", show=False) as inner:
            for n in range(10):
                cursor.execute("SELECT %s", [n])
    assert len(outer.queries) == 10_000
    assert [query.params[0] for query in inner.queries] == list(range(10))
    assert outer.text().startswith("10000 queries, 0 rows")
    assert len(outer.text()) < 2_000


def timed(call):
    start = time.perf_counter()
    text = call()
    return text, time.perf_counter() - start


def test_ten_thousand_ids(company):
    with watch("sql", show=False) as seen:
        list(Employee.objects.filter(pk__in=range(10_000)))
    text, seconds = timed(seen.text)
    assert seconds < 0.5
    assert "IN (... 10000 values)" in text
    assert len(text) < 1_000
    html, seconds = timed(seen.html)
    assert seconds < 0.5
    assert len(html) < 10_000


@pytest.mark.parametrize("item", ["{}", "'a{}'", "{}.5", "-{}", "'it''s {}'", "NULL", "x{}"])
@pytest.mark.parametrize("glue", [", ", ",", ",\n  "])
def test_ten_thousand_values_in_the_statement(item, glue):
    values = glue.join(item.format(n) for n in range(10_000))
    # With a wrapper in place of the database: it would refuse some of these.
    in_place = connection.execute_wrapper(lambda execute, *statement: None)
    with watch("sql", show=False) as seen, in_place, connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 WHERE x IN ({values})")
    (text, slow), (html, slower) = timed(seen.text), timed(seen.html)
    assert max(slow, slower) < 2
    assert len(text) < 5_000
    assert len(html) < 100_000


def test_values_are_counted_not_commas():
    sql = "SELECT " + ", ".join(["'a, b'"] * 20)
    assert folded(sql) == "SELECT ... 20 values"


def test_a_thousand_rows_in_one_insert():
    with watch("sql", show=False) as seen:
        Skill.objects.bulk_create([Skill(name=f"skill {n}") for n in range(250)])
    text, seconds = timed(seen.text)
    assert seconds < 0.5
    assert "250 rows" in text
    assert len(text) < 1_500


def test_five_thousand_different_queries():
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        for n in range(5_000):
            cursor.execute(
                f"SELECT {n} AS a_column_with_a_long_name_{n}, 'text', 'more text', NULL"
            )
    text, seconds = timed(seen.text)
    assert seconds < 1
    assert text.startswith("5000 queries, 0 rows")
    assert f"... and {5_000 - SHOWN} statements more, not shown" in text
    assert len(text) < 20_000
    html, seconds = timed(seen.html)
    assert seconds < 1
    assert len(html) < 100_000
    assert f"... and {5_000 - SHOWN} statements more, not shown" in html


def test_what_is_left_out_inside_a_transaction_is_counted():
    with watch("sql", show=False) as seen, transaction.atomic(), connection.cursor() as cursor:
        for n in range(SHOWN + 7):
            cursor.execute(f"SELECT {n}")
    assert "    ... and 7 statements more, not shown" in seen.text()
    assert "... and 7 statements more, not shown" in seen.html()


def test_many_levels_do_not_multiply():
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        for n in range(60):
            with transaction.atomic():
                for m in range(60):
                    cursor.execute(f"SELECT {n} AS a, {m} AS b")
    assert len(seen.queries) == 3_600
    assert len(seen.html()) < 200_000


def test_one_very_long_statement():
    sql = " UNION ALL ".join(f"SELECT {n}, 'word', name FROM company_skill" for n in range(400))
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        cursor.execute(sql)
    text, seconds = timed(seen.text)
    assert seconds < 0.5
    assert f"... {len(sql)} characters" in text


def test_ordinary_statements_are_whole():
    employees = Employee.objects.filter(name__in=["Ann", "Ben"], salary__range=(1, 2))
    with watch("sql", show=False) as seen:
        list(employees.select_related("department", "manager").order_by("-name")[:3])
    for word in ("SELECT", "LEFT OUTER JOIN", "IN (%s, %s)", "BETWEEN", "DESC", "LIMIT 3"):
        assert word in seen.text()
    assert "company_employee&quot;.&quot;salary" in seen.html()  # all columns, behind the summary


@pytest.fixture
def archive(tmp_path, django_db_blocker):
    """A second database, on SQLite."""
    before = dict(connections.settings["default"])
    connections.settings["archive"] = before | {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(tmp_path / "archive.sqlite3"),
        "OPTIONS": {},
    }
    with django_db_blocker.unblock():
        yield connections["archive"]
        connections["archive"].close()
    del connections["archive"], connections.settings["archive"]


def test_two_databases(company, archive):
    with watch("sql", show=False) as seen:
        for alias in ("default", "archive"):
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
        with transaction.atomic(using="archive"), archive.cursor() as cursor:
            cursor.execute("SELECT 2")
    assert [query.alias for query in seen.queries] == ["default", "archive", "archive"]
    assert seen.text().count("on database archive") >= 2
    assert "SELECT 1" in seen.text().split("on database archive")[0]
    assert seen.queries[2].parent.alias == "archive"


def test_the_view_of_shuffled_repeats_is_grouped(company):
    numbers = [n for n in (1, 2, 3) for _ in range(10)]
    random.Random(1).shuffle(numbers)
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        for n in numbers:
            cursor.execute(f"SELECT {n}")
    assert seen.text().count(": 10 queries, 0 rows") == 3
