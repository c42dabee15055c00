"""Sentences of lessons 02 and 03 about saving, each tried on the database of the run."""

import uuid
from pathlib import Path

import pytest
from company.models import Department, Project
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.exceptions import NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ModelState, ProjectState
from django.forms import modelform_factory
from django.test.utils import isolate_apps, override_settings
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


def with_field(name: str, **options: object) -> ProjectState:
    """A project whose one model has this one text field."""
    state = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True))]
    fields.append((name, models.CharField(max_length=80, **options)))
    state.add_model(ModelState("nursery", "Plant", fields))
    return state


@pytest.mark.parametrize(
    ("options", "asked"),
    [({}, 1), ({"default": ""}, 0), ({"db_column": "name"}, 1), ({"db_column": "label"}, 0)],
)
def test_django_asks_about_a_rename_when_the_fields_are_defined_alike(
    options: dict[str, str], asked: int
) -> None:
    class Questioner(MigrationQuestioner):
        questions = 0

        def ask_rename(self, *field: object) -> bool:
            self.questions += 1
            return True

        def ask_not_null_addition(self, *field: object) -> str:
            return ""

    questioner = Questioner()
    old, new = with_field("name"), with_field("title", **options)
    MigrationAutodetector(old, new, questioner)._detect_changes()
    assert questioner.questions == asked


@pytest.mark.parametrize(("named", "found"), [("0003_join", False), ("0001_all", True)])
def test_a_later_migration_must_name_the_squashed_file(
    named: str, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / f"rows_after_{named}"  # a name of its own: Python remembers modules
    folder.mkdir()
    (folder / "__init__.py").touch()
    text = "from django.db import migrations\nclass Migration(migrations.Migration):\n"
    for file, dependencies in {"0001_all": [], "0004_later": [("loyalty", named)]}.items():
        lines = f"{text}    dependencies = {dependencies}\n"
        (folder / f"{file}.py").write_text(lines, "utf8")
    monkeypatch.syspath_prepend(tmp_path)
    with override_settings(MIGRATION_MODULES={"loyalty": folder.name}):
        if found:
            assert ("loyalty", "0004_later") in MigrationLoader(None).graph.nodes
        else:
            with pytest.raises(NodeNotFoundError, match=named):
                MigrationLoader(None)
