"""16.7 Pay, whatever happens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
from django.conf import settings

from checks.ch16_talking_to_others import REQUESTS, _client, _sandbox, partner
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def payments_url(*ways: str) -> str:
    """Its address for payments, whose next requests fail in these ways (see Sandbox.fail)."""
    return f"{_sandbox().url}/v1/payments?fail={','.join(ways)}"


class Waits:
    """Called with seconds, it notes them."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def __repr__(self) -> str:
        return "wait"


#: The keys of the orders so far, in this check.
KEYS: dict[str, str] = {}


pay = Exercise(
    "16.7",
    "Pay, whatever happens",
    minutes=9,
    layers=REQUESTS,
    hints=[
        (
            "A loop of four tries. Each ends in one of three ways: return the id, return None, or go "
            "on. Exercise 16.5 tells them apart."
        ),
        (
            "The key: make it of the order alone, as f'payment of {order}'. A random one would be "
            "another one when pay() is called again."
        ),
        (
            "for seconds in (1, 2, 4, None): charge() in a try block; except httpx.TransportError: "
            "nothing; at the end of the loop's body `if seconds: wait(seconds)`."
        ),
    ],
)


ORDERS: list[tuple[str, tuple[str, ...], int]] = [
    # order, how the tries fail, how many tries there should be
    ("2026-0001", ("ok",), 1),
    ("2026-0002", ("cut", "503", "429"), 4),
    ("2026-0002", ("ok",), 1),
    ("2026-0003", ("slow", "500"), 3),
    ("2026-0004", ("500", "cut", "500", "500"), 4),
    ("2026-0005", ("422",), 1),
    ("2026-0006", ("503", "400"), 2),
]


@pay.cases
def cases() -> object:
    partner()
    return [(payments_url(*ways), order, "12.50", Waits()) for order, ways, _ in ORDERS]


def _plan(url: str) -> tuple[tuple[str, ...], int]:
    """How the tries at this address fail, and how many there should be."""
    ways = tuple(url.rpartition("=")[2].split(","))
    return ways, next(tries for _, plan, tries in ORDERS if plan == ways)


@pay.check
def check(run: Run) -> str | None:
    url, order, amount, wait = run.arguments
    log = _sandbox().log()
    ways, tries = _plan(url)
    if order == ORDERS[0][0]:
        KEYS.clear()
    if len(log) != tries:
        return f"{tries} tries are right here; the partner was asked {len(log)} times."
    if wait.seconds != [1, 2, 4][: tries - 1]:
        return f"You have waited {wait.seconds} seconds; asked is {[1, 2, 4][: tries - 1]}."
    keys = {entry["key"] for entry in log}
    if len(keys) != 1 or not (key := keys.pop()):
        return "All tries for one order must have the same key, and it must not be empty."
    if KEYS.setdefault(order, key) != key:
        return f"pay() was called again for order {order}, with another key."
    if any(key == other for name, other in KEYS.items() if name != order):
        return f"Order {order} has the key of another order."
    if any(json.loads(entry["body"]) != {"order": order, "amount": amount} for entry in log):
        return f"The partner got {log[0]['body'][:80]!r}."
    if len(_sandbox().payments()) > 1:
        return "It was paid twice."
    # Where the last try did well, it got the first payment of the books, which were empty.
    right = "pay_1" if tries > len(ways) or ways[-1] == "ok" else None
    return None if run.value == right else f"You returned {run.value!r}; right is {right!r}."


def _log() -> list[dict[str, Any]]:
    return _sandbox().log()


@pay.mistake(
    "A new key at each try protects nothing: where only the answer was lost, the money is taken "
    "again. Make the key before the loop, of the order alone."
)
def new_keys(run: Run) -> bool:
    return len({entry["key"] for entry in _log()}) > 1


@pay.mistake(
    "pay() was called again for an order, and had another key: it is paid twice. A random key "
    "would have to be stored; one that is made of the order's number need not."
)
def another_key(run: Run) -> bool:
    keys = {entry["key"] for entry in _log()}
    return len(keys) == 1 and KEYS.get(run.arguments[1], *keys) not in keys


@pay.mistake(
    "Two orders have the same key. The partner takes the second for the first one again, and says "
    "no. Make the key of the order."
)
def shared_key(run: Run) -> bool:
    keys = {entry["key"] for entry in _log()}
    return any(key in keys for order, key in KEYS.items() if order != run.arguments[1])


@pay.mistake(
    "The connection was cut, or the answer was late, and the error came out of your function. "
    "Catch httpx.TransportError and try again."
)
def cut_off(run: Run) -> bool:
    return isinstance(run.error, httpx.TransportError)


@pay.mistake("A clear no is asked only once: 400 tomorrow is 400 as well.")
def asked_again(run: Run) -> bool:
    ways, tries = _plan(run.arguments[0])
    return ways[-1] in ("400", "422") and len(_log()) > tries


@pay.mistake("The answer is a dictionary. Asked is its id alone.")
def whole_answer(run: Run) -> bool:
    return isinstance(run.value, dict)


@pay.mistake("After the fourth try return None, and let no error out.")
def raised_at_the_end(run: Run) -> bool:
    return run.error is not None and len(_log()) == 4


@pay.mistake("An answer without success has no id. Look at the status before you read the JSON.")
def no_id(run: Run) -> bool:
    return failed(run, "KeyError", "id") or failed(run, "JSONDecodeError")


@pay.mistake("429 and 5xx are no clear no. Wait, and try again.")
def gave_up(run: Run) -> bool:
    return len(_log()) < _plan(run.arguments[0])[1]


@pay.mistake("Four tries at most, whatever they end with.")
def too_often(run: Run) -> bool:
    return len(_log()) > 4


@pay.mistake("After the fourth try there is nothing left to wait for.")
def waited_at_the_end(run: Run) -> bool:
    return run.arguments[3].seconds == [1, 2, 4, 8] or len(run.arguments[3].seconds) == 4


@pay.mistake("wait(1), wait(2), wait(4): twice as long each time, and only between two tries.")
def other_waits(run: Run) -> bool:
    return run.arguments[3].seconds != [1, 2, 4][: len(_log()) - 1]


def charge(url: str, order: str, amount: str, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {settings.PARTNER_API_KEY}", "Idempotency-Key": key}
    return _client().post(url, json={"order": order, "amount": amount}, headers=headers)


@pay.right
def in_a_while(url: str, order: str, amount: str, wait: Any) -> object:
    attempt = 0
    while True:
        status = 0
        try:
            answer = charge(url, order, amount, order)
            status = answer.status_code
            if answer.is_success:
                return answer.json()["id"]
        except httpx.TransportError:
            pass
        if status in range(400, 500) and status != 429:
            return None
        attempt += 1
        if attempt == 4:
            return None
        wait(2 ** (attempt - 1))


@pay.right
def calls_itself(url: str, order: str, amount: str, wait: Any) -> object:
    key = hashlib.sha256(order.encode()).hexdigest()

    def attempt(*waits: int) -> object:
        with suppress(httpx.TransportError):
            answer = charge(url, order, amount, key=key)
            if answer.is_success:
                return answer.json()["id"]
            if answer.is_client_error and answer.status_code != 429:
                return None
        if not waits:
            return None
        wait(waits[0])
        return attempt(*waits[1:])

    return attempt(1, 2, 4)


@pay.right
def own_call(url: str, order: str, amount: str, wait: Any) -> object:
    headers = {
        "Authorization": f"Bearer {settings.PARTNER_API_KEY}",
        "Idempotency-Key": f"{order}/{amount}",
    }
    for number in range(4):
        if number:
            wait([1, 2, 4][number - 1])
        try:
            data = {"order": order, "amount": amount}
            answer = _client().post(url, json=data, headers=headers)
            answer.raise_for_status()
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in (429, 500, 502, 503, 504):
                return None
        except httpx.TransportError:
            pass
        else:
            return answer.json()["id"]
    return None


def _tries(
    url: str,
    order: str,
    amount: str,
    wait: Any,
    key: Callable[[], str],
    *,
    clear: Callable[[int], bool] = lambda status: status < 500 and status != 429,
    waits: tuple[int, ...] = (1, 2, 4, 0),
) -> object:
    """The worked answer with a part that can be exchanged for a wrong one."""
    for seconds in waits:
        status = 500
        with suppress(httpx.TransportError):
            answer = charge(url, order, amount, key())
            if answer.is_success:
                return answer.json()["id"]
            status = answer.status_code
        if clear(status):
            return None
        if seconds:
            wait(seconds)
    return None


@pay.wrong(new_keys)
def key_for_each_try(url: str, order: str, amount: str, wait: Any) -> object:
    keys = iter("abcdefgh")
    return _tries(url, order, amount, wait, lambda: order + next(keys))


@pay.wrong(another_key)
def random_key(url: str, order: str, amount: str, wait: Any) -> object:
    from uuid import uuid4

    key = str(uuid4())
    return _tries(url, order, amount, wait, lambda: key)


@pay.wrong(shared_key)
def one_key_for_all(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: "payment")


@pay.wrong(cut_off)
def nothing_caught(url: str, order: str, amount: str, wait: Any) -> object:
    answer = charge(url, order, amount, order)
    return answer.json()["id"] if answer.is_success else None


@pay.wrong(asked_again)
def again_after_a_no(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, clear=lambda status: False)


@pay.wrong(gave_up)
def all_4xx_are_clear(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, clear=lambda status: status < 500)


@pay.wrong(gave_up)
def one_try(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, waits=(0,))


@pay.wrong(waited_at_the_end)
def waits_after_the_last(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, waits=(1, 2, 4, 8))


@pay.wrong(too_often)
def five_tries(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, waits=(1, 2, 4, 8, 0))


@pay.wrong(other_waits)
def the_same_wait(url: str, order: str, amount: str, wait: Any) -> object:
    return _tries(url, order, amount, wait, lambda: order, waits=(1, 1, 1, 0))


@pay.wrong(whole_answer)
def all_of_the_answer(url: str, order: str, amount: str, wait: Any) -> object:
    return charge(url, order, amount, order).json()


@pay.wrong(raised_at_the_end)
def loud(url: str, order: str, amount: str, wait: Any) -> object:
    found = _tries(url, order, amount, wait, lambda: order)
    if found is None:
        raise RuntimeError("It was not paid.")
    return found


@pay.wrong(no_id)
def read_at_once(url: str, order: str, amount: str, wait: Any) -> object:
    for seconds in (1, 2, 4, 0):
        with suppress(httpx.TransportError):
            return charge(url, order, amount, order).json()["id"]
        wait(seconds)
    return None
