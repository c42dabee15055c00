"""08.8 A mail that is true: after the commit, or not at all."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from company.models import Skill
from django.core import mail
from django.core.mail import EmailMessage, send_mail
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from shop.models import Customer, Order

from checks.ch08_every_bell import LAYERS, Day, calls, of_days
from checks.common import changes
from tutor.judge.exercise import Exercise, Run


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
    needs_commit=True,
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
def check(run: Run) -> str | None:
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
