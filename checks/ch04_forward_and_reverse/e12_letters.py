"""04.12 Who reports to whom: a relation of a model to itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from company.models import Employee

from checks.ch04_forward_and_reverse import asks_for_each, many_as_list
from checks.common import changes, rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def namesake_managers() -> None:
    """two new managers have the same name"""
    for _ in range(2):
        manager = rows.employee(name="Kim Lee")
        rows.employee(manager=manager)


def new_level() -> None:
    """somebody who reports to the chief got a report"""
    manager = Employee.objects.filter(manager__isnull=False, reports=None).earliest("pk")
    rows.employee(manager=manager, name="Siobhán O'Dwyer")


letters = Exercise(
    "04.12",
    "Who reports to whom",
    minutes=7,
    queries=2,
    changes=[namesake_managers, new_level, changes.nobody],
    hints=[
        "manager leads from an employee to another employee. The way back is called reports.",
        "From one manager to many reports: reverse. You know the cure.",
        "A filter on reports repeats a manager for each report. distinct() helps, or an if in Python.",
    ],
)


@letters.expects
def expected() -> object:
    names = dict(Employee.objects.values_list("pk", "name"))
    reports = defaultdict(list)
    for person in Employee.objects.all():
        if person.manager_id:
            reports[person.manager_id].append(person.name)
    return [(names[manager], staff) for manager, staff in reports.items()]


@letters.mistake(
    "The foreign key to the manager has a related_name: the way back is called reports."
)
def not_reports(run: Run) -> bool:
    return failed(run, "AttributeError", "'Employee' object") or failed(
        run, "FieldError", "employee"
    )


@letters.mistake(
    "select_related() joins one object to each row. A manager has many reports: "
    "that takes prefetch_related()."
)
def joined_reports(run: Run) -> bool:
    return failed(run, "FieldError", "select_related: 'reports'")


letters_manager = many_as_list(letters, "manager.reports")


@letters.mistake("Somebody has no manager: for them employee.manager is None, and has no name.")
def manager_of_the_chief(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@letters.mistake("Your lists have employees. Asked are their names.")
def employees_in_letters(run: Run) -> bool:
    return any(isinstance(report, Employee) for _, reports in run.rows for report in reports)


@letters.mistake(
    "A manager stands in your list once for each of their reports: a filter in reverse repeats rows."
)
def repeated_managers(run: Run) -> bool:
    repeated = all(_letter(row) in _letters(run.expected) for row in run.unexpected)
    return bool(run.unexpected) and not run.missing and repeated


@letters.mistake(
    "Your list has a row for each report. Asked is one row for each manager, "
    "with a list of all who report to them."
)
def row_for_each_report(run: Run) -> bool:
    reports: int = Employee.objects.exclude(manager=None).count()
    return len(run.rows) == reports > len(run.expected)


@letters.mistake("Somebody in your list has no reports, so they are no manager. Leave them out.")
def without_reports(run: Run) -> bool:
    return any(not list(reports) for _, reports in run.unexpected)


@letters.mistake(
    "Managers of the same name became one. Tell people apart by pk, and give the name at the end."
)
def namesakes_one_letter(run: Run) -> bool:
    names = Counter(name for name, _ in run.expected)
    return bool(run.missing) and all(names[name] > 1 for name, _ in run.missing)


@letters.mistake(
    "Your list has the chief only: the one who has no manager. "
    "A manager is somebody to whom others report."
)
def only_the_top(run: Run) -> bool:
    top = set(Employee.objects.filter(manager=None).values_list("name", flat=True))
    return bool(run.rows) and all(name in top for name, _ in run.rows)


@letters.mistake(
    "The result is right, but each employee's reports cost a query of their own: "
    "this is N+1, in reverse."
)
def reports_of_each(run: Run) -> bool:
    return asks_for_each(run)


def _letter(row: Any) -> tuple[str, tuple[str, ...]]:
    name, reports = row
    return name, tuple(sorted(reports))


def _letters(rows: Iterable[Any]) -> set[tuple[str, tuple[str, ...]]]:
    return {_letter(row) for row in rows}


@letters.right
def letters_of_heads() -> object:
    heads = Employee.objects.filter(reports__isnull=False).distinct().prefetch_related("reports")
    return [(head.name, [report.name for report in head.reports.all()]) for head in heads]


@letters.right
def letters_forward() -> object:
    reports: dict[Employee, list[str]] = defaultdict(list)
    for person in Employee.objects.exclude(manager=None).select_related("manager"):
        reports[person.manager].append(person.name)
    return [(manager.name, names) for manager, names in reports.items()]


@letters.right
def letters_by_values() -> object:
    found: dict[int, tuple[str, list[str]]] = {}
    rows = Employee.objects.filter(reports__isnull=False).values_list("pk", "name", "reports__name")
    for pk, manager, report in rows:
        found.setdefault(pk, (manager, []))[1].append(report)
    return found.values()


@letters.wrong(not_reports)
def letters_employee_set() -> object:
    return [(m.name, [r.name for r in m.employee_set.all()]) for m in Employee.objects.all()]


@letters.wrong(not_reports)
def letters_of_employees() -> object:
    return Employee.objects.filter(employee__isnull=False)


@letters.wrong(joined_reports)
def letters_select_related() -> object:
    heads = Employee.objects.select_related("reports")
    return [(head.name, [report.name for report in head.reports.all()]) for head in heads]


@letters.wrong(without_reports)
def letters_to_all() -> object:
    staff = Employee.objects.prefetch_related("reports")
    return [(person.name, [report.name for report in person.reports.all()]) for person in staff]


@letters.wrong(repeated_managers)
def letters_repeated() -> object:
    heads = Employee.objects.filter(reports__isnull=False).prefetch_related("reports")
    return [(head.name, [report.name for report in head.reports.all()]) for head in heads]


@letters.wrong(namesakes_one_letter)
def letters_by_name() -> object:
    reports = defaultdict(list)
    for person in Employee.objects.exclude(manager=None).select_related("manager"):
        reports[person.manager.name].append(person.name)
    return list(reports.items())


@letters.wrong(only_the_top)
def letters_from_the_top() -> object:
    heads = Employee.objects.filter(manager=None, reports__isnull=False).distinct()
    heads = heads.prefetch_related("reports")
    return [(head.name, [report.name for report in head.reports.all()]) for head in heads]


@letters.wrong(reports_of_each)
def letters_loop() -> object:
    staff = Employee.objects.all()
    found = [(person.name, [report.name for report in person.reports.all()]) for person in staff]
    return [(name, reports) for name, reports in found if reports]


@letters.wrong(reports_of_each)
def letters_loop_of_heads() -> object:
    heads = Employee.objects.filter(reports__isnull=False).distinct()
    return [(head.name, [report.name for report in head.reports.all()]) for head in heads]


@letters.wrong("Asked is a list; your function returned a dictionary.")
def letters_as_dictionary() -> object:
    heads = Employee.objects.heads().prefetch_related("reports")
    return {head.name: [report.name for report in head.reports.all()] for head in heads}


@letters.wrong(letters_manager)
def letters_over_manager() -> object:
    staff = Employee.objects.prefetch_related("reports")
    return [(manager.name, [report.name for report in manager.reports]) for manager in staff]


@letters.wrong(manager_of_the_chief)
def letters_of_the_chief() -> object:
    staff = Employee.objects.select_related("manager")
    return [(person.manager.name, [person.name]) for person in staff]


@letters.wrong(employees_in_letters)
def letters_of_objects() -> object:
    heads = Employee.objects.heads().prefetch_related("reports")
    return [(head.name, head.reports.all()) for head in heads]


@letters.wrong(row_for_each_report)
def letters_in_pairs() -> object:
    return Employee.objects.exclude(manager=None).values_list("manager__name", "name")


@letters.wrong(reports_of_each)
def letters_loop_of_employees() -> object:
    heads = Employee.objects.heads()
    return [(h.name, [r.name for r in Employee.objects.filter(manager=h)]) for h in heads]
