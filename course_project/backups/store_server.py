"""A store for copies, to rehearse with: `python -m backups.store_server FOLDER`.

It checks a name and a password, hands out a ticket, keeps files, writes down what it was asked, and
fails when it is told to. It listens on 127.0.0.1 only, and uses the standard library alone.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")

# Bytes: of a copy, of any other question, of what is thrown away unread, of one piece.
LONGEST_COPY, LONGEST_QUESTION, LONGEST_REFUSED, PIECE = 1 << 28, 10_000, 1 << 24, 1 << 16


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path, user: str, password: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.credentials = {"user": user, "password": password}
        self.tickets: set[str] = set()
        self.log: list[str] = []
        self.trouble = 0


class Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 10  # Seconds without a byte.

    def log_message(self, *args: object) -> None: ...

    def answer(self, status: int, body: bytes | None = None, **value: Any) -> None:
        # What the rehearsal itself asks is not written down.
        if self.path not in ("/log", "/trouble"):
            self.server.log.append(f"{self.command} {self.path} {status}")
        content = json.dumps(value).encode() if body is None else body
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def length(self, longest: int) -> int | None:
        """How long the body is. Where that is not said, or too much, it was answered."""
        said = self.headers.get("Content-Length", "")
        if not (said.isascii() and said.isdecimal()):
            self.answer(400)
        elif len(said) > len(str(longest)) or int(said) > longest:
            self.refuse(413)
        else:
            return int(said)
        return None

    def pieces(self, length: int) -> Iterator[bytes]:
        """The body. It is shorter where the caller is gone."""
        while length and (piece := self.rfile.read(min(length, PIECE))):
            length -= len(piece)
            yield piece

    def refuse(self, status: int) -> None:
        """Answer without a look at the body.

        What is not too long is thrown away: closed with bytes unread, the connection would be
        reset, and the caller might not see the answer.
        """
        self.answer(status)
        said = self.headers.get("Content-Length", "0")
        if said.isascii() and said.isdecimal() and len(said) < 10:
            for _ in self.pieces(min(int(said), LONGEST_REFUSED)):
                pass

    def copy(self) -> Path | None:
        """The file that is asked for. Where there is none, or no right to it, that was answered."""
        ticket = self.headers.get("Authorization", "").removeprefix("Bearer ")
        name = self.path.removeprefix("/copies/")
        if self.server.trouble:
            self.server.trouble -= 1
            self.refuse(503)
        elif ticket not in self.server.tickets:
            self.refuse(401)
        elif not NAME.fullmatch(name) and (name or self.command != "GET"):
            self.refuse(400)
        else:
            return self.server.folder / name
        return None

    def do_POST(self) -> None:
        length = self.length(LONGEST_QUESTION)
        if length is None:
            return None
        content = b"".join(self.pieces(length))
        if self.path == "/trouble":
            self.server.trouble = json.loads(content)
            return self.answer(200)
        if self.path != "/login":
            return self.answer(404)
        try:
            given = dict(json.loads(content))
            right = [
                hmac.compare_digest(str(given.get(key)).encode(), value.encode())
                for key, value in self.server.credentials.items()
            ]
        except (ValueError, TypeError, RecursionError):
            return self.answer(400)
        if not all(right):
            return self.answer(401)
        ticket = secrets.token_urlsafe()
        self.server.tickets.add(ticket)
        self.answer(200, ticket=ticket)

    def do_PUT(self) -> None:
        # Who asks comes first: a body may be long.
        path = self.copy()
        length = self.length(LONGEST_COPY) if path else None
        if path is None or length is None:
            return
        # A copy is there as a whole, or not at all.
        part = path.with_name(path.name + ".part")
        digest = hashlib.sha256()
        try:
            with part.open("wb") as file:
                for piece in self.pieces(length):
                    digest.update(piece)
                    file.write(piece)
            whole = digest.hexdigest() == self.headers.get("X-SHA256")
            if whole:
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        self.answer(201 if whole else 422)

    def do_GET(self) -> None:
        if self.path == "/log":
            return self.answer(200, json.dumps(self.server.log).encode())
        if path := self.copy():
            if path == self.server.folder:
                names = [file.name for file in path.iterdir() if file.suffix != ".part"]
                self.answer(200, json.dumps(names).encode())
            elif path.exists():
                self.answer(200, path.read_bytes())
            else:
                self.answer(404)

    def do_DELETE(self) -> None:
        if path := self.copy():
            path.unlink(missing_ok=True)
            self.answer(204, b"")


class Rehearsal:
    """A store in a process of its own, and how to spoil it.

    The process ends with stop(), with the `with` block, and with the process that started it.
    """

    def __init__(self, folder: Path, user: str = "northlight", password: str = "compost") -> None:
        self.folder, self.user, self.password = folder, user, password
        self._process = subprocess.Popen(
            [sys.executable, __file__, folder],
            env=os.environ | {"STORE_USER": user, "STORE_PASSWORD": password},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.url = self._process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.communicate()  # It closes the pipes, and waits for the end.

    def fail(self, requests: int) -> None:
        """Let the next so many requests for copies fail."""
        self._ask("/trouble", json.dumps(requests).encode())

    def log(self) -> list[str]:
        """What was asked so far: "PUT /copies/2026-03-02.sqlite3.gz 201"."""
        return json.loads(self._ask("/log"))

    def _ask(self, path: str, data: bytes | None = None) -> bytes:
        # Not through a proxy of the environment.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, data, timeout=10) as response:
            return response.read()


def main() -> None:
    if len(sys.argv) != 2 or not {"STORE_USER", "STORE_PASSWORD"} <= set(os.environ):
        sys.exit("Set STORE_USER and STORE_PASSWORD, then: python -m backups.store_server FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(folder, os.environ["STORE_USER"], os.environ["STORE_PASSWORD"])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    # Whoever started it holds the other end. When they are gone, so is the store.
    sys.stdin.read()


if __name__ == "__main__":
    main()
