"""13.5 What is in the queue? The message on the wire."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from celery import current_app
from shop.tasks import monthly_sales, send_confirmation, write_invoice

from checks.common import changes
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

waiting_confirmations = Exercise(
    "13.5",
    "What is in the queue?",
    minutes=7,
    ordered=True,
    changes=[changes.newcomer],
    hints=[
        'message["headers"]["task"] is the name. Where are the arguments?',
        'message["body"] is a list of three: args, a list; kwargs, a dictionary; and options.',
        (
            "Leave out what has another name, or an eta. Take args[0] if args is not empty, else "
            'kwargs["order_id"].'
        ),
    ],
)


def message(
    name: str, *args: object, countdown: int | None = None, **kwargs: object
) -> dict[str, Any]:
    """A message as broker.messages() gives it, made by Celery itself."""
    made = current_app.amqp.as_task_v2(str(uuid4()), name, args, kwargs, countdown=countdown)
    body = json.loads(json.dumps(made.body))
    return {"headers": made.headers, "properties": made.properties, "body": body}


@waiting_confirmations.cases
def cases() -> object:
    confirm, other = send_confirmation.name, "partners.tasks.send_confirmation"
    night = [
        message(confirm, 41),
        message(write_invoice.name, 41),
        message(confirm, order_id=7),
        message(confirm, 12, countdown=600),
        message(confirm, 3),
        message(monthly_sales.name, year=2025),
    ]
    strange = [
        message("celery.backend_cleanup"),
        message(other, 5),
        message("shop.tasks.send_confirmations", 6),
        message(confirm, order_id=9, countdown=60),
        message(confirm, order_id=2),
    ]
    return [(night,), (strange,), ([],)]


@waiting_confirmations.expects
def expected(messages: list[dict[str, Any]]) -> object:
    found = []
    for each in messages:
        args, kwargs, _options = each["body"]
        if each["headers"]["task"] == send_confirmation.name and not each["headers"]["eta"]:
            found += [*args, *kwargs.values()]
    return found


@waiting_confirmations.mistake(
    "The arguments are in the body, not in the headers: argsrepr is a text for people to read."
)
def texts(run: Run) -> bool:
    return any(isinstance(row, str) for row in run.rows)


@waiting_confirmations.mistake(
    "Some messages have no positional argument: their args are empty, and the id is in kwargs, "
    "under order_id."
)
def positional_only(run: Run) -> bool:
    return (
        failed(run, "IndexError")
        or failed(run, "ValueError", "unpack")
        or set(run.missing) >= {7}
        or set(run.missing) == {2}
    )


@waiting_confirmations.mistake("Others have no named argument: there the id is the first of args.")
def named_only(run: Run) -> bool:
    return failed(run, "KeyError", "order_id") or {41, 3} <= set(run.missing)


@waiting_confirmations.mistake("One with an eta waits for its time. It does not count.")
def with_eta(run: Run) -> bool:
    return bool({12, 9} & set(run.unexpected)) and not {5, 6} & set(run.unexpected)


@waiting_confirmations.mistake(
    "The whole name must be shop.tasks.send_confirmation. Other tasks are called nearly so."
)
def near_names(run: Run) -> bool:
    return bool({5, 6} & set(run.unexpected))


@waiting_confirmations.mistake("The oldest comes first, as in the list of messages.")
def other_order(run: Run) -> bool:
    return not run.missing and not run.unexpected


def confirmations(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in messages:
        headers = each["headers"]
        if headers["task"] == "shop.tasks.send_confirmation" and not headers.get("eta"):
            yield each


@waiting_confirmations.right
def one_line(messages: list[dict[str, Any]]) -> object:
    return [
        (each["body"][0] or [each["body"][1]["order_id"]])[0] for each in confirmations(messages)
    ]


@waiting_confirmations.right
def by_the_tasks_own_signature(messages: list[dict[str, Any]]) -> object:
    from inspect import signature as parameters

    known = parameters(send_confirmation.run)
    for each in confirmations(messages):
        args, kwargs, _ = each["body"]
        yield known.bind(*args, **kwargs).arguments["order_id"]


@waiting_confirmations.wrong(positional_only)
def args_only(messages: list[dict[str, Any]]) -> object:
    return [each["body"][0][0] for each in confirmations(messages)]


@waiting_confirmations.wrong(named_only)
def kwargs_only(messages: list[dict[str, Any]]) -> object:
    return [each["body"][1]["order_id"] for each in confirmations(messages)]


@waiting_confirmations.wrong(with_eta)
def all_of_them(messages: list[dict[str, Any]]) -> object:
    return [
        [*each["body"][0], *each["body"][1].values()][0]
        for each in messages
        if each["headers"]["task"] == "shop.tasks.send_confirmation"
    ]


@waiting_confirmations.wrong(near_names)
def name_in_name(messages: list[dict[str, Any]]) -> object:
    return [
        [*each["body"][0], *each["body"][1].values()][0]
        for each in messages
        if "send_confirmation" in each["headers"]["task"] and not each["headers"]["eta"]
    ]


@waiting_confirmations.wrong(other_order)
def newest_first(messages: list[dict[str, Any]]) -> object:
    return [*one_line(messages)][::-1]


@waiting_confirmations.wrong(texts)
def from_argsrepr(messages: list[dict[str, Any]]) -> object:
    return [
        f"{each['headers']['argsrepr']}{each['headers']['kwargsrepr']}"
        for each in confirmations(messages)
    ]
