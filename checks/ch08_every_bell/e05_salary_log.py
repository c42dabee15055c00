"""08.5 Before and after: the old value and the new one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from company.models import Department, Employee
from django.db.models.signals import post_init, post_save, pre_save
from django.dispatch import receiver

from checks.ch08_every_bell import LAYERS, Day, hire, of_days
from checks.common import changes
from tutor.judge.exercise import Exercise, Run


def two_raises() -> None:
    """one salary is raised twice, another by update_fields"""
    first, second, third = Employee.objects.order_by("pk")[:3]
    for salary in (50_001, 50_002):
        first.salary = salary
        first.save()
    second.salary = 60_001
    second.save(update_fields=["salary"])
    third.title = "Head Gardener"
    third.save()


def hired_and_raised() -> None:
    """somebody is hired, and gets a higher salary on the same day"""
    nils = hire("Nils Berg", salary=40_000)
    nils.salary = 41_000
    nils.save()
    Department.objects.earliest("pk").save()


def salaries() -> list[tuple[str, int, int]]:
    first, second = Employee.objects.order_by("pk")[:2]
    return [
        (first.name, first.salary, 50_001),
        (first.name, 50_001, 50_002),
        (second.name, second.salary, 60_001),
    ]


salary_log = Exercise(
    "08.5",
    "Before and after",
    minutes=8,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "In post_save the row has the new value already. Where can you still read the old one?",
        "A receiver of pre_save reads the row: Employee.objects.get(pk=instance.pk).salary.",
        "A new employee has no row yet: instance._state.adding is True. Leave it out.",
    ],
)


of_days(salary_log, {two_raises: salaries, hired_and_raised: [("Nils Berg", 40_000, 41_000)]})


@salary_log.mistake(
    "A new employee has no row yet, so there is no old salary to read. "
    "Leave out the objects that are being added: instance._state.adding."
)
def no_row_yet(run: Run) -> bool:
    return type(run.error).__name__ == "DoesNotExist"


@salary_log.mistake("Another model has no salary. Say which sender you listen to.")
def no_salary(run: Run) -> bool:
    return isinstance(run.error, AttributeError) and "'salary'" in str(run.error)


@salary_log.mistake(
    "Old and new are the same in your list. After the save, the row has the new salary: "
    "read the old one in pre_save."
)
def read_after(run: Run) -> bool:
    rows = {tuple(row) for row in run.unexpected}
    return bool(run.missing) and any(old == new for _, old, new in rows)


@salary_log.mistake(
    "Your list is empty. Perhaps you compare in post_save? There the row has the new salary "
    "already. Read the old one in pre_save."
)
def nothing_differs(run: Run) -> bool:
    return not run.rows


@salary_log.mistake("Your list has saves that did not change the salary. Compare old and new.")
def not_compared(run: Run) -> bool:
    return bool(run.unexpected) and all(old == new for _, old, new in run.unexpected)


@salary_log.mistake("Your list has a person who was hired. No salary was changed by that.")
def hired_in_list(run: Run) -> bool:
    return any(name == "Nils Berg" and not old for name, old, _ in run.unexpected)


@salary_log.mistake("Each row is (name, old, new), in this order. Yours has old and new exchanged.")
def exchanged(run: Run) -> bool:
    return (*run.missing[0][:1], *run.missing[0][:0:-1]) in [tuple(row) for row in run.unexpected]


@salary_log.mistake(
    "A salary was raised twice by the same object. The second time, the old salary is that of "
    "the first raise: the object must not keep the very first one."
)
def very_first(run: Run) -> bool:
    return any(new == 50_002 and old != 50_001 for _, old, new in run.unexpected)


@salary_log.mistake("A change is missing where save() named its fields: update_fields=['salary'].")
def without_update_fields(run: Run) -> bool:
    return len(run.missing) == 1 and run.missing[0][2] == 60_001


@salary_log.right
def by_values(day: Day) -> object:
    log = []

    @receiver(pre_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        old = Employee.objects.filter(pk=instance.pk).values_list("salary", flat=True).first()
        if old is not None and old != instance.salary:
            log.append([instance.name, old, instance.salary])

    day()
    return log


@salary_log.right
def kept_on_the_object(day: Day) -> object:
    log = []

    @receiver(post_init, sender=Employee)
    def keep(instance: Any, **kwargs: Any) -> None:
        instance.old_salary = instance.salary

    @receiver(post_save, sender=Employee)
    def compare(instance: Any, created: bool, **kwargs: Any) -> None:
        if not created and instance.salary != instance.old_salary:
            log.append((instance.name, instance.old_salary, instance.salary))
        instance.old_salary = instance.salary

    day()
    return log


@salary_log.right
def in_two_steps(day: Day) -> Iterator[object]:
    log = []

    @receiver(pre_save, sender=Employee)
    def remember(instance: Any, **kwargs: Any) -> None:
        try:
            instance.before = Employee.objects.get(pk=instance.pk)
        except Employee.DoesNotExist:
            instance.before = None

    @receiver(post_save, sender=Employee)
    def compare(instance: Any, created: bool, **kwargs: Any) -> None:
        if instance.before and instance.before.salary != instance.salary:
            log.append((instance.name, instance.before.salary, instance.salary))

    day()
    yield from log


@salary_log.right
def known_from_the_start(day: Day) -> object:
    log = []
    known = dict(Employee.objects.values_list("pk", "salary"))

    @receiver(post_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        if known.get(instance.pk, instance.salary) != instance.salary:
            log.append((instance.name, known[instance.pk], instance.salary))
        known[instance.pk] = instance.salary

    day()
    return log


@salary_log.wrong(no_row_yet)
def get_of_all(day: Day) -> object:
    log = []

    @receiver(pre_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        old = Employee.objects.get(pk=instance.pk).salary
        if old != instance.salary:
            log.append((instance.name, old, instance.salary))

    day()
    return log


@salary_log.wrong(no_salary)
def salary_of_all(day: Day) -> object:
    log = []

    @receiver(pre_save)
    def heard(instance: Any, **kwargs: Any) -> None:
        if not instance._state.adding:
            old = type(instance).objects.get(pk=instance.pk)
            if old.salary != instance.salary:
                log.append((instance.name, old.salary, instance.salary))

    day()
    return log


@salary_log.wrong(read_after)
def row_after_the_save(day: Day) -> object:
    log = []

    @receiver(post_save, sender=Employee)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if not created:
            old = Employee.objects.get(pk=instance.pk).salary
            log.append((instance.name, old, instance.salary))

    day()
    return log


@salary_log.wrong(nothing_differs)
def compared_after_the_save(day: Day) -> object:
    log = []

    @receiver(post_save, sender=Employee)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        old = Employee.objects.get(pk=instance.pk).salary
        if old != instance.salary:
            log.append((instance.name, old, instance.salary))

    day()
    return log


@salary_log.wrong(not_compared)
def every_row(day: Day) -> object:
    log = []

    @receiver(pre_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        if not instance._state.adding:
            old = Employee.objects.get(pk=instance.pk).salary
            log.append((instance.name, old, instance.salary))

    day()
    return log


@salary_log.wrong(hired_in_list)
def hired_as_a_raise(day: Day) -> object:
    log = []

    @receiver(pre_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        row = Employee.objects.filter(pk=instance.pk).first()
        old = row.salary if row else 0
        if old != instance.salary:
            log.append((instance.name, old, instance.salary))

    day()
    return log


@salary_log.wrong(exchanged)
def new_before_old(day: Day) -> object:
    log = []

    @receiver(pre_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        row = Employee.objects.filter(pk=instance.pk).first()
        if row and row.salary != instance.salary:
            log.append((instance.name, instance.salary, row.salary))

    day()
    return log


@salary_log.wrong(very_first)
def salary_of_post_init(day: Day) -> object:
    log = []

    @receiver(post_init, sender=Employee)
    def keep(instance: Any, **kwargs: Any) -> None:
        instance.old_salary = instance.salary

    @receiver(post_save, sender=Employee)
    def compare(instance: Any, created: bool, **kwargs: Any) -> None:
        if not created and instance.salary != instance.old_salary:
            log.append((instance.name, instance.old_salary, instance.salary))

    day()
    return log


@salary_log.wrong(without_update_fields)
def only_whole_saves(day: Day) -> object:
    log = []

    @receiver(pre_save, sender=Employee)
    def heard(instance: Any, update_fields: Any, **kwargs: Any) -> None:
        if instance._state.adding or update_fields:
            return
        old = Employee.objects.get(pk=instance.pk).salary
        if old != instance.salary:
            log.append((instance.name, old, instance.salary))

    day()
    return log
