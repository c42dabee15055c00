"""04.15 Hours on projects: many to many through a model, which has the hours."""

from __future__ import annotations

from collections import Counter, defaultdict

from company.models import Assignment, Employee, Project
from django.db.models import Sum, Value
from django.db.models.functions import Coalesce

from checks.ch04_forward_and_reverse import asks_for_each, many_as_list, no_assignments
from checks.common import changes, rows
from checks.common.runs import failed, fetched_all
from tutor.judge.exercise import Exercise, Run


def namesakes_busy() -> None:
    """two new employees have the same name, and one of them works on two projects"""
    rows.employee(name="Kim Lee")
    busy = rows.employee(name="Kim Lee")
    for part in Project.objects.order_by("pk")[:2]:
        rows.assign(busy, part, 10)


def same_hours() -> None:
    """somebody works the same number of hours on two projects"""
    person = rows.employee()
    for part in Project.objects.order_by("pk")[:2]:
        rows.assign(person, part, 12)


workload = Exercise(
    "04.15",
    "Hours on projects",
    minutes=7,
    queries=2,
    changes=[changes.newcomer, namesakes_busy, same_hours, no_assignments],
    hints=[
        "The hours belong to the pair of employee and project. So go to the assignments.",
        "From one employee to many assignments: reverse, with the name assignments.",
        "prefetch_related() brings the pairs. sum() adds in Python, and the sum of nothing is 0.",
    ],
)


@workload.expects
def expected() -> object:
    hours: Counter[int] = Counter()
    for pair in Assignment.objects.all():
        hours[pair.employee_id] += pair.hours_per_week
    return [(person.name, hours[person.pk]) for person in Employee.objects.all()]


@workload.mistake(
    "hours_per_week is a field of Assignment: of the pair. "
    "Neither the employee nor the project has it."
)
def hours_of_the_pair(run: Run) -> bool:
    return failed(run, "AttributeError", "hours_per_week") or failed(
        run, "FieldError", "hours_per_week"
    )


@workload.mistake("The way back has a related_name: an employee has assignments.")
def no_assignment_set(run: Run) -> bool:
    return failed(run, "AttributeError", "assignment") or failed(run, "FieldError", "'assignment'")


@workload.mistake(
    "select_related() joins one object to each row. An employee has many assignments: "
    "that takes prefetch_related()."
)
def joined_assignments(run: Run) -> bool:
    return failed(run, "FieldError", "select_related: 'assignments'")


workload_manager = many_as_list(workload, "employee.assignments")


@workload.mistake(
    "Your list has a row for each assignment. Asked is one for each employee: add up."
)
def row_for_each_pair(run: Run) -> bool:
    return len(run.rows) > len(run.expected)


@workload.mistake(
    "Employees of the same name became one. Add up by the employee's pk, then give the name."
)
def namesakes_added(run: Run) -> bool:
    names = Counter(name for name, _ in run.expected)
    return bool(run.missing) and all(names[name] > 1 for name, _ in run.missing)


@workload.mistake("Employees without a project are missing. They have 0 hours.")
def without_idle(run: Run) -> bool:
    fewer = len(run.rows) < len(run.expected)
    return fewer and all(hours == 0 for _, hours in run.missing)


@workload.mistake("The sum of no rows is None in the database. Somebody without a project has 0.")
def none_for_zero(run: Run) -> bool:
    return bool(run.unexpected) and all(hours is None for _, hours in run.unexpected)


@workload.mistake(
    "You added up the hours of all members of their projects. "
    "From the employee go straight to the assignments: those are their own."
)
def hours_of_the_team(run: Run) -> bool:
    own = dict(run.expected)
    return bool(run.unexpected) and all(hours > own[name] for name, hours in run.unexpected)


@workload.mistake(
    "You counted the projects. Asked are the hours: hours_per_week of each assignment."
)
def projects_counted(run: Run) -> bool:
    pairs = Counter(Assignment.objects.values_list("employee__name", flat=True))
    return bool(run.unexpected) and all(number == pairs[name] for name, number in run.unexpected)


@workload.mistake(
    "Twice the same number of hours counts twice. A set, or distinct, keeps it only once."
)
def equal_hours_once(run: Run) -> bool:
    own = dict(run.expected)
    return bool(run.unexpected) and all(0 < hours < own[name] for name, hours in run.unexpected)


@workload.mistake(
    "The result is right, but each employee's assignments cost a query of their own: this is N+1."
)
def assignments_of_each(run: Run) -> bool:
    return asks_for_each(run)


@workload.right
def hours_annotated() -> object:
    hours = Sum("assignments__hours_per_week", default=0)
    return Employee.objects.annotate(hours=hours).values_list("name", "hours")


@workload.right
def hours_coalesced() -> object:
    hours = Coalesce(Sum("assignments__hours_per_week"), Value(0))
    return [(person.name, person.hours) for person in Employee.objects.annotate(hours=hours)]


@workload.right
def hours_from_pairs() -> object:
    hours: dict[int, int] = defaultdict(int)
    for employee, number in Assignment.objects.values_list("employee", "hours_per_week"):
        hours[employee] += number
    return [(name, hours[pk]) for pk, name in Employee.objects.values_list("pk", "name")]


@workload.right
def hours_by_hand() -> object:
    return fetched_all("""
        SELECT e.name, COALESCE(SUM(a.hours_per_week), 0) FROM company_employee e
        LEFT JOIN company_assignment a ON a.employee_id = e.id GROUP BY e.id, e.name
    """)


@workload.wrong(hours_of_the_pair)
def hours_of_projects() -> object:
    staff = Employee.objects.prefetch_related("projects")
    return [(e.name, sum(part.hours_per_week for part in e.projects.all())) for e in staff]


@workload.wrong(hours_of_the_pair)
def hours_of_employee() -> object:
    return [(person.name, person.hours_per_week) for person in Employee.objects.all()]


@workload.wrong(no_assignment_set)
def hours_assignment_set() -> object:
    staff = Employee.objects.all()
    return [(e.name, sum(a.hours_per_week for a in e.assignment_set.all())) for e in staff]


@workload.wrong(joined_assignments)
def hours_select_related() -> object:
    staff = Employee.objects.select_related("assignments")
    return [(e.name, sum(a.hours_per_week for a in e.assignments.all())) for e in staff]


@workload.wrong(without_idle)
def hours_of_members() -> object:
    hours: dict[Employee, int] = defaultdict(int)
    for pair in Assignment.objects.select_related("employee"):
        hours[pair.employee] += pair.hours_per_week
    return [(person.name, number) for person, number in hours.items()]


@workload.wrong(none_for_zero)
def hours_or_none() -> object:
    hours = Sum("assignments__hours_per_week")
    return Employee.objects.annotate(hours=hours).values_list("name", "hours")


@workload.wrong(namesakes_added)
def hours_by_name() -> object:
    hours: Counter[str] = Counter()
    for name, number in Assignment.objects.values_list("employee__name", "hours_per_week"):
        hours[name] += number
    return [(name, hours[name]) for name in Employee.objects.values_list("name", flat=True)]


@workload.wrong(hours_of_the_team)
def hours_of_all_members() -> object:
    hours = Sum("projects__assignments__hours_per_week", default=0)
    return Employee.objects.annotate(hours=hours).values_list("name", "hours")


@workload.wrong(projects_counted)
def hours_counted() -> object:
    staff = Employee.objects.prefetch_related("assignments")
    return [(person.name, len(person.assignments.all())) for person in staff]


@workload.wrong(equal_hours_once)
def hours_as_set() -> object:
    staff = Employee.objects.prefetch_related("assignments")
    return [(e.name, sum({a.hours_per_week for a in e.assignments.all()})) for e in staff]


@workload.wrong(assignments_of_each)
def hours_loop() -> object:
    staff = Employee.objects.all()
    return [(e.name, sum(a.hours_per_week for a in e.assignments.all())) for e in staff]


@workload.wrong(assignments_of_each)
def hours_values_loop() -> object:
    staff = Employee.objects.prefetch_related("assignments")
    return [(e.name, sum(e.assignments.values_list("hours_per_week", flat=True))) for e in staff]


@workload.wrong(workload_manager)
def hours_over_manager() -> object:
    staff = Employee.objects.prefetch_related("assignments")
    return [(e.name, sum(a.hours_per_week for a in e.assignments)) for e in staff]


@workload.wrong(row_for_each_pair)
def hours_in_pairs() -> object:
    return Assignment.objects.values_list("employee__name", "hours_per_week")


@workload.wrong(namesakes_added)
def hours_grouped_by_name() -> object:
    hours = Sum("assignments__hours_per_week", default=0)
    return Employee.objects.values("name").annotate(hours=hours).values_list("name", "hours")


@workload.wrong(assignments_of_each)
def hours_loop_of_assignments() -> object:
    pairs = Assignment.objects
    return [
        (person.name, sum(pairs.filter(employee=person).values_list("hours_per_week", flat=True)))
        for person in Employee.objects.all()
    ]
