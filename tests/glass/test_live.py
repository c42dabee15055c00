"""live(): the project over real HTTP, in a thread, for callers from outside."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from glass.services.live import LiveSite, live


@csrf_exempt
def echo(request: HttpRequest) -> HttpResponse:
    said = f"{request.method} {request.GET.get('q')} {request.headers.get('X-Name')} "
    return HttpResponse(said.encode() + request.body, headers={"X-Path": ascii(request.path)})


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("on purpose")


ended: list[str] = []


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        try:
            for number in range(1000):
                yield b"%d\n" % number
                await asyncio.sleep(0.01)
        finally:
            ended.append("stream")

    return StreamingHttpResponse(parts())


def two_cookies(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(status=204)
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


urlpatterns = [
    path("echo/", echo),
    path("ècho/", echo),
    path("broken/", broken),
    path("stream/", stream),
    path("cookies/", two_cookies),
]


@pytest.fixture(scope="module")
def site() -> Iterator[LiveSite]:
    with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"]):
        site = live()
        try:
            yield site
        finally:
            site.stop()


def ask(site: LiveSite, address: str, method: str = "GET", **options: Any) -> httpx.Response:
    return httpx.request(method, site.url + address, trust_env=False, timeout=5, **options)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_request_arrives_whole(site: LiveSite, method: str) -> None:
    answer = ask(site, "/echo/?q=%C3%A9", method, headers={"X-Name": "Ann"}, content=b"body")
    assert answer.status_code == 200
    assert answer.text == f"{method} é Ann body"


def test_head_has_no_body(site: LiveSite) -> None:
    answer = ask(site, "/echo/", "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_path_may_have_any_letter(site: LiveSite) -> None:
    assert ask(site, "/%C3%A8cho/").headers["X-Path"] == "'/\\xe8cho/'"


def test_an_error_is_an_answer(site: LiveSite) -> None:
    assert ask(site, "/broken/").status_code == 500


def test_several_headers_of_one_name(site: LiveSite) -> None:
    answer = ask(site, "/cookies/")
    assert (answer.status_code, dict(answer.cookies)) == (204, {"a": "1", "b": "2"})


def test_a_stream_comes_bit_by_bit_and_ends_with_its_reader(site: LiveSite) -> None:
    ended.clear()
    with httpx.stream("GET", f"{site.url}/stream/", trust_env=False) as answer:
        lines = answer.iter_lines()
        assert [next(lines), next(lines)] == ["0", "1"]
    for _ in range(500):
        if ended:
            break
        asyncio.run(asyncio.sleep(0.01))
    assert ended == ["stream"]


def test_one_site_at_a_time(site: LiveSite) -> None:
    assert live() is site
    other = LiveSite()
    assert ask(other, "/echo/").status_code == 200
    other.stop()
    other.stop()
    with pytest.raises(httpx.ConnectError):
        ask(other, "/echo/")
    assert live() is site
