"""Chapter 08, every built-in signal: what right means, and what mistakes say.

Most answers get a day: a function that saves, deletes and so on. They connect their receivers,
then call it. So what the receivers do belongs to the run, and is shown with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from company.models import Department, Employee, Project, Skill
from django.core import mail
from django.core.mail import EmailMessage, send_mail
from django.core.management import call_command
from django.db import transaction
from django.db.models import F
from django.db.models.signals import (
    ModelSignal,
    m2m_changed,
    post_delete,
    post_init,
    post_save,
    pre_delete,
    pre_save,
)
from django.dispatch import receiver
from shop.models import Customer, Order, OrderLine, Product

from glass.layers.signals import Call
from tutor.checks import Exercise, Prediction, Run, changes

LAYERS = ("sql", "signals")
#: Arguments that only some signals of models carry.
CARRIED = ("created", "raw", "update_fields", "origin", "action", "reverse", "pk_set", "model")


class DayIsOver(RuntimeError):
    """A day was called again."""


class Day:
    """Some work, to be done while receivers are connected; its docstring says what it is.

    expected  what is right on this day, or a function that reads it from the fresh rows
    """

    def __init__(self, work: Callable[[], Any], expected: Any) -> None:
        self.work = work
        self.expected = expected
        self.begun = False

    def __call__(self) -> Any:
        if self.begun:
            raise DayIsOver("day() was called a second time.")
        self.begun = True
        return self.work()

    def __repr__(self) -> str:
        return f"the day on which {self.work.__doc__}"


def of_days(task: Exercise, days: dict[Callable[[], Any], Any]) -> None:
    """What all exercises share that get a day: each day, what is right then, and usual mistakes."""

    @task.cases
    def _() -> object:
        return [(Day(work, expected),) for work, expected in days.items()]

    @task.expects
    def _(day: Day) -> object:
        return day.expected() if callable(day.expected) else day.expected

    @task.mistake("day was never called. Connect the receiver, then call day().")
    def never_called(run: Run) -> bool:
        return run.error is None and not run.arguments[0].begun

    @task.wrong(never_called)
    def only_connected(day: Day) -> None:
        post_save.connect(print, sender=Skill, dispatch_uid="never")

    @task.wrong(never_called)
    def day_without_brackets(day: Day) -> object:
        return day

    @task.mistake("Call day() once. Keep what it returns in a variable if you need it later.")
    def called_again(run: Run) -> bool:
        return isinstance(run.error, DayIsOver)

    @task.wrong(called_again)
    def day_twice(day: Day) -> object:
        day()
        return day()

    @task.mistake(
        "A receiver gets signal, sender and more by name, and tomorrow perhaps another one. "
        "End its arguments with **kwargs."
    )
    def no_kwargs(run: Run) -> bool:
        text = str(run.error)
        return "must accept keyword arguments" in text or "unexpected keyword argument" in text

    @task.wrong(no_kwargs)
    def receiver_without_kwargs(day: Day) -> object:
        def heard(sender: Any, instance: Any) -> None: ...

        for signal in (pre_save, post_save, post_delete, m2m_changed):
            signal.connect(heard)
        return day()

    @task.mistake(
        "Your receiver takes an argument that this signal does not carry. Look at the lesson: "
        "created is only in post_save, action and pk_set only in m2m_changed."
    )
    def not_carried(run: Run) -> bool:
        text = str(run.error)
        return "missing" in text and any(f"'{name}'" in text for name in CARRIED)

    @task.wrong(not_carried)
    def receiver_of_another_signal(day: Day) -> object:
        def heard(sender: Any, origin: Any, **kwargs: Any) -> None: ...

        for signal in (pre_save, post_save, m2m_changed):
            signal.connect(heard)
        return day()

    @task.mistake(
        "Two receivers of the same name heard the same signal. Does yours stand outside your "
        "function, and was the cell run before? Then the older one still listens: put the "
        "receiver inside the function."
    )
    def older_one_listens(run: Run) -> bool:
        heard: dict[tuple[int, str], set[int]] = {}
        for call in run.seen.events:
            if isinstance(call, Call):
                key = id(call.parent), call.name
                heard.setdefault(key, set()).add(call.number)
        return any(len(functions) > 1 for functions in heard.values())

    @task.wrong(older_one_listens)
    def two_of_one_name(day: Day) -> object:
        receivers = []
        for _ in range(2):

            def heard(sender: Any, **kwargs: Any) -> None: ...

            receivers.append(heard)
            for signal in (pre_save, post_save, post_delete, m2m_changed):
                signal.connect(heard)
        return day()


def hire(name: str, **values: Any) -> Employee:
    email = f"{name.lower().replace(' ', '.')}@northlight.example"
    return changes.employee(**{"name": name, "email": email} | values)


def calls(run: Run) -> int:
    return sum(isinstance(event, Call) for event in run.seen.events)


def names(run: Run) -> tuple[str, ...]:
    """The signals of models that were sent, heard or not."""
    return tuple(send.name for send in run.seen.signals if isinstance(send.signal, ModelSignal))


# 08.1: the order of the signals.

renamed = Prediction(
    "08.1",
    "Predict: which bells, in order",
    minutes=3,
    layers=(*LAYERS, "unheard"),
    hints=[
        "Go line by line. Which line makes a Python object?",
        "get() makes an object from the row. That rings a pair of signals.",
        "One of the three changes goes straight to SQL.",
    ],
    because="get() makes an object: the pair of init. Setting an attribute rings nothing. save() "
    "rings the pair of save. update() goes straight to SQL.",
    wrong={
        ("pre_save", "post_save"): "get() makes an object, and that rings, too.",
        ("pre_init", "post_init", "pre_save", "post_save", "pre_save", "post_save"): (
            "update() saves no object: it is one SQL statement, and rings nothing."
        ),
        ("pre_save", "post_save", "pre_save", "post_save"): (
            "get() makes an object, and that rings; update() is SQL alone, and does not."
        ),
        ("pre_init", "pre_save", "post_save", "post_init"): (
            "The object is finished before it is saved: post_init comes before pre_save."
        ),
    },
    fact=names,
)


# 08.2: how often.

busy = Prediction(
    "08.2",
    "Predict: how often it rings",
    minutes=4,
    layers=LAYERS,
    hints=[
        "Take the lines one by one: does this line call save() of an employee?",
        "update() and relations do not. update_or_create() gets the object, then saves it.",
        "What happens to the employees of a deleted department: is it save(), or one UPDATE?",
    ],
    because="save() rings once, update_or_create() saves once, and the loop saves three times. "
    "clear() changes rows between, update() goes straight to SQL, and so does SET_NULL "
    "when the department is deleted.",
    wrong={
        3: "Two more lines save an employee: look for one that is called otherwise than save().",
        4: "One line more saves an employee. update_or_create() uses save().",
        6: "One too many. A change of skills, or an update(), saves no employee.",
        7: "update() and clear() ring no post_save of an employee.",
        8: "The three employees of the department get NULL by one UPDATE: SET_NULL rings nothing.",
    },
    fact=calls,
)


# 08.3: created.


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
    return any(str(row) in names for row in run.surplus)


@newcomers.mistake(
    "It is the wrong way round: a new object has no key in pre_save, an old one has. "
    "created, in post_save, says it right."
)
def key_means_old(run: Run) -> bool:
    return bool(run.surplus) and bool(run.missing)


@newcomers.mistake("Your list has people who were only saved again. post_save says it: created.")
def saved_again(run: Run) -> bool:
    return bool(run.surplus)


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


# 08.4: change an object before it is written.


def messy_customer() -> dict[str, str]:
    """a customer is added, and another one corrected"""
    new = Customer(name="Nils Berg", email="  Nils.BERG@Example.com ", city="Bergen")
    new.country, new.joined_on = "Norway", "2026-01-07"
    new.save()
    old = Customer.objects.earliest("pk")
    old.email = "Old.Customer@EXAMPLE.com"
    old.save()
    person = hire("Wilma Strand", email="Wilma.Strand@Northlight.example")
    return {
        "the new customer": Customer.objects.get(pk=new.pk).email,
        "the old customer": Customer.objects.get(pk=old.pk).email,
        "the employee": Employee.objects.get(pk=person.pk).email,
    }


def only_the_email() -> dict[str, str]:
    """a customer's email alone is saved, by update_fields"""
    old = Customer.objects.earliest("pk")
    old.email = " Old.Customer@EXAMPLE.com"
    old.save(update_fields=["email"])
    return {"the old customer": Customer.objects.get(pk=old.pk).email}


tidy_emails = Exercise(
    "08.4",
    "Tidy addresses",
    minutes=6,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "When can you still change the object, so that the change is written with it?",
        "A receiver of pre_save sets instance.email. Nothing needs to be saved by you.",
        'text.strip().lower() takes the blanks away and makes small letters. End with "return day()".',
    ],
)
of_days(
    tidy_emails,
    {
        messy_customer: {
            "the new customer": "nils.berg@example.com",
            "the old customer": "old.customer@example.com",
            "the employee": "Wilma.Strand@Northlight.example",
        },
        only_the_email: {"the old customer": "old.customer@example.com"},
    },
)


@tidy_emails.mistake(
    "The receiver saves what it was called for, and that calls it again, without end. "
    "In pre_save you only set the attribute: the save that is under way writes it."
)
def saves_itself(run: Run) -> bool:
    return isinstance(run.error, RecursionError)


@tidy_emails.mistake("Your function returned nothing. End it with: return day()")
def day_not_returned(run: Run) -> bool:
    return run.error is None and run.value is None


@tidy_emails.mistake("An employee's address was changed, too. Say which sender you listen to.")
def employee_changed(run: Run) -> bool:
    key = "the employee"
    return bool(run.value[key] != run.expected[key])


def address(run: Run) -> Any:
    """What became of the first customer that the day saves."""
    return next(iter(run.value.values()))


@tidy_emails.mistake("The blanks around the address are still there: strip() takes them away.")
def not_stripped(run: Run) -> bool:
    return bool(address(run) != address(run).strip() and address(run).islower())


@tidy_emails.mistake("There are still capitals in the address: lower() makes them small.")
def not_lowered(run: Run) -> bool:
    return bool(address(run) == address(run).strip() and not address(run).islower())


@tidy_emails.mistake(
    "Your receiver changed the object after the row was written. post_save is too late to "
    "change an attribute: use pre_save."
)
def after_the_row(run: Run) -> bool:
    heard = {send.name for send in run.seen.signals if send.sender is Customer}
    return heard == {"post_save"} and not address(run).islower()


@tidy_emails.mistake(
    "A customer that was changed later still has a messy address. Tidy it at each save, "
    "not only when it is new."
)
def only_new_ones(run: Run) -> bool:
    return run.value.get("the new customer") == "nils.berg@example.com"


@tidy_emails.mistake(
    "Where the email alone is saved, with update_fields, it is still messy. Tidy it there, too."
)
def not_with_update_fields(run: Run) -> bool:
    return run.arguments[0].work is only_the_email


@tidy_emails.mistake(
    "Your receiver ran before the save, but instance.email was still the old text when the row "
    "was written. Set it: instance.email = ..."
)
def instance_as_before(run: Run) -> bool:
    return any(send.sender is Customer for send in run.seen.signals)


@tidy_emails.mistake("No address was changed. Connect to a signal of Customer before day().")
def nothing_changed(run: Run) -> bool:
    return not address(run).islower()


@tidy_emails.right
def updated_after(day: Day) -> object:
    @receiver(post_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        email = instance.email.strip().lower()
        Customer.objects.filter(pk=instance.pk).update(email=email)

    return day()


@tidy_emails.right
def saved_once_more(day: Day) -> object:
    @receiver(post_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        email = instance.email.lower().strip()
        if email != instance.email:
            instance.email = email
            instance.save(update_fields=["email"])

    return day()


@tidy_emails.right
def by_name(day: Day) -> object:
    def heard(sender: Any, instance: Any, **kwargs: Any) -> None:
        instance.email = "".join(instance.email.split()).casefold()

    pre_save.connect(heard, sender="shop.Customer")
    result = day()
    pre_save.disconnect(heard, sender="shop.Customer")
    return result


@tidy_emails.right
def every_sender_asked(day: Day) -> object:
    @receiver([pre_save])
    def heard(instance: Any, **kwargs: Any) -> None:
        if isinstance(instance, Customer):
            instance.email = instance.email.strip().lower()

    return day()


@tidy_emails.wrong(saves_itself)
def saved_in_pre_save(day: Day) -> object:
    @receiver(pre_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.email = instance.email.strip().lower()
        instance.save()

    return day()


@tidy_emails.wrong(saves_itself)
def saved_in_post_save(day: Day) -> object:
    @receiver(post_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.email = instance.email.strip().lower()
        instance.save()

    return day()


@tidy_emails.wrong(day_not_returned)
def day_called_only(day: Day) -> None:
    @receiver(pre_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.email = instance.email.strip().lower()

    day()


@tidy_emails.wrong(employee_changed)
def all_with_an_email(day: Day) -> object:
    @receiver(pre_save)
    def heard(instance: Any, **kwargs: Any) -> None:
        if hasattr(instance, "email"):
            instance.email = instance.email.strip().lower()

    return day()


@tidy_emails.wrong(not_stripped)
def only_lowered(day: Day) -> object:
    @receiver(pre_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.email = instance.email.lower()

    return day()


@tidy_emails.wrong(not_lowered)
def only_stripped(day: Day) -> object:
    @receiver(pre_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.email = instance.email.strip()

    return day()


@tidy_emails.wrong(after_the_row)
def attribute_in_post_save(day: Day) -> object:
    @receiver(post_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.email = instance.email.strip().lower()

    return day()


@tidy_emails.wrong(only_new_ones)
def only_created(day: Day) -> object:
    @receiver(post_save, sender=Customer)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            instance.email = instance.email.strip().lower()
            instance.save()

    return day()


@tidy_emails.wrong(not_with_update_fields)
def only_whole_customers(day: Day) -> object:
    @receiver(pre_save, sender=Customer)
    def heard(instance: Any, update_fields: Any, **kwargs: Any) -> None:
        if not update_fields:
            instance.email = instance.email.strip().lower()

    return day()


@tidy_emails.wrong(instance_as_before)
def row_updated_before(day: Day) -> object:
    @receiver(pre_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        email = instance.email.strip().lower()
        Customer.objects.filter(pk=instance.pk).update(email=email)

    return day()


@tidy_emails.wrong(instance_as_before)
def result_thrown_away(day: Day) -> object:
    @receiver(pre_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.email.strip().lower()

    return day()


@tidy_emails.wrong(nothing_changed)
def day_first(day: Day) -> object:
    result = day()

    @receiver(pre_save, sender=Customer)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.email = instance.email.strip().lower()

    return result


# 08.5: the old value and the new one.


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
    rows = {tuple(row) for row in run.surplus}
    return bool(run.missing) and any(old == new for _, old, new in rows)


@salary_log.mistake(
    "Your list is empty. Perhaps you compare in post_save? There the row has the new salary "
    "already. Read the old one in pre_save."
)
def nothing_differs(run: Run) -> bool:
    return not run.rows


@salary_log.mistake("Your list has saves that did not change the salary. Compare old and new.")
def not_compared(run: Run) -> bool:
    return bool(run.surplus) and all(old == new for _, old, new in run.surplus)


@salary_log.mistake("Your list has a person who was hired. No salary was changed by that.")
def hired_in_list(run: Run) -> bool:
    return any(name == "Nils Berg" and not old for name, old, _ in run.surplus)


@salary_log.mistake("Each row is (name, old, new), in this order. Yours has old and new exchanged.")
def exchanged(run: Run) -> bool:
    return (*run.missing[0][:1], *run.missing[0][:0:-1]) in [tuple(row) for row in run.surplus]


@salary_log.mistake(
    "A salary was raised twice by the same object. The second time, the old salary is that of "
    "the first raise: the object must not keep the very first one."
)
def very_first(run: Run) -> bool:
    return any(new == 50_002 and old != 50_001 for _, old, new in run.surplus)


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


# 08.6: rows that are deleted, one by one and with their order.


def stocks() -> dict[int, int]:
    return dict(Product.objects.values_list("pk", "stock"))


def came_back(before: dict[int, int]) -> dict[str, int]:
    """By how much the stock has grown since then, by SKU."""
    return {
        product.sku: product.stock - before[product.pk]
        for product in Product.objects.order_by("pk")
        if product.stock != before[product.pk]
    }


def orders(count: int, lines: int) -> list[Order]:
    """New orders, each with the same products: the first piece once, the second two times."""
    buyer = Customer.objects.earliest("pk")
    made = []
    for _ in range(count):
        number = f"2026-D{Order.objects.count() + 1}"
        order = Order.objects.create(number=number, customer=buyer, placed_at="2026-03-01T09:00Z")
        for quantity, product in enumerate(Product.objects.order_by("pk")[:lines], start=1):
            OrderLine.objects.create(order=order, product=product, quantity=quantity, unit_price=1)
        made.append(order)
    return made


def line_removed() -> dict[str, int]:
    """one line of an order is taken out, and another one is saved"""
    (order,) = orders(1, 3)
    before = stocks()
    order.lines.get(quantity=1).save()
    order.lines.get(quantity=3).delete()
    Skill.objects.create(name="Falconry").delete()
    return came_back(before)


def order_removed() -> dict[str, int]:
    """a whole order is deleted, and its lines with it"""
    (order,) = orders(1, 2)
    before = stocks()
    order.delete()
    return came_back(before)


def orders_removed() -> dict[str, int]:
    """the lines of two orders are deleted by one queryset"""
    both = orders(2, 2)
    before = stocks()
    OrderLine.objects.filter(order__in=both).delete()
    return came_back(before)


def skus(*pieces: int) -> Callable[[], dict[str, int]]:
    """The first products with these numbers of pieces, those with 0 left out."""

    def expected() -> dict[str, int]:
        first = Product.objects.order_by("pk").values_list("sku", flat=True)
        return {sku: many for sku, many in zip(first, pieces, strict=False) if many}

    return expected


back_on_the_shelf = Exercise(
    "08.6",
    "Back on the shelf",
    minutes=8,
    commits=True,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "Each line that goes rings a signal, also when its order is deleted: that is a cascade.",
        "Listen to post_delete, with OrderLine as the sender. The instance still has its values.",
        'update(stock=F("stock") + instance.quantity) adds to what is there.',
    ],
)
of_days(
    back_on_the_shelf,
    {line_removed: skus(0, 0, 3), order_removed: skus(1, 2), orders_removed: skus(2, 4)},
)


@back_on_the_shelf.mistake("Your function returned nothing. End it with: return day()")
def stock_not_returned(run: Run) -> bool:
    return run.error is None and run.value is None


@back_on_the_shelf.mistake(
    "Your receiver was called with something that is no line of an order. "
    "Say which sender you listen to."
)
def no_line(run: Run) -> bool:
    return isinstance(run.error, AttributeError) and "object has no attribute" in str(run.error)


@back_on_the_shelf.mistake(
    "The goods came back twice. Listen to one signal: post_delete, or pre_delete, not to both."
)
def twice(run: Run) -> bool:
    return {sku: 2 * many for sku, many in run.expected.items()} == run.value


@back_on_the_shelf.mistake(
    "Each line brought one piece back. A line has a quantity: so many pieces come back."
)
def one_piece(run: Run) -> bool:
    return run.value.keys() == run.expected.keys() and all(
        many in (1, 2) for many in run.value.values()
    )


@back_on_the_shelf.mistake("The stock became less. The goods come back: add them.")
def less(run: Run) -> bool:
    return any(many < 0 for many in run.value.values())


@back_on_the_shelf.mistake(
    "The stock changed where a line was only saved. Listen to the deleting of lines."
)
def saved_not_deleted(run: Run) -> bool:
    return bool(run.value.keys() - run.expected.keys())


@back_on_the_shelf.mistake(
    "Your UPDATE found no product. When post_delete rings, the line is no longer in the database: "
    "go by instance.product_id, not across the relation."
)
def line_is_gone(run: Run) -> bool:
    updates = [q for q in run.seen.queries if q.parent and 'UPDATE "shop_product"' in q.sql]
    return bool(updates) and not any(query.rows for query in updates)


@back_on_the_shelf.mistake(
    "The stock in the database is as before. Setting product.stock changes the object only: "
    "save it, or use update()."
)
def attribute_only(run: Run) -> bool:
    asked = any(query.parent and "SELECT" in query.sql for query in run.seen.queries)
    return not run.value and calls(run) > 0 and asked


@back_on_the_shelf.mistake(
    "Nothing came back, though lines were deleted. Which model's rows are deleted on each of "
    "these days? Listen to that sender."
)
def nothing_came_back(run: Run) -> bool:
    return not run.value


@back_on_the_shelf.right
def product_saved(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        product = Product.objects.get(pk=instance.product_id)
        product.stock += instance.quantity
        product.save(update_fields=["stock"])

    return day()


@back_on_the_shelf.right
def before_the_delete(day: Day) -> object:
    @receiver(pre_delete, sender="shop.OrderLine")
    def heard(instance: Any, **kwargs: Any) -> None:
        products = Product.objects.filter(order_lines=instance)
        products.update(stock=F("stock") + instance.quantity)

    return day()


@back_on_the_shelf.right
def by_expression(day: Day) -> object:
    def heard(sender: Any, instance: Any, **kwargs: Any) -> None:
        if sender is OrderLine:
            instance.product.stock = F("stock") + instance.quantity
            instance.product.save()

    post_delete.connect(heard)
    return day()


@back_on_the_shelf.right
def after_the_commit(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        shelf = Product.objects.filter(pk=instance.product_id)
        transaction.on_commit(partial(shelf.update, stock=F("stock") + instance.quantity))

    return day()


@back_on_the_shelf.wrong(stock_not_returned)
def stock_without_return(day: Day) -> None:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        shelf = Product.objects.filter(pk=instance.product_id)
        shelf.update(stock=F("stock") + instance.quantity)

    day()


@back_on_the_shelf.wrong(no_line)
def every_delete(day: Day) -> object:
    @receiver(post_delete)
    def heard(instance: Any, **kwargs: Any) -> None:
        shelf = Product.objects.filter(pk=instance.product_id)
        shelf.update(stock=F("stock") + instance.quantity)

    return day()


@back_on_the_shelf.wrong(twice)
def both_signals(day: Day) -> object:
    @receiver([pre_delete, post_delete], sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        shelf = Product.objects.filter(pk=instance.product_id)
        shelf.update(stock=F("stock") + instance.quantity)

    return day()


@back_on_the_shelf.wrong(one_piece)
def plus_one(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        Product.objects.filter(pk=instance.product_id).update(stock=F("stock") + 1)

    return day()


@back_on_the_shelf.wrong(less)
def taken_away(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.product.stock -= instance.quantity
        instance.product.save()

    return day()


@back_on_the_shelf.wrong(saved_not_deleted)
def every_save_of_a_line(day: Day) -> object:
    @receiver(post_save, sender=OrderLine)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        shelf = Product.objects.filter(pk=instance.product_id)
        shelf.update(stock=F("stock") + instance.quantity)

    return day()


@back_on_the_shelf.wrong(line_is_gone)
def across_the_relation(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        products = Product.objects.filter(order_lines=instance.pk)
        products.update(stock=F("stock") + instance.quantity)

    return day()


@back_on_the_shelf.wrong(attribute_only)
def stock_not_saved(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.product.stock += instance.quantity

    return day()


@back_on_the_shelf.wrong(nothing_came_back)
def line_saved_again(day: Day) -> object:
    @receiver(post_delete, sender=OrderLine)
    def heard(instance: Any, **kwargs: Any) -> None:
        instance.quantity = 0

    return day()


@back_on_the_shelf.wrong(nothing_came_back)
def with_the_order(day: Day) -> object:
    @receiver(pre_delete, sender=Order)
    def heard(instance: Any, **kwargs: Any) -> None:
        for line in instance.lines.all():
            shelf = Product.objects.filter(pk=line.product_id)
            shelf.update(stock=F("stock") + line.quantity)

    return day()


# 08.7: many-to-many, from both sides.


def from_the_employee() -> None:
    """an employee learns, learns the same again, and forgets"""
    person = hire("Nils Berg")
    botany, accounting = Skill.objects.order_by("pk")[:2]
    person.skills.add(botany, accounting)
    person.skills.add(botany)
    person.skills.remove(botany)
    person.skills.clear()


def from_the_skill() -> None:
    """a course is given: two people are added to one skill"""
    nils, wilma = hire("Nils Berg"), hire("Wilma Strand")
    wilma.save()
    Skill.objects.order_by("pk")[0].employees.add(nils, wilma)


def by_set() -> None:
    """the skills of a person are set anew, and one is created on the way"""
    person = hire("Nils Berg")
    first, second, third = Skill.objects.order_by("pk")[:3]
    person.skills.set([first, second])
    person.skills.set([second, third])
    person.skills.create(name="Falconry")


def learned(*people: str, skills: tuple[int, ...] = (), also: tuple[str, ...] = ()) -> Any:
    """Each of the people with each of these skills, by their place in the order of keys."""

    def expected() -> list[tuple[str, str]]:
        names = list(Skill.objects.order_by("pk").values_list("name", flat=True))
        taught = [*(names[number] for number in skills), *also]
        return [(person, name) for person in people for name in taught]

    return expected


learned_log = Exercise(
    "08.7",
    "Who learned what",
    minutes=10,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "The bell is m2m_changed. Its sender is the table between: Employee.skills.through.",
        'It rings before and after each change. Look only at action == "post_add", and at pk_set.',
        "When reverse is True, instance is the skill, and pk_set has the keys of employees.",
    ],
)
of_days(
    learned_log,
    {
        from_the_employee: learned("Nils Berg", skills=(0, 1)),
        from_the_skill: learned("Nils Berg", "Wilma Strand", skills=(0,)),
        by_set: learned("Nils Berg", skills=(0, 1, 2), also=("Falconry",)),
    },
)


@learned_log.mistake(
    "clear() does not say whom it takes away: there pk_set is None. Look at action first."
)
def pk_set_is_none(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "NoneType" in str(run.error)


@learned_log.mistake(
    "From the other side, skill.employees.add(person), instance is the skill and pk_set has "
    "keys of employees. The argument reverse says so."
)
def other_side(run: Run) -> bool:
    if run.error is not None:
        lost = type(run.error).__name__ in ("AttributeError", "DoesNotExist", "KeyError")
        return lost and run.arguments[0].work is from_the_skill
    return run.arguments[0].work is from_the_skill and len(run.rows) <= 2


@learned_log.mistake(
    "Your receiver was called, but your list is empty. Look at action and at reverse: "
    "in employee.skills.add(...) reverse is False."
)
def heard_in_vain(run: Run) -> bool:
    return not run.rows and any(send.name == "m2m_changed" for send in run.seen.signals)


@learned_log.mistake(
    "Your list is empty. The rows between employees and skills ring m2m_changed, not post_save, "
    "and the sender is the table between the two: Employee.skills.through."
)
def not_the_through_model(run: Run) -> bool:
    return not run.rows


@learned_log.mistake(
    "A skill is in your list twice. Each change rings before and after it (look at action), "
    "and adding what is there already rings as well, with an empty pk_set."
)
def before_and_after(run: Run) -> bool:
    return bool(run.surplus) and all(run.rows.count(row) > 1 for row in run.expected)


@learned_log.mistake(
    "Your list has a skill that was known before. pk_set has only what is new; "
    "instance.skills.all() has all."
)
def all_skills(run: Run) -> bool:
    return bool(run.surplus) and not run.missing and run.arguments[0].work is by_set


@learned_log.mistake("Your list has skills that were taken away. Look at action.")
def also_removed(run: Run) -> bool:
    return bool(run.surplus)


def pairs(instance: Any, reverse: bool, pk_set: set[int]) -> list[tuple[str, str]]:
    if reverse:
        people = Employee.objects.filter(pk__in=pk_set)
        return [(person.name, instance.name) for person in people]
    return [(instance.name, skill.name) for skill in Skill.objects.filter(pk__in=pk_set)]


@learned_log.right
def before_the_rows(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(**kwargs: Any) -> None:
        if kwargs["action"] == "pre_add":
            log.extend(pairs(kwargs["instance"], kwargs["reverse"], kwargs["pk_set"]))

    day()
    return log


@learned_log.right
def by_model(day: Day) -> object:
    log = set()

    def heard(
        sender: Any, instance: Any, action: str, model: Any, pk_set: Any, **kwargs: Any
    ) -> None:
        if not action.endswith("_add"):
            return
        for pk in pk_set:
            other = model.objects.get(pk=pk)
            row = (instance, other) if model is Skill else (other, instance)
            log.add(tuple(str(each) for each in row))

    m2m_changed.connect(heard, sender=Skill.employees.through)
    day()
    return log


@learned_log.right
def every_m2m(day: Day) -> object:
    log = []

    @receiver(m2m_changed)
    def heard(
        sender: Any, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
    ) -> None:
        if sender == Employee.skills.through and action == "post_add":
            log.append(pairs(instance, reverse, pk_set))

    day()
    return [row for rows in log for row in rows]


@learned_log.wrong(pk_set_is_none)
def every_action(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, pk_set: Any, **kwargs: Any) -> None:
        for pk in pk_set:
            log.append((instance.name, Skill.objects.get(pk=pk).name))

    day()
    return log


@learned_log.wrong(other_side)
def one_side(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add":
            for skill in Skill.objects.filter(pk__in=pk_set):
                log.append((instance.name, skill.name))

    day()
    return log


@learned_log.wrong(other_side)
def one_side_by_get(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add":
            log.extend((instance.name, Skill.objects.get(pk=pk).name) for pk in pk_set)

    day()
    return log


@learned_log.wrong(other_side)
def only_not_reverse(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add" and not reverse:
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(not_the_through_model)
def sender_is_the_model(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add":
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(not_the_through_model)
def in_post_save(day: Day) -> object:
    log = []

    @receiver(post_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        log.extend((instance.name, skill.name) for skill in instance.skills.all())

    day()
    return log


@learned_log.wrong(heard_in_vain)
def only_reverse(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add" and reverse:
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(heard_in_vain)
def action_misspelt(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action == "added":
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(not_the_through_model)
def saves_of_the_rows_between(day: Day) -> object:
    log = []

    @receiver(post_save, sender=Employee.skills.through)
    def heard(instance: Any, **kwargs: Any) -> None:
        log.append((instance.employee.name, instance.skill.name))

    day()
    return log


@learned_log.wrong(before_and_after)
def known_before_the_row(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, **kwargs: Any) -> None:
        if action == "post_add":
            log.extend((instance.name, skill.name) for skill in instance.skills.all())

    day()
    return log


@learned_log.wrong(before_and_after)
def both_actions(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if "add" in action:
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(all_skills)
def all_that_are_known(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add" and pk_set:
            if not reverse:
                pk_set = {skill.pk for skill in instance.skills.all()}
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(also_removed)
def post_of_all(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action.startswith("post") and pk_set:
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


# 08.8: after the commit, or not at all.


def subjects() -> list[str]:
    return [str(message.subject) for message in mail.outbox]


def placed(number: str) -> Order:
    buyer = Customer.objects.earliest("pk")
    return Order.objects.create(number=number, customer=buyer, placed_at="2026-03-01T09:00Z")


def two_placed() -> dict[str, list[str]]:
    """two orders are placed together, and one is saved again"""
    with transaction.atomic():
        first = placed("2026-T1")
        placed("2026-T2")
        before = subjects()
    first.status = Order.Status.PAID
    first.save()
    Skill.objects.create(name="Falconry")
    return {"before the commit": before, "after it": subjects()}


def one_refused() -> dict[str, list[str]]:
    """the card of a customer is refused, and the order is undone"""
    with suppress(ValueError), transaction.atomic():
        placed("2026-T3")
        raise ValueError("the card was refused")
    placed("2026-T4")
    return {"after all": subjects()}


confirmations = Exercise(
    "08.8",
    "A mail that is true",
    minutes=8,
    commits=True,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "post_save rings inside the transaction. At that moment nobody knows whether it will last.",
        "transaction.on_commit(function) keeps a function until the commit.",
        "on_commit wants the function, not its result: partial(send_mail, ...), or a lambda.",
    ],
)
of_days(
    confirmations,
    {
        two_placed: {
            "before the commit": [],
            "after it": ["Order 2026-T1", "Order 2026-T2"],
        },
        one_refused: {"after all": ["Order 2026-T4"]},
    },
)


@confirmations.mistake(
    "on_commit() wants a function that it can call later. You called it yourself, and handed "
    "over the result: write partial(send_mail, ...) or lambda: send_mail(...)."
)
def result_not_function(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "callable" in str(run.error)


@confirmations.mistake(
    "on_commit() calls your function without any arguments. Give them along: "
    "partial(send_mail, subject, text, None, [address])."
)
def without_arguments(run: Run) -> bool:
    return "missing" in str(run.error) and "required positional argument" in str(run.error)


@confirmations.mistake("A model other than Order has no number. Say which sender you listen to.")
def no_number(run: Run) -> bool:
    return isinstance(run.error, AttributeError) and "'number'" in str(run.error)


@confirmations.mistake("Your function returned nothing. End it with: return day()")
def mails_not_returned(run: Run) -> bool:
    return run.error is None and run.value is None


@confirmations.mistake(
    "A mail was sent before the commit. If the transaction is undone, the mail cannot be: "
    "hand it to transaction.on_commit()."
)
def too_early(run: Run) -> bool:
    sent = [subject for subjects in run.value.values() for subject in subjects]
    return bool(run.value.get("before the commit")) or "Order 2026-T3" in sent


@confirmations.mistake(
    "Your receiver was called, but no mail was sent. Hand the sending to transaction.on_commit(): "
    "it runs when the transaction has ended well."
)
def called_without_mail(run: Run) -> bool:
    return run.error is None and not mail.outbox and calls(run) > 0


@confirmations.mistake("No mail was sent. Connect to post_save of Order, before day().")
def no_mail(run: Run) -> bool:
    return run.error is None and not mail.outbox


@confirmations.mistake(
    "The mails were sent when the day was over. A real day has no end: send each mail right "
    "after its commit, with transaction.on_commit()."
)
def after_the_day(run: Run) -> bool:
    return run.error is None and not any(run.value.values())


@confirmations.mistake(
    "All mails speak of the same order. A lambda looks at its variables when it runs: "
    "each mail needs a value of its own. partial() keeps it."
)
def last_one_twice(run: Run) -> bool:
    return run.value.get("after it", [])[:2] == ["Order 2026-T2", "Order 2026-T2"]


@confirmations.mistake("An order that was saved again got another mail. Only a new one gets it.")
def mailed_again(run: Run) -> bool:
    return run.value.get("after it", []).count("Order 2026-T1") > 1


@confirmations.mistake("The subject of the mail is: Order, a blank, and the number.")
def other_subject(run: Run) -> bool:
    many = sum(map(len, run.expected.values()))
    return run.value != run.expected and len(mail.outbox) == many


@confirmations.check
def _(run: Run) -> str | None:
    buyer = Customer.objects.earliest("pk").email
    if any(message.to != [buyer] for message in mail.outbox):
        return "The mail goes to the address of the order's customer, and to nobody else."
    return None


@confirmations.right
def with_lambda(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            to = [instance.customer.email]
            transaction.on_commit(lambda: send_mail(f"Order {instance.number}", "", None, to))

    return day()


@confirmations.right
def with_inner_function(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        def confirm() -> None:
            subject = f"Order {instance.number}"
            EmailMessage(subject, "Thank you.", to=[instance.customer.email]).send()

        if created:
            transaction.on_commit(confirm, robust=True)

    return day()


@confirmations.right
def with_method(day: Day) -> object:
    def heard(sender: Any, instance: Any, created: bool, using: str, **kwargs: Any) -> None:
        message = EmailMessage(f"Order {instance.number}", to=[instance.customer.email])
        if created:
            transaction.on_commit(message.send, using=using)

    post_save.connect(heard, sender=Order, dispatch_uid="confirm")
    return day()


@confirmations.wrong(result_not_function)
def called_at_once(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        to = [instance.customer.email]
        transaction.on_commit(send_mail(f"Order {instance.number}", "", None, to))

    return day()


@confirmations.wrong(without_arguments)
def bare_function(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            transaction.on_commit(send_mail)

    return day()


@confirmations.wrong(no_number)
def of_every_model(day: Day) -> object:
    @receiver(post_save)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            subject = f"Order {instance.number}"
            transaction.on_commit(partial(send_mail, subject, "", None, [instance.customer.email]))

    return day()


@confirmations.wrong(mails_not_returned)
def mails_without_return(day: Day) -> None:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            subject = f"Order {instance.number}"
            transaction.on_commit(partial(send_mail, subject, "", None, [instance.customer.email]))

    day()


@confirmations.wrong(too_early)
def in_post_save_itself(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            send_mail(f"Order {instance.number}", "", None, [instance.customer.email])

    return day()


@confirmations.wrong(too_early)
def in_a_savepoint(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            with transaction.atomic():
                send_mail(f"Order {instance.number}", "", None, [instance.customer.email])

    return day()


@confirmations.wrong(called_without_mail)
def only_outside(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created and not transaction.get_connection().in_atomic_block:
            send_mail(f"Order {instance.number}", "", None, [instance.customer.email])

    return day()


@confirmations.wrong(after_the_day)
def kept_until_the_end(day: Day) -> object:
    waiting = []

    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            waiting.append(instance)

    result = day()
    for order in waiting:
        if Order.objects.filter(pk=order.pk).exists():
            send_mail(f"Order {order.number}", "", None, [order.customer.email])
    return result


@confirmations.wrong(no_mail)
def of_customers(day: Day) -> object:
    @receiver(post_save, sender=Customer)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        send_mail("Order", "", None, [instance.email])

    return day()


@confirmations.wrong(last_one_twice)
def shared_variable(day: Day) -> object:
    latest: dict[str, Any] = {}

    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            latest["order"] = instance
            to = [instance.customer.email]
            transaction.on_commit(
                lambda: send_mail(f"Order {latest['order'].number}", "", None, to)
            )

    return day()


@confirmations.wrong(mailed_again)
def each_save(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, **kwargs: Any) -> None:
        subject = f"Order {instance.number}"
        transaction.on_commit(partial(send_mail, subject, "", None, [instance.customer.email]))

    return day()


@confirmations.wrong(other_subject)
def subject_of_its_own(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            subject = f"Your order {instance.number}"
            transaction.on_commit(partial(send_mail, subject, "", None, [instance.customer.email]))

    return day()


@confirmations.wrong("goes to the address of the order's customer")
def to_the_shop(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            subject = f"Order {instance.number}"
            transaction.on_commit(partial(send_mail, subject, "", None, ["shop@example.com"]))

    return day()


# 08.9: fixtures ring, too.


def load(*rows: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "rows.json")
        file.write_text(json.dumps(rows), encoding="utf-8")
        call_command("loaddata", file, verbosity=0)


def projects_of(department: Department) -> list[str]:
    return [f"{each.code} {each.name}" for each in department.projects.order_by("name")]


def opened() -> list[str]:
    """a department is opened, and renamed a little later"""
    archive = changes.department(name="Archive")
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


# 08.10: all or nothing, also when a receiver fails.


def skills_now() -> set[str]:
    return set(Skill.objects.values_list("name", flat=True))


def all_well() -> None:
    """everything is saved"""
    Skill.objects.create(name="Beekeeping")
    Skill.objects.create(name="Falconry")


def receiver_fails() -> None:
    """a receiver of post_save fails"""
    Skill.objects.create(name="Beekeeping")

    def broken(instance: Any, **kwargs: Any) -> None:
        raise ConnectionError("the mail server does not answer")

    post_save.connect(broken, sender=Skill)
    try:
        Skill.objects.create(name="Falconry")
    finally:
        post_save.disconnect(broken, sender=Skill)


def second_step_fails() -> None:
    """the second save breaks a rule of the database"""
    Skill.objects.create(name="Beekeeping")
    Skill.objects.create(name=Skill.objects.earliest("pk").name)


together = Exercise(
    "08.10",
    "All or nothing",
    minutes=6,
    commits=True,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "A save() that raised may have written its row. Which block takes rows back?",
        "transaction.atomic() undoes everything when an exception leaves its block.",
        "The try stands outside the atomic block. Inside, atomic() would not see the exception.",
    ],
)


@together.cases
def _() -> object:
    return [(Day(all_well, True),), (Day(receiver_fails, False),), (Day(second_step_fails, False),)]


@together.expects
def _(steps: Day) -> object:
    return steps.expected


def left_over() -> set[str]:
    return skills_now() & {"Beekeeping", "Falconry"}


@together.check
def _(run: Run) -> str | None:
    steps = run.arguments[0]
    if steps.expected and left_over() != {"Beekeeping", "Falconry"}:
        return "Nothing failed, and still not all rows are there."
    if not steps.expected and left_over():
        return f"It failed, but this is left in the database: {', '.join(sorted(left_over()))}."
    return None


@together.mistake("steps was never called. Call it inside your block: steps()")
def steps_not_called(run: Run) -> bool:
    return run.error is None and not run.arguments[0].begun


@together.mistake("The exception came out of your function. Catch it, and return False.")
def not_caught(run: Run) -> bool:
    return type(run.error).__name__ in ("ConnectionError", "IntegrityError")


@together.mistake(
    "Inside an atomic block that has failed, no query and no rollback() is allowed any more. "
    "Catch the exception outside the block, and leave the undoing to the block."
)
def query_in_broken_block(run: Run) -> bool:
    return type(run.error).__name__ == "TransactionManagementError"


@together.mistake(
    "An exception in a receiver comes after the row was written, and the row stayed. "
    "If you have a transaction: the exception must leave the atomic block, or nothing is undone."
)
def row_stayed(run: Run) -> bool:
    return run.error is None and not run.arguments[0].expected and bool(left_over())


@together.mistake("All steps worked, but the rows are gone: you undo them in any case.")
def always_undone(run: Run) -> bool:
    return run.error is None and run.arguments[0].expected and not left_over()


@together.right
def savepoint_by_hand(steps: Day) -> object:
    done = False
    try:
        with transaction.atomic(durable=False):
            steps()
            done = True
    except BaseException:  # noqa: BLE001
        done = False
    return done


@together.right
def decorated(steps: Day) -> object:
    try:
        transaction.atomic(steps)()
    except (ConnectionError, Exception):  # noqa: BLE001
        return False
    else:
        return True


@together.right
def rolled_back_by_flag(steps: Day) -> object:
    with transaction.atomic():
        try:
            steps()
        except Exception:  # noqa: BLE001
            transaction.set_rollback(True)
            return False
        return True


@together.right
def suppressed(steps: Day) -> object:
    with suppress(Exception), transaction.atomic():
        steps()
        return True
    return False


@together.wrong(steps_not_called)
def nothing_done(steps: Day) -> object:
    with transaction.atomic():
        return bool(steps)


@together.wrong(not_caught)
def only_atomic(steps: Day) -> object:
    with transaction.atomic():
        steps()
    return True


@together.wrong(not_caught)
def only_some_errors(steps: Day) -> object:
    try:
        with transaction.atomic():
            steps()
    except ValueError:
        return False
    return True


@together.wrong(row_stayed)
def only_try(steps: Day) -> object:
    try:
        steps()
    except Exception:  # noqa: BLE001
        return False
    return True


@together.wrong(row_stayed)
def caught_inside(steps: Day) -> object:
    with transaction.atomic():
        try:
            steps()
        except Exception:  # noqa: BLE001
            return False
        return True


@together.wrong(row_stayed)
def caught_after_all(steps: Day) -> object:
    done = True
    with transaction.atomic(), suppress(Exception):
        done = False
        steps()
        done = True
    return done


@together.wrong(query_in_broken_block)
def asks_in_the_block(steps: Day) -> object:
    with transaction.atomic():
        try:
            steps()
        except Exception:  # noqa: BLE001
            transaction.set_rollback(True)
            return Skill.objects.filter(name="Beekeeping").exists()
    return True


@together.wrong(query_in_broken_block)
def rolled_back_by_hand(steps: Day) -> object:
    with transaction.atomic():
        try:
            steps()
        except Exception:  # noqa: BLE001
            transaction.rollback()
            return False
        return True


@together.wrong(always_undone)
def undone_in_any_case(steps: Day) -> object:
    try:
        with transaction.atomic():
            steps()
            transaction.set_rollback(True)
    except Exception:  # noqa: BLE001
        return False
    return True


@together.wrong("returned nothing (None)")
def says_nothing(steps: Day) -> None:
    with suppress(Exception), transaction.atomic():
        steps()


# 08.11: changes that receivers hear.

heard_by_payroll: list[tuple[int, int]] = []


def payroll(instance: Any, created: bool, **kwargs: Any) -> None:
    row = Employee.objects.values_list("pk", "salary").get(pk=instance.pk)
    heard_by_payroll.append(row)


before_the_raise: dict[int, int] = {}

raise_salaries = Exercise(
    "08.11",
    "A raise that is heard",
    minutes=6,
    layers=LAYERS,
    changes=[changes.newcomer, changes.empty_department],
    hints=[
        "update() is one statement, and rings nothing. What does ring?",
        "Go through department.employees.all(), and save each employee.",
        'save(update_fields=["salary"]) writes only this column.',
    ],
)


@raise_salaries.cases
def _() -> object:
    heard_by_payroll.clear()
    before_the_raise.clear()
    before_the_raise.update(Employee.objects.values_list("pk", "salary"))
    post_save.connect(payroll, sender=Employee)
    has_left = Department.objects.filter(employees__is_active=False).earliest("pk")
    chosen = Department.objects.filter(name__in=["Finance", "Legal"])
    return [
        (department, 500) for department in (*chosen, has_left, Department.objects.latest("pk"))
    ]


def due(run: Run) -> dict[int, int]:
    """The salaries as they must be now, of those who get a raise."""
    department, amount = run.arguments
    staff = Employee.objects.filter(department=department).values_list("pk", flat=True)
    return {pk: before_the_raise[pk] + amount for pk in staff}


def now() -> dict[int, int]:
    return dict(Employee.objects.values_list("pk", "salary"))


@raise_salaries.check
def _(run: Run) -> str | None:
    if now() != before_the_raise | due(run):
        wrong = sum(now()[pk] != salary for pk, salary in (before_the_raise | due(run)).items())
        return f"Employees whose salary in the database is not what it should be: {wrong}."
    if sorted(heard_by_payroll) != sorted(due(run).items()):
        return f"Payroll heard {len(heard_by_payroll)} times, and {len(due(run))} got a raise."
    return None


@raise_salaries.mistake(
    "The salaries are right, but payroll heard nothing. update() and bulk_update() ring no "
    "post_save: save each employee."
)
def unheard(run: Run) -> bool:
    right = now() == before_the_raise | due(run)
    return run.error is None and right and not heard_by_payroll


@raise_salaries.mistake("Other departments got a raise, or all did. Only this one's employees do.")
def others_too(run: Run) -> bool:
    changed = {pk for pk, salary in now().items() if salary != before_the_raise[pk]}
    return bool(changed - due(run).keys())


@raise_salaries.mistake(
    "Payroll heard of people who got no raise, or of somebody twice. Save each employee of this "
    "department once."
)
def heard_too_often(run: Run) -> bool:
    return len(heard_by_payroll) > len(due(run))


@raise_salaries.mistake(
    "Payroll looked into the database when it heard the signal, and found the old salary. "
    "Set the new salary first, then save."
)
def heard_too_early(run: Run) -> bool:
    return now() == before_the_raise | due(run) and len(heard_by_payroll) == len(due(run))


@raise_salaries.mistake(
    "Payroll heard, but the salaries are as before: your objects had the old salary, and save() "
    "wrote it. Set the new one on the object, then save that object."
)
def old_salary_saved(run: Run) -> bool:
    return run.error is None and now() == before_the_raise and bool(heard_by_payroll)


@raise_salaries.mistake(
    "Some people of the department got no raise. Those who are not active belong to it, too."
)
def some_left_out(run: Run) -> bool:
    return 0 < len(heard_by_payroll) < len(due(run))


@raise_salaries.mistake("The raise must be added to the salary that each employee has.")
def other_amount(run: Run) -> bool:
    return len(heard_by_payroll) == len(due(run)) and now() != before_the_raise


@raise_salaries.mistake("No salary was changed. Setting an attribute is not enough: save().")
def nothing_saved(run: Run) -> bool:
    return run.error is None and now() == before_the_raise


@raise_salaries.right
def with_expression(department: Department, amount: int) -> None:
    for person in Employee.objects.filter(department=department):
        person.salary = F("salary") + amount
        person.save(update_fields=["salary"])


@raise_salaries.right
def updated_and_sent(department: Department, amount: int) -> None:
    staff = Employee.objects.filter(department_id=department.pk)
    staff.update(salary=F("salary") + amount)
    for person in staff:
        post_save.send(sender=Employee, instance=person, created=False, raw=False)


@raise_salaries.right
def in_a_transaction(department: Department, amount: int) -> object:
    with transaction.atomic():
        staff = list(department.employees.select_for_update())
        for person in staff:
            person.salary += amount
            person.save()
    return len(staff)


@raise_salaries.wrong(unheard)
def with_update(department: Department, amount: int) -> None:
    department.employees.update(salary=F("salary") + amount)


@raise_salaries.wrong(unheard)
def with_bulk_update(department: Department, amount: int) -> None:
    staff = list(department.employees.all())
    for person in staff:
        person.salary += amount
    Employee.objects.bulk_update(staff, ["salary"])


@raise_salaries.wrong(others_too)
def everybody_gets_it(department: Department, amount: int) -> None:
    for person in Employee.objects.all():
        person.salary += amount
        person.save()


@raise_salaries.wrong(heard_too_often)
def everybody_is_saved(department: Department, amount: int) -> None:
    for person in Employee.objects.all():
        if person.department_id == department.pk:
            person.salary += amount
        person.save()


@raise_salaries.wrong(heard_too_often)
def saved_two_times(department: Department, amount: int) -> None:
    for person in department.employees.all():
        person.save()
        person.salary += amount
        person.save()


@raise_salaries.wrong(heard_too_early)
def saved_then_updated(department: Department, amount: int) -> None:
    for person in department.employees.all():
        person.save()
    department.employees.update(salary=F("salary") + amount)


@raise_salaries.wrong(old_salary_saved)
def updated_then_saved(department: Department, amount: int) -> None:
    staff = list(department.employees.all())
    department.employees.update(salary=F("salary") + amount)
    for person in staff:
        person.save()


@raise_salaries.wrong(some_left_out)
def only_active_ones(department: Department, amount: int) -> None:
    for person in department.employees.filter(is_active=True):
        person.salary += amount
        person.save()


@raise_salaries.wrong(other_amount)
def amount_as_salary(department: Department, amount: int) -> None:
    for person in department.employees.all():
        person.salary = amount
        person.save()


@raise_salaries.wrong(nothing_saved)
def never_saved(department: Department, amount: int) -> None:
    for person in department.employees.all():
        person.salary += amount


@raise_salaries.wrong(nothing_saved)
def other_objects_saved(department: Department, amount: int) -> None:
    for person in department.employees.all():
        person.salary += amount
    department.save()


# 08.12: a receiver that is silent for a while.

rung: list[Any] = []


def noted(sender: Any, **kwargs: Any) -> None:
    rung.append(sender)


def bystander(**kwargs: Any) -> None:
    rung.append("bystander")


class BlockFailed(Exception):
    """What is raised inside the with block."""


without = Exercise(
    "08.12",
    "Silence, please",
    minutes=8,
    layers=LAYERS,
    hints=[
        "Look at connected() in the lesson. This is the other way round.",
        "disconnect() needs the same function and the same sender as connect() had.",
        "The receiver must come back also when the with block fails: try, yield, finally.",
    ],
)


@without.cases
def _() -> object:
    post_save.connect(noted, sender=Department)
    pre_delete.connect(noted)
    post_delete.connect(noted, sender=Department)
    for signal in (post_save, pre_delete, post_delete):
        signal.connect(bystander)
    return [
        (post_save, noted, Department),
        (pre_delete, noted, None),
        (post_delete, noted, Department),
    ]


def rings(signal: ModelSignal) -> int:
    """How often the receiver runs when a department rings."""
    rung.clear()
    signal.send(sender=Department, instance=None)
    return rung.count(Department)


@without.check
def _(run: Run) -> str | None:
    signal, _, sender = run.arguments
    fails = signal is post_delete
    if not hasattr(run.value, "__enter__"):
        return "What your function returned cannot stand in a with statement."
    came_out = not fails
    try:
        with run.value:
            inside, others = rings(signal), "bystander" in rung
            if fails:
                raise BlockFailed
    except BlockFailed:
        came_out = True
    after = rings(signal)
    signal.send(sender=Skill, instance=None)
    hears_others = Skill in rung
    if inside:
        return (
            "Inside the with block the receiver still runs. disconnect() needs the same sender "
            "as connect() had; it returns False when it finds nothing."
        )
    if not others:
        return "Inside the with block other receivers are silent, too. Disconnect this one alone."
    if not came_out:
        return "The with block failed, and nobody hears of it: let its exception come out."
    if not after and fails:
        return (
            "The with block failed, and after it the receiver is silent for ever. "
            "Connect it again in finally."
        )
    if hears_others != (sender is None):
        return "After the with block the receiver listens to another sender than before."
    if after != 1:
        return f"After the with block the receiver runs {after} times in place of once."
    return None


@without.mistake(
    "A function with yield makes a generator, and with cannot use it. "
    "@contextmanager above the function, below @exercise, makes it a context manager."
)
def bare_generator(run: Run) -> bool:
    return isinstance(run.value, list)


@without.mistake(
    "Your function returned nothing. Asked is something for a with statement: "
    "a generator under @contextmanager, or an object with __enter__ and __exit__."
)
def no_manager(run: Run) -> bool:
    return run.error is None and run.value is None


@without.right
def inner_generator(signal: ModelSignal, function: Any, sender: Any) -> object:
    @contextmanager
    def silent() -> Iterator[None]:
        signal.disconnect(function, sender=sender)
        try:
            yield
        finally:
            signal.connect(function, sender=sender)

    return silent()


@without.right
def silent_object(signal: ModelSignal, function: Any, sender: Any) -> object:
    class Silent:
        def __enter__(self) -> None:
            signal.disconnect(receiver=function, sender=sender)

        def __exit__(self, *error: object) -> None:
            signal.connect(receiver=function, sender=sender)

    return Silent()


@without.right
def stack_of_exits(signal: ModelSignal, function: Any, sender: Any) -> object:
    stack = ExitStack()
    signal.disconnect(function, sender)
    stack.callback(signal.connect, function, sender)
    return stack


@without.wrong(bare_generator)
def without_decorator(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function, sender=sender)
    try:
        yield
    finally:
        signal.connect(function, sender=sender)


@without.wrong(no_manager)
def only_disconnected(signal: ModelSignal, function: Any, sender: Any) -> None:
    signal.disconnect(function, sender=sender)


@without.wrong("Inside the with block the receiver still runs")
@contextmanager
def disconnected_without_sender(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function)
    try:
        yield
    finally:
        signal.connect(function, sender=sender)


@without.wrong("receiver runs 0 times in place of once")
@contextmanager
def never_back(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function, sender=sender)
    yield


@without.wrong("Connect it again in finally")
@contextmanager
def without_finally(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function, sender=sender)
    yield
    signal.connect(function, sender=sender)


@without.wrong("other receivers are silent, too")
@contextmanager
def receivers_taken(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    before = signal.receivers
    signal.receivers = []
    signal.sender_receivers_cache.clear()
    yield
    signal.receivers = before
    signal.sender_receivers_cache.clear()


@without.wrong("let its exception come out")
@contextmanager
def swallows(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function, sender=sender)
    with suppress(Exception):
        yield
    signal.connect(function, sender=sender)


@without.wrong("listens to another sender than before")
@contextmanager
def back_for_every_sender(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function, sender=sender)
    try:
        yield
    finally:
        signal.connect(function)


@without.wrong("cannot stand in a with statement")
def true_or_false(signal: ModelSignal, function: Any, sender: Any) -> object:
    return signal.disconnect(function, sender=sender)
