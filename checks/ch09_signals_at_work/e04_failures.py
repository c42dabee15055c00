"""09.4 The list of the night: logins that failed."""

from __future__ import annotations

from typing import Any

from accounts.models import LoginRecord
from accounts.visitor import client_ip
from django.contrib.auth import user_logged_in, user_login_failed
from django.contrib.auth.models import User
from django.dispatch import receiver
from django.test import Client, RequestFactory

from checks.ch08_every_bell import Day, of_days
from checks.ch09_signals_at_work import SIGNALS, new_login
from checks.common.runs import failed
from glass.layers.signals import ReceiverCall
from tutor.judge.exercise import Exercise, Run


def fail(credentials: dict[str, str], address: str | None) -> None:
    """As authenticate() does, without the second that the check of a password takes."""
    request = RequestFactory().post("/accounts/login/", REMOTE_ADDR=address) if address else None
    hidden = credentials | {"password": "*" * 20}
    user_login_failed.send(sender="django.contrib.auth", credentials=hidden, request=request)


def guesses() -> None:
    """somebody tries ann two times, and a name that there is not"""
    fail({"username": "ann"}, "9.9.9.9")
    fail({"username": "ann"}, "9.9.9.9")
    fail({"username": "root"}, "9.9.9.7")


def a_good_night() -> None:
    """ann logs in, and nobody fails"""
    Client().force_login(User.objects.get(username="ann"))


def scripts() -> None:
    """a script without a request fails, and one that logs in by a token"""
    fail({"username": "backup"}, None)
    Client().force_login(User.objects.get(username="kofi"))
    user_login_failed.send(
        sender="django.contrib.auth",
        credentials={"token": "*" * 20},
        request=RequestFactory().get("/", REMOTE_ADDR="10.1.1.1"),
    )


failures = Exercise(
    "09.4",
    "The list of the night",
    minutes=6,
    layers=SIGNALS,
    changes=[new_login],
    hints=[
        "Which of the three signals of the lesson rings when a login fails?",
        "Its receiver gets credentials, a dictionary, and request. End it with **kwargs.",
        "request can be None. And a dictionary has get(), which gives None for what is not there.",
    ],
)


of_days(
    failures,
    {
        guesses: [("ann", "9.9.9.9"), ("ann", "9.9.9.9"), ("root", "9.9.9.7")],
        a_good_night: [],
        scripts: [("backup", None), (None, "10.1.1.1")],
    },
)


@failures.mistake("request can be None, from a script for example. Look before you ask for META.")
def request_missing(run: Run) -> bool:
    return failed(run, "AttributeError", "META")


@failures.mistake(
    "Not every login has a username: a token for example has none. Ask with credentials.get()."
)
def name_missing(run: Run) -> bool:
    return failed(run, "KeyError", "username")


@failures.mistake(
    "user_logged_in rings for those who come in. The failures have a signal of their own."
)
def wrong_bell(run: Run) -> bool:
    return failed(run, "TypeError", "credentials") or any(
        row[0] in ("ann", "kofi") for row in run.unexpected
    )


@failures.mistake(
    "This signal carries credentials and request, and no user: perhaps there is none of this name."
)
def user_wanted(run: Run) -> bool:
    return failed(run, "TypeError", "required positional argument")


@failures.mistake("Where there is no name or no request, put None, not an empty text.")
def empty_texts(run: Run) -> bool:
    return any(isinstance(row, tuple) and "" in row for row in run.unexpected)


@failures.mistake(
    "What a receiver returns goes to the sender of the signal, not to you. Let the receiver append "
    "to a list, and return the list."
)
def returned_by_the_receiver(run: Run) -> bool:
    return run.value is None and any(
        isinstance(event, ReceiverCall) and event.returned != "None" for event in run.seen.events
    )


@failures.mistake(
    "Nothing was heard. Connect before you call day(); and a sender=User hears nothing, because "
    "the sender of this signal is not a model."
)
def heard_nothing(run: Run) -> bool:
    return run.rows == [] and bool(run.missing)


@failures.mistake("The same name can fail two times: that is two rows.")
def only_once(run: Run) -> bool:
    return bool(run.missing) and all(row in run.rows for row in run.missing)


@failures.mistake(
    "A failure is missing. The project's LoginRecord has only those with a name: listen yourself, "
    "and put None where there is no name or no request."
)
def some_missing(run: Run) -> bool:
    return bool(run.missing) and not run.unexpected


@failures.right
def connected_by_hand(day: Day) -> object:
    rows = []

    def heard(sender: Any, credentials: Any, request: Any = None, **kwargs: Any) -> None:
        rows.append((credentials.get("username"), client_ip(request)))

    user_login_failed.connect(heard)
    try:
        day()
    finally:
        user_login_failed.disconnect(heard)
    return rows


@failures.right
def everything_from_kwargs(day: Day) -> object:
    @receiver(user_login_failed, dispatch_uid="the list of the night")
    def heard(**kwargs: Any) -> None:
        meta = getattr(kwargs["request"], "META", {})
        name = kwargs["credentials"].get("username", None)
        rows.append([name, meta.get("REMOTE_ADDR")])

    rows = []
    day()
    return iter(rows)


@failures.right
def by_its_sender(day: Day) -> object:
    rows = []
    user_login_failed.connect(
        lambda sender, credentials, request, **kwargs: rows.append(
            (credentials.get("username"), request and request.META["REMOTE_ADDR"])
        ),
        sender="django.contrib.auth",
        weak=False,
    )
    day()
    return rows


@failures.wrong(request_missing)
def request_trusted(day: Day) -> object:
    rows = []

    @receiver(user_login_failed)
    def heard(credentials: Any, request: Any, **kwargs: Any) -> None:
        rows.append((credentials.get("username"), request.META["REMOTE_ADDR"]))

    day()
    return rows


@failures.wrong(name_missing)
def name_trusted(day: Day) -> object:
    rows = []

    @receiver(user_login_failed)
    def heard(credentials: Any, request: Any, **kwargs: Any) -> None:
        rows.append((credentials["username"], request.META["REMOTE_ADDR"] if request else None))

    day()
    return rows


@failures.wrong(user_wanted)
def user_expected(day: Day) -> object:
    rows = []

    @receiver(user_login_failed)
    def heard(user: Any, request: Any, **kwargs: Any) -> None:
        rows.append((user.username, client_ip(request)))

    day()
    return rows


@failures.wrong(empty_texts)
def nothing_as_text(day: Day) -> object:
    rows = []

    @receiver(user_login_failed)
    def heard(credentials: Any, request: Any, **kwargs: Any) -> None:
        rows.append((credentials.get("username", ""), client_ip(request) or ""))

    day()
    return rows


@failures.wrong(returned_by_the_receiver)
def receiver_returns(day: Day) -> object:
    @receiver(user_login_failed)
    def heard(credentials: Any, request: Any, **kwargs: Any) -> object:
        return credentials.get("username"), client_ip(request)

    return day()


@failures.wrong(heard_nothing)
def of_the_model(day: Day) -> object:
    rows = []

    @receiver(user_login_failed, sender=User)
    def heard(credentials: Any, request: Any, **kwargs: Any) -> None:
        rows.append((credentials.get("username"), client_ip(request)))

    day()
    return rows


@failures.wrong(heard_nothing)
def connected_too_late(day: Day) -> object:
    rows = []
    day()

    @receiver(user_login_failed)
    def heard(credentials: Any, request: Any, **kwargs: Any) -> None:
        rows.append((credentials.get("username"), client_ip(request)))

    return rows


@failures.wrong(wrong_bell)
def those_who_came_in(day: Day) -> object:
    rows = []

    @receiver([user_login_failed, user_logged_in])
    def heard(request: Any, credentials: Any = None, user: Any = None, **kwargs: Any) -> None:
        name = credentials.get("username") if credentials else user.username
        rows.append((name, client_ip(request)))

    day()
    return rows


@failures.wrong(only_once)
def as_a_set(day: Day) -> object:
    rows = set()

    @receiver(user_login_failed)
    def heard(credentials: Any, request: Any, **kwargs: Any) -> None:
        rows.add((credentials.get("username"), client_ip(request)))

    day()
    return rows


@failures.wrong(some_missing)
def from_the_table(day: Day) -> object:
    day()
    return LoginRecord.objects.filter(successful=False).values_list("username", "ip")


@failures.wrong("Each row should be like")
def names_only(day: Day) -> object:
    rows = []

    @receiver(user_login_failed)
    def heard(credentials: Any, **kwargs: Any) -> None:
        rows.append(credentials.get("username"))

    day()
    return rows
