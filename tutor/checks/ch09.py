"""Chapter 09, signals at work: what right means, and what mistakes say."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from accounts.models import LoginRecord, Profile
from accounts.visitor import client_ip
from django.contrib.auth import user_logged_in, user_login_failed
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage, send_mail
from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.test import Client, RequestFactory
from shop import services
from shop.checkout import CannotOrder, place_order
from shop.models import Customer, Invoice, Order, OrderLine, Product
from shop.signals import order_created

from glass.layers.signals import Call
from tutor.checks import Exercise, Prediction, Run, changes
from tutor.checks.ch08 import Day, calls, of_days

#: Without the SQL of the project: it has times of today in it, and would hide what matters here.
SIGNALS = ("signals",)


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


# 09.1: a login saves the user.

coming_in = Prediction(
    "09.1",
    "Predict: ben comes in",
    minutes=2,
    layers=SIGNALS,
    hints=[
        "user_logged_in rings once. Who is connected with it? The lesson has the list.",
        "One of the two saves something. What rings then?",
        "A receiver that runs and does nothing has run, too.",
    ],
    because="user_logged_in has two receivers: Django's update_last_login, and write_login_down "
    "of the project. The first one saves the user, so give_profile hears post_save. It sees "
    "created=False and does nothing, but it ran.",
    wrong={
        1: "user_logged_in alone has two receivers, and one of them rings another bell.",
        2: "Django's receiver saves the user, to keep the time. post_save has a receiver, too.",
        4: "post_save of User rings once: write_login_down saves a LoginRecord, and no receiver "
        "hears that.",
    },
    fact=calls,
)


# 09.2: get or create.

PHONES: dict[int, str] = {}


def new_login() -> None:
    """there is one more user without a profile"""
    changes.login("lena")


def phone_in_use() -> None:
    """ann has another phone now"""
    Profile.objects.filter(user__username="ann").update(phone="+353 21 555 0199")


profile_of = Exercise(
    "09.2",
    "A profile for everybody who asks",
    minutes=4,
    changes=[new_login, phone_in_use],
    hints=[
        "Two cases: there is a profile, or there is none. user.profile raises in the second.",
        "A manager has one method that looks, and makes a row if it finds none.",
        "get_or_create() returns two things: the object, and whether it was made.",
    ],
)


@profile_of.cases
def _() -> object:
    PHONES.clear()
    PHONES.update(Profile.objects.values_list("user_id", "phone"))
    return [(user,) for user in User.objects.order_by("-pk")]


@profile_of.check
def _(run: Run) -> str | None:
    (user,) = run.arguments
    found = list(Profile.objects.filter(user=user.pk))
    if len(found) != 1:
        return f"Afterwards {user} has no profile in the database."
    if found[0].phone != PHONES.get(user.pk, ""):
        return (
            f"The phone of {user} was {PHONES.get(user.pk, '')!r}, and is {found[0].phone!r} now."
        )
    if not isinstance(run.value, Profile):
        return f"Asked is a profile; your function returned {type(run.value).__name__}."
    if run.value != found[0]:
        return f"You returned a profile, but not the one of {user}."
    others = dict(Profile.objects.exclude(user=user.pk).values_list("user_id", "phone"))
    if others != {key: phone for key, phone in PHONES.items() if key != user.pk}:
        return "Profiles of other users have changed as well."
    return None


@profile_of.mistake(
    "get_or_create() returns two things: the profile, and whether it was made. Take the first."
)
def both_returned(run: Run) -> bool:
    return isinstance(run.value, tuple) and isinstance(run.value[0], Profile)


@profile_of.mistake("filter() gives rows, and here it may give none. Asked is one profile.")
def rows_in_place_of_one(run: Run) -> bool:
    return isinstance(run.value, list)


@profile_of.mistake(
    "An old user has no profile, and user.profile raises. Catch Profile.DoesNotExist, or look "
    "with get_or_create()."
)
def profile_missing(run: Run) -> bool:
    return failed(run, "RelatedObjectDoesNotExist") or failed(run, "DoesNotExist")


@profile_of.mistake(
    "This user has a profile already, and a second one is refused. Look first, then make one."
)
def made_twice(run: Run) -> bool:
    return failed(run, "IntegrityError")


@profile_of.mistake("For a user without a profile your function returned None. Make one there.")
def none_made(run: Run) -> bool:
    return run.value is None and run.arguments[0].pk not in PHONES and run.queries > 0


@profile_of.mistake("Profile(user=...) makes an object in Python only. Save it.")
def not_saved(run: Run) -> bool:
    return isinstance(run.value, Profile) and run.value.pk is None


@profile_of.right
def tried_first(user: Any) -> object:
    try:
        return user.profile
    except Profile.DoesNotExist:
        return Profile.objects.create(user=user)


@profile_of.right
def asked_with_hasattr(user: Any) -> object:
    if not hasattr(user, "profile"):
        Profile(user=user).save()
    return user.profile


@profile_of.right
def first_or_new(user: User) -> object:
    return Profile.objects.filter(user=user).first() or Profile.objects.create(user=user)


@profile_of.right
async def made_async(user: User) -> object:
    profile, _ = await Profile.objects.aget_or_create(user=user)
    return profile


@profile_of.right
def updated_with_nothing(user: User) -> object:
    return Profile.objects.update_or_create(user=user)[0]


@profile_of.wrong(both_returned)
def pair(user: User) -> object:
    return Profile.objects.get_or_create(user=user)


@profile_of.wrong(profile_missing)
def only_read(user: Any) -> object:
    return user.profile


@profile_of.wrong(profile_missing)
def saved_again(user: Any) -> object:
    user.save()  # The receiver of the project makes profiles for new users only.
    return user.profile


@profile_of.wrong(made_twice)
def only_made(user: User) -> object:
    return Profile.objects.create(user=user)


@profile_of.wrong(made_twice)
def looked_for_empty_phone(user: User) -> object:
    return Profile.objects.get_or_create(user=user, phone="")[0]


@profile_of.wrong(none_made)
def only_looked(user: User) -> object:
    return Profile.objects.filter(user=user).first()


@profile_of.wrong(rows_in_place_of_one)
def filtered(user: User) -> object:
    return Profile.objects.filter(user=user)


@profile_of.wrong(not_saved)
def in_python_only(user: User) -> object:
    return Profile.objects.filter(user=user).first() or Profile(user=user)


@profile_of.wrong("was '+44 20 7946 0322', and is '' now")
def emptied(user: User) -> object:
    return Profile.objects.update_or_create(user=user, defaults={"phone": ""})[0]


@profile_of.wrong("Asked is a profile; your function returned NoneType")
def made_and_kept(user: User) -> None:
    Profile.objects.get_or_create(user=user)


# 09.3: the address behind a proxy.

visitor_address = Exercise(
    "09.3",
    "Who is behind the proxy?",
    minutes=6,
    changes=[changes.newcomer],
    hints=[
        "Cut the header at its commas, and take the blanks off each part. It may be None or empty.",
        "Count from the right: with one proxy the last address is right, with two the one before.",
        "A list counts from the right with negative numbers. But -0 is 0, the first one.",
    ],
)

PROXY, OUTSIDE = "10.0.0.1", "8.8.8.8"


@visitor_address.cases
def _() -> object:
    return [
        (OUTSIDE, None, 0),
        (PROXY, "9.9.9.9", 1),
        (PROXY, "1.2.3.4, 9.9.9.9", 1),
        (OUTSIDE, "1.2.3.4", 0),
        (OUTSIDE, "1.2.3.4, 5.6.7.8", 0),
        (PROXY, "1.2.3.4, 9.9.9.9, 10.0.0.2", 2),
        (PROXY, "1.2.3.4,9.9.9.9,10.0.0.3 , 10.0.0.2", 3),
        (PROXY, "2001:db8::7,10.0.0.2", 2),
        (OUTSIDE, None, 1),
        (OUTSIDE, "", 1),
        (OUTSIDE, "1.2.3.4", 2),
    ]


@visitor_address.expects
def _(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = [part.strip() for part in forwarded.split(",")] if forwarded else []
    return parts[len(parts) - proxies] if 0 < proxies <= len(parts) else remote


@visitor_address.mistake("The header is None where there is none: look before you cut it.")
def cut_none(run: Run) -> bool:
    return isinstance(run.error, AttributeError | TypeError) and run.arguments[1] is None


@visitor_address.mistake(
    "The header can have fewer addresses than there are proxies. Then `remote` is right."
)
def too_short(run: Run) -> bool:
    parts = (run.arguments[1] or "").split(",")
    return isinstance(run.error, IndexError) or len(parts) < run.arguments[2]


@visitor_address.mistake("The addresses stand between commas and blanks: take the blanks off.")
def with_blanks(run: Run) -> bool:
    return run.value.strip() == run.expected


@visitor_address.mistake(
    "Without a proxy of ours, the whole header was written by the visitor: it can be a lie."
)
def believed_without_proxy(run: Run) -> bool:
    return run.arguments[2] == 0 and run.value in str(run.arguments[1])


@visitor_address.mistake(
    "Between two addresses there can be a comma without a blank, or with two. Cut at the comma "
    "alone, and strip each part."
)
def cut_at_blanks(run: Run) -> bool:
    _, forwarded, proxies = run.arguments
    parts = forwarded.split(", ")
    guess = parts[-proxies] if proxies <= len(parts) else run.arguments[0]
    return len(parts) < len(forwarded.split(",")) and run.value == guess


@visitor_address.mistake(
    "That is the first address of the header: the visitor can write anything there. "
    "Only what our proxies appended, on the right, is sure."
)
def took_the_first(run: Run) -> bool:
    return run.arguments[1].split(",")[0].strip() == run.value


@visitor_address.mistake(
    "With two proxies the last address is that of our own first proxy. Go one more to the left "
    "for each proxy."
)
def took_the_last(run: Run) -> bool:
    return run.arguments[2] > 1 and run.arguments[1].split(",")[-1].strip() == run.value


@visitor_address.mistake("That is the address of our own proxy, and it is the same for everybody.")
def took_the_proxy(run: Run) -> bool:
    return run.value == PROXY


@visitor_address.right
def from_the_end(remote: str, forwarded: str | None, proxies: int) -> object:
    if not proxies or not forwarded:
        return remote
    try:
        return forwarded.split(",")[-proxies].strip()
    except IndexError:
        return remote


@visitor_address.right
def as_a_chain(remote: str, forwarded: str | None, proxies: int) -> object:
    chain = [remote, *reversed(re.findall(r"[^,\s]+", forwarded or ""))]
    return chain[proxies] if proxies < len(chain) else remote


@visitor_address.right
def cut_from_the_right(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = (forwarded or "").replace(" ", "").rsplit(",", proxies)
    if proxies == 0 or not forwarded or len(parts) < proxies:
        return remote
    return parts[-proxies]


@visitor_address.wrong(cut_none)
def cut_at_once(remote: str, forwarded: Any, proxies: int) -> object:
    parts = forwarded.split(",")
    return parts[-proxies].strip() if 0 < proxies <= len(parts) else remote


@visitor_address.wrong(cut_at_blanks)
def comma_and_blank(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = (forwarded or "").split(", ")
    return parts[-proxies] if forwarded and 0 < proxies <= len(parts) else remote


@visitor_address.wrong(took_the_first)
def one_too_far(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = [part.strip() for part in (forwarded or "").split(",") if part]
    return (
        ([remote, *parts][-proxies - 1] if len(parts) > proxies else parts[0]) if parts else remote
    )


@visitor_address.wrong(too_short)
def minus_one(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = [part.strip() for part in (forwarded or "").split(",") if part]
    return parts[len(parts) - proxies] if parts and proxies else remote


@visitor_address.wrong(took_the_first)
def the_first(remote: str, forwarded: str | None, proxies: int) -> object:
    return forwarded.split(",")[0].strip() if forwarded and proxies else remote


@visitor_address.wrong(believed_without_proxy)
def the_last_always(remote: str, forwarded: str | None, proxies: int) -> object:
    return forwarded.split(",")[-1].strip() if forwarded else remote


@visitor_address.wrong(believed_without_proxy)
def minus_zero(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = (forwarded or remote).split(",")
    return parts[-proxies].strip() if proxies <= len(parts) else remote


@visitor_address.wrong(took_the_last)
def the_last(remote: str, forwarded: str | None, proxies: int) -> object:
    return forwarded.split(",")[-1].strip() if forwarded and proxies else remote


@visitor_address.wrong(with_blanks)
def blanks(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = (forwarded or "").split(",")
    return parts[-proxies] if 0 < proxies <= len(parts) and forwarded else remote


@visitor_address.wrong(too_short)
def unguarded(remote: str, forwarded: str | None, proxies: int) -> object:
    return forwarded.split(",")[-proxies].strip() if forwarded and proxies else remote


@visitor_address.wrong(took_the_proxy)
def remote_always(remote: str, forwarded: str | None, proxies: int) -> object:
    return remote


@visitor_address.wrong("right is '8.8.8.8'")
def empty_text(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = [part.strip() for part in (forwarded or "").split(",")]
    return parts[-proxies] if 0 < proxies <= len(parts) else remote


# 09.4: the failures.


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
        row[0] in ("ann", "kofi") for row in run.surplus
    )


@failures.mistake(
    "This signal carries credentials and request, and no user: perhaps there is none of this name."
)
def user_wanted(run: Run) -> bool:
    return failed(run, "TypeError", "required positional argument")


@failures.mistake("Where there is no name or no request, put None, not an empty text.")
def empty_texts(run: Run) -> bool:
    return any(isinstance(row, tuple) and "" in row for row in run.surplus)


@failures.mistake(
    "What a receiver returns goes to the sender of the signal, not to you. Let the receiver append "
    "to a list, and return the list."
)
def returned_by_the_receiver(run: Run) -> bool:
    return run.value is None and any(
        isinstance(event, Call) and event.returned != "None" for event in run.seen.events
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
    return bool(run.missing) and not run.surplus


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


# 09.5: the lock.

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
#: Name -> the minutes ago of its failures, and other values of some.
TRIES: dict[str, list[tuple[float, dict[str, Any]]]] = {
    "ivo": [(n, {}) for n in (1, 2, 3, 4, 5, 6)],
    "ann": [(n, {}) for n in (1, 2, 3, 4, 14.5)],
    "ben": [(n, {}) for n in (1, 2, 3, 4)],
    "fatima": [(n, {"successful": n > 4}) for n in (1, 2, 3, 4, 5, 6, 7)],
    "cleo": [(n, {"forgiven": n > 4}) for n in (1, 2, 3, 4, 5, 6)],
    "dara": [(n, {}) for n in (1, 2, 3, 4, 16, 60, 5000)],
    "emil": [(n, {}) for n in (1, 2, 3, 4, 15)],
    "kofi": [(n, {}) for n in (1, 2, 3)],
    "Kofi": [(n, {}) for n in (1, 2, 3)],
    "kofi2": [(n, {}) for n in (1, 2, 3)],
    "nobody": [(n, {}) for n in (1, 1, 1, 1, 1)],
}


def write_tries(all_tries: dict[str, list[tuple[float, dict[str, Any]]]]) -> None:
    LoginRecord.objects.bulk_create(
        LoginRecord(
            **{"username": name, "at": NOW - timedelta(minutes=ago), "successful": False} | more
        )
        for name, tries in all_tries.items()
        for ago, more in tries
    )


def worse_night() -> None:
    """ben and hana have failed five times now, and nobody has tried ann"""
    five = TRIES["nobody"]
    write_tries({**TRIES, "ben": five, "hana": five, "ann": []})


is_locked = Exercise(
    "09.5",
    "Is the door locked?",
    minutes=5,
    queries=1,
    changes=[worse_night],
    hints=[
        "Start from LoginRecord, and filter: each of the four conditions is one word of filter().",
        "Younger than 15 minutes: its time is greater than now - timedelta(minutes=15).",
        "Count what is left, and compare the number with five.",
    ],
)


@is_locked.cases
def _() -> object:
    if not LoginRecord.objects.exists():
        write_tries(TRIES)
    return [(name, NOW) for name in (*TRIES, "hana")]


@is_locked.expects
def _(name: str, now: datetime) -> object:
    since = NOW - timedelta(minutes=15)
    tries = [each for each in LoginRecord.objects.all() if each.username == name]
    return len([t for t in tries if not (t.successful or t.forgiven) and t.at > since]) >= 5


def about(name: str) -> Callable[[Run], bool]:
    return lambda run: run.arguments[0] == name and bool(run.value) != run.expected


@is_locked.mistake(
    "user is empty where a login failed: nobody knows who it was. Look at username, what was typed."
)
def by_the_user(run: Run) -> bool:
    return run.error is None and any("auth_user" in query.sql for query in run.seen.queries)


@is_locked.mistake("Asked is True or False. Compare the number with 5.")
def number_returned(run: Run) -> bool:
    return type(run.value) is int


@is_locked.mistake("Asked is True or False. You returned rows.")
def rows_returned(run: Run) -> bool:
    return isinstance(run.value, list)


@is_locked.mistake(
    "This name has six failures of the last minutes. Count back from `now`, the argument and not "
    "the clock, and by minutes."
)
def looked_at_the_clock(run: Run) -> bool:
    return about("ivo")(run)


five_are_enough = is_locked.mistake("Five failures are enough: at least five, not more than five.")(
    about("ann")
)
too_few = is_locked.mistake("Four failures do not lock yet.")(about("ben"))
successes_counted = is_locked.mistake("A successful login is no failure.")(about("fatima"))
forgiven_counted = is_locked.mistake("Failures that are forgiven no longer count.")(about("cleo"))
old_counted = is_locked.mistake("Some of these failures are old: only 15 minutes count.")(
    about("dara")
)
boundary = is_locked.mistake(
    "A failure of exactly 15 minutes ago is not younger than 15 minutes: greater, not equal."
)(about("emil"))
others_counted = is_locked.mistake(
    '"kofi", "Kofi" and "kofi2" are three names. Compare the username exactly.'
)(lambda run: run.arguments[0] in ("kofi", "Kofi", "kofi2") and run.value is True)


@is_locked.right
def fifth_is_there(name: str, now: datetime) -> object:
    since = now - timedelta(minutes=15)
    tries = LoginRecord.objects.filter(username=name, successful=False, forgiven=False)
    return tries.filter(at__gt=since).order_by("at")[4:5].exists()


@is_locked.right
def counted_in_python(name: str, now: datetime) -> object:
    tries = LoginRecord.objects.filter(username=name)
    return (
        sum(not (t.successful or t.forgiven) and now - t.at < timedelta(minutes=15) for t in tries)
        >= 5
    )


@is_locked.right
def aggregated(name: str, now: datetime) -> object:
    since = now - timedelta(minutes=15)
    bad = Q(username=name, successful=False, forgiven=False, at__gt=since)
    return LoginRecord.objects.aggregate(n=Count("pk", filter=bad))["n"] > 4


@is_locked.right
async def locked_async(name: str, now: datetime) -> object:
    tries = LoginRecord.objects.filter(
        username=name, successful=False, forgiven=False, at__gt=now - timedelta(minutes=15)
    )
    return await tries.acount() >= 5


@is_locked.right
def locked_in_sql(name: str, now: datetime) -> object:
    since: Any = connection.ops.adapt_datetimefield_value(now - timedelta(minutes=15))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM accounts_loginrecord "
            "WHERE username = %s AND NOT successful AND NOT forgiven AND at > %s",
            [name, since],
        )
        return cursor.fetchone()[0] >= 5


def recent(now: datetime, **more: Any) -> Any:
    return LoginRecord.objects.filter(at__gt=now - timedelta(minutes=15), **more)


@is_locked.wrong(by_the_user)
def of_the_user(name: str, now: datetime) -> object:
    tries = recent(now, user__username=name, successful=False, forgiven=False)
    return tries.count() >= 5


@is_locked.wrong(number_returned)
def the_number(name: str, now: datetime) -> object:
    return recent(now, username=name, successful=False, forgiven=False).count()


@is_locked.wrong(rows_returned)
def the_rows(name: str, now: datetime) -> object:
    return recent(now, username=name, successful=False, forgiven=False)


@is_locked.wrong(looked_at_the_clock)
def by_the_clock(name: str, now: datetime) -> object:
    return recent(datetime.now(UTC), username=name, successful=False, forgiven=False).count() >= 5


@is_locked.wrong(five_are_enough)
def more_than_five(name: str, now: datetime) -> object:
    return recent(now, username=name, successful=False, forgiven=False).count() > 5


@is_locked.wrong(too_few)
def any_failure(name: str, now: datetime) -> object:
    return recent(now, username=name, successful=False, forgiven=False).exists()


@is_locked.wrong(successes_counted)
def all_logins(name: str, now: datetime) -> object:
    return recent(now, username=name, forgiven=False).count() >= 5


@is_locked.wrong(forgiven_counted)
def never_forgiven(name: str, now: datetime) -> object:
    return recent(now, username=name, successful=False).count() >= 5


@is_locked.wrong(old_counted)
def for_ever(name: str, now: datetime) -> object:
    tries = LoginRecord.objects.filter(username=name, successful=False, forgiven=False)
    return tries.count() >= 5


@is_locked.wrong(boundary)
def equal_too(name: str, now: datetime) -> object:
    since = now - timedelta(minutes=15)
    tries = LoginRecord.objects.filter(username=name, successful=False, forgiven=False)
    return tries.filter(at__gte=since).count() >= 5


@is_locked.wrong(others_counted)
def any_case(name: str, now: datetime) -> object:
    return recent(now, username__iexact=name, successful=False, forgiven=False).count() >= 5


@is_locked.wrong("it took 2 queries. 1 is enough")
def asked_twice(name: str, now: datetime) -> object:
    tries = recent(now, username=name, successful=False, forgiven=False)
    return tries.exists() and tries.count() >= 5


# 09.6: what is certain.

invoices = Prediction(
    "09.6",
    "Predict: how many invoices?",
    minutes=4,
    layers=SIGNALS,
    commits=True,
    hints=[
        "Only order_created leads to an invoice. Which lines send it?",
        "place_order sends it on commit: not for a refused order, and not after a rollback.",
        "write_invoice uses get_or_create: how many invoices can one order have?",
    ],
    because="The first order brings one invoice: its two lines are one order. The second is "
    "refused, the third is rolled back, so neither is told. The old order gets one invoice, "
    "however often the signal is sent. And create() sends post_save, not order_created.",
    wrong={
        1: "order_created can be sent for an old order, too: who listens does not know the "
        "difference.",
        3: "One too many: a rolled back order is told to nobody, and one order has one invoice.",
        4: "Two too many. Which orders are certain? And how often is an invoice written for one?",
        5: "Only place_order and the two send() lines ring order_created, and not all of them "
        "lead to a new invoice.",
    },
    fact=lambda run: run.value,
)


# 09.7: an import.

type OrderRow = tuple[str, str, int]

ANN, BEN, CLEO = "ann.obrien@example.com", "ben.okafor@example.com", "cleo.papadakis@example.net"
FAIRS: list[tuple[OrderRow, ...]] = [
    ((ANN, "HER-001", 2), (BEN, "HER-002", 1)),
    ((ANN, "HER-001", 4), (BEN, "HER-001", 5), (CLEO, "HER-001", 1), (ANN, "HER-002", 0)),
    ((BEN, "HER-002", 99), (BEN, "HER-001", 3), (BEN, "HER-001", 3)),
    (),
]
STOCK = 7
LAST_KEY = 400


def sold_out() -> None:
    """HER-002 is no longer on offer"""
    Product.objects.filter(sku="HER-002").update(is_active=False)


import_orders = Exercise(
    "09.7",
    "The orders of the fair",
    minutes=6,
    layers=SIGNALS,
    commits=True,
    changes=[sold_out],
    hints=[
        "A loop over the rows; in it, get the customer and the product, and call place_order().",
        "place_order() wants a list of (product, quantity), and raises CannotOrder.",
        "The try stands inside the loop, around one order: so the next row still has its turn.",
    ],
)


@import_orders.cases
def _() -> object:
    Product.objects.filter(sku__in=["HER-001", "HER-002"]).update(stock=STOCK)
    return [(rows,) for rows in FAIRS]


def fair(rows: tuple[OrderRow, ...]) -> tuple[list[OrderRow], list[OrderRow]]:
    """The rows that go through, and those that are refused, on the present rows."""
    left = dict.fromkeys(Product.objects.active().values_list("sku", flat=True), STOCK)
    good, refused = [], []
    for row in rows:
        _, sku, quantity = row
        if 1 <= quantity <= left.get(sku, 0):
            left[sku] -= quantity
            good.append(row)
        else:
            refused.append(row)
    return good, refused


@import_orders.expects
def _(rows: tuple[OrderRow, ...]) -> object:
    return fair(rows)[1]


@import_orders.check
def _(run: Run) -> str | None:
    good, _ = fair(*run.arguments)
    new = Order.objects.filter(pk__gt=LAST_KEY)
    lines = new.values_list("customer__email", "lines__product__sku", "lines__quantity")
    if sorted(lines, key=str) != sorted(good, key=str):
        return f"{len(good)} orders should be new, of one line each; there are {len(lines)} lines."
    if Invoice.objects.count() != len(good):
        return (
            f"{len(good)} orders went through, and there are {Invoice.objects.count()} invoices. "
            "place_order() sees to that, when it is not undone."
        )
    letters = sum("Your order" in letter.subject for letter in mail.outbox)
    if letters != len(good):
        return f"{len(good)} orders went through, and {letters} customers got a mail."
    for sku in ("HER-001", "HER-002"):
        stock = STOCK - sum(row[2] for row in good if row[1] == sku)
        if Product.objects.get(sku=sku).stock != stock:
            return f"Of {sku} there should be {stock} left."
    return None


@import_orders.mistake(
    "One row was refused, and the error ended everything. Catch CannotOrder, in the loop."
)
def not_caught(run: Run) -> bool:
    return failed(run, "CannotOrder")


@import_orders.mistake(
    "place_order() wants a list of pairs, (product, quantity), and objects, not texts."
)
def other_arguments(run: Run) -> bool:
    return isinstance(run.error, TypeError | AttributeError | ValueError) and (
        not failed(run, "CannotOrder")
    )


@import_orders.mistake(
    "The orders before the refused row are gone again: one transaction around all rows is all or "
    "nothing. Each row is an order of its own."
)
def undone_again(run: Run) -> bool:
    good, _ = fair(*run.arguments)
    new = Order.objects.filter(pk__gt=LAST_KEY)
    return good[0] == run.arguments[0][0] and not new.exists()


@import_orders.mistake(
    "After the refused row the others were not tried any more. Put the try inside the loop."
)
def stopped(run: Run) -> bool:
    new = Order.objects.filter(pk__gt=LAST_KEY)
    return bool(run.expected) and new.count() < len(fair(*run.arguments)[0])


@import_orders.mistake("Return the rows that were refused, not those that went through.")
def the_good_ones(run: Run) -> bool:
    return run.rows == fair(*run.arguments)[0]


@import_orders.mistake("Return the rows themselves: (email, SKU, quantity).")
def other_rows(run: Run) -> bool:
    return 0 < len(run.rows) == len(run.expected) == len(run.missing)


@import_orders.right
def each_in_a_block(rows: tuple[OrderRow, ...]) -> object:
    for row in rows:
        email, sku, quantity = row
        try:
            with transaction.atomic():
                buyer, product = Customer.objects.get(email=email), Product.objects.get(sku=sku)
                place_order(buyer, [(product, quantity)])
        except CannotOrder:
            yield row


@import_orders.right
def read_before(rows: tuple[OrderRow, ...]) -> object:
    customers = {customer.email: customer for customer in Customer.objects.all()}
    products = {product.sku: product for product in Product.objects.all()}
    refused = []
    for row in rows:
        try:
            place_order(customers[row[0]], ((products[row[1]], row[2]),))
        except ValueError:
            refused.append(list(row))
    return refused


@import_orders.right
def all_in_one_transaction(rows: tuple[OrderRow, ...]) -> object:
    refused = list(rows)
    with transaction.atomic():
        for row in rows:
            with suppress(CannotOrder):
                buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
                place_order(buyer, [(product, row[2])])
                refused.remove(row)
    return refused


@import_orders.wrong(not_caught)
def uncaught(rows: tuple[OrderRow, ...]) -> object:
    for email, sku, quantity in rows:
        buyer, product = Customer.objects.get(email=email), Product.objects.get(sku=sku)
        place_order(buyer, [(product, quantity)])
    return []


@import_orders.wrong(stopped)
def caught_outside(rows: tuple[OrderRow, ...]) -> object:
    refused = []
    try:
        for row in rows:
            buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
            place_order(buyer, [(product, row[2])])
    except CannotOrder:
        refused.append(row)
    return refused


@import_orders.wrong(stopped)
def returned_at_once(rows: tuple[OrderRow, ...]) -> object:
    for row in rows:
        buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
        try:
            place_order(buyer, [(product, row[2])])
        except CannotOrder:
            return [row]
    return []


@import_orders.wrong(undone_again)
def all_or_nothing(rows: tuple[OrderRow, ...]) -> object:
    try:
        with transaction.atomic():
            uncaught(rows)
    except CannotOrder:
        return fair(rows)[1]
    return []


@import_orders.wrong(other_arguments)
def texts(rows: tuple[OrderRow, ...]) -> object:
    for email, sku, quantity in rows:
        place_order(email, [(sku, quantity)])
    return []


@import_orders.wrong(other_arguments)
def no_list(rows: tuple[OrderRow, ...]) -> object:
    for email, sku, quantity in rows:
        buyer, product = Customer.objects.get(email=email), Product.objects.get(sku=sku)
        place_order(buyer, (product, quantity))
    return []


@import_orders.wrong("and there are 0 invoices")
def by_hand(rows: tuple[OrderRow, ...]) -> object:
    good, refused = fair(rows)
    for number, (email, sku, quantity) in enumerate(good):
        buyer, product = Customer.objects.get(email=email), Product.objects.get(sku=sku)
        order = Order.objects.create(number=f"fair-{number}", customer=buyer)
        OrderLine.objects.create(order=order, product=product, quantity=quantity, unit_price=1)
    return refused


@import_orders.wrong("customers got a mail")
def told_again(rows: tuple[OrderRow, ...]) -> object:
    refused = []
    for row in rows:
        buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
        try:
            order = place_order(buyer, [(product, row[2])])
            order_created.send(sender=Order, order=order)
        except CannotOrder:
            refused.append(row)
    return refused


@import_orders.wrong(the_good_ones)
def went_through(rows: tuple[OrderRow, ...]) -> object:
    good = []
    for row in rows:
        with suppress(CannotOrder):
            buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
            place_order(buyer, [(product, row[2])])
            good.append(row)
    return good


@import_orders.wrong(other_rows)
def reasons(rows: tuple[OrderRow, ...]) -> object:
    refused = []
    for row in rows:
        buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
        try:
            place_order(buyer, [(product, row[2])])
        except CannotOrder as error:
            refused.append(str(error))
    return refused


# 09.8: a hole, and its cure.

PRICES: dict[str, tuple[Decimal, bool]] = {}


def many_products() -> None:
    """there are 50 products more"""
    first = Product.objects.earliest("pk")
    Product.objects.bulk_create(
        Product(name=f"Pot {n}", sku=f"POT-{n}", category_id=first.category_id, price=n)
        for n in range(50)
    )


raise_prices = Exercise(
    "09.8",
    "Everything is dearer",
    minutes=5,
    queries=3,
    commits=True,
    changes=[many_products],
    hints=[
        "One UPDATE for all rows: update() with an F expression. Not all products are active.",
        "update() rings no bell. So the receiver that clears the price list does not run.",
        "shop.services has a function that clears the list. Call it after the update.",
    ],
)


@raise_prices.cases
def _() -> object:
    PRICES.clear()
    PRICES.update({p.sku: (p.price, p.is_active) for p in Product.objects.all()})
    cache.clear()
    services.price_list()  # From here on it is kept.
    return [(Decimal("0.50"),), (Decimal("12.00"),)]


@raise_prices.check
def _(run: Run) -> str | None:
    (amount,) = run.arguments
    now = dict(Product.objects.values_list("sku", "price"))
    active = {sku: price for sku, (price, is_active) in PRICES.items() if is_active}
    if any(now.get(sku) != price + amount for sku, price in active.items()):
        sku = next(sku for sku, price in active.items() if now.get(sku) != price + amount)
        return (
            f"{sku} cost {active[sku]}; it should cost {amount} more, and it costs {now.get(sku)}."
        )
    if any(now[sku] != price for sku, (price, is_active) in PRICES.items() if not is_active):
        return "Products that are not active are dearer as well. They keep their price."
    listed = {row["sku"]: row["price"] for row in services.price_list()}
    if listed != {sku: now[sku] for sku in active}:
        return (
            "The prices in the database are right, and the price list still shows the old ones. "
            "update() rings no bell: clear the list yourself."
        )
    return None


@raise_prices.mistake(
    "Each product costs statements of its own. One UPDATE can change all rows, but it rings no "
    "bell: then the list is yours to clear."
)
def saved_one_by_one(run: Run) -> bool:
    return run.error is None and run.queries > 40


@raise_prices.mistake("The price became the amount. It should rise by it: F('price') + amount.")
def became_the_amount(run: Run) -> bool:
    (amount,) = run.arguments
    return set(Product.objects.active().values_list("price", flat=True)) == {amount}


@raise_prices.right
def deleted_by_key(amount: Decimal) -> None:
    Product.objects.filter(is_active=True).update(price=F("price") + amount)
    cache.delete(services.PRICE_LIST)


@raise_prices.right
def in_a_transaction(amount: Decimal) -> None:
    with transaction.atomic():
        Product.objects.active().update(price=F("price") + amount)
        transaction.on_commit(partial(cache.delete, services.PRICE_LIST))


@raise_prices.right
def bulk_updated(amount: Decimal) -> None:
    products = list(Product.objects.active())
    for product in products:
        product.price += amount
    Product.objects.bulk_update(products, ["price"])
    cache.clear()


@raise_prices.right
async def raised_async(amount: Decimal) -> None:
    await Product.objects.active().aupdate(price=F("price") + amount)
    await cache.adelete(services.PRICE_LIST)


@raise_prices.right
def raised_in_sql(amount: Decimal) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shop_product SET price = price + %s WHERE is_active = %s", [str(amount), True]
        )
    services.forget_price_list()


@raise_prices.wrong("the price list still shows the old ones")
def not_cleared(amount: Decimal) -> None:
    Product.objects.active().update(price=F("price") + amount)


@raise_prices.wrong("the price list still shows the old ones")
def other_key(amount: Decimal) -> None:
    Product.objects.active().update(price=F("price") + amount)
    cache.delete("price_list")


@raise_prices.wrong("the price list still shows the old ones")
def read_too_early(amount: Decimal) -> None:
    services.forget_price_list()
    services.price_list()
    Product.objects.active().update(price=F("price") + amount)


@raise_prices.wrong(saved_one_by_one)
def loop(amount: Decimal) -> None:
    for product in Product.objects.active():
        product.price += amount
        product.save()


@raise_prices.wrong("Products that are not active are dearer as well")
def all_products(amount: Decimal) -> None:
    Product.objects.update(price=F("price") + amount)
    services.forget_price_list()


@raise_prices.wrong(became_the_amount)
def the_amount(amount: Decimal) -> None:
    Product.objects.active().update(price=amount)
    services.forget_price_list()


@raise_prices.wrong("it should cost 0.50 more")
def only_in_python(amount: Decimal) -> None:
    for product in Product.objects.active():
        product.price += amount
    services.forget_price_list()


@raise_prices.wrong("it should cost 0.50 more")
def cheaper(amount: Decimal) -> None:
    Product.objects.active().update(price=F("price") - amount)
    services.forget_price_list()


# 09.9: to listen to somebody else's signal.


def regular(name: str, orders: int) -> Customer:
    """A customer who has ordered so many times."""
    buyer = Customer.objects.create(
        name=name,
        email=f"{name.lower()}@example.com",
        city="Bergen",
        country="Norway",
        joined_on="2025-01-07",
    )
    Order.objects.bulk_create(
        Order(number=f"2025-{name}{n}", customer=buyer, placed_at="2025-03-01T09:00Z")
        for n in range(orders)
    )
    return buyer


def stocked() -> Product:
    Product.objects.filter(sku="HER-001").update(stock=500)
    return Product.objects.get(sku="HER-001")


def the_fifth() -> int:
    """wilma places her fifth and her sixth order, and nils his second"""
    basil = stocked()
    wilma, nils = regular("Wilma", 4), regular("Nils", 1)
    for buyer in (nils, wilma, wilma):
        place_order(buyer, [(basil, 1)])
    return 3


def undone() -> int:
    """the fifth order of vidar is undone with its transaction, and then placed again"""
    basil, vidar = stocked(), regular("Vidar", 4)
    with suppress(KeyError), transaction.atomic():
        place_order(vidar, [(basil, 1)])
        raise KeyError("the card was refused")
    place_order(vidar, [(basil, 1)])
    return 1


def refused() -> int:
    """the fifth order of odd is refused, rolf places his tenth, and gro her fifth, of two lines"""
    basil, odd, gro = stocked(), regular("Odd", 4), regular("Gro", 4)
    other = Product.objects.in_stock().exclude(pk=basil.pk)[0]
    with suppress(CannotOrder):
        place_order(odd, [(basil, 501)])
    place_order(regular("Rolf", 9), [(basil, 1)])
    place_order(gro, [(basil, 1), (other, 1)])
    return 2


fifth = Exercise(
    "09.9",
    "A gift for the fifth order",
    minutes=6,
    layers=SIGNALS,
    commits=True,
    changes=[changes.newcomer],
    hints=[
        "order_created rings after the commit, so a receiver of it may send the mail at once.",
        "It carries order. From there it is one step to the customer, and one to all her orders.",
        "Count the orders of order.customer. The new one is among them already.",
    ],
)

DAYS: dict[Callable[[], Any], tuple[int, list[str]]] = {
    the_fifth: (3, ["wilma@example.com"]),
    undone: (1, ["vidar@example.com"]),
    refused: (2, ["gro@example.com"]),
}
of_days(fifth, {work: returned for work, (returned, _) in DAYS.items()})


def gifts() -> list[str]:
    letters = [letter for letter in mail.outbox if letter.subject == "A gift for you"]
    return sorted(address for letter in letters for address in letter.to)


def wanted(run: Run) -> list[str]:
    return DAYS[run.arguments[0].work][1]


@fifth.check
def _(run: Run) -> str | None:
    for event in run.seen.events:
        if isinstance(event, Call) and event.error:
            return f"Your receiver failed: {event.error}. send_robust keeps that to itself, and goes on."
    found, right = gifts(), wanted(run)
    if found == right:
        return None
    if not found:
        return (
            f"No gift was sent. It should be one, to {right[0]}. When the signal comes, the new "
            "order is among the customer's orders already."
        )
    return f"Gifts went to {', '.join(found)}. Right is one, to {right[0]}."


@fifth.mistake(
    "A gift went out for an order that was undone. post_save rings before the commit; "
    "order_created rings after it."
)
def for_nothing(run: Run) -> bool:
    return run.arguments[0].work is undone and len(gifts()) > 1


def new_buyers() -> set[str]:
    """Those who ordered on this day."""
    return set(
        Customer.objects.filter(orders__number__contains="-W").values_list("email", flat=True)
    )


@fifth.mistake(
    "Gifts went to customers who ordered nothing on this day. Listen to order_created, and look at "
    "the customer of its order only."
)
def to_old_customers(run: Run) -> bool:
    return not set(gifts()) <= new_buyers() and len(gifts()) > 1


@fifth.mistake("Only the fifth order brings a gift. Compare the number of orders with exactly 5.")
def again_and_again(run: Run) -> bool:
    return len(gifts()) > 1 and set(gifts()) <= new_buyers()


@fifth.mistake(
    "The mail has another subject, or went to somebody else. Subject: A gift for you. "
    "To: the customer's email."
)
def another_mail(run: Run) -> bool:
    letters = [letter for letter in mail.outbox if "order" not in letter.subject]
    return bool(letters) and not gifts()


@fifth.right
def by_hand_connected(day: Day) -> object:
    def heard(sender: Any, order: Order, **kwargs: Any) -> None:
        if Order.objects.filter(customer=order.customer_id).count() == 5:
            EmailMessage("A gift for you", "", None, [order.customer.email]).send()

    order_created.connect(heard, sender=Order)
    try:
        return day()
    finally:
        order_created.disconnect(heard, sender=Order)


@fifth.right
def on_commit_as_well(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if len(order.customer.orders.all()) == 5:
            send = partial(send_mail, "A gift for you", "!", None, [order.customer.email])
            transaction.on_commit(send)

    return day()


@fifth.right
def after_each_save(day: Day) -> object:
    def look(order: Order) -> None:
        if Order.objects.filter(customer_id=order.customer_id).count() == 5:
            send_mail("A gift for you", "!", None, [order.customer.email])

    @receiver(post_save, sender=Order)
    def heard(instance: Order, created: bool, **kwargs: Any) -> None:
        if created:
            transaction.on_commit(partial(look, instance))

    return day()


@fifth.wrong(for_nothing)
def in_post_save(day: Day) -> object:
    @receiver(post_save, sender=Order)
    def heard(instance: Order, created: bool, **kwargs: Any) -> None:
        if instance.customer.orders.count() == 5:
            send_mail("A gift for you", "!", None, [instance.customer.email])

    return day()


@fifth.wrong(to_old_customers)
def looked_afterwards(day: Day) -> object:
    returned = day()
    for customer in Customer.objects.all():
        if customer.orders.count() == 5:
            send_mail("A gift for you", "!", None, [customer.email])
    return returned


@fifth.wrong(again_and_again)
def every_fifth(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() % 5 == 0:
            send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong(again_and_again)
def five_or_more(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() >= 5:
            send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong("No gift was sent")
def counted_before(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() == 4:  # "The new one is not among them yet."
            send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong(again_and_again)
def everybody(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong("Gifts went to shop@northlight.example. Right is one, to wilma@example.com")
def to_ourselves(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() == 5:
            send_mail("A gift for you", "!", None, ["shop@northlight.example"])

    return day()


@fifth.wrong("send_robust keeps that to itself")
def receiver_that_fails(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.order_set.count() == 5:
            send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong("No gift was sent")
def to_the_customers_only(day: Day) -> object:
    @receiver(order_created, sender=Customer)
    def heard(order: Order, **kwargs: Any) -> None:
        send_mail("A gift for you", "!", None, [order.customer.email])

    return day()


@fifth.wrong(another_mail)
def another_subject(day: Day) -> object:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() == 5:
            send_mail("A gift", "!", None, [order.customer.email])

    return day()


@fifth.wrong("Your function returned nothing")
def nothing_returned(day: Day) -> None:
    @receiver(order_created)
    def heard(order: Order, **kwargs: Any) -> None:
        if order.customer.orders.count() == 5:
            send_mail("A gift for you", "!", None, [order.customer.email])

    day()
