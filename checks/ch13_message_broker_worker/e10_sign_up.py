"""13.10 Welcome, when it is certain: after the commit."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from shop.models import Customer

from checks.ch13_message_broker_worker import SENT, sending
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

sign_up = Exercise(
    "13.10",
    "Welcome, when it is certain",
    minutes=7,
    needs_commit=True,
    hints=[
        "delay() sends at once, whether the row stays or not. What waits for the commit?",
        "transaction.on_commit() takes a function. And each task has a short form of it.",
        "welcome.delay_on_commit(customer.pk), after Customer.objects.create(...).",
    ],
)


def welcome(customer_id: int) -> None:
    Customer.objects.get(pk=customer_id)


@sign_up.cases
def cases() -> object:
    sending()
    task = current_app.tasks.get("shop.welcome") or current_app.task(name="shop.welcome")(welcome)
    people = [("Nora New", "nora@example.com"), ("Sam O'Neil", "sam@example.com")]
    return [(name, email, task) for name, email in people]


def key_of(email: str) -> Any:
    return Customer.objects.filter(email=email).values_list("pk", flat=True).first()


EARLY = "Inside a transaction of the caller's the message was sent before the commit."
ROLLED_BACK = "The transaction around it was rolled back, and the message was sent all the same."


@sign_up.check
def check(run: Run) -> str | None:
    name, email, welcome = run.arguments
    made = Customer.objects.filter(email=email)
    if [(each.name, each.joined_on) for each in made] != [(name, date(2026, 3, 2))]:
        return "Asked is one new customer with this name and email, who joined on 2 March 2026."
    if sentence := _not_the_one(email):
        return sentence
    SENT.clear()
    with transaction.atomic():
        again = run.again("Ida", f"ida.{email}", welcome)
        early = bool(SENT)
    if again.error:
        return f"Called inside a transaction, it raised {type(again.error).__name__}."
    if early:
        return EARLY
    if sentence := _not_the_one(f"ida.{email}"):
        return f"Inside a transaction of the caller's: {sentence}"
    SENT.clear()
    with transaction.atomic():
        run.again("Ole", f"ole.{email}", welcome)
        transaction.set_rollback(True)
    return ROLLED_BACK if SENT else None


def _not_the_one(email: str) -> str | None:
    if not SENT:
        return "The row is committed, and no message was sent."
    if len(SENT) > 1:
        return f"{len(SENT)} messages were sent. One is enough."
    (task,) = SENT
    if [*task.args, *task.kwargs.values()] != [key_of(email)]:
        what = task.kwargs or task.args
        return f"The task was sent with {what}. Its argument is the customer's key."
    return None


@sign_up.mistake("A model does not travel. Send the key: customer.pk.")
def model_sent(run: Run) -> bool:
    return failed(run, "EncodeError")


@sign_up.mistake(
    "on_commit() wants a function that it can call later. Yours was called at once: write "
    "lambda: welcome.delay(customer.pk)."
)
def called_too_early(run: Run) -> bool:
    return failed(run, "TypeError", "callable")


@sign_up.mistake(
    "welcome ran here, in this process. It must be sent, for a worker to run: delay()."
)
def ran_in_place(run: Run) -> bool:
    return not SENT and key_of(run.arguments[1]) and len(run.seen.queries) > 1


@sign_up.mistake("delay_on_commit() returns None: there is no ticket before the message is sent.")
def no_ticket(run: Run) -> bool:
    return failed(run, "AttributeError", "NoneType")


@sign_up.mistake(
    "It is sent at once. With a transaction around your function a worker looks for a row that "
    "nobody can see yet, or that is never there. Send it after the commit: delay_on_commit()."
)
def sent_at_once(run: Run) -> bool:
    SENT.clear()
    with transaction.atomic():
        run.again("Late", f"late.{run.arguments[1]}", run.arguments[2])
        transaction.set_rollback(True)
    return bool(SENT)


def create(name: str, email: str) -> Customer:
    return Customer.objects.create(name=name, email=email, joined_on=date(2026, 3, 2))


@sign_up.right
def with_a_lambda(name: str, email: str, welcome: Any) -> object:
    customer = create(name, email)
    transaction.on_commit(lambda: welcome.delay(customer.pk))
    return customer


@sign_up.right
def with_partial(name: str, email: str, welcome: Any) -> object:
    with transaction.atomic():
        customer = Customer(name=name, email=email, joined_on="2026-03-02")
        customer.save()
        transaction.on_commit(partial(welcome.apply_async, args=(customer.pk,)), robust=True)
    return None


@sign_up.right
def by_the_long_short_form(name: str, email: str, welcome: Any) -> object:
    return welcome.apply_async_on_commit(args=[create(name, email).pk])


@sign_up.wrong(model_sent)
def the_customer(name: str, email: str, welcome: Any) -> object:
    return welcome.delay_on_commit(create(name, email))


@sign_up.wrong(called_too_early)
def not_a_function(name: str, email: str, welcome: Any) -> object:
    customer = create(name, email)
    transaction.on_commit(welcome.delay(customer.pk))
    return customer


@sign_up.wrong(ran_in_place)
def called_after_commit(name: str, email: str, welcome: Any) -> object:
    customer = create(name, email)
    transaction.on_commit(lambda: welcome(customer.pk))
    return customer


@sign_up.wrong(ran_in_place)
def applied_after_commit(name: str, email: str, welcome: Any) -> object:
    customer = create(name, email)
    transaction.on_commit(lambda: welcome.apply(args=[customer.pk]))
    return customer


@sign_up.wrong(no_ticket)
def asks_for_the_id(name: str, email: str, welcome: Any) -> object:
    return welcome.delay_on_commit(create(name, email).pk).id


@sign_up.wrong(sent_at_once)
def delay_inside(name: str, email: str, welcome: Any) -> object:
    with transaction.atomic():
        return welcome.delay(create(name, email).pk).id


@sign_up.wrong(sent_at_once)
def delay_behind_the_block(name: str, email: str, welcome: Any) -> object:
    with transaction.atomic():
        customer = create(name, email)
    return welcome.delay(customer.pk).id


@sign_up.wrong("2 messages were sent")
def both(name: str, email: str, welcome: Any) -> object:
    customer = create(name, email)
    welcome.delay_on_commit(customer.pk)
    transaction.on_commit(lambda: welcome.delay(customer.pk))
    return customer


@sign_up.wrong("who joined on 2 March 2026")
def another_day(name: str, email: str, welcome: Any) -> object:
    customer = Customer.objects.create(name=name, email=email, joined_on="2026-02-03")
    return welcome.delay_on_commit(customer.pk)


@sign_up.wrong("Its argument is the customer's key")
def the_email(name: str, email: str, welcome: Any) -> object:
    create(name, email)
    return welcome.delay_on_commit(email)


@sign_up.wrong("no message was sent")
def no_message(name: str, email: str, welcome: Any) -> object:
    return create(name, email)
