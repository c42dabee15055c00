"""07.2 Departments only."""

from __future__ import annotations

from typing import Any

from company.models import Department
from django.db.models.signals import post_delete, post_init, post_save, pre_save
from django.dispatch import receiver
from shop.models import Product

from checks.ch07_the_doorbell import HEARD, VANISHED, as_on_a_server, listener, trouble, vanished
from checks.common import rows
from tutor.judge.exercise import Exercise, Run

NOT_RUN = (
    "A department was saved, and note did not run. Which signal is it connected to, and for "
    "which sender?"
)


follow = Exercise(
    "07.2",
    "Departments only",
    minutes=3,
    hints=[
        "Which of Django's signals rings after a save? The lesson used it in section 5.",
        "A receiver that hears one sender only is connected with sender=.",
        "post_save.connect takes the function, without (), and the class of the sender.",
    ],
)


@follow.cases
def cases() -> object:
    as_on_a_server()
    return [(listener("note"),)]


@follow.check
def check(run: Run) -> str | None:
    if HEARD:
        return "note ran before anything was saved. Connect it, and leave the calls to the signal."
    gone = vanished(post_save)
    department = Department.objects.earliest("pk")
    if HEARD:
        return "note ran when a department was only read. post_save rings after a save."
    for number, save in enumerate((department.save, rows.department), start=1):
        try:
            save()
        except Exception as error:  # noqa: BLE001 A learner's own receiver may do anything.
            return trouble(error)
        if not HEARD:
            return VANISHED if gone else NOT_RUN
        if HEARD[0][2].get("signal") is pre_save:
            return "note ran before the row was written. Asked is after the save: post_save."
        if len(HEARD) != number:
            return "note ran more than once for one save. It is registered under two keys."
    if not Department.objects.filter(name="Archive").exists():
        return "note ran, and nothing was saved. Leave save() as it is, and connect to its signal."
    rows.employee()
    Product.objects.earliest("pk").save()
    if others := {getattr(sender, "__name__", sender) for _, sender, _ in HEARD[2:]}:
        return (
            f"note heard the save of {' and '.join(sorted(others))} too. Only Department is asked."
        )
    department.delete()
    return "note ran when a department was deleted, too." if len(HEARD) > 2 else None


@follow.mistake("As a text, a sender has two parts: app and model, as in 'company.Department'.")
def half_a_name(run: Run) -> bool:
    return isinstance(run.error, ValueError) and "Invalid" in str(run.error)


@follow.mistake("connect takes the function itself, without (): note, and not note(...).")
def called(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "receiver" not in str(run.error)


@follow.right
def by_decorator(note: Any) -> None:
    receiver(post_save, sender=Department)(note)


@follow.right
def by_name(note: Any) -> None:
    post_save.connect(note, "company.Department", dispatch_uid="note")


@follow.right
def looked_at_sender(note: Any) -> None:
    @receiver(post_save, weak=False)
    def only_departments(sender: Any, **kwargs: Any) -> None:
        if issubclass(sender, Department):
            note(sender, **kwargs)


@follow.wrong("note heard the save of Employee and Product too. Only Department is asked.")
def everybody(note: Any) -> None:
    post_save.connect(note)


@follow.wrong(half_a_name)
def model_name(note: Any) -> None:
    post_save.connect(note, sender="Department")


@follow.wrong(called)
def called_at_once(note: Any) -> None:
    post_save.connect(note(sender=Department), sender=Department)


@follow.wrong(NOT_RUN)
def of_an_object(note: Any) -> None:
    post_save.connect(note, sender=Department.objects.first())


@follow.wrong("note ran before the row was written")
def too_early(note: Any) -> None:
    pre_save.connect(note, sender=Department)


@follow.wrong("note ran when a department was deleted, too.")
def both_bells(note: Any) -> None:
    receiver([post_save, post_delete], sender=Department)(note)


@follow.wrong("note ran, and nothing was saved")
def in_place_of_save(note: Any) -> None:
    Department.save = lambda self, *args, **kwargs: note(Department)  # type: ignore[method-assign]


@follow.wrong("note ran when a department was only read")
def at_each_object(note: Any) -> None:
    post_init.connect(note, sender=Department)


@follow.wrong("note ran more than once for one save")
def two_names(note: Any) -> None:
    post_save.connect(note, sender=Department, dispatch_uid="one")
    post_save.connect(note, sender=Department, dispatch_uid="two")


@follow.wrong(VANISHED)
def lost_wrapper(note: Any) -> None:
    post_save.connect(lambda sender, **kwargs: note(sender, **kwargs), sender=Department)


@follow.wrong("A receiver takes **kwargs")
def without_kwargs(note: Any) -> None:
    post_save.connect(lambda sender, instance: note(sender), sender=Department, weak=False)
