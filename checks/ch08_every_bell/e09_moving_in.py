"""08.9 Moving in: fixtures ring, too."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from company.models import Department, Project, Skill
from django.core.management import call_command
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver

from checks.ch08_every_bell import LAYERS, Day, of_days
from checks.common import changes, rows
from tutor.judge.exercise import Exercise, Run


def load(*rows: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "rows.json")
        file.write_text(json.dumps(rows), encoding="utf-8")
        call_command("loaddata", file, verbosity=0)


def projects_of(department: Department) -> list[str]:
    return [f"{each.code} {each.name}" for each in department.projects.order_by("name")]


def opened() -> list[str]:
    """a department is opened, and renamed a little later"""
    archive = rows.department(name="Archive")
    archive.name = "Library"
    archive.save()
    Skill.objects.create(name="Falconry")
    return [text.replace(str(archive.pk), "N") for text in projects_of(archive)]


def moved_by_fixture() -> list[str]:
    """a department comes from a fixture, with its project"""
    fields = {"name": "Archive", "city": "Bergen", "budget": "0"}
    project = {"name": "Moving the Archive", "code": "MOVE-900", "department": 900}
    project |= {"starts_on": "2026-01-07", "budget": "500"}
    load(
        {"model": "company.department", "pk": 900, "fields": fields},
        {"model": "company.project", "pk": 900, "fields": project},
    )
    return projects_of(Department.objects.get(pk=900))


moving_in = Exercise(
    "08.9",
    "Moving in",
    minutes=8,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "When is the department's key known, so that a project can point at it?",
        "Only a new department gets a project: created.",
        "A fixture brings its own projects. The signal says that it is one: raw.",
    ],
)


of_days(
    moving_in,
    {opened: ["MOVE-N Moving in"], moved_by_fixture: ["MOVE-900 Moving the Archive"]},
)


@moving_in.mistake(
    "loaddata rings as well: your receiver made a project, and then came the fixture's own with "
    "the same code. Do nothing when raw is True."
)
def fixture_collides(run: Run) -> bool:
    return "installing fixture" in str(run.error)


@moving_in.mistake(
    "The second save of the department made the project again. Make it only when it is created."
)
def made_again(run: Run) -> bool:
    return type(run.error).__name__ == "IntegrityError" and "code" in str(run.error)


@moving_in.mistake(
    "In pre_save a new department has no key yet, and a project cannot point at it: use post_save."
)
def no_key_yet(run: Run) -> bool:
    return "unsaved related object" in str(run.error)


@moving_in.mistake(
    "Your receiver heard a model that is no department, perhaps the project that it made itself. "
    "Say which sender you listen to."
)
def hears_every_model(run: Run) -> bool:
    return isinstance(run.error, ValueError | RecursionError)


@moving_in.mistake("Your function returned nothing. End it with: return day()")
def projects_not_returned(run: Run) -> bool:
    return run.error is None and run.value is None


@moving_in.mistake("The fixture's project is there twice: your receiver made another. Ask raw.")
def fixture_and_more(run: Run) -> bool:
    return run.arguments[0].work is moved_by_fixture and len(run.rows) > 1


@moving_in.mistake(
    "The new department has no project. Make one in a receiver of post_save, and save it."
)
def no_project(run: Run) -> bool:
    return run.rows == []


@moving_in.right
def objects_create(day: Day) -> object:
    def heard(sender: Any, instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
        if created and raw is False:
            instance.projects.create(
                name="Moving in", code=f"MOVE-{instance.pk}", starts_on="2026-02-01", budget=0
            )

    post_save.connect(heard, sender=Department)
    return day()


@moving_in.right
def returns_early(day: Day) -> object:
    @receiver(post_save, sender="company.Department", dispatch_uid="moving in")
    def heard(instance: Any, **kwargs: Any) -> None:
        if kwargs["raw"] or not kwargs["created"]:
            return
        part = Project(name="Moving in", code="MOVE-" + str(instance.id), department=instance)
        part.starts_on, part.budget = "2026-02-01", 0
        part.save()

    return day()


@moving_in.right
def asked_first(day: Day) -> object:
    @receiver(post_save, sender=Department)
    def heard(instance: Any, raw: bool, **kwargs: Any) -> None:
        if not raw:
            Project.objects.get_or_create(
                code=f"MOVE-{instance.pk}",
                defaults={
                    "name": "Moving in",
                    "department": instance,
                    "starts_on": "2026-02-01",
                    "budget": 0,
                },
            )

    return day()


def move(department: Any, code: str = "MOVE-{}") -> None:
    Project.objects.create(
        name="Moving in",
        code=code.format(department.pk),
        department=department,
        starts_on="2026-02-01",
        budget=0,
    )


@moving_in.wrong(fixture_collides)
def without_raw(day: Day) -> object:
    @receiver(post_save, sender=Department)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            move(instance)

    return day()


@moving_in.wrong(made_again)
def without_created(day: Day) -> object:
    @receiver(post_save, sender=Department)
    def heard(instance: Any, raw: bool, **kwargs: Any) -> None:
        if not raw:
            move(instance)

    return day()


@moving_in.wrong(no_key_yet)
def before_the_save(day: Day) -> object:
    @receiver(pre_save, sender=Department)
    def heard(instance: Any, raw: bool, **kwargs: Any) -> None:
        if instance._state.adding and not raw:
            move(instance)

    return day()


@moving_in.wrong(hears_every_model)
def without_sender(day: Day) -> object:
    @receiver(post_save)
    def heard(instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
        if created and not raw:
            move(instance)

    return day()


@moving_in.wrong(projects_not_returned)
def moved_without_return(day: Day) -> None:
    @receiver(post_save, sender=Department)
    def heard(instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
        if created and not raw:
            move(instance)

    day()


@moving_in.wrong(made_again)
def with_another_code(day: Day) -> object:
    @receiver(post_save, sender=Department)
    def heard(instance: Any, **kwargs: Any) -> None:
        move(instance, "MOVE-{}")

    return day()


@moving_in.wrong(fixture_and_more)
def code_of_its_own(day: Day) -> object:
    @receiver(post_save, sender=Department)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            move(instance, "MOVE-900-X" if instance.pk == 900 else "MOVE-{}")

    return day()


@moving_in.wrong(no_project)
def not_written(day: Day) -> object:
    @receiver(post_save, sender=Department)
    def heard(instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
        if created and not raw:
            Project(name="Moving in", code=f"MOVE-{instance.pk}", department=instance)

    return day()
