"""What lesson 13 says of exchanges, on the broker in the notebook, on Redis and on RabbitMQ."""

import time
from collections.abc import Callable, Iterator

import pytest
from kombu import Connection, Exchange, Queue

from glass import start_broker
from glass.services.broker import Broker
from tests.glass.test_worker import until


@pytest.fixture(params=["embedded", "redis", "rabbitmq"])
def kind(
    request: pytest.FixtureRequest, require: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    if request.param != "embedded":
        monkeypatch.setenv("CELERY_BROKER_URL", require(request.param))
    return str(request.param)


@pytest.fixture
def broker(kind: str) -> Iterator[Broker]:
    with start_broker() as broker:
        yield broker


def reached(broker: Broker, type: str, binding: str, keys: list[str], messages: int) -> bool:
    """Whether so many of the messages with these keys reach a queue bound with `binding`."""
    name = f"{broker.prefix}claim-{type}"
    connection: Connection
    with broker.app.connection_for_write() as connection:
        exchange = Exchange(name, type=type)
        queue = Queue(name, exchange, routing_key=binding)(connection.default_channel)
        queue.declare()
        queue.purge()
        try:
            for key in keys:
                connection.Producer().publish({}, exchange=exchange, routing_key=key)
            # RabbitMQ takes a moment.
            time.sleep(0.1 if messages == 0 else 0)
            return until(lambda: queue.queue_declare().message_count == messages, 2)
        finally:
            queue.delete()
            if not hasattr(connection.default_channel, "client"):
                exchange(connection.default_channel).delete()


def test_a_message_that_fits_no_binding_is_gone_and_nobody_is_told(broker: Broker) -> None:
    assert reached(broker, "direct", "mail", ["mail", "parcels"], 1)


def test_a_star_is_one_word_and_a_hash_several(broker: Broker) -> None:
    keys = ["order.paid", "order.paid.late", "invoice.paid"]
    assert reached(broker, "topic", "order.*", keys, 1)
    assert reached(broker, "topic", "order.#", keys, 2)


def test_on_rabbitmq_a_hash_may_stand_for_no_word(kind: str, broker: Broker) -> None:
    assert reached(broker, "topic", "order.#", ["order"], int(kind == "rabbitmq"))


def test_a_misspelt_queue_is_made_and_keeps_the_message(broker: Broker) -> None:
    from shop.tasks import write_invoice

    write_invoice.apply_async((1,), queue="clery")
    assert broker.queues("clery", "celery") == {"clery": 1, "celery": 0}
