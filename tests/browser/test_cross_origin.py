"""Two origins in a real browser: what a page may read, what it may change, and what is pushed to it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.needs import undecided
from tutor.paths import ROOT

if TYPE_CHECKING:  # Playwright is not on every machine
    from playwright.sync_api import Browser, BrowserContext, Page

KINDS = ("parcel.announced", "parcel.on_its_way", "parcel.delivered")

# Each in the page: the answer's status and JSON, or the name of what came in its place.
FETCH = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        const data = answer.type === "opaque" ? null : await answer.json();
        return [answer.status, data];
    } catch (error) {
        return error.name;
    }
}"""


@dataclass
class World:
    """The shop, and three other origins: one it trusts, one that may read, one it knows nothing of."""

    shop: str
    session: str
    log: Path
    trusted: Any
    reader: Any
    stranger: Any


@pytest.fixture(scope="module")
def world(
    require: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    require("browser")
    log = tmp_path_factory.mktemp("shop") / "log.txt"
    with ExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).syspath_prepend(ROOT / "course_project")
        from partners.sandbox import Sandbox

        others = [stack.enter_context(Sandbox()) for _ in range(3)]
        trusted, reader, _ = (other.url for other in others)
        environment = undecided() | {
            "CORS_ALLOWED_ORIGINS": f"{trusted},{reader},{as_localhost(trusted)}",
            "CSRF_TRUSTED_ORIGINS": trusted,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        }
        site = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("shop_site.py"))],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stack.enter_context(log.open("w")),
            text=True,
        )
        stack.callback(site.communicate, timeout=10)
        assert site.stdout
        line = next((line for line in site.stdout if line.startswith("SITE ")), "SITE {}")
        said = json.loads(line.removeprefix("SITE "))
        yield World(said["url"], said["session"], log, *others)


def as_localhost(origin: str) -> str:
    """The same server by its other name: another site, as a browser sees it."""
    return origin.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def chrome(require: Callable[[str], str]) -> Iterator["Browser"]:
    chromium = require("browser")
    from playwright.sync_api import sync_playwright

    from tests.browser.lab import FLAGS

    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield chrome
        chrome.close()


@pytest.fixture
def ann(chrome: "Browser", world: World) -> Iterator["BrowserContext"]:
    """A browser in which ann is logged in at the shop."""
    context = chrome.new_context()
    cookie = {"name": "sessionid", "value": world.session, "url": world.shop, "sameSite": "Lax"}
    context.add_cookies([cookie])
    yield context
    context.close()


def at(context: "BrowserContext", address: str) -> "Page":
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(address)
    return page


def fetch(page: "Page", url: str, **options: Any) -> Any:
    return page.evaluate(FETCH, [url, options])


def change(page: "Page", world: World, token: str) -> Any:
    return fetch(
        page,
        f"{world.shop}/partners/parcels/NL-1/instructions/",
        method="PUT",
        credentials="include",
        headers={"Content-Type": "application/json", "X-CSRFToken": token},
        body='{"text": "With the neighbour"}',
    )


def token(page: "Page", world: World) -> str:
    return str(
        fetch(page, f"{world.shop}/partners/session/", credentials="include")[1]["csrf_token"]
    )


# The same-origin policy, and CORS


def test_a_page_of_another_origin_may_ask_and_may_not_read(
    ann: "BrowserContext", world: World
) -> None:
    page = at(ann, world.stranger.url)
    url = f"{world.shop}/partners/parcels/NL-1/"
    assert fetch(page, url) == "TypeError"
    # The request does arrive, and is answered.
    with page.expect_response(url) as response:
        assert fetch(page, url, mode="no-cors", credentials="include") == [0, None]
    assert response.value.status == 200


def test_a_page_of_an_origin_that_is_allowed_may_read(ann: "BrowserContext", world: World) -> None:
    for other in (world.trusted, world.reader):
        found = fetch(at(ann, other.url), f"{world.shop}/partners/parcels/NL-1/")
        assert found == [200, {"number": "NL-1", "status": "announced"}]


def test_the_carriers_page_says_what_it_may_read(ann: "BrowserContext", world: World) -> None:
    for other, said in [(world.reader, "announced"), (world.stranger, "does not show us")]:
        page = at(ann, other.url)
        page.get_by_label("Shop").fill(world.shop)
        page.get_by_label("Parcel").fill("NL-1")
        page.get_by_role("button").click()
        page.get_by_role("status").filter(has_text=said).wait_for()


def test_the_same_origin_needs_no_permission(ann: "BrowserContext", world: World) -> None:
    page = at(ann, f"{world.shop}/departments/")
    assert fetch(page, f"{world.shop}/partners/parcels/NL-1/")[0] == 200


# Credentials


def test_cookies_travel_when_they_are_asked_for(ann: "BrowserContext", world: World) -> None:
    page = at(ann, world.reader.url)
    url = f"{world.shop}/partners/session/"
    assert fetch(page, url)[1]["user"] == ""
    assert fetch(page, url, credentials="include")[1]["user"] == "ann"


def test_a_lax_cookie_does_not_travel_to_another_site(ann: "BrowserContext", world: World) -> None:
    """Two ports of one host are two origins and one site; two names are two sites."""
    page = at(ann, as_localhost(world.trusted.url))
    url = f"{world.shop}/partners/session/"
    assert fetch(page, url, credentials="include")[1]["user"] == ""


# Preflight and CSRF


def test_a_change_is_asked_for_before_it_is_made(ann: "BrowserContext", world: World) -> None:
    # The stranger's PUT is stopped by the preflight: no answer, and nothing has changed.
    assert change(at(ann, world.stranger.url), world, "x") == "TypeError"
    # The reader's PUT arrives; Django does not trust its origin, for all its token.
    page = at(ann, world.reader.url)
    # The page may not read the refusal, either; but the shop's log has it.
    assert change(page, world, token(page, world)) == "TypeError"
    assert f"Origin checking failed - {world.reader.url}" in world.log.read_text()
    # The trusted origin needs the token, too.
    page = at(ann, world.trusted.url)
    assert change(page, world, "x") == "TypeError"
    assert (
        "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length"
        in world.log.read_text()
    )
    done = {"number": "NL-1", "instructions": "With the neighbour"}
    assert change(page, world, token(page, world)) == [200, done]


# Server-sent events


def test_news_reach_an_open_page(ann: "BrowserContext", world: World) -> None:
    asked = []
    page = ann.new_page()
    page.set_default_timeout(15_000)
    page.on("response", lambda answer: asked.append((answer.url, answer.status)))
    page.goto(f"{world.shop}/partners/parcels/NL-2/live/")
    status = page.get_by_role("status")
    status.filter(has_text="announced").wait_for()
    page.evaluate("window.same = true")
    for step, said in [(2, "on_its_way"), (1, "on_its_way"), (3, "delivered")]:
        answers = world.trusted.tell(
            f"{world.shop}/partners/webhooks/", "NL-2", *KINDS, steps=[step]
        )
        assert answers == [[202]]
        status.filter(has_text=said).wait_for()
    assert page.evaluate("window.same"), "The page was loaded again."
    # The browser comes back once, hears 204, and is done.
    with page.expect_response(lambda answer: answer.status == 204):
        pass
    assert [code for url, code in asked if url.endswith("/events/")] == [200, 204]
