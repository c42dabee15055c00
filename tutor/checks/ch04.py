"""Chapter 04, forward and reverse: what right means, and what mistakes say."""

from __future__ import annotations

from typing import Any

from company.models import Assignment, Department, Employee, Project
from django.db import connection
from django.db.models import FETCH_PEERS, F
from shop.models import Customer, Order, Product, Review

from tutor.checks import Exercise, Prediction, Run, changes


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


def fetched_all(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def customer(name: str = "Wilma Berg") -> Customer:
    number = Customer.objects.count() + 1
    email = f"customer.{number}@example.com"
    return Customer.objects.create(
        name=name, email=email, city="Bergen", country="Norway", joined_on="2026-01-07"
    )


def order(buyer: Customer | None = None, **values: Any) -> Order:
    """The newest order."""
    number = Order.objects.count() + 1
    usual = {
        "number": f"2026-N{number}",
        "customer": buyer or customer(),
        "placed_at": "2026-03-01T09:00Z",
    }
    return Order.objects.create(**usual | values)


def review(product: Product, rating: int, day: str, buyer: Customer | None = None) -> None:
    Review.objects.create(
        product=product, customer=buyer or customer(), rating=rating, written_on=day
    )


def project(**values: Any) -> Project:
    number = Project.objects.count() + 1
    usual = {
        "name": f"Project {number}",
        "code": f"NEW-{number}",
        "starts_on": "2026-01-07",
        "budget": 1000,
    }
    return Project.objects.create(**usual | values)


def assign(person: Employee, part: Project, hours: int = 8) -> None:
    Assignment.objects.create(employee=person, project=part, role="member", hours_per_week=hours)


# 04.1: the pattern for an exercise that returns rows.

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
def _() -> object:
    names = dict(Department.objects.values_list("pk", "name"))
    staff = Employee.objects.exclude(department=None)
    return [(person.name, names[person.department_id]) for person in staff]


@roster.mistake("People without a department are in your list. Leave them out.")
def with_everybody(run: Run) -> bool:
    return any(department is None for _, department in run.surplus)


@roster.mistake("Some employees are missing, because your list has two of the same name only once.")
def without_twins(run: Run) -> bool:
    return bool(run.missing) and all(row in run.rows for row in run.missing)


@roster.mistake(
    "The result is right, but each employee's department costs a query of its own: this is N+1."
)
def query_for_each(run: Run) -> bool:
    return "Employee.department" in run.n_plus_1


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


# 04.2: a filter forward.


def second_department() -> None:
    """a new department was opened in Dublin"""
    changes.employee(department=changes.department(name="Archive", city="Dublin"))


def city_with_apostrophe() -> None:
    """a department was opened in L'Aquila"""
    changes.employee(department=changes.department(name="Archive", city="L'Aquila"))


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
def _() -> object:
    return [("Dublin",), ("Hamburg",), ("L'Aquila",), ("Dub",)]


@in_city.expects
def _(city: str) -> object:
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


@in_city.mistake("Each employee's department costs a query of its own: this is N+1.")
def city_of_each(run: Run) -> bool:
    return "Employee.department" in run.n_plus_1


@in_city.mistake(
    "Your filter takes other cities as well. The city must be the same, not only similar."
)
def similar_city(run: Run) -> bool:
    city = run.arguments[0]
    return bool(run.surplus) and all(city in person.department.city for person in run.surplus)


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


# 04.3: the number costs nothing, the object costs a query once.

badge = Prediction(
    "04.3",
    "Predict: the number and the object",
    minutes=2,
    hints=[
        "Go line by line: which lines need something that is not there yet?",
        "department_id is a column of the employee's own row.",
        "An object behind a foreign key is read when it is touched, and then kept.",
    ],
    because="get() reads the employee with department_id in the same row. department.pk touches "
    "the object, and so reads the department. department.name finds it there already.",
    wrong={
        1: "get() reads the employee's row only. The department is read when it is touched.",
        3: "Count again: either department_id cost nothing, or the department was kept.",
        4: "Not each line asks. department_id is there already, and the department is kept.",
    },
)
