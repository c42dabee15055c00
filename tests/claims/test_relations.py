"""Sentences of lessons 04 and 06 about relations and windows."""

import pytest
from company.models import Department, Employee
from django.core.exceptions import FieldError
from django.db.models import F, Window
from django.db.models.functions import Rank
from shop.models import Product

pytestmark = pytest.mark.usefixtures("rows")


def test_without_a_related_name_a_filter_takes_the_name_of_the_model() -> None:
    assert Product.objects.filter(review__rating=5).exists()
    with pytest.raises(FieldError):
        Product.objects.filter(review_set__rating=5)


def test_prefetched_rows_answer_all_count_and_exists(django_assert_num_queries) -> None:
    departments = list(Department.objects.prefetch_related("employees"))
    with django_assert_num_queries(0):
        for department in departments:
            people = list(department.employees.all())
            assert department.employees.count() == len(people)
            assert department.employees.exists() == bool(people)
    for question in (
        departments[0].employees.filter(salary__gt=1),
        departments[0].employees.order_by("pk"),
    ):
        with django_assert_num_queries(1):
            list(question)


def test_a_window_sees_only_the_rows_that_the_filters_let_through() -> None:
    place = Window(Rank(), partition_by="department", order_by=F("salary").desc())
    sales = Employee.objects.filter(department__name="Sales").annotate(place=place)
    first, second = sales.order_by("place")[:2]
    assert (first.place, second.place) == (1, 2)
    without_the_first = sales.filter(salary__lt=first.salary).order_by("place")
    assert (without_the_first[0].pk, without_the_first[0].place) == (second.pk, 1)
