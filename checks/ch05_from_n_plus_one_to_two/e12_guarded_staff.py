"""05.12 No surprises: forbid what was not planned."""

from __future__ import annotations

from company.models import Employee
from django.core.exceptions import FieldFetchBlocked
from django.db.models import FETCH_PEERS, FETCH_RAISE, prefetch_related_objects

from checks.common import changes
from checks.common.runs import failed
from glass import watch
from tutor.judge.exercise import Exercise, Run

guarded_staff = Exercise(
    "05.12",
    "No surprises",
    minutes=5,
    queries=2,
    changes=[changes.newcomer, changes.without_department],
    hints=[
        "Two things together: the departments are read at once, and the rest is forbidden.",
        "A fetch mode says what happens when something is touched that was not read.",
        "The mode that raises is FETCH_RAISE. What was joined is there, and is not fetched.",
    ],
)


@guarded_staff.expects
def expected() -> object:
    return list(Employee.objects.all())


def _surprise(person: Employee, has_manager: bool) -> str | None:
    with watch("sql", show=False) as seen:
        try:
            person.department  # noqa: B018
        except FieldFetchBlocked:
            return "employee.department raises FieldFetchBlocked, too. The page needs it: join it."
    if seen.queries:
        return "Touching employee.department makes a query. Read the departments with the list."
    if not has_manager:
        return None
    with watch("sql", show=False) as seen:
        try:
            person.manager  # noqa: B018
        except FieldFetchBlocked:
            return None
        except Exception as error:  # noqa: BLE001 A learner's own fetch mode may raise anything.
            return (
                f"Touching employee.manager raises {type(error).__name__}, not FieldFetchBlocked."
            )
    if seen.queries:
        return "Touching employee.manager makes a query, and nobody hears of it. Forbid it."
    return "The managers were read as well, or set. The page does not need them: leave them alone."


@guarded_staff.check
def check(run: Run) -> str | None:
    led = {person.pk for person in run.expected if person.manager_id is not None}
    return next(filter(None, (_surprise(person, person.pk in led) for person in run.rows)), None)


@guarded_staff.mistake("The name is FETCH_RAISE, from django.db.models. There is no RAISE.")
def no_such_mode(run: Run) -> bool:
    return failed(run, "AttributeError", "'RAISE'") or failed(run, "NameError", "'RAISE'")


@guarded_staff.mistake(
    "Your own code touches what it has forbidden. Read the department with the list, before."
)
def blocked_oneself(run: Run) -> bool:
    return failed(run, "FieldFetchBlocked")


@guarded_staff.mistake("People without a department are missing. Asked are all employees.")
def only_placed(run: Run) -> bool:
    return not run.unexpected and any(each.department_id is None for each in run.missing)


@guarded_staff.mistake("Asked are objects, so that the page can use all of their columns.")
def values_not_objects(run: Run) -> bool:
    return any(not isinstance(each, Employee) for each in run.rows)


@guarded_staff.right
def guarded_prefetch() -> object:
    return Employee.objects.fetch_mode(FETCH_RAISE).prefetch_related("department")


@guarded_staff.right
def guarded_list() -> object:
    staff = list(Employee.objects.fetch_mode(FETCH_RAISE))
    prefetch_related_objects(staff, "department")
    return staff


@guarded_staff.right
def guarded_generator() -> object:
    staff = Employee.objects.select_related("department").fetch_mode(FETCH_RAISE)
    yield from staff.order_by("pk").iterator()


@guarded_staff.wrong("Touching employee.manager makes a query")
def guarded_not() -> object:
    return Employee.objects.select_related("department")


@guarded_staff.wrong("employee.department raises FieldFetchBlocked, too")
def guarded_too_much() -> object:
    return Employee.objects.fetch_mode(FETCH_RAISE)


@guarded_staff.wrong("Touching employee.department makes a query")
def guarded_nothing() -> object:
    return Employee.objects.all()


@guarded_staff.wrong("The managers were read as well")
def guarded_read_all() -> object:
    return Employee.objects.select_related("department", "manager").fetch_mode(FETCH_RAISE)


@guarded_staff.wrong("Touching employee.manager makes a query")
def guarded_by_peers() -> object:
    return Employee.objects.select_related("department").fetch_mode(FETCH_PEERS)


@guarded_staff.wrong("The managers were read as well")
def guarded_by_hiding() -> object:
    staff = list(Employee.objects.select_related("department"))
    for each in staff:
        each.manager = None
    return staff


@guarded_staff.wrong(no_such_mode)
def guarded_old_name() -> object:
    from django.db import models

    return Employee.objects.fetch_mode(models.RAISE)  # type: ignore[attr-defined]


@guarded_staff.wrong(blocked_oneself)
def guarded_touches() -> object:
    return [each for each in Employee.objects.fetch_mode(FETCH_RAISE) if each.department]


@guarded_staff.wrong(only_placed)
def guarded_placed() -> object:
    staff = Employee.objects.filter(department__isnull=False)
    return staff.select_related("department").fetch_mode(FETCH_RAISE)


@guarded_staff.wrong(values_not_objects)
def guarded_values() -> object:
    return Employee.objects.values("name", "department__name")
