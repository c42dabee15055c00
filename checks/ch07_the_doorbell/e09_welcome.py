"""07.9 A welcome for everybody who is new."""

from __future__ import annotations

from functools import partial
from typing import Any

from company.models import Employee
from django.db import IntegrityError, transaction
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver

from checks.ch07_the_doorbell import VANISHED, as_on_a_server, trouble, vanished
from checks.common import rows
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

welcome = Exercise(
    "07.9",
    "A welcome for everybody who is new",
    minutes=4,
    needs_commit=True,  # on_commit is a good place, too.
    hints=[
        "Which signal rings when an employee was saved, wherever that happens?",
        "post_save hands over the object as instance, and created: whether the row is new.",
        "Your receiver is made inside a function. Who keeps it alive?",
    ],
)


@welcome.cases
def cases() -> object:
    as_on_a_server()
    return [([],)]


@welcome.check
def check(run: Run) -> str | None:
    (mails,) = run.arguments
    if mails:
        return "There is mail already, and nobody was hired yet. Only who is new gets one."
    gone = vanished(post_save)
    try:
        ann = rows.employee(email="ann@northlight.example")
        if not mails:
            return VANISHED if gone else "Somebody was hired, and the list is still empty."
        if mails != [ann.email]:
            return (
                f"After ann@northlight.example was hired, the list is {compare.shown(mails)}. "
                "Asked is her email, once."
            )
        ann.save()
        Employee.objects.earliest("pk").save()
        if len(mails) > 1:
            return "Somebody was saved again, and got a welcome again. created says who is new."
        with transaction.atomic():
            Employee.objects.create(
                name="Ann again", email=ann.email, salary=1, hired_on="2026-01-07"
            )
    except IntegrityError:
        if len(mails) > 1:
            return (
                "A save failed, nobody was hired, and there is a welcome for them. "
                "pre_save rings before the row is written; post_save rings after it."
            )
    except Exception as error:  # noqa: BLE001 A learner's receiver may do anything.
        return trouble(error)
    try:
        rows.department()
    except Exception as error:  # noqa: BLE001 A learner's receiver may do anything.
        return f"A department was saved, and your receiver heard it: name the sender. {error}"
    return None


@welcome.right
def with_decorator(mails: list[str]) -> None:
    @receiver(post_save, sender=Employee, weak=False, dispatch_uid="welcome")
    def greet_them(instance: Any, **kwargs: Any) -> None:
        if kwargs["created"]:
            mails.append(instance.email)


@welcome.right
def all_senders(mails: list[str]) -> None:
    def greet_them(sender: Any, instance: Any, created: bool, **kwargs: Any) -> None:
        if created and isinstance(instance, Employee):
            transaction.on_commit(partial(mails.append, instance.email))

    post_save.connect(greet_them, weak=False)


@welcome.wrong(VANISHED)
def weak(mails: list[str]) -> None:
    def greet_them(sender: Any, instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            mails.append(instance.email)

    post_save.connect(greet_them, sender=Employee)


@welcome.wrong("Somebody was saved again, and got a welcome again")
def at_each_save(mails: list[str]) -> None:
    post_save.connect(lambda instance, **kw: mails.append(instance.email), Employee, weak=False)


@welcome.wrong("your receiver heard it: name the sender")
def of_every_model(mails: list[str]) -> None:
    def greet_them(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            mails.append(instance.email)

    post_save.connect(greet_them, weak=False)


@welcome.wrong("A save failed, nobody was hired, and there is a welcome")
def before_the_row(mails: list[str]) -> None:
    def greet_them(instance: Any, **kwargs: Any) -> None:
        if instance.pk is None:
            mails.append(instance.email)

    pre_save.connect(greet_them, sender=Employee, weak=False)


@welcome.wrong("Your receiver failed when the bell rang")
def created_too_early(mails: list[str]) -> None:
    def greet_them(instance: Any, created: bool, **kwargs: Any) -> None:
        mails.append(instance.email)

    pre_save.connect(greet_them, sender=Employee, weak=False)


@welcome.wrong("Asked is her email, once")
def objects(mails: list[Any]) -> None:
    post_save.connect(lambda instance, **kw: mails.append(instance), Employee, weak=False)


@welcome.wrong("There is mail already, and nobody was hired yet")
def those_who_are_here(mails: list[str]) -> None:
    mails += Employee.objects.values_list("email", flat=True)
