"""Users: a profile for the new ones, a record of each login, and a door that locks."""

import asyncio
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from accounts import services, tasks
from accounts.models import LoginRecord, Profile
from accounts.visitor import client_ip
from asgiref.sync import sync_to_async
from django.contrib.auth import aauthenticate, authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Permission, User
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import post_save
from django.test import Client, RequestFactory
from django.utils import timezone

RIGHT, WRONG = {"password": "under-glass"}, {"password": "guess"}


@pytest.fixture
def ann(db: None, settings) -> User:  # type: ignore[no-untyped-def]
    """A user whose password is checked quickly."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("ann", **RIGHT)


def log_in(username: str, password: str, **headers: str) -> bool:
    data = {"username": username, "password": password}
    return Client().post("/accounts/login/", data, headers=headers).status_code == 302


def fail(username: str, times: int) -> None:
    for _ in range(times):
        assert not log_in(username, **WRONG)


# Sessions


def test_old_sessions_are_cleared(db: None) -> None:
    for key, day in [("old", "2020-01-01"), ("new", "2999-01-01")]:
        Session.objects.create(session_key=key, expire_date=f"{day}T00:00Z")
    tasks.clear_sessions.delay()
    assert Session.objects.get().session_key == "new"


# Profiles


def test_a_new_user_gets_one_profile(ann: User) -> None:
    ann.save()
    ann.last_login = timezone.now()
    ann.save(update_fields=["last_login"])
    assert Profile.objects.get().user == ann


def test_a_fixture_brings_its_own_profiles(db: None, tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    User.objects.create(username="lena")
    Profile.objects.update(phone="112")
    call_command("dumpdata", "auth.user", "accounts.profile", output=str(path))
    User.objects.all().delete()
    call_command("loaddata", str(path), stdout=StringIO())
    assert Profile.objects.get().phone == "112"


def test_old_users_without_a_profile_log_in(rows: str) -> None:
    ben = User.objects.get(username="ben")
    Client().force_login(ben)
    assert not Profile.objects.filter(user=ben).exists()
    assert services.login_count(ben) == 1


# Records


def test_a_login_is_written_down(ann: User) -> None:
    assert log_in("ann", **RIGHT, user_agent="Phone/1.0")
    record = LoginRecord.objects.get()
    assert (record.user, record.username, record.successful) == (ann, "ann", True)
    assert (record.ip, record.device) == ("127.0.0.1", "Phone/1.0")


def test_a_failure_is_written_down_without_a_password(ann: User) -> None:
    fail("nobody", 1)
    record = LoginRecord.objects.get()
    assert (record.user, record.username, record.successful) == (None, "nobody", False)
    assert "guess" not in {str(value) for value in vars(record).values()}


def test_without_a_request(ann: User) -> None:
    authenticate(username="ann", **WRONG)
    record = LoginRecord.objects.get()
    assert (record.ip, record.device) == (None, "")


def test_long_names_and_devices_are_cut(ann: User) -> None:
    request = RequestFactory().get("/", headers={"user-agent": "x" * 5000})
    authenticate(request, username="y" * 5000, **WRONG)
    record = LoginRecord.objects.get()
    assert (record.username, record.device) == ("y" * 150, "x" * 200)
    for _ in range(4):
        authenticate(request, username="y" * 5000, **WRONG)
    assert services.is_locked("y" * 5000)


def test_credentials_without_a_name(db: None) -> None:
    user_login_failed.send(sender="test", credentials={"token": "***"}, request=None)
    assert not LoginRecord.objects.exists()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "expected"),
    [
        (0, None, "10.0.0.1", "10.0.0.1"),
        (0, "9.9.9.9", "10.0.0.1", "10.0.0.1"),
        (1, "9.9.9.9", "10.0.0.1", "9.9.9.9"),
        (1, "1.1.1.1, 9.9.9.9", "10.0.0.1", "9.9.9.9"),
        (2, "1.1.1.1, 9.9.9.9, 10.0.0.2", "10.0.0.1", "9.9.9.9"),
        (2, "9.9.9.9", "10.0.0.1", "10.0.0.1"),
        (1, None, "10.0.0.1", "10.0.0.1"),
        (1, "<script>", "10.0.0.1", None),
        (1, "2001:db8::1", "10.0.0.1", "2001:db8::1"),
        (0, None, "fe80::1%eth0", "fe80::1"),
        (0, None, "", None),
    ],
)
def test_the_address(settings, proxies, forwarded, remote, expected) -> None:  # type: ignore[no-untyped-def]
    settings.TRUSTED_PROXIES = proxies
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)
    assert client_ip(request) == expected


def test_logins_are_counted(ann: User) -> None:
    for _ in range(3):
        assert log_in("ann", **RIGHT)
    fail("ann", 1)
    assert services.login_count(ann) == 3


def test_the_record_outlives_the_user(ann: User) -> None:
    log_in("ann", **RIGHT)
    ann.delete()
    assert LoginRecord.objects.get().user is None


# The lock


def test_five_failures_lock_and_the_right_password_is_refused(ann: User) -> None:
    fail("ann", 4)
    assert not services.is_locked("ann")
    fail("ann", 1)
    assert not log_in("ann", **RIGHT)


@pytest.mark.django_db(transaction=True)
def test_the_lock_holds_for_async_code_too(ann: User) -> None:
    async def user() -> AbstractBaseUser | None:
        found = await aauthenticate(username="ann", **RIGHT)
        await sync_to_async(lambda: connection.close())()  # The one of the thread that asked.
        return found

    assert asyncio.run(user()) == ann
    fail("ann", 5)
    assert asyncio.run(user()) is None


def test_a_refused_login_is_no_failure(ann: User) -> None:
    fail("ann", 9)
    assert LoginRecord.objects.count() == 5


def test_time_unlocks(ann: User) -> None:
    fail("ann", 5)
    LoginRecord.objects.update(at=timezone.now() - timedelta(minutes=15, seconds=1))
    assert log_in("ann", **RIGHT)


def test_a_success_starts_afresh(ann: User) -> None:
    fail("ann", 4)
    assert log_in("ann", **RIGHT)
    fail("ann", 4)
    assert log_in("ann", **RIGHT)


def test_others_are_not_locked_and_unknown_names_are(ann: User) -> None:
    fail("nobody", 5)
    assert services.is_locked("nobody")
    assert log_in("ann", **RIGHT)


def test_the_staff_unlocks(ann: User) -> None:
    fail("ann", 5)
    helper = User.objects.create(username="helper", is_staff=True)
    client = Client()
    client.force_login(helper)
    first = LoginRecord.objects.filter(username="ann")[0]
    data = {"action": "let_in_again", "_selected_action": [first.pk]}
    may = Permission.objects.filter(codename__in=["view_loginrecord"])
    helper.user_permissions.add(*may)
    client.post("/admin/accounts/loginrecord/", data)
    assert services.is_locked("ann")
    helper.user_permissions.add(Permission.objects.get(codename="change_loginrecord"))
    page = client.post("/admin/accounts/loginrecord/", data, follow=True)
    assert b"Unlocked: ann." in page.content
    assert log_in("ann", **RIGHT)
    assert LoginRecord.objects.filter(forgiven=True).count() == 5


# The wires


def test_each_receiver_is_connected_once() -> None:
    for signal in (post_save, user_logged_in, user_login_failed):
        names = [receiver[1]() for receiver in signal.receivers]
        ours = [f.__name__ for f in names if f and f.__module__ == "accounts.signals"]
        assert len(ours) == 1
