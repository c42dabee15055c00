"""14.4 What the page is told."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from typing import Any

from celery import Celery
from celery.result import AsyncResult
from shop.tasks import CourierBusy

from checks.common import changes
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

STORE = Celery("tickets", broker="memory://", backend="cache+memory://", set_as_current=False)


class WouldWait(Exception):
    """get() was called, and the task is not done."""


class Ticket(AsyncResult):
    """An AsyncResult whose task is in this state. get() says so where it would wait."""

    def __init__(self, state: str, value: object = None) -> None:
        super().__init__(f"number-{state}-{value!r}", app=STORE)
        if state != "PENDING":
            STORE.backend.store_result(self.id, value, state)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        if not self.ready():
            raise WouldWait(self.state)
        return super().get(*args, **kwargs)

    wait = get

    def __repr__(self) -> str:
        return f"<a result: {self.state}>"


page = Exercise(
    "14.4",
    "What the page is told",
    minutes=6,
    changes=[changes.newcomer],
    hints=[
        "result.state says in one word what is known. What else is there depends on it.",
        (
            "result.info is the dictionary while it runs, the value after SUCCESS, the exception after "
            "FAILURE. It never waits."
        ),
        "percent is 100 * done // total, and 0 where total is 0. type(result.info).__name__",
    ],
)


@page.cases
def cases() -> object:
    return [
        (Ticket("PENDING"),),
        (Ticket("STARTED", {"pid": 17, "hostname": "worker@notebook"}),),
        (Ticket("PROGRESS", {"done": 3, "total": 12}),),
        (Ticket("PROGRESS", {"done": 2, "total": 3}),),
        (Ticket("PROGRESS", {"done": 0, "total": 0}),),
        (Ticket("RETRY", CourierBusy("attempt 1")),),
        (Ticket("SUCCESS", ["10.00", "2.50"]),),
        (Ticket("SUCCESS", 0),),
        (Ticket("FAILURE", CourierBusy("the key of our account is 1234")),),
        (Ticket("REVOKED", ValueError("expired")),),
    ]


@page.expects
def expected(result: AsyncResult) -> object:
    state, info = result.state, result.info
    if state == "PROGRESS":
        percent = 100 * info["done"] // info["total"] if info["total"] else 0
        return {"state": state, "percent": percent}
    if state == "SUCCESS":
        return {"state": state, "value": info}
    return {"state": state} | ({"error": type(info).__name__} if state == "FAILURE" else {})


@page.mistake(
    "get() waits until the task is done, and the visitor waits with it. result.state and "
    "result.info never wait."
)
def waits(run: Run) -> bool:
    return isinstance(run.error, WouldWait)


@page.mistake("get() raises the task's own error. After FAILURE the exception is in result.info.")
def raised_again(run: Run) -> bool:
    return isinstance(run.error, CourierBusy | ValueError) or failed(run, "TaskRevokedError")


@page.mistake("The text of an error may hold secrets. The page gets the name of its class alone.")
def with_the_text(run: Run) -> bool:
    return "1234" in repr(run.value)


@page.mistake("The page gets the name of the class, a text: type(...).__name__.")
def the_class_itself(run: Run) -> bool:
    return isinstance(run.value["error"], type)


@page.mistake("Nothing is to be done: total is 0. Then percent is 0.")
def divided_by_zero(run: Run) -> bool:
    return isinstance(run.error, ZeroDivisionError)


@page.mistake("percent is a whole number, rounded down: 2 of 3 are 66.")
def not_rounded_down(run: Run) -> bool:
    return run.expected["state"] == "PROGRESS" and run.value["percent"] != run.expected["percent"]


@page.mistake("The state is another one: not everything that is not done is PENDING.")
def only_pending(run: Run) -> bool:
    return run.value["state"] == "PENDING" != run.expected["state"]


@page.mistake("In this state the page is told the state, and nothing else.")
def too_much(run: Run) -> bool:
    return set(run.value) > set(run.expected)


@page.right
def with_match(result: Any) -> object:
    told = {"state": result.state}
    match result.state:
        case "PROGRESS":
            meta = result.result
            told["percent"] = int(meta["done"] / meta["total"] * 100) if meta["total"] else 0
        case "SUCCESS":
            told["value"] = result.result
        case "FAILURE":
            told["error"] = result.result.__class__.__name__
    return told


@page.right
def with_get_when_ready(result: Any) -> object:
    if result.successful():
        return {"state": "SUCCESS", "value": result.get()}
    if result.failed():
        return {"state": "FAILURE", "error": type(result.get(propagate=False)).__name__}
    if result.state != "PROGRESS":
        return {"state": result.state}
    return {
        "state": "PROGRESS",
        "percent": result.info["done"] * 100 // max(result.info["total"], 1),
    }


def told(result: Any, **more: Any) -> dict[str, Any]:
    return {"state": result.state} | more


@page.wrong(waits)
def waits_for_it(result: Any) -> object:
    return told(result, value=result.get())


@page.wrong(raised_again)
def gets_when_ready(result: Any) -> object:
    if result.ready():
        return told(result, value=result.get())
    return with_match(result)


@page.wrong(with_the_text)
def text_of_the_error(result: Any) -> object:
    return told(result, error=str(result.info)) if result.failed() else with_match(result)


@page.wrong(the_class_itself)
def class_of_the_error(result: Any) -> object:
    return told(result, error=type(result.info)) if result.failed() else with_match(result)


@page.wrong(divided_by_zero)
def without_a_zero(result: Any) -> object:
    if result.state != "PROGRESS":
        return with_match(result)
    return told(result, percent=100 * result.info["done"] // result.info["total"])


@page.wrong(not_rounded_down)
def rounded(result: Any) -> object:
    if result.state != "PROGRESS":
        return with_match(result)
    return told(result, percent=round(100 * result.info["done"] / (result.info["total"] or 1)))


@page.wrong(only_pending)
def done_or_pending(result: Any) -> object:
    done = result.ready() or result.state == "PROGRESS"
    return with_match(result) if done else {"state": "PENDING"}


@page.wrong(too_much)
def always_the_info(result: Any) -> object:
    if result.state in ("PROGRESS", "SUCCESS", "FAILURE"):
        return with_match(result)
    return told(result, error=None)
