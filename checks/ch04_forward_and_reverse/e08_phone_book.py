"""04.8 The phone book: many rows for each row, fetched ahead."""

from __future__ import annotations

from collections import defaultdict

from company.models import Department, Employee
from django.db.models import Prefetch

from checks.ch04_forward_and_reverse import asks_for_each, many_as_list
from checks.common import changes, rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def all_left() -> None:
    """there is a department from which everybody has left"""
    rows.employee(department=rows.department(), is_active=False)


phone_book = Exercise(
    "04.8",
    "The phone book",
    minutes=6,
    queries=2,
    changes=[changes.empty_department, changes.twins, all_left, changes.without_department],
    hints=[
        "Start from Department. From one department to many employees: reverse.",
        "In reverse, prefetch_related() is the cure: two queries, however many departments.",
        "Prefetched rows answer all() only. Leave out the inactive people in Python, with an if.",
    ],
)


@phone_book.expects
def expected() -> object:
    book: dict[str, list[str]] = {department.name: [] for department in Department.objects.all()}
    names = dict(Department.objects.values_list("pk", "name"))
    for person in Employee.objects.all():
        if person.is_active and person.department_id:
            book[names[person.department_id]].append(person.name)
    return book


@phone_book.mistake("Employee has related_name: from a department the way is called employees.")
def no_employee_set(run: Run) -> bool:
    return failed(run, "AttributeError", "employee_set") or failed(
        run, "AttributeError", "employee'"
    )


book_manager = many_as_list(phone_book, "department.employees")


@phone_book.mistake(
    "select_related() joins one object to each row. A department has many employees: "
    "that takes prefetch_related()."
)
def joined_many(run: Run) -> bool:
    return failed(run, "FieldError", "select_related: 'employees'")


@phone_book.mistake("Some employees have no department, so they are on no page. Leave them out.")
def page_of_none(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'") or None in run.value


@phone_book.mistake("A department with nobody is missing. It needs a page as well: an empty list.")
def without_empty_pages(run: Run) -> bool:
    absent = run.expected.keys() - run.value.keys()
    return bool(absent) and not any(run.expected[name] for name in absent)


@phone_book.mistake("Somebody who has left is in the book. Only active people should be.")
def with_those_who_left(run: Run) -> bool:
    left = set(Employee.objects.filter(is_active=False).values_list("name", flat=True))
    return any(left.intersection(map(str, names)) for names in run.value.values())


@phone_book.mistake("Two people in one department have the same name. The book needs both of them.")
def twins_once(run: Run) -> bool:
    pages = [(run.expected[name], page) for name, page in run.value.items()]
    fewer = any(len(page) < len(right) for right, page in pages)
    return fewer and all(set(page) == set(right) for right, page in pages)


@phone_book.mistake(
    "You prefetch the employees, but filter() asks the database again for each department. "
    "Only all() uses the prefetched rows: leave people out in Python, with an if."
)
def prefetched_for_nothing(run: Run) -> bool:
    return (
        is_right(run)
        and bool(run.n_plus_1)
        and any(" IN (" in query.sql for query in run.seen.queries)
    )


@phone_book.mistake(
    "The result is right, but each employee's department costs a query of its own: this is N+1."
)
def page_of_each(run: Run) -> bool:
    return is_right(run) and "Employee.department" in run.n_plus_1


@phone_book.mistake(
    "The result is right, but each department costs a query of its own: this is N+1, in reverse."
)
def people_of_each(run: Run) -> bool:
    return asks_for_each(run)


@phone_book.right
def book_prefetch_object() -> object:
    active = Prefetch("employees", Employee.objects.filter(is_active=True), to_attr="here")
    departments = Department.objects.prefetch_related(active)
    return {
        department.name: [person.name for person in department.here] for department in departments
    }


@phone_book.right
def book_one_query() -> object:
    book: dict[str, list[str]] = defaultdict(list)
    rows = Department.objects.values_list("name", "employees__name", "employees__is_active")
    for department, name, active in rows:
        book[department] += [name] if active else []
    return book


@phone_book.right
def book_from_employees() -> object:
    book: dict[str, list[str]] = {d.name: [] for d in Department.objects.all()}
    staff = Employee.objects.filter(is_active=True, department__isnull=False)
    for person in staff.select_related("department"):
        book[person.department.name].append(person.name)
    return book


@phone_book.wrong(no_employee_set)
def book_employee_set() -> object:
    departments = Department.objects.all()
    return {d.name: [e.name for e in d.employee_set.filter(is_active=True)] for d in departments}


@phone_book.wrong(book_manager)
def book_over_manager() -> object:
    departments = Department.objects.prefetch_related("employees")
    return {d.name: [e.name for e in d.employees if e.is_active] for d in departments}


@phone_book.wrong(joined_many)
def book_select_related() -> object:
    departments = Department.objects.select_related("employees")
    return {d.name: [e.name for e in d.employees.all() if e.is_active] for d in departments}


@phone_book.wrong(page_of_none)
def book_of_none() -> object:
    book: dict[str, list[str]] = {d.name: [] for d in Department.objects.all()}
    for person in Employee.objects.filter(is_active=True).select_related("department"):
        book[person.department.name].append(person.name)
    return book


@phone_book.wrong(page_of_none)
def book_with_none() -> object:
    book: dict[str, list[str]] = defaultdict(list)
    for name, department in Employee.objects.values_list("name", "department__name"):
        book[department].append(name)
    return book


@phone_book.wrong(without_empty_pages)
def book_of_the_staffed() -> object:
    book: dict[str, list[str]] = defaultdict(list)
    staff = Employee.objects.filter(is_active=True).exclude(department=None)
    for name, department in staff.values_list("name", "department__name"):
        book[department].append(name)
    return book


@phone_book.wrong(with_those_who_left)
def book_of_all() -> object:
    departments = Department.objects.prefetch_related("employees")
    return {d.name: [e.name for e in d.employees.all()] for d in departments}


@phone_book.wrong(twins_once)
def book_of_sets() -> object:
    departments = Department.objects.prefetch_related("employees")
    return {d.name: {e.name for e in d.employees.all() if e.is_active} for d in departments}


@phone_book.wrong(prefetched_for_nothing)
def book_prefetch_filter() -> object:
    departments = Department.objects.prefetch_related("employees")
    return {d.name: [e.name for e in d.employees.filter(is_active=True)] for d in departments}


@phone_book.wrong(people_of_each)
def book_loop() -> object:
    departments = Department.objects.all()
    return {d.name: [e.name for e in d.employees.all() if e.is_active] for d in departments}


@phone_book.wrong(people_of_each)
def book_loop_filter() -> object:
    departments = Department.objects.all()
    return {d.name: [e.name for e in d.employees.filter(is_active=True)] for d in departments}


@phone_book.wrong(page_of_each)
def book_forward_loop() -> object:
    book: dict[str, list[str]] = {d.name: [] for d in Department.objects.all()}
    for person in Employee.objects.filter(is_active=True).exclude(department=None):
        book[person.department.name].append(person.name)
    return book


@phone_book.wrong("Asked is a dictionary; your function returned a list.")
def book_as_rows() -> object:
    departments = Department.objects.prefetch_related("employees")
    return [(d.name, [e.name for e in d.employees.all() if e.is_active]) for d in departments]


@phone_book.wrong(people_of_each)
def book_loop_of_employees() -> object:
    return {
        department.name: [e.name for e in Employee.objects.active().filter(department=department)]
        for department in Department.objects.all()
    }
