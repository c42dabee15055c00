"""05.14 The test that notices: queries counted for two sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from company.models import Department, Employee
from django.db import connection, reset_queries, transaction
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from checks.common import changes
from checks.common.runs import failed
from glass import watch
from tutor.judge.exercise import Exercise, Run


def cities(employees: Any) -> None:
    for each in employees:
        print(each.name, each.department.city)


def joined_cities(employees: Any) -> None:
    for each in employees.select_related("department"):
        print(each.name, each.department.city)


def always_three(employees: Any) -> None:
    staff = list(employees.prefetch_related("skills"))
    print(len(staff), Department.objects.count(), [len(each.skills.all()) for each in staff])


def skills_again(employees: Any) -> None:
    for each in employees.prefetch_related("skills"):
        print(each.name, each.skills.filter(name="Django").exists())


def in_a_transaction(employees: Any) -> None:
    with transaction.atomic():
        print([each.name for each in employees])


grows = Exercise(
    "05.14",
    "The test that notices",
    minutes=6,
    changes=[changes.newcomer, changes.without_department],
    hints=[
        "Call the report twice, with two employees and with ten, and count the queries of each.",
        "CaptureQueriesContext(connection), used with `with`, counts: len() of it says how many.",
        "A number alone proves nothing. Compare the two numbers.",
    ],
)


@grows.cases
def cases() -> object:
    return [(cities,), (joined_cities,), (always_three,), (skills_again,), (in_a_transaction,)]


@grows.expects
def expected(report: Callable[[Any], None]) -> object:
    return report in (cities, skills_again)


@grows.mistake(
    "A report that always asks the same number does not grow, however many that are. "
    "Compare two calls with each other, not one call with a number."
)
def one_call_only(run: Run) -> bool:
    return run.value is True and run.arguments == (always_three,)


@grows.mistake(
    "This report grows, and your function did not notice. Is each call inside a `with` of its own "
    "that counts, one with two employees and one with ten?"
)
def not_noticed(run: Run) -> bool:
    return run.value is False and run.expected is True and run.queries > 0


@grows.mistake("Your function never calls the report: there was no query at all.")
def never_called(run: Run) -> bool:
    return run.queries == 0 and run.error is None


@grows.mistake("Asked is True or False. Your function returns a number of queries.")
def a_number(run: Run) -> bool:
    return isinstance(run.value, int) and not isinstance(run.value, bool)


@grows.mistake(
    "assertNumQueries ends the function with an AssertionError. Asked is an answer: True or False."
)
def not_an_answer(run: Run) -> bool:
    return failed(run, "AssertionError")


@grows.mistake(
    "The report cities does not expect people without a department. Give it employees who have one."
)
def placeless_in_report(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@grows.mistake("A report takes a queryset of employees, not a list or a number.")
def not_a_queryset(run: Run) -> bool:
    return failed(run, "AttributeError", "'list' object") or failed(run, "TypeError", "'int'")


@grows.right
def grows_by_glass(report: Callable[[Any], None]) -> object:
    def asked(number: int) -> int:
        with watch("sql", show=False) as seen:
            report(Employee.objects.exclude(department=None).order_by("pk")[:number])
        return len(seen.queries)

    return asked(2) < asked(10)


@grows.right
def grows_by_assertion(report: Callable[[Any], None]) -> object:
    staff = Employee.objects.exclude(department=None)
    with CaptureQueriesContext(connection) as few:
        report(staff[:2])
    try:
        with TestCase().assertNumQueries(len(few)):
            report(staff[:10])
    except AssertionError:
        return True
    return False


@grows.right
def grows_by_wrapper(report: Callable[[Any], None]) -> object:
    counts = []
    for number in (2, 10):
        asked: list[str] = []

        def note(
            execute: Any, sql: str, params: Any, many: bool, context: Any, asked: Any = asked
        ) -> Any:
            asked.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            report(Employee.objects.exclude(department=None)[:number])
        counts.append(len(asked))
    return counts[0] != counts[1]


@grows.right
def grows_by_log(report: Callable[[Any], None]) -> object:
    counts = []
    with override_settings(DEBUG=True):
        for number in (2, 10):
            reset_queries()
            report(Employee.objects.filter(department__isnull=False)[:number])
            counts.append(len(connection.queries))
    return counts[1] > counts[0]


@grows.wrong(one_call_only)
def grows_if_many(report: Callable[[Any], None]) -> object:
    with CaptureQueriesContext(connection) as asked:
        report(Employee.objects.exclude(department=None)[:10])
    return len(asked) > 2


@grows.wrong(not_noticed)
def grows_without_with(report: Callable[[Any], None]) -> object:
    test = TestCase()
    for number in (2, 10):
        test.assertNumQueries(1)
        report(Employee.objects.exclude(department=None)[:number])
    return False


@grows.wrong(not_noticed)
def grows_counted_late(report: Callable[[Any], None]) -> object:
    staff = Employee.objects.exclude(department=None)
    with CaptureQueriesContext(connection) as few:
        two = staff[:2]
    with CaptureQueriesContext(connection) as many:
        ten = staff[:10]
    report(two)
    report(ten)
    return len(many) > len(few)


@grows.wrong(never_called)
def grows_always(report: Callable[[Any], None]) -> object:
    return report is not None


@grows.wrong(a_number)
def grows_by_how_much(report: Callable[[Any], None]) -> object:
    counts = []
    for number in (2, 10):
        with CaptureQueriesContext(connection) as asked:
            report(Employee.objects.exclude(department=None)[:number])
        counts.append(len(asked))
    return counts[1] - counts[0]


@grows.wrong(not_an_answer)
def grows_asserts(report: Callable[[Any], None]) -> object:
    with TestCase().assertNumQueries(1):
        report(Employee.objects.exclude(department=None)[:10])
    return False


@grows.wrong(placeless_in_report)
def grows_for_anybody(report: Callable[[Any], None]) -> object:
    counts = []
    for number in (2, 10):
        with CaptureQueriesContext(connection) as asked:
            report(Employee.objects.all()[:number])
        counts.append(len(asked))
    return counts[1] > counts[0]


@grows.wrong(not_noticed)
def grows_nested(report: Callable[[Any], None]) -> object:
    staff = Employee.objects.exclude(department=None)
    with CaptureQueriesContext(connection) as few:
        report(staff[:2])
        with CaptureQueriesContext(connection) as many:
            report(staff[:10])
    return len(many) > len(few)


@grows.wrong(not_a_queryset)
def grows_by_lists(report: Callable[[Any], None]) -> object:
    with CaptureQueriesContext(connection) as asked:
        report(list(Employee.objects.all()[:2]))
        report(2)
    return len(asked) > 2
