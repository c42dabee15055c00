"""One user's push subscriptions: no heap of them, and none that keeps messages from the others."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from partners import calls, services
from partners.models import PushSubscription
from partners.sandbox import Sandbox

THERE = "https://fcm.googleapis.com/fcm/send/"
KEYS = {"p256dh": "x", "auth": "x"}


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def test_the_oldest_goes(ann: User) -> None:
    ben = User.objects.create_user("ben")
    services.subscribe(ben, {"endpoint": THERE + "of-ben", "keys": KEYS})
    for number in range(12):
        services.subscribe(ann, {"endpoint": f"{THERE}{number}", "keys": KEYS})
    left = PushSubscription.objects.filter(user=ann).order_by("pk")
    assert [one.endpoint for one in left] == [f"{THERE}{number}" for number in range(2, 12)]
    # A browser with a new owner has an old row, and it is the newest of hers all the same.
    services.subscribe(ann, {"endpoint": THERE + "of-ben", "keys": KEYS})
    assert left.count() == 10
    assert left.filter(endpoint=THERE + "of-ben").exists()


@pytest.mark.parametrize(
    "keys",
    [{"p256dh": "x"}, {"p256dh": "AAAA"}, {"p256dh": ""}, {"p256dh": "\u00e9" * 9}, {"auth": "x"}],
)
def test_bad_keys_stop_nobody(ann: User, sandbox: Sandbox, keys: dict[str, str]) -> None:
    bad, good = sandbox.browser(), sandbox.browser()
    services.subscribe(ann, {**bad, "keys": bad["keys"] | keys})
    services.subscribe(ann, good)
    assert services.push_to(ann, {"title": "Hello"}) == 1
    assert len(sandbox.pushed(good["endpoint"])) == 1
    # No message will ever be read there.
    assert [one.endpoint for one in PushSubscription.objects.all()] == [good["endpoint"]]


def test_a_service_that_refuses_stops_nobody(ann: User, sandbox: Sandbox) -> None:
    refused, good = sandbox.browser(), sandbox.browser()
    services.subscribe(ann, {**refused, "keys": good["keys"]})  # It cannot decrypt: 400.
    services.subscribe(ann, good)
    with pytest.raises(calls.Refused, match="400"):
        services.push_to(ann, {"title": "Hello"})
    assert len(sandbox.pushed(good["endpoint"])) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": THERE + "x" * 500},
        {"keys": KEYS | {"p256dh": "x" * 101}},
        {"keys": KEYS | {"auth": "x" * 51}},
    ],
)
def test_what_is_longer_than_its_column_is_a_400(ann: User, change: dict[str, Any]) -> None:
    client = Client()
    client.force_login(ann)
    body = json.dumps({"endpoint": THERE, "keys": KEYS} | change)
    path = "/partners/push/subscriptions/"
    answer = client.post(path, body, content_type="application/json")
    assert answer.status_code == 400
    assert "is longer than" in answer.json()["error"]
