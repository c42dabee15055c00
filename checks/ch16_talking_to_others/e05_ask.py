"""16.5 Done, refused, or unknown: three endings."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import httpx

from checks.ch16_talking_to_others import REQUESTS, _client, _sandbox, partner
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

ask = Exercise(
    "16.5",
    "Done, refused, or unknown",
    minutes=5,
    layers=REQUESTS,
    hints=[
        "httpx.post() returns an answer, or it raises. Both have to be told apart: try, except.",
        (
            "httpx.post(url, json=..., timeout=seconds). TransportError is the family of time-outs, "
            "cut connections and closed doors."
        ),
        (
            "The answer has status_code. 429 means 'later': it belongs to the unknown ones, as do "
            "those from 500 on."
        ),
    ],
)


LIMIT = 0.2


@ask.cases
def cases() -> object:
    partner()
    nobody = "http://127.0.0.1:1/"
    ways = ("200", "201", "400", "429", "503", "cut", "slow")
    return [
        *((f"{_sandbox().url}/orders?fail={way}", LIMIT) for way in ways),
        (nobody, LIMIT),
    ]


def ending(url: str) -> str:
    """How a call to this address ends."""
    way = url.rpartition("=")[2]
    return {"200": "done", "201": "done", "400": "refused"}.get(way, "unknown")


@ask.check
def check(run: Run) -> str | None:
    if run.value != (right := ending(run.arguments[0])):
        return f"Your function returned {run.value!r}; right is {right!r}."
    if run.arguments[0].endswith(":1/"):
        return None
    asked = [entry for entry in _sandbox().log() if run.arguments[0].endswith(entry["path"])]
    if len(asked) != 1:
        return f"Ask once. The partner was asked {len(asked)} times."
    with suppress(ValueError):
        if json.loads(asked[0]["body"]) == {"order": "2026-0001"}:
            return None
    return f"The partner got {asked[0]['body'][:60]!r}, which is not the JSON that is asked for."


@ask.mistake(
    "Nothing came within the time limit, and you have waited for longer. Hand the limit on: "
    "timeout=seconds."
)
def waited(run: Run) -> bool:
    return run.arguments[0].endswith("slow") and run.error is None


@ask.mistake(
    "httpx raises an error where no answer comes. Catch httpx.TransportError: time-outs, cut "
    "connections and closed doors are all of this kind."
)
def not_caught(run: Run) -> bool:
    return isinstance(run.error, httpx.TransportError)


@ask.mistake(
    "raise_for_status() raises httpx.HTTPStatusError for 4xx and 5xx, which is no TransportError. "
    "Look at status_code, or catch that too."
)
def raised_for_status(run: Run) -> bool:
    return failed(run, "HTTPStatusError")


@ask.mistake("The partner got no POST. Something else has another answer.")
def no_post(run: Run) -> bool:
    return not run.arguments[0].endswith(":1/") and not _sandbox().log()


@ask.mistake("Ask once. A second call is another question, and may find it done.")
def asked_again_and_again(run: Run) -> bool:
    entries = _sandbox().log()
    return sum(run.arguments[0].endswith(entry["path"]) for entry in entries) > 1


@ask.mistake("429 means: too many requests, come back later. That is no clear no.")
def too_many(run: Run) -> bool:
    return run.arguments[0].endswith("429") and run.value == "refused"


@ask.mistake(
    "The partner has a problem (5xx), and nobody knows what was done. That is neither a no nor a "
    "yes."
)
def server_error(run: Run) -> bool:
    return run.arguments[0][-3:] in ("500", "503") and run.value != "unknown"


@ask.mistake("Every answer from 200 to 299 means that it is done, not 200 alone.")
def only_200(run: Run) -> bool:
    return run.arguments[0][-3:] in ("201",) and run.error is None


@ask.mistake("Without an answer you know nothing: it may have been done.")
def no_is_not_unknown(run: Run) -> bool:
    return ending(run.arguments[0]) == "unknown" != run.value


def _ask(url: str, **options: Any) -> httpx.Response:
    return _client().post(url, json={"order": "2026-0001"}, **options)


@ask.right
def by_numbers(url: str, seconds: float) -> object:
    with suppress(httpx.TransportError):
        status = _ask(url, timeout=seconds).status_code
        if 200 <= status < 300:
            return "done"
        if 400 <= status < 500 and status != 429:
            return "refused"
    return "unknown"


@ask.right
def with_http_error(url: str, seconds: float) -> object:
    try:
        _ask(url, timeout=seconds).raise_for_status()
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        return "unknown" if status == 429 or status >= 500 else "refused"
    except httpx.HTTPError:
        return "unknown"
    return "done"


@ask.right
async def asked_async(url: str, seconds: float) -> object:
    async with httpx.AsyncClient(timeout=httpx.Timeout(seconds)) as client:
        try:
            answer = await client.post(url, content='{"order": "2026-0001"}')
        except httpx.TransportError:
            return "unknown"
    kind = answer.status_code // 100
    return {2: "done", 4: "unknown" if answer.status_code == 429 else "refused"}.get(
        kind, "unknown"
    )


def _ending(status: int) -> str:
    if status < 300:
        return "done"
    return "refused" if status < 500 and status != 429 else "unknown"


@ask.wrong(waited)
def no_limit(url: str, seconds: float) -> object:
    try:
        return _ending(_ask(url, timeout=5).status_code)
    except httpx.TransportError:
        return "unknown"


@ask.wrong(not_caught)
def timeouts_alone(url: str, seconds: float) -> object:
    try:
        answer = _ask(url, timeout=seconds)
    except httpx.TimeoutException:
        return "unknown"
    return _ending(answer.status_code)


@ask.wrong(raised_for_status)
def raising(url: str, seconds: float) -> object:
    try:
        _ask(url, timeout=seconds).raise_for_status()
    except httpx.TransportError:
        return "unknown"
    return "done"


@ask.wrong(too_many)
def all_4xx(url: str, seconds: float) -> object:
    try:
        answer = _ask(url, timeout=seconds)
    except httpx.TransportError:
        return "unknown"
    if answer.is_client_error:
        return "refused"
    return "done" if answer.is_success else "unknown"


@ask.wrong(server_error)
def done_or_not(url: str, seconds: float) -> object:
    try:
        answer = _ask(url, timeout=seconds)
    except httpx.TransportError:
        return "unknown"
    if answer.status_code == 429:
        return "unknown"
    return "done" if answer.is_success else "refused"


@ask.wrong(only_200)
def ok_alone(url: str, seconds: float) -> object:
    try:
        answer = _ask(url, timeout=seconds)
    except httpx.TransportError:
        return "unknown"
    if answer.status_code == 200:
        return "done"
    return "refused" if answer.status_code in (400, 404) else "unknown"


@ask.wrong(no_is_not_unknown)
def silence_is_no(url: str, seconds: float) -> object:
    try:
        return _ending(_ask(url, timeout=seconds).status_code)
    except httpx.TransportError:
        return "refused"


@ask.wrong("which is not the JSON that is asked for")
def as_a_form(url: str, seconds: float) -> object:
    try:
        return _ending(
            _client().post(url, data={"order": "2026-0001"}, timeout=seconds).status_code
        )
    except httpx.TransportError:
        return "unknown"


@ask.wrong(no_post)
def with_get(url: str, seconds: float) -> object:
    try:
        return _ending(_client().get(url, timeout=seconds).status_code)
    except httpx.TransportError:
        return "unknown"


@ask.wrong(asked_again_and_again)
def twice(url: str, seconds: float) -> object:
    status = 0
    for _ in range(2):
        try:
            status = _ask(url, timeout=seconds).status_code
        except httpx.TransportError:
            return "unknown"
    return _ending(status)
