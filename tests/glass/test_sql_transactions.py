"""BEGIN, SAVEPOINT and what ends them: shown, nested, not counted."""

import pytest
from company.models import Department, Employee, Skill
from django.db import IntegrityError, transaction

from glass import watch
from glass.layers.sql import Transaction


def outline(seen):
    """The timeline without SQL: "BEGIN [query] COMMIT"."""
    tree = seen.children()

    def words(event):
        if not isinstance(event, Transaction):
            return "query"
        inner = " ".join(words(child) for child in tree.get(event, []))
        return " ".join(filter(None, [event.sql, f"[{inner}]", event.end or "open"]))

    return " ".join(words(event) for event in tree[None])


real = pytest.mark.django_db(transaction=True)
inside = pytest.mark.django_db  # pytest-django's own atomic() is around the test


@real
def test_commit():
    with watch("sql", show=False) as seen:
        Skill.objects.count()
        with transaction.atomic():
            Skill.objects.create(name="Welding")
            Skill.objects.count()
        Skill.objects.count()
    assert outline(seen) == "query BEGIN [query query] COMMIT query"
    assert len(seen.queries) == 4
    text = seen.text()
    assert text.startswith("4 queries, ")
    assert text.index("BEGIN\n    test_sql_transactions.py line") < text.index("\nCOMMIT\n")


@real
def test_rollback_after_an_error():
    with watch("sql", show=False) as seen, pytest.raises(ZeroDivisionError), transaction.atomic():
        Skill.objects.create(name="Welding")
        1 / 0  # noqa: B018
    assert outline(seen) == "BEGIN [query] ROLLBACK"
    assert seen.queries[0].error is None


@real
def test_savepoints():
    with watch("sql", show=False) as seen, transaction.atomic():
        with transaction.atomic():
            Skill.objects.create(name="Welding")
        with pytest.raises(IntegrityError), transaction.atomic():
            Skill.objects.create(name="Welding")
        with transaction.atomic(savepoint=False):
            Skill.objects.count()
    assert outline(seen) == (
        "BEGIN [SAVEPOINT [query] RELEASE SAVEPOINT "
        "SAVEPOINT [query] ROLLBACK TO SAVEPOINT query] COMMIT"
    )


@real
def test_durable_and_set_rollback():
    with watch("sql", show=False) as seen, transaction.atomic(durable=True):
        Skill.objects.create(name="Welding")
        transaction.set_rollback(True)
    assert outline(seen) == "BEGIN [query] ROLLBACK"
    assert not Skill.objects.exists()


@inside
def test_savepoints_by_hand():
    with watch("sql", show=False) as seen:
        first = transaction.savepoint_create()
        Skill.objects.count()
        second = transaction.savepoint_create()
        Skill.objects.count()
        transaction.savepoint_commit(second)
        transaction.savepoint_rollback(first)
        transaction.savepoint_commit(first)
        Skill.objects.count()
    assert outline(seen) == (
        "SAVEPOINT [query SAVEPOINT [query] RELEASE SAVEPOINT] ROLLBACK TO SAVEPOINT query"
    )


@inside
def test_ending_the_outer_savepoint_ends_the_inner_one():
    with watch("sql", show=False) as seen:
        outer = transaction.savepoint_create()
        transaction.savepoint_create()
        Skill.objects.count()
        transaction.savepoint_commit(outer)
        Skill.objects.count()
    assert outline(seen) == (
        "SAVEPOINT [SAVEPOINT [query] RELEASE SAVEPOINT] RELEASE SAVEPOINT query"
    )


@real
def test_a_commit_that_fails(company):
    # Deferred: the foreign key is checked at COMMIT.
    with watch("sql", show=False) as seen, pytest.raises(IntegrityError), transaction.atomic():
        Employee.objects.update(department_id=999999)
    assert outline(seen).startswith("BEGIN [query] COMMIT")
    (first, *_) = [event for event in seen.events if isinstance(event, Transaction)]
    assert first.error.startswith("IntegrityError: ")
    assert "COMMIT failed: IntegrityError: " in seen.text()
    assert Employee.objects.filter(department_id=999999).count() == 0


@real
def test_by_hand():
    with watch("sql", show=False) as seen:
        transaction.set_autocommit(False)
        try:
            Skill.objects.create(name="Welding")
            transaction.rollback()
        finally:
            transaction.set_autocommit(True)
        Skill.objects.count()
    assert outline(seen).startswith("BEGIN [query] ROLLBACK")
    assert outline(seen).endswith(" query")
    assert len(seen.queries) == 2


@real
def test_still_open_at_the_end_of_the_watch():
    block = transaction.atomic()
    with watch("sql", show=False) as first:
        block.__enter__()
        Skill.objects.count()
    text = first.text()
    with watch("sql", show=False) as second:
        Skill.objects.count()
        block.__exit__(None, None, None)
        Skill.objects.count()
    with watch("sql", show=False) as third:
        Skill.objects.count()
    assert text.splitlines()[-1] == "(still open)"
    assert outline(second) == "query [] COMMIT query"
    assert outline(third) == "query"


@inside
def test_started_inside_a_transaction(company):
    with transaction.atomic(), watch("sql", show=False) as seen:
        Skill.objects.count()
        with transaction.atomic():
            Skill.objects.count()
    assert outline(seen) == "query SAVEPOINT [query] RELEASE SAVEPOINT"


@real
def test_many_transactions_alike_are_one_group():
    with watch("sql", show=False) as seen:
        for name in "abcde":
            with transaction.atomic():
                Skill.objects.create(name=name)
    assert "BEGIN 5 times" in seen.text()
    assert "5 queries, 5 rows" in seen.text()


@inside
def test_a_watch_that_outlives_a_transaction(company):
    def count():
        with watch("sql", show=False):
            yield Skill.objects.count()

    with watch("sql", show=False) as seen:
        with transaction.atomic():
            steps = count()
            next(steps)
        steps.close()
        Department.objects.count()
    assert outline(seen) == "SAVEPOINT [query] RELEASE SAVEPOINT query"


@inside
def test_a_watch_that_ends_inside_a_transaction(company):
    def count():
        with watch("sql", show=False):
            yield Skill.objects.count()

    with watch("sql", show=False) as seen:
        steps = count()
        next(steps)
        with transaction.atomic():
            steps.close()
            Department.objects.count()
    assert outline(seen) == "query SAVEPOINT [query] RELEASE SAVEPOINT"
