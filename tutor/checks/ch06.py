"""Chapter 06, let the database think: what right means, and what mistakes say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from company.models import Department, Employee, Project, Skill
from django.db import connection, models
from django.db.models import (
    Avg,
    Case,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, DenseRank, Rank, RowNumber
from shop.models import Customer, Order, OrderLine, Product, Review

from tutor.checks import Exercise, Prediction, Run, changes
from tutor.checks.ch04 import assign, customer, failed, fetched_all, order, project, review


def engineering() -> Department:
    return Department.objects.get(name="Engineering")


# 06.1: one number.


def same_salary() -> None:
    """somebody was hired for a salary that a colleague has, too"""
    changes.employee(salary=engineering().employees.earliest("pk").salary, department=engineering())


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
def _() -> object:
    return [(engineering(),), (Department.objects.get(name="Legal"),), (changed_department(),)]


def changed_department() -> Department:
    return Department.objects.latest("pk")


@payroll.expects
def _(department: Department) -> object:
    return sum(
        person.salary for person in Employee.objects.all() if person.department_id == department.pk
    )


@payroll.check
def _(run: Run) -> str | None:
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


# 06.2: two JOINs multiply.

counts = Prediction(
    "06.2",
    "Predict: two counts",
    minutes=3,
    hints=[
        "Both relations lead to the many side: two JOINs.",
        "Two JOINs make every pair: each order beside each review. How many pairs are there?",
        "Each Count counts the pairs. And then the two are added.",
    ],
    because="4 orders beside 3 reviews are 12 pairs. Both counts count the pairs: 12 + 12. "
    "With distinct=True in each, it would be 4 + 3.",
    wrong={
        7: "That is what was meant. But two JOINs make every pair of an order and a review.",
        12: "12 is the number of pairs. Each of the two counts says so, and they are added.",
        14: "It is not the sum that is doubled: each count is multiplied by the other.",
    },
    fact=lambda run: run.value,
)


# 06.3: a number for each row.


def tie() -> None:
    """two new departments have no people yet"""
    changes.department(name="Zoo")
    changes.department(name="Archive")


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
def _() -> object:
    people = Counter(person.department_id for person in Employee.objects.all())
    rows = [(department.name, people[department.pk]) for department in Department.objects.all()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


@headcount.check
def _(run: Run) -> str | None:
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
    return any((people or 0) > Employee.objects.count() for _, people in run.surplus)


@headcount.mistake("Departments without anybody are missing. Start from Department.")
def only_with_people(run: Run) -> bool:
    return bool(run.missing) and all(people == 0 for _, people in run.missing) and not run.surplus


@headcount.mistake(
    "Some employees have no department. They are no department of their own: start from Department."
)
def group_of_none(run: Run) -> bool:
    return any(name is None for name, _ in run.surplus)


@headcount.mistake(
    "An empty department counts 1: Count('pk') counts the joined rows, and an empty department "
    "has one, without an employee. Count the employees."
)
def rows_counted(run: Run) -> bool:
    return bool(run.surplus) and all(people == 1 for _, people in run.surplus)


@headcount.mistake(
    "The numbers are right, the order is not. The largest comes first, and where two have the "
    "same number, the name decides. A query with GROUP BY ignores Meta.ordering."
)
def other_order(run: Run) -> bool:
    return not run.missing and not run.surplus and run.value != run.expected


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


# 06.4: groups, chosen after counting.


def namesakes_order() -> None:
    """two customers of the same name ordered five times each"""
    for _ in range(2):
        buyer = customer("Kim Lee")
        for _ in range(5):
            order(buyer)


def all_cancelled() -> None:
    """a new customer cancelled all of eleven orders"""
    buyer = customer("Wilma Berg")
    for _ in range(11):
        order(buyer, status="cancelled")


def exactly_ten() -> None:
    """a new customer has made ten orders, and cancelled one more"""
    buyer = customer("Inga Dahl")
    for _ in range(10):
        order(buyer, status="paid")
    order(buyer, status="cancelled")


def no_orders() -> None:
    """all orders were deleted"""
    Order.objects.all().delete()


regulars = Exercise(
    "06.4",
    "A present for regular customers",
    minutes=6,
    queries=1,
    changes=[exactly_ten, namesakes_order, all_cancelled, no_orders],
    hints=[
        "Count the orders of each customer with annotate, then filter by that number.",
        "Cancelled orders must not be counted. Count has an argument filter=, which takes a Q.",
        "Each customer is a group of its own. Names repeat: do not group by the name.",
    ],
)


@regulars.cases
def _() -> object:
    return [(10,), (3,), (1,)]


@regulars.expects
def _(least: int) -> object:
    kept = Counter(order.customer_id for order in Order.objects.all() if order.status != CANCELLED)
    names = dict(Customer.objects.values_list("pk", "name"))
    return [(names[pk], number) for pk, number in kept.items() if number >= least]


CANCELLED = Order.Status.CANCELLED


def ordered_often(kept: bool) -> Counter[tuple[str, int]]:
    """(name, number of orders) of all customers."""
    orders = Order.objects.exclude(status=CANCELLED) if kept else Order.objects.all()
    number = Counter(orders.values_list("customer", flat=True))
    return Counter(
        (name, number[pk]) for pk, name in Customer.objects.values_list("pk", "name") if number[pk]
    )


@regulars.mistake(
    "Cancelled orders are counted as well. Count(..., filter=Q(...)) counts only some."
)
def cancelled_counted(run: Run) -> bool:
    everything = ordered_often(kept=False)
    return bool(run.surplus) and all(tuple(row) in everything for row in run.surplus)


@regulars.mistake(
    "Your numbers are too large: they were multiplied. A filter after annotate joins the orders "
    "a second time. Filter before you count, or use filter= of Count."
)
def joined_twice(run: Run) -> bool:
    most = max(number for _, number in ordered_often(kept=False))
    return any(number > most for _, number in run.surplus)


@regulars.mistake("Your list has customers with fewer orders than asked. Filter by the number.")
def too_few(run: Run) -> bool:
    return any(number < run.arguments[0] for _, number in run.surplus)


@regulars.mistake("At least means this many or more: >=. Your list has one part of them.")
def one_part(run: Run) -> bool:
    least = run.arguments[0]
    over = {number > least for _, number in run.rows}
    return bool(run.missing) and not run.surplus and over in ({False}, {True})


@regulars.mistake(
    "Orders are missing: new and paid ones count as well. Only cancelled ones do not."
)
def shipped_counted(run: Run) -> bool:
    right = dict(ordered_often(kept=True).keys())
    return bool(run.surplus) and all(number < right[name] for name, number in run.surplus)


@regulars.mistake(
    "Two customers of the same name became one group. Group by the customer, not by the name."
)
def grouped_by_name(run: Run) -> bool:
    names = [name for name, _ in run.missing]
    return any(names.count(name) > 1 for name in names) or any(
        Customer.objects.filter(name=name).count() > 1 for name, _ in run.surplus
    )


@regulars.mistake(
    "Customers are missing who cancelled one order and made enough others. exclude() with a "
    "relation to many leaves out everybody who has one such order."
)
def excluded_everybody(run: Run) -> bool:
    cancelled = set(Order.objects.filter(status=CANCELLED).values_list("customer__name", flat=True))
    return bool(run.missing) and not run.surplus and all(n in cancelled for n, _ in run.missing)


@regulars.mistake("The orders of each customer cost a query of their own: this is N+1.")
def orders_counted_each(run: Run) -> bool:
    return run.queries > 3


@regulars.mistake("A filter by a number that annotate made must stand after that annotate.")
def filtered_too_early(run: Run) -> bool:
    return failed(run, "FieldError", "Cannot resolve keyword 'n")


@regulars.mistake("Seen from the customer it is orders__status: the status is the order's.")
def whose_status(run: Run) -> bool:
    return failed(run, "FieldError", "'status'") or failed(run, "FieldError", "'order'")


@regulars.right
def filtered_before(least: int) -> object:
    kept = Customer.objects.filter(orders__status__in=["new", "paid", "shipped"])
    return kept.annotate(n=Count("orders")).filter(n__gte=least).values_list("name", "n")


@regulars.right
def grouped_orders(least: int) -> object:
    groups = Order.objects.exclude(status="cancelled").order_by().values("customer")
    groups = groups.annotate(n=Count("pk")).filter(n__gte=least)
    return [(group["customer__name"], group["n"]) for group in groups.values("customer__name", "n")]


@regulars.right
def counted_in_python(least: int) -> object:
    orders = Order.objects.exclude(status="cancelled").select_related("customer")
    counted = Counter(order.customer for order in orders)
    return [(buyer.name, number) for buyer, number in counted.items() if number >= least]


@regulars.right
def regulars_by_cursor(least: int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.name, COUNT(*) FROM shop_customer c JOIN shop_order o ON o.customer_id = c.id"
            " WHERE o.status <> 'cancelled' GROUP BY c.id HAVING COUNT(*) >= %s",
            [least],
        )
        return cursor.fetchall()


@regulars.wrong(cancelled_counted)
def all_orders(least: int) -> object:
    return (
        Customer.objects.annotate(n=Count("orders")).filter(n__gte=least).values_list("name", "n")
    )


@regulars.wrong(joined_twice)
def filtered_after(least: int) -> object:
    counted = Customer.objects.annotate(n=Count("orders")).filter(n__gte=least)
    return counted.filter(orders__status__in=["new", "paid", "shipped"]).values_list("name", "n")


@regulars.wrong(grouped_by_name)
def by_name(least: int) -> object:
    groups = Order.objects.exclude(status="cancelled").order_by().values("customer__name")
    return groups.annotate(n=Count("pk")).filter(n__gte=least).values_list("customer__name", "n")


@regulars.wrong(excluded_everybody)
def excluded(least: int) -> object:
    buyers = Customer.objects.exclude(orders__status="cancelled").annotate(n=Count("orders"))
    return buyers.filter(n__gte=least).values_list("name", "n")


@regulars.wrong(one_part)
def greater(least: int) -> object:
    kept = Count("orders", filter=~Q(orders__status="cancelled"))
    return Customer.objects.annotate(n=kept).filter(n__gt=least).values_list("name", "n")


@regulars.wrong(orders_counted_each)
def regulars_loop(least: int) -> object:
    found = []
    for buyer in Customer.objects.all():
        n = buyer.orders.exclude(status="cancelled").count()
        if n >= least:
            found.append((buyer.name, n))
    return found


@regulars.wrong(filtered_too_early)
def filter_first(least: int) -> object:
    return Customer.objects.filter(n__gte=least).annotate(n=Count("orders")).values_list("name")


@regulars.wrong(one_part)
def exactly_so_often(least: int) -> object:
    kept = Count("orders", filter=~Q(orders__status="cancelled"))
    return Customer.objects.annotate(n=kept).filter(n=least).values_list("name", "n")


@regulars.wrong(too_few)
def unfiltered(least: int) -> object:
    kept = Count("orders", filter=~Q(orders__status="cancelled"))
    return Customer.objects.annotate(n=kept).values_list("name", "n")


@regulars.wrong(shipped_counted)
def shipped_only(least: int) -> object:
    kept = Count("orders", filter=Q(orders__status="shipped"))
    return Customer.objects.annotate(n=kept).filter(n__gte=least).values_list("name", "n")


@regulars.wrong(whose_status)
def status_of_customer(least: int) -> object:
    kept = Count("orders", filter=~Q(status="cancelled"))
    return Customer.objects.annotate(n=kept).filter(n__gte=least).values_list("name", "n")


@regulars.wrong("Each row should be like ('")
def customers_themselves(least: int) -> object:
    kept = Count("orders", filter=~Q(orders__status="cancelled"))
    return Customer.objects.annotate(n=kept).filter(n__gte=least)


# 06.5: groups of one's own.


def new_country() -> None:
    """the first customer in Iceland joined"""
    Customer.objects.filter(pk=customer("Wilma Berg").pk).update(country="Iceland")


def same_city() -> None:
    """two customers of the same name joined from the same city"""
    customer("Kim Lee")
    customer("Kim Lee")


def no_customers() -> None:
    """there are no customers any more"""
    Review.objects.all().delete()
    Order.objects.all().delete()
    Customer.objects.all().delete()


countries = Exercise(
    "06.5",
    "Where they live",
    minutes=4,
    queries=1,
    changes=[new_country, same_city, no_customers],
    hints=[
        "By what do you group? Name it with values().",
        "After values(), annotate computes something for each group: a Count.",
        "Each group is a dictionary with two keys. Make one dictionary of all of them.",
    ],
)


@countries.expects
def _() -> object:
    return dict(Counter(buyer.country for buyer in Customer.objects.all()))


@countries.check
def _(run: Run) -> str | None:
    assert isinstance(run.expected, dict)
    if run.fetched > len(run.expected):
        return (
            f"The numbers are right, but {run.fetched} rows were read. "
            f"Let the database count: {len(run.expected)} rows are enough, one for each country."
        )
    return None


@countries.mistake(
    "Your groups are too small. They are made by values() and by order_by(): by the country alone."
)
def small_groups(run: Run) -> bool:
    assert isinstance(run.value, dict)
    same = run.value.keys() == run.expected.keys() and run.value != run.expected
    return run.queries == 1 and run.fetched > len(run.expected) and same


@countries.mistake(
    "These are rows. Make a dictionary of them, with the country as the key and the number as "
    "the value."
)
def rows_of_groups(run: Run) -> bool:
    return isinstance(run.value, list) or failed(run, "ValueError", "dictionary update sequence")


@countries.mistake("Keys and values are the wrong way round: the country is the key.")
def turned_dictionary(run: Run) -> bool:
    assert isinstance(run.value, dict)
    return bool(run.value) and set(run.value.values()) <= run.expected.keys()


@countries.mistake("This counts something that repeats inside a country only once: leave distinct.")
def counted_cities(run: Run) -> bool:
    assert isinstance(run.value, dict)
    fewer = [run.value[key] <= number for key, number in run.expected.items()]
    return run.queries == 1 and all(fewer) and run.value != run.expected


@countries.mistake("Each country costs a query of its own. One query can count all groups.")
def query_for_each_country(run: Run) -> bool:
    return run.queries > 2


@countries.mistake(
    "aggregate makes one number of all rows. For a number of each group: values().annotate()."
)
def aggregate_for_groups(run: Run) -> bool:
    return (isinstance(run.value, dict) and len(run.value) == 1 < len(run.expected)) or failed(
        run, "AttributeError", "'dict'"
    )


@countries.right
def dict_of_pairs() -> object:
    return dict(Customer.objects.values_list("country").annotate(Count("pk")).order_by())


@countries.right
def sorted_groups() -> object:
    groups = Customer.objects.values("country").annotate(n=Count("name")).order_by("-n")
    found = {}
    for group in groups:
        found[group["country"]] = group["n"]
    return found


@countries.right
def groups_by_cursor() -> object:
    return dict(fetched_all("SELECT country, COUNT(*) FROM shop_customer GROUP BY country"))


@countries.wrong(small_groups)
def ordered_groups() -> object:
    groups = Customer.objects.values("country").annotate(n=Count("pk")).order_by("name")
    return {group["country"]: group["n"] for group in groups}


@countries.wrong(small_groups)
def each_customer() -> object:
    return {buyer.country: buyer.n for buyer in Customer.objects.annotate(n=Count("country"))}


@countries.wrong(rows_of_groups)
def groups_alone() -> object:
    return Customer.objects.values("country").annotate(n=Count("pk"))


@countries.wrong(rows_of_groups)
def dict_of_groups() -> object:
    return dict(Customer.objects.values_list("country"))


@countries.wrong(counted_cities)
def cities() -> object:
    n = Count("city", distinct=True)
    return dict(Customer.objects.values_list("country").annotate(n=n).order_by())


@countries.wrong(turned_dictionary)
def number_as_key() -> object:
    groups = Customer.objects.values("country").annotate(n=Count("pk"))
    return {group["n"]: group["country"] for group in groups}


@countries.wrong(query_for_each_country)
def loop_over_countries() -> object:
    names = Customer.objects.order_by("country").values_list("country", flat=True).distinct()
    return {name: Customer.objects.filter(country=name).count() for name in names}


@countries.wrong(aggregate_for_groups)
def aggregated() -> object:
    return Customer.objects.values("country").aggregate(n=Count("pk"))


@countries.wrong("120 rows were read")
def counter() -> object:
    return dict(Counter(Customer.objects.values_list("country", flat=True)))


# 06.6: two JOINs, counted once.


def skilled_newcomer() -> None:
    """somebody was hired who has two skills and three projects"""
    person = changes.employee(name="Kim Lee")
    person.skills.add(*Skill.objects.order_by("pk")[:2])
    for part in Project.objects.order_by("pk")[:3]:
        assign(person, part)


def somebody_left() -> None:
    """somebody left the company"""
    Employee.objects.filter(email="noa.levi@northlight.example").update(is_active=False)


busy = Exercise(
    "06.6",
    "Busy and skilled",
    minutes=5,
    queries=1,
    changes=[skilled_newcomer, changes.twins, somebody_left, changes.nobody],
    hints=[
        "Two annotations, both counted across a relation to many.",
        "Look at somebody who has 3 projects and 3 skills. Do you get 9? Two JOINs make pairs.",
        "Count has an argument that lets it count each thing once.",
    ],
)


@busy.expects
def _() -> object:
    projects = Counter(part.employee_id for part in Project.members.through.objects.all())
    skills = Counter(part.employee_id for part in Employee.skills.through.objects.all())
    staff = Employee.objects.filter(is_active=True)
    return [(person.name, projects[person.pk], skills[person.pk]) for person in staff]


@busy.mistake("People who have left are in your list. Leave out who is not active.")
def left_counted(run: Run) -> bool:
    gone = set(Employee.objects.filter(is_active=False).values_list("name", flat=True))
    return bool(run.surplus) and all(row[0] in gone for row in run.surplus)


@busy.mistake(
    "Both numbers are too large: two JOINs make every pair of a project and a skill. "
    "Let each Count count everything once."
)
def pairs_counted(run: Run) -> bool:
    pairs = {(name, max(p, 1) * s, p * max(s, 1)) for name, p, s in run.expected}
    return all((name, s, p) in pairs for name, p, s in run.surplus) and bool(run.surplus)


@busy.mistake("One of the two numbers still counts pairs. Both counts need distinct=True.")
def one_distinct(run: Run) -> bool:
    right = {name: (p, s) for name, p, s in run.expected}
    return bool(run.surplus) and all(
        p >= right[name][0] and s >= right[name][1] and right[name] != (p, s)
        for name, p, s in run.surplus
    )


@busy.mistake("Two people of the same name became one row. Group by the employee, not by the name.")
def names_grouped(run: Run) -> bool:
    names = Counter(row[0] for row in run.expected)
    found = Counter(row[0] for row in run.rows)
    return any(0 < found[name] < number for name, number in names.items())


@busy.mistake("People without a project, or without a skill, are missing. They count with 0.")
def without_idle(run: Run) -> bool:
    return bool(run.missing) and not run.surplus and all(0 in row[1:] for row in run.missing)


@busy.mistake(
    "An annotation needs a name that no field and no relation has: n_projects, for example."
)
def taken_name(run: Run) -> bool:
    return failed(run, "ValueError", "conflicts with a field")


@busy.mistake("The two numbers stand in the other order: first the projects, then the skills.")
def skills_first(run: Run) -> bool:
    turned = Counter((name, p, s) for name, s, p in run.rows)
    return turned == Counter(map(tuple, run.expected))


@busy.mistake("Each employee costs queries of their own: this is N+1.")
def counted_for_each(run: Run) -> bool:
    return run.queries > 3


@busy.right
def counted_through() -> object:
    staff = Employee.objects.filter(is_active=True).annotate(
        a=Count("assignments", distinct=True), b=Count("skills__pk", distinct=True)
    )
    return [(person.name, person.a, person.b) for person in staff]


@busy.right
def counted_in_subqueries() -> object:
    def own(through: Any) -> Any:
        rows = through.objects.filter(employee=OuterRef("pk")).order_by().values("employee")
        return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)

    staff = Employee.objects.active().annotate(
        p=own(Project.members.through), s=own(Employee.skills.through)
    )
    return staff.values_list("name", "p", "s")


@busy.right
def counted_by_cursor() -> object:
    return fetched_all("""
        SELECT name,
               (SELECT COUNT(*) FROM company_assignment a WHERE a.employee_id = e.id),
               (SELECT COUNT(*) FROM company_employee_skills s WHERE s.employee_id = e.id)
        FROM company_employee e WHERE is_active
    """)


@busy.wrong(left_counted)
def with_those_who_left() -> object:
    staff = Employee.objects.annotate(
        p=Count("projects", distinct=True), s=Count("skills", distinct=True)
    )
    return staff.values_list("name", "p", "s")


@busy.wrong(pairs_counted)
def two_joins() -> object:
    staff = Employee.objects.active().annotate(p=Count("projects"), s=Count("skills"))
    return staff.values_list("name", "p", "s")


@busy.wrong(one_distinct)
def half_a_cure() -> object:
    staff = Employee.objects.active().annotate(
        p=Count("projects", distinct=True), s=Count("skills")
    )
    return staff.values_list("name", "p", "s")


@busy.wrong(without_idle)
def with_projects_only() -> object:
    staff = Employee.objects.active().filter(projects__isnull=False)
    staff = staff.annotate(p=Count("projects", distinct=True), s=Count("skills", distinct=True))
    return staff.values_list("name", "p", "s")


@busy.wrong(names_grouped)
def by_names() -> object:
    staff = Employee.objects.active().order_by().values("name")
    staff = staff.annotate(p=Count("projects", distinct=True), s=Count("skills", distinct=True))
    return staff.values_list("name", "p", "s")


@busy.wrong(skills_first)
def turned_round() -> object:
    staff = Employee.objects.active().annotate(
        p=Count("projects", distinct=True), s=Count("skills", distinct=True)
    )
    return staff.values_list("name", "s", "p")


@busy.wrong(taken_name)
def named_like_the_relation() -> object:
    staff = Employee.objects.active().annotate(projects=Count("projects", distinct=True))
    return staff.values_list("name", "projects", "projects")


@busy.wrong(counted_for_each)
def busy_loop() -> object:
    return [(p.name, p.projects.count(), p.skills.count()) for p in Employee.objects.active()]


@busy.wrong("it took 3 queries. 1 is enough")
def busy_prefetched() -> object:
    staff = Employee.objects.active().prefetch_related("projects", "skills")
    return [(p.name, len(p.projects.all()), len(p.skills.all())) for p in staff]


# 06.7: a filter after annotate.

position = Prediction(
    "06.7",
    "Predict: where the filter stands",
    minutes=3,
    hints=[
        "The filter stands after annotate, so it does not choose what is counted.",
        "But it joins the employees a second time: each of the twelve beside each who fits.",
        "Count counts the pairs.",
    ],
    because="The filter after annotate joins the employees again: 12 people beside 3 well-paid "
    "ones are 36 pairs. The filter before annotate would give 3.",
    wrong={
        3: "So it would be with the filter before annotate. Here it stands after it.",
        12: "The filter does not only choose departments: its JOIN multiplies what is counted.",
        15: "The two JOINs are not added. They multiply.",
    },
    fact=lambda run: run.value,
)


# 06.8: two sums.


def same_salary_again() -> None:
    """somebody in Engineering was hired for a salary that a colleague has, too"""
    same_salary()


def same_budget() -> None:
    """Sales started two projects with the same budget"""
    for _ in range(2):
        project(department=Department.objects.get(name="Sales"), budget=5000)


def only_a_project() -> None:
    """a new department has a project and nobody in it"""
    project(department=changes.department())


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
def _() -> object:
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
    return any(None in row for row in run.surplus) or failed(run, "TypeError", "NoneType")


@costs.mistake(
    "Your sums are too large: two JOINs make every pair of an employee and a project. "
    "At most one of the sums may come by a JOIN."
)
def sums_multiplied(run: Run) -> bool:
    right = of_department(run.expected)
    return bool(run.surplus) and all(
        s >= right[name][0] and b >= right[name][1] for name, s, b in run.surplus
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
    return bool(run.surplus) and all(
        s in (once[name][0], right[name][0]) and b in (once[name][1], right[name][1])
        for name, s, b in run.surplus
    )


@costs.mistake("Departments are missing: those with no employees or no projects belong there, too.")
def departments_missing(run: Run) -> bool:
    return bool(run.missing) and not run.surplus


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
    one = of_department(run.surplus) if not run.error else {}
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


# 06.9: one row of many, by a subquery.


def entered_late() -> None:
    """an order of January 2024 was found, and entered only now"""
    buyer = Customer.objects.filter(orders__isnull=False).earliest("pk")
    order(buyer, number="2026-9999", placed_at="2024-01-02T08:00Z")


def namesake_orders() -> None:
    """two customers of the same name ordered once each"""
    order(customer("Kim Lee"), placed_at="2026-03-01T09:00Z")
    order(customer("Kim Lee"), placed_at="2026-03-01T10:00Z")


def new_order() -> None:
    """somebody ordered today"""
    buyer = Customer.objects.filter(orders__isnull=False).latest("pk")
    order(buyer, number="2026-0001-B", placed_at="2026-03-02T09:00Z")


last_orders = Exercise(
    "06.9",
    "The last order",
    minutes=6,
    queries=1,
    changes=[new_order, entered_late, namesake_orders, no_orders],
    hints=[
        "Write the inner query first: the orders of one customer, the newest first.",
        (
            "The customer of the outer query is OuterRef('pk'). One column and one row: "
            "values(...)[:1]."
        ),
        "Customers without an order get None from the subquery. Leave them out with a filter.",
    ],
)


@last_orders.expects
def _() -> object:
    newest: dict[int, Order] = {}
    for found in Order.objects.all():
        other = newest.setdefault(found.customer_id, found)
        if found.placed_at > other.placed_at:
            newest[found.customer_id] = found
    names = dict(Customer.objects.values_list("pk", "name"))
    return [(names[found.customer_id], found.number) for found in newest.values()]


@last_orders.mistake("Customers who never ordered are in your list, with None. Leave them out.")
def never_ordered_none(run: Run) -> bool:
    return bool(run.surplus) and all(number is None for _, number in run.surplus)


@last_orders.mistake(
    "Everybody has the same order: the inner query does not know the customer. "
    "Filter it with OuterRef('pk')."
)
def same_for_all(run: Run) -> bool:
    numbers = {number for _, number in run.rows}
    return len(run.rows) > 10 and len(numbers - {None}) == 1


@last_orders.mistake(
    "These are not the newest orders. The newest comes first with a minus. The newest comes first with a minus."
)
def the_oldest(run: Run) -> bool:
    oldest = dict(Order.objects.order_by("-placed_at").values_list("customer", "number"))
    found = {number for _, number in run.rows}
    return found == set(oldest.values()) and len(run.rows) == len(run.expected)


@last_orders.mistake(
    "The newest is the one with the latest placed_at, not the one with the highest key or number."
)
def by_key(run: Run) -> bool:
    return bool(run.surplus) and all(n == "2026-9999" for _, n in run.surplus)


@last_orders.mistake("That is the time of the last order. Asked is its number.")
def time_of_order(run: Run) -> bool:
    return bool(run.rows) and all(hasattr(when, "year") for _, when in run.rows)


@last_orders.mistake("These are all orders. Asked is only the newest of each customer.")
def all_of_them(run: Run) -> bool:
    return len({number for _, number in run.rows}) == Order.objects.count() > len(run.expected)


@last_orders.mistake(
    "A customer comes once for each order: filtering by orders joins them. "
    "Filter by the annotation, which is None where there is no order."
)
def once_for_each_order(run: Run) -> bool:
    return len(run.rows) == Order.objects.count() > len(run.expected)


@last_orders.mistake("A subquery must return one column: values('number').")
def many_columns(run: Run) -> bool:
    return failed(run, "OperationalError", "columns") or failed(run, "OutputFieldIsNoneError")


@last_orders.mistake(
    "A query with OuterRef cannot run alone. Put it into Subquery(), as it is: first() would run it."
)
def ran_alone(run: Run) -> bool:
    return failed(run, "ValueError", "outer query")


@last_orders.mistake("DISTINCT ON works on PostgreSQL only. A subquery works on every database.")
def distinct_on(run: Run) -> bool:
    return failed(run, "NotSupportedError", "DISTINCT ON")


@last_orders.mistake(
    "OuterRef names a field of the outer model. The outer row is a customer: OuterRef('pk')."
)
def outer_customer(run: Run) -> bool:
    return failed(run, "FieldError", "'customer'")


@last_orders.mistake("Some customers have never ordered: for them first() gives None.")
def first_of_none(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'") or failed(run, "DoesNotExist")


@last_orders.mistake("To compare with a subquery it must return one row: add [:1].")
def many_rows(run: Run) -> bool:
    return failed(run, "ValueError", "limited to one result")


@last_orders.mistake("The orders of each customer cost a query of their own: this is N+1.")
def last_of_each(run: Run) -> bool:
    return run.queries > 3


@last_orders.mistake("Two customers of the same name became one. Tell customers apart by pk.")
def one_of_namesakes(run: Run) -> bool:
    names = Counter(name for name, _ in run.expected)
    return bool(run.missing) and not run.surplus and all(names[name] > 1 for name, _ in run.missing)


@last_orders.right
def nothing_newer() -> object:
    newer = Order.objects.filter(
        customer=OuterRef("customer"), placed_at__gt=OuterRef("placed_at")
    ).order_by()
    return Order.objects.filter(~Exists(newer)).values_list("customer__name", "number")


@last_orders.right
def first_by_window() -> object:
    place = Window(RowNumber(), partition_by="customer", order_by=F("placed_at").desc())
    newest = Order.objects.annotate(place=place).filter(place=1).select_related("customer")
    return [(found.customer.name, found.number) for found in newest]


@last_orders.right
def last_in_python() -> object:
    found = {}
    orders = Order.objects.order_by("placed_at")
    for pk, name, number in orders.values_list("customer", "customer__name", "number"):
        found[pk] = name, number
    return found.values()


@last_orders.right
def last_without_buyers() -> object:
    own = Order.objects.filter(customer_id=OuterRef("id")).order_by("-placed_at")
    buyers = Customer.objects.filter(Exists(own)).annotate(last=own.values("number")[:1])
    return [[buyer.name, buyer.last] for buyer in buyers]


@last_orders.wrong(never_ordered_none)
def last_of_everybody() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at")
    buyers = Customer.objects.annotate(last=Subquery(own.values("number")[:1]))
    return buyers.values_list("name", "last")


@last_orders.wrong(same_for_all)
def last_of_the_shop() -> object:
    last = Order.objects.order_by("-placed_at").values("number")[:1]
    buyers = Customer.objects.filter(orders__isnull=False).distinct()
    return buyers.annotate(last=Subquery(last)).values_list("name", "last")


@last_orders.wrong(the_oldest)
def oldest_of_each() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("placed_at")
    buyers = Customer.objects.annotate(last=Subquery(own.values("number")[:1]))
    return buyers.filter(last__isnull=False).values_list("name", "last")


@last_orders.wrong(by_key)
def highest_key() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("-pk")
    buyers = Customer.objects.annotate(last=Subquery(own.values("number")[:1]))
    return buyers.filter(last__isnull=False).values_list("name", "last")


@last_orders.wrong(by_key)
def highest_number() -> object:
    buyers = Customer.objects.annotate(last=Max("orders__number"))
    return buyers.filter(last__isnull=False).values_list("name", "last")


@last_orders.wrong(time_of_order)
def latest_time() -> object:
    buyers = Customer.objects.annotate(last=Max("orders__placed_at"))
    return buyers.filter(last__isnull=False).values_list("name", "last")


@last_orders.wrong(all_of_them)
def every_order() -> object:
    return Order.objects.values_list("customer__name", "number")


@last_orders.wrong(many_columns)
def whole_order() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at")
    return Customer.objects.annotate(last=Subquery(own.values()[:1])).values_list("name", "last")


@last_orders.wrong(ran_alone)
def first_of_own() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at").first()
    return Customer.objects.annotate(last=Subquery(own)).values_list("name", "last")


@last_orders.wrong(once_for_each_order)
def joined_orders() -> object:
    own = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at")
    buyers = Customer.objects.annotate(last=Subquery(own.values("number")[:1]))
    return buyers.filter(orders__isnull=False).values_list("name", "last")


@last_orders.wrong(distinct_on, sqlite_only=True)
def distinct_customers() -> object:
    newest = Order.objects.order_by("customer", "-placed_at").distinct("customer")
    return newest.values_list("customer__name", "number")


@last_orders.wrong(outer_customer)
def customer_of_customer() -> object:
    own = Order.objects.filter(customer=OuterRef("customer")).order_by("-placed_at")
    buyers = Customer.objects.annotate(last=Subquery(own.values("number")[:1]))
    return buyers.values_list("name", "last")


@last_orders.wrong(first_of_none)
def number_of_none() -> object:
    return [(buyer.name, buyer.orders.first().number) for buyer in Customer.objects.all()]


@last_orders.wrong(many_rows)
def compared_with_many() -> object:
    own = Order.objects.filter(customer=OuterRef("customer")).order_by().values("customer")
    newest = own.annotate(newest=Max("placed_at")).values("newest")
    found = Order.objects.filter(placed_at=Subquery(newest))
    return found.values_list("customer__name", "number")


@last_orders.wrong(last_of_each)
def last_loop() -> object:
    found = []
    for buyer in Customer.objects.all():
        newest = buyer.orders.order_by("-placed_at").first()
        if newest:
            found.append((buyer.name, newest.number))
    return found


@last_orders.wrong(one_of_namesakes)
def last_by_name() -> object:
    orders = Order.objects.order_by("placed_at")
    return list(dict(orders.values_list("customer__name", "number")).items())


# 06.10: there is none.


def bad_word() -> None:
    """a praised product got one star"""
    praised = Product.objects.annotate(worst=Min("review__rating")).filter(worst__gte=4)
    review(praised.earliest("pk"), 1, "2026-02-01")


def two_good_words() -> None:
    """two customers gave a new product five stars"""
    product = Product.objects.create(
        name="Frost Blanket", sku="NEW-1", category_id=product_category(), price=9
    )
    review(product, 5, "2026-02-01")
    review(product, 5, "2026-02-02")


def product_category() -> int:
    return Product.objects.earliest("pk").category_id


def no_words() -> None:
    """all reviews were deleted"""
    Review.objects.all().delete()


praised = Exercise(
    "06.10",
    "Only good words",
    minutes=5,
    queries=1,
    changes=[bad_word, two_good_words, no_words],
    hints=[
        "Two conditions: there is a review, and there is no review with a rating below 4.",
        "You can say both with Exists and ~Exists. Or look at one number: the worst rating.",
        "The way from a product to its reviews is called review in a query: no related_name.",
    ],
)


@praised.expects
def _() -> object:
    ratings = defaultdict(list)
    for found in Review.objects.all():
        ratings[found.product_id].append(found.rating)
    products = Product.objects.all()
    return [product for product in products if min(ratings.get(product.pk, [0])) >= 4]


@praised.mistake("Products without any review are in your list. Nobody has praised them.")
def nobody_said(run: Run) -> bool:
    return bool(run.surplus) and all(not product.review_set.exists() for product in run.surplus)


@praised.mistake("A product comes more than once: a JOIN makes a row for each of its reviews.")
def once_for_each_review(run: Run) -> bool:
    return len({product.pk for product in run.rows}) < len(run.rows) and all(
        product in run.expected for product in run.rows
    )


@praised.mistake(
    "The average hides a bad word: two products with 5 and 3 stars have 4 on average. "
    "Look at the worst rating."
)
def good_on_average(run: Run) -> bool:
    good = Product.objects.annotate(a=Avg("review__rating")).filter(a__gte=4)
    return bool(run.surplus) and {p.pk for p in run.rows} == {p.pk for p in good}


@praised.mistake("Your list has products with 3 stars. Less than 4 is bad, 4 itself is good.")
def three_stars(run: Run) -> bool:
    three = Product.objects.annotate(worst=Min("review__rating")).filter(worst__gte=3)
    return bool(run.surplus) and {p.pk for p in run.rows} == {p.pk for p in three}


@praised.mistake("Your list has reviews. Asked are the products.")
def reviews_given(run: Run) -> bool:
    return isinstance(run.rows[0], Review)


@praised.mistake("Your list has products with a good review and a bad one. No review may be bad.")
def some_good_word(run: Run) -> bool:
    return bool(run.surplus) and all(
        product.review_set.filter(rating__gte=4).exists() for product in run.surplus
    )


@praised.mistake("4 stars are a good word, too: less than 4 is bad.")
def only_five(run: Run) -> bool:
    return (
        bool(run.missing)
        and not run.surplus
        and all(product.review_set.filter(rating=4).exists() for product in run.missing)
    )


@praised.mistake("Review has no related_name: in a query the way back is called review.")
def no_such_name(run: Run) -> bool:
    return failed(run, "FieldError", "Cannot resolve keyword")


@praised.mistake("The reviews of each product cost a query of their own: this is N+1.")
def reviews_for_each(run: Run) -> bool:
    return run.queries > 3


@praised.right
def exists_and_not() -> object:
    own = Review.objects.filter(product=OuterRef("pk"))
    return Product.objects.filter(Exists(own), ~Exists(own.filter(rating__lt=4)))


@praised.right
def excluded_bad() -> object:
    products = Product.objects.filter(review__isnull=False).exclude(review__rating__lt=4)
    return products.distinct()


@praised.right
def none_bad_counted() -> object:
    bad = Count("review", filter=Q(review__rating__lt=4))
    return list(Product.objects.annotate(bad=bad, n=Count("review")).filter(bad=0, n__gt=0))


@praised.right
def praised_raw() -> object:
    products = Product.objects.raw("""
        SELECT * FROM shop_product WHERE id IN
        (SELECT product_id FROM shop_review GROUP BY product_id HAVING MIN(rating) >= 4)
    """)
    return list(products)


@praised.wrong(nobody_said)
def without_reviews_too() -> object:
    return Product.objects.exclude(review__rating__lt=4)


@praised.wrong(once_for_each_review)
def not_distinct() -> object:
    return Product.objects.filter(review__isnull=False).exclude(review__rating__lt=4)


@praised.wrong(good_on_average)
def average_of_four() -> object:
    return Product.objects.annotate(a=Avg("review__rating")).filter(a__gte=4)


@praised.wrong(some_good_word)
def any_good_word() -> object:
    return Product.objects.filter(review__rating__gte=4).distinct()


@praised.wrong(some_good_word)
def best_rating() -> object:
    return Product.objects.annotate(best=Max("review__rating")).filter(best__gte=4)


@praised.wrong(three_stars)
def worst_of_three() -> object:
    return Product.objects.annotate(worst=Min("review__rating")).filter(worst__gte=3)


@praised.wrong(reviews_given)
def good_reviews() -> object:
    return Review.objects.filter(rating__gte=4)


@praised.wrong(only_five)
def worst_over_four() -> object:
    return Product.objects.annotate(worst=Min("review__rating")).filter(worst__gt=4)


@praised.wrong(no_such_name)
def reviews_in_query() -> object:
    return Product.objects.annotate(worst=Min("review_set__rating")).filter(worst__gte=4)


@praised.wrong(reviews_for_each)
def praised_loop() -> object:
    found = []
    for product in Product.objects.all():
        ratings = [review.rating for review in product.review_set.all()]
        if ratings and min(ratings) >= 4:
            found.append(product)
    return found


@praised.wrong("Each row should be objects of Product")
def names_of_praised() -> object:
    products = Product.objects.annotate(worst=Min("review__rating")).filter(worst__gte=4)
    return products.values_list("name", flat=True)


# 06.11: an update with the value of another table.

_others: dict[int, Decimal] = {}  # the prices of all other lines, before the answer


def prices_rose() -> None:
    """all prices rose by one euro"""
    Product.objects.update(price=F("price") + 1)


def order_with_two_lines() -> None:
    """a new order came in with two lines, and then all prices were halved"""
    found = order()
    for product in Product.objects.order_by("-pk")[:2]:
        OrderLine.objects.create(order=found, product=product, quantity=2, unit_price=product.price)
    Product.objects.update(price=F("price") / 2)


def nothing_new() -> None:
    """all new orders were paid, and then all prices rose by one euro"""
    Order.objects.filter(status="new").update(status="paid")
    prices_rose()


todays_price = Exercise(
    "06.11",
    "Today's price",
    minutes=6,
    queries=1,
    changes=[prices_rose, order_with_two_lines, nothing_new],
    hints=[
        "One update() for all lines of new orders. It returns how many rows it changed.",
        'F("product__price") is refused in an update: it walks to another table.',
        "A Subquery may: the product whose pk is OuterRef('product'), its price, one row.",
    ],
)


@todays_price.expects
def _() -> object:
    lines = OrderLine.objects.exclude(order__status="new")
    _others.clear()
    _others.update(lines.values_list("pk", "unit_price"))
    return OrderLine.objects.count() - len(_others)


@todays_price.check
def _(run: Run) -> str | None:
    lines = OrderLine.objects.select_related("product")
    new = [line for line in lines if line.pk not in _others]
    if any(line.unit_price != line.product.price for line in new):
        return "Lines of new orders do not have the price of their product."
    if any(line.unit_price != _others.get(line.pk, line.unit_price) for line in lines):
        return "Lines of other orders have another price than before."
    return None


@todays_price.mistake(
    'F("product__price") walks to another table, and an update may not. A Subquery may.'
)
def joined_update(run: Run) -> bool:
    return failed(run, "FieldError", "Joined field references")


@todays_price.mistake("Orders that were paid or sent have new prices, too. Only new orders may.")
def all_lines(run: Run) -> bool:
    lines = OrderLine.objects.filter(pk__in=list(_others))
    return (type(run.value) is int and run.value > run.expected) or any(
        line.unit_price != _others[line.pk] for line in lines
    )


@todays_price.mistake(
    "The return value is missing: how many lines belong to new orders. update() returns it."
)
def no_number(run: Run) -> bool:
    return run.value is None and not run.error


@todays_price.mistake("Seen from the line it is order__status: the status is the order's.")
def status_of_line(run: Run) -> bool:
    return failed(run, "FieldError", "'status'")


@todays_price.mistake("A subquery must return one column: values('price').")
def whole_product(run: Run) -> bool:
    return failed(run, "OperationalError", "columns") or failed(run, "OutputFieldIsNoneError")


@todays_price.mistake(
    "For some lines the subquery found no product. The product of a line is OuterRef('product')."
)
def no_product(run: Run) -> bool:
    return failed(run, "IntegrityError")


@todays_price.mistake("annotate computes while it reads. update() stores.")
def annotated_price(run: Run) -> bool:
    return failed(run, "ValueError", "conflicts with a field")


@todays_price.mistake(
    "All lines got the same price: the subquery does not know the line. "
    "Filter it with OuterRef('product')."
)
def one_price(run: Run) -> bool:
    lines = OrderLine.objects.filter(order__status="new")
    return len(set(lines.values_list("unit_price", flat=True))) == 1 < lines.count()


@todays_price.mistake("Each line costs queries of its own. One UPDATE can do all of them.")
def line_by_line(run: Run) -> bool:
    return run.queries > 3


@todays_price.mistake(
    "The result is right. But the lines were read, and then written. One UPDATE does both: "
    "the database knows the prices already."
)
def read_and_written(run: Run) -> bool:
    return run.queries in (2, 3) and run.value == run.expected and "SELECT" in first_word(run)


def first_word(run: Run) -> str:
    return run.seen.queries[0].sql.split()[0]


@todays_price.mistake("Nothing was changed: save(), update() or bulk_update() is missing.")
def nothing_written(run: Run) -> bool:
    return not any("UPDATE" in query.sql for query in run.seen.queries)


@todays_price.right
def unsliced() -> object:
    lines = OrderLine.objects.filter(order__in=Order.objects.filter(status="new"))
    price = Product.objects.filter(order_lines=OuterRef("pk")).values("price")
    return lines.update(unit_price=Subquery(price[:1]))


@todays_price.right
def updated_by_cursor() -> object:
    with connection.cursor() as cursor:
        cursor.execute("""
            UPDATE shop_orderline SET unit_price =
                (SELECT price FROM shop_product WHERE id = shop_orderline.product_id)
            WHERE order_id IN (SELECT id FROM shop_order WHERE status = 'new')
        """)
        return cursor.rowcount


@todays_price.wrong(joined_update)
def f_across() -> object:
    return OrderLine.objects.filter(order__status="new").update(unit_price=F("product__price"))


@todays_price.wrong(all_lines)
def every_line() -> object:
    price = Product.objects.filter(pk=OuterRef("product")).values("price")[:1]
    OrderLine.objects.update(unit_price=Subquery(price))
    return OrderLine.objects.filter(order__status="new").count()


@todays_price.wrong(all_lines)
def paid_as_well() -> object:
    price = Product.objects.filter(pk=OuterRef("product")).values("price")[:1]
    return OrderLine.objects.filter(order__in=Order.objects.open()).update(unit_price=price)


@todays_price.wrong(no_number)
def returns_nothing() -> None:
    price = Product.objects.filter(pk=OuterRef("product")).values("price")[:1]
    OrderLine.objects.filter(order__status="new").update(unit_price=Subquery(price))


@todays_price.wrong(one_price)
def price_of_any() -> object:
    price = Product.objects.values("price")[:1]
    return OrderLine.objects.filter(order__status="new").update(unit_price=Subquery(price))


@todays_price.wrong(status_of_line)
def status_without_order() -> object:
    return OrderLine.objects.filter(status="new").update(unit_price=1)


@todays_price.wrong(whole_product)
def product_as_price() -> object:
    product = Product.objects.filter(pk=OuterRef("product"))[:1]
    return OrderLine.objects.filter(order__status="new").update(unit_price=Subquery(product))


@todays_price.wrong(no_product)
def product_of_line_key() -> object:
    price = Product.objects.filter(pk=OuterRef("pk")).values("price")[:1]
    return OrderLine.objects.filter(order__status="new").update(unit_price=Subquery(price))


@todays_price.wrong(annotated_price)
def annotated_lines() -> object:
    lines = OrderLine.objects.filter(order__status="new")
    return lines.annotate(unit_price=F("product__price")).count()


@todays_price.wrong(line_by_line)
def saved_one_by_one() -> object:
    lines = OrderLine.objects.filter(order__status="new")
    for line in lines:
        line.unit_price = line.product.price
        line.save()
    return len(lines)


@todays_price.wrong(read_and_written)
def bulk() -> object:
    lines = list(OrderLine.objects.filter(order__status="new").select_related("product"))
    for line in lines:
        line.unit_price = line.product.price
    return OrderLine.objects.bulk_update(lines, ["unit_price"])


@todays_price.wrong(nothing_written)
def set_and_forgotten() -> object:
    lines = OrderLine.objects.filter(order__status="new").select_related("product")
    for line in lines:
        line.unit_price = line.product.price
    return len(lines)


# 06.12: a window.


def shared_first() -> None:
    """somebody in Sales was hired for the highest salary there"""
    sales = Department.objects.get(name="Sales")
    top = sales.employees.latest("salary").salary
    changes.employee(department=sales, salary=top)


def shared_second() -> None:
    """somebody in Finance was hired for the second highest salary there"""
    finance = Department.objects.get(name="Finance")
    salary = finance.employees.order_by("-salary")[1].salary
    changes.employee(department=finance, salary=salary)


def rich_without_department() -> None:
    """somebody without a department earns most"""
    changes.employee(department=None, salary=200_000)


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
def _() -> object:
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
    return bool(run.surplus) and all(name is None for name, _, _ in run.surplus)


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
    return ("Finance", 1, lowest.name) in set(map(tuple, run.surplus))


@podium.mistake("Equal salaries share a place. RowNumber gives each row another number: use Rank.")
def numbered(run: Run) -> bool:
    return len(run.missing) == 1 or {row[2] for row in run.missing} == {
        row[2] for row in run.surplus
    }


@podium.mistake(
    "After two first places comes the third, and not the second. DenseRank leaves no gap: use Rank."
)
def dense(run: Run) -> bool:
    return not run.missing and bool(run.surplus) and all(row[1] == 2 for row in run.surplus)


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


# 06.13: a class of querysets.


def one_line_sold_out() -> None:
    """a product that stands on many order lines is sold out"""
    busy = Product.objects.annotate(n=Count("order_lines")).order_by("-n").first()
    assert busy is not None
    Product.objects.filter(pk=busy.pk).update(stock=0)


def nothing_sold() -> None:
    """all order lines were deleted"""
    OrderLine.objects.all().delete()


words = Exercise(
    "06.13",
    "Words for products",
    minutes=7,
    changes=[one_line_sold_out, nothing_sold],
    hints=[
        "The class is one inside your function. Its two methods get self, the queryset so far.",
        "self is a queryset. Each method returns self.filter(...), or self.annotate(...).filter().",
        (
            "Not Product.objects: that would forget what was asked before in the chain. "
            "At the end return the class."
        ),
    ],
)


def asked_of(kind: Any, *steps: tuple[Any, ...]) -> Any:
    """The queryset that the steps lead to; a sentence where one is not a queryset."""
    found = kind(Product)
    for name, *arguments in steps:
        found = getattr(found, name)(*arguments)
        if not isinstance(found, models.QuerySet):
            return f"{name}() must return a queryset, so that it can be chained."
        if found._result_cache is not None:
            return f"{name}() has asked the database already. Return the queryset as it is."
        if not hasattr(found, "sold_out") or not hasattr(found, "selling"):
            return f"After {name}() the other method is gone. Return a queryset made of self."
    return found


@words.check
def _(run: Run) -> str | None:
    kind = run.value
    if not (isinstance(kind, type) and issubclass(kind, models.QuerySet)):
        return "Asked is a class whose base is models.QuerySet. Return the class itself."
    for name in ("sold_out", "selling"):
        if not callable(getattr(kind, name, None)):
            return f"Your class has no method {name}()."
    rows = list(Product.objects.all())
    lines = Counter(OrderLine.objects.values_list("product", flat=True))
    empty = {product.pk for product in rows if product.stock == 0}
    often = {product.pk for product in rows if lines[product.pk] >= 12}
    active = {product.pk for product in rows if product.is_active}
    bad = {product.pk for product in rows if product.stock}
    sold_out, selling = ("sold_out",), ("selling", 12)
    everything = {product.pk for product in rows}
    for steps, right in [
        ((sold_out,), empty),
        ((selling,), often),
        ((("none",), sold_out), set()),
        ((("none",), selling), set()),
        ((sold_out, selling), empty & often),
        ((selling, sold_out), empty & often),
        ((("selling", 1), sold_out), {pk for pk in empty if lines[pk]}),
        ((("selling", 0),), everything),
    ]:
        chain = ".".join(f"{name}({', '.join(map(str, rest))})" for name, *rest in steps)
        try:
            found = asked_of(kind, *steps)
            if isinstance(found, str):
                return found
            keys = [product.pk for product in found]
            kept = [product.pk for product in found.filter(is_active=True)]
        except Exception as error:  # noqa: BLE001 A method may do anything; the learner is told.
            return f"{chain} raised {type(error).__name__}: {str(error).partition(' Choices')[0]}"
        if len(set(keys)) < len(keys):
            return f"{chain} gives a product more than once."
        if set(keys) == bad and steps == (sold_out,):
            return "sold_out() gives the products that are there. Asked are those with stock 0."
        if set(keys) != right and steps[0] == ("none",):
            return (
                f"{chain} finds products, although none() left nothing. "
                "Start from self: Product.objects forgets what was asked before."
            )
        if set(keys) != right:
            return f"{chain} gives {len(set(keys))} products; right are {len(right)}."
        if set(kept) != right & active:
            return f"{chain}.filter(is_active=True) does not give the right products."
    return None


@words.mistake("Your function returned nothing. End it with return and the name of the class.")
def no_class(run: Run) -> bool:
    return run.value is None and not run.error


@words.mistake(
    "That is a class of managers. The methods of a queryset class can be chained: its base is "
    "models.QuerySet."
)
def a_manager(run: Run) -> bool:
    return isinstance(run.value, type) and issubclass(run.value, models.Manager)


@words.mistake(
    "That is an object: a manager or a queryset. Asked is the class itself: return its name, "
    "without parentheses."
)
def an_object(run: Run) -> bool:
    # A manager that belongs to no model cannot be evaluated.
    ownerless = failed(run, "OperationalError") or failed(run, "TypeError", "'NoneType'")
    return isinstance(run.value, list) or ownerless


@words.right
def words_by_exists() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.exclude(stock__gt=0)

        def selling(self, least: int) -> Any:
            lines = OrderLine.objects.order_by().values("product").annotate(n=Count("pk"))
            busy = lines.filter(n__gte=least).values("product")
            return self.filter(pk__in=busy) if least else self.all()

    return Words


@words.right
def words_by_case() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.alias(level=Case(When(stock=0, then=Value(1)), default=Value(0))).filter(
                level=1
            )

        def selling(self, least: int) -> Any:
            return self.alias(n=Count("order_lines", distinct=True)).filter(n__gte=least)

    return Words


@words.wrong(no_class)
def not_returned() -> None:
    class Words(models.QuerySet[Product]):
        pass


@words.wrong(a_manager)
def manager_class() -> object:
    class Words(models.Manager[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

    return Words


@words.wrong(an_object)
def made_a_manager() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

    return Words.as_manager()


@words.wrong(an_object)
def made_a_queryset() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

    return Words(Product)


@words.wrong("Start from self: Product.objects forgets what was asked before.")
def forgets() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return Words(Product).filter(stock=0)

        def selling(self, least: int) -> Any:
            return self.annotate(n=Count("order_lines")).filter(n__gte=least)

    return Words


@words.wrong("After sold_out() the other method is gone.")
def from_objects() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return Product.objects.filter(stock=0)

        def selling(self, least: int) -> Any:
            return self.annotate(n=Count("order_lines")).filter(n__gte=least)

    return Words


@words.wrong("sold_out() must return a queryset, so that it can be chained.")
def lists() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return [product for product in self if product.stock == 0]

        def selling(self, least: int) -> Any:
            return self

    return Words


@words.wrong("Your class has no method selling().")
def one_method() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

    return Words


@words.wrong("sold_out() gives the products that are there.")
def in_stock() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock__gt=0)

        def selling(self, least: int) -> Any:
            return self

    return Words


@words.wrong("selling(12) gives")
def sells_more() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

        def selling(self, least: int) -> Any:
            return self.annotate(n=Sum("order_lines__quantity")).filter(n__gte=least)

    return Words


@words.wrong("FieldError: Cannot resolve keyword 'lines'")
def wrong_relation() -> object:
    class Words(models.QuerySet[Product]):
        def sold_out(self) -> Any:
            return self.filter(stock=0)

        def selling(self, least: int) -> Any:
            return self.annotate(n=Count("lines")).filter(n__gte=least)

    return Words


# 06.14: SQL with parameters.


def from_aquila() -> None:
    """two customers of the same name in L'Aquila joined"""
    for _ in range(2):
        Customer.objects.filter(pk=customer("Chiara D'Amico").pk).update(city="L'Aquila")


def nearby() -> None:
    """customers from North Dublin and from "dublin" joined"""
    for city in ("North Dublin", "dublin"):
        Customer.objects.filter(pk=customer("Una Kelly").pk).update(city=city)


safe_search = Exercise(
    "06.14",
    "A search that is safe",
    minutes=4,
    queries=1,
    changes=[from_aquila, nearby, no_customers],
    hints=[
        "SQL and values travel separately. Where the value belongs, the SQL has a placeholder.",
        "The placeholder is %s, without quotes around it, whatever the type is.",
        "execute() takes a list of the values as its second argument. Or use filter().",
    ],
)


@safe_search.cases
def _() -> object:
    return [("L'Aquila",), ("Dublin",), ("x' OR 'a' = 'a",), ("100% %s",)]


@safe_search.expects
def _(city: str) -> object:
    return [buyer.name for buyer in Customer.objects.all() if buyer.city == city]


@safe_search.check
def _(run: Run) -> str | None:
    city = run.arguments[0]
    spellings = {city, city.replace("'", "''"), city.replace("'", "\\'")}
    if any(text in query.sql for query in run.seen.queries for text in spellings):
        return (
            "The names are right, but the text became a part of the SQL. "
            "Sooner or later somebody finds a text that breaks out of its quotes. "
            "Put %s there, and pass the text as a parameter."
        )
    return None


@safe_search.mistake(
    "There are quotes around %s, so it is only a text. Write %s alone: the database knows "
    "that the parameter is a text."
)
def quoted_placeholder(run: Run) -> bool:
    return any("'%s'" in query.sql for query in run.seen.queries)


@safe_search.mistake(
    "The parameters are a list, even where there is only one: [city]. A text alone is taken "
    "letter by letter."
)
def not_a_list(run: Run) -> bool:
    return (
        failed(run, "ProgrammingError", "bindings")
        or failed(run, "AttributeError", "'str'")
        or failed(run, "TypeError", "query parameters")
    )


@safe_search.mistake(
    "The apostrophe in the text ended the text, and the rest was taken for SQL. "
    "Pass the text as a parameter."
)
def broke_out(run: Run) -> bool:
    city = run.arguments[0]
    return bool(run.error) and any(city in query.sql for query in run.seen.queries)


@safe_search.mistake("Each row is a tuple. Asked are the names alone.")
def rows_not_names(run: Run) -> bool:
    return bool(run.rows) and all(isinstance(row, tuple) for row in run.rows)


@safe_search.mistake("Two customers can have the same name, and both belong to the list.")
def names_once(run: Run) -> bool:
    return bool(run.missing) and not run.surplus and {*run.rows} >= {*run.missing}


@safe_search.mistake(
    "Your search finds other cities as well, or too few: the city must be the same."
)
def other_cities(run: Run) -> bool:
    names = all(isinstance(row, str) for row in run.rows)
    return names and bool(run.surplus or run.missing)


@safe_search.right
def searched_by_filter(city: str) -> object:
    return Customer.objects.filter(city=city).values_list("name", flat=True)


@safe_search.right
def searched_raw(city: str) -> object:
    found = Customer.objects.raw("SELECT id, name FROM shop_customer WHERE city = %s", [city])
    return [buyer.name for buyer in found]


@safe_search.right
def searched_by_name(city: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM shop_customer WHERE city = %(city)s", {"city": city})
        return [row[0] for row in cursor]


@safe_search.wrong(broke_out)
def unsafe(city: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name FROM shop_customer WHERE city = '{city}'")
        return [name for (name,) in cursor.fetchall()]


@safe_search.wrong("The names are right, but the text became a part of the SQL.")
def doubled_quotes(city: str) -> object:
    with connection.cursor() as cursor:
        safe = city.replace("'", "''")
        cursor.execute("SELECT name FROM shop_customer WHERE city = '" + safe + "'")
        return [name for (name,) in cursor.fetchall()]


@safe_search.wrong(quoted_placeholder)
def quotes_around(city: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM shop_customer WHERE city = '%s'", [city])
        return [name for (name,) in cursor.fetchall()]


@safe_search.wrong(not_a_list)
def text_alone(city: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM shop_customer WHERE city = %s", city)
        return [name for (name,) in cursor.fetchall()]


@safe_search.wrong("Each row should be like '")
def found_customers(city: str) -> object:
    return Customer.objects.filter(city=city)


@safe_search.wrong(rows_not_names)
def rows_of_cursor(city: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM shop_customer WHERE city = %s", [city])
        return cursor.fetchall()


@safe_search.wrong(names_once)
def names_distinct(city: str) -> object:
    return Customer.objects.filter(city=city).values_list("name", flat=True).distinct()


@safe_search.wrong(other_cities)
def similar_cities(city: str) -> object:
    return Customer.objects.filter(city__contains=city).values_list("name", flat=True)


@safe_search.wrong(other_cities)
def any_spelling(city: str) -> object:
    return Customer.objects.filter(city__iexact=city).values_list("name", flat=True)
