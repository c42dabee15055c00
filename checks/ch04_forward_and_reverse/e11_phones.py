"""04.11 Whom can we call: one to one, and its missing side."""

from __future__ import annotations

from typing import Any

from accounts.models import Profile
from django.contrib.auth.models import User

from checks.common import rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def user_without_profile() -> None:
    """there is a new user without a profile"""
    rows.login("lena")


def empty_phone() -> None:
    """there is a new user whose profile has an empty phone"""
    Profile.objects.create(user=rows.login("mona"))


def no_profiles() -> None:
    """all profiles were deleted"""
    Profile.objects.all().delete()


phones = Exercise(
    "04.11",
    "Whom can we call",
    minutes=5,
    queries=1,
    changes=[user_without_profile, empty_phone, no_profiles],
    hints=[
        "Both sides of a one-to-one are one object. So select_related() works on the way back.",
        "Without a profile, user.profile raises an exception. It is not None.",
        'hasattr(user, "profile") asks politely. After select_related() it costs nothing.',
    ],
)


@phones.expects
def expected() -> object:
    numbers = {profile.user_id: profile.phone for profile in Profile.objects.all()}
    return [(user.username, numbers.get(user.pk)) for user in User.objects.all()]


@phones.mistake(
    "Some users have no profile, and then user.profile raises an exception: it is not None. "
    "Ask with hasattr() before, or catch it."
)
def no_profile(run: Run) -> bool:
    return failed(run, "RelatedObjectDoesNotExist")


@phones.mistake("The way back of a one-to-one is one object: user.profile, without _set and all().")
def profile_is_no_manager(run: Run) -> bool:
    return failed(run, "AttributeError", "profile") or failed(run, "AttributeError", "'Profile'")


@phones.mistake("Users without a profile are missing. They belong in the list, with None.")
def only_profiles(run: Run) -> bool:
    return len(run.rows) < len(run.expected) and all(phone is None for _, phone in run.missing)


@phones.mistake(
    "A profile with an empty phone is there: its phone is empty text. "
    "None is for users who have no profile."
)
def empty_is_none(run: Run) -> bool:
    return bool(run.missing) and all(
        right == "" and (name, None) in map(tuple, run.rows) for name, right in run.missing
    )


@phones.mistake("Without a profile the second value should be None itself, not a text.")
def text_without_profile(run: Run) -> bool:
    texts = {phone for _, phone in run.unexpected}
    return len(texts) == 1 and all(phone is None for _, phone in run.missing)


@phones.mistake(
    "The result is right, but each user's profile costs a query of its own: this is N+1. "
    "hasattr() asks the database, too."
)
def profile_of_each(run: Run) -> bool:
    return is_right(run) and "User.profile" in run.n_plus_1


@phones.mistake(
    "The result is right. prefetch_related() asks once more. A profile is one object, "
    "so a JOIN can bring it with its user: select_related()."
)
def prefetched_profiles(run: Run) -> bool:
    return is_right(run) and run.queries == 2 and " IN (" in run.seen.queries[1].sql


@phones.right
def phones_by_values() -> object:
    return User.objects.values_list("username", "profile__phone")


@phones.right
def phones_caught() -> object:
    found: list[tuple[str, str | None]] = []
    users: Any = User.objects.select_related("profile")
    for user in users:
        try:
            found.append((user.username, user.profile.phone))
        except Profile.DoesNotExist:
            found.append((user.username, None))
    return found


@phones.right
def phones_by_getattr() -> object:
    users: Any = User.objects.select_related("profile").order_by("username")
    profiles = [(user.username, getattr(user, "profile", None)) for user in users]
    return [(name, profile and profile.phone) for name, profile in profiles]


@phones.wrong(no_profile)
def phones_unasked() -> object:
    users: Any = User.objects.select_related("profile")
    return [(user.username, user.profile.phone) for user in users]


@phones.wrong(no_profile)
def phones_if_profile() -> object:
    users: Any = User.objects.select_related("profile")
    return [(user.username, user.profile.phone if user.profile else None) for user in users]


@phones.wrong(profile_is_no_manager)
def phones_profile_set() -> object:
    users: Any = User.objects.all()
    return [(user.username, user.profile_set.first()) for user in users]


@phones.wrong(profile_is_no_manager)
def phones_profile_all() -> object:
    users: Any = User.objects.filter(profile__isnull=False).select_related("profile")
    return [(user.username, user.profile.all()[0].phone) for user in users]


@phones.wrong(only_profiles)
def phones_of_profiles() -> object:
    return Profile.objects.values_list("user__username", "phone")


@phones.wrong(empty_is_none)
def phones_or_none() -> object:
    rows = User.objects.values_list("username", "profile__phone")
    return [(name, phone or None) for name, phone in rows]


@phones.wrong(text_without_profile)
def phones_or_text() -> object:
    rows = User.objects.values_list("username", "profile__phone")
    return [(name, "" if phone is None else phone) for name, phone in rows]


@phones.wrong(profile_of_each)
def phones_loop() -> object:
    users: Any = User.objects.all()
    return [(u.username, u.profile.phone if hasattr(u, "profile") else None) for u in users]


@phones.wrong(prefetched_profiles)
def phones_prefetched() -> object:
    users: Any = User.objects.prefetch_related("profile")
    return [(u.username, u.profile.phone if hasattr(u, "profile") else None) for u in users]
