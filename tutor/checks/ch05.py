"""Chapter 05, from N+1 to two: what right means, and what mistakes say."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from accounts.models import Profile
from asgiref.sync import sync_to_async
from company.models import Assignment, Department, Employee, Project, Skill
from django.contrib.auth.models import User
from django.core.exceptions import FieldFetchBlocked
from django.db import connection, reset_queries, transaction
from django.db.models import (
    FETCH_PEERS,
    FETCH_RAISE,
    Count,
    F,
    FilteredRelation,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Sum,
    prefetch_related_objects,
)
from django.template import Context, Template
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from shop.models import Category, Customer, Order, OrderLine, Product

from glass import watch
from tutor.checks import Exercise, Prediction, Run, changes


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


def customer(**values: Any) -> Customer:
    number = Customer.objects.count() + 1
    usual = {
        "name": f"Wilma Berg {number}",
        "email": f"wilma.berg.{number}@example.com",
        "city": "Bergen",
        "country": "Norway",
        "joined_on": "2026-01-07",
    }
    return Customer.objects.create(**usual | values)


def order(buyer: Customer, **values: Any) -> Order:
    """The latest order of all."""
    number = Order.objects.count() + 1
    usual = {"number": f"2026-N{number}", "placed_at": "2026-03-01T09:00Z"}
    return Order.objects.create(customer=buyer, **usual | values)


def sell(sold: Order, product: Product, quantity: int = 3) -> None:
    OrderLine.objects.create(order=sold, product=product, quantity=quantity, unit_price="4.50")


def product(category: Category) -> Product:
    number = Product.objects.count() + 1
    return Product.objects.create(
        name=f"Wonder {number}", sku=f"NEW-{number}", category=category, price="4.50"
    )


def many_customers() -> None:
    """there are 30 more customers in Norway"""
    for _ in range(30):
        customer()


# 05.1: select_related stops one step short.

who_does_what = Prediction(
    "05.1",
    "Predict: one step too short",
    minutes=3,
    hints=[
        "Write down each dot that leads to another table: there are three.",
        "Which of the three does select_related know?",
        "The list is one query. The department and the project are asked for each of six rows.",
    ],
    because="select_related names the employee only. The employee's department and the project "
    "were not joined, so each of the six rows asks for both: 1 + 6 + 6.",
    wrong={
        1: "select_related joins what it names, and nothing else: here the employee.",
        7: "One relation is still missing in your count: both department and project are asked.",
        19: "The employee comes with the list: it costs no query.",
    },
)


# 05.2: several levels, one of them nullable.


def top_shelf() -> None:
    """a product of a category at the top was added to an order"""
    sell(Order.objects.earliest("pk"), product(Category.objects.filter(parent=None)[0]))


def same_line_twice() -> None:
    """two different products of the same name were added to an order"""
    first, category = Order.objects.earliest("pk"), Category.objects.latest("pk")
    for twin in (product(category), product(category)):
        Product.objects.filter(pk=twin.pk).update(name="Twin")
        sell(first, twin)


packing_list = Exercise(
    "05.2",
    "The packing list",
    minutes=4,
    queries=1,
    changes=[top_shelf, same_line_twice],
    hints=[
        "Every step leads to one object: line, product, category, parent. Which cure is that?",
        "Name the whole way with two underscores between the steps.",
        "The way starts at the line: product, then its category, then that one's parent.",
    ],
)


@packing_list.cases
def _() -> object:
    busiest = Order.objects.alias(n=Count("lines")).order_by("-n", "-placed_at").first()
    assert busiest is not None
    return [(Order.objects.get(pk=busiest.pk),), (Order.objects.earliest("pk"),)]


@packing_list.expects
def _(sold: Order) -> object:
    products, categories = Product.objects.in_bulk(), Category.objects.in_bulk()
    rows = []
    for line in OrderLine.objects.filter(order=sold):
        category = categories[products[line.product_id].category_id]
        above = categories[category.parent_id].name if category.parent_id else None
        rows.append((products[line.product_id].name, category.name, above, line.quantity))
    return rows


@packing_list.mistake("A category at the top has no parent: category.parent is None there.")
def top_is_none(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType' object has no attribute 'name'")


@packing_list.mistake(
    "The lines whose category is at the top are missing. "
    "A filter or an exclude on the parent leaves them out: keep them, with None."
)
def without_top(run: Run) -> bool:
    return bool(run.missing) and not run.surplus and all(row[2] is None for row in run.missing)


@packing_list.mistake("These are the lines of all orders. Asked are those of this one order.")
def of_all_orders(run: Run) -> bool:
    return not run.missing and len(run.rows) > 2 * len(run.expected)


@packing_list.mistake("There are numbers where names are asked: walk on to the name, with __name.")
def numbers_not_names(run: Run) -> bool:
    return any(isinstance(value, int) for row in run.rows for value in row[:3])


@packing_list.mistake("Where there is no category above, the value is None, not an empty text.")
def above_is_no_text(run: Run) -> bool:
    return any(row[2] == "" for row in run.rows)


@packing_list.mistake(
    "A prefetch asks once for each step. Each step leads to one object: join them all."
)
def prefetch_for_one(run: Run) -> bool:
    return any(" IN (" in query.sql for query in run.seen.queries) and not run.n_plus_1


@packing_list.mistake(
    "Nearly: only the category above still costs a query for each line. "
    "Go one step further, to the parent of the category."
)
def one_step_short(run: Run) -> bool:
    return run.n_plus_1 == {"Category.parent"}


@packing_list.mistake(
    "Each line asks for its product, and for more: this is N+1. Join them to the lines."
)
def ask_for_each_line(run: Run) -> bool:
    return bool({"OrderLine.product", "Product.category"} & run.n_plus_1)


@packing_list.mistake(
    "select_related follows the names of relations, from the line: product__category__parent."
)
def wrong_way(run: Run) -> bool:
    return failed(run, "FieldError", "select_related")


@packing_list.right
def packing_values(sold: Order) -> object:
    return sold.lines.values_list(
        "product__name",
        "product__category__name",
        "product__category__parent__name",
        "quantity",
    )


@packing_list.right
def packing_annotated(sold: Order) -> object:
    lines = OrderLine.objects.filter(order_id=sold.pk).annotate(
        what=F("product__name"),
        shelf=F("product__category__name"),
        above=F("product__category__parent__name"),
    )
    return ((line.what, line.shelf, line.above, line.quantity) for line in lines)


@packing_list.right
def packing_raw(sold: Order) -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.name, c.name, a.name, l.quantity FROM shop_orderline l
            JOIN shop_product p ON p.id = l.product_id JOIN shop_category c ON c.id = p.category_id
            LEFT JOIN shop_category a ON a.id = c.parent_id WHERE l.order_id = %s
            """,
            [sold.pk],
        )
        return cursor.fetchall()


@packing_list.wrong(ask_for_each_line)
def packing_slow(sold: Order) -> object:
    return [
        (
            line.product.name,
            line.product.category.name,
            line.product.category.parent.name if line.product.category.parent else None,
            line.quantity,
        )
        for line in sold.lines.all()
    ]


@packing_list.wrong(one_step_short)
def packing_two_levels(sold: Order) -> object:
    rows = []
    for line in sold.lines.select_related("product__category"):
        category = line.product.category
        above = category.parent.name if category.parent else None
        rows.append((line.product.name, category.name, above, line.quantity))
    return rows


@packing_list.wrong(top_is_none)
def packing_no_none(sold: Order) -> object:
    lines = sold.lines.select_related("product__category__parent")
    return [
        (
            line.product.name,
            line.product.category.name,
            line.product.category.parent.name,
            line.quantity,
        )
        for line in lines
    ]


@packing_list.wrong(without_top)
def packing_inner(sold: Order) -> object:
    lines = sold.lines.exclude(product__category__parent=None)
    return lines.values_list(
        "product__name", "product__category__name", "product__category__parent__name", "quantity"
    )


@packing_list.wrong(of_all_orders)
def packing_everything(sold: Order) -> object:
    return OrderLine.objects.values_list(
        "product__name", "product__category__name", "product__category__parent__name", "quantity"
    )


@packing_list.wrong(wrong_way)
def packing_from_category(sold: Order) -> object:
    return list(sold.lines.select_related("category__parent"))


@packing_list.wrong(numbers_not_names)
def packing_numbers(sold: Order) -> object:
    category = "product__category"
    return sold.lines.values_list("product__name", category, f"{category}__parent", "quantity")


@packing_list.wrong(above_is_no_text)
def packing_empty_text(sold: Order) -> object:
    rows = []
    for line in sold.lines.select_related("product__category__parent"):
        above = line.product.category.parent
        name = above.name if above else ""
        rows.append((line.product.name, line.product.category.name, name, line.quantity))
    return rows


@packing_list.wrong(prefetch_for_one)
def packing_prefetched(sold: Order) -> object:
    rows = []
    for line in sold.lines.prefetch_related("product__category__parent"):
        category = line.product.category
        above = category.parent.name if category.parent else None
        rows.append((line.product.name, category.name, above, line.quantity))
    return rows


# 05.3: one to one, forward and in reverse, with holes.


def login_without_profile() -> None:
    """a customer in Norway got a login, but no profile"""
    customer(user=changes.login("wilma"))


def empty_phone() -> None:
    """a customer in Norway has a profile with an empty phone"""
    user = changes.login("vidar")
    Profile.objects.create(user=user)
    customer(user=user)


contact_sheet = Exercise(
    "05.3",
    "Who can we call?",
    minutes=4,
    queries=1,
    changes=[login_without_profile, empty_phone, many_customers],
    hints=[
        "From the customer to the user, and from the user to the profile: each is one object.",
        "One-to-one relations can be joined in both directions, and one after the other.",
        "Both may be missing: customer.user is None, user.profile raises. Ask with hasattr.",
    ],
)


@contact_sheet.cases
def _() -> object:
    return [("Ireland",), ("Norway",), ("United Kingdom",), ("Atlantis",)]


@contact_sheet.expects
def _(country: str) -> object:
    users = dict(User.objects.values_list("pk", "username"))
    phones = dict(Profile.objects.values_list("user_id", "phone"))
    return [
        (each.name, users.get(each.user_id), phones.get(each.user_id))
        for each in Customer.objects.all()
        if each.country == country
    ]


@contact_sheet.mistake("Many customers have no login: customer.user is None there. Ask for that.")
def no_login(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@contact_sheet.mistake(
    "Some users have no profile. Touching user.profile raises RelatedObjectDoesNotExist there: "
    "ask with hasattr first."
)
def no_profile(run: Run) -> bool:
    return failed(run, "RelatedObjectDoesNotExist")


@contact_sheet.mistake("Customers without a login are missing. They stay in the list, with None.")
def only_with_login(run: Run) -> bool:
    return any(username is None for _, username, _ in run.missing) and not run.surplus


@contact_sheet.mistake("Customers with a login but without a profile are missing, or lost it.")
def only_with_profile(run: Run) -> bool:
    return bool(run.missing) and all(
        username is not None and phone is None for _, username, phone in run.missing
    )


@contact_sheet.mistake("An empty phone is not the same as no profile. Leave it as it stands: ''.")
def phone_or_none(run: Run) -> bool:
    return bool(run.missing) and all(phone == "" for *_, phone in run.missing)


@contact_sheet.mistake("Without a user or a profile the value is None, not a text.")
def other_filling(run: Run) -> bool:
    given = {tuple(x or None for x in row) for row in run.surplus}
    wanted = {tuple(x or None for x in row) for row in run.missing}
    filled = {tuple(None if x in {"-", "none", "None"} else x for x in row) for row in run.surplus}
    return bool(run.missing) and (given == wanted or filled == set(run.missing))


@contact_sheet.mistake("There are objects in your rows. Asked are the username and the phone.")
def objects_not_texts(run: Run) -> bool:
    return any(isinstance(value, User | Profile) for row in run.rows for value in row)


@contact_sheet.mistake(
    "A prefetch asks once for each step. Each step leads to one object: join them both."
)
def prefetch_of_one(run: Run) -> bool:
    return any(" IN (" in query.sql for query in run.seen.queries) and run.queries <= 3


@contact_sheet.mistake(
    "The user is joined, but each user's profile costs a query. The way goes on: user__profile."
)
def profile_of_each(run: Run) -> bool:
    return any(
        'FROM "accounts_profile"' in query.sql and query.params for query in run.seen.queries
    )


@contact_sheet.mistake("Each customer's user costs a query of its own: this is N+1.")
def user_of_each(run: Run) -> bool:
    return any('FROM "auth_user"' in query.sql for query in run.seen.queries)


@contact_sheet.mistake(
    "select_related follows relations by their names: from the customer user, "
    "from the user profile, with two underscores between."
)
def no_such_relation(run: Run) -> bool:
    return failed(run, "FieldError", "select_related")


@contact_sheet.right
def contact_values(country: str) -> object:
    there = Customer.objects.filter(country=country)
    return there.values_list("name", "user__username", "user__profile__phone")


@contact_sheet.right
def contact_hasattr(country: str) -> object:
    rows = []
    for each in Customer.objects.select_related("user", "user__profile"):
        if each.country == country:
            name = each.user.username if each.user else None
            has = each.user and hasattr(each.user, "profile")
            rows.append([each.name, name, each.user.profile.phone if has else None])
    return rows


@contact_sheet.right
def contact_raw(country: str) -> object:
    people = Customer.objects.raw(
        """
        SELECT c.id, c.name, u.username AS login, p.phone AS phone FROM shop_customer c
        LEFT JOIN auth_user u ON u.id = c.user_id
        LEFT JOIN accounts_profile p ON p.user_id = u.id WHERE c.country = %s
        """,
        [country],
    )
    return [(each.name, each.login, each.phone) for each in people]


@contact_sheet.wrong(no_login)
def contact_no_none(country: str) -> object:
    there = Customer.objects.filter(country=country).select_related("user__profile")
    return [(each.name, each.user.username, each.user.profile.phone) for each in there]


@contact_sheet.wrong(no_profile)
def contact_no_profile(country: str) -> object:
    there = Customer.objects.filter(country=country).select_related("user__profile")
    return [
        (
            each.name,
            each.user.username if each.user else None,
            each.user.profile.phone if each.user else None,
        )
        for each in there
    ]


@contact_sheet.wrong(only_with_login)
def contact_from_users(country: str) -> object:
    users = User.objects.filter(customer__country=country)
    return users.values_list("customer__name", "username", "profile__phone")


@contact_sheet.wrong(only_with_profile)
def contact_both_or_none(country: str) -> object:
    there = Customer.objects.filter(country=country).select_related("user__profile")
    return [
        (each.name, each.user.username, each.user.profile.phone)
        if hasattr(each.user, "profile")
        else (each.name, None, None)
        for each in there
    ]


@contact_sheet.wrong(phone_or_none)
def contact_falsy(country: str) -> object:
    there = Customer.objects.filter(country=country)
    rows = there.values_list("name", "user__username", "user__profile__phone")
    return [(name, username, phone or None) for name, username, phone in rows]


@contact_sheet.wrong(other_filling)
def contact_dashes(country: str) -> object:
    there = Customer.objects.filter(country=country)
    rows = there.values_list("name", "user__username", "user__profile__phone")
    return [
        (name, username or "-", "-" if phone is None else phone) for name, username, phone in rows
    ]


@contact_sheet.wrong(profile_of_each)
def contact_half(country: str) -> object:
    there = Customer.objects.filter(country=country).select_related("user")
    return [
        (
            each.name,
            each.user.username if each.user else None,
            each.user.profile.phone if hasattr(each.user, "profile") else None,
        )
        for each in there
    ]


@contact_sheet.wrong(user_of_each)
def contact_users_only(country: str) -> object:
    phones = dict(Profile.objects.values_list("user_id", "phone"))
    there = Customer.objects.filter(country=country)
    return [(c.name, c.user.username if c.user else None, phones.get(c.user_id)) for c in there]


@contact_sheet.wrong(objects_not_texts)
def contact_objects(country: str) -> object:
    there = Customer.objects.filter(country=country).select_related("user__profile")
    return [(each.name, each.user, getattr(each.user, "profile", None)) for each in there]


@contact_sheet.wrong(prefetch_of_one)
def contact_prefetched(country: str) -> object:
    rows = []
    for each in Customer.objects.filter(country=country).prefetch_related("user__profile"):
        profile = getattr(each.user, "profile", None)
        rows.append((each.name, each.user and each.user.username, profile and profile.phone))
    return rows


@contact_sheet.wrong(no_such_relation)
def contact_wrong_name(country: str) -> object:
    return list(Customer.objects.filter(country=country).select_related("user__phone"))


# 05.4: many to many, in an order of its own.


def unskilled() -> None:
    """somebody was hired who has no skill yet"""
    changes.employee()


def skilful() -> None:
    """ten people with two skills were hired, the last letter of the alphabet first"""
    skills = Skill.objects.filter(name__in=["Writing", "Botany"])
    for _ in range(10):
        changes.employee().skills.set(reversed(skills))


def newest_skill() -> None:
    """the company has a new skill, Archery, and two departments took the course"""
    archery = Skill.objects.create(name="Archery")
    archery.employees.set(Employee.objects.filter(department__name__in=["Engineering", "Sales"]))


team_skills = Exercise(
    "05.4",
    "What can this team do?",
    minutes=5,
    queries=2,
    changes=[unskilled, skilful, newest_skill, changes.twins],
    hints=[
        "From an employee to the skills: that leads to many. Which cure is that?",
        "order_by() in the loop is another question: it asks again, for each employee.",
        "Sort in Python, or let a Prefetch object bring the skills in the right order.",
    ],
)


@team_skills.cases
def _() -> object:
    return [(each,) for each in Department.objects.filter(name__in=["Engineering", "Legal"])]


@team_skills.expects
def _(department: Department) -> object:
    known: dict[int, list[str]] = {}
    pairs = Employee.skills.through.objects.values_list("employee_id", "skill__name")
    for pk, name in pairs:
        known.setdefault(pk, []).append(name)
    staff = Employee.objects.filter(department=department)
    return {each.email: ", ".join(sorted(known.get(each.pk, []))) for each in staff}


@team_skills.mistake(
    "Nobody may be missing: somebody without a skill has an empty text. A join or a filter on the "
    "skills leaves them out."
)
def only_skilled(run: Run) -> bool:
    gone = [email for email in run.expected if email not in run.value]
    return bool(gone) and not any(run.expected[email] for email in gone)


@team_skills.mistake("The keys are the e-mail addresses: two people can have the same name.")
def skills_by_name(run: Run) -> bool:
    names = set(Employee.objects.values_list("name", flat=True))
    return bool(run.value) and set(run.value) <= names


@team_skills.mistake("The skills are not in the order from A to Z.")
def unsorted_skills(run: Run) -> bool:
    given = {email: sorted(text.split(", ")) for email, text in run.value.items()}
    wanted = {email: text.split(", ") for email, text in run.expected.items()}
    return given == wanted and run.value != run.expected


@team_skills.mistake("Under each address stands one text, with a comma and a blank between names.")
def not_one_text(run: Run) -> bool:
    return any(not isinstance(v, str) for v in run.value.values()) or (
        {k: v.replace(" ", "") for k, v in run.value.items()}
        == {k: v.replace(" ", "") for k, v in run.expected.items()}
        and run.value != run.expected
    )


@team_skills.mistake(
    "The prefetch was made, and then wasted: order_by(), filter() and values_list() ask again for "
    "each employee. Sort in Python, or in a Prefetch object."
)
def skills_asked_again(run: Run) -> bool:
    return (
        run.queries > 3
        and run.value == run.expected
        and any("_prefetch_related_val" in query.sql for query in run.seen.queries)
    )


@team_skills.mistake("Each employee's skills cost a query of their own: this is N+1.")
def skills_of_each(run: Run) -> bool:
    return run.queries > 3 and run.value == run.expected


@team_skills.mistake("select_related joins one object to each row. Skills are many: prefetch them.")
def skills_selected(run: Run) -> bool:
    return failed(run, "FieldError", "select_related")


@team_skills.right
def skills_sorted_here(department: Department) -> object:
    staff = Employee.objects.filter(department=department).prefetch_related("skills")
    return {e.email: ", ".join(sorted(s.name for s in e.skills.all())) for e in staff}


@team_skills.right
def skills_in_one(department: Department) -> object:
    texts: dict[str, str] = {}
    rows = department.employees.order_by("skills__name").values_list("email", "skills__name")
    for email, name in rows:
        before = texts.get(email)
        texts[email] = f"{before}, {name}" if before else name or ""
    return texts


@team_skills.right
def skills_to_attr(department: Department) -> object:
    sorted_ones = Prefetch("skills", Skill.objects.order_by("name"), to_attr="known")
    staff = list(department.employees.all())
    prefetch_related_objects(staff, sorted_ones)
    return {e.email: ", ".join(s.name for s in e.known) for e in staff}


@team_skills.wrong(skills_of_each)
def skills_slow(department: Department) -> object:
    return {
        e.email: ", ".join(s.name for s in e.skills.order_by("name"))
        for e in department.employees.all()
    }


@team_skills.wrong(skills_asked_again)
def skills_wasted(department: Department) -> object:
    return {
        e.email: ", ".join(s.name for s in e.skills.order_by("name"))
        for e in department.employees.prefetch_related("skills")
    }


@team_skills.wrong(unsorted_skills)
def skills_unsorted(department: Department) -> object:
    backwards = Prefetch("skills", Skill.objects.order_by("-name"))
    return {
        e.email: ", ".join(s.name for s in e.skills.all())
        for e in department.employees.prefetch_related(backwards)
    }


@team_skills.wrong(only_skilled)
def skills_inner(department: Department) -> object:
    texts: dict[str, list[str]] = {}
    staff = department.employees.filter(skills__isnull=False).order_by("skills__name")
    for email, name in staff.values_list("email", "skills__name"):
        texts.setdefault(email, []).append(name)
    return {email: ", ".join(names) for email, names in texts.items()}


@team_skills.wrong(not_one_text)
def skills_lists(department: Department) -> object:
    return {
        e.email: sorted(s.name for s in e.skills.all())
        for e in department.employees.prefetch_related("skills")
    }


@team_skills.wrong(unsorted_skills)
def skills_as_they_come(department: Department) -> object:
    return {
        e.email: ", ".join(s.name for s in e.skills.all())
        for e in department.employees.prefetch_related("skills")
    }


@team_skills.wrong(skills_by_name)
def skills_under_names(department: Department) -> object:
    return {
        e.name: ", ".join(sorted(s.name for s in e.skills.all()))
        for e in department.employees.prefetch_related("skills")
    }


@team_skills.wrong(skills_selected)
def skills_joined(department: Department) -> object:
    return {e.email: "" for e in department.employees.select_related("skills")}


# 05.5: which questions a prefetch answers.

three_questions = Prediction(
    "05.5",
    "Predict: three questions to a prefetch",
    minutes=3,
    hints=[
        "The list and its prefetch are two queries, however many orders there are.",
        "A question that the same list can answer, as it is, costs nothing.",
        "first() needs an order. Without an ordering Django orders by the primary key.",
    ],
    because="count() and all() are answered by the prefetched lines. first() wants the lines in "
    "the order of the primary key: another question, for each of five orders. 2 + 5.",
    wrong={
        2: "first() asks again: OrderLine has no ordering, so it orders by the primary key.",
        6: "The prefetch itself is the second query.",
        12: "After a prefetch, count() counts the prefetched rows. Only first() asks again.",
        17: "all() and count() are answered by the prefetched rows. Only first() asks again.",
    },
)


# 05.6: only some of the many.


def new_open_order() -> None:
    """a customer in Norway has two new orders, one of them cancelled"""
    buyer = Customer.objects.filter(country="Norway").earliest("pk")
    order(buyer, status="new")
    order(buyer, status="cancelled")


def paid_order() -> None:
    """a new customer in Norway has paid, and waits"""
    order(customer(), status="paid")


open_orders = Exercise(
    "05.6",
    "What is still open?",
    minutes=5,
    queries=2,
    changes=[new_open_order, paid_order, many_customers],
    hints=[
        "The customers are one query. All their open orders together are the second.",
        "filter() or open() on customer.orders in a loop asks again for each customer.",
        "A Prefetch object takes the queryset of the second query; to_attr names the result.",
    ],
)


@open_orders.cases
def _() -> object:
    return [("Norway",), ("Ireland",), ("Atlantis",)]


@open_orders.expects
def _(country: str) -> object:
    found: dict[str, list[str]] = {
        each.email: [] for each in Customer.objects.all() if each.country == country
    }
    emails = dict(Customer.objects.values_list("pk", "email"))
    for each in Order.objects.all():
        if each.status in ("new", "paid") and emails[each.customer_id] in found:
            found[emails[each.customer_id]].append(each.number)
    return found


@open_orders.mistake("The lists are of order objects. Asked are their numbers.")
def objects_not_numbers(run: Run) -> bool:
    return any(isinstance(each, Order) for orders in run.value.values() for each in orders)


@open_orders.mistake("The keys are the e-mail addresses: two customers can have the same name.")
def open_by_name(run: Run) -> bool:
    names = set(Customer.objects.values_list("name", flat=True))
    return bool(run.value) and set(run.value) <= names


@open_orders.mistake("Customers without an open order are missing. They stay, with an empty list.")
def only_waiting(run: Run) -> bool:
    gone = [email for email in run.expected if email not in run.value]
    return bool(gone) and not any(run.expected[email] for email in gone)


@open_orders.mistake("These are all customers. Asked are those of one country.")
def of_all_countries(run: Run) -> bool:
    return set(run.value) > set(run.expected)


@open_orders.mistake(
    "Orders that are paid but not sent are open, too. Order.objects.open() knows which are."
)
def only_new(run: Run) -> bool:
    known = dict(Order.objects.values_list("number", "status"))
    gone = {n for email in run.expected for n in set(run.expected[email]) - set(run.value[email])}
    return bool(gone) and {known[number] for number in gone} == {"paid"}


@open_orders.mistake("There are orders in your lists that are not open: sent, or cancelled.")
def closed_ones(run: Run) -> bool:
    return any(set(run.value[email]) - set(run.expected[email]) for email in run.expected)


@open_orders.mistake(
    "The prefetch was made, and then wasted: a filter asks again for each customer. "
    "Put it into a Prefetch object."
)
def open_asked_again(run: Run) -> bool:
    return run.queries > 3 and any(
        '"customer_id" IN (' in query.sql and "status" in query.sql for query in run.seen.queries
    )


@open_orders.mistake("Each customer's orders cost a query of their own: this is N+1.")
def orders_of_each(run: Run) -> bool:
    return run.queries > 3


@open_orders.mistake(
    "With to_attr the orders stand in a plain list of that name. It has no all(), and you read it "
    "without brackets."
)
def list_has_no_all(run: Run) -> bool:
    return failed(run, "AttributeError", "'list' object") or failed(run, "TypeError", "'list'")


@open_orders.right
def open_in_python(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.all() if o.status in ("new", "paid")]
        for each in Customer.objects.filter(country=country).prefetch_related("orders")
    }


@open_orders.right
def open_by_hand(country: str) -> object:
    found: dict[str, list[str]] = {
        email: []
        for email in Customer.objects.filter(country=country).values_list("email", flat=True)
    }
    waiting = Order.objects.open().filter(customer__country=country).select_related("customer")
    for each in waiting:
        found[each.customer.email].append(each.number)
    return found


@open_orders.right
def open_in_one(country: str) -> object:
    waiting = FilteredRelation("orders", condition=Q(orders__status__in=["new", "paid"]))
    found: dict[str, list[str]] = {}
    rows = Customer.objects.filter(country=country).annotate(waiting=waiting)
    for email, number in rows.values_list("email", "waiting__number"):
        found.setdefault(email, []).extend([number] if number else [])
    return found


@open_orders.right
def open_without_to_attr(country: str) -> object:
    waiting = Prefetch("orders", Order.objects.exclude(status__in=["shipped", "cancelled"]))
    there = Customer.objects.filter(country=country).prefetch_related(waiting)
    return {each.email: {o.number for o in each.orders.all()} for each in there}


@open_orders.wrong(orders_of_each)
def open_slow(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.open()]
        for each in Customer.objects.filter(country=country)
    }


@open_orders.wrong(open_asked_again)
def open_wasted(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.filter(status__in=["new", "paid"])]
        for each in Customer.objects.filter(country=country).prefetch_related("orders")
    }


@open_orders.wrong(only_waiting)
def open_only(country: str) -> object:
    found: dict[str, list[str]] = {}
    for each in Order.objects.open().filter(customer__country=country).select_related("customer"):
        found.setdefault(each.customer.email, []).append(each.number)
    return found


@open_orders.wrong(closed_ones)
def open_all(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.all()]
        for each in Customer.objects.filter(country=country).prefetch_related("orders")
    }


@open_orders.wrong(only_new)
def open_new_only(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.all() if o.status == "new"]
        for each in Customer.objects.filter(country=country).prefetch_related("orders")
    }


@open_orders.wrong(of_all_countries)
def open_everywhere(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.all() if o.status in ("new", "paid")]
        for each in Customer.objects.prefetch_related("orders")
    }


@open_orders.wrong(objects_not_numbers)
def open_objects(country: str) -> object:
    waiting = Prefetch("orders", Order.objects.open(), to_attr="waiting")
    there = Customer.objects.filter(country=country).prefetch_related(waiting)
    return {each.email: each.waiting for each in there}


@open_orders.wrong(open_by_name)
def open_under_names(country: str) -> object:
    return {
        each.name: [o.number for o in each.orders.all() if o.status in ("new", "paid")]
        for each in Customer.objects.filter(country=country).prefetch_related("orders")
    }


@open_orders.wrong(list_has_no_all)
def open_list_all(country: str) -> object:
    waiting = Prefetch("orders", Order.objects.open(), to_attr="waiting")
    there = Customer.objects.filter(country=country).prefetch_related(waiting)
    return {each.email: [o.number for o in each.waiting.all()] for each in there}


# 05.7: the first of each.


def newest_in_norway() -> None:
    """two customers in Norway ordered again, and the numbers do not follow the time"""
    first, second = Customer.objects.filter(country="Norway").order_by("pk")[:2]
    order(first, number="1999-0001", placed_at="2026-03-02T09:00Z")
    order(second, number="9999-0001", placed_at="2001-03-02T09:00Z")


latest_orders = Exercise(
    "05.7",
    "The latest order",
    minutes=5,
    queries=2,
    changes=[newest_in_norway, many_customers],
    hints=[
        "Two queries: the customers, and for each of them one order. The second can be sliced.",
        "The queryset in a Prefetch may end in [:1]. The slice is made for each customer.",
        "to_attr gives a list: with one order, or with none. Look before you take number 0.",
    ],
)


@latest_orders.cases
def _() -> object:
    return [("Norway",), ("Ireland",), ("Greece",), ("Atlantis",)]


@latest_orders.expects
def _(country: str) -> object:
    newest: dict[int, Order] = {}
    for each in sorted(Order.objects.all(), key=lambda one: one.placed_at):
        newest[each.customer_id] = each
    there = [each for each in Customer.objects.all() if each.country == country]
    return [(c.email, newest[c.pk].number if c.pk in newest else None) for c in there]


@latest_orders.check
def _(run: Run) -> str | None:
    if run.queries <= 2 and run.fetched > 2 * len(run.expected):
        return (
            f"The result is right, but {run.fetched} rows were read for {len(run.expected)} "
            "customers. Let the database pick the latest order of each."
        )
    return None


@latest_orders.mistake(
    "A sliced Prefetch needs a to_attr: without it, Django would have to filter what is sliced."
)
def sliced_without_to_attr(run: Run) -> bool:
    return failed(run, "TypeError", "slice")


@latest_orders.mistake("Not every customer has an order: the list is empty then. Look before [0].")
def nothing_at_0(run: Run) -> bool:
    return failed(run, "IndexError")


@latest_orders.mistake("Not every customer has an order: get() and latest() raise an error then.")
def nothing_is_latest(run: Run) -> bool:
    return failed(run, "DoesNotExist")


@latest_orders.mistake("Not every customer has an order: first() gives None then.")
def none_has_no_number(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@latest_orders.mistake("Customers without an order are missing. They stay, with None.")
def only_buyers(run: Run) -> bool:
    return bool(run.missing) and not run.surplus and all(n is None for _, n in run.missing)


@latest_orders.mistake(
    "Only one customer got an order: your slice took one row of all. In a Prefetch it is made "
    "for each customer."
)
def one_of_all(run: Run) -> bool:
    with_number = [number for _, number in run.rows if number is not None]
    return len(with_number) == 1 and len(run.missing) > 1


@latest_orders.mistake("These are the oldest orders. The latest comes first with a minus.")
def oldest(run: Run) -> bool:
    first: dict[str, str] = {}
    for each in Order.objects.order_by("-placed_at").select_related("customer"):
        first[each.customer.email] = each.number
    return all(first.get(email) == number for email, number in run.surplus) and bool(run.surplus)


@latest_orders.mistake(
    "The latest order is the one with the latest placed_at, not with the highest number or key."
)
def by_number(run: Run) -> bool:
    highest: dict[str, set[str]] = {}
    for field in ("number", "pk"):
        for each in Order.objects.order_by(field).select_related("customer"):
            highest.setdefault(each.customer.email, set())
        last = {o.customer.email: o.number for o in Order.objects.order_by(field)}
        for email, number in last.items():
            highest[email].add(number)
    return bool(run.surplus) and all(n in highest.get(e, ()) for e, n in run.surplus)


@latest_orders.mistake("Each customer's latest order costs a query of its own: this is N+1.")
def latest_of_each(run: Run) -> bool:
    return run.queries > 3


@latest_orders.right
def latest_subquery(country: str) -> object:
    orders = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at")
    latest = Subquery(orders.values("number")[:1])
    there = Customer.objects.filter(country=country).annotate(latest=latest)
    return there.values_list("email", "latest")


@latest_orders.right
def latest_by_default_order(country: str) -> object:
    latest = Prefetch("orders", Order.objects.all()[:1], to_attr="latest")  # Meta.ordering.
    there = list(Customer.objects.filter(country=country))
    prefetch_related_objects(there, latest)
    return [(each.email, next((o.number for o in each.latest), None)) for each in there]


@latest_orders.right
def latest_window(country: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.email, o.number FROM shop_customer c
            LEFT JOIN (
                SELECT *, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY placed_at DESC) AS n
                FROM shop_order
            ) o ON o.customer_id = c.id AND o.n = 1
            WHERE c.country = %s
            """,
            [country],
        )
        return cursor.fetchall()


@latest_orders.wrong(latest_of_each)
def latest_loop(country: str) -> object:
    rows = []
    for each in Customer.objects.filter(country=country):
        found = each.orders.order_by("-placed_at").first()
        rows.append((each.email, found.number if found else None))
    return rows


@latest_orders.wrong("rows were read for")
def latest_reads_all(country: str) -> object:
    rows = []
    for each in Customer.objects.filter(country=country).prefetch_related("orders"):
        found = sorted(each.orders.all(), key=lambda one: one.placed_at)
        rows.append((each.email, found[-1].number if found else None))
    return rows


@latest_orders.wrong(nothing_at_0)
def latest_index(country: str) -> object:
    latest = Prefetch("orders", Order.objects.order_by("-placed_at")[:1], to_attr="latest")
    there = Customer.objects.filter(country=country).prefetch_related(latest)
    return [(each.email, each.latest[0].number) for each in there]


@latest_orders.wrong(nothing_is_latest)
def latest_raises(country: str) -> object:
    there = Customer.objects.filter(country=country)
    return [(each.email, each.orders.latest("placed_at").number) for each in there]


@latest_orders.wrong(none_has_no_number)
def latest_none(country: str) -> object:
    there = Customer.objects.filter(country=country).prefetch_related("orders")
    return [(each.email, each.orders.first().number) for each in there]


@latest_orders.wrong(sliced_without_to_attr)
def latest_without_name(country: str) -> object:
    latest = Prefetch("orders", Order.objects.order_by("-placed_at")[:1])
    there = Customer.objects.filter(country=country).prefetch_related(latest)
    return [(each.email, each.orders.all()[0].number) for each in there]


@latest_orders.wrong(only_buyers)
def latest_buyers(country: str) -> object:
    latest = Prefetch("orders", Order.objects.order_by("-placed_at")[:1], to_attr="latest")
    there = Customer.objects.filter(country=country).prefetch_related(latest)
    return [(each.email, each.latest[0].number) for each in there if each.latest]


@latest_orders.wrong(oldest)
def latest_backwards(country: str) -> object:
    latest = Prefetch("orders", Order.objects.order_by("placed_at")[:1], to_attr="latest")
    there = Customer.objects.filter(country=country).prefetch_related(latest)
    return [(each.email, each.latest[0].number if each.latest else None) for each in there]


@latest_orders.wrong(by_number)
def latest_by_number(country: str) -> object:
    latest = Prefetch("orders", Order.objects.order_by("-number")[:1], to_attr="latest")
    there = Customer.objects.filter(country=country).prefetch_related(latest)
    return [(each.email, each.latest[0].number if each.latest else None) for each in there]


@latest_orders.wrong(one_of_all)
def latest_of_all(country: str) -> object:
    newest = Order.objects.filter(customer__country=country).order_by("-placed_at")[:1]
    by_customer = {each.customer_id: each.number for each in newest}
    there = Customer.objects.filter(country=country)
    return [(each.email, by_customer.get(each.pk)) for each in there]


# 05.8: a template that is not to be changed.

BOARD = Template("""
{% for project in projects %}
{{ project.code }} {{ project.name }}, {{ project.department.city }}
{% for assignment in project.assignments.all|dictsort:"employee.name" %}
    {{ assignment.employee.name }}: {{ assignment.role }}
{% endfor %}
{% endfor %}
""")


def more_projects() -> None:
    """there are twelve more projects, and somebody works in all of them"""
    member = changes.employee()
    for number in range(12):
        added = Project.objects.create(
            name=f"Plan {number}",
            code=f"A-{number}",
            department=Department.objects.latest("pk"),
            starts_on="2026-01-07",
            budget=1000,
        )
        Assignment.objects.create(employee=member, project=added, role="lead", hours_per_week=2)


def moved() -> None:
    """a department has moved to Oslo"""
    Department.objects.filter(name="Engineering").update(city="Oslo")


quick_board = Exercise(
    "05.8",
    "A slow page",
    minutes=5,
    queries=3,
    changes=[more_projects, moved, changes.newcomer],
    hints=[
        "Read the template: which dots lead to another table? There are three.",
        "To the department leads select_related. To the assignments leads prefetch_related.",
        "The employee belongs to the assignment: prefetch along both, or join it in a Prefetch.",
    ],
)


@quick_board.expects
def _() -> object:
    return BOARD.render(Context({"projects": Project.objects.order_by("code")}))


@quick_board.mistake(
    "Asked is the text of the page: what board.render(...) returns, and nothing around it."
)
def not_the_text(run: Run) -> bool:
    return run.error is None and not isinstance(run.value, str)


@quick_board.mistake("The page is empty: the template wants the projects under the name projects.")
def no_projects(run: Run) -> bool:
    return isinstance(run.value, str) and not run.value.strip()


@quick_board.mistake("Your page has holes where the city stands. Give the template objects.")
def holes(run: Run) -> bool:
    return ", \n" in run.value


@quick_board.mistake("Nobody stands on your page. Did the template get the assignments?")
def no_people(run: Run) -> bool:
    return "    " in run.expected and "    " not in run.value


@quick_board.mistake("The projects stand in another order. slow_board() orders them by code.")
def other_order(run: Run) -> bool:
    return sorted(run.value.split()) == sorted(run.expected.split()) and run.value != run.expected


@quick_board.mistake(
    "Nearly: the assignments are prefetched, but each asks for its employee. Go one step further."
)
def employee_of_each(run: Run) -> bool:
    return run.n_plus_1 == {"Assignment.employee"}


@quick_board.mistake("Each project still asks for its department: join it.")
def department_of_each(run: Run) -> bool:
    return run.n_plus_1 == {"Project.department"}


@quick_board.mistake(
    "With to_attr the assignments have another name. The template asks for project.assignments, "
    "and so for all of them again."
)
def name_unknown_to_template(run: Run) -> bool:
    return "Project.assignments" in run.n_plus_1 and any(
        '"project_id" IN (' in q.sql and '"company_assignment"' in q.sql for q in run.seen.queries
    )


@quick_board.mistake("Each project still asks for its assignments: prefetch them.")
def assignments_of_each(run: Run) -> bool:
    return "Project.assignments" in run.n_plus_1


@quick_board.mistake(
    "select_related joins one object to each row. A project has many assignments: prefetch them."
)
def assignments_selected(run: Run) -> bool:
    return failed(run, "FieldError", "select_related")


@quick_board.right
def board_by_path() -> object:
    projects = Project.objects.order_by("code").select_related("department")
    projects = projects.prefetch_related("assignments__employee")
    return BOARD.render(Context({"projects": projects[:1000]})) if projects else ""


@quick_board.right
def board_by_peers() -> object:
    team = Prefetch("assignments", Assignment.objects.select_related("employee"))
    projects = Project.objects.order_by("code").fetch_mode(FETCH_PEERS).prefetch_related(team)
    return BOARD.render(Context({"projects": projects}))


@quick_board.right
def board_from_list() -> object:
    projects = list(Project.objects.select_related("department").order_by("code"))
    team = Assignment.objects.select_related("employee")
    prefetch_related_objects(projects, Prefetch("assignments", team))
    return BOARD.render(Context({"projects": projects}))


@quick_board.wrong(assignments_of_each)
def board_slow() -> object:
    return BOARD.render(Context({"projects": Project.objects.order_by("code")}))


@quick_board.wrong(employee_of_each)
def board_half() -> object:
    projects = Project.objects.order_by("code").select_related("department")
    return BOARD.render(Context({"projects": projects.prefetch_related("assignments")}))


@quick_board.wrong(department_of_each)
def board_other_half() -> object:
    projects = Project.objects.order_by("code").prefetch_related("assignments__employee")
    return BOARD.render(Context({"projects": projects}))


@quick_board.wrong(other_order)
def board_by_name() -> object:
    projects = Project.objects.select_related("department")
    return BOARD.render(Context({"projects": projects.prefetch_related("assignments__employee")}))


@quick_board.wrong(holes)
def board_of_values() -> object:
    return BOARD.render(Context({"projects": Project.objects.order_by("code").values()}))


@quick_board.wrong(no_projects)
def board_other_name() -> object:
    return BOARD.render(Context({"project_list": Project.objects.order_by("code")}))


@quick_board.wrong(no_people)
def board_emptied() -> object:
    team = Prefetch("assignments", Assignment.objects.none())
    projects = Project.objects.order_by("code").select_related("department")
    return BOARD.render(Context({"projects": projects.prefetch_related(team)}))


@quick_board.wrong(not_the_text)
def board_unrendered() -> object:
    return Project.objects.order_by("code")


@quick_board.wrong(name_unknown_to_template)
def board_to_attr() -> object:
    team = Prefetch("assignments", Assignment.objects.select_related("employee"), to_attr="team")
    projects = Project.objects.order_by("code").select_related("department")
    return BOARD.render(Context({"projects": projects.prefetch_related(team)}))


@quick_board.wrong(assignments_selected)
def board_selected() -> object:
    projects = Project.objects.order_by("code").select_related("department", "assignments")
    return BOARD.render(Context({"projects": projects}))


# 05.9: objects that somebody else has read.


def another_line() -> None:
    """the newest orders have one more line"""
    more = product(Category.objects.earliest("pk"))
    for each in Order.objects.order_by("-pk")[:5]:
        sell(each, more)


def empty_order() -> None:
    """somebody opened an order, and has put nothing into it yet"""
    order(customer())


totals = Exercise(
    "05.9",
    "The orders are already here",
    minutes=5,
    queries=1,
    changes=[another_line, empty_order],
    hints=[
        "The orders are here. Only their lines are missing: one query for all of them.",
        "prefetch_related() belongs to a queryset. There is a function for a list of objects.",
        "prefetch_related_objects(objects, name) fills the objects; then the slow code is fast.",
    ],
)


@totals.cases
def _() -> object:
    return [
        (list(Order.objects.order_by("pk")[:20]),),
        (list(Order.objects.order_by("-pk")[:10]),),
        ([],),
    ]


@totals.expects
def _(orders: list[Order]) -> object:
    found: dict[str, Any] = {each.number: 0 for each in orders}
    numbers = dict(Order.objects.values_list("pk", "number"))
    for line in OrderLine.objects.all():
        if numbers[line.order_id] in found:
            found[numbers[line.order_id]] += line.quantity * line.unit_price
    return found


@totals.mistake("The keys are the numbers of the orders, not their primary keys or objects.")
def by_other_keys(run: Run) -> bool:
    return bool(run.value) and not any(isinstance(key, str) for key in run.value)


@totals.mistake("Orders without a line are missing. They stay, with 0.")
def without_empty(run: Run) -> bool:
    gone = [number for number in run.expected if number not in run.value]
    return bool(gone) and not any(run.expected[number] for number in gone)


@totals.mistake("The sum of no lines is None in the database. Asked is 0: give Sum a default.")
def sum_of_nothing(run: Run) -> bool:
    return None in run.value.values()


@totals.mistake("These are floats. Money stays Decimal, as it comes: a float is not exact.")
def money_as_float(run: Run) -> bool:
    return any(isinstance(total, float) for total in run.value.values())


@totals.mistake("These are all orders of the shop. Asked are those of the list.")
def of_the_whole_shop(run: Run) -> bool:
    return len(run.value) > len(run.expected)


@totals.mistake("A line counts with its quantity: 3 pieces cost three times the price.")
def without_quantity(run: Run) -> bool:
    plain: dict[str, Any] = dict.fromkeys(run.expected, 0)
    for line in OrderLine.objects.filter(order__number__in=plain).select_related("order"):
        plain[line.order.number] += line.unit_price
    return bool(plain) and run.value == plain


@totals.mistake(
    "orders is a list. prefetch_related is a method of querysets; lists need a function."
)
def list_is_no_queryset(run: Run) -> bool:
    return failed(run, "AttributeError", "'list' object")


@totals.mistake("Each order's lines cost a query of their own: this is N+1.")
def lines_of_each(run: Run) -> bool:
    return run.queries > 3


@totals.mistake(
    "You read the orders again: that is one query too many. Fill the objects that you have."
)
def orders_again(run: Run) -> bool:
    again = any('FROM "shop_order"' in query.sql for query in run.seen.queries)
    return again and run.value == run.expected


@totals.right
def totals_by_hand(orders: list[Order]) -> object:
    found: dict[int, Any] = {each.pk: 0 for each in orders}
    for line in OrderLine.objects.filter(order__in=orders):
        found[line.order_id] += line.amount
    return {each.number: found[each.pk] for each in orders}


@totals.right
def totals_in_sql(orders: list[Order]) -> object:
    numbers = [each.number for each in orders]
    amount = F("lines__quantity") * F("lines__unit_price")
    found = Order.objects.filter(number__in=numbers).annotate(total=Sum(amount, default=0))
    return dict(found.values_list("number", "total"))


@totals.right
def totals_of_manager(orders: list[Order]) -> object:
    found = Order.objects.filter(pk__in=[each.pk for each in orders]).with_total()
    return {each.number: each.total for each in found}


@totals.right
async def totals_async(orders: list[Order]) -> object:
    lines = OrderLine.objects.filter(order__in=orders)
    found: dict[int, Any] = {}
    async for line in lines:
        found[line.order_id] = found.get(line.order_id, 0) + line.amount
    return {each.number: found.get(each.pk, 0) for each in orders}


@totals.right
async def totals_in_thread(orders: list[Order]) -> object:
    await sync_to_async(prefetch_related_objects)(orders, "lines")
    return {each.number: sum(line.amount for line in each.lines.all()) for each in orders}


@totals.wrong(lines_of_each)
def totals_slow(orders: list[Order]) -> object:
    return {each.number: sum(line.amount for line in each.lines.all()) for each in orders}


@totals.wrong(orders_again)
def totals_again(orders: list[Order]) -> object:
    again = Order.objects.filter(pk__in=[each.pk for each in orders]).prefetch_related("lines")
    return {each.number: sum(line.amount for line in each.lines.all()) for each in again}


@totals.wrong(without_empty)
def totals_of_lines(orders: list[Order]) -> object:
    found: dict[str, Any] = {}
    for line in OrderLine.objects.filter(order__in=orders).select_related("order"):
        found[line.order.number] = found.get(line.order.number, 0) + line.amount
    return found


@totals.wrong(sum_of_nothing)
def totals_none(orders: list[Order]) -> object:
    found = Order.objects.filter(pk__in=[each.pk for each in orders])
    found = found.annotate(total=Sum(F("lines__quantity") * F("lines__unit_price")))
    return dict(found.values_list("number", "total"))


@totals.wrong(of_the_whole_shop)
def totals_of_all(orders: list[Order]) -> object:
    return {each.number: each.total for each in Order.objects.with_total()}


@totals.wrong(without_quantity)
def totals_of_prices(orders: list[Order]) -> object:
    prefetch_related_objects(orders, "lines")
    return {each.number: sum(line.unit_price for line in each.lines.all()) for each in orders}


@totals.wrong(by_other_keys)
def totals_by_pk(orders: list[Order]) -> object:
    prefetch_related_objects(orders, "lines")
    return {each.pk: sum(line.amount for line in each.lines.all()) for each in orders}


@totals.wrong(money_as_float)
def totals_as_float(orders: list[Order]) -> object:
    prefetch_related_objects(orders, "lines")
    return {each.number: float(sum(line.amount for line in each.lines.all())) for each in orders}


@totals.wrong(list_is_no_queryset)
def totals_of_queryset(orders: list[Order]) -> object:
    return {each.number: 0 for each in orders.prefetch_related("lines")}  # type: ignore[attr-defined]


# 05.10: a prefetch that is older than the rows.


def nobody_knows() -> None:
    """nobody has any skill yet"""
    Employee.skills.through.objects.all().delete()


passed_the_exam = Exercise(
    "05.10",
    "The missing colleague",
    minutes=4,
    changes=[nobody_knows, changes.twins],
    hints=[
        "skill.employees.all() answers from the rows that were prefetched before.",
        "A change through the other side (employee.skills) is not seen by the prefetched rows.",
        "Change through skill.employees: then Django throws the old rows away. Or ask anew.",
    ],
)


@passed_the_exam.cases
def _() -> object:
    skills = Skill.objects.prefetch_related("employees")
    botany, binding = skills.get(name="Botany"), skills.get(name="Bookbinding")
    people = Employee.objects.annotate(known=Count("skills"))
    botanist = people.filter(pk__in=botany.employees.all()).order_by("-known", "pk").first()
    newest = people.latest("pk")
    return [(binding, newest), (botany, newest), (botany, botanist or newest)]


@passed_the_exam.expects
def _(skill: Skill, employee: Employee) -> object:
    pairs = Employee.skills.through.objects.filter(skill_id=skill.pk)
    people = {employee.pk, *pairs.values_list("employee_id", flat=True)}
    return [each.name for each in Employee.objects.all() if each.pk in people]


@passed_the_exam.check
def _(run: Run) -> str | None:
    skill, employee = run.arguments
    pairs = Employee.skills.through.objects
    if not pairs.filter(skill_id=skill.pk, employee_id=employee.pk).exists():
        return "The names are right, but the employee did not get the skill in the database."
    if pairs.filter(skill_id=skill.pk).count() != len(run.expected):
        return "Now other people have the skill, or lost it. Change one pair only."
    if pairs.filter(employee_id=employee.pk).count() < employee.known:
        return "The employee has lost the other skills: set() replaces all. Use add()."
    return None


@passed_the_exam.mistake(
    "The new person is missing: skill.employees.all() answers from the rows that were prefetched "
    "before. They are old now."
)
def old_rows(run: Run) -> bool:
    return run.missing == [run.arguments[1].name] and not run.surplus and bool(run.queries)


@passed_the_exam.mistake("Others who had the skill have lost it: set() replaces all. Use add().")
def others_lost(run: Run) -> bool:
    return run.rows == [run.arguments[1].name] and len(run.expected) > 1


@passed_the_exam.mistake("Somebody who has the skill already stands in the list twice.")
def listed_twice(run: Run) -> bool:
    return run.surplus == [run.arguments[1].name] and not run.missing


@passed_the_exam.mistake("These are objects. Asked are the names of the employees.")
def people_not_names(run: Run) -> bool:
    return any(isinstance(each, Employee) for each in run.rows)


@passed_the_exam.mistake("Your list has the skills of the employee. Asked are those who have it.")
def skills_not_people(run: Run) -> bool:
    return run.arguments[0].name in run.rows


@passed_the_exam.right
def exam_new_question(skill: Skill, employee: Employee) -> object:
    employee.skills.add(skill)
    return Employee.objects.filter(skills=skill).values_list("name", flat=True)


@passed_the_exam.right
def exam_refreshed(skill: Skill, employee: Employee) -> object:
    employee.skills.add(skill)
    skill.refresh_from_db()
    return {each.pk: each.name for each in skill.employees.all()}.values()


@passed_the_exam.right
def exam_other_order(skill: Skill, employee: Employee) -> object:
    Employee.skills.through.objects.get_or_create(skill=skill, employee=employee)
    return [each.name for each in skill.employees.order_by("pk")]


@passed_the_exam.right
async def exam_async(skill: Skill, employee: Employee) -> object:
    await skill.employees.aadd(employee)
    return [each.name async for each in skill.employees.all()]


@passed_the_exam.wrong(old_rows)
def exam_old(skill: Skill, employee: Employee) -> object:
    employee.skills.add(skill)
    return [each.name for each in skill.employees.all()]


@passed_the_exam.wrong(listed_twice)
def exam_patched(skill: Skill, employee: Employee) -> object:
    before = [each.name for each in skill.employees.all()]
    employee.skills.add(skill)
    return [*before, employee.name]


@passed_the_exam.wrong(others_lost)
def exam_set(skill: Skill, employee: Employee) -> object:
    skill.employees.set([employee])
    return [each.name for each in skill.employees.all()]


@passed_the_exam.wrong("The employee has lost the other skills")
def exam_set_skills(skill: Skill, employee: Employee) -> object:
    employee.skills.set([skill])
    return [each.name for each in Employee.objects.filter(skills=skill)]


@passed_the_exam.wrong(people_not_names)
def exam_objects(skill: Skill, employee: Employee) -> object:
    skill.employees.add(employee)
    return skill.employees.all()


@passed_the_exam.wrong(skills_not_people)
def exam_other_way(skill: Skill, employee: Employee) -> object:
    employee.skills.add(skill)
    return [each.name for each in employee.skills.all()]


@passed_the_exam.wrong("did not get the skill in the database")
def exam_only_said(skill: Skill, employee: Employee) -> object:
    people = {each.pk: each.name for each in [*skill.employees.all(), employee]}
    return list(people.values())


# 05.11: what peers do, and what they do not.

ten_peers = Prediction(
    "05.11",
    "Predict: how far do peers help?",
    minutes=3,
    hints=[
        "Which of the three lead to one object? FETCH_PEERS reads those once for all ten.",
        "A manager such as employee.skills is no fetch of a field.",
        "The list, the departments and the managers are one query each. And the skills?",
    ],
    because="One query for the list, one for all departments, one for all managers. "
    "employee.skills is a manager, and managers know no peers: ten more. 1 + 1 + 1 + 10.",
    wrong={
        4: "skills.count() is asked for each employee: fetch modes do nothing for managers.",
        31: "FETCH_PEERS reads the departments of all ten at once, and the managers, too.",
        22: "The manager is a foreign key like the department: one query for all ten.",
    },
)


# 05.12: forbid what was not planned.

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
def _() -> object:
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
def _(run: Run) -> str | None:
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
    return not run.surplus and any(each.department_id is None for each in run.missing)


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


# 05.13: fewer columns.


def somebody_left() -> None:
    """somebody left the company"""
    Employee.objects.filter(pk=Employee.objects.active().latest("pk").pk).update(is_active=False)


phone_book = Exercise(
    "05.13",
    "What must not leave the database",
    minutes=4,
    queries=1,
    changes=[changes.newcomer, changes.without_department, somebody_left],
    hints=[
        "Look at the SQL of your answer: which columns stand behind SELECT?",
        "You need three values of each employee, and no object.",
        "values_list takes the names of columns, also across a relation with two underscores.",
    ],
)


@phone_book.expects
def _() -> object:
    names = dict(Department.objects.values_list("pk", "name"))
    staff = [each for each in Employee.objects.all() if each.is_active]
    return [(e.name, e.email, names.get(e.department_id)) for e in staff]


@phone_book.check
def _(run: Run) -> str | None:
    if any(re.search(r"\bsalary\b|(?<!\()\*", query.sql) for query in run.seen.queries):
        return "The list is right, but the column salary was read. Name only what you need."
    return None


@phone_book.mistake("People who have left are in your list. Asked are the active ones.")
def with_the_gone(run: Run) -> bool:
    gone = set(Employee.objects.filter(is_active=False).values_list("name", flat=True))
    return bool(run.surplus) and {row[0] for row in run.surplus} <= gone


@phone_book.mistake("People without a department are missing. They stay, with None.")
def without_placeless(run: Run) -> bool:
    return bool(run.missing) and not run.surplus and all(row[2] is None for row in run.missing)


@phone_book.mistake("Without a department the third value is None, not a text.")
def no_place_as_text(run: Run) -> bool:
    return bool(run.surplus) and {row[:2] for row in run.surplus} == {
        row[:2] for row in run.missing if row[2] is None
    }


@phone_book.mistake("Some people have no department: None has no name. Ask for that.")
def placeless_has_no_name(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@phone_book.mistake(
    "only() leaves out the department that select_related joins. Name it in only(), too: "
    "department__name."
)
def deferred_and_joined(run: Run) -> bool:
    return failed(run, "FieldError", "both deferred and traversed")


@phone_book.mistake("The third value is the number of the department. Asked is its name.")
def number_of_department(run: Run) -> bool:
    return any(isinstance(row[2], int) for row in run.rows)


@phone_book.mistake("only() left out a field that you use: it is read again for each row.")
def field_of_each(run: Run) -> bool:
    return bool({"Employee.email", "Employee.name"} & run.n_plus_1)


@phone_book.mistake("Each employee's department costs a query of its own: this is N+1.")
def place_of_each(run: Run) -> bool:
    return "Employee.department" in run.n_plus_1


@phone_book.right
def book_by_only() -> object:
    staff = Employee.objects.active().select_related("department")
    staff = staff.only("name", "email", "department__name")
    return [(e.name, e.email, e.department.name if e.department else None) for e in staff]


@phone_book.right
def book_by_defer() -> object:
    staff = Employee.objects.filter(is_active=True).select_related("department").defer("salary")
    return [(e.name, e.email, e.department and e.department.name) for e in staff]


@phone_book.right
def book_by_dicts() -> object:
    staff = Employee.objects.active().values("name", "email", place=F("department__name"))
    return [(row["name"], row["email"], row["place"]) for row in staff]


@phone_book.right
def book_raw() -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.name, e.email, d.name FROM company_employee e
            LEFT JOIN company_department d ON d.id = e.department_id WHERE e.is_active
            """
        )
        return cursor.fetchall()


@phone_book.wrong("the column salary was read")
def book_objects() -> object:
    staff = Employee.objects.active().select_related("department")
    return [(e.name, e.email, e.department.name if e.department else None) for e in staff]


@phone_book.wrong("the column salary was read")
def book_star() -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.*, d.name FROM company_employee e
            LEFT JOIN company_department d ON d.id = e.department_id WHERE e.is_active
            """
        )
        return [(row[1], row[2], row[-1]) for row in cursor.fetchall()]


@phone_book.wrong(with_the_gone)
def book_everybody() -> object:
    return Employee.objects.values_list("name", "email", "department__name")


@phone_book.wrong(without_placeless)
def book_placed() -> object:
    staff = Employee.objects.active().exclude(department=None)
    return staff.values_list("name", "email", "department__name")


@phone_book.wrong(no_place_as_text)
def book_empty_text() -> object:
    rows = Employee.objects.active().values_list("name", "email", "department__name")
    return [(name, email, place or "") for name, email, place in rows]


@phone_book.wrong(placeless_has_no_name)
def book_none() -> object:
    staff = Employee.objects.active().select_related("department")
    staff = staff.only("name", "email", "department__name")
    return [(e.name, e.email, e.department.name) for e in staff]


@phone_book.wrong(deferred_and_joined)
def book_conflict() -> object:
    return list(Employee.objects.active().select_related("department").only("name", "email"))


@phone_book.wrong(number_of_department)
def book_numbers() -> object:
    return Employee.objects.active().values_list("name", "email", "department")


@phone_book.wrong(field_of_each)
def book_too_few() -> object:
    staff = Employee.objects.active().select_related("department").only("name", "department__name")
    return [(e.name, e.email, e.department.name if e.department else None) for e in staff]


@phone_book.wrong(place_of_each)
def book_loop() -> object:
    staff = Employee.objects.active().only("name", "email", "department")
    return [(e.name, e.email, e.department.name if e.department else None) for e in staff]


# 05.14: a test that notices.


def cities(employees: Any) -> None:
    for each in employees:
        print(each.name, each.department.city)


def joined_cities(employees: Any) -> None:
    for each in employees.select_related("department"):
        print(each.name, each.department.city)


def always_three(employees: Any) -> None:
    staff = list(employees.prefetch_related("skills"))
    print(len(staff), Department.objects.count(), [len(each.skills.all()) for each in staff])


def skills_again(employees: Any) -> None:
    for each in employees.prefetch_related("skills"):
        print(each.name, each.skills.filter(name="Django").exists())


def in_a_transaction(employees: Any) -> None:
    with transaction.atomic():
        print([each.name for each in employees])


grows = Exercise(
    "05.14",
    "The test that notices",
    minutes=6,
    changes=[changes.newcomer, changes.without_department],
    hints=[
        "Call the report twice, with two employees and with ten, and count the queries of each.",
        "CaptureQueriesContext(connection), used with `with`, counts: len() of it says how many.",
        "A number alone proves nothing. Compare the two numbers.",
    ],
)


@grows.cases
def _() -> object:
    return [(cities,), (joined_cities,), (always_three,), (skills_again,), (in_a_transaction,)]


@grows.expects
def _(report: Callable[[Any], None]) -> object:
    return report in (cities, skills_again)


@grows.mistake(
    "A report that always asks the same number does not grow, however many that are. "
    "Compare two calls with each other, not one call with a number."
)
def one_call_only(run: Run) -> bool:
    return run.value is True and run.arguments == (always_three,)


@grows.mistake(
    "This report grows, and your function did not notice. Is each call inside a `with` of its own "
    "that counts, one with two employees and one with ten?"
)
def not_noticed(run: Run) -> bool:
    return run.value is False and run.expected is True and run.queries > 0


@grows.mistake("Your function never calls the report: there was no query at all.")
def never_called(run: Run) -> bool:
    return run.queries == 0 and run.error is None


@grows.mistake("Asked is True or False. Your function returns a number of queries.")
def a_number(run: Run) -> bool:
    return isinstance(run.value, int) and not isinstance(run.value, bool)


@grows.mistake(
    "assertNumQueries ends the function with an AssertionError. Asked is an answer: True or False."
)
def not_an_answer(run: Run) -> bool:
    return failed(run, "AssertionError")


@grows.mistake(
    "The report cities does not expect people without a department. Give it employees who have one."
)
def placeless_in_report(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@grows.mistake("A report takes a queryset of employees, not a list or a number.")
def not_a_queryset(run: Run) -> bool:
    return failed(run, "AttributeError", "'list' object") or failed(run, "TypeError", "'int'")


@grows.right
def grows_by_glass(report: Callable[[Any], None]) -> object:
    def asked(number: int) -> int:
        with watch("sql", show=False) as seen:
            report(Employee.objects.exclude(department=None).order_by("pk")[:number])
        return len(seen.queries)

    return asked(2) < asked(10)


@grows.right
def grows_by_assertion(report: Callable[[Any], None]) -> object:
    staff = Employee.objects.exclude(department=None)
    with CaptureQueriesContext(connection) as few:
        report(staff[:2])
    try:
        with TestCase().assertNumQueries(len(few)):
            report(staff[:10])
    except AssertionError:
        return True
    return False


@grows.right
def grows_by_wrapper(report: Callable[[Any], None]) -> object:
    counts = []
    for number in (2, 10):
        asked: list[str] = []

        def note(
            execute: Any, sql: str, params: Any, many: bool, context: Any, asked: Any = asked
        ) -> Any:
            asked.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            report(Employee.objects.exclude(department=None)[:number])
        counts.append(len(asked))
    return counts[0] != counts[1]


@grows.right
def grows_by_log(report: Callable[[Any], None]) -> object:
    counts = []
    with override_settings(DEBUG=True):
        for number in (2, 10):
            reset_queries()
            report(Employee.objects.filter(department__isnull=False)[:number])
            counts.append(len(connection.queries))
    return counts[1] > counts[0]


@grows.wrong(one_call_only)
def grows_if_many(report: Callable[[Any], None]) -> object:
    with CaptureQueriesContext(connection) as asked:
        report(Employee.objects.exclude(department=None)[:10])
    return len(asked) > 2


@grows.wrong(not_noticed)
def grows_without_with(report: Callable[[Any], None]) -> object:
    test = TestCase()
    for number in (2, 10):
        test.assertNumQueries(1)
        report(Employee.objects.exclude(department=None)[:number])
    return False


@grows.wrong(not_noticed)
def grows_counted_late(report: Callable[[Any], None]) -> object:
    staff = Employee.objects.exclude(department=None)
    with CaptureQueriesContext(connection) as few:
        two = staff[:2]
    with CaptureQueriesContext(connection) as many:
        ten = staff[:10]
    report(two)
    report(ten)
    return len(many) > len(few)


@grows.wrong(never_called)
def grows_always(report: Callable[[Any], None]) -> object:
    return report is not None


@grows.wrong(a_number)
def grows_by_how_much(report: Callable[[Any], None]) -> object:
    counts = []
    for number in (2, 10):
        with CaptureQueriesContext(connection) as asked:
            report(Employee.objects.exclude(department=None)[:number])
        counts.append(len(asked))
    return counts[1] - counts[0]


@grows.wrong(not_an_answer)
def grows_asserts(report: Callable[[Any], None]) -> object:
    with TestCase().assertNumQueries(1):
        report(Employee.objects.exclude(department=None)[:10])
    return False


@grows.wrong(placeless_in_report)
def grows_for_anybody(report: Callable[[Any], None]) -> object:
    counts = []
    for number in (2, 10):
        with CaptureQueriesContext(connection) as asked:
            report(Employee.objects.all()[:number])
        counts.append(len(asked))
    return counts[1] > counts[0]


@grows.wrong(not_noticed)
def grows_nested(report: Callable[[Any], None]) -> object:
    staff = Employee.objects.exclude(department=None)
    with CaptureQueriesContext(connection) as few:
        report(staff[:2])
        with CaptureQueriesContext(connection) as many:
            report(staff[:10])
    return len(many) > len(few)


@grows.wrong(not_a_queryset)
def grows_by_lists(report: Callable[[Any], None]) -> object:
    with CaptureQueriesContext(connection) as asked:
        report(list(Employee.objects.all()[:2]))
        report(2)
    return len(asked) > 2
