"""08.4 Tidy addresses: change an object before it is written."""

from __future__ import annotations

from typing import Any

from company.models import Employee
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from shop.models import Customer

from checks.ch08_every_bell import LAYERS, Day, hire, of_days
from checks.common import changes
from tutor.judge.exercise import Exercise, Run


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
