"""06.1 What a department costs: one number for many rows."""

from __future__ import annotations

from company.models import Department, Employee
from django.db import connection
from django.db.models import Avg, Sum
from django.db.models.functions import Coalesce

from checks.ch06_let_the_database_think import engineering, same_salary
from checks.common import changes
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

payroll = Exercise(
    "06.1",
    "What a department costs",
    minutes=4,
    queries=1,
    changes=[changes.newcomer, same_salary, changes.empty_department, changes.nobody],
    hints=[
        "One number from many rows: which of annotate and aggregate gives that?",
        "aggregate returns a dictionary. Name the value in it, and take it out.",
        "The sum of nothing is None. Sum has an argument that says what to give in its place.",
    ],
)


@payroll.cases
def cases() -> object:
    return [(engineering(),), (Department.objects.get(name="Legal"),), (changed_department(),)]


def changed_department() -> Department:
    return Department.objects.latest("pk")


@payroll.expects
def expected(department: Department) -> object:
    return sum(
        person.salary for person in Employee.objects.all() if person.department_id == department.pk
    )


@payroll.check
def check(run: Run) -> str | None:
    if run.fetched > 1:
        return (
            f"The sum is right, but {run.fetched} rows were read for it. "
            "Let the database add, and read one row: the sum."
        )
    return None


@payroll.mistake("The sum of nothing is None. Sum(..., default=0) gives 0 in its place.")
def nothing_is_none(run: Run) -> bool:
    return run.expected == 0 and (run.value is None or failed(run, "TypeError", "NoneType"))


@payroll.mistake("aggregate returns a dictionary. Take the number out of it, by its name.")
def the_dictionary(run: Run) -> bool:
    return isinstance(run.value, dict)


@payroll.mistake("annotate gives each row a value of its own. For one value of all: aggregate.")
def annotate_for_one(run: Run) -> bool:
    several = isinstance(run.value, list) and len(run.value) > 1
    return several or failed(run, "AttributeError", "QuerySet'")


@payroll.mistake("That is the sum for the whole company. Asked is one department.")
def whole_company(run: Run) -> bool:
    return bool(run.value == Employee.objects.aggregate(total=Sum("salary"))["total"])


@payroll.mistake("Count says how many there are. Asked is the sum of their salaries.")
def counted_people(run: Run) -> bool:
    return bool(run.value == run.arguments[0].employees.count() > 0)


@payroll.mistake("That is the average. Asked is the sum.")
def averaged(run: Run) -> bool:
    return bool(run.value == run.arguments[0].employees.aggregate(value=Avg("salary"))["value"])


@payroll.mistake(
    "Two people with the same salary were added once: distinct looks at the salary, "
    "not at the person."
)
def salaries_once(run: Run) -> bool:
    salaries = set(run.arguments[0].employees.values_list("salary", flat=True))
    return bool(run.value == sum(salaries) != run.expected)


@payroll.mistake(
    "Seen from the employees the field is salary. employees__salary is the way from Department."
)
def other_side(run: Run) -> bool:
    return failed(run, "FieldError")


@payroll.mistake("The value in the dictionary has the name that you give it, or salary__sum.")
def name_in_dictionary(run: Run) -> bool:
    return failed(run, "KeyError")


@payroll.mistake("The foreign key has a related_name: the way back is called employees.")
def not_employees(run: Run) -> bool:
    return failed(run, "AttributeError", "'employee")


@payroll.mistake("People who are not active cost money, too: asked is everybody in the department.")
def active_only(run: Run) -> bool:
    active = run.arguments[0].employees.active()
    return bool(run.value == active.aggregate(t=Sum("salary"))["t"])


@payroll.mistake("department.employees is a manager. Aggregates want a method of it: aggregate().")
def no_sum_method(run: Run) -> bool:
    return failed(run, "AttributeError", "Manager'")


@payroll.right
def filtered_sum(department: Department) -> object:
    return Employee.objects.filter(department=department).aggregate(Sum("salary", default=0))[
        "salary__sum"
    ]


@payroll.right
def sum_or_zero(department: Department) -> object:
    return department.employees.aggregate(t=Sum("salary"))["t"] or 0


@payroll.right
def annotated_sum(department: Department) -> object:
    total = Coalesce(Sum("employees__salary"), 0)
    return Department.objects.annotate(total=total).get(pk=department.pk).total


@payroll.right
def sum_by_cursor(department: Department) -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(SUM(salary), 0) FROM company_employee WHERE department_id = %s",
            [department.pk],
        )
        return cursor.fetchone()[0]


@payroll.wrong(nothing_is_none)
def sum_without_default(department: Department) -> object:
    return department.employees.aggregate(total=Sum("salary"))["total"]


@payroll.wrong(nothing_is_none)
def none_as_number(department: Department) -> object:
    return int(department.employees.aggregate(total=Sum("salary"))["total"])


@payroll.wrong(the_dictionary)
def whole_dictionary(department: Department) -> object:
    return department.employees.aggregate(total=Sum("salary", default=0))


@payroll.wrong(annotate_for_one)
def annotated_rows(department: Department) -> object:
    return department.employees.annotate(total=Sum("salary")).values_list("total", flat=True)


@payroll.wrong(annotate_for_one)
def total_of_queryset(department: Department) -> object:
    return department.employees.annotate(total=Sum("salary")).total


@payroll.wrong(whole_company)
def everybodys_salary(department: Department) -> object:
    return Employee.objects.aggregate(total=Sum("salary"))["total"]


@payroll.wrong(counted_people)
def people_counted(department: Department) -> object:
    return department.employees.count()


@payroll.wrong(averaged)
def average_salary(department: Department) -> object:
    return department.employees.aggregate(a=Avg("salary"))["a"]


@payroll.wrong(salaries_once)
def distinct_sum(department: Department) -> object:
    return department.employees.aggregate(t=Sum("salary", distinct=True, default=0))["t"]


@payroll.wrong(other_side)
def field_of_the_other_side(department: Department) -> object:
    return department.employees.aggregate(t=Sum("employees__salary"))["t"]


@payroll.wrong(no_sum_method)
def sum_of_manager(department: Department) -> object:
    return department.employees.sum("salary")


@payroll.wrong(name_in_dictionary)
def name_of_field(department: Department) -> object:
    return department.employees.aggregate(Sum("salary"))["salary"]


@payroll.wrong(not_employees)
def employee_set(department: Department) -> object:
    return department.employee_set.aggregate(t=Sum("salary", default=0))["t"]  # type: ignore[attr-defined]


@payroll.wrong(active_only)
def active_salaries(department: Department) -> object:
    return department.employees.active().aggregate(t=Sum("salary", default=0))["t"]


@payroll.wrong("16 rows were read for it")
def added_in_python(department: Department) -> object:
    return sum(department.employees.values_list("salary", flat=True))
