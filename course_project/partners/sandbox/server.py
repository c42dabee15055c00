"""The partner's server: what it can do, and how it fails. Only the standard library, and no Django."""

from __future__ import annotations

import hmac
import json
import os
import socket
import time
import urllib.error
import urllib.request
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from partners import signing

from .pages import PAGE

API_KEY = os.environ.get("PARTNER_API_KEY", "shop-key-for-this-course-only")
OUR_SECRET = os.environ.get("PARTNER_WEBHOOK_SECRET", "whsec_dGhlIHBhcnRuZXIncyBzZWNyZXQ=")
THEIR_SECRET = os.environ.get("SHOP_WEBHOOK_SECRET", "whsec_dGhlIHNob3AncyBvd24gc2VjcmV0")
# Without one nobody commands this server: `python -m partners.sandbox` by itself just answers.
TOKEN = os.environ.get("SANDBOX_TOKEN", "")

LATE = 0.6  # seconds
PATIENCE = 2.0  # seconds that we wait for an answer to a webhook
LONGEST = 1_000_000  # bytes of a request

type Answer = tuple[int, dict[str, Any]]

_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class Books:
    """All that the partner knows."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.reset()

    def reset(self) -> None:
        self.failures: deque[str] = deque()
        self.log: list[dict[str, Any]] = []
        self.payments: list[dict[str, Any]] = []
        self.answers: dict[str, tuple[str, Answer]] = {}  # idempotency key: question, answer
        self.hooks: set[str] = set()
        self.browsers: dict[str, Any] = {}

    def way(self, address: str) -> str:
        """How the next request fails: as control says, or as its own address does: ?fail=500,cut"""
        if self.failures:
            return self.failures.popleft()
        ways = parse_qs(urlsplit(address).query).get("fail", [""])[0].split(",")
        before = sum(entry["path"] == address for entry in self.log)
        return (ways[before] if before < len(ways) else "") or "ok"

    # ----- what the shop asks for

    def pay(self, body: str, headers: Any) -> Answer:
        """Take the money: once for each idempotency key."""
        if headers.get("Authorization") != f"Bearer {API_KEY}":
            return 401, {"error": "Send your API key: Authorization: Bearer ..."}
        key = headers.get("Idempotency-Key", "")
        with self.lock:
            if key in self.answers:
                question, answer = self.answers[key]
                if question != body:
                    return 422, {"error": "This key was used for another payment."}
                return answer
            try:
                data = json.loads(body)
                payment = {"order": str(data["order"]), "amount": str(data["amount"])}
            except (ValueError, TypeError, KeyError):
                return 400, {"error": "Send JSON with an order and an amount."}
            payment = {"id": f"pay_{len(self.payments) + 1}", **payment}
            self.payments.append(payment)
            if key:
                self.answers[key] = body, (201, payment)
        return 201, payment

    def hook(self, body: str, headers: Any) -> Answer:
        """A webhook of the shop."""
        try:
            id = signing.verify(THEIR_SECRET, headers, body.encode())
        except signing.NotBelieved as why:
            return 403, {"error": str(why)}
        news = id not in self.hooks
        self.hooks.add(id)
        return 200, {"news": news}

    # ----- what the notebook asks for

    def control(self, what: str, data: dict[str, Any]) -> Answer:
        match what:
            case "fail":
                self.failures.extend(data["ways"])
            case "log":
                return 200, {"log": self.log}
            case "payments":
                return 200, {"payments": self.payments}
            case "reset":
                self.reset()
            case "tell":
                return 200, {"answers": tell(**data)}
            case "browser":
                from .push import Browser

                name = f"/push/{len(self.browsers) + 1}"
                self.browsers[name] = browser = Browser(data["origin"])
                return 200, {"endpoint": data["origin"] + name, "keys": browser.keys()}
            case "close":
                self.browsers[path_of(data["endpoint"])].closed = True
            case "pushed":
                return 200, {"messages": self.browsers[path_of(data["endpoint"])].messages}
            case _:
                return 404, {}
        return 200, {}


def path_of(endpoint: str) -> str:
    return "/push/" + endpoint.rpartition("/")[2]


def tell(url: str, number: str, kinds: list[str], steps: list[int], tries: int) -> list[list[int]]:
    """Send events to a webhook of the shop; what it answered to each try of each."""
    answers = []
    for step in steps or range(1, len(kinds) + 1):
        kind = kinds[step - 1]
        event = {"type": kind, "number": number, "sequence": step}
        # As short as JSON can be: whoever reads it and writes it again has other bytes.
        body = json.dumps(event, separators=(",", ":")).encode()
        answers.append(send_event(url, f"evt_{number}_{kind}", body, tries))
    return answers


def send_event(url: str, id: str, body: bytes, tries: int) -> list[int]:
    statuses: list[int] = []
    while len(statuses) < tries and not (statuses and 200 <= statuses[-1] < 300):
        headers = {"Content-Type": "application/json", **signing.headers(OUR_SECRET, id, body)}
        request = urllib.request.Request(url, body, headers, method="POST")
        try:
            with _open(request, timeout=PATIENCE) as answer:
                statuses.append(answer.status)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)
            error.close()
        except OSError:
            statuses.append(0)
    return statuses


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    timeout = 60  # of an idle connection
    disable_nagle_algorithm = True  # It would hold each answer back for 40 ms.

    def do_GET(self) -> None:
        if self.path == "/":
            self.say(200, PAGE.encode(), "text/html; charset=utf-8")
        else:
            self.say_json(404, {})

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST:
            self.close_connection = True
            return self.say_json(400, {"error": "Say how long it is; at most a megabyte."})
        body = self.rfile.read(int(length))
        books = self.server.books
        first, _, what = self.path.strip("/").partition("/")
        if first == "control":
            if not self.may_control():
                return self.say_json(403, {"error": "Only the process that started us may."})
            data = json.loads(body) | ({"origin": self.server.url} if what == "browser" else {})
            return self.say_json(*books.control(what, data))
        way = books.way(self.path)
        status, answer = (int(way), {}) if way.isdecimal() else self.answer(body)
        books.log.append(
            {
                "method": "POST",
                "path": self.path,
                "key": self.headers.get("Idempotency-Key"),
                "status": 0 if way == "cut" else status,
                "body": body.decode(errors="replace") if first != "push" else "",
            }
        )
        if way == "cut":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        if way == "slow":
            time.sleep(LATE)
        return self.say_json(status, answer)

    def may_control(self) -> bool:
        """Whether the process that started this one asks: no page of a browser, whatever its name."""
        given = self.headers.get("Authorization", "").encode()
        return (
            bool(TOKEN)
            and hmac.compare_digest(given, f"Bearer {TOKEN}".encode())
            and self.headers.get("Host") == urlsplit(self.server.url).netloc
            and self.headers.get("Origin") in (None, self.server.url)
        )

    def answer(self, body: bytes) -> Answer:
        books = self.server.books
        path = urlsplit(self.path).path
        if path in books.browsers:
            return books.browsers[path].take(body, self.headers)  # type: ignore[no-any-return]
        doors = {"/v1/payments": books.pay, "/hooks": books.hook}
        if path not in doors:
            return 404, {"error": "There is nothing here."}
        return doors[path](body.decode(errors="replace"), self.headers)

    def say_json(self, status: int, data: dict[str, Any]) -> None:
        self.say(status, json.dumps(data).encode(), "application/json")

    def say(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status in (429, 503):
            self.send_header("Retry-After", "2")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: stdout has the address alone, and stderr is the notebook's."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # On Windows it would share a port that is taken.

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.books = Books()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a caller that gives up is part of the play."""
