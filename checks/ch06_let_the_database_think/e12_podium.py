"""06.12 The podium: places within each group, by a window function."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from company.models import Department, Employee
from django.db.models import Count, F, OuterRef, Subquery, Window
from django.db.models.functions import Coalesce, DenseRank, Rank, RowNumber

from checks.common import changes, rows
from checks.common.runs import failed, fetched_all
from tutor.judge.exercise import Exercise, Run


def shared_first() -> None:
    """somebody in Sales was hired for the highest salary there"""
    sales = Department.objects.get(name="Sales")
    top = sales.employees.latest("salary").salary
    rows.employee(department=sales, salary=top)


def shared_second() -> None:
    """somebody in Finance was hired for the second highest salary there"""
    finance = Department.objects.get(name="Finance")
    salary = finance.employees.order_by("-salary")[1].salary
    rows.employee(department=finance, salary=salary)


def rich_without_department() -> None:
    """somebody without a department earns most"""
    rows.employee(department=None, salary=200_000)


podium = Exercise(
    "06.12",
    "The podium",
    minutes=6,
    queries=1,
    changes=[changes.newcomer, shared_first, shared_second, rich_without_department],
    hints=[
        "All rows stay, and each looks at its neighbours: a Window.",
        "partition_by says who is compared with whom, order_by who comes first.",
        "RowNumber, Rank, DenseRank: only one of them gives 1, 1, 3. Then filter by the place.",
    ],
)


@podium.expects
def expected() -> object:
    staff = list(Employee.objects.exclude(department=None))
    names = dict(Department.objects.values_list("pk", "name"))
    found = []
    for person in staff:
        better = [o for o in staff if o.department_id == person.department_id]
        place = 1 + sum(other.salary > person.salary for other in better)
        if place <= 2:
            found.append((names[person.department_id], place, person.name))
    return found


@podium.mistake("Each department costs a query of its own: this is N+1.")
def ranked_each(run: Run) -> bool:
    return run.queries > 2


@podium.mistake("The values of a row are: department, place, name.")
def other_columns(run: Run) -> bool:
    return Counter(map(frozenset, run.rows)) == Counter(map(frozenset, run.expected))


@podium.mistake("People without a department have no place: leave them out.")
def no_department(run: Run) -> bool:
    return bool(run.unexpected) and all(name is None for name, _, _ in run.unexpected)


@podium.mistake(
    "These places are of the whole company. partition_by makes a ranking for each department."
)
def whole_ranking(run: Run) -> bool:
    first = Employee.objects.exclude(department=None).latest("salary")
    places = {place for _, place, _ in run.rows}
    return 0 < len(run.rows) <= 4 and places <= {1, 2} and first.name in {r[2] for r in run.rows}


@podium.mistake("Everybody has place 1: a ranking needs an order. Give the Window an order_by.")
def no_order_in_window(run: Run) -> bool:
    return len(run.rows) > 2 * len(run.expected) and {place for _, place, _ in run.rows} == {1}


@podium.mistake("Rank() alone is not enough: it looks through a Window.")
def no_window(run: Run) -> bool:
    # SQLite says it is operational, PostgreSQL that it is the program's.
    kinds = ("OperationalError", "ProgrammingError")
    return any(failed(run, kind, "window function") for kind in kinds)


@podium.mistake("The lowest salary is first in your ranking. desc() turns it round.")
def lowest_first(run: Run) -> bool:
    lowest = Employee.objects.filter(department__name="Finance").earliest("salary")
    return ("Finance", 1, lowest.name) in set(map(tuple, run.unexpected))


@podium.mistake("Equal salaries share a place. RowNumber gives each row another number: use Rank.")
def numbered(run: Run) -> bool:
    return len(run.missing) == 1 or {row[2] for row in run.missing} == {
        row[2] for row in run.unexpected
    }


@podium.mistake(
    "After two first places comes the third, and not the second. DenseRank leaves no gap: use Rank."
)
def dense(run: Run) -> bool:
    return not run.missing and bool(run.unexpected) and all(row[1] == 2 for row in run.unexpected)


@podium.mistake("Asked are the places 1 and 2. Your list has others, or lacks one of them.")
def other_places(run: Run) -> bool:
    places = {place for _, place, _ in run.rows}
    return bool(run.rows) and places != {1, 2} and places <= set(range(1, 100))


@podium.right
def better_paid_counted() -> object:
    better = (
        Employee.objects.filter(department=OuterRef("department"), salary__gt=OuterRef("salary"))
        .order_by()
        .values("department")
        .annotate(n=Count("pk"))
        .values("n")
    )
    staff = Employee.objects.filter(department__isnull=False)
    staff = staff.annotate(place=Coalesce(Subquery(better), 0) + 1).filter(place__in=[1, 2])
    return [(p.department.name, p.place, p.name) for p in staff.select_related("department")]


@podium.right
def ranked_in_python() -> object:
    found, salaries = [], defaultdict[str, list[int]](list)
    staff = Employee.objects.exclude(department=None).order_by("-salary")
    for name, salary, person in staff.values_list("department__name", "salary", "name"):
        place = 1 + sum(other > salary for other in salaries[name])
        salaries[name].append(salary)
        if place < 3:
            found.append((name, place, person))
    return found


@podium.right
def ranked_by_cursor() -> object:
    return fetched_all("""
        SELECT * FROM (
            SELECT d.name, RANK() OVER (PARTITION BY d.id ORDER BY e.salary DESC) AS place, e.name
            FROM company_employee e JOIN company_department d ON d.id = e.department_id
        ) AS ranked WHERE place <= 2
    """)


def ranked(function: Any, **window: Any) -> Any:
    usual = {"partition_by": "department", "order_by": F("salary").desc()}
    return Employee.objects.annotate(place=Window(function, **usual | window))


@podium.wrong(no_department)
def with_the_chief() -> object:
    return ranked(Rank()).filter(place__lte=2).values_list("department__name", "place", "name")


@podium.wrong(whole_ranking)
def one_ranking() -> object:
    staff = ranked(Rank(), partition_by=None).exclude(department=None).filter(place__lte=2)
    return staff.values_list("department__name", "place", "name")


@podium.wrong(lowest_first)
def ascending() -> object:
    staff = ranked(Rank(), order_by="salary").exclude(department=None).filter(place__lte=2)
    return staff.values_list("department__name", "place", "name")


@podium.wrong(numbered)
def by_row_number() -> object:
    staff = ranked(RowNumber()).exclude(department=None).filter(place__lte=2)
    return staff.values_list("department__name", "place", "name")


@podium.wrong(dense)
def by_dense_rank() -> object:
    staff = ranked(DenseRank()).exclude(department=None).filter(place__lte=2)
    return staff.values_list("department__name", "place", "name")


@podium.wrong(other_places)
def first_only() -> object:
    staff = ranked(Rank()).exclude(department=None).filter(place__lt=2)
    return staff.values_list("department__name", "place", "name")


@podium.wrong(other_places)
def all_places() -> object:
    staff = ranked(Rank()).exclude(department=None)
    return staff.values_list("department__name", "place", "name")


@podium.wrong(other_columns)
def name_first() -> object:
    staff = ranked(Rank()).exclude(department=None).filter(place__lte=2)
    return staff.values_list("name", "place", "department__name")


@podium.wrong(no_order_in_window)
def everybody_first() -> object:
    window = Window(Rank(), partition_by="department")
    staff = Employee.objects.exclude(department=None).annotate(place=window).filter(place__lte=2)
    return staff.values_list("department__name", "place", "name")


@podium.wrong(no_window)
def rank_alone() -> object:
    staff = Employee.objects.annotate(place=Rank())
    return staff.values_list("department__name", "place", "name")


@podium.wrong(other_places)
def two_of_all() -> object:
    staff = ranked(Rank()).exclude(department=None)
    return staff.values_list("department__name", "place", "name")[:2]


@podium.wrong(other_columns)
def place_last() -> object:
    staff = ranked(Rank()).exclude(department=None).filter(place__lte=2)
    return staff.values_list("department__name", "name", "place")


@podium.wrong(ranked_each)
def podium_loop() -> object:
    found = []
    for department in Department.objects.all():
        best = department.employees.order_by("-salary")[:2]
        found += [(department.name, n, person.name) for n, person in enumerate(best, 1)]
    return found
