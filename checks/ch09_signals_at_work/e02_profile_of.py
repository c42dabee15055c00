"""09.2 A profile for everybody who asks: get or create."""

from __future__ import annotations

from typing import Any

from accounts.models import Profile
from django.contrib.auth.models import User

from checks.ch09_signals_at_work import new_login
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

PHONES: dict[int, str] = {}


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
def cases() -> object:
    PHONES.clear()
    PHONES.update(Profile.objects.values_list("user_id", "phone"))
    return [(user,) for user in User.objects.order_by("-pk")]


@profile_of.check
def check(run: Run) -> str | None:
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
