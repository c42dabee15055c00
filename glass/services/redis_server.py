"""A Redis server in this process: the broker and the result store where no real one is named.

fakeredis holds the data and knows the commands. Its own TCP server has faults that Celery runs
into: an error reply closes the connection, small replies wait for Nagle's algorithm, a command that
waits (BRPOP) takes a message for a client that is gone, and on Windows it is never answered. This
server has none of them.

Every program of this machine can reach the port, those of other users too, and what lies in a
broker is run by workers. So each server has a password of its own, and scripts get no Python.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from select import select
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Lock, Thread, current_thread, get_ident
from typing import Any

import redis
from fakeredis import FakeServer
from fakeredis._clients._tcp_server import encode_reply
from fakeredis._helpers import OK, SimpleError
from fakeredis._socket import FakeSocket

from glass.services import safe_lua

# Bytes that a client may send before it has said the password.
_BEFORE_PASSWORD = 4096


class NoServer(OSError):
    """Why the server cannot listen, and what to do, in a sentence."""


class Server(ThreadingTCPServer):
    """`with Server() as server: redis.Redis.from_url(server.url)`

    Listens on 127.0.0.1, on a free port. One thread for each client; none keeps the process alive.
    Raises NoServer with a sentence.

    data      the fakeredis.FakeServer with the rows: fakeredis.FakeRedis(server=server.data)
              reads them without a connection
    password  what a client must say before anything else; it stands in the url
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        safe_lua.install()
        self.data = FakeServer(server_type="redis", version=(7, 4))
        self.password = secrets.token_urlsafe(32)
        self.requests: dict[socket.socket, Thread] = {}
        try:
            super().__init__(("127.0.0.1", 0), _Connection)
        except OSError as error:
            raise NoServer(
                f"No port of 127.0.0.1 is free for the broker ({error.strerror}). "
                "Close other programs, or name a Redis that runs in CELERY_BROKER_URL."
            ) from None
        self._thread = Thread(
            target=self.serve_forever, args=(0.05,), name="glass-redis", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """redis://:PASSWORD@127.0.0.1:PORT/0. It is a secret: print it nowhere."""
        return f"redis://:{self.password}@127.0.0.1:{self.server_address[1]}/0"

    def stop(self) -> None:
        """End it, and every connection to it. Again does no harm."""
        self.shutdown()
        self.server_close()
        serving = dict(self.requests)
        for request in serving:
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
        for thread in serving.values():
            thread.join(1)

    def __exit__(self, *error: object) -> None:
        self.stop()


class _Connection(BaseRequestHandler):
    """One client's bytes, to fakeredis and back."""

    server: Server
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.server.requests[self.request] = current_thread()
        client = _Client(self.server.data, self.request, self.server.password)
        strange = 0
        try:
            while data := self.request.recv(65536):
                if not client.known and (strange := strange + len(data)) > _BEFORE_PASSWORD:
                    break
                client.sendall(data)
                client.flush()
        except OSError:
            pass  # The client is gone.
        except Exception as error:  # noqa: BLE001
            # Not Redis' protocol, or a fault of fakeredis: what follows cannot be understood.
            client.put_response(SimpleError(f"ERR {error}"))
            with suppress(OSError):
                client.flush()
        finally:
            client.close()
            self.server.requests.pop(self.request, None)


class _Client(FakeSocket):
    """Writes replies to the network: those of one packet of commands together.

    Before a command that waits, and for what another client publishes, at once.

    known  whether the client has said the password; until then no command is carried out
    """

    def __init__(self, data: FakeServer, request: socket.socket, password: str) -> None:
        self.known = False
        self._password = password.encode()
        self._request = request
        self._thread = get_ident()
        self._lock = Lock()
        self._ready: list[bytes] = []
        super().__init__(
            data, client_class=redis.Redis, db=0, lua_modules=None, client_info={"resp": 2}
        )

    def _process_command(self, fields: list[bytes]) -> None:
        if self.known or not fields:
            return super()._process_command(fields)
        name = fields[0].upper()
        words = fields[1:]
        if name == b"HELLO" and len(words) >= 4 and words[1].upper() == b"AUTH":
            words, fields = words[2:4], [*fields[:2], *fields[5:]]
        elif name != b"AUTH":
            return self.put_response(SimpleError("NOAUTH Authentication required."))
        # AUTH password, or AUTH default password
        user = words[0] if len(words) == 2 else b"default"
        given = words[-1] if words else b""
        if user != b"default" or not secrets.compare_digest(given, self._password):
            return self.put_response(SimpleError("WRONGPASS invalid username or password."))
        self.known = True
        if name == b"AUTH":
            return self.put_response(self._decode_result(OK))
        super()._process_command(fields)

    def put_response(self, msg: Any) -> None:
        with self._lock:
            self._ready.append(encode_reply(msg, self._client_info.protocol_version))
        if get_ident() != self._thread:
            with suppress(OSError):  # Who publishes does not care that a subscriber is gone.
                self.flush()

    def flush(self) -> None:
        with self._lock:
            if self._ready:
                replies, self._ready = b"".join(self._ready), []
                self._request.sendall(replies)

    def _blocking(self, timeout: Any, func: Callable[[bool], Any], *rest: Any, **more: Any) -> Any:
        self.flush()

        def unless_gone(first: bool) -> Any:
            # A message must not be taken for a client that is not there any more.
            heard = not first and select([self._request], [], [], 0)[0]
            if heard and not self._request.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError
            return func(first)

        return super()._blocking(timeout, unless_gone, *rest, **more)

    def _decode_error(self, error: SimpleError) -> Any:
        return error  # With its own first word, NOSCRIPT or WRONGTYPE, as Redis writes it.
