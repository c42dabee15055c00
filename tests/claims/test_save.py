"""Sentences of lessons 02 and 03 about saving, each tried on the database of the run."""

import uuid

import pytest
from company.models import Department, Project
from django.db import IntegrityError, connection, models, transaction
from django.forms import modelform_factory
from django.test.utils import isolate_apps
from shop.models import Customer

pytestmark = pytest.mark.usefixtures("rows")


def test_create_never_changes_an_old_row() -> None:
    legal = Department.objects.get(name="Legal")
    with pytest.raises(IntegrityError), transaction.atomic():
        Department.objects.create(pk=legal.pk, name="Design", city="Porto", budget=1)
    Department(pk=legal.pk, name="Design", city="Porto", budget=1).save()
    assert Department.objects.get(pk=legal.pk).name == "Design"


def test_with_create_defaults_a_new_row_gets_only_those() -> None:
    design, is_new = Department.objects.update_or_create(
        name="Design", defaults={"city": "Cork"}, create_defaults={"budget": 9}
    )
    assert is_new
    assert (design.city, design.budget) == ("", 9)


def test_a_model_form_does_not_check_a_rule_about_a_field_that_it_does_not_show() -> None:
    form = modelform_factory(Project, fields=["ends_on"])(
        {"ends_on": "2020-01-01"}, instance=Project.objects.get(code="ENG-01")
    )
    assert form.is_valid()
    with pytest.raises(IntegrityError), transaction.atomic():
        form.save()


@pytest.mark.parametrize("lookup", ["exact", "startswith", "contains"])
def test_sqlite_looks_at_big_and_small_letters_for_exact_only(lookup: str) -> None:
    found = Customer.objects.filter(**{f"name__{lookup}": "ann o'brien"}).count()
    insensitive = connection.vendor == "sqlite" and lookup != "exact"
    assert found == (1 if insensitive else 0)


@isolate_apps("company")
def test_a_key_with_a_default_goes_to_insert_at_once() -> None:
    class Pot(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "company"
            db_table = "claims_pot"

    kind = Pot._meta.pk.db_type(connection)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE claims_pot (id {kind} PRIMARY KEY, name varchar(9))")
    pot = Pot.objects.create(name="clay")
    with pytest.raises(IntegrityError), transaction.atomic():
        Pot(pk=pot.pk, name="iron").save()
    assert Pot.objects.get().name == "clay"
