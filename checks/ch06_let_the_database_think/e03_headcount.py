"""06.3 The headcount: a number for each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from company.models import Department, Employee
from django.db.models import Count, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from checks.common import changes, rows
from checks.common.runs import failed, fetched_all
from tutor.judge.exercise import Exercise, Run


def tie() -> None:
    """two new departments have no people yet"""
    rows.department(name="Zoo")
    rows.department(name="Archive")


headcount = Exercise(
    "06.3",
    "The headcount",
    minutes=5,
    queries=1,
    ordered=True,
    changes=[changes.newcomer, tie, changes.without_department, changes.nobody],
    hints=[
        "A number for each department: annotate the departments.",
        "Count something that an empty department does not have: its employees.",
        "Two things to sort by: the number, with a minus, and the name.",
    ],
)


@headcount.expects
def expected() -> object:
    people = Counter(person.department_id for person in Employee.objects.all())
    rows = [(department.name, people[department.pk]) for department in Department.objects.all()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


@headcount.check
def check(run: Run) -> str | None:
    order = run.seen.queries[-1].sql.partition(" ORDER BY ")[2] if run.seen.queries else ""
    if order.endswith(" DESC") and "," not in order:
        return (
            "Equal numbers come in the order of the names only by luck: your ORDER BY names the "
            "number alone. Say it: order_by with the number and the name."
        )
    return None


@headcount.mistake(
    "The way from a department to its people is called employees, as in related_name."
)
def way_to_people(run: Run) -> bool:
    return failed(run, "FieldError", "Cannot resolve") or failed(run, "AttributeError", "employee")


@headcount.mistake("Sum adds the keys of the employees. Count counts them.")
def keys_added(run: Run) -> bool:
    return any((people or 0) > Employee.objects.count() for _, people in run.unexpected)


@headcount.mistake("Departments without anybody are missing. Start from Department.")
def only_with_people(run: Run) -> bool:
    return (
        bool(run.missing) and all(people == 0 for _, people in run.missing) and not run.unexpected
    )


@headcount.mistake(
    "Some employees have no department. They are no department of their own: start from Department."
)
def group_of_none(run: Run) -> bool:
    return any(name is None for name, _ in run.unexpected)


@headcount.mistake(
    "An empty department counts 1: Count('pk') counts the joined rows, and an empty department "
    "has one, without an employee. Count the employees."
)
def rows_counted(run: Run) -> bool:
    return bool(run.unexpected) and all(people == 1 for _, people in run.unexpected)


@headcount.mistake(
    "The numbers are right, the order is not. The largest comes first, and where two have the "
    "same number, the name decides. A query with GROUP BY ignores Meta.ordering."
)
def other_order(run: Run) -> bool:
    return not run.missing and not run.unexpected and run.value != run.expected


@headcount.mistake("Each department costs a query of its own: this is N+1. annotate counts all.")
def count_of_each(run: Run) -> bool:
    return run.queries > 2


@headcount.mistake("Reading all employees to count them: 2 queries, and 68 rows for 8 numbers.")
def all_read(run: Run) -> bool:
    return run.queries == 2 and run.fetched > Department.objects.count()


@headcount.mistake("The two values stand in the other order: first the name, then the number.")
def number_first(run: Run) -> bool:
    return [(name, people) for people, name in run.rows] == [*map(tuple, run.expected)]


@headcount.right
def grouped_headcount() -> object:
    groups = Department.objects.values("name").annotate(n=Count("employees"))
    return [(group["name"], group["n"]) for group in groups.order_by("-n", "name")]


@headcount.right
def headcount_sorted_in_python() -> object:
    departments = Department.objects.annotate(n=Count("employees__pk"))
    rows = [(department.name, department.n) for department in departments]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


@headcount.right
def headcount_by_subquery() -> object:
    own = Employee.objects.filter(department=OuterRef("pk")).order_by().values("department")
    n = Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), 0)
    return Department.objects.annotate(n=n).order_by("-n", "name").values_list("name", "n")


@headcount.right
def headcount_by_cursor() -> object:
    return fetched_all("""
        SELECT d.name, COUNT(e.id) FROM company_department d
        LEFT JOIN company_employee e ON e.department_id = d.id
        GROUP BY d.id, d.name ORDER BY 2 DESC, 1
    """)


@headcount.wrong(only_with_people)
def headcount_inner() -> object:
    staff = Employee.objects.exclude(department=None).order_by()
    groups = staff.values_list("department__name").annotate(n=Count("pk"))
    return groups.order_by("-n", "department__name")


@headcount.wrong(group_of_none)
def headcount_with_none() -> object:
    groups = Employee.objects.values_list("department__name").annotate(n=Count("pk"))
    return groups.order_by("-n", "department__name")


@headcount.wrong(rows_counted)
def count_pk() -> object:
    departments = Department.objects.annotate(n=Count("pk"), e=Count("employees"))
    return departments.order_by("-n", "name").values_list("name", "n")


@headcount.wrong(rows_counted)
def count_of_departments() -> object:
    departments = Department.objects.annotate(n=Count("*"))
    return departments.order_by("-n", "name").values_list("name", "n")


@headcount.wrong(other_order)
def no_order() -> object:
    return Department.objects.annotate(n=Count("employees")).values_list("name", "n")


@headcount.wrong(other_order)
def number_only() -> object:
    departments = Department.objects.annotate(n=Count("employees")).order_by("-n", "-name")
    return departments.values_list("name", "n")


@headcount.wrong(count_of_each)
def headcount_loop() -> object:
    rows = [(department.name, department.employees.count()) for department in all_departments()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def all_departments() -> Iterable[Department]:
    return Department.objects.all()


@headcount.wrong(all_read)
def headcount_prefetched() -> object:
    departments = Department.objects.prefetch_related("employees")
    rows = [(department.name, len(department.employees.all())) for department in departments]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


@headcount.wrong(number_first)
def headcount_turned() -> object:
    departments = Department.objects.annotate(n=Count("employees"))
    return departments.order_by("-n", "name").values_list("n", "name")


@headcount.wrong(way_to_people)
def count_employee() -> object:
    departments = Department.objects.annotate(n=Count("employee")).order_by("-n", "name")
    return departments.values_list("name", "n")


@headcount.wrong(keys_added)
def sum_of_keys() -> object:
    departments = Department.objects.annotate(n=Sum("employees")).order_by("-n", "name")
    return departments.values_list("name", "n")


@headcount.wrong("Equal numbers come in the order of the names only by luck")
def order_by_luck() -> object:
    departments = Department.objects.annotate(n=Count("employees")).order_by("-n")
    return departments.values_list("name", "n")


@headcount.wrong("Each row should be like ('")
def annotated_departments() -> object:
    return Department.objects.annotate(n=Count("employees")).order_by("-n", "name")
