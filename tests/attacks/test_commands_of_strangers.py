"""The rehearsal partner signs what it is told to tell: no stranger and no page may command it."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from partners.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def command(sandbox: Sandbox, **headers: str) -> int:
    request = urllib.request.Request(f"{sandbox.url}/control/reset", b"{}", headers, method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def ours(sandbox: Sandbox) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox._token}"}


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer None", "Bearer \u00e9"])
def test_a_command_needs_the_token(sandbox: Sandbox, given: str) -> None:
    assert command(sandbox, Authorization=given) == 403


def test_a_page_may_not_even_with_the_token(sandbox: Sandbox) -> None:
    assert command(sandbox, **ours(sandbox), Origin="http://evil.example") == 403
    assert command(sandbox, **ours(sandbox), Origin="null") == 403
    assert command(sandbox, **ours(sandbox), Host="evil.example") == 403


def test_whoever_started_it_may(sandbox: Sandbox) -> None:
    assert command(sandbox, **ours(sandbox)) == 200


def test_each_process_has_a_token_of_its_own(sandbox: Sandbox) -> None:
    with Sandbox() as other:
        assert command(other, **ours(sandbox)) == 403
