"""02.9 No profile without its user: the database deletes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import migrations

from checks.ch02_models_and_migrations import (
    failed_with,
    is_unique,
    lacks,
    models,
    of_table,
    refused,
)
from tutor.desk.migrating import historical, history, migrate, rows
from tutor.judge.exercise import Exercise, Run

cascade = Exercise(
    "02.9",
    "No profile without its user",
    minutes=4,
    needs_commit=True,
    hints=[
        "CASCADE is done by Python: an SQL DELETE does not know of it.",
        "Since Django 6.1 there is a variant of CASCADE that stands in the table.",
        "AlterField takes the whole field. Copy it from above, and change one word to DB_CASCADE.",
    ],
)


of_table(cascade, "accounts_profile")


@cascade.mistake("on_delete takes models.DB_CASCADE, without quotation marks.")
def in_quotes(run: Run) -> bool:
    return failed_with("on_delete must be callable")(run)


@cascade.check
def check(run: Run) -> str | None:
    if sentence := lacks("accounts_profile", "accounts.Profile", "user", "user_id"):
        return sentence
    if rows("accounts_profile") != history().before["accounts_profile"]:
        return "The profiles are not what they were before."
    field = historical("accounts.Profile")._meta.get_field("user")
    if not is_unique("accounts_profile", "user_id"):
        return "Now a user may have two profiles. The field is a OneToOneField."
    if field.null:
        return "Now a profile may have no user. The rest of the field stays as it is."
    if field.remote_field.related_name != "profile":
        return 'The way back from the user is no longer called "profile": related_name is missing.'
    # In bulk: no signal is sent, and nobody makes a profile on the way.
    [user] = User.objects.bulk_create([User(username="kim")])
    historical("accounts.Profile").objects.create(user_id=user.pk)
    why = refused("DELETE FROM auth_user WHERE id = %s", user.pk)
    if why and field.remote_field.on_delete is not models.CASCADE and "null" in why.lower():
        return "The database keeps the profile, and empties its user. It is to delete the profile."
    if why:
        return (
            f"The clean-up deletes a user with SQL, and the database refuses it ({why}). CASCADE "
            "is done by Python; the table's own is DB_CASCADE."
        )
    if any(row["user_id"] == user.pk for row in rows("accounts_profile")):
        return "A user was deleted with SQL, and the profile is still there."
    if field.remote_field.on_delete is not models.DB_CASCADE:
        return "The database deletes, and Django's models say something else. Use DB_CASCADE."
    return None


def altered(on_delete: Any, **options: Any) -> Any:
    field = models.OneToOneField("auth.User", on_delete, **{"related_name": "profile"} | options)
    return migrations.AlterField("profile", "user", field)


@cascade.right
def by_keywords() -> None:
    field = models.OneToOneField(
        to=settings.AUTH_USER_MODEL, on_delete=models.DB_CASCADE, related_name="profile"
    )
    migrate("accounts", [migrations.AlterField(model_name="profile", name="user", field=field)])


@cascade.right
def unique_key() -> None:
    field = models.ForeignKey("auth.user", models.DB_CASCADE, related_name="profile", unique=True)
    migrate("accounts", migrations.AlterField("Profile", "user", field))


@cascade.wrong("the database refuses it")
def still_python() -> None:
    migrate("accounts", [altered(models.CASCADE)])


@cascade.wrong("Now a user may have two profiles")
def many_profiles() -> None:
    field = models.ForeignKey("auth.User", models.DB_CASCADE, related_name="profile")
    migrate("accounts", [migrations.AlterField("profile", "user", field)])


@cascade.wrong("Now a profile may have no user")
def set_null() -> None:
    migrate("accounts", [altered(models.DB_SET_NULL, null=True)])


@cascade.wrong("The database keeps the profile")
def set_null_in_a_required_field() -> None:
    migrate("accounts", [altered(models.DB_SET_NULL)])


@cascade.wrong(in_quotes)
def as_a_text() -> None:
    migrate("accounts", [altered("DB_CASCADE")])


@cascade.wrong("related_name is missing")
def without_related_name() -> None:
    migrate("accounts", [altered(models.DB_CASCADE, related_name=None)])


@cascade.wrong("the database refuses it")
def do_nothing() -> None:
    migrate("accounts", [altered(models.DO_NOTHING)])


@cascade.wrong("The profiles are not what they were before.")
def made_anew() -> None:
    field = models.OneToOneField("auth.User", models.DB_CASCADE, related_name="profile", null=True)
    removed = migrations.RemoveField("profile", "user")
    migrate("accounts", [removed, migrations.AddField("profile", "user", field)])
