"""Chapter 04, forward and reverse: what right means, and what mistakes say."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from html import unescape
from typing import Any

from accounts.models import Profile
from company.models import Assignment, Department, Employee, Project, Skill
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import FETCH_PEERS, Count, Exists, F, OuterRef, Prefetch, Q, Sum, Value
from django.db.models.functions import Coalesce
from django.template import Context, Template
from django.utils.html import escape
from shop.models import Customer, Order, OrderLine, Product, Review

from tutor.checks import Exercise, Mistake, Prediction, Run, changes
from tutor.judge import compare


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


def is_right(run: Run) -> bool:
    """Whether only the number of queries is wrong."""
    return run.error is None and compare.difference(run.expected, run.value, False) is None


def many_as_list(task: Exercise, name: str) -> Mistake:
    """The mistake of taking a manager for its rows."""
    says = task.mistake(f"{name} is a manager, not a list. Add .all() to go through its rows.")
    return says(lambda run: failed(run, "TypeError", "Manager"))


def asks_for_each(run: Run) -> bool:
    """Whether the result is right, and a statement was asked again and again."""
    statements = {query.sql for query in run.seen.queries}
    return is_right(run) and run.queries > len(statements) + 1


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


# 04.4: the number is enough.


def namesake_colleague() -> None:
    """Noa Levi got a colleague of the same name"""
    noa = Employee.objects.get(email="noa.levi@northlight.example")
    changes.employee(name=noa.name, department_id=noa.department_id)


def alone() -> None:
    """somebody works alone in a new department"""
    changes.employee(department=changes.department())


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
def _() -> object:
    of_sales = Employee.objects.get(email="noa.levi@northlight.example")
    nowhere = Employee.objects.filter(department=None).earliest("pk")
    return [(of_sales,), (nowhere,), (Employee.objects.latest("pk"),)]


@colleagues.expects
def _(employee: Employee) -> object:
    place = employee.department_id
    others = [person for person in Employee.objects.all() if person.pk != employee.pk]
    return [person for person in others if place and person.department_id == place]


@colleagues.mistake(
    "Two people without a department do not work together. Without a department: an empty list."
)
def together_nowhere(run: Run) -> bool:
    return run.arguments[0].department_id is None and run.queries > 0 and bool(run.surplus)


@colleagues.mistake("employee.department can be None. Ask for that before you go on from it.")
def none_has_no_staff(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@colleagues.mistake("The employee stands in the list as well. Nobody is their own colleague.")
def with_oneself(run: Run) -> bool:
    return run.surplus == [run.arguments[0]]


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


# 04.5: a filter in reverse.


def new_customer() -> None:
    """there is a new customer without an order"""
    customer()


def only_cancelled() -> None:
    """a new customer has one order, and it was cancelled"""
    order(status="cancelled")


def nobody_ordered() -> None:
    """all orders were deleted"""
    Order.objects.all().delete()


never_ordered = Exercise(
    "04.5",
    "Never ordered",
    minutes=4,
    queries=1,
    changes=[new_customer, only_cancelled, nobody_ordered],
    hints=[
        "You want customers. The orders are on the other side of a foreign key: reverse.",
        'The foreign key says related_name="orders". The same name is used in a filter.',
        "No department was department=None, or department__isnull=True. No orders look alike.",
    ],
)


@never_ordered.expects
def _() -> object:
    buyers = {order.customer_id for order in Order.objects.all()}
    return [buyer for buyer in Customer.objects.all() if buyer.pk not in buyers]


@never_ordered.mistake(
    "The foreign key has a related_name, so the way back is called orders, in filters as well."
)
def not_the_related_name(run: Run) -> bool:
    return failed(run, "FieldError", "keyword 'order") or failed(run, "AttributeError", "'order_")


@never_ordered.mistake(
    "There is no lookup count. Ask whether there is no order at all: compare orders with None."
)
def no_such_lookup(run: Run) -> bool:
    return failed(run, "FieldError", "Unsupported lookup")


never_ordered_manager = many_as_list(never_ordered, "customer.orders")


@never_ordered.mistake(
    "Your query never looks at the orders. customer.orders is a manager, and a manager is "
    "always true. Better than a loop is a filter."
)
def manager_is_true(run: Run) -> bool:
    return run.queries > 0 and not any("shop_order" in query.sql for query in run.seen.queries)


@never_ordered.mistake(
    "orders=0 looks for an order with the number 0, and nobody has it. "
    "A customer without orders has None there."
)
def order_zero(run: Run) -> bool:
    return any(0 in (query.params or ()) for query in run.seen.queries)


@never_ordered.mistake("These are the customers who have ordered. Asked are the others.")
def the_buyers(run: Run) -> bool:
    return bool(run.rows) and all(buyer.orders.exists() for buyer in run.rows)


@never_ordered.mistake(
    "The result is right, but the orders of each customer cost a query of their own: this is N+1."
)
def orders_of_each(run: Run) -> bool:
    return is_right(run) and "Customer.orders" in run.n_plus_1


@never_ordered.mistake("A cancelled order is an order, too: somebody in your list has one.")
def cancelled_is_none(run: Run) -> bool:
    return bool(run.surplus) and all(buyer.orders.exists() for buyer in run.surplus)


@never_ordered.right
def orders_isnull() -> object:
    return Customer.objects.filter(orders__isnull=True)


@never_ordered.right
def not_among_buyers() -> object:
    return Customer.objects.exclude(pk__in=Order.objects.values("customer"))


@never_ordered.right
def no_order_exists() -> object:
    return Customer.objects.filter(~Exists(Order.objects.filter(customer=OuterRef("pk"))))


@never_ordered.right
def counted_zero() -> object:
    return set(Customer.objects.annotate(n=Count("orders")).filter(n=0))


@never_ordered.wrong(not_the_related_name)
def order_in_filter() -> object:
    return Customer.objects.filter(order=None)


@never_ordered.wrong(not_the_related_name)
def order_set_of_each() -> object:
    return [buyer for buyer in Customer.objects.all() if not buyer.order_set.exists()]


@never_ordered.wrong(no_such_lookup)
def orders_count_zero() -> object:
    return Customer.objects.filter(orders__count=0)


@never_ordered.wrong(order_zero)
def orders_zero() -> object:
    return Customer.objects.filter(orders=0)


@never_ordered.wrong(the_buyers)
def orders_there() -> object:
    return Customer.objects.exclude(orders=None)


@never_ordered.wrong(orders_of_each)
def orders_loop() -> object:
    return [buyer for buyer in Customer.objects.all() if not buyer.orders.exists()]


@never_ordered.wrong(cancelled_is_none)
def kept_orders_only() -> object:
    kept = Order.objects.exclude(status="cancelled")
    return Customer.objects.exclude(pk__in=kept.values("customer"))


@never_ordered.wrong("it took 2 queries. 1 is enough")
def prefetched_orders() -> object:
    return [b for b in Customer.objects.prefetch_related("orders") if not b.orders.all()]


@never_ordered.wrong(never_ordered_manager)
def length_of_manager() -> object:
    return [buyer for buyer in Customer.objects.all() if len(buyer.orders) == 0]


@never_ordered.wrong(manager_is_true)
def not_a_manager() -> object:
    return [buyer for buyer in Customer.objects.all() if not buyer.orders]


# 04.6: the way back without a related_name.


def namesakes_agree() -> None:
    """two customers of the same name gave a product the same rating"""
    product = Product.objects.get(name="Echeveria")
    review(product, 5, "2026-02-01", customer("Kim Lee"))
    review(product, 5, "2026-02-02", customer("Kim Lee"))


def no_reviews() -> None:
    """all reviews were deleted"""
    Review.objects.all().delete()


reviews_of = Exercise(
    "04.6",
    "What people say",
    minutes=4,
    queries=1,
    changes=[namesakes_agree, no_reviews],
    hints=[
        "From one product to many reviews: reverse. So the product has a manager for them.",
        "Review has no related_name. Then the name is the model in small letters, and _set.",
        "Each review knows its customer: forward. Let the same query read it.",
    ],
)


@reviews_of.cases
def _() -> object:
    unreviewed = Product.objects.exclude(pk__in=Review.objects.values("product"))
    return [(Product.objects.get(name="Echeveria"),), (unreviewed.earliest("pk"),)]


@reviews_of.expects
def _(product: Product) -> object:
    names = dict(Customer.objects.values_list("pk", "name"))
    reviews = [review for review in Review.objects.all() if review.product_id == product.pk]
    return [(names[review.customer_id], review.rating) for review in reviews]


@reviews_of.mistake(
    "There is no related_name in Review, so Django made the name: review_set, with one s."
)
def not_review_set(run: Run) -> bool:
    return failed(run, "AttributeError", "'Product' object has no attribute")


reviews_manager = many_as_list(reviews_of, "product.review_set")


@reviews_of.mistake(
    "In values(), filter() and select_related() there is no _set: the name there is review, "
    "and a review has a product and a customer."
)
def set_in_query(run: Run) -> bool:
    return failed(run, "FieldError", "_set'")


@reviews_of.mistake("The two values stand in the other order: first the name, then the rating.")
def rating_first(run: Run) -> bool:
    return Counter((name, rating) for rating, name in run.rows) == Counter(run.expected)


@reviews_of.mistake("The customer is a number in your rows. Its name is one step further.")
def number_of_customer(run: Run) -> bool:
    return bool(run.rows) and all(isinstance(number, int) for row in run.rows for number in row)


@reviews_of.mistake(
    "The result is right, but each review's customer costs a query of its own: this is N+1."
)
def customer_of_each(run: Run) -> bool:
    return is_right(run) and "Review.customer" in run.n_plus_1


@reviews_of.mistake("These are the reviews of all products. Asked are those of one.")
def of_all_products(run: Run) -> bool:
    everything: int = Review.objects.count()
    return len(run.rows) == everything > len(run.expected)


@reviews_of.mistake(
    "Two customers of the same name gave the same rating: those are two reviews, and two rows."
)
def namesakes_once(run: Run) -> bool:
    return bool(run.missing) and all(row in run.rows for row in run.missing)


@reviews_of.right
def reviews_by_values(product: Product) -> object:
    return product.review_set.values_list("customer__name", "rating")


@reviews_of.right
def reviews_by_filter(product: Product) -> object:
    found = Review.objects.filter(product=product).select_related("customer")
    return [[review.customer.name, review.rating] for review in found.order_by("-rating")]


@reviews_of.right
def reviews_from_customers(product: Product) -> object:
    return Customer.objects.filter(review__product=product).values_list("name", "review__rating")


@reviews_of.wrong(not_review_set)
def reviews_plural(product: Product) -> object:
    return [(review.customer.name, review.rating) for review in product.reviews.all()]


@reviews_of.wrong(not_review_set)
def reviews_set(product: Product) -> object:
    return product.reviews_set.values_list("customer__name", "rating")


@reviews_of.wrong(reviews_manager)
def over_the_manager(product: Product) -> object:
    return [(review.customer.name, review.rating) for review in product.review_set]


@reviews_of.wrong(set_in_query)
def set_in_filter(product: Product) -> object:
    return Customer.objects.filter(review_set__product=product).values_list("name")


@reviews_of.wrong(number_of_customer)
def customers_number(product: Product) -> object:
    return product.review_set.values_list("customer", "rating")


@reviews_of.wrong(rating_first)
def other_way_round(product: Product) -> object:
    return product.review_set.values_list("rating", "customer__name")


@reviews_of.wrong(customer_of_each)
def customer_loop(product: Product) -> object:
    return [(review.customer.name, review.rating) for review in product.review_set.all()]


@reviews_of.wrong(of_all_products)
def everything_said(product: Product) -> object:
    return Review.objects.values_list("customer__name", "rating")


@reviews_of.wrong(namesakes_once)
def as_a_set(product: Product) -> object:
    return set(product.review_set.values_list("customer__name", "rating"))


@reviews_of.wrong("Each row should be like ('")
def the_reviews_themselves(product: Product) -> object:
    return product.review_set.all()


# 04.7: a relation that may be empty, and two relations in one query.


def order_without_seller() -> None:
    """an order came in without a seller, from a customer with an apostrophe in the name"""
    order(customer("Siobhán O'Dwyer"))


def seller_left() -> None:
    """a seller was deleted; the orders stay, without a seller"""
    Employee.objects.filter(pk__in=Order.objects.values("seller")).earliest("pk").delete()


order_sheet = Exercise(
    "04.7",
    "The order sheet",
    minutes=5,
    queries=1,
    changes=[order_without_seller, seller_left],
    hints=[
        "An order leads forward twice: to its customer, and to its seller.",
        "select_related() takes more than one name.",
        "order.seller is None for an order without a seller. Ask for that before its name.",
    ],
)


@order_sheet.expects
def _() -> object:
    buyers = dict(Customer.objects.values_list("pk", "name"))
    sellers = dict(Employee.objects.values_list("pk", "name"))
    return [
        (o.number, buyers[o.customer_id], sellers.get(o.seller_id)) for o in Order.objects.all()
    ]


@order_sheet.mistake(
    "order.seller is None for some orders, and None has no name. Ask for it first."
)
def none_has_no_seller_name(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@order_sheet.mistake(
    "select_related() takes relations, not fields: write only the names of the foreign keys."
)
def related_field(run: Run) -> bool:
    return failed(run, "FieldError", "Non-relational")


@order_sheet.mistake(
    "The orders without a seller are missing. They are orders, too: their seller name is None."
)
def only_sold(run: Run) -> bool:
    fewer = len(run.rows) < len(run.expected)
    return fewer and all(seller is None for *_, seller in run.missing)


@order_sheet.mistake(
    "Your rows have a number or an object where the name of a person should stand."
)
def number_of_person(run: Run) -> bool:
    people = [person for _, *people in run.rows for person in people]
    return not all(person is None or isinstance(person, str) for person in people)


@order_sheet.mistake("First the customer, then the seller: in your rows they stand the other way.")
def seller_first(run: Run) -> bool:
    return Counter((n, buyer, by) for n, by, buyer in run.rows) == Counter(run.expected)


@order_sheet.mistake(
    "The first value is the pk. Asked is the number of the order, its field number."
)
def pk_of_order(run: Run) -> bool:
    return all(isinstance(number, int) for number, *_ in run.rows)


@order_sheet.mistake(
    "Without a seller the third value should be None itself: not empty text, not the word."
)
def text_for_none(run: Run) -> bool:
    text = {seller for *_, seller in run.surplus}
    return len(text) == 1 and all(seller is None for *_, seller in run.missing)


@order_sheet.mistake(
    "One of the two relations still costs a query for each order: the seller. "
    "Name both in select_related()."
)
def seller_of_each(run: Run) -> bool:
    return is_right(run) and run.n_plus_1 == {"Order.seller"}


@order_sheet.mistake(
    "One of the two relations still costs a query for each order: the customer. "
    "Name both in select_related()."
)
def customer_of_order(run: Run) -> bool:
    return is_right(run) and run.n_plus_1 == {"Order.customer"}


@order_sheet.mistake(
    "The customer and the seller of each order cost a query of their own: this is N+1, twice."
)
def both_of_each(run: Run) -> bool:
    return is_right(run) and {"Order.customer", "Order.seller"} <= run.n_plus_1


@order_sheet.mistake(
    "The result is right. prefetch_related() asks once more for each relation. "
    "To one object, a JOIN is enough: select_related()."
)
def prefetched_forward(run: Run) -> bool:
    return is_right(run) and run.queries <= 3


@order_sheet.right
def sheet_values() -> object:
    return Order.objects.values_list("number", "customer__name", "seller__name")


@order_sheet.right
def sheet_annotated() -> object:
    orders = Order.objects.annotate(buyer=F("customer__name"), by=F("seller__name"))
    return [(order.number, order.buyer, order.by) for order in orders]


@order_sheet.right
def sheet_by_hand() -> object:
    return fetched_all("""
        SELECT o.number, c.name, s.name FROM shop_order o
        JOIN shop_customer c ON c.id = o.customer_id
        LEFT JOIN company_employee s ON s.id = o.seller_id
    """)


@order_sheet.right
def sheet_generated() -> object:
    for order in Order.objects.select_related("customer", "seller"):
        yield [order.number, order.customer.name, getattr(order.seller, "name", None)]


@order_sheet.wrong(none_has_no_seller_name)
def sheet_name_of_none() -> object:
    orders = Order.objects.select_related("customer", "seller")
    return [(o.number, o.customer.name, o.seller.name) for o in orders]


@order_sheet.wrong(related_field)
def sheet_related_field() -> object:
    return list(Order.objects.select_related("customer__name", "seller__name"))


@order_sheet.wrong(only_sold)
def sheet_sold_only() -> object:
    orders = Order.objects.filter(seller__isnull=False)
    return orders.values_list("number", "customer__name", "seller__name")


@order_sheet.wrong(only_sold)
def sheet_inner_join() -> object:
    return fetched_all("""
        SELECT o.number, c.name, s.name FROM shop_order o
        JOIN shop_customer c ON c.id = o.customer_id
        JOIN company_employee s ON s.id = o.seller_id
    """)


@order_sheet.wrong(number_of_person)
def sheet_numbers() -> object:
    return Order.objects.values_list("number", "customer__name", "seller")


@order_sheet.wrong(text_for_none)
def sheet_empty_text() -> object:
    orders = Order.objects.select_related("customer", "seller")
    return [(o.number, o.customer.name, o.seller.name if o.seller else "") for o in orders]


@order_sheet.wrong(text_for_none)
def sheet_word_none() -> object:
    orders = Order.objects.select_related("customer", "seller")
    return [(o.number, o.customer.name, str(o.seller)) for o in orders]


@order_sheet.wrong(seller_of_each)
def sheet_only_customer() -> object:
    orders = Order.objects.select_related("customer")
    return [(o.number, o.customer.name, o.seller and o.seller.name) for o in orders]


@order_sheet.wrong(customer_of_order)
def sheet_only_seller() -> object:
    orders = Order.objects.select_related("seller")
    return [(o.number, o.customer.name, o.seller and o.seller.name) for o in orders]


@order_sheet.wrong(both_of_each)
def sheet_loop() -> object:
    orders = Order.objects.all()
    return [(o.number, o.customer.name, o.seller and o.seller.name) for o in orders]


@order_sheet.wrong(prefetched_forward)
def sheet_prefetched() -> object:
    orders = Order.objects.prefetch_related("customer", "seller")
    return [(o.number, o.customer.name, o.seller and o.seller.name) for o in orders]


@order_sheet.wrong(number_of_person)
def sheet_objects() -> object:
    orders = Order.objects.select_related("customer", "seller")
    return [(o.number, o.customer, o.seller) for o in orders]


@order_sheet.wrong(seller_first)
def sheet_seller_first() -> object:
    return Order.objects.values_list("number", "seller__name", "customer__name")


@order_sheet.wrong(pk_of_order)
def sheet_pk() -> object:
    return Order.objects.values_list("pk", "customer__name", "seller__name")


# 04.8: many rows for each row, and rows fetched ahead that a filter does not use.


def all_left() -> None:
    """there is a department from which everybody has left"""
    changes.employee(department=changes.department(), is_active=False)


phone_book = Exercise(
    "04.8",
    "The phone book",
    minutes=6,
    queries=2,
    changes=[changes.empty_department, changes.twins, all_left, changes.without_department],
    hints=[
        "Start from Department. From one department to many employees: reverse.",
        "In reverse, prefetch_related() is the cure: two queries, however many departments.",
        "Prefetched rows answer all() only. Leave out the inactive people in Python, with an if.",
    ],
)


@phone_book.expects
def _() -> object:
    book: dict[str, list[str]] = {department.name: [] for department in Department.objects.all()}
    names = dict(Department.objects.values_list("pk", "name"))
    for person in Employee.objects.all():
        if person.is_active and person.department_id:
            book[names[person.department_id]].append(person.name)
    return book


@phone_book.mistake("Employee has related_name: from a department the way is called employees.")
def no_employee_set(run: Run) -> bool:
    return failed(run, "AttributeError", "employee_set") or failed(
        run, "AttributeError", "employee'"
    )


book_manager = many_as_list(phone_book, "department.employees")


@phone_book.mistake(
    "select_related() joins one object to each row. A department has many employees: "
    "that takes prefetch_related()."
)
def joined_many(run: Run) -> bool:
    return failed(run, "FieldError", "select_related: 'employees'")


@phone_book.mistake("Some employees have no department, so they are on no page. Leave them out.")
def page_of_none(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'") or None in run.value


@phone_book.mistake("A department with nobody is missing. It needs a page as well: an empty list.")
def without_empty_pages(run: Run) -> bool:
    absent = run.expected.keys() - run.value.keys()
    return bool(absent) and not any(run.expected[name] for name in absent)


@phone_book.mistake("Somebody who has left is in the book. Only active people should be.")
def with_those_who_left(run: Run) -> bool:
    left = set(Employee.objects.filter(is_active=False).values_list("name", flat=True))
    return any(left.intersection(map(str, names)) for names in run.value.values())


@phone_book.mistake("Two people in one department have the same name. The book needs both of them.")
def twins_once(run: Run) -> bool:
    pages = [(run.expected[name], page) for name, page in run.value.items()]
    fewer = any(len(page) < len(right) for right, page in pages)
    return fewer and all(set(page) == set(right) for right, page in pages)


@phone_book.mistake(
    "You prefetch the employees, but filter() asks the database again for each department. "
    "Only all() uses the prefetched rows: leave people out in Python, with an if."
)
def prefetched_for_nothing(run: Run) -> bool:
    return (
        is_right(run)
        and bool(run.n_plus_1)
        and any(" IN (" in query.sql for query in run.seen.queries)
    )


@phone_book.mistake(
    "The result is right, but each employee's department costs a query of its own: this is N+1."
)
def page_of_each(run: Run) -> bool:
    return is_right(run) and "Employee.department" in run.n_plus_1


@phone_book.mistake(
    "The result is right, but each department costs a query of its own: this is N+1, in reverse."
)
def people_of_each(run: Run) -> bool:
    return asks_for_each(run)


@phone_book.right
def book_prefetch_object() -> object:
    active = Prefetch("employees", Employee.objects.filter(is_active=True), to_attr="here")
    departments = Department.objects.prefetch_related(active)
    return {
        department.name: [person.name for person in department.here] for department in departments
    }


@phone_book.right
def book_one_query() -> object:
    book: dict[str, list[str]] = defaultdict(list)
    rows = Department.objects.values_list("name", "employees__name", "employees__is_active")
    for department, name, active in rows:
        book[department] += [name] if active else []
    return book


@phone_book.right
def book_from_employees() -> object:
    book: dict[str, list[str]] = {d.name: [] for d in Department.objects.all()}
    staff = Employee.objects.filter(is_active=True, department__isnull=False)
    for person in staff.select_related("department"):
        book[person.department.name].append(person.name)
    return book


@phone_book.wrong(no_employee_set)
def book_employee_set() -> object:
    departments = Department.objects.all()
    return {d.name: [e.name for e in d.employee_set.filter(is_active=True)] for d in departments}


@phone_book.wrong(book_manager)
def book_over_manager() -> object:
    departments = Department.objects.prefetch_related("employees")
    return {d.name: [e.name for e in d.employees if e.is_active] for d in departments}


@phone_book.wrong(joined_many)
def book_select_related() -> object:
    departments = Department.objects.select_related("employees")
    return {d.name: [e.name for e in d.employees.all() if e.is_active] for d in departments}


@phone_book.wrong(page_of_none)
def book_of_none() -> object:
    book: dict[str, list[str]] = {d.name: [] for d in Department.objects.all()}
    for person in Employee.objects.filter(is_active=True).select_related("department"):
        book[person.department.name].append(person.name)
    return book


@phone_book.wrong(page_of_none)
def book_with_none() -> object:
    book: dict[str, list[str]] = defaultdict(list)
    for name, department in Employee.objects.values_list("name", "department__name"):
        book[department].append(name)
    return book


@phone_book.wrong(without_empty_pages)
def book_of_the_staffed() -> object:
    book: dict[str, list[str]] = defaultdict(list)
    staff = Employee.objects.filter(is_active=True).exclude(department=None)
    for name, department in staff.values_list("name", "department__name"):
        book[department].append(name)
    return book


@phone_book.wrong(with_those_who_left)
def book_of_all() -> object:
    departments = Department.objects.prefetch_related("employees")
    return {d.name: [e.name for e in d.employees.all()] for d in departments}


@phone_book.wrong(twins_once)
def book_of_sets() -> object:
    departments = Department.objects.prefetch_related("employees")
    return {d.name: {e.name for e in d.employees.all() if e.is_active} for d in departments}


@phone_book.wrong(prefetched_for_nothing)
def book_prefetch_filter() -> object:
    departments = Department.objects.prefetch_related("employees")
    return {d.name: [e.name for e in d.employees.filter(is_active=True)] for d in departments}


@phone_book.wrong(people_of_each)
def book_loop() -> object:
    departments = Department.objects.all()
    return {d.name: [e.name for e in d.employees.all() if e.is_active] for d in departments}


@phone_book.wrong(people_of_each)
def book_loop_filter() -> object:
    departments = Department.objects.all()
    return {d.name: [e.name for e in d.employees.filter(is_active=True)] for d in departments}


@phone_book.wrong(page_of_each)
def book_forward_loop() -> object:
    book: dict[str, list[str]] = {d.name: [] for d in Department.objects.all()}
    for person in Employee.objects.filter(is_active=True).exclude(department=None):
        book[person.department.name].append(person.name)
    return book


@phone_book.wrong("Asked is a dictionary; your function returned a list.")
def book_as_rows() -> object:
    departments = Department.objects.prefetch_related("employees")
    return [(d.name, [e.name for e in d.employees.all() if e.is_active]) for d in departments]


@phone_book.wrong(people_of_each)
def book_loop_of_employees() -> object:
    return {
        department.name: [e.name for e in Employee.objects.active().filter(department=department)]
        for department in Department.objects.all()
    }


# 04.9: one relation is joined, the other is not.

teams = Prediction(
    "04.9",
    "Predict: half a cure",
    minutes=3,
    hints=[
        "Two relations are touched: department, and members.",
        "select_related joins the department to each project. So that one costs nothing more.",
        "project.members is a manager. What does its count() do, for each of the 20 projects?",
    ],
    because="One query reads the projects with their departments. Then project.members.count() "
    "asks once for each of the 20 projects: 1 + 20.",
    wrong={
        1: "select_related brought the department. The members are many: nobody fetched them.",
        2: "Two would be right if something fetched the members of all projects at once.",
        20: "Nearly: one for each project. But the projects themselves are a query, too.",
        41: "Without select_related it would be 41. It brings the departments with the projects.",
    },
)


# 04.10: counting the rows in reverse, none included.


def namesake_customers() -> None:
    """two new customers have the same name; one of them has two orders"""
    customer("Kim Lee")
    buyer = customer("Kim Lee")
    order(buyer)
    order(buyer, status="cancelled")


order_counts = Exercise(
    "04.10",
    "How often do they order",
    minutes=6,
    queries=2,
    changes=[new_customer, namesake_customers, nobody_ordered],
    hints=[
        "Every customer is asked for. So start from Customer, not from Order.",
        "From a customer to their orders: reverse, many. Which cure is made for that?",
        "After prefetch_related() the orders are there: len(customer.orders.all()) asks nothing.",
    ],
)


@order_counts.expects
def _() -> object:
    orders = Counter(order.customer_id for order in Order.objects.all())
    return [(buyer.name, orders[buyer.pk]) for buyer in Customer.objects.all()]


@order_counts.mistake("The way back has a related_name: a customer has orders, not order_set.")
def no_order_set(run: Run) -> bool:
    return failed(run, "AttributeError", "order_set") or failed(run, "AttributeError", "order'")


counts_manager = many_as_list(order_counts, "customer.orders")


@order_counts.mistake(
    "select_related() joins one object to each row. A customer has many orders: "
    "that takes prefetch_related()."
)
def joined_orders(run: Run) -> bool:
    return failed(run, "FieldError", "select_related: 'orders'")


@order_counts.mistake("Customers without an order are missing. They belong there too, with 0.")
def without_zero(run: Run) -> bool:
    zero = [row for row in run.expected if row[1] == 0]
    return (
        bool(zero)
        and not any(row in run.rows for row in zero)
        and len(run.rows) < len(run.expected)
    )


@order_counts.mistake(
    "A customer without orders has 1 in your list. The JOIN gives them one row, too: "
    "count the orders, not the rows."
)
def one_for_none(run: Run) -> bool:
    return bool(run.missing) and {n for _, n in run.missing} == {0} == {
        n - 1 for _, n in run.surplus
    }


@order_counts.mistake(
    "Customers with the same name became one. Count by the customer's pk, then give the name."
)
def namesakes_merged(run: Run) -> bool:
    names = Counter(name for name, _ in run.expected)
    return bool(run.missing) and all(names[name] > 1 for name, _ in run.missing)


@order_counts.mistake(
    "Some of your numbers are too small. Count all orders, whatever their status."
)
def counted_too_few(run: Run) -> bool:
    right = dict(sorted(run.expected))
    return bool(run.surplus) and all(n < right[name] for name, n in run.surplus)


@order_counts.mistake(
    "Some of your numbers are too large. A JOIN with one more relation repeats each order: "
    "count the orders alone."
)
def counted_too_many(run: Run) -> bool:
    right = dict(sorted(run.expected))
    return bool(run.surplus) and all(n > right[name] for name, n in run.surplus)


@order_counts.mistake(
    "The result is right, but each customer costs a query of its own: this is N+1, in reverse."
)
def count_of_each(run: Run) -> bool:
    return asks_for_each(run)


@order_counts.right
def counts_annotated() -> object:
    return Customer.objects.annotate(n=Count("orders")).values_list("name", "n")


@order_counts.right
def counts_of_prefetched() -> object:
    customers = Customer.objects.prefetch_related("orders")
    return [(customer.name, customer.orders.count()) for customer in customers]


@order_counts.right
def counts_counter() -> object:
    orders = Counter(Order.objects.values_list("customer", flat=True))
    return [(customer.name, orders[customer.pk]) for customer in Customer.objects.all()]


@order_counts.right
def counts_by_hand() -> object:
    return fetched_all("""
        SELECT c.name, COUNT(o.id) FROM shop_customer c
        LEFT JOIN shop_order o ON o.customer_id = c.id GROUP BY c.id, c.name
    """)


@order_counts.wrong(no_order_set)
def counts_order_set() -> object:
    return [(customer.name, customer.order_set.count()) for customer in Customer.objects.all()]


@order_counts.wrong(counts_manager)
def counts_len_of_manager() -> object:
    customers = Customer.objects.prefetch_related("orders")
    return [(customer.name, len(customer.orders)) for customer in customers]


@order_counts.wrong(joined_orders)
def counts_select_related() -> object:
    customers = Customer.objects.select_related("orders")
    return [(customer.name, customer.orders.count()) for customer in customers]


@order_counts.wrong("Asked is a list; your function returned a dictionary.")
def counts_as_dictionary() -> object:
    customers = Customer.objects.prefetch_related("orders")
    return {customer.name: len(customer.orders.all()) for customer in customers}


@order_counts.wrong(without_zero)
def counts_of_buyers() -> object:
    buyers = Customer.objects.filter(orders__isnull=False).distinct().prefetch_related("orders")
    return [(buyer.name, len(buyer.orders.all())) for buyer in buyers]


@order_counts.wrong(without_zero)
def counts_of_orders() -> object:
    names = Order.objects.values_list("customer__name", flat=True)
    return list(Counter(names).items())


@order_counts.wrong(one_for_none)
def counts_of_rows() -> object:
    return fetched_all("""
        SELECT c.name, COUNT(*) FROM shop_customer c
        LEFT JOIN shop_order o ON o.customer_id = c.id GROUP BY c.id, c.name
    """)


@order_counts.wrong(namesakes_merged)
def counts_by_name() -> object:
    orders = Counter(Order.objects.values_list("customer__name", flat=True))
    return [(name, orders[name]) for name in Customer.objects.values_list("name", flat=True)]


@order_counts.wrong(namesakes_merged)
def counts_grouped_by_name() -> object:
    return Customer.objects.values("name").annotate(n=Count("orders")).values_list("name", "n")


@order_counts.wrong(counted_too_few)
def counts_of_kept() -> object:
    kept = Count("orders", filter=~Q(orders__status="cancelled"))
    return Customer.objects.annotate(n=kept).values_list("name", "n")


@order_counts.wrong(count_of_each)
def counts_loop() -> object:
    return [(customer.name, customer.orders.count()) for customer in Customer.objects.all()]


@order_counts.wrong(count_of_each)
def counts_len_loop() -> object:
    return [(customer.name, len(customer.orders.all())) for customer in Customer.objects.all()]


@order_counts.wrong(counted_too_many)
def counts_of_lines() -> object:
    return Customer.objects.annotate(n=Count("orders__lines")).values_list("name", "n")


@order_counts.wrong(count_of_each)
def counts_loop_of_orders() -> object:
    return [(c.name, Order.objects.filter(customer=c).count()) for c in Customer.objects.all()]


# 04.11: one to one, and its missing side.


def user_without_profile() -> None:
    """there is a new user without a profile"""
    changes.login("lena")


def empty_phone() -> None:
    """there is a new user whose profile has an empty phone"""
    Profile.objects.create(user=changes.login("mona"))


def no_profiles() -> None:
    """all profiles were deleted"""
    Profile.objects.all().delete()


phones = Exercise(
    "04.11",
    "Whom can we call",
    minutes=5,
    queries=1,
    changes=[user_without_profile, empty_phone, no_profiles],
    hints=[
        "Both sides of a one-to-one are one object. So select_related() works on the way back.",
        "Without a profile, user.profile raises an exception. It is not None.",
        'hasattr(user, "profile") asks politely. After select_related() it costs nothing.',
    ],
)


@phones.expects
def _() -> object:
    numbers = {profile.user_id: profile.phone for profile in Profile.objects.all()}
    return [(user.username, numbers.get(user.pk)) for user in User.objects.all()]


@phones.mistake(
    "Some users have no profile, and then user.profile raises an exception: it is not None. "
    "Ask with hasattr() before, or catch it."
)
def no_profile(run: Run) -> bool:
    return failed(run, "RelatedObjectDoesNotExist")


@phones.mistake("The way back of a one-to-one is one object: user.profile, without _set and all().")
def profile_is_no_manager(run: Run) -> bool:
    return failed(run, "AttributeError", "profile") or failed(run, "AttributeError", "'Profile'")


@phones.mistake("Users without a profile are missing. They belong in the list, with None.")
def only_profiles(run: Run) -> bool:
    return len(run.rows) < len(run.expected) and all(phone is None for _, phone in run.missing)


@phones.mistake(
    "A profile with an empty phone is there: its phone is empty text. "
    "None is for users who have no profile."
)
def empty_is_none(run: Run) -> bool:
    return bool(run.missing) and all(
        right == "" and (name, None) in map(tuple, run.rows) for name, right in run.missing
    )


@phones.mistake("Without a profile the second value should be None itself, not a text.")
def text_without_profile(run: Run) -> bool:
    texts = {phone for _, phone in run.surplus}
    return len(texts) == 1 and all(phone is None for _, phone in run.missing)


@phones.mistake(
    "The result is right, but each user's profile costs a query of its own: this is N+1. "
    "hasattr() asks the database, too."
)
def profile_of_each(run: Run) -> bool:
    return is_right(run) and "User.profile" in run.n_plus_1


@phones.mistake(
    "The result is right. prefetch_related() asks once more. A profile is one object, "
    "so a JOIN can bring it with its user: select_related()."
)
def prefetched_profiles(run: Run) -> bool:
    return is_right(run) and run.queries == 2 and " IN (" in run.seen.queries[1].sql


@phones.right
def phones_by_values() -> object:
    return User.objects.values_list("username", "profile__phone")


@phones.right
def phones_caught() -> object:
    found: list[tuple[str, str | None]] = []
    users: Any = User.objects.select_related("profile")
    for user in users:
        try:
            found.append((user.username, user.profile.phone))
        except Profile.DoesNotExist:
            found.append((user.username, None))
    return found


@phones.right
def phones_by_getattr() -> object:
    users: Any = User.objects.select_related("profile").order_by("username")
    profiles = [(user.username, getattr(user, "profile", None)) for user in users]
    return [(name, profile and profile.phone) for name, profile in profiles]


@phones.wrong(no_profile)
def phones_unasked() -> object:
    users: Any = User.objects.select_related("profile")
    return [(user.username, user.profile.phone) for user in users]


@phones.wrong(no_profile)
def phones_if_profile() -> object:
    users: Any = User.objects.select_related("profile")
    return [(user.username, user.profile.phone if user.profile else None) for user in users]


@phones.wrong(profile_is_no_manager)
def phones_profile_set() -> object:
    users: Any = User.objects.all()
    return [(user.username, user.profile_set.first()) for user in users]


@phones.wrong(profile_is_no_manager)
def phones_profile_all() -> object:
    users: Any = User.objects.filter(profile__isnull=False).select_related("profile")
    return [(user.username, user.profile.all()[0].phone) for user in users]


@phones.wrong(only_profiles)
def phones_of_profiles() -> object:
    return Profile.objects.values_list("user__username", "phone")


@phones.wrong(empty_is_none)
def phones_or_none() -> object:
    rows = User.objects.values_list("username", "profile__phone")
    return [(name, phone or None) for name, phone in rows]


@phones.wrong(text_without_profile)
def phones_or_text() -> object:
    rows = User.objects.values_list("username", "profile__phone")
    return [(name, "" if phone is None else phone) for name, phone in rows]


@phones.wrong(profile_of_each)
def phones_loop() -> object:
    users: Any = User.objects.all()
    return [(u.username, u.profile.phone if hasattr(u, "profile") else None) for u in users]


@phones.wrong(prefetched_profiles)
def phones_prefetched() -> object:
    users: Any = User.objects.prefetch_related("profile")
    return [(u.username, u.profile.phone if hasattr(u, "profile") else None) for u in users]


# 04.12: a relation of a model to itself.


def namesake_managers() -> None:
    """two new managers have the same name"""
    for _ in range(2):
        manager = changes.employee(name="Kim Lee")
        changes.employee(manager=manager)


def new_level() -> None:
    """somebody who reports to the chief got a report"""
    manager = Employee.objects.filter(manager__isnull=False, reports=None).earliest("pk")
    changes.employee(manager=manager, name="Siobhán O'Dwyer")


letters = Exercise(
    "04.12",
    "Who reports to whom",
    minutes=7,
    queries=2,
    changes=[namesake_managers, new_level, changes.nobody],
    hints=[
        "manager leads from an employee to another employee. The way back is called reports.",
        "From one manager to many reports: reverse. You know the cure.",
        "A filter on reports repeats a manager for each report. distinct() helps, or an if in Python.",
    ],
)


@letters.expects
def _() -> object:
    names = dict(Employee.objects.values_list("pk", "name"))
    reports = defaultdict(list)
    for person in Employee.objects.all():
        if person.manager_id:
            reports[person.manager_id].append(person.name)
    return [(names[manager], staff) for manager, staff in reports.items()]


@letters.mistake(
    "The foreign key to the manager has a related_name: the way back is called reports."
)
def not_reports(run: Run) -> bool:
    return failed(run, "AttributeError", "'Employee' object") or failed(
        run, "FieldError", "employee"
    )


@letters.mistake(
    "select_related() joins one object to each row. A manager has many reports: "
    "that takes prefetch_related()."
)
def joined_reports(run: Run) -> bool:
    return failed(run, "FieldError", "select_related: 'reports'")


letters_manager = many_as_list(letters, "manager.reports")


@letters.mistake("Somebody has no manager: for them employee.manager is None, and has no name.")
def manager_of_the_chief(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@letters.mistake("Your lists have employees. Asked are their names.")
def employees_in_letters(run: Run) -> bool:
    return any(isinstance(report, Employee) for _, reports in run.rows for report in reports)


@letters.mistake(
    "A manager stands in your list once for each of their reports: a filter in reverse repeats rows."
)
def repeated_managers(run: Run) -> bool:
    repeated = all(_letter(row) in _letters(run.expected) for row in run.surplus)
    return bool(run.surplus) and not run.missing and repeated


@letters.mistake(
    "Your list has a row for each report. Asked is one row for each manager, "
    "with a list of all who report to them."
)
def row_for_each_report(run: Run) -> bool:
    reports: int = Employee.objects.exclude(manager=None).count()
    return len(run.rows) == reports > len(run.expected)


@letters.mistake("Somebody in your list has no reports, so they are no manager. Leave them out.")
def without_reports(run: Run) -> bool:
    return any(not list(reports) for _, reports in run.surplus)


@letters.mistake(
    "Managers of the same name became one. Tell people apart by pk, and give the name at the end."
)
def namesakes_one_letter(run: Run) -> bool:
    names = Counter(name for name, _ in run.expected)
    return bool(run.missing) and all(names[name] > 1 for name, _ in run.missing)


@letters.mistake(
    "Your list has the chief only: the one who has no manager. "
    "A manager is somebody to whom others report."
)
def only_the_top(run: Run) -> bool:
    top = set(Employee.objects.filter(manager=None).values_list("name", flat=True))
    return bool(run.rows) and all(name in top for name, _ in run.rows)


@letters.mistake(
    "The result is right, but each employee's reports cost a query of their own: "
    "this is N+1, in reverse."
)
def reports_of_each(run: Run) -> bool:
    return asks_for_each(run)


def _letter(row: Any) -> tuple[str, tuple[str, ...]]:
    name, reports = row
    return name, tuple(sorted(reports))


def _letters(rows: Iterable[Any]) -> set[tuple[str, tuple[str, ...]]]:
    return {_letter(row) for row in rows}


@letters.right
def letters_of_heads() -> object:
    heads = Employee.objects.filter(reports__isnull=False).distinct().prefetch_related("reports")
    return [(head.name, [report.name for report in head.reports.all()]) for head in heads]


@letters.right
def letters_forward() -> object:
    reports: dict[Employee, list[str]] = defaultdict(list)
    for person in Employee.objects.exclude(manager=None).select_related("manager"):
        reports[person.manager].append(person.name)
    return [(manager.name, names) for manager, names in reports.items()]


@letters.right
def letters_by_values() -> object:
    found: dict[int, tuple[str, list[str]]] = {}
    rows = Employee.objects.filter(reports__isnull=False).values_list("pk", "name", "reports__name")
    for pk, manager, report in rows:
        found.setdefault(pk, (manager, []))[1].append(report)
    return found.values()


@letters.wrong(not_reports)
def letters_employee_set() -> object:
    return [(m.name, [r.name for r in m.employee_set.all()]) for m in Employee.objects.all()]


@letters.wrong(not_reports)
def letters_of_employees() -> object:
    return Employee.objects.filter(employee__isnull=False)


@letters.wrong(joined_reports)
def letters_select_related() -> object:
    heads = Employee.objects.select_related("reports")
    return [(head.name, [report.name for report in head.reports.all()]) for head in heads]


@letters.wrong(without_reports)
def letters_to_all() -> object:
    staff = Employee.objects.prefetch_related("reports")
    return [(person.name, [report.name for report in person.reports.all()]) for person in staff]


@letters.wrong(repeated_managers)
def letters_repeated() -> object:
    heads = Employee.objects.filter(reports__isnull=False).prefetch_related("reports")
    return [(head.name, [report.name for report in head.reports.all()]) for head in heads]


@letters.wrong(namesakes_one_letter)
def letters_by_name() -> object:
    reports = defaultdict(list)
    for person in Employee.objects.exclude(manager=None).select_related("manager"):
        reports[person.manager.name].append(person.name)
    return list(reports.items())


@letters.wrong(only_the_top)
def letters_from_the_top() -> object:
    heads = Employee.objects.filter(manager=None, reports__isnull=False).distinct()
    heads = heads.prefetch_related("reports")
    return [(head.name, [report.name for report in head.reports.all()]) for head in heads]


@letters.wrong(reports_of_each)
def letters_loop() -> object:
    staff = Employee.objects.all()
    found = [(person.name, [report.name for report in person.reports.all()]) for person in staff]
    return [(name, reports) for name, reports in found if reports]


@letters.wrong(reports_of_each)
def letters_loop_of_heads() -> object:
    heads = Employee.objects.filter(reports__isnull=False).distinct()
    return [(head.name, [report.name for report in head.reports.all()]) for head in heads]


@letters.wrong("Asked is a list; your function returned a dictionary.")
def letters_as_dictionary() -> object:
    heads = Employee.objects.heads().prefetch_related("reports")
    return {head.name: [report.name for report in head.reports.all()] for head in heads}


@letters.wrong(letters_manager)
def letters_over_manager() -> object:
    staff = Employee.objects.prefetch_related("reports")
    return [(manager.name, [report.name for report in manager.reports]) for manager in staff]


@letters.wrong(manager_of_the_chief)
def letters_of_the_chief() -> object:
    staff = Employee.objects.select_related("manager")
    return [(person.manager.name, [person.name]) for person in staff]


@letters.wrong(employees_in_letters)
def letters_of_objects() -> object:
    heads = Employee.objects.heads().prefetch_related("reports")
    return [(head.name, head.reports.all()) for head in heads]


@letters.wrong(row_for_each_report)
def letters_in_pairs() -> object:
    return Employee.objects.exclude(manager=None).values_list("manager__name", "name")


@letters.wrong(reports_of_each)
def letters_loop_of_employees() -> object:
    heads = Employee.objects.heads()
    return [(h.name, [r.name for r in Employee.objects.filter(manager=h)]) for h in heads]


# 04.13: several conditions on one row of the many side, and rows that repeat.


def praised_twice() -> None:
    """a product got two five-star reviews in one year"""
    product = Product.objects.get(name="Echeveria")
    review(product, 5, "2026-02-01")
    review(product, 5, "2026-02-02")


def praised_before() -> None:
    """a product has five stars from 2024, and one star from 2026"""
    product = Product.objects.exclude(pk__in=Review.objects.values("product")).earliest("pk")
    review(product, 5, "2024-05-01")
    review(product, 1, "2026-02-02")


praised = Exercise(
    "04.13",
    "The best of the year",
    minutes=7,
    queries=1,
    changes=[praised_twice, praised_before, no_reviews],
    hints=[
        "From a product to its reviews in a filter: the name is review, without _set.",
        "One review has to fit both conditions: five stars, and this year. So one filter().",
        "Two such reviews make two rows of one product. Which two cures do you know?",
    ],
)


@praised.cases
def _() -> object:
    return [(2025,), (2026,), (1999,)]


@praised.expects
def _(year: int) -> object:
    reviews = [r for r in Review.objects.all() if r.rating == 5 and r.written_on.year == year]
    best = {review.product_id for review in reviews}
    return [product for product in Product.objects.all() if product.pk in best]


@praised.mistake(
    "The name in a filter is review. Only the manager on a product is called review_set."
)
def set_in_reverse_filter(run: Run) -> bool:
    return failed(run, "FieldError", "'review")


@praised.mistake(
    "rating and written_on are fields of the review, not of the product. "
    "Walk there with two underscores."
)
def product_has_no_rating(run: Run) -> bool:
    return failed(run, "FieldError", "'rating'") or failed(run, "FieldError", "'written_on")


@praised.mistake("written_on is a day. Two underscores more take its year.")
def day_is_no_year(run: Run) -> bool:
    return failed(run, "ValidationError") or failed(run, "TypeError", "fromisoformat")


@praised.mistake("A product stands in your list once for each such review. Asked is: once.")
def praised_repeated(run: Run) -> bool:
    return bool(run.surplus) and all(product in run.expected for product in run.surplus)


@praised.mistake(
    "Two filter() calls may find two reviews: one with five stars, another one of this year. "
    "One filter() with both conditions asks for one review."
)
def two_filters(run: Run) -> bool:
    year = run.arguments[0]
    best = Review.objects.filter(rating=5).values_list("product", flat=True)
    recent = Review.objects.filter(written_on__year=year).values_list("product", flat=True)
    both = set(best) & set(recent)
    return bool(run.surplus) and all(product.pk in both for product in run.surplus)


@praised.mistake(
    "You have all products. Exists() without OuterRef asks whether there is such a review at all, "
    'of any product. Tie it to the product: product=OuterRef("pk").'
)
def exists_anywhere(run: Run) -> bool:
    return len(run.rows) == Product.objects.count() and "EXISTS" in run.seen.queries[-1].sql


@praised.mistake("Your list has products whose five stars are from another year.")
def of_any_year(run: Run) -> bool:
    best = set(Review.objects.filter(rating=5).values_list("product", flat=True))
    return bool(run.surplus) and all(product.pk in best for product in run.surplus)


@praised.mistake("Your list has products that got fewer than five stars in this year.")
def of_any_rating(run: Run) -> bool:
    reviewed = Review.objects.filter(written_on__year=run.arguments[0])
    products = set(reviewed.values_list("product", flat=True))
    return bool(run.surplus) and all(product.pk in products for product in run.surplus)


@praised.mistake("The result is right, but each row costs a query of its own: this is N+1.")
def reviews_of_each(run: Run) -> bool:
    return is_right(run) and bool(run.n_plus_1)


@praised.right
def praised_distinct(year: int) -> object:
    return Product.objects.filter(review__rating=5, review__written_on__year=year).distinct()


@praised.right
def praised_subquery(year: int) -> object:
    reviews = Review.objects.filter(rating=5, written_on__year=year)
    return Product.objects.filter(pk__in=reviews.values("product"))


@praised.right
def praised_from_reviews(year: int) -> object:
    reviews = Review.objects.filter(rating=5, written_on__year=year).select_related("product")
    return {review.product for review in reviews}


@praised.right
def praised_by_days(year: int) -> object:
    days = (f"{year}-01-01", f"{year}-12-31")
    return Product.objects.filter(
        Q(review__rating=5) & Q(review__written_on__range=days)
    ).distinct()


@praised.wrong(set_in_reverse_filter)
def praised_review_set(year: int) -> object:
    return Product.objects.filter(review_set__rating=5, review_set__written_on__year=year)


@praised.wrong(set_in_reverse_filter)
def praised_plural(year: int) -> object:
    return Product.objects.filter(reviews__rating=5, reviews__written_on__year=year)


@praised.wrong(product_has_no_rating)
def praised_own_rating(year: int) -> object:
    return Product.objects.filter(rating=5, written_on__year=year)


@praised.wrong(day_is_no_year)
def praised_on_year(year: int) -> object:
    return Product.objects.filter(review__rating=5, review__written_on=str(year)).distinct()


@praised.wrong(day_is_no_year)
def praised_on_number(year: int) -> object:
    return Product.objects.filter(review__rating=5, review__written_on=year).distinct()


@praised.wrong(praised_repeated)
def praised_often(year: int) -> object:
    return Product.objects.filter(review__rating=5, review__written_on__year=year)


@praised.wrong(two_filters)
def praised_two_filters(year: int) -> object:
    best = Product.objects.filter(review__rating=5)
    return best.filter(review__written_on__year=year).distinct()


@praised.wrong(of_any_year)
def praised_ever(year: int) -> object:
    return Product.objects.filter(review__rating=5).distinct()


@praised.wrong(of_any_rating)
def reviewed_that_year(year: int) -> object:
    return Product.objects.filter(review__written_on__year=year).distinct()


@praised.wrong(reviews_of_each)
def praised_loop(year: int) -> object:
    products = Product.objects.all()
    return [p for p in products if p.review_set.filter(rating=5, written_on__year=year)]


@praised.wrong(exists_anywhere)
def praised_anywhere(year: int) -> object:
    reviews = Review.objects.filter(rating=5, written_on__year=year)
    return Product.objects.filter(Exists(reviews))


@praised.wrong(reviews_of_each)
def praised_forward_loop(year: int) -> object:
    return {r.product for r in Review.objects.filter(rating=5, written_on__year=year)}


# 04.14: many to many, and conditions on two rows of the many side.


def learned_both() -> None:
    """somebody new knows Django and Python"""
    changes.employee().skills.set(Skill.objects.filter(name__in=["Django", "Python"]))


def learned_one() -> None:
    """somebody new knows Django only"""
    changes.employee().skills.set(Skill.objects.filter(name="Django"))


knows_both = Exercise(
    "04.14",
    "Both skills",
    minutes=6,
    queries=1,
    changes=[learned_both, learned_one, changes.nobody],
    hints=[
        "From an employee to the names of their skills in a filter: skills__name.",
        "One row of the table between has one skill. No row has two names at once.",
        "You need two rows: one for each skill. So two filter() calls.",
    ],
)


@knows_both.cases
def _() -> object:
    return [("Django", "Python"), ("Botany", "Glazing"), ("Bookbinding", "Python")]


@knows_both.expects
def _(first: str, second: str) -> object:
    people = Employee.objects.prefetch_related("skills")
    return [p for p in people if {first, second} <= {skill.name for skill in p.skills.all()}]


@knows_both.mistake(
    "skills= takes a skill or its number. Its name is one step further: skills__name."
)
def name_is_no_skill(run: Run) -> bool:
    return failed(run, "ValueError", "expected a number")


@knows_both.mistake("The field of the employee is called skills, in filters as well.")
def no_skill_field(run: Run) -> bool:
    return failed(run, "FieldError", "'skill") or failed(run, "AttributeError", "skill_set")


skills_manager = many_as_list(knows_both, "employee.skills")


@knows_both.mistake("employee.skills.all() has objects, not names: a name is never among them.")
def name_among_objects(run: Run) -> bool:
    return run.rows == [] and not any(query.params for query in run.seen.queries[:1])


@knows_both.mistake(
    "The first filter() after skill.employees looks at the same row of the table between: "
    "one skill would have to be both. Start from Employee, with two filter() calls."
)
def same_row_again(run: Run) -> bool:
    first, *rest = run.seen.queries
    return run.rows == [] and 'FROM "company_skill"' in first.sql and bool(rest)


@knows_both.mistake(
    "This asks for one skill that has both names, and there is none. "
    "With two filter() calls there may be two skills."
)
def one_skill_two_names(run: Run) -> bool:
    both = any({*run.arguments} <= {*(query.params or ())} for query in run.seen.queries)
    return both and run.rows == []


@knows_both.mistake(
    "Your list has people who know only one of the two. Asked is: the first and the second."
)
def one_or_the_other(run: Run) -> bool:
    wanted = {*run.arguments}
    known = [{skill.name for skill in person.skills.all()} for person in run.surplus]
    return any(len(wanted & names) == 1 for names in known) and all(wanted & n for n in known)


@knows_both.mistake("Somebody stands in your list more than once.")
def repeated_people(run: Run) -> bool:
    return bool(run.surplus) and not run.missing


@knows_both.mistake(
    "The result is right, but each employee's skills cost a query of their own: this is N+1."
)
def skills_of_each(run: Run) -> bool:
    return is_right(run) and bool(run.n_plus_1)


@knows_both.right
def both_in_querysets(first: str, second: str) -> object:
    knows_first = Employee.objects.filter(skills__name=first)
    return knows_first.filter(pk__in=Employee.objects.filter(skills__name=second))


@knows_both.right
def both_intersected(first: str, second: str) -> object:
    everybody = Employee.objects.order_by()
    knows = [everybody.filter(skills__name=name) for name in (first, second)]
    return knows[0].intersection(knows[1])


@knows_both.right
def both_counted(first: str, second: str) -> object:
    either = Employee.objects.filter(skills__name__in=[first, second])
    return either.annotate(known=Count("skills")).filter(known=2)


@knows_both.right
def both_exist(first: str, second: str) -> object:
    pairs = Employee.skills.through.objects.filter(employee=OuterRef("pk"))
    return Employee.objects.filter(
        Exists(pairs.filter(skill__name=first)), Exists(pairs.filter(skill__name=second))
    )


@knows_both.wrong(name_is_no_skill)
def both_as_skills(first: str, second: str) -> object:
    return Employee.objects.filter(skills=first).filter(skills=second)


@knows_both.wrong(no_skill_field)
def both_skill_name(first: str, second: str) -> object:
    return Employee.objects.filter(skill__name=first).filter(skill__name=second)


@knows_both.wrong(one_skill_two_names)
def both_in_one_filter(first: str, second: str) -> object:
    return Employee.objects.filter(Q(skills__name=first), Q(skills__name=second))


@knows_both.wrong(one_or_the_other)
def both_in_a_list(first: str, second: str) -> object:
    return Employee.objects.filter(skills__name__in=[first, second]).distinct()


@knows_both.wrong(one_or_the_other)
def both_by_or(first: str, second: str) -> object:
    return Employee.objects.filter(Q(skills__name=first) | Q(skills__name=second)).distinct()


@knows_both.wrong(one_or_the_other)
def only_the_first(first: str, second: str) -> object:
    return Employee.objects.filter(skills__name=first)


@knows_both.wrong(repeated_people)
def both_with_another_join(first: str, second: str) -> object:
    knows = Employee.objects.filter(skills__name=first).filter(skills__name=second)
    return knows.filter(skills__isnull=False)


@knows_both.wrong(skills_of_each)
def both_loop(first: str, second: str) -> object:
    wanted = {first, second}
    return [p for p in Employee.objects.all() if wanted <= {s.name for s in p.skills.all()}]


@knows_both.wrong("it took 2 queries. 1 is enough")
def both_prefetched(first: str, second: str) -> object:
    people = Employee.objects.prefetch_related("skills")
    return [p for p in people if {first, second} <= {skill.name for skill in p.skills.all()}]


@knows_both.wrong(skills_manager)
def both_in_managers(first: str, second: str) -> object:
    return [p for p in Employee.objects.all() if first in p.skills and second in p.skills]


@knows_both.wrong(name_among_objects)
def both_among_objects(first: str, second: str) -> object:
    people = Employee.objects.prefetch_related("skills")
    return [p for p in people if first in p.skills.all() and second in p.skills.all()]


@knows_both.wrong(same_row_again)
def both_from_the_skill(first: str, second: str) -> object:
    return Skill.objects.get(name=first).employees.filter(skills__name=second)


# 04.15: many to many through a model, which has the hours.


def namesakes_busy() -> None:
    """two new employees have the same name, and one of them works on two projects"""
    changes.employee(name="Kim Lee")
    busy = changes.employee(name="Kim Lee")
    for part in Project.objects.order_by("pk")[:2]:
        assign(busy, part, 10)


def same_hours() -> None:
    """somebody works the same number of hours on two projects"""
    person = changes.employee()
    for part in Project.objects.order_by("pk")[:2]:
        assign(person, part, 12)


def no_assignments() -> None:
    """all assignments were deleted"""
    Assignment.objects.all().delete()


workload = Exercise(
    "04.15",
    "Hours on projects",
    minutes=7,
    queries=2,
    changes=[changes.newcomer, namesakes_busy, same_hours, no_assignments],
    hints=[
        "The hours belong to the pair of employee and project. So go to the assignments.",
        "From one employee to many assignments: reverse, with the name assignments.",
        "prefetch_related() brings the pairs. sum() adds in Python, and the sum of nothing is 0.",
    ],
)


@workload.expects
def _() -> object:
    hours: Counter[int] = Counter()
    for pair in Assignment.objects.all():
        hours[pair.employee_id] += pair.hours_per_week
    return [(person.name, hours[person.pk]) for person in Employee.objects.all()]


@workload.mistake(
    "hours_per_week is a field of Assignment: of the pair. "
    "Neither the employee nor the project has it."
)
def hours_of_the_pair(run: Run) -> bool:
    return failed(run, "AttributeError", "hours_per_week") or failed(
        run, "FieldError", "hours_per_week"
    )


@workload.mistake("The way back has a related_name: an employee has assignments.")
def no_assignment_set(run: Run) -> bool:
    return failed(run, "AttributeError", "assignment") or failed(run, "FieldError", "'assignment'")


@workload.mistake(
    "select_related() joins one object to each row. An employee has many assignments: "
    "that takes prefetch_related()."
)
def joined_assignments(run: Run) -> bool:
    return failed(run, "FieldError", "select_related: 'assignments'")


workload_manager = many_as_list(workload, "employee.assignments")


@workload.mistake(
    "Your list has a row for each assignment. Asked is one for each employee: add up."
)
def row_for_each_pair(run: Run) -> bool:
    return len(run.rows) > len(run.expected)


@workload.mistake(
    "Employees of the same name became one. Add up by the employee's pk, then give the name."
)
def namesakes_added(run: Run) -> bool:
    names = Counter(name for name, _ in run.expected)
    return bool(run.missing) and all(names[name] > 1 for name, _ in run.missing)


@workload.mistake("Employees without a project are missing. They have 0 hours.")
def without_idle(run: Run) -> bool:
    fewer = len(run.rows) < len(run.expected)
    return fewer and all(hours == 0 for _, hours in run.missing)


@workload.mistake("The sum of no rows is None in the database. Somebody without a project has 0.")
def none_for_zero(run: Run) -> bool:
    return bool(run.surplus) and all(hours is None for _, hours in run.surplus)


@workload.mistake(
    "You added up the hours of all members of their projects. "
    "From the employee go straight to the assignments: those are their own."
)
def hours_of_the_team(run: Run) -> bool:
    own = dict(run.expected)
    return bool(run.surplus) and all(hours > own[name] for name, hours in run.surplus)


@workload.mistake(
    "You counted the projects. Asked are the hours: hours_per_week of each assignment."
)
def projects_counted(run: Run) -> bool:
    pairs = Counter(Assignment.objects.values_list("employee__name", flat=True))
    return bool(run.surplus) and all(number == pairs[name] for name, number in run.surplus)


@workload.mistake(
    "Twice the same number of hours counts twice. A set, or distinct, keeps it only once."
)
def equal_hours_once(run: Run) -> bool:
    own = dict(run.expected)
    return bool(run.surplus) and all(0 < hours < own[name] for name, hours in run.surplus)


@workload.mistake(
    "The result is right, but each employee's assignments cost a query of their own: this is N+1."
)
def assignments_of_each(run: Run) -> bool:
    return asks_for_each(run)


@workload.right
def hours_annotated() -> object:
    hours = Sum("assignments__hours_per_week", default=0)
    return Employee.objects.annotate(hours=hours).values_list("name", "hours")


@workload.right
def hours_coalesced() -> object:
    hours = Coalesce(Sum("assignments__hours_per_week"), Value(0))
    return [(person.name, person.hours) for person in Employee.objects.annotate(hours=hours)]


@workload.right
def hours_from_pairs() -> object:
    hours: dict[int, int] = defaultdict(int)
    for employee, number in Assignment.objects.values_list("employee", "hours_per_week"):
        hours[employee] += number
    return [(name, hours[pk]) for pk, name in Employee.objects.values_list("pk", "name")]


@workload.right
def hours_by_hand() -> object:
    return fetched_all("""
        SELECT e.name, COALESCE(SUM(a.hours_per_week), 0) FROM company_employee e
        LEFT JOIN company_assignment a ON a.employee_id = e.id GROUP BY e.id, e.name
    """)


@workload.wrong(hours_of_the_pair)
def hours_of_projects() -> object:
    staff = Employee.objects.prefetch_related("projects")
    return [(e.name, sum(part.hours_per_week for part in e.projects.all())) for e in staff]


@workload.wrong(hours_of_the_pair)
def hours_of_employee() -> object:
    return [(person.name, person.hours_per_week) for person in Employee.objects.all()]


@workload.wrong(no_assignment_set)
def hours_assignment_set() -> object:
    staff = Employee.objects.all()
    return [(e.name, sum(a.hours_per_week for a in e.assignment_set.all())) for e in staff]


@workload.wrong(joined_assignments)
def hours_select_related() -> object:
    staff = Employee.objects.select_related("assignments")
    return [(e.name, sum(a.hours_per_week for a in e.assignments.all())) for e in staff]


@workload.wrong(without_idle)
def hours_of_members() -> object:
    hours: dict[Employee, int] = defaultdict(int)
    for pair in Assignment.objects.select_related("employee"):
        hours[pair.employee] += pair.hours_per_week
    return [(person.name, number) for person, number in hours.items()]


@workload.wrong(none_for_zero)
def hours_or_none() -> object:
    hours = Sum("assignments__hours_per_week")
    return Employee.objects.annotate(hours=hours).values_list("name", "hours")


@workload.wrong(namesakes_added)
def hours_by_name() -> object:
    hours: Counter[str] = Counter()
    for name, number in Assignment.objects.values_list("employee__name", "hours_per_week"):
        hours[name] += number
    return [(name, hours[name]) for name in Employee.objects.values_list("name", flat=True)]


@workload.wrong(hours_of_the_team)
def hours_of_all_members() -> object:
    hours = Sum("projects__assignments__hours_per_week", default=0)
    return Employee.objects.annotate(hours=hours).values_list("name", "hours")


@workload.wrong(projects_counted)
def hours_counted() -> object:
    staff = Employee.objects.prefetch_related("assignments")
    return [(person.name, len(person.assignments.all())) for person in staff]


@workload.wrong(equal_hours_once)
def hours_as_set() -> object:
    staff = Employee.objects.prefetch_related("assignments")
    return [(e.name, sum({a.hours_per_week for a in e.assignments.all()})) for e in staff]


@workload.wrong(assignments_of_each)
def hours_loop() -> object:
    staff = Employee.objects.all()
    return [(e.name, sum(a.hours_per_week for a in e.assignments.all())) for e in staff]


@workload.wrong(assignments_of_each)
def hours_values_loop() -> object:
    staff = Employee.objects.prefetch_related("assignments")
    return [(e.name, sum(e.assignments.values_list("hours_per_week", flat=True))) for e in staff]


@workload.wrong(workload_manager)
def hours_over_manager() -> object:
    staff = Employee.objects.prefetch_related("assignments")
    return [(e.name, sum(a.hours_per_week for a in e.assignments)) for e in staff]


@workload.wrong(row_for_each_pair)
def hours_in_pairs() -> object:
    return Assignment.objects.values_list("employee__name", "hours_per_week")


@workload.wrong(namesakes_added)
def hours_grouped_by_name() -> object:
    hours = Sum("assignments__hours_per_week", default=0)
    return Employee.objects.values("name").annotate(hours=hours).values_list("name", "hours")


@workload.wrong(assignments_of_each)
def hours_loop_of_assignments() -> object:
    pairs = Assignment.objects
    return [
        (person.name, sum(pairs.filter(employee=person).values_list("hours_per_week", flat=True)))
        for person in Employee.objects.all()
    ]


# 04.16: many to many, there and back.


def two_projects_together() -> None:
    """somebody new is in two projects together with Noa Levi, and has the same name"""
    noa = Employee.objects.get(email="noa.levi@northlight.example")
    other = changes.employee(name=noa.name)
    for code in ("NEW-A", "NEW-B"):
        part = project(code=code, department=Department.objects.earliest("pk"))
        assign(noa, part)
        assign(other, part)


teammates = Exercise(
    "04.16",
    "Teammates",
    minutes=7,
    queries=1,
    changes=[two_projects_together, changes.newcomer, no_assignments],
    hints=[
        "From a person to their projects, and from these to their members: there and back.",
        "In a filter you can walk on: employees whose projects have this employee as a member.",
        "Two people may share two projects: distinct(). And leave the employee out, by pk.",
    ],
)


@teammates.cases
def _() -> object:
    idle = Employee.objects.exclude(pk__in=Assignment.objects.values("employee"))
    in_one = Employee.objects.get(email="noa.levi@northlight.example")
    pairs = Counter(Assignment.objects.order_by("pk").values_list("employee", flat=True))
    busiest = [Employee.objects.get(pk=pk) for pk, _ in pairs.most_common(1)]
    return [(person,) for person in [*busiest, in_one, idle.earliest("pk")]]


@teammates.expects
def _(employee: Employee) -> object:
    pairs = set(Assignment.objects.values_list("employee", "project"))
    theirs = {part for person, part in pairs if person == employee.pk}
    team = {person for person, part in pairs if part in theirs} - {employee.pk}
    return [person for person in Employee.objects.all() if person.pk in team]


@teammates.mistake(
    "employee.projects is a manager for many projects. It has no members of its own: "
    "go through its projects, or filter across."
)
def manager_has_no_members(run: Run) -> bool:
    return failed(run, "AttributeError", "Manager'")


@teammates.mistake(
    "projects= takes a project, or several with __in. To compare with an employee, "
    "walk on to the members: projects__members."
)
def employee_is_no_project(run: Run) -> bool:
    return failed(run, "ValueError", 'Must be "Project" instance') or failed(
        run, "TypeError", "expected a number"
    )


@teammates.mistake(
    "The field members has a related_name: an employee has projects, in filters too."
)
def not_called_projects(run: Run) -> bool:
    return failed(run, "AttributeError", "'Employee' object") or failed(
        run, "FieldError", "keyword 'project"
    )


team_manager = many_as_list(teammates, "employee.projects")


@teammates.mistake("Your list has projects. Asked are the people in them.")
def projects_of_person(run: Run) -> bool:
    return isinstance(run.rows[0], Project)


@teammates.mistake("The employee stands in the list, too. Leave them out, by pk.")
def with_the_employee(run: Run) -> bool:
    return set(run.surplus) == {run.arguments[0]}


@teammates.mistake(
    "Two people may share more than one project. Then a filter across both tables finds "
    "the same person again: each should stand there once."
)
def repeated_teammates(run: Run) -> bool:
    found = {*run.expected, run.arguments[0]}
    return bool(run.surplus) and not run.missing and all(p in found for p in run.surplus)


@teammates.mistake("Somebody else of the same name is left out, too. Tell people apart by pk.")
def without_namesake_in_team(run: Run) -> bool:
    return run.queries > 0 and {p.name for p in run.missing} == {run.arguments[0].name}


@teammates.mistake(
    "These are the people of the same department. Asked are those of the same projects."
)
def same_department(run: Run) -> bool:
    place = run.arguments[0].department_id
    return bool(run.surplus) and {person.department_id for person in run.rows} == {place}


@teammates.mistake(
    "exclude() across the relation leaves out everybody who shares a project with them: all. "
    "Leave out one person: pk."
)
def all_excluded(run: Run) -> bool:
    return run.rows == [] and "NOT (EXISTS" in run.seen.queries[-1].sql


@teammates.mistake(
    "The result is right, but you ask for the projects first, and then for their members. "
    "One filter can walk there and back: projects__members."
)
def in_steps(run: Run) -> bool:
    return is_right(run) and run.queries > 1


@teammates.right
def team_by_subquery(employee: Employee) -> object:
    team = Employee.objects.filter(projects__in=employee.projects.all())
    return team.exclude(pk=employee.pk).distinct()


@teammates.right
def team_by_assignments(employee: Employee) -> object:
    shared = Assignment.objects.filter(project__members=employee)
    return Employee.objects.filter(pk__in=shared.values("employee")).exclude(pk=employee.pk)


@teammates.right
def team_from_pairs(employee: Employee) -> object:
    pairs = Assignment.objects.filter(project__assignments__employee=employee)
    return {pair.employee for pair in pairs.select_related("employee")} - {employee}


@teammates.wrong(manager_has_no_members)
def team_of_manager(employee: Employee) -> object:
    return employee.projects.members.all()


@teammates.wrong(employee_is_no_project)
def team_of_employee(employee: Employee) -> object:
    return Employee.objects.filter(projects=employee)


@teammates.wrong(with_the_employee)
def team_with_oneself(employee: Employee) -> object:
    return Employee.objects.filter(projects__members=employee).distinct()


@teammates.wrong(repeated_teammates)
def team_repeated(employee: Employee) -> object:
    return Employee.objects.filter(projects__members=employee).exclude(pk=employee.pk)


@teammates.wrong(repeated_teammates)
def team_repeated_with_oneself(employee: Employee) -> object:
    return Employee.objects.filter(projects__members=employee)


@teammates.wrong(without_namesake_in_team)
def team_of_other_names(employee: Employee) -> object:
    team = Employee.objects.filter(projects__members=employee)
    return team.exclude(name=employee.name).distinct()


@teammates.wrong(same_department)
def team_of_department(employee: Employee) -> object:
    staff = Employee.objects.filter(department_id=employee.department_id)
    return staff.exclude(pk=employee.pk)


@teammates.wrong(all_excluded)
def team_excluded(employee: Employee) -> object:
    team = Employee.objects.filter(projects__members=employee)
    return team.exclude(projects__members=employee).distinct()


@teammates.wrong(in_steps)
def team_loop(employee: Employee) -> object:
    found: set[Employee] = set()
    for part in employee.projects.all():
        found.update(part.members.exclude(pk=employee.pk))
    return found


@teammates.wrong(in_steps)
def team_in_two_steps(employee: Employee) -> object:
    projects = list(employee.projects.all())
    team = Employee.objects.filter(projects__in=projects).exclude(pk=employee.pk)
    return team.distinct()


@teammates.wrong(not_called_projects)
def team_project_set(employee: Employee) -> object:
    return [person for part in employee.project_set.all() for person in part.members.all()]


@teammates.wrong(not_called_projects)
def team_of_project(employee: Employee) -> object:
    return Employee.objects.filter(project__members=employee).exclude(pk=employee.pk).distinct()


@teammates.wrong(team_manager)
def team_over_manager(employee: Employee) -> object:
    return {person for part in employee.projects for person in part.members.all()} - {employee}


@teammates.wrong(projects_of_person)
def team_as_projects(employee: Employee) -> object:
    return Project.objects.filter(members=employee)


@teammates.wrong(employee_is_no_project)
def team_of_all_at_once(employee: Employee) -> object:
    team = Employee.objects.filter(projects=employee.projects)
    return team.exclude(pk=employee.pk).distinct()


# 04.17: N+1 in a template, forward twice and in reverse.


def newer_order() -> None:
    """a new order came in without a seller and without lines"""
    order(customer("Siobhán <O'Dwyer>"))


def paid_order() -> None:
    """a new order with a seller was paid"""
    new = order(seller=Employee.objects.earliest("pk"), status="paid")
    for product in Product.objects.order_by("pk")[:2]:
        OrderLine.objects.create(order=new, product=product, quantity=1, unit_price=1)


def all_sent() -> None:
    """all orders were sent"""
    Order.objects.update(status="shipped")


PAGE = Template("""<ul>
{% for order in orders %}
  <li>{{ order.number }}: {{ order.customer.name }},
  sold by {{ order.seller.name|default:'the web shop' }},
  {{ order.lines.all|length }} lines</li>
{% endfor %}
</ul>""")


def page(orders: object) -> str:
    return str(PAGE.render(Context({"orders": orders})))


def rows_of(text: str) -> list[str]:
    return re.findall(r"<li>.*?</li>", text, re.DOTALL)


open_orders_page = Exercise(
    "04.17",
    "A slow page",
    minutes=8,
    queries=2,
    changes=[newer_order, paid_order, all_sent],
    hints=[
        "Return slow_page() at first, and read below which line of the template asks for what.",
        "The template follows three relations: customer and seller forward, lines in reverse.",
        "The template can stay as it is. Give it orders that bring these with them.",
    ],
)


@open_orders_page.expects
def _() -> object:
    lines = Counter(OrderLine.objects.values_list("order", flat=True))
    orders = Order.objects.filter(status__in=["new", "paid"]).order_by("-placed_at")
    rows = orders.values("pk", "number", "customer__name", "seller__name")
    return page(
        {
            "number": row["number"],
            "customer": {"name": row["customer__name"]},
            "seller": {"name": row["seller__name"]},
            "lines": {"all": range(lines[row["pk"]])},
        }
        for row in rows
    )


@open_orders_page.mistake(
    "select_related() joins one object to each row. An order has many lines: "
    "that takes prefetch_related()."
)
def joined_lines(run: Run) -> bool:
    return failed(run, "FieldError", "select_related: 'lines'")


@open_orders_page.mistake("A Template wants a Context around the dictionary: Context({...}).")
def dictionary_for_context(run: Run) -> bool:
    return failed(run, "AttributeError", "'render_context'")


@open_orders_page.mistake("Return the text: PAGE.render(...) makes it.")
def not_the_text(run: Run) -> bool:
    return run.error is None and run.value is not None and not isinstance(run.value, str)


@open_orders_page.mistake("Your page has no rows. The template calls its orders: orders.")
def empty_page(run: Run) -> bool:
    return not rows_of(run.value) and bool(rows_of(run.expected))


@open_orders_page.mistake("Orders without a seller are missing: the web shop sold them.")
def page_of_sellers(run: Run) -> bool:
    return not is_right(run) and rows_of(run.value) == [
        row for row in rows_of(run.expected) if "the web shop" not in row
    ]


@open_orders_page.mistake(
    "Orders are missing: both the new and the paid ones still have to be sent."
)
def page_of_some(run: Run) -> bool:
    return set(rows_of(run.value)) < set(rows_of(run.expected))


@open_orders_page.mistake("The right rows stand in another order. The newest order comes first.")
def page_in_other_order(run: Run) -> bool:
    same = rows_of(run.value) == rows_of(run.expected)
    return not same and sorted(rows_of(run.value)) == sorted(rows_of(run.expected))


@open_orders_page.mistake("Your page shows orders that were sent or cancelled. Keep the filter.")
def page_of_all(run: Run) -> bool:
    return set(rows_of(run.expected)) < set(rows_of(run.value))


@open_orders_page.mistake(
    "A name with < or ' in it is not escaped. A template does that by itself, for every value."
)
def not_escaped(run: Run) -> bool:
    return bool(run.value == unescape(run.expected) != run.expected)


@open_orders_page.mistake(
    "The page is right, but its lines still cost a query for each order: "
    "order.lines is a relation in reverse, with many rows."
)
def lines_of_each(run: Run) -> bool:
    return is_right(run) and run.n_plus_1 == {"Order.lines"}


@open_orders_page.mistake(
    "The page is right, but the seller or the customer still costs a query for each order. "
    "Both lead to one object: select_related() takes both names."
)
def people_on_page(run: Run) -> bool:
    return is_right(run) and len(run.n_plus_1) > 0 and "Order.lines" not in run.n_plus_1


@open_orders_page.mistake(
    "The page is right, but lines of the template ask once for each order: this is N+1. "
    "Look at which line of the template asks for what."
)
def page_unchanged(run: Run) -> bool:
    return is_right(run) and len(run.n_plus_1) > 1


@open_orders_page.mistake(
    "The page is right, but customers or sellers take a query of their own. "
    "Both are one object for each order, so a JOIN brings them: select_related()."
)
def all_prefetched(run: Run) -> bool:
    return is_right(run) and any(
        f'FROM "{table}"' in query.sql
        for query in run.seen.queries
        for table in ("shop_customer", "company_employee")
    )


@open_orders_page.right
def page_of_rows() -> object:
    orders = Order.objects.open().annotate(n=Count("lines")).order_by("-placed_at")
    return page(
        {
            "number": order.number,
            "customer": order.customer,
            "seller": order.seller,
            "lines": {"all": range(order.n)},
        }
        for order in orders.select_related("customer", "seller")
    )


@open_orders_page.right
def page_of_list() -> object:
    orders = Order.objects.filter(Q(status="new") | Q(status="paid")).prefetch_related("lines")
    return page(list(orders.select_related("seller", "customer")))


@open_orders_page.right
def page_without_template() -> object:
    orders = Order.objects.open().prefetch_related("lines").select_related("customer", "seller")
    rows = [
        f"\n  <li>{order.number}: {escape(order.customer.name)},\n"
        f"  sold by {escape(order.seller.name) if order.seller else 'the web shop'},\n"
        f"  {len(order.lines.all())} lines</li>\n"
        for order in orders
    ]
    return "<ul>\n" + "".join(rows) + "\n</ul>"


@open_orders_page.wrong(joined_lines)
def page_all_joined() -> object:
    return page(Order.objects.open().select_related("customer", "seller", "lines"))


@open_orders_page.wrong(not_the_text)
def page_as_orders() -> object:
    return Order.objects.open().select_related("customer", "seller").prefetch_related("lines")


@open_orders_page.wrong(empty_page)
def page_of_another_name() -> object:
    return PAGE.render(Context({"order_list": Order.objects.open()}))


@open_orders_page.wrong(page_of_sellers)
def page_of_sold() -> object:
    orders = Order.objects.open().exclude(seller=None).prefetch_related("lines")
    return page(orders.select_related("customer", "seller"))


@open_orders_page.wrong(page_in_other_order)
def page_oldest_first() -> object:
    orders = Order.objects.open().select_related("customer", "seller").prefetch_related("lines")
    return page(orders.order_by("placed_at"))


@open_orders_page.wrong(page_of_all)
def page_of_every_order() -> object:
    return page(Order.objects.select_related("customer", "seller").prefetch_related("lines"))


@open_orders_page.wrong(not_escaped)
def page_not_escaped() -> object:
    orders = Order.objects.open().prefetch_related("lines").select_related("customer", "seller")
    rows = [
        f"\n  <li>{order.number}: {order.customer.name},\n"
        f"  sold by {order.seller.name if order.seller else 'the web shop'},\n"
        f"  {len(order.lines.all())} lines</li>\n"
        for order in orders
    ]
    return "<ul>\n" + "".join(rows) + "\n</ul>"


@open_orders_page.wrong(lines_of_each)
def page_only_joined() -> object:
    return page(Order.objects.open().select_related("customer", "seller"))


@open_orders_page.wrong(people_on_page)
def page_without_sellers() -> object:
    return page(Order.objects.open().select_related("customer").prefetch_related("lines"))


@open_orders_page.wrong(page_unchanged)
def page_still_slow() -> object:
    return page(Order.objects.open())


@open_orders_page.wrong(page_unchanged)
def page_only_customer() -> object:
    return page(Order.objects.open().select_related("customer"))


@open_orders_page.wrong(all_prefetched)
def page_prefetched() -> object:
    return page(Order.objects.open().prefetch_related("customer", "seller", "lines"))


@open_orders_page.wrong(page_of_some)
def page_of_new() -> object:
    orders = Order.objects.filter(status="new").prefetch_related("lines")
    return page(orders.select_related("customer", "seller"))


@open_orders_page.wrong(dictionary_for_context)
def page_of_dictionary() -> object:
    context: Any = {"orders": Order.objects.open()}
    return PAGE.render(context)


@open_orders_page.wrong("The result is right, but it took 3 queries. 2 are enough.")
def page_with_products() -> object:
    orders = Order.objects.open().select_related("customer", "seller")
    return page(orders.prefetch_related("lines__product"))


# 04.18: what a LEFT JOIN puts beside rows that have no partner.


def two_running() -> None:
    """a department runs two projects"""
    place = changes.department()
    project(department=place)
    project(department=place)


def one_ended() -> None:
    """a department has one project that has ended, and one that is running"""
    place = changes.department()
    project(department=place, ends_on="2026-02-01")
    project(department=place)


def only_ended() -> None:
    """a department has one project, and it has ended"""
    project(department=changes.department(), ends_on="2026-02-01")


def no_projects() -> None:
    """all projects were deleted"""
    Project.objects.all().delete()


at_work = Exercise(
    "04.18",
    "Departments at work",
    minutes=8,
    queries=1,
    changes=[two_running, one_ended, only_ended, changes.empty_department, no_projects],
    hints=[
        "Project has a related_query_name: in a filter the name is project, without s.",
        "One department of the company has no project at all. Is it in your result?",
        "A LEFT JOIN puts an empty ends_on beside it. Ask whether a running project exists.",
    ],
)


@at_work.expects
def _() -> object:
    busy = {part.department_id for part in Project.objects.all() if part.ends_on is None}
    return [department for department in Department.objects.all() if department.pk in busy]


@at_work.mistake(
    "Project.department has a related_query_name: in a filter the name is project, not projects."
)
def not_the_query_name(run: Run) -> bool:
    return failed(run, "FieldError", "'projects") or failed(run, "FieldError", "'project_set")


@at_work.mistake(
    "The related_query_name is for filters. On an object the related_name holds: projects."
)
def not_the_name_of_the_way_back(run: Run) -> bool:
    return failed(run, "AttributeError", "project")


@at_work.mistake(
    "You have all departments. Exists() without OuterRef asks whether there is a running project "
    'at all, of any department. Tie it to the department: department=OuterRef("pk").'
)
def running_anywhere(run: Run) -> bool:
    return len(run.rows) == Department.objects.count() and "EXISTS" in run.seen.queries[-1].sql


@at_work.mistake(
    "A department without any project is in your list. The LEFT JOIN gives it one row in which "
    "all columns of the project are empty, ends_on as well. Ask whether a project exists."
)
def nothing_is_running(run: Run) -> bool:
    return any(not department.projects.exists() for department in run.surplus)


@at_work.mistake("A department stands in your list once for each running project. Asked is: once.")
def repeated_departments(run: Run) -> bool:
    return bool(run.surplus) and all(place in run.expected for place in run.surplus)


@at_work.mistake("Your list has a department all of whose projects have ended.")
def ended_as_well(run: Run) -> bool:
    return any(not department.projects.filter(ends_on=None) for department in run.surplus)


@at_work.mistake(
    "A department is missing that has one project that has ended, and another one that runs. "
    "exclude() leaves out a department for a single project that has ended."
)
def excluded_by_one(run: Run) -> bool:
    return bool(run.missing) and all(
        department.projects.exclude(ends_on=None).exists() for department in run.missing
    )


@at_work.mistake("Your list has projects. Asked are their departments.")
def projects_not_departments(run: Run) -> bool:
    return isinstance(run.rows[0], Project)


@at_work.mistake(
    "The result is right, but each row costs a query of its own: this is N+1. "
    "One filter across the relation is enough."
)
def projects_of_each(run: Run) -> bool:
    return is_right(run) and bool(run.n_plus_1)


@at_work.right
def at_work_by_projects() -> object:
    return Department.objects.filter(project__in=Project.objects.running()).distinct()


@at_work.right
def at_work_by_pk() -> object:
    running = Project.objects.filter(ends_on__isnull=True)
    return Department.objects.filter(pk__in=running.values("department"))


@at_work.right
def at_work_with_a_project() -> object:
    found = Department.objects.filter(project__ends_on=None, project__isnull=False)
    return found.distinct()


@at_work.right
def at_work_from_projects() -> object:
    return {part.department for part in Project.objects.running().select_related("department")}


@at_work.right
def at_work_counted() -> object:
    running = Count("project", filter=Q(project__ends_on=None))
    return Department.objects.annotate(running=running).filter(running__gt=0)


@at_work.wrong(not_the_query_name)
def at_work_projects() -> object:
    return Department.objects.filter(projects__ends_on=None).distinct()


@at_work.wrong(not_the_query_name)
def at_work_project_set() -> object:
    return Department.objects.filter(project_set__ends_on=None).distinct()


@at_work.wrong(not_the_name_of_the_way_back)
def at_work_project_of_each() -> object:
    return [d for d in Department.objects.all() if d.project.filter(ends_on=None)]


@at_work.wrong(nothing_is_running)
def at_work_and_idle() -> object:
    return Department.objects.filter(project__ends_on=None).distinct()


@at_work.wrong(nothing_is_running)
def at_work_and_idle_repeated() -> object:
    return Department.objects.filter(project__ends_on__isnull=True)


@at_work.wrong(repeated_departments)
def at_work_repeated() -> object:
    return Department.objects.filter(project__isnull=False, project__ends_on=None)


@at_work.wrong(repeated_departments)
def at_work_one_for_each() -> object:
    return [part.department for part in Project.objects.running().select_related("department")]


@at_work.wrong(excluded_by_one)
def at_work_excluded() -> object:
    found = Department.objects.exclude(project__ends_on__isnull=False)
    return found.filter(project__isnull=False).distinct()


@at_work.wrong(projects_not_departments)
def at_work_as_projects() -> object:
    return Project.objects.running()


@at_work.wrong(projects_of_each)
def at_work_loop() -> object:
    return [d for d in Department.objects.all() if d.projects.filter(ends_on=None).exists()]


@at_work.wrong(projects_of_each)
def at_work_forward_loop() -> object:
    return {part.department for part in Project.objects.filter(ends_on=None)}


@at_work.wrong("it took 2 queries. 1 is enough")
def at_work_prefetched() -> object:
    departments = Department.objects.prefetch_related("projects")
    return [d for d in departments if any(part.ends_on is None for part in d.projects.all())]


@at_work.wrong(running_anywhere)
def at_work_anywhere() -> object:
    return Department.objects.filter(Exists(Project.objects.filter(ends_on=None)))


@at_work.wrong(ended_as_well)
def at_work_ever() -> object:
    return Department.objects.filter(project__isnull=False).distinct()
