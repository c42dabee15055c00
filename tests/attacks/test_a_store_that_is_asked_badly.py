"""The rehearsal store: it asks who is there before it reads, and reads no more than it should."""

import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from backups.store_server import Rehearsal


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Rehearsal]:
    with Rehearsal(tmp_path / "there") as rehearsal:
        yield rehearsal


def ask(there: Rehearsal, head: str, body: bytes = b"") -> str:
    """Send this and no more, and do not hang up: the status line of the answer."""
    address = urlsplit(there.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        return connection.makefile("rb").readline().decode().strip()


def ticket(there: Rehearsal) -> str:
    body = json.dumps({"user": there.user, "password": there.password}).encode()
    return json.loads(there._ask("/login", body))["ticket"]


def test_the_ticket_comes_before_the_body(there: Rehearsal) -> None:
    # Not one byte of the body is sent: whoever waits for it says nothing.
    head = "PUT /copies/a HTTP/1.0\nContent-Length: 200000000"
    assert "401" in ask(there, head)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_copy_has_a_name(there: Rehearsal, method: str) -> None:
    head = f"{method} /copies/ HTTP/1.0\nAuthorization: Bearer {ticket(there)}\nContent-Length: 1"
    head += f"\nX-SHA256: {hashlib.sha256(b'x').hexdigest()}"
    assert "400" in ask(there, head, b"x")
    assert [path.name for path in there.folder.parent.iterdir()] == ["there"]


@pytest.mark.parametrize("path", ["POST /login", "PUT /copies/a"])
@pytest.mark.parametrize(
    ("length", "status"),
    [
        *(("Content-Length: -1", "400"), ("X: none", "400"), ("Content-Length: \u00b2", "400")),
        *(("Content-Length: 9999999999", "413"), ("Content-Length: " + "9" * 5000, "413")),
    ],
)
def test_a_length_that_is_none(there: Rehearsal, path: str, length: str, status: str) -> None:
    head = f"{path} HTTP/1.0\nAuthorization: Bearer {ticket(there)}\n{length}"
    assert status in ask(there, head)
    assert list(there.folder.iterdir()) == []


def test_half_a_copy_leaves_nothing(there: Rehearsal) -> None:
    head = f"PUT /copies/a HTTP/1.0\nAuthorization: Bearer {ticket(there)}\nContent-Length: 9"
    address = urlsplit(there.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_WR)
        assert b"422" in connection.makefile("rb").readline()
    assert list(there.folder.iterdir()) == []


@pytest.mark.parametrize("body", [b"[" * 9000, b'{"user": "\\ud800"}', b"[1]", b"\xff"])
def test_a_login_that_cannot_be_read(there: Rehearsal, body: bytes) -> None:
    head = f"POST /login HTTP/1.0\nContent-Length: {len(body)}"
    assert "400" in ask(there, head, body)


def test_nobody_holds_a_thread_for_ever() -> None:
    from backups.store_server import Handler

    assert Handler.timeout
    assert Handler.timeout <= 60
