"""13.3 Will it arrive? What comes out of a message."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

from celery import shared_task
from kombu.exceptions import EncodeError
from kombu.serialization import dumps, loads
from kombu.utils import json as kombu_json
from shop.models import Order

from checks.common import changes
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

arrives = Exercise(
    "13.3",
    "Will it arrive?",
    minutes=5,
    changes=[changes.newcomer],
    hints=[
        "Do what a message does: write the value, read it again, compare.",
        "dumps(value, serializer='json') of kombu returns three things; loads takes them back.",
        (
            "Its EncodeError says that the value cannot be sent: return False. Otherwise return "
            "whether what loads gives is equal to the value."
        ),
    ],
)


@arrives.cases
def cases() -> object:
    values: list[object] = ["Ann", {"lines": [(1, 2)]}, {1: "one"}, date(2026, 3, 2)]
    values += [Decimal("9.90"), {1, 2}, Order.objects.first()]
    return [(value,) for value in values]


def arrived(value: Any) -> Any:
    """The value on the other side. Raises EncodeError."""
    content_type, encoding, text = dumps(value, serializer="json")
    return loads(text, content_type, encoding)


@arrives.expects
def expected(value: Any) -> object:
    try:
        return bool(arrived(value) == value)
    except EncodeError:
        return False


@arrives.mistake("This value cannot be sent: EncodeError. Catch it, and return False.")
def not_caught(run: Run) -> bool:
    return failed(run, "EncodeError")


@arrives.mistake(
    "Celery's JSON can do more than Python's own json: dates, Decimal, UUID and bytes arrive as "
    "they were. Use dumps and loads of kombu."
)
def plain_json(run: Run) -> bool:
    rich = date | Decimal
    return isinstance(run.arguments[0], rich) and (run.value is False or run.error is not None)


@arrives.mistake(
    "It can be sent, but it comes out as something else: a tuple as a list, a number as key of a "
    "dictionary as a text. Read it back, and compare."
)
def only_sent(run: Run) -> bool:
    return run.value is True and run.expected is False


@arrives.right
def by_an_echo(value: Any) -> object:
    @shared_task(name="shop.echo")
    def echo(value: Any) -> Any:
        return value

    try:
        return echo.delay(value).get() == value
    except EncodeError:
        return False


@arrives.right
def by_kombus_json(value: Any) -> object:
    try:
        return kombu_json.loads(kombu_json.dumps(value)) == value
    except Exception:  # noqa: BLE001
        return False


@arrives.right
def with_suppress(value: Any) -> object:
    with suppress(EncodeError):
        kind, encoding, text = dumps(value, "json")
        return loads(text, kind, encoding) == value
    return False


@arrives.wrong(not_caught)
def hopeful(value: Any) -> object:
    return arrived(value) == value


@arrives.wrong(plain_json)
def standard_library(value: Any) -> object:
    try:
        return json.loads(json.dumps(value)) == value
    except TypeError:
        return False


@arrives.wrong(only_sent)
def sent_is_enough(value: Any) -> object:
    try:
        dumps(value, serializer="json")
    except EncodeError:
        return False
    return True
