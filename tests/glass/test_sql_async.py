"""Coroutines and threads: every statement is seen, with the line that asked."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from company.models import Employee
from django.db import connection, connections

from glass import watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _close_connections():
    """Connections of pool threads would keep the test database from being removed."""
    yield
    async_to_sync(sync_to_async(connections.close_all))()


def test_await(shell, company):
    cell = shell.run(
        "%%watch\nawait Employee.objects.acount()\nawait Employee.objects.aget(name='Ann')"
    )
    assert [query.line for query in cell.seen.queries] == [2, 3]
    assert [query.rows for query in cell.seen.queries] == [1, 1]


def test_gather(shell, company):
    shell.run("import asyncio\nasync def count():\n    return await Employee.objects.acount()")
    cell = shell.run("%%watch\nawait asyncio.gather(count(), count(), count())")
    assert cell.result == [5, 5, 5]
    assert [query.place for query in cell.seen.queries] == ["line 3 of count()"] * 3


def test_async_for(shell, company):
    cell = shell.run(
        "%%watch\nnames = []\nasync for e in Employee.objects.all():\n    names.append(e.name)\nnames"
    )
    assert len(cell.result) == 5
    assert [(query.line, query.rows) for query in cell.seen.queries] == [(3, 5)]


def test_sync_to_async(shell, company):
    shell.run(
        "from asgiref.sync import sync_to_async\ndef count():\n    return Skill.objects.count()"
    )
    cell = shell.run("%%watch\nawait sync_to_async(count)()")
    assert [query.place for query in cell.seen.queries] == ["line 3 of count()"]


def test_a_watch_inside_a_coroutine(company):
    async def ask():
        with watch("sql", show=False) as seen:
            await Employee.objects.acount()
        await Employee.objects.acount()
        return seen

    assert len(async_to_sync(ask)().queries) == 1


def test_two_coroutines_do_not_nest_in_each_other(company):
    from django.db import transaction

    @sync_to_async
    def save():
        with transaction.atomic():
            Employee.objects.update(title="Cook")

    async def ask():
        with watch("sql", show=False) as seen:
            await asyncio.gather(save(), Employee.objects.acount())
        return seen

    seen = async_to_sync(ask)()
    update, count = sorted(seen.queries, key=lambda query: query.sql, reverse=True)
    assert update.parent.end == "COMMIT"
    assert count.parent is None


def ask_in(thread_ready, may_ask, answers):
    """A thread that has its connection before it is asked to ask."""
    Employee.objects.count()
    thread_ready.set()
    may_ask.wait(10)
    answers.append(Employee.objects.count())
    connection.close()


def test_a_thread_that_was_there_before(company):
    ready, go, answers = threading.Event(), threading.Event(), []
    thread = threading.Thread(target=ask_in, args=(ready, go, answers))
    thread.start()
    ready.wait(10)
    with watch("sql", show=False) as seen:
        go.set()
        thread.join(10)
    assert answers == [5]
    assert len(seen.queries) == 1
    assert seen.queries[0].place.startswith("test_sql_async.py line ")


def test_a_thread_that_comes_later(company):
    def ask():
        try:
            return Employee.objects.count()
        finally:
            connection.close()

    with watch("sql", show=False) as seen, ThreadPoolExecutor(1) as pool:
        assert pool.submit(ask).result() == 5
    assert [query.rows for query in seen.queries] == [1]


def test_a_thread_after_the_watch(company):
    ready, go, answers = threading.Event(), threading.Event(), []
    thread = threading.Thread(target=ask_in, args=(ready, go, answers))
    with watch("sql", show=False) as seen:
        thread.start()
        ready.wait(10)
    assert len(seen.queries) == 1
    go.set()
    thread.join(10)
    assert answers == [5]
    assert len(seen.queries) == 1


def test_library_code_in_a_thread(company):
    with watch("sql", show=False) as seen, ThreadPoolExecutor(1) as pool:
        pool.submit(Employee.objects.count).result()
        pool.submit(connections.close_all).result()
    assert seen.queries[0].place == ""
    assert "outside your code: 1 query" in seen.text()
