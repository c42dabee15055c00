"""08.3 New people only: what created says."""

from __future__ import annotations

from typing import Any

from company.models import Department, Employee, Project, Skill
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver

from checks.ch08_every_bell import LAYERS, Day, hire, of_days
from checks.common import changes
from tutor.judge.exercise import Exercise, Run


def two_hired() -> None:
    """two people are hired, and one of them is saved again"""
    nils = hire("Nils Berg")
    Skill.objects.create(name="Falconry")
    hire("Wilma Strand")
    nils.title = "Head Gardener"
    nils.save()
    nils.save(update_fields=["title"])


def known_key() -> None:
    """somebody is hired whose number was known before"""
    Employee.objects.earliest("pk").save()
    hire("Kim Lee", pk=9000)


def nobody_hired() -> None:
    """everybody is saved, and nobody is hired"""
    for person in Employee.objects.order_by("pk")[:3]:
        person.save()
    Department.objects.earliest("pk").save()


newcomers = Exercise(
    "08.3",
    "New people only",
    minutes=5,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "Which of the two signals of save knows whether the row is new?",
        "post_save has the argument created. Keep the name only when it is True.",
        "Make an empty list, connect a receiver that appends to it, call day(), return the list.",
    ],
)


of_days(
    newcomers,
    {two_hired: ["Nils Berg", "Wilma Strand"], known_key: ["Kim Lee"], nobody_hired: []},
)


@newcomers.mistake("Your list has employees. Asked are their names.")
def employees_not_names(run: Run) -> bool:
    return isinstance(run.rows[0], Employee)


@newcomers.mistake("Your list has things that are no employees. Say which sender you listen to.")
def other_senders(run: Run) -> bool:
    names = {"Falconry", *Department.objects.values_list("name", flat=True)}
    return any(str(row) in names for row in run.unexpected)


@newcomers.mistake(
    "It is the wrong way round: a new object has no key in pre_save, an old one has. "
    "created, in post_save, says it right."
)
def key_means_old(run: Run) -> bool:
    return bool(run.unexpected) and bool(run.missing)


@newcomers.mistake("Your list has people who were only saved again. post_save says it: created.")
def saved_again(run: Run) -> bool:
    return bool(run.unexpected)


@newcomers.mistake(
    "Somebody is missing whose key was known before the save. No key is not the same as new: "
    "ask created, or instance._state.adding."
)
def key_known(run: Run) -> bool:
    return run.missing == ["Kim Lee"]


@newcomers.mistake(
    "Your list is empty, though people were hired. Connect before day() is called, "
    "to a signal of save, with Employee as the sender."
)
def too_late(run: Run) -> bool:
    return not run.rows


@newcomers.right
def adding_in_pre_save(day: Day) -> object:
    found = []

    def heard(sender: Any, instance: Any, **kwargs: Any) -> None:
        if instance._state.adding:
            found.append(instance.name)

    pre_save.connect(heard, sender=Employee)
    day()
    return found


@newcomers.right
def with_a_dict(day: Day) -> object:
    found: dict[str, bool] = {}

    @receiver(post_save, sender="company.Employee", weak=False, dispatch_uid="newcomers")
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            found[instance.name] = True

    day()
    return found.keys()


@newcomers.right
def any_sender(day: Day) -> object:
    class Newcomers(list[str]):
        def hear(self, sender: Any, instance: Any, **kwargs: Any) -> None:
            if sender is Employee and kwargs["created"]:
                self.append(instance.name)

    found = Newcomers()
    post_save.connect(found.hear)
    day()
    return list(found)


@newcomers.right
def compared_with_before(day: Day) -> object:
    before = set(Employee.objects.values_list("pk", flat=True))
    day()
    return Employee.objects.exclude(pk__in=before).values_list("name", flat=True)


@newcomers.wrong(other_senders)
def every_sender(day: Day) -> object:
    found = []

    @receiver(post_save)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            found.append(str(instance))

    day()
    return found


@newcomers.wrong(key_means_old)
def if_instance_pk(day: Day) -> object:
    found = []

    @receiver(pre_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        if instance.pk:
            found.append(instance.name)

    day()
    return found


@newcomers.wrong(key_known)
def if_not_instance_pk(day: Day) -> object:
    found = []

    @receiver(pre_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        if not instance.pk:
            found.append(instance.name)

    day()
    return found


@newcomers.wrong(employees_not_names)
def instances(day: Day) -> object:
    found = []

    @receiver(post_save, sender=Employee)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            found.append(instance)

    day()
    return found


@newcomers.wrong(saved_again)
def every_save(day: Day) -> object:
    found = []

    @receiver(post_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        found.append(instance.name)

    day()
    return found


@newcomers.wrong(too_late)
def connected_afterwards(day: Day) -> object:
    found = []

    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            found.append(instance.name)

    day()
    post_save.connect(heard, sender=Employee)
    return found


@newcomers.wrong(too_late)
def wrong_model(day: Day) -> object:
    found = []

    @receiver(post_save, sender=Project)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        found.append(instance.name)

    day()
    return found


@newcomers.wrong("returned nothing (None)")
def without_return(day: Day) -> None:
    found = []

    @receiver(post_save, sender=Employee)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            found.append(instance.name)

    day()
