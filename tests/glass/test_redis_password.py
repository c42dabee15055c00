"""Who does not know the password gets nothing from a notebook's broker, and scripts get no Python."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import redis

from glass.services.redis_server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url) as client:
        yield client


@pytest.fixture
def stranger(server: Server) -> Iterator[socket.socket]:
    """A connection of another program."""
    with socket.create_connection(server.server_address[:2], timeout=5) as connection:
        yield connection


def say(connection: socket.socket, *words: str | bytes) -> bytes:
    parts = [word if isinstance(word, bytes) else word.encode() for word in words]
    lines = [b"*%d\r\n" % len(parts), *(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)]
    connection.sendall(b"".join(lines))
    return connection.recv(65536)


@pytest.mark.parametrize(
    "command",
    [
        ("PING",),
        ("GET", "celery"),
        ("LPUSH", "celery", "{}"),
        ("EVAL", "return 1", "0"),
        ("CONFIG", "GET", "requirepass"),
        ("HELLO", "3"),
        ("MULTI",),
        ("SUBSCRIBE", "celeryev"),
        ("RESET",),
        ("NO SUCH COMMAND",),
    ],
    ids=" ".join,
)
def test_no_command_without_the_password(
    command: tuple[str, ...], stranger: socket.socket, client: redis.Redis
) -> None:
    assert say(stranger, *command).startswith(b"-NOAUTH ")
    assert client.keys() == []


@pytest.mark.parametrize(
    "words", [("AUTH", "guess"), ("AUTH", "root", "guess"), ("AUTH",), ("AUTH", b"\xff\x00")]
)
def test_a_wrong_password(words: tuple[str | bytes, ...], stranger: socket.socket) -> None:
    assert say(stranger, *words).startswith(b"-WRONGPASS ")
    assert say(stranger, "PING").startswith(b"-NOAUTH ")


def test_the_password_of_another_server(server: Server, stranger: socket.socket) -> None:
    with Server() as other:
        assert other.password != server.password
        assert say(stranger, "AUTH", other.password).startswith(b"-WRONGPASS ")


def test_the_right_password_in_each_form(server: Server) -> None:
    for words in (
        ("AUTH", server.password),
        ("AUTH", "default", server.password),
        ("HELLO", "3", "AUTH", "default", server.password),
    ):
        with socket.create_connection(server.server_address[:2], timeout=5) as connection:
            assert not say(connection, *words).startswith(b"-")
            assert say(connection, "PING") == b"+PONG\r\n"


def test_a_stranger_that_sends_without_end_is_cut_off(stranger: socket.socket) -> None:
    stranger.sendall(b"*1\r\n$100000000\r\n")
    with pytest.raises(OSError):
        for _ in range(100):
            stranger.sendall(b"x" * 4096)
            if stranger.recv(1) == b"":
                raise ConnectionResetError


@pytest.mark.parametrize(
    "script",
    [
        "return python.eval('1 + 1')",
        "return tostring(python.builtins.open)",
        "return os.execute('true')",
        "return io.popen('id'):read()",
        "return tostring(redis.call.__self__)",
        "return tostring(redis.call.__globals__)",
        "return tostring(cjson.encode.func)",
        "return tostring(package.loaded.os)",
        "return require('os').execute('true')",
        "return debug.getregistry()",
        "return loadstring('return 1')()",
        "return dofile('/etc/passwd')",
        "return getfenv(0)",
        "redis.call.x = 1",
    ],
)
def test_a_script_reaches_nothing_outside(script: str, client: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError):
        client.eval(script, 0)


def test_scripts_still_work(client: redis.Redis) -> None:
    script = "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])"
    assert client.eval(script, 1, "city", "Bergen") == b"Bergen"
    assert (
        client.eval("return cjson.decode(ARGV[1])['a'] + #string.rep('x', 2)", 0, '{"a": 3}') == 5
    )
    with client.lock("night", timeout=5) as lock:
        assert lock.owned()
    assert client.get("night") is None


def test_the_password_is_shown_nowhere(server: Server) -> None:
    assert server.password not in repr(server)
    with pytest.raises(redis.AuthenticationError) as error:
        redis.Redis.from_url(server.url.replace(server.password, "guess")).ping()
    assert server.password not in str(error.value)


def test_a_program_that_used_a_server_can_end() -> None:
    script = """
import redis
from glass.services.redis_server import Server
server = Server()
client = redis.Redis.from_url(server.url)
print(client.ping())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "True\n"
