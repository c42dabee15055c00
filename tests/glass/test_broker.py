"""The Redis server in this process, by a real client, and the app that is switched to it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

import glass.services.session
from glass import start_broker
from glass.services.broker import Broker, BrokerProblem
from glass.services.redis_server import NoServer, Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(params=[2, 3])
def client(server: Server, request: pytest.FixtureRequest) -> redis.Redis:
    return redis.Redis.from_url(server.url, protocol=request.param)


def test_an_error_does_not_close_the_connection(client: redis.Redis) -> None:
    with client.client() as one:
        before = one.client_id()
        one.set("name", "Ann")
        with pytest.raises(redis.ResponseError, match=r"^WRONGTYPE Operation"):
            one.lpush("name", 1)
        with pytest.raises(redis.exceptions.NoScriptError):
            one.evalsha("0" * 40, 0)
        with pytest.raises(redis.ResponseError, match="unknown command"):
            one.execute_command("NOSUCH")
        assert one.get("name") == b"Ann"
        assert one.client_id() == before


def test_errors_within_a_transaction(client: redis.Redis) -> None:
    client.set("name", "Ann")
    pipe = client.pipeline()
    pipe.set("a", 1).lpush("name", 1).set("b", 2)
    found = pipe.execute(raise_on_error=False)
    assert [found[0], found[2]] == [True, True]
    assert isinstance(found[1], redis.ResponseError)
    assert client.mget("a", "b") == [b"1", b"2"]


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    """A connection that has said the password."""
    with socket.create_connection(server.server_address[:2], timeout=1) as raw:
        password = server.password.encode()
        raw.sendall(b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n" % (len(password), password))
        assert raw.recv(100) == b"+OK\r\n"
        yield raw


def test_who_waits_is_answered_at_once(server: Server, client: redis.Redis) -> None:
    other = redis.Redis.from_url(server.url)
    other.ping()
    threading.Timer(0.05, lambda: other.lpush("queue", "parcel")).start()
    begin = time.perf_counter()
    assert client.brpop("queue", timeout=5)[1] == b"parcel"
    assert time.perf_counter() - begin < 1
    # What was asked before the command that waits does not wait with it.
    with connected(server) as raw:
        raw.sendall(b"*1\r\n$4\r\nPING\r\n*3\r\n$5\r\nBRPOP\r\n$5\r\nqueue\r\n$1\r\n2\r\n")
        assert raw.recv(100) == b"+PONG\r\n"


def test_nothing_is_taken_for_a_client_that_is_gone(server: Server, client: redis.Redis) -> None:
    with connected(server) as raw:
        raw.sendall(b"*3\r\n$5\r\nBRPOP\r\n$5\r\nqueue\r\n$1\r\n0\r\n")
        time.sleep(0.05)
    client.lpush("queue", "parcel")
    assert client.brpop("queue", timeout=2)[1] == b"parcel"


def test_publish_and_subscribe(server: Server, client: redis.Redis) -> None:
    heard = client.pubsub(ignore_subscribe_messages=True)
    heard.subscribe("news")
    heard.get_message(timeout=1)
    other = redis.Redis.from_url(server.url)
    for number in range(50):
        other.publish("news", number)
    assert [heard.get_message(timeout=1)["data"] for _ in range(50)] == [
        str(number).encode() for number in range(50)
    ]


def test_small_replies_do_not_wait(client: redis.Redis) -> None:
    """With Nagle's algorithm a pipeline of ten commands took 44 ms."""
    client.ping()
    begin = time.perf_counter()
    for _ in range(20):
        pipe = client.pipeline()
        for number in range(10):
            pipe.set("number", number)
        pipe.execute()
    assert time.perf_counter() - begin < 0.4


def test_large_and_odd_values(client: redis.Redis) -> None:
    values = [b"", b"\r\n", b"\x00\xff" * 500_000, "Zoë 🌿".encode()]
    for value in values:
        client.set("value", value)
        assert client.get("value") == value


def test_what_is_not_redis_is_answered_and_closed(server: Server) -> None:
    with socket.create_connection(server.server_address) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
        raw.settimeout(2)
        assert raw.recv(1000).startswith(b"-")
        assert raw.recv(1000) == b""
    assert redis.Redis.from_url(server.url).ping()


def test_many_clients_and_the_end() -> None:
    with Server() as server:
        clients = [redis.Redis.from_url(server.url, retry=None) for _ in range(20)]
        threads = [threading.Thread(target=lambda c=c: c.incr("n")) for c in clients for _ in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert clients[0].get("n") == b"40"
        url = server.url
    server.stop()
    with pytest.raises(redis.ConnectionError):
        clients[0].get("n")
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(url, retry=None).ping()


def test_no_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(Server, "server_bind", refuse)
    with pytest.raises(NoServer, match=r"No port of 127\.0\.0\.1 is free .* CELERY_BROKER_URL\."):
        Server()


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    with start_broker() as broker:
        yield broker


def test_the_app_is_switched_and_switched_back(broker: Broker) -> None:
    from company.tasks import count_primes

    app = broker.app
    assert (app.main, app.conf.task_always_eager) == ("config", False)
    sent = count_primes.delay(10)
    assert sent.state == "PENDING"
    seen_elsewhere = []
    thread = threading.Thread(target=lambda: seen_elsewhere.append(count_primes.delay(20).state))
    thread.start()
    thread.join()
    assert seen_elsewhere == ["PENDING"]
    assert broker.queues() == {"celery": 2}
    broker.stop()
    broker.stop()
    assert glass.services.session.broker is None
    assert (app.conf.task_always_eager, app.conf.broker_url) == (True, None)
    assert count_primes.delay(10).get() == 4


def test_what_waits_in_a_queue(broker: Broker) -> None:
    from company.tasks import count_primes

    first = count_primes.delay(10)
    count_primes.apply_async((20,), countdown=60)
    count_primes.apply_async(kwargs={"limit": 30}, queue="reports")
    assert broker.queues() == {"celery": 2, "reports": 1}
    assert broker.queues("reports", "nobody") == {"reports": 1, "nobody": 0}
    plain, later = broker.messages()
    assert (plain["headers"]["id"], plain["headers"]["task"]) == (
        first.id,
        "company.tasks.count_primes",
    )
    assert plain["body"][:2] == [[10], {}]
    assert (plain["headers"]["eta"], bool(later["headers"]["eta"])) == (None, True)
    assert [m["body"][1] for m in broker.messages("reports")] == [{"limit": 30}]


def test_again_begins_empty(broker: Broker) -> None:
    from company.tasks import count_primes

    count_primes.delay(10)
    with start_broker() as again:
        assert again.queues() == {"celery": 0}
        assert glass.services.session.broker is again
    assert broker.app.conf.task_always_eager is True


def test_a_real_broker_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis://127.0.0.1:{port}/0")
    with pytest.raises(BrokerProblem, match=r"^No broker answers at CELERY_BROKER_URL"):
        start_broker()
    assert glass.services.session.broker is None
    from company.tasks import count_primes

    assert count_primes.delay(10).get() == 4
