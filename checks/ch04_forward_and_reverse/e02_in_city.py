"""04.2 A fire drill: a filter forward."""

from __future__ import annotations

from company.models import Department, Employee

from checks.common import changes, rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def second_department() -> None:
    """a new department was opened in Dublin"""
    rows.employee(department=rows.department(name="Archive", city="Dublin"))


def city_with_apostrophe() -> None:
    """a department was opened in L'Aquila"""
    rows.employee(department=rows.department(name="Archive", city="L'Aquila"))


in_city = Exercise(
    "04.2",
    "A fire drill",
    minutes=4,
    queries=1,
    changes=[changes.newcomer, second_department, city_with_apostrophe, changes.nobody],
    hints=[
        "You want employees. So start from Employee and filter.",
        "An employee has no city. The department has one, and the way to it is forward.",
        "Two underscores walk on to a field of the other model: department__...",
    ],
)


@in_city.cases
def cases() -> object:
    return [("Dublin",), ("Hamburg",), ("L'Aquila",), ("Dub",)]


@in_city.expects
def expected(city: str) -> object:
    there = {department.pk for department in Department.objects.all() if department.city == city}
    return [person for person in Employee.objects.all() if person.department_id in there]


@in_city.mistake("An employee has no field city. Walk to the department first: department__city.")
def employee_has_no_city(run: Run) -> bool:
    return failed(run, "FieldError", "'city'")


@in_city.mistake(
    "department= takes a department or its number, not the name of a city. "
    "Two underscores walk on from the department to its city."
)
def city_is_no_department(run: Run) -> bool:
    return failed(run, "ValueError", "expected a number")


@in_city.mistake(
    "get() wants exactly one row. A city can have several departments, or none: use filter()."
)
def get_wants_one(run: Run) -> bool:
    return failed(run, "MultipleObjectsReturned") or failed(run, "DoesNotExist")


@in_city.mistake("Some employees have no department: None has no city. Let the database filter.")
def none_has_no_city(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@in_city.mistake("Your list has departments. Asked are the employees.")
def departments_of_city(run: Run) -> bool:
    return isinstance(run.rows[0], Department)


@in_city.mistake(
    "The result is right, but each employee's department costs a query of its own: this is N+1."
)
def city_of_each(run: Run) -> bool:
    return is_right(run) and "Employee.department" in run.n_plus_1


@in_city.mistake(
    "Your filter takes other cities as well. The city must be the same, not only similar."
)
def similar_city(run: Run) -> bool:
    city = run.arguments[0]
    return bool(run.unexpected) and all(city in person.department.city for person in run.unexpected)


@in_city.right
def departments_in_city(city: str) -> object:
    return Employee.objects.filter(department__in=Department.objects.filter(city=city))


@in_city.right
def city_in_python(city: str) -> object:
    staff = Employee.objects.select_related("department")
    return [person for person in staff if person.department and person.department.city == city]


@in_city.right
def city_raw(city: str) -> object:
    sql = """
        SELECT e.* FROM company_employee e
        JOIN company_department d ON d.id = e.department_id WHERE d.city = %s
    """
    return list(Employee.objects.raw(sql, [city]))


@in_city.wrong(employee_has_no_city)
def city_of_employee(city: str) -> object:
    return Employee.objects.filter(city=city)


@in_city.wrong(city_is_no_department)
def city_as_department(city: str) -> object:
    return Employee.objects.filter(department=city)


@in_city.wrong(get_wants_one)
def department_by_get(city: str) -> object:
    return Department.objects.get(city=city).employees.all()


@in_city.wrong(none_has_no_city)
def city_of_none(city: str) -> object:
    staff = Employee.objects.select_related("department")
    return [person for person in staff if person.department.city == city]


@in_city.wrong(departments_of_city)
def only_departments(city: str) -> object:
    return Department.objects.filter(city=city)


@in_city.wrong(city_of_each)
def city_loop(city: str) -> object:
    staff = Employee.objects.exclude(department=None)
    return [person for person in staff if person.department.city == city]


@in_city.wrong(similar_city)
def city_contains(city: str) -> object:
    return Employee.objects.filter(department__city__startswith=city)


@in_city.wrong("it took 2 queries. 1 is enough")
def city_twice(city: str) -> object:
    return Employee.objects.filter(department__in=list(Department.objects.filter(city=city)))


@in_city.wrong("Each row should be objects of Employee")
def names_in_city(city: str) -> object:
    return Employee.objects.filter(department__city=city).values_list("name", flat=True)


@in_city.wrong("The function takes other arguments than asked")
def only_dublin() -> object:
    return Employee.objects.filter(department__city="Dublin")
