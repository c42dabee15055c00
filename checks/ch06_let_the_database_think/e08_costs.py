"""06.8 Two sums, of two tables that multiply each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from company.models import Department, Employee, Project
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from checks.ch06_let_the_database_think import same_salary
from checks.common import changes, rows
from checks.common.runs import failed, fetched_all
from tutor.judge.exercise import Exercise, Run


def same_salary_again() -> None:
    """somebody in Engineering was hired for a salary that a colleague has, too"""
    same_salary()


def same_budget() -> None:
    """Sales started two projects with the same budget"""
    for _ in range(2):
        rows.project(department=Department.objects.get(name="Sales"), budget=5000)


def only_a_project() -> None:
    """a new department has a project and nobody in it"""
    rows.project(department=rows.department())


costs = Exercise(
    "06.8",
    "Two sums",
    minutes=7,
    queries=2,
    changes=[same_salary_again, same_budget, only_a_project, changes.empty_department],
    hints=[
        "Two JOINs in one query would multiply both sums, and distinct does not cure a sum.",
        (
            "At most one of the two sums may come by a JOIN. Put the other into a Subquery, "
            "or ask a second query and bring the two together in Python."
        ),
        (
            "The inner query: filter(department=OuterRef(...)), values('department'), "
            "annotate the sum, values('total')."
        ),
    ],
)


@costs.expects
def expected() -> object:
    salaries, budgets = Counter[Any](), defaultdict[Any, Decimal](Decimal)
    for person in Employee.objects.all():
        salaries[person.department_id] += person.salary
    for part in Project.objects.all():
        budgets[part.department_id] += part.budget
    departments = Department.objects.all()
    return [(place.name, salaries[place.pk], budgets[place.pk]) for place in departments]


def of_department(rows: list[Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (salaries, budgets) for name, salaries, budgets in rows}


@costs.mistake("The sum of nothing is None. Asked is 0: default=0 in Sum, or Coalesce.")
def none_for_zero(run: Run) -> bool:
    return any(None in row for row in run.unexpected) or failed(run, "TypeError", "NoneType")


@costs.mistake(
    "Your sums are too large: two JOINs make every pair of an employee and a project. "
    "At most one of the sums may come by a JOIN."
)
def sums_multiplied(run: Run) -> bool:
    right = of_department(run.expected)
    return bool(run.unexpected) and all(
        s >= right[name][0] and b >= right[name][1] for name, s, b in run.unexpected
    )


@costs.mistake(
    "Some sums are too small: distinct adds two equal salaries, or two equal budgets, only once."
)
def equal_once(run: Run) -> bool:
    once = {
        place.name: (
            sum(set(place.employees.values_list("salary", flat=True))),
            sum(set(place.projects.values_list("budget", flat=True))),
        )
        for place in Department.objects.all()
    }
    right = of_department(run.expected)
    return bool(run.unexpected) and all(
        s in (once[name][0], right[name][0]) and b in (once[name][1], right[name][1])
        for name, s, b in run.unexpected
    )


@costs.mistake("Departments are missing: those with no employees or no projects belong there, too.")
def departments_missing(run: Run) -> bool:
    return bool(run.missing) and not run.unexpected


@costs.mistake("The sums are right, but there is a query for each department: this is N+1.")
def sums_of_each(run: Run) -> bool:
    return run.queries > 3


@costs.mistake(
    "The relation to the projects has a related_query_name: in queries it is project, not projects."
)
def projects_in_query(run: Run) -> bool:
    return failed(run, "FieldError", "'projects'")


@costs.mistake(
    "Your subquery adds each row alone, or all at once. Group it: values('department') before "
    "annotate."
)
def ungrouped(run: Run) -> bool:
    one = of_department(run.unexpected) if not run.error else {}
    right = of_department(run.expected)
    return (
        failed(run, "FieldError", "aggregate")
        or failed(run, "ValueError", "outer query")
        or any(
            0 < value < good
            for name in one
            for value, good in zip(one[name], right[name], strict=True)
        )
    )


@costs.right
def two_queries() -> object:
    salaries = Department.objects.annotate(t=Sum("employees__salary", default=0))
    budgets = Department.objects.annotate(t=Sum("project__budget", default=Decimal(0)))
    added = dict(budgets.values_list("name", "t"))
    return [(department.name, department.t, added[department.name]) for department in salaries]


@costs.right
def both_inside() -> object:
    def own(rows: Any, field: str) -> Any:
        rows = rows.filter(department=OuterRef("pk")).order_by().values("department")
        return Subquery(rows.annotate(t=Sum(field)).values("t"))

    departments = Department.objects.annotate(
        s=own(Employee.objects, "salary"), b=own(Project.objects, "budget")
    )
    return [(place.name, place.s or 0, place.b or 0) for place in departments]


@costs.right
def sums_by_cursor() -> object:
    return fetched_all("""
        SELECT name,
               (SELECT COALESCE(SUM(salary), 0) FROM company_employee e WHERE e.department_id = d.id),
               (SELECT COALESCE(SUM(budget), 0) FROM company_project p WHERE p.department_id = d.id)
        FROM company_department d
    """)


@costs.wrong(none_for_zero)
def sums_without_default() -> object:
    own = Project.objects.filter(department=OuterRef("pk")).order_by().values("department")
    departments = Department.objects.annotate(
        s=Sum("employees__salary"), b=Subquery(own.annotate(t=Sum("budget")).values("t"))
    )
    return departments.values_list("name", "s", "b")


@costs.wrong(sums_multiplied)
def sums_of_pairs() -> object:
    departments = Department.objects.annotate(
        s=Sum("employees__salary", default=0), b=Sum("project__budget", default=Decimal(0))
    )
    return departments.values_list("name", "s", "b")


@costs.wrong(equal_once)
def sums_distinct() -> object:
    departments = Department.objects.annotate(
        s=Sum("employees__salary", default=0, distinct=True),
        b=Sum("project__budget", default=Decimal(0), distinct=True),
    )
    return departments.values_list("name", "s", "b")


@costs.wrong(departments_missing)
def with_people_only() -> object:
    own = Project.objects.filter(department=OuterRef("pk")).order_by().values("department")
    budgets = Subquery(own.annotate(t=Sum("budget")).values("t"))
    departments = Department.objects.filter(employees__isnull=False).annotate(
        s=Sum("employees__salary"), b=Coalesce(budgets, Decimal(0))
    )
    return departments.values_list("name", "s", "b")


@costs.wrong(sums_of_each)
def sums_in_a_loop() -> object:
    return [
        (
            department.name,
            department.employees.aggregate(t=Sum("salary", default=0))["t"],
            department.projects.aggregate(t=Sum("budget", default=0))["t"],
        )
        for department in Department.objects.all()
    ]


@costs.wrong(projects_in_query)
def related_name_in_query() -> object:
    return Department.objects.annotate(b=Sum("projects__budget")).values_list("name", "b", "b")


@costs.wrong(ungrouped)
def aggregated_inside() -> object:
    own = Project.objects.filter(department=OuterRef("pk")).aggregate(t=Sum("budget"))
    return Department.objects.annotate(b=own["t"]).values_list("name", "b", "b")


@costs.wrong(ungrouped)
def one_row_each() -> object:
    own = Project.objects.filter(department=OuterRef("pk")).annotate(t=Sum("budget")).values("t")
    departments = Department.objects.annotate(
        s=Sum("employees__salary", default=0), b=Coalesce(Subquery(own[:1]), Decimal(0))
    )
    return departments.values_list("name", "s", "b")


@costs.wrong("it took 3 queries. 2 are enough")
def prefetched_sums() -> object:
    return [
        (
            department.name,
            sum(person.salary for person in department.employees.all()),
            sum(part.budget for part in department.projects.all()),
        )
        for department in Department.objects.prefetch_related("employees", "projects")
    ]
