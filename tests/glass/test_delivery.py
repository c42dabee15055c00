"""A worker dies in the middle of a task: what lesson 14 says of it, on each kind of broker."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app

from glass import start_broker, start_worker
from glass.services.broker import Broker
from glass.services.task_modules import forget_tasks, task_module
from glass.services.worker import Worker
from tests.glass.test_worker import until

SECONDS = 1  # of the visibility timeout
PARCELS = """
from time import sleep
from celery import shared_task

@shared_task
def early(seconds):
    print("early begins")
    sleep(seconds)
    return "done"

@shared_task(acks_late=True)
def late(seconds):
    print("late begins")
    sleep(seconds)
    return "done"

@shared_task
def thank(name):
    print(f"thanks to {name}")
"""


@pytest.fixture(params=["embedded", "redis", "rabbitmq"])
def kind(
    request: pytest.FixtureRequest,
    require: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    if request.param != "embedded":
        monkeypatch.setenv("CELERY_BROKER_URL", require(request.param))
    return str(request.param)


@pytest.fixture
def broker(kind: str) -> Iterator[Broker]:
    task_module("parcels", PARCELS)
    with start_broker() as broker:
        yield broker
    forget_tasks("parcels")


@pytest.fixture
def settings(broker: Broker) -> dict[str, Any]:
    """Workers that wait a second, and not an hour, before they put back what is not acknowledged."""
    options = broker.settings.get("broker_transport_options", {})
    return {"broker_transport_options": {**options, "visibility_timeout": SECONDS}}


def begun(worker: Worker) -> list[str]:
    return sorted(line for line in worker.log(wait=0).splitlines() if "begins" in line)


def test_an_early_ack_loses_the_task_and_a_late_one_repeats_it(
    kind: str, broker: Broker, settings: dict[str, Any]
) -> None:
    from parcels import early, late

    first = start_worker(settings=settings)
    results = [task.delay(1) for task in (early, late)]
    assert until(lambda: begun(first) == ["early begins", "late begins"])
    time.sleep(0.2)
    first.kill()
    if kind != "rabbitmq":  # RabbitMQ sees the broken connection.
        assert broker.queues()["celery"] == 0
        time.sleep(SECONDS + 0.2)
    with start_worker(settings=settings) as second:
        assert results[1].get(timeout=15) == "done"
        assert begun(second) == ["late begins"]
        assert results[0].state == "PENDING"


def test_an_eta_beyond_the_visibility_timeout_is_received_twice(
    kind: str, broker: Broker, settings: dict[str, Any]
) -> None:
    from parcels import thank

    with start_worker(settings=settings) as first:
        thank.apply_async(("Ann",), countdown=600)
        assert until(lambda: "received" in first.log(wait=0))
        time.sleep(SECONDS + 0.2)
        # A worker that begins to listen looks at once; whichever is quicker takes the message.
        with start_worker("second", settings=settings) as second:
            logs = (first, second)
            again = until(lambda: sum(each.log(wait=0).count("received") for each in logs) == 2, 3)
            assert again == (kind != "rabbitmq")


def test_what_the_lesson_does_by_hand(kind: str, broker: Broker, settings: dict[str, Any]) -> None:
    """Its put_back(): what each worker does now and then."""
    if kind == "rabbitmq":
        pytest.skip("RabbitMQ has no visibility timeout.")
    from parcels import thank

    with start_worker() as worker:
        thank.apply_async(("Ann",), countdown=2)
        assert until(lambda: "received" in worker.log(wait=0))
        time.sleep(0.2)
        options = settings["broker_transport_options"] | {"visibility_timeout": 0.1}
        with current_app.connection_for_read(transport_options=options) as connection:
            connection.default_channel.qos.restore_visible()
        assert until(lambda: worker.log(wait=0).count("thanks to Ann") == 2)
