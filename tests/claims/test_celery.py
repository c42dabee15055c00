"""What lessons 13 and 14 say of tasks, and no cell can prove: other brokers, other backends."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery, chain, chord, current_app, shared_task
from celery.exceptions import MaxRetriesExceededError, TimeoutError
from celery.result import AsyncResult
from django.contrib.auth.models import User
from django.db import transaction
from django.tasks import task as django_task
from django.test import Client
from shop.tasks import CourierBusy, book_courier

from glass import start_broker, start_worker
from glass.services.celery_app import connect
from glass.services.task_modules import forget_tasks, task_module
from glass.services.worker import Worker
from tests.glass.test_worker import until

CLAIMED = """
from time import sleep
from celery import shared_task
from shop.tasks import CourierBusy

@shared_task(bind=True, max_retries=2)
def swallows(self):
    print("swallows: attempt")
    try:
        raise self.retry(exc=CourierBusy("no answer"), countdown=0)
    except Exception:
        return "never mind"

@shared_task
def nap(seconds):
    sleep(seconds)

@shared_task
def add(*numbers):
    return sum(numbers)

@shared_task
def total(numbers):
    return sum(numbers)

@shared_task
def as_set():
    print("as_set ran")
    return {1}

@shared_task(soft_time_limit=0.2, time_limit=0.4)
def limited():
    sleep(0.7)
    return "all of it"
"""


@pytest.fixture(autouse=True)
def _module() -> Iterator[None]:
    task_module("claimed", CLAIMED)
    yield
    forget_tasks("claimed")


@pytest.fixture(params=["embedded", "redis", "rabbitmq"])
def kind(
    request: pytest.FixtureRequest, require: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """The broker: CELERY_BROKER_URL names it, or names none."""
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    if request.param != "embedded":
        monkeypatch.setenv("CELERY_BROKER_URL", require(request.param))
    return str(request.param)


@pytest.fixture
def worker(kind: str) -> Iterator[Worker]:
    with start_broker(), start_worker(pool="threads") as worker:
        yield worker


@pytest.fixture
def results_in_redis(require: Callable[[str], str]) -> Iterator[None]:
    """Set before a broker is started: RabbitMQ carries the messages, Redis keeps the results."""
    app = current_app._get_current_object()
    connect(app, {"result_backend": require("redis")})
    yield
    connect(app, {"result_backend": None})


def elsewhere(work: Callable[[], object]) -> Any:
    """What this returns in another thread."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def test_on_a_worker_a_swallowed_retry_goes_on_and_says_success(worker: Worker) -> None:
    from claimed import swallows

    ticket = swallows.delay()
    assert until(lambda: worker.log(wait=0).count("swallows: attempt") == 3)
    assert (ticket.get(timeout=5), ticket.state) == ("never mind", "SUCCESS")


def test_with_apply_it_is_one_attempt(capsys: pytest.CaptureFixture[str]) -> None:
    from claimed import swallows

    assert swallows.apply().state == "SUCCESS"
    assert capsys.readouterr().out.count("attempt") == 1


def test_the_ticket_of_an_ignored_task_answers_none_and_its_number_waits(worker: Worker) -> None:
    from claimed import add

    ignored = add.apply_async((1, 2), ignore_result=True)
    assert ignored.get(timeout=5) is None
    with pytest.raises(TimeoutError):
        AsyncResult(ignored.id).get(timeout=0.3)


def test_without_a_backend_a_ticket_cannot_be_read() -> None:
    ticket = Celery("none", broker="memory://", set_as_current=False).AsyncResult("any")
    with pytest.raises(NotImplementedError):
        ticket.get(timeout=0.1)
    with pytest.raises(AttributeError):
        _ = ticket.state


@pytest.mark.parametrize("kind", ["embedded", "redis"], indirect=True)
def test_a_chord_of_ignored_results_ends_on_redis(worker: Worker) -> None:
    from claimed import add, total

    pairs = [add.s(n, n).set(ignore_result=True) for n in (1, 2)]
    assert chord(pairs)(total.s()).get(timeout=5) == 6


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_and_never_with_results_in_files(kind: str, tmp_path: Any) -> None:
    app = current_app._get_current_object()
    connect(app, {"result_backend": f"file://{tmp_path.as_posix()}"})
    try:
        with start_broker(), start_worker(pool="threads") as worker:
            from claimed import add, total

            assert chord([add.s(1, 1), add.s(2, 2)])(total.s()).get(timeout=8) == 6
            ignored = chord([add.s(1, 1).set(ignore_result=True)] * 2)(total.s())
            assert until(lambda: worker.log(wait=0).count("chord_unlock retry") >= 2, 8)
            assert ignored.state == "PENDING"
    finally:
        connect(app, {"result_backend": None})


@pytest.mark.parametrize("kind", ["rabbitmq"], indirect=True)
def test_rpc_results_are_for_who_sent_the_task_and_chords_are_refused(worker: Worker) -> None:
    from claimed import add, total

    ticket = add.delay(1, 2)
    assert until(lambda: "succeeded" in worker.log(wait=0))
    assert elsewhere(lambda: AsyncResult(ticket.id).state) == "PENDING"
    assert ticket.get(timeout=5) == 3
    with pytest.raises(NotImplementedError, match="does not support chords"):
        chord([add.s(1, 1), add.s(2, 2)])(total.s())


@pytest.mark.parametrize("kind", ["rabbitmq"], indirect=True)
@pytest.mark.usefixtures("shared_rows")
def test_with_results_in_redis_rabbitmq_has_chords_and_the_page_of_progress(
    results_in_redis: None, worker: Worker
) -> None:
    from claimed import add, total

    assert chord([add.s(1, 1), add.s(2, 2)])(total.s()).get(timeout=8) == 6

    client = Client()
    client.force_login(User.objects.create_superuser("who asks"))
    address = client.post("/reports/sales/2025/").json()["ask"]

    def asked() -> str:
        return str(client.get(address).json()["state"])

    assert until(lambda: elsewhere(asked) == "SUCCESS")


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_a_result_that_is_not_json_is_a_failure_after_the_work(worker: Worker) -> None:
    from claimed import as_set

    assert "EncodeError" in repr(as_set.delay().get(timeout=5, propagate=False))
    assert "as_set ran" in worker.log(wait=0)


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_in_a_pool_of_threads_time_limits_do_nothing(worker: Worker) -> None:
    from claimed import limited

    assert limited.delay().get(timeout=5) == "all of it"


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_what_finishes_first_is_not_what_was_sent_first(kind: str) -> None:
    from claimed import nap

    with start_broker(), start_worker(pool="threads", concurrency=2):
        slow, quick = nap.delay(0.8), nap.delay(0.1)
        quick.get(timeout=5)
        assert slow.state == "PENDING"


# Eager mode


def test_eager_mode_makes_all_retries_and_does_not_wait() -> None:
    begin = time.monotonic()
    result = book_courier.delay("2026-0001", busy=9, wait=60)
    assert str(result.result) == "attempt 6 for 2026-0001"
    assert time.monotonic() - begin < 5


def test_eager_mode_obeys_neither_expires_nor_time_limits() -> None:
    from claimed import add, limited

    assert add.apply_async((1, 2), expires=-1).get() == 3
    assert limited.delay().get() == "all of it"


def test_get_within_a_task_is_refused_in_eager_delay_and_not_in_apply() -> None:
    from claimed import add

    @shared_task
    def waits() -> object:
        return add.delay(1, 2).get()

    assert isinstance(waits.delay().result, RuntimeError)

    @shared_task
    def applies() -> object:
        return add.apply((1, 2)).get()

    assert applies.apply().result == 3


def test_retry_without_exc_fails_with_another_error() -> None:
    @shared_task(bind=True, max_retries=1)
    def bare(self: Any) -> None:
        raise self.retry(countdown=0)

    @shared_task(bind=True, max_retries=1)
    def named(self: Any) -> None:
        raise self.retry(exc=CourierBusy("no answer"), countdown=0)

    assert isinstance(bare.apply().result, MaxRetriesExceededError)
    assert isinstance(named.apply().result, CourierBusy)


def test_a_failing_step_ends_an_eager_chain() -> None:
    from claimed import add

    with pytest.raises(TypeError):
        chain(add.s("one", 2), add.s(10)).apply().get()


def test_a_partial_puts_new_arguments_in_front() -> None:
    from claimed import add

    assert add.s(10).clone((1,)).args == (1, 10)


def test_settings_without_the_prefix_are_not_read_but_for_two() -> None:
    class Settings:
        TASK_SERIALIZER = RESULT_BACKEND = TASK_DEFAULT_QUEUE = "elsewhere"
        CELERY_TASK_ALWAYS_EAGER = True
        BROKER_URL = "redis://read"
        TIME_ZONE = "Asia/Kolkata"

    app = Celery("prefix", set_as_current=False)
    app.config_from_object(Settings, namespace="CELERY")
    conf = app.conf
    assert (conf.task_serializer, conf.result_backend) == ("json", None)
    assert conf.task_default_queue == "celery"
    assert conf.task_always_eager
    assert (conf.broker_url, str(app.timezone)) == ("redis://read", "Asia/Kolkata")


@pytest.mark.django_db(transaction=True)
def test_enqueue_does_not_wait_for_the_commit() -> None:
    with transaction.atomic():
        result = seven.enqueue()
        assert result.return_value == 7


@django_task
def seven() -> int:
    return 7
