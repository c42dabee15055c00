"""05.13 What must not leave the database: fewer columns."""

from __future__ import annotations

import re

from company.models import Department, Employee
from django.db import connection
from django.db.models import F

from checks.common import changes
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def somebody_left() -> None:
    """somebody left the company"""
    Employee.objects.filter(pk=Employee.objects.active().latest("pk").pk).update(is_active=False)


phone_book = Exercise(
    "05.13",
    "What must not leave the database",
    minutes=4,
    queries=1,
    changes=[changes.newcomer, changes.without_department, somebody_left],
    hints=[
        "Look at the SQL of your answer: which columns stand behind SELECT?",
        "You need three values of each employee, and no object.",
        "values_list takes the names of columns, also across a relation with two underscores.",
    ],
)


@phone_book.expects
def expected() -> object:
    names = dict(Department.objects.values_list("pk", "name"))
    staff = [each for each in Employee.objects.all() if each.is_active]
    return [(e.name, e.email, names.get(e.department_id)) for e in staff]


@phone_book.check
def check(run: Run) -> str | None:
    if any(re.search(r"\bsalary\b|(?<!\()\*", query.sql) for query in run.seen.queries):
        return "The list is right, but the column salary was read. Name only what you need."
    return None


@phone_book.mistake("People who have left are in your list. Asked are the active ones.")
def with_the_gone(run: Run) -> bool:
    gone = set(Employee.objects.filter(is_active=False).values_list("name", flat=True))
    return bool(run.unexpected) and {row[0] for row in run.unexpected} <= gone


@phone_book.mistake("People without a department are missing. They stay, with None.")
def without_placeless(run: Run) -> bool:
    return bool(run.missing) and not run.unexpected and all(row[2] is None for row in run.missing)


@phone_book.mistake("Without a department the third value is None, not a text.")
def no_place_as_text(run: Run) -> bool:
    return bool(run.unexpected) and {row[:2] for row in run.unexpected} == {
        row[:2] for row in run.missing if row[2] is None
    }


@phone_book.mistake("Some people have no department: None has no name. Ask for that.")
def placeless_has_no_name(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@phone_book.mistake(
    "only() leaves out the department that select_related joins. Name it in only(), too: "
    "department__name."
)
def deferred_and_joined(run: Run) -> bool:
    return failed(run, "FieldError", "both deferred and traversed")


@phone_book.mistake("The third value is the number of the department. Asked is its name.")
def number_of_department(run: Run) -> bool:
    return any(isinstance(row[2], int) for row in run.rows)


@phone_book.mistake("only() left out a field that you use: it is read again for each row.")
def field_of_each(run: Run) -> bool:
    return bool({"Employee.email", "Employee.name"} & run.n_plus_1)


@phone_book.mistake("Each employee's department costs a query of its own: this is N+1.")
def place_of_each(run: Run) -> bool:
    return "Employee.department" in run.n_plus_1


@phone_book.right
def book_by_only() -> object:
    staff = Employee.objects.active().select_related("department")
    staff = staff.only("name", "email", "department__name")
    return [(e.name, e.email, e.department.name if e.department else None) for e in staff]


@phone_book.right
def book_by_defer() -> object:
    staff = Employee.objects.filter(is_active=True).select_related("department").defer("salary")
    return [(e.name, e.email, e.department and e.department.name) for e in staff]


@phone_book.right
def book_by_dicts() -> object:
    staff = Employee.objects.active().values("name", "email", place=F("department__name"))
    return [(row["name"], row["email"], row["place"]) for row in staff]


@phone_book.right
def book_raw() -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.name, e.email, d.name FROM company_employee e
            LEFT JOIN company_department d ON d.id = e.department_id WHERE e.is_active
            """
        )
        return cursor.fetchall()


@phone_book.wrong("the column salary was read")
def book_objects() -> object:
    staff = Employee.objects.active().select_related("department")
    return [(e.name, e.email, e.department.name if e.department else None) for e in staff]


@phone_book.wrong("the column salary was read")
def book_star() -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.*, d.name FROM company_employee e
            LEFT JOIN company_department d ON d.id = e.department_id WHERE e.is_active
            """
        )
        return [(row[1], row[2], row[-1]) for row in cursor.fetchall()]


@phone_book.wrong(with_the_gone)
def book_everybody() -> object:
    return Employee.objects.values_list("name", "email", "department__name")


@phone_book.wrong(without_placeless)
def book_placed() -> object:
    staff = Employee.objects.active().exclude(department=None)
    return staff.values_list("name", "email", "department__name")


@phone_book.wrong(no_place_as_text)
def book_empty_text() -> object:
    rows = Employee.objects.active().values_list("name", "email", "department__name")
    return [(name, email, place or "") for name, email, place in rows]


@phone_book.wrong(placeless_has_no_name)
def book_none() -> object:
    staff = Employee.objects.active().select_related("department")
    staff = staff.only("name", "email", "department__name")
    return [(e.name, e.email, e.department.name) for e in staff]


@phone_book.wrong(deferred_and_joined)
def book_conflict() -> object:
    return list(Employee.objects.active().select_related("department").only("name", "email"))


@phone_book.wrong(number_of_department)
def book_numbers() -> object:
    return Employee.objects.active().values_list("name", "email", "department")


@phone_book.wrong(field_of_each)
def book_too_few() -> object:
    staff = Employee.objects.active().select_related("department").only("name", "department__name")
    return [(e.name, e.email, e.department.name if e.department else None) for e in staff]


@phone_book.wrong(place_of_each)
def book_loop() -> object:
    staff = Employee.objects.active().only("name", "email", "department")
    return [(e.name, e.email, e.department.name if e.department else None) for e in staff]
