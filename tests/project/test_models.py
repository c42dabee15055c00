"""The models: what the database refuses, what the managers find, what a name costs."""

from datetime import date
from typing import Any

import pytest
from accounts.models import Profile
from company.models import Assignment, Department, Employee, Project, Skill
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from shop.models import Category, Customer, Order, OrderLine, Product, Review

DAY = date(2026, 3, 2)
PRICE = {"name": "Fig", "sku": "FIG", "category_id": 1}
STAFF = {"name": "Ida", "title": "Clerk", "salary": 1, "hired_on": DAY}


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Department, {"name": "Sales", "city": "Cork", "budget": 1}),
        (Department, {"name": "Archive", "city": "Cork", "budget": -1}),
        (Skill, {"name": "Python"}),
        (Employee, STAFF | {"email": "siobhan.obrien@northlight.example"}),
        (Employee, STAFF | {"email": "ida@northlight.example", "id": 99, "manager_id": 99}),
        (Employee, STAFF | {"email": "ida@northlight.example", "salary": -1}),
        (
            Project,
            {
                "name": "Past",
                "code": "PAST",
                "department_id": 1,
                "starts_on": DAY,
                "ends_on": DAY,
                "budget": 1,
            },
        ),
        (Assignment, {"employee_id": 1, "project_id": 1, "role": "lead", "hours_per_week": 0}),
        (Assignment, {"employee_id": 1, "project_id": 1, "role": "lead", "hours_per_week": 61}),
        (Customer, {"name": "Ann", "email": "ann.obrien@example.com", "joined_on": DAY}),
        (Category, {"name": "Herbs"}),
        (Product, PRICE | {"price": -1}),
        (Product, PRICE | {"price": 1, "stock": -1}),
        (Product, PRICE | {"price": 1, "sku": "HER-001"}),
        (Order, {"number": "2026-0001", "customer_id": 1}),
        (Order, {"number": "2026-9999", "customer_id": 1, "status": "lost"}),
        (OrderLine, {"order_id": 400, "product_id": 1, "quantity": 0, "unit_price": 1}),
        (OrderLine, {"order_id": 400, "product_id": 1, "quantity": 1, "unit_price": -1}),
        (Review, {"product_id": 79, "customer_id": 1, "rating": 0, "written_on": DAY}),
        (Review, {"product_id": 79, "customer_id": 1, "rating": 6, "written_on": DAY}),
        (Profile, {"user_id": 2}),
    ],
)
def test_the_database_refuses(rows: str, model: type[models.Model], values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        model._base_manager.create(**values)


@pytest.mark.parametrize("model", [Assignment, OrderLine, Review])
def test_the_same_pair_twice_is_refused(rows: str, model: type[models.Model]) -> None:
    again = model._base_manager.order_by("pk")[0]
    again.pk = None
    again._state.adding = True
    with pytest.raises(ValidationError, match="already exists"):
        again.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


def test_every_row_would_pass_a_form(rows: str) -> None:
    for model in [Department, Project, Assignment, Category, Profile]:
        for row in model._base_manager.all():
            row.full_clean()


def test_a_project_that_ends_before_it_starts_is_told_so(rows: str) -> None:
    project = Project.objects.first()
    project.ends_on = project.starts_on
    with pytest.raises(ValidationError, match="A project ends after it starts"):
        project.full_clean()


def test_what_happens_to_the_others(rows: str) -> None:
    with pytest.raises(ProtectedError):
        Customer.objects.get(pk=1).delete()
    with pytest.raises(ProtectedError):
        Product.objects.get(pk=1).delete()
    Department.objects.get(name="Engineering").delete()
    assert Employee.objects.filter(department=None).count() == 18
    assert not Project.objects.filter(code__startswith="ENG").exists()
    User.objects.get(username="ann").delete()
    assert Customer.objects.get(pk=1).user is None


def test_managers(rows: str) -> None:
    assert Employee.objects.active().count() == 56
    assert Employee.objects.heads().count() == 8
    assert Department.objects.get(name="Sales").employees.active().heads().count() == 1
    assert set(Project.objects.running().values_list("ends_on", flat=True)) == {None}
    assert set(Order.objects.open().values_list("status", flat=True)) == {"new", "paid"}
    assert Product.objects.active().count() == 77
    assert Product.objects.in_stock().count() == 73
    plants = Category.objects.get(name="Plants")
    assert Product.objects.in_category(plants).count() == 42
    assert Product.objects.in_category(Category.objects.get(name="Houseplants")).count() == 18


def test_totals(rows: str) -> None:
    for order in Order.objects.with_total().filter(pk__gt=390):
        assert order.total == sum(line.amount for line in order.lines.all())


def test_who_sees_which_orders(rows: str) -> None:
    admin, ann, kofi = (User.objects.get(username=name) for name in ("admin", "ann", "kofi"))
    assert Order.objects.visible_to(admin).count() == 400
    assert set(Order.objects.visible_to(ann)) == set(ann.customer.orders.all()) != set()
    assert not Order.objects.visible_to(kofi).exists()
    assert not Order.objects.visible_to(AnonymousUser()).exists()


def test_names_on_the_way_back(rows: str) -> None:
    assert Department.objects.filter(project__code="ENG-01").get().name == "Engineering"
    assert Employee.objects.filter(sale__number="2024-0002").count() == 1
    assert Product.objects.filter(review__rating=1).exists()
    assert Customer.objects.get(name__startswith="Mallory").review_set.exists()


def test_str_asks_nothing(rows: str, django_assert_num_queries: Any) -> None:
    for model in [Department, Skill, Employee, Project, Assignment, Customer, Category]:
        first = model._base_manager.order_by("pk")[0]
        with django_assert_num_queries(0):
            assert str(first)
    for model in [Product, Order, OrderLine, Review, Profile]:
        first = model._base_manager.order_by("pk")[0]
        with django_assert_num_queries(0):
            assert str(first)
    assert str(Order.objects.get(pk=1)) == "2024-0001"
