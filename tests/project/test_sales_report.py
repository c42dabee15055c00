"""A report that takes a while: the page starts it, and asks how far it is."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from celery import Celery
from celery.result import AsyncResult
from config import celery_app
from django.contrib.auth.models import User
from django.test import Client
from shop.tasks import monthly_sales

from glass.services.celery_app import connect


@pytest.fixture
def ann(db: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ann"))
    return client


@pytest.fixture
def queue() -> Iterator[Celery]:
    """The app with a broker and a store of results in memory, and no worker."""
    before = {
        name: celery_app.conf[name]
        for name in ("task_always_eager", "broker_url", "result_backend")
    }
    connect(
        celery_app,
        {
            "task_always_eager": False,
            "broker_url": "memory://",
            "result_backend": "cache+memory://",
        },
    )
    yield celery_app
    connect(celery_app, before)


def test_without_a_broker_the_answer_is_there_at_once(ann: Client) -> None:
    answer = ann.post("/reports/sales/2025/")
    assert (answer.status_code, answer.json()) == (
        200,
        {"state": "SUCCESS", "sales": ["0.00"] * 12},
    )


def test_a_page_asks_again_and_again(ann: Client, queue: Celery) -> None:
    answer = ann.post("/reports/sales/2025/")
    assert (answer.status_code, answer.json()["state"]) == (202, "PENDING")
    ask = answer.json()["ask"]
    result = AsyncResult(ask.rstrip("/").rpartition("/")[2])

    def say(value: object, state: str) -> object:
        queue.backend.store_result(result.id, value, state)
        return ann.get(ask).json()

    assert ann.get(ask).json() == {"state": "PENDING"}
    half = {"done": 6, "total": 12}
    assert say(half, "PROGRESS") == {"state": "PROGRESS", **half}
    assert say(["1.00"], "SUCCESS") == {"state": "SUCCESS", "sales": ["1.00"]}


def test_the_error_of_a_task_stays_in_the_house(ann: Client, queue: Celery) -> None:
    ask = ann.post("/reports/sales/2025/").json()["ask"]
    id = ask.rstrip("/").rpartition("/")[2]
    queue.backend.store_result(id, OSError("the password of the database"), "FAILURE")
    answer = ann.get(ask)
    assert answer.json() == {"state": "FAILURE"}
    assert "no-store" in answer["Cache-Control"]


def test_who_may_ask(db: None, client: Client, queue: Celery) -> None:
    start, ask = "/reports/sales/2025/", f"/reports/{uuid4()}/"
    assert client.post(start).status_code == client.get(ask).status_code == 302
    client.force_login(User.objects.create_user("guest"))
    assert client.post(start).status_code == client.get(ask).status_code == 403
    client.force_login(User.objects.create_superuser("ann"))
    assert client.get(start).status_code == 405
    assert client.get(ask).json() == {"state": "PENDING"}
    assert client.get("/reports/no-such-number/").status_code == 404


def test_the_task_tells_how_far_it_is(
    ann: Client, queue: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    monkeypatch.setattr(
        monthly_sales, "update_state", lambda state, meta: told.append((state, meta))
    )
    monthly_sales.apply((2025,))
    assert told == [("PROGRESS", {"done": month, "total": 12}) for month in range(1, 13)]
