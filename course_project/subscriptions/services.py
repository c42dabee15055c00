"""The letters of the Garden Club. Each may be asked for as often as one likes: it goes out once."""

import logging
from calendar import isleap
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.core.mail import send_mail
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from .models import Membership, Reminder

REMIND_DAYS = 25
# Nobody wants to be woken by a wish.
WISH_FROM_HOUR = 9

logger = logging.getLogger(__name__)


class NotAllSent(Exception):
    """Some letters did not go out. To call the same again sends those alone."""


# Reminders


def to_remind(today: date) -> QuerySet[Membership]:
    """Those that end within 25 days and were not told so yet.

    A range, not the one day `today + 25`: what a night without a run left out is caught up.
    """
    told = Reminder.objects.filter(membership=OuterRef("pk"), ends_on=OuterRef("ends_on"))
    soon = Q(ends_on__range=(today, today + timedelta(days=REMIND_DAYS)))
    return Membership.objects.filter(soon, ~Exists(told)).select_related("customer")


def send_reminders(today: date | None = None) -> int:
    """Remind everybody whose membership ends soon. Return how many letters went out.

    Raises NotAllSent when the rest is sent.
    """
    today = today or timezone.localdate()
    return _each(to_remind(today).order_by("ends_on", "pk"), lambda row: remind(row, today))


def remind(membership: Membership, today: date) -> bool:
    """Send the reminder of the present end, unless it was sent. Return whether it was now."""
    days = (membership.ends_on - today).days
    when = {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
    text = (
        f"Dear {membership.customer.name},\n\nyour membership ends {when}, on {membership.ends_on}."
    )
    key = {"ends_on": membership.ends_on}
    return _send_once(membership.reminders, key, membership, "Your membership ends soon", text)


def renew(membership: Membership) -> None:
    """One more year, counted from the end. Asked twice for the same end, it adds one year."""
    new = birthday_in(membership.ends_on, membership.ends_on.year + 1)
    same = Membership.objects.filter(pk=membership.pk, ends_on=membership.ends_on)
    same.update(ends_on=new)
    membership.refresh_from_db(fields=["ends_on"])


# Birthdays


def birthday_in(birthday: date, year: int) -> date:
    """The day of that year on which it is celebrated: 29 February comes a day early."""
    if (birthday.month, birthday.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return birthday.replace(year=year)


def has_birthday(membership: Membership, now: datetime) -> bool:
    """Whether it is the customer's birthday, and past nine in the morning, where the customer is."""
    there = now.astimezone(membership.zone)
    birthday = membership.customer.birthday
    return (
        birthday is not None
        and there.date() == birthday_in(birthday, there.year)
        and there.hour >= WISH_FROM_HOUR
    )


def to_wish(now: datetime) -> list[Membership]:
    """The members who have their birthday now, each by the clock of their own."""
    # Somewhere on earth it is still yesterday, or tomorrow already.
    days = [timezone.localdate(now) + timedelta(days=offset) for offset in (-1, 0, 1)]
    pairs = {(day.month, day.day) for day in days}
    if (2, 28) in pairs:
        pairs.add((2, 29))
    near = Q()
    for month, day in pairs:
        near |= Q(customer__birthday__month=month, customer__birthday__day=day)
    members = Membership.objects.filter(near, ends_on__gte=min(days)).select_related("customer")
    return [membership for membership in members.order_by("pk") if has_birthday(membership, now)]


def send_birthday_wishes(now: datetime | None = None) -> int:
    """Wish everybody well whose birthday it is where they are, once a year.

    Return how many letters went out. Raises NotAllSent when the rest is sent.
    """
    now = now or timezone.now()
    return _each(to_wish(now), lambda membership: wish(membership, now))


def wish(membership: Membership, now: datetime) -> bool:
    """Send the wish of this year, unless it was sent. Return whether it was now."""
    text = f"Dear {membership.customer.name},\n\nhappy birthday from the Garden Club!"
    key = {"year": now.astimezone(membership.zone).year}
    return _send_once(membership.wishes, key, membership, "Happy birthday", text)


# Letters


def _send_once(
    rows: models.Manager[Any], key: dict[str, Any], membership: Membership, subject: str, text: str
) -> bool:
    """Insert the row that stands for the letter, then send it.

    The unique constraint lets one of two workers through. If the mail fails, the row is taken back,
    and the next run tries again.
    """
    try:
        with transaction.atomic():
            rows.create(**key)
            send_mail(subject, text, None, [membership.customer.email])
    except IntegrityError:
        return False
    return True


def _each(members: Iterable[Membership], send: Callable[[Membership], bool]) -> int:
    sent, failed = 0, 0
    for membership in members:
        try:
            sent += send(membership)
        except OSError:  # What a mail server that does not answer raises.
            logger.exception("No letter to customer %s.", membership.customer_id)
            failed += 1
    if failed:
        raise NotAllSent(f"{failed} of {failed + sent} letters could not be sent.")
    return sent
