"""08.11 A raise that is heard: update() sends no signal, save() does."""

from __future__ import annotations

from typing import Any

from company.models import Department, Employee
from django.db import transaction
from django.db.models import F
from django.db.models.signals import post_save

from checks.ch08_every_bell import LAYERS
from checks.common import changes
from tutor.judge.exercise import Exercise, Run

heard_by_payroll: list[tuple[int, int]] = []


def payroll(instance: Any, created: bool, **kwargs: Any) -> None:
    row = Employee.objects.values_list("pk", "salary").get(pk=instance.pk)
    heard_by_payroll.append(row)


before_the_raise: dict[int, int] = {}


raise_salaries = Exercise(
    "08.11",
    "A raise that is heard",
    minutes=6,
    layers=LAYERS,
    changes=[changes.newcomer, changes.empty_department],
    hints=[
        "update() is one statement, and rings nothing. What does ring?",
        "Go through department.employees.all(), and save each employee.",
        'save(update_fields=["salary"]) writes only this column.',
    ],
)


@raise_salaries.cases
def cases() -> object:
    heard_by_payroll.clear()
    before_the_raise.clear()
    before_the_raise.update(Employee.objects.values_list("pk", "salary"))
    post_save.connect(payroll, sender=Employee)
    has_left = Department.objects.filter(employees__is_active=False).earliest("pk")
    chosen = Department.objects.filter(name__in=["Finance", "Legal"])
    return [
        (department, 500) for department in (*chosen, has_left, Department.objects.latest("pk"))
    ]


def due(run: Run) -> dict[int, int]:
    """The salaries as they must be now, of those who get a raise."""
    department, amount = run.arguments
    staff = Employee.objects.filter(department=department).values_list("pk", flat=True)
    return {pk: before_the_raise[pk] + amount for pk in staff}


def now() -> dict[int, int]:
    return dict(Employee.objects.values_list("pk", "salary"))


@raise_salaries.check
def check(run: Run) -> str | None:
    if now() != before_the_raise | due(run):
        wrong = sum(now()[pk] != salary for pk, salary in (before_the_raise | due(run)).items())
        return f"Employees whose salary in the database is not what it should be: {wrong}."
    if sorted(heard_by_payroll) != sorted(due(run).items()):
        return f"Payroll heard {len(heard_by_payroll)} times, and {len(due(run))} got a raise."
    return None


@raise_salaries.mistake(
    "The salaries are right, but payroll heard nothing. update() and bulk_update() ring no "
    "post_save: save each employee."
)
def unheard(run: Run) -> bool:
    right = now() == before_the_raise | due(run)
    return run.error is None and right and not heard_by_payroll


@raise_salaries.mistake("Other departments got a raise, or all did. Only this one's employees do.")
def others_too(run: Run) -> bool:
    changed = {pk for pk, salary in now().items() if salary != before_the_raise[pk]}
    return bool(changed - due(run).keys())


@raise_salaries.mistake(
    "Payroll heard of people who got no raise, or of somebody twice. Save each employee of this "
    "department once."
)
def heard_too_often(run: Run) -> bool:
    return len(heard_by_payroll) > len(due(run))


@raise_salaries.mistake(
    "Payroll looked into the database when it heard the signal, and found the old salary. "
    "Set the new salary first, then save."
)
def heard_too_early(run: Run) -> bool:
    return now() == before_the_raise | due(run) and len(heard_by_payroll) == len(due(run))


@raise_salaries.mistake(
    "Payroll heard, but the salaries are as before: your objects had the old salary, and save() "
    "wrote it. Set the new one on the object, then save that object."
)
def old_salary_saved(run: Run) -> bool:
    return run.error is None and now() == before_the_raise and bool(heard_by_payroll)


@raise_salaries.mistake(
    "Some people of the department got no raise. Those who are not active belong to it, too."
)
def some_left_out(run: Run) -> bool:
    return 0 < len(heard_by_payroll) < len(due(run))


@raise_salaries.mistake("The raise must be added to the salary that each employee has.")
def other_amount(run: Run) -> bool:
    return len(heard_by_payroll) == len(due(run)) and now() != before_the_raise


@raise_salaries.mistake("No salary was changed. Setting an attribute is not enough: save().")
def nothing_saved(run: Run) -> bool:
    return run.error is None and now() == before_the_raise


@raise_salaries.right
def with_expression(department: Department, amount: int) -> None:
    for person in Employee.objects.filter(department=department):
        person.salary = F("salary") + amount
        person.save(update_fields=["salary"])


@raise_salaries.right
def updated_and_sent(department: Department, amount: int) -> None:
    staff = Employee.objects.filter(department_id=department.pk)
    staff.update(salary=F("salary") + amount)
    for person in staff:
        post_save.send(sender=Employee, instance=person, created=False, raw=False)


@raise_salaries.right
def in_a_transaction(department: Department, amount: int) -> object:
    with transaction.atomic():
        staff = list(department.employees.select_for_update())
        for person in staff:
            person.salary += amount
            person.save()
    return len(staff)


@raise_salaries.wrong(unheard)
def with_update(department: Department, amount: int) -> None:
    department.employees.update(salary=F("salary") + amount)


@raise_salaries.wrong(unheard)
def with_bulk_update(department: Department, amount: int) -> None:
    staff = list(department.employees.all())
    for person in staff:
        person.salary += amount
    Employee.objects.bulk_update(staff, ["salary"])


@raise_salaries.wrong(others_too)
def everybody_gets_it(department: Department, amount: int) -> None:
    for person in Employee.objects.all():
        person.salary += amount
        person.save()


@raise_salaries.wrong(heard_too_often)
def everybody_is_saved(department: Department, amount: int) -> None:
    for person in Employee.objects.all():
        if person.department_id == department.pk:
            person.salary += amount
        person.save()


@raise_salaries.wrong(heard_too_often)
def saved_two_times(department: Department, amount: int) -> None:
    for person in department.employees.all():
        person.save()
        person.salary += amount
        person.save()


@raise_salaries.wrong(heard_too_early)
def saved_then_updated(department: Department, amount: int) -> None:
    for person in department.employees.all():
        person.save()
    department.employees.update(salary=F("salary") + amount)


@raise_salaries.wrong(old_salary_saved)
def updated_then_saved(department: Department, amount: int) -> None:
    staff = list(department.employees.all())
    department.employees.update(salary=F("salary") + amount)
    for person in staff:
        person.save()


@raise_salaries.wrong(some_left_out)
def only_active_ones(department: Department, amount: int) -> None:
    for person in department.employees.filter(is_active=True):
        person.salary += amount
        person.save()


@raise_salaries.wrong(other_amount)
def amount_as_salary(department: Department, amount: int) -> None:
    for person in department.employees.all():
        person.salary = amount
        person.save()


@raise_salaries.wrong(nothing_saved)
def never_saved(department: Department, amount: int) -> None:
    for person in department.employees.all():
        person.salary += amount


@raise_salaries.wrong(nothing_saved)
def other_objects_saved(department: Department, amount: int) -> None:
    for person in department.employees.all():
        person.salary += amount
    department.save()
