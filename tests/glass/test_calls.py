"""Requests to other hosts, made to servers of this machine."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import requests
from django.test import Client

from glass import watch

SECRET = "s3cr3t-t0ken-that-nobody-may-see"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302 if self.path == "/moved" else 404 if self.path == "/no" else 200)
        if self.path == "/moved":
            self.send_header("Location", "/there")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def host():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def with_client(method, url, **more):
    with httpx.Client() as client:
        return client.request(method, url, **more)


def with_async_client(method, url, **more):
    async def ask():
        async with httpx.AsyncClient() as client:
            return await client.request(method, url, **more)

    return asyncio.run(ask())


def in_stream(method, url):
    with httpx.stream(method, url) as response:
        return response


@pytest.mark.parametrize(
    ("ask", "library"),
    [
        (httpx.request, "httpx"),
        (with_client, "httpx"),
        (with_async_client, "httpx"),
        (in_stream, "httpx"),
        (requests.request, "requests"),
        (requests.Session().request, "requests"),
    ],
)
def test_a_call(host, ask, library):
    with watch("calls", show=False) as seen:
        ask("GET", f"http://{host}/no")
    (call,) = seen.calls
    assert (call.method, call.host, call.path, call.status) == ("GET", host, "/no", 404)
    assert call.library == library
    assert call.line or call.place.startswith("test_calls.py line ")
    assert f"call GET http://{host}/no -> 404\n    by {library}" in seen.text()
    assert call.duration > 0
    assert " ms" not in seen.text()


@pytest.mark.parametrize("library", [httpx, requests])
def test_no_secret_is_kept(host, library):
    with watch("calls", show=False) as seen:
        library.post(
            f"http://ann:{SECRET}@{host}/hooks/{SECRET}/?key={SECRET}&page=2&key=x#{SECRET}",
            headers={"Authorization": SECRET},
            json={"password": SECRET},
        )
    (call,) = seen.calls
    assert call.path == "/hooks/<key>/?key=...&page=..."
    kept = [
        getattr(call, name)
        for kind in type(call).__mro__
        for name in vars(kind).get("__slots__", ())
    ]
    assert SECRET not in seen.text() + seen.html() + repr(kept) + repr(call)


@pytest.mark.parametrize("library", [httpx, requests])
def test_nobody_answers(library):
    with watch("calls", show=False) as seen, pytest.raises(Exception, match=r"."):
        library.get(f"http://127.0.0.1:9/?key={SECRET}", timeout=2)
    (call,) = seen.calls
    assert (call.status, call.error) == (
        0,
        {"httpx": "ConnectError", "requests": "ConnectionError"}[library.__name__],
    )
    assert f"-> {call.error}" in seen.text()
    assert SECRET not in seen.text() + seen.html()


@pytest.mark.parametrize("ask", [lambda url: httpx.get(url, follow_redirects=True), requests.get])
def test_redirects_that_are_followed_are_one_call(host, ask):
    with watch("calls", show=False) as seen:
        assert ask(f"http://{host}/moved").url == f"http://{host}/there"
    assert [(call.path, call.status) for call in seen.calls] == [("/moved", 200)]


def test_a_loop_is_one_group(host):
    with watch("calls", show=False) as seen, httpx.Client() as client:
        for number in range(3):
            client.get(f"http://{host}/prices?sku={number}")
    assert seen.text().splitlines()[0] == "3 calls"
    assert f"call GET http://{host}/prices?sku=..., 3 times -> 200" in seen.text()


def test_a_hostile_address_is_harmless():
    def answer(request):
        return httpx.Response(200)

    client = httpx.Client(transport=httpx.MockTransport(answer))
    with watch("calls", show=False) as seen, client:
        client.get("http://x.example/<i>\u202e?<script>=1")
    assert "<i>" not in seen.html()
    assert "<script>" not in seen.html()
    assert "\u202e" not in seen.text()


def test_the_test_client_calls_nobody(db):
    with watch("calls", "http", show=False) as seen:
        Client().get("/accounts/login/")
    assert (len(seen.requests), seen.calls) == (1, [])


def test_it_is_recorded_only_when_it_is_named(host):
    with watch(show=False) as seen:
        httpx.get(f"http://{host}/")
    assert seen.calls == []


@pytest.mark.parametrize("missing", [("httpx",), ("requests",), ("httpx", "requests")])
def test_libraries_that_are_not_there(host, monkeypatch, missing):
    from glass.layers import calls

    real = calls.find_spec
    monkeypatch.setattr(calls, "find_spec", lambda name: name not in missing and real(name))
    with watch("calls", show=False) as seen:
        httpx.get(f"http://{host}/")
        requests.get(f"http://{host}/")
    assert {call.library for call in seen.calls} == {"httpx", "requests"} - {*missing}


def test_it_leaves_without_a_trace():
    kinds = httpx.Client, httpx.AsyncClient, requests.Session
    before = [dict(vars(kind)) for kind in kinds]
    with watch("calls", show=False):
        assert vars(httpx.Client)["send"] is not before[0]["send"]
    assert [dict(vars(kind)) for kind in kinds] == before
