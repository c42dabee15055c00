"""The letters of the Garden Club: once each, on the right day, also after a night without a run."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from subscriptions import services, tasks
from subscriptions.models import BirthdayWish, Membership, Reminder

TODAY = date(2026, 3, 2)


def ends(name: str) -> Membership:
    return Membership.objects.get(customer__name=name)


def receivers() -> list[str]:
    return sorted(letter.to[0].partition("@")[0] for letter in mail.outbox)


# Reminders


def test_who_is_reminded(rows: str) -> None:
    found = services.to_remind(TODAY).values_list("customer__name", "ends_on").order_by("ends_on")
    days = {name: (end - TODAY).days for name, end in found}
    assert {days[name] for name in days} <= set(range(26))
    assert days["Ann O'Brien"] == 25
    assert days["Ben Okafor"] == 24
    assert days["Emil Hansen"] == 0
    assert "Cleo Papadakis" not in days  # 26 days: tomorrow
    assert "Dara Byrne" not in days  # it ended yesterday


def test_a_reminder_goes_out_once(rows: str) -> None:
    count = len(services.to_remind(TODAY))
    assert services.send_reminders(TODAY) == count == len(mail.outbox)
    assert services.send_reminders(TODAY) == 0
    assert services.send_reminders(TODAY + timedelta(days=1)) == 1  # Cleo's turn
    assert len(mail.outbox) == count + 1
    assert "ends in 25 days, on 2026-03-28" in mail.outbox[-1].body


def test_a_night_without_a_run_is_caught_up(rows: str) -> None:
    services.send_reminders(TODAY)
    mail.outbox.clear()
    late = TODAY + timedelta(days=4)
    services.send_reminders(late)
    assert "cleo.papadakis" in receivers()
    assert "ends in 22 days" in next(m.body for m in mail.outbox if "Cleo" in m.body)


def test_who_renews_is_not_reminded_until_the_next_end(rows: str) -> None:
    ann = ends("Ann O'Brien")
    services.renew(ann)
    assert ann.ends_on == date(2027, 3, 27)
    services.send_reminders(TODAY)
    assert "ann.obrien" not in receivers()
    services.send_reminders(date(2027, 3, 2))
    assert "ann.obrien" in receivers()


def test_two_clicks_on_renew_add_one_year(rows: str) -> None:
    first, second = ends("Ann O'Brien"), ends("Ann O'Brien")
    services.renew(first)
    services.renew(second)
    assert second.ends_on == date(2027, 3, 27)


def test_the_database_refuses_a_second_one(rows: str) -> None:
    ann = ends("Ann O'Brien")
    for manager, key in [(ann.reminders, {"ends_on": TODAY}), (ann.wishes, {"year": 2026})]:
        manager.create(**key)
        with pytest.raises(IntegrityError), transaction.atomic():
            manager.create(**key)


def broken_for(address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    send = services.send_mail

    def send_mail(subject: str, text: str, sender: None, to: list[str]) -> None:
        if to == [address]:
            raise SMTPServerDisconnected("Connection unexpectedly closed")
        send(subject, text, sender, to)

    monkeypatch.setattr(services, "send_mail", send_mail)
    return send


def test_one_letter_fails_the_others_go_out_and_the_next_run_sends_it(
    rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = len(services.to_remind(TODAY))
    send = broken_for("ben.okafor@example.com", monkeypatch)
    with pytest.raises(services.NotAllSent, match=f"1 of {count} letters"):
        services.send_reminders(TODAY)
    assert Reminder.objects.count() == len(mail.outbox) == count - 1
    monkeypatch.setattr(services, "send_mail", send)
    assert services.send_reminders(TODAY) == 1
    assert receivers().count("ben.okafor") == 1


def test_the_task_tries_again_by_itself(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def not_all() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise services.NotAllSent
        return 7

    monkeypatch.setattr(services, "send_reminders", not_all)
    assert tasks.send_reminders.apply().get() == 7
    assert len(tries) == 3


def test_two_workers_at_once_send_each_letter_once(shared_rows: None) -> None:
    members = list(services.to_remind(TODAY))  # Both saw the same list.
    start, sent = threading.Barrier(2), []

    def work() -> None:
        start.wait()
        try:
            sent.append(sum(services.remind(membership, TODAY) for membership in members))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sum(sent) == len(mail.outbox) == Reminder.objects.count() == len(members)


# Birthdays


@pytest.mark.parametrize(
    ("birthday", "year", "day"),
    [
        (date(1996, 2, 29), 2026, date(2026, 2, 28)),
        (date(1996, 2, 29), 2028, date(2028, 2, 29)),
        (date(1996, 2, 29), 2100, date(2100, 2, 28)),
        (date(1988, 3, 2), 2026, date(2026, 3, 2)),
    ],
)
def test_the_day_it_is_celebrated(birthday: date, year: int, day: date) -> None:
    assert services.birthday_in(birthday, year) == day


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_somebody_born_on_29_february_is_wished_well_once_a_year(rows: str, year: int) -> None:
    cleo = ends("Cleo Papadakis")
    Membership.objects.filter(pk=cleo.pk).update(ends_on=date(2040, 1, 1))
    hour = datetime(year, 2, 27, tzinfo=UTC)
    while hour < datetime(year, 3, 3, tzinfo=UTC):
        services.send_birthday_wishes(hour)
        hour += timedelta(hours=1)
    assert receivers().count("cleo.papadakis") == 1


def hours_of(name: str, wished: bool = True) -> Iterator[datetime]:
    member = ends(name)
    hour = datetime(2026, 3, 1, tzinfo=UTC)
    while hour < datetime(2026, 3, 4, tzinfo=UTC):
        if services.has_birthday(member, hour) is wished:
            yield hour
        hour += timedelta(hours=1)


def test_it_is_their_own_clock_that_counts(rows: str) -> None:
    # Born on 2 March, both: in Osaka it is 9 in the morning at midnight UTC.
    assert next(hours_of("Hana Sato")) == datetime(2026, 3, 2, 0, tzinfo=UTC)
    assert next(hours_of("Ann O'Brien")) == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert len(list(hours_of("Hana Sato"))) == len(list(hours_of("Ann O'Brien"))) == 15
    Membership.objects.update(time_zone="America/Los_Angeles")
    assert next(hours_of("Hana Sato")) == datetime(2026, 3, 2, 17, tzinfo=UTC)


def test_a_wish_goes_out_once_a_year(rows: str) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert services.send_birthday_wishes(noon) == 2
    assert services.send_birthday_wishes(noon + timedelta(hours=1)) == 0
    assert receivers() == ["ann.obrien", "hana.sato"]
    Membership.objects.update(ends_on=date(2030, 1, 1))
    assert services.send_birthday_wishes(noon.replace(year=2027)) == 2
    assert sorted(BirthdayWish.objects.values_list("year", flat=True)) == [2026, 2026, 2027, 2027]


def test_the_year_is_that_of_the_members_clock(rows: str) -> None:
    goran = ends("Goran Horvat")  # Born on 1 January.
    Membership.objects.filter(pk=goran.pk).update(
        time_zone="Pacific/Kiritimati", ends_on=date(2030, 1, 1)
    )
    services.send_birthday_wishes(datetime(2026, 12, 31, 20, tzinfo=UTC))
    assert goran.wishes.get().year == 2027


def test_few_queries_however_many_members(rows: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        services.to_wish(datetime(2026, 3, 2, 12, tzinfo=UTC))
    with django_assert_num_queries(1):
        [membership.customer.name for membership in services.to_remind(TODAY)]


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "Europe", ""])
def test_a_time_zone_that_is_none(rows: str, name: str) -> None:
    ann = ends("Ann O'Brien")
    ann.time_zone = name
    with pytest.raises(ValidationError):
        ann.full_clean()
