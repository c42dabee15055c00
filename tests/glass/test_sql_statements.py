"""What one statement is recorded as: SQL, parameters, rows, time, error, database."""

import time
from datetime import date

import pytest
from company.models import Department, Employee, Skill
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Upper
from django.test.utils import CaptureQueriesContext, override_settings

from glass import watch

pytestmark = pytest.mark.django_db


def test_sql_and_parameters(company):
    with watch("sql", show=False) as seen:
        list(Employee.objects.filter(name="Ann", hired_on__gt=date(2000, 1, 1)))
    (query,) = seen.queries
    assert query.sql.startswith('SELECT "company_employee"."id"')
    assert len(query.params) == 2
    assert "Ann" in query.params
    assert not query.many
    assert query.alias == "default"
    assert query.error is None


def test_parameters_are_those_of_the_moment():
    values = [1]
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        cursor.execute("SELECT %s", values)
        values[0] = 2
    assert list(seen.queries[0].params) == [1]


def test_many_sets_of_parameters():
    sql = "INSERT INTO company_skill (name) VALUES (%s)"
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        cursor.executemany(sql, [["Welding"], ["Baking"]])
    (query,) = seen.queries
    assert query.many
    assert query.params == [["Welding"], ["Baking"]]
    assert query.rows == 2
    assert "with 2 sets of values: 'Welding' | 'Baking'" in seen.text()


def test_many_sets_from_a_generator():
    names = ([name] for name in ("Welding", "Baking"))
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO company_skill (name) VALUES (%s)", names)
    assert Skill.objects.count() == 2
    assert "INSERT INTO company_skill" in seen.text()
    assert "INSERT" in seen.html()


def test_named_parameters():
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        cursor.execute("SELECT %(answer)s", {"answer": 42})
    assert seen.queries[0].params == {"answer": 42}
    assert "with answer=42" in seen.text()


@pytest.mark.parametrize(
    ("ask", "rows"),
    [
        (lambda: list(Employee.objects.all()), 5),
        (lambda: Employee.objects.count(), 1),
        (lambda: Employee.objects.filter(name="Nobody").first(), 0),
        (lambda: Employee.objects.filter(title="Engineer").update(title="Cook"), 5),
        (lambda: Skill.objects.filter(name="Nothing").delete(), 0),
        (lambda: list(Employee.objects.iterator(chunk_size=2)), 5),
        (lambda: next(Employee.objects.iterator(chunk_size=2)), 2),
        (lambda: list(Employee.objects.values_list("name")[:3]), 3),
        (lambda: Skill.objects.bulk_create([Skill(name="a"), Skill(name="b")]), 2),
    ],
)
def test_rows(company, ask, rows):
    with watch("sql", show=False) as seen:
        ask()
    assert seen.queries[0].rows == rows


def test_rows_of_a_plain_cursor(company):
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM company_employee")
        cursor.fetchone(), cursor.fetchmany(2), cursor.fetchall(), cursor.fetchone()
    assert seen.queries[0].rows == 5


def test_one_cursor_many_statements(company):
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM company_employee")
        assert len(cursor.fetchall()) == 5
        cursor.execute("SELECT id FROM company_department")
        assert len(list(cursor)) == 3
        cursor.execute("UPDATE company_employee SET title = 'Cook'")
        assert cursor.rowcount == 5
        cursor.execute("SELECT id FROM company_skill").fetchall()
    assert [query.rows for query in seen.queries] == [5, 3, 5, 2]


def test_a_cursor_that_outlives_the_watch(company):
    with connection.cursor() as cursor:
        with watch("sql", show=False) as seen:
            cursor.execute("SELECT id FROM company_employee")
        assert len(cursor.fetchall()) == 5
        cursor.execute("SELECT id FROM company_department")
        assert len(cursor.fetchall()) == 3
    assert len(seen.queries) == 1


def test_time_of_fetching():
    # On SQLite execute() only starts a statement: each row is computed when it is fetched.
    slow = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
        "SELECT i FROM n"
    )
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        start = time.perf_counter()
        cursor.execute(slow)
        cursor.fetchall()
        took = time.perf_counter() - start
    assert took / 2 < seen.queries[0].duration <= took


@pytest.fixture
def psycopg_sql():
    if connection.vendor != "postgresql":
        pytest.skip("This is psycopg's own.")
    from psycopg import sql

    return sql


def test_a_composed_statement(company, psycopg_sql):
    table = psycopg_sql.Identifier("company_skill")
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        cursor.execute(psycopg_sql.SQL("SELECT name FROM {}").format(table))
        assert len(cursor.fetchall()) == 2
    (query,) = seen.queries
    assert (query.sql, query.rows) == ('SELECT name FROM "company_skill"', 2)
    assert 'FROM "company_skill"' in seen.text()


def test_a_server_side_cursor(company, psycopg_sql):
    with watch("sql", show=False) as seen:
        employees = Employee.objects.iterator(chunk_size=2)
        next(employees)
        one_chunk = seen.queries[0].rows
        list(employees)
    assert (one_chunk, seen.queries[0].rows) == (2, 5)


def test_a_failing_statement(company):
    with watch("sql", show=False) as seen, pytest.raises(IntegrityError):
        Department.objects.create(name="Sales", city="Oslo", budget=1)
    (query,) = seen.queries
    assert query.error.startswith("IntegrityError: ")
    assert query.rows == 0
    assert "failed: IntegrityError: " in seen.text()


def test_failing_and_working_statements_are_not_one_group(company):
    names = ["Sales", "Kitchen"]
    with watch("sql", show=False) as seen:
        for name in names:
            try:
                with transaction.atomic():
                    Department.objects.create(name=name, city="Oslo", budget=1)
            except IntegrityError:
                pass
    assert [bool(query.error) for query in seen.queries] == [True, False]
    assert seen.text().count("INSERT INTO") == 2


def test_percent_signs_and_quotes(company):
    with watch("sql", show=False) as seen:
        list(Employee.objects.filter(name__contains="100%'\"").annotate(loud=Upper("name")))
    assert "100" in seen.text()
    assert "%'" in seen.text()


def test_nothing_is_seen_before_and_after(company):
    Employee.objects.count()
    with watch("sql", show=False) as seen:
        pass
    Employee.objects.count()
    assert seen.queries == []
    assert seen.text() == "0 queries"


def test_nested_watches_see_the_same(company):
    with watch("sql", show=False) as outer:
        Employee.objects.count()
        with watch("sql", show=False) as inner:
            Department.objects.count()
        Skill.objects.count()
    assert len(outer.queries) == 3
    assert inner.queries == outer.queries[1:2]


def test_watches_may_end_in_any_order(company):
    first, second = watch("sql", show=False), watch("sql", show=False)
    one = first.__enter__()
    two = second.__enter__()
    first.__exit__(None, None, None)
    Employee.objects.count()
    second.__exit__(None, None, None)
    Employee.objects.count()
    assert (len(one.queries), len(two.queries)) == (0, 1)


def test_a_watch_inside_a_generator(company):
    def names():
        with watch("sql", show=False) as seen:
            for employee in Employee.objects.iterator(chunk_size=1):
                yield employee.name
            assert len(seen.queries) == 2

    with watch("sql", show=False) as outer:
        for _ in names():
            Department.objects.count()
            break
    assert [query.rows for query in outer.queries] == [1, 1]


def test_an_error_inside_the_block(company):
    with pytest.raises(ZeroDivisionError), watch("sql", show=False) as seen:
        Employee.objects.count()
        1 / 0  # noqa: B018
    assert len(seen.queries) == 1
    assert not connection.execute_wrappers


def test_an_interrupt_inside_a_statement(company):
    def interrupt(execute, sql, params, many, context):
        raise KeyboardInterrupt

    with (
        watch("sql", show=False) as seen,
        pytest.raises(KeyboardInterrupt),
        connection.execute_wrapper(interrupt),
    ):
        Employee.objects.count()
    assert seen.queries[0].error == "KeyboardInterrupt: "
    assert not connection.execute_wrappers


def test_the_learners_own_wrapper(company):
    heard = []

    def listen(execute, sql, params, many, context):
        heard.append(sql)
        return execute(sql, params, many, context)

    with watch("sql", show=False) as seen, connection.execute_wrapper(listen):
        Employee.objects.count()
    with connection.execute_wrapper(listen), watch("sql", show=False) as again:
        Employee.objects.count()
    assert heard == [seen.queries[0].sql, again.queries[0].sql]
    assert not connection.execute_wrappers


def test_beside_djangos_own_capture(company):
    with CaptureQueriesContext(connection) as captured, watch("sql", show=False) as seen:
        list(Employee.objects.select_related("department"))
    assert len(captured) == len(seen.queries) == 1


@override_settings(DEBUG=True)
def test_after_nine_thousand_logged_queries():
    with connection.cursor() as cursor:
        for _ in range(9_001):
            cursor.execute("SELECT 1")
    assert len(connection.queries_log) == 9_000
    with watch("sql", show=False) as seen, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.execute("SELECT 2")
    connection.queries_log.clear()
    assert len(seen.queries) == 2
