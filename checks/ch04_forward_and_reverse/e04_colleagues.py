"""04.4 Colleagues: the number is enough."""

from __future__ import annotations

from company.models import Employee
from django.db.models import Q

from checks.common import changes, rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def namesake_colleague() -> None:
    """Noa Levi got a colleague of the same name"""
    noa = Employee.objects.get(email="noa.levi@northlight.example")
    rows.employee(name=noa.name, department_id=noa.department_id)


def alone() -> None:
    """somebody works alone in a new department"""
    rows.employee(department=rows.department())


colleagues = Exercise(
    "04.4",
    "Colleagues",
    minutes=5,
    queries=1,
    changes=[changes.newcomer, namesake_colleague, alone, changes.without_department],
    hints=[
        "Everybody in the same department has the same number in the column department_id.",
        "The number stands in the employee's own row. Reading employee.department is a query.",
        "Leave the employee out by pk: names repeat. And what if department_id is None?",
    ],
)


@colleagues.cases
def cases() -> object:
    of_sales = Employee.objects.get(email="noa.levi@northlight.example")
    nowhere = Employee.objects.filter(department=None).earliest("pk")
    return [(of_sales,), (nowhere,), (Employee.objects.latest("pk"),)]


@colleagues.expects
def expected(employee: Employee) -> object:
    place = employee.department_id
    others = [person for person in Employee.objects.all() if person.pk != employee.pk]
    return [person for person in others if place and person.department_id == place]


@colleagues.mistake(
    "Two people without a department do not work together. Without a department: an empty list."
)
def together_nowhere(run: Run) -> bool:
    return run.arguments[0].department_id is None and run.queries > 0 and bool(run.unexpected)


@colleagues.mistake("employee.department can be None. Ask for that before you go on from it.")
def none_has_no_staff(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@colleagues.mistake("The employee stands in the list as well. Nobody is their own colleague.")
def with_oneself(run: Run) -> bool:
    return run.unexpected == [run.arguments[0]]


@colleagues.mistake("Somebody else of the same name is left out, too. Tell people apart by pk.")
def without_namesake(run: Run) -> bool:
    return run.queries > 0 and {p.name for p in run.missing} == {run.arguments[0].name}


@colleagues.mistake(
    "The result is right, but employee.department reads the whole department. "
    "Its number is in the employee's own row: department_id."
)
def object_not_number(run: Run) -> bool:
    return is_right(run) and any(
        "company_department" in query.sql.partition(" JOIN ")[0] for query in run.seen.queries
    )


@colleagues.mistake(
    "objects belongs to the class: Employee.objects. One employee has no objects of its own."
)
def objects_of_one(run: Run) -> bool:
    return failed(run, "AttributeError", "Manager isn't accessible")


@colleagues.right
def there_and_back(employee: Employee) -> object:
    return Employee.objects.filter(department__employees=employee).exclude(pk=employee.pk)


@colleagues.right
def colleagues_in_python(employee: Employee) -> object:
    if not employee.department_id:
        return ()
    staff = Employee.objects.filter(department=employee.department_id)
    return (person for person in staff if person != employee)


@colleagues.right
def colleagues_by_q(employee: Employee) -> object:
    same = Q(department=employee.department_id, department__isnull=False)
    return Employee.objects.filter(same & ~Q(pk=employee.pk))


@colleagues.wrong(together_nowhere)
def same_number(employee: Employee) -> object:
    staff = Employee.objects.filter(department_id=employee.department_id)
    return staff.exclude(pk=employee.pk)


@colleagues.wrong(none_has_no_staff)
def from_the_object(employee: Employee) -> object:
    return employee.department.employees.exclude(pk=employee.pk)


@colleagues.wrong(with_oneself)
def whole_department(employee: Employee) -> object:
    if employee.department_id is None:
        return []
    return Employee.objects.filter(department_id=employee.department_id)


@colleagues.wrong(without_namesake)
def all_of_other_names(employee: Employee) -> object:
    if employee.department_id is None:
        return []
    staff = Employee.objects.filter(department_id=employee.department_id)
    return staff.exclude(name=employee.name)


@colleagues.wrong(object_not_number)
def reads_the_department(employee: Employee) -> object:
    if employee.department is None:
        return []
    return employee.department.employees.exclude(pk=employee.pk)


@colleagues.wrong(objects_of_one)
def objects_of_the_object(employee: Employee) -> object:
    return employee.objects.filter(department_id=employee.department_id)


@colleagues.wrong("Each row should be objects of Employee")
def colleagues_names(employee: Employee) -> object:
    if employee.department_id is None:
        return []
    staff = Employee.objects.filter(department_id=employee.department_id)
    return [person.name for person in staff.exclude(pk=employee.pk)]
