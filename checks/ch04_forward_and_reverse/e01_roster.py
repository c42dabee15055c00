"""04.1 Who works where: the pattern for an exercise that returns rows."""

from __future__ import annotations

from company.models import Department, Employee
from django.db.models import FETCH_PEERS, F

from checks.common import changes
from checks.common.runs import is_right
from tutor.judge.exercise import Exercise, Run

roster = Exercise(
    "04.1",
    "Who works where",
    minutes=5,
    queries=1,
    changes=[changes.newcomer, changes.without_department, changes.twins, changes.empty_department],
    hints=[
        "Start from Employee: it is the model that has the foreign key. The way is forward.",
        "Some employees have no department. Leave them out in the database, with filter().",
        'Let the first query join the department: select_related("department"), or values_list().',
    ],
)


@roster.expects
def expected() -> object:
    names = dict(Department.objects.values_list("pk", "name"))
    staff = Employee.objects.exclude(department=None)
    return [(person.name, names[person.department_id]) for person in staff]


@roster.mistake("People without a department are in your list. Leave them out.")
def with_everybody(run: Run) -> bool:
    return any(department is None for _, department in run.unexpected)


@roster.mistake("Some employees are missing, because your list has two of the same name only once.")
def without_twins(run: Run) -> bool:
    return bool(run.missing) and all(row in run.rows for row in run.missing)


@roster.mistake(
    "The result is right, but each employee's department costs a query of its own: this is N+1."
)
def query_for_each(run: Run) -> bool:
    return is_right(run) and "Employee.department" in run.n_plus_1


@roster.right
def joined_values() -> object:
    return Employee.objects.filter(department__isnull=False).values_list("name", "department__name")


@roster.right
def from_the_other_side() -> object:
    return Department.objects.filter(employees__isnull=False).values_list("employees__name", "name")


@roster.right
def annotated() -> object:
    staff = Employee.objects.annotate(place=F("department__name")).exclude(place=None)
    return [[person.name, person.place] for person in staff]


@roster.wrong(with_everybody)
def everybody() -> object:
    return list(Employee.objects.values_list("name", "department__name"))


@roster.wrong(query_for_each)
def loop() -> object:
    return [(e.name, e.department.name) for e in Employee.objects.exclude(department=None)]


@roster.wrong(without_twins)
def distinct() -> object:
    staff = Employee.objects.exclude(department=None)
    return list(staff.values_list("name", "department__name").distinct())


@roster.wrong("it took 2 queries. 1 is enough")
def peers() -> object:
    staff = Employee.objects.exclude(department=None).fetch_mode(FETCH_PEERS)
    return [(person.name, person.department.name) for person in staff]


@roster.wrong("'NoneType' object has no attribute 'name'")
def none_has_no_name() -> object:
    return [(e.name, e.department.name) for e in Employee.objects.select_related("department")]
