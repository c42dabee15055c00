"""Chapter 14, results, failures, workflows: what right means, and what mistakes say."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

from celery import Celery, Task, chain, chord, group, shared_task
from celery.canvas import Signature
from celery.result import AsyncResult, EagerResult
from celery.signals import task_prerun, task_retry
from django.core import mail
from django.db import IntegrityError, transaction
from django.db.models import F
from django.tasks import TaskResult
from django.tasks import task as django_task
from django.utils import timezone
from shop import services
from shop.models import Category, Customer, Invoice, Order, OrderLine, Product
from shop.tasks import CourierBusy, book_courier, send_confirmation, write_invoice

from tutor.checks import Exercise, Prediction, Run, changes


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


# 14.1: attempts.

how_often = Prediction(
    "14.1",
    "Predict: three retries",
    minutes=2,
    hints=[
        "What does a retry come after?",
        "There is a first attempt, before any retry.",
        "One attempt, and max_retries more.",
    ],
    because="max_retries counts what comes after the first attempt: 1 + 3.",
    wrong={
        1: "CourierBusy stands in autoretry_for: the task is not left alone after one failure.",
        3: "max_retries=3 are three more, after the first attempt.",
        0: "apply() runs the task here and now.",
    },
    fact=lambda run: run.value,
)


# 14.2: who catches everything.

never_mind = Prediction(
    "14.2",
    "Predict: a broad except",
    minutes=3,
    hints=[
        "How does self.retry() tell Celery that the task wants another attempt?",
        "It raises an exception, Retry. Who catches it here?",
        "The except catches it. So the function returns, as if all were well.",
    ],
    because="retry() raises Retry, and the broad except caught it. The function returned: one "
    "attempt, SUCCESS, and no parcel is booked.",
    wrong={
        ("RETRY", 1): "Retry never came to Celery: the except stands between them.",
        ("FAILURE", 3): "So it would be without the except around retry().",
        ("SUCCESS", 3): "No attempt succeeds, and there is no second one: Retry was caught.",
        ("FAILURE", 1): "A task fails when an error comes out of it. None did.",
    },
    fact=lambda run: run.value,
)


# 14.3: what goes from one task to the next.

what_comes_out = Prediction(
    "14.3",
    "Predict: four links of a chain",
    minutes=3,
    hints=[
        "Go from left to right. s() takes the result before as its first argument.",
        "si() takes nothing: its arguments are those that stand there.",
        "1 + 2, then 3 + 10, then 5 + 5, then 10 + 100.",
    ],
    because="3, then 13, then si() takes nothing and makes 10, then 110.",
    wrong={
        123: "That leaves the third task out. It does run, and the fourth gets its result.",
        118: "Only one of the two fives is in it. si(5, 5) adds five and five.",
        113: "That is the sum of the first two and the last one. The third throws 13 away.",
        13: "The chain goes on after the second task.",
        10: "The chain goes on after the third task.",
    },
    fact=lambda run: run.value,
)


# 14.4: what the page is told.

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
def _() -> object:
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
def _(result: AsyncResult) -> object:
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


# 14.5: later and later.


def fresh_app() -> Celery:
    app = Celery("exercise", broker="memory://", set_as_current=False)
    app.conf.task_always_eager = True
    return app


class Courier:
    """book(number), which raises so many errors, and then takes the parcel."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = errors
        self.asked: list[str] = []

    def __call__(self, number: str) -> str:
        self.asked.append(number)
        if len(self.asked) <= len(self.errors):
            raise self.errors[len(self.asked) - 1]
        return f"parcel of {number}"

    def __repr__(self) -> str:
        return f"<book(), {len(self.errors)} errors first>"


class Slept(Exception):
    """The task waited by itself, and held its place."""


def no_sleep() -> Any:
    """Stands for time.sleep(): it raises Slept in this thread, and sleeps in all others."""
    mine, sleep = threading.get_ident(), time.sleep

    def slept(seconds: float) -> None:
        if threading.get_ident() == mine:
            raise Slept(seconds)
        sleep(seconds)

    return mock.patch("time.sleep", slept)


class Asked:
    """What one run of the task asked for: its waits, its calls, its end."""

    def __init__(self, task: Task, book: Courier) -> None:
        self.waits: list[Any] = []
        book.asked.clear()

        def note(reason: Any, **kwargs: Any) -> None:
            wait = reason.when
            if isinstance(wait, datetime):  # eta= in place of countdown=
                wait = round((wait - timezone.now()).total_seconds())
            self.waits.append(wait)

        task_retry.connect(note)
        try:
            with no_sleep():
                result = task.apply(("2026-0001",))
        finally:
            task_retry.disconnect(note)
        self.calls, self.state, self.value = len(book.asked), result.state, result.result


later = Exercise(
    "14.5",
    "Later and later",
    minutes=7,
    hints=[
        "Celery can count the waits by itself, or you say each of them: self.retry(countdown=...).",
        (
            "@app.task(autoretry_for=..., retry_backoff=..., retry_backoff_max=..., retry_jitter=..., "
            "max_retries=...)"
        ),
        (
            "By hand: bind=True, and in the except: raise self.retry(exc=error, countdown=min(10, "
            "2**self.request.retries))."
        ),
    ],
)

WAITS = [1, 2, 4, 8, 10]


@later.cases
def _() -> object:
    busy = [CourierBusy("no answer") for _ in range(9)]
    couriers = [Courier(*busy), Courier(), Courier(*busy[:2]), Courier(*busy[:5])]
    couriers.append(Courier(ValueError("no such address"), *busy))
    return [(fresh_app(), courier) for courier in couriers]


@later.check
def _(run: Run) -> str | None:
    book = run.arguments[1]
    if not isinstance(run.value, Task):
        return f"Asked is the task itself; your function returned {type(run.value).__name__}."
    if book.asked:
        return "The task has run already. Return it, and do not call it."
    # Three times: with some chance in it, the waits would differ.
    run.value.asked_for = all_runs = [Asked(run.value, book) for _ in range(3)]
    asked = all_runs[0]
    passing = next((n for n, e in enumerate(book.errors) if type(e) is not CourierBusy), 9)
    tries = min(passing, len(book.errors), 5) + 1
    if not book.asked:
        return f"The task did not call book(): {asked.value!r}."
    if any(each.waits != WAITS[: tries - 1] for each in all_runs):
        return f"Asked are the waits {WAITS[: tries - 1]}; your task asked for {asked.waits}."
    if asked.calls != tries:
        return f"book() was called {asked.calls} times; asked is {tries}."
    if len(book.errors) < 6 and isinstance(passing, int) and passing == 9:
        if asked.state != "SUCCESS" or asked.value != "parcel of 2026-0001":
            return f"The parcel is booked, and the task's end is {asked.state} {asked.value!r}."
    elif asked.state != "FAILURE" or type(asked.value) is not type(book.errors[0]):
        return f"No parcel is booked, and the task's end is {asked.state} {asked.value!r}."
    return None


def asked_for(run: Run) -> list[Asked]:
    found: list[Asked] = run.value.asked_for
    return found


@later.mistake(
    "There is chance in your waits: jitter is on by default. It is good, but this partner's contract "
    "says the seconds. retry_jitter=False"
)
def with_jitter(run: Run) -> bool:
    return len({tuple(asked.waits) for asked in asked_for(run)}) > 1


@later.mistake(
    "Your task sleeps, and holds its place in the worker meanwhile. Ask Celery to send it again "
    "later: retry."
)
def sleeps(run: Run) -> bool:
    return isinstance(asked_for(run)[0].value, Slept)


@later.mistake(
    "At the end it fails with MaxRetriesExceededError. retry(exc=error) makes it fail with the real "
    "error."
)
def without_the_error(run: Run) -> bool:
    return type(asked_for(run)[0].value).__name__ == "MaxRetriesExceededError"


@later.mistake("A wrong address is wrong the next time, too. Try again on CourierBusy alone.")
def whatever_it_is(run: Run) -> bool:
    return type(run.arguments[1].errors[0]) is ValueError and bool(asked_for(run)[0].waits)


@later.mistake(
    "retry() works by raising Retry. A broad except around it swallows that: one attempt, and "
    "the task is a success."
)
def swallowed(run: Run) -> bool:
    asked, book = asked_for(run)[0], run.arguments[1]
    return asked.state == "SUCCESS" and asked.calls <= len(book.errors)


@later.mistake(
    "Your waits grow without an end. Ten seconds are the most: retry_backoff_max, min()."
)
def without_an_end(run: Run) -> bool:
    return max(asked_for(run)[0].waits) > 10


@later.mistake("Each wait is as long as the one before. It is to double: 1, 2, 4, 8.")
def always_the_same(run: Run) -> bool:
    found = asked_for(run)[0].waits
    return len(found) > 1 and len(set(found)) == 1


@later.mistake("The first wait is 1 second: 2 to the power of 0. self.request.retries begins at 0.")
def begins_elsewhere(run: Run) -> bool:
    return asked_for(run)[0].waits[0] != 1


@later.mistake("Five retries are asked: max_retries counts those after the first attempt.")
def another_number(run: Run) -> bool:
    found = asked_for(run)[0].waits
    return len(run.arguments[1].errors) > 4 and len(found) not in (0, 5)


@later.mistake("The task returns what book() returns: return book(number).")
def without_a_value(run: Run) -> bool:
    asked = asked_for(run)[0]
    return asked.state == "SUCCESS" and asked.value is None


@later.right
def by_hand(app: Any, book: Any) -> object:
    @app.task(bind=True, max_retries=5)
    def courier(self: Any, number: str) -> str:
        try:
            return book(number)
        except CourierBusy as error:
            raise self.retry(exc=error, countdown=min(10, 2**self.request.retries)) from error

    return courier


def left_to_celery(app: Any, book: Any, **options: Any) -> Any:
    usual = {
        "autoretry_for": (CourierBusy,),
        "retry_backoff": 1,
        "retry_backoff_max": 10,
        "retry_jitter": False,
        "retry_kwargs": {"max_retries": 5},
    }

    @app.task(**usual | options)
    def courier(number: str) -> str:
        return book(number)

    return courier


@later.right
def by_options(app: Any, book: Any) -> object:
    return left_to_celery(app, book)


@later.wrong(without_a_value)
def no_return(app: Celery, book: Any) -> object:
    @app.task(
        autoretry_for=(CourierBusy,),
        retry_backoff=True,
        retry_backoff_max=10,
        retry_jitter=False,
        max_retries=5,
    )
    def task(number: str) -> None:
        book(number)

    return task


@later.wrong(with_jitter)
def jitter_left_on(app: Any, book: Any) -> object:
    return left_to_celery(app, book, retry_jitter=True)


@later.wrong(sleeps)
def waits_by_itself(app: Any, book: Any) -> object:
    @app.task
    def courier(number: str) -> str:
        for seconds in WAITS:
            try:
                return book(number)
            except CourierBusy:
                time.sleep(seconds)
        return book(number)

    return courier


@later.wrong(without_the_error)
def error_left_out(app: Any, book: Any) -> object:
    @app.task(bind=True, max_retries=5)
    def courier(self: Any, number: str) -> str:
        try:
            return book(number)
        except CourierBusy:
            self.retry(countdown=min(10, 2**self.request.retries))
            raise

    return courier


@later.right
def by_the_clock(app: Any, book: Any) -> object:
    @app.task(bind=True, max_retries=5)
    def courier(self: Any, number: str) -> str:
        try:
            return book(number)
        except CourierBusy as error:
            wait = timedelta(seconds=min(10, 2**self.request.retries))
            raise self.retry(exc=error, eta=timezone.now() + wait) from error

    return courier


@later.wrong(whatever_it_is)
def all_errors(app: Any, book: Any) -> object:
    return left_to_celery(app, book, autoretry_for=(Exception,))


@later.wrong(swallowed)
def broad_except(app: Any, book: Any) -> object:
    @app.task(bind=True, max_retries=5)
    def courier(self: Any, number: str) -> str:
        try:
            return book(number)
        except ValueError:
            raise
        except Exception as error:
            try:
                self.retry(exc=error, countdown=min(10, 2**self.request.retries))
            except Exception:  # noqa: BLE001 It is the mistake.
                return "later"
            raise

    return courier


@later.wrong(without_an_end)
def no_cap(app: Any, book: Any) -> object:
    return left_to_celery(app, book, retry_backoff_max=600)


@later.wrong(always_the_same)
def one_second_each(app: Any, book: Any) -> object:
    return left_to_celery(app, book, retry_backoff=False, default_retry_delay=1)


@later.wrong(begins_elsewhere)
def twice_the_number(app: Any, book: Any) -> object:
    @app.task(bind=True, autoretry_for=())
    def courier(self: Any, number: str) -> str:
        try:
            return book(number)
        except CourierBusy as error:
            wait = min(10, 2 * self.request.retries)
            raise self.retry(exc=error, countdown=wait, max_retries=5) from error

    return courier


@later.wrong(another_number)
def three_by_default(app: Any, book: Any) -> object:
    return left_to_celery(app, book, retry_kwargs={})


@later.wrong("your task asked for []")
def never_again(app: Any, book: Any) -> object:
    return left_to_celery(app, book, autoretry_for=())


@later.wrong("Asked is the task itself")
def started_at_once(app: Any, book: Any) -> object:
    return left_to_celery(app, book).delay("2026-0001")


# 14.6: safe to run twice.

ship = Exercise(
    "14.6",
    "Shipped once",
    minutes=9,
    commits=True,
    hints=[
        "Who says that it is not shipped yet: a look before, or the write itself?",
        (
            "Order.objects.filter(pk=..., status=...).update(status=...) says how many rows it changed: "
            "1 for the first, 0 for all others."
        ),
        (
            "All of it in one transaction.atomic(). The database refuses a stock below 0 with "
            "IntegrityError: catch that outside of the block, and return False."
        ),
    ],
)

# The case is in the order's number. All its products have this stock.
STOCK = 20
QUANTITIES = {
    "paid": (4,),
    "two lines": (2, 3),
    "short": (1, STOCK + 1),
    "shipped": (4,),
    "cancelled": (4,),
    "new": (4,),
}


def parcel(case: str) -> int:
    """The key of an order of this case, with products of its own."""
    there = Order.objects.filter(number=f"P-{case}").first()
    if there:
        return there.pk
    order = Order.objects.create(
        number=f"P-{case}",
        customer=Customer.objects.earliest("pk"),
        status=case if case in Order.Status.values else "paid",
        placed_at="2026-03-01T09:00Z",
    )
    category = Category.objects.earliest("pk")
    for quantity in QUANTITIES[case]:
        sku = f"{case}-{quantity}"
        product = category.products.create(name=sku, sku=sku, price=1, stock=STOCK)
        order.lines.create(product=product, quantity=quantity, unit_price=1)
    return order.pk


@ship.cases
def _() -> object:
    return [(parcel(case),) for case in QUANTITIES]


def case_of(run: Run) -> str:
    return Order.objects.get(pk=run.arguments[0]).number.removeprefix("P-")


def now(run: Run) -> tuple[str, list[int]]:
    """The status, and the stock of each line's product."""
    order = Order.objects.get(pk=run.arguments[0])
    return order.status, list(order.lines.order_by("pk").values_list("product__stock", flat=True))


@ship.check
def _(run: Run) -> str | None:
    case, found = case_of(run), now(run)
    goes = case in ("paid", "two lines")
    was = {"two lines": "paid", "short": "paid, but of one product there is too little"}
    status = "shipped" if goes else "paid" if case == "short" else case
    stock = [STOCK - quantity * goes for quantity in QUANTITIES[case]]
    if found != (status, stock):
        return (
            f"The order was {was.get(case, case)}. Asked is the status {status!r} with {stock} in "
            f"stock; now it is {found[0]!r} with {found[1]}."
        )
    if run.value is not goes:
        return f"Asked is {goes}; your function returned {run.value!r}."
    second = run.again(*run.arguments)
    if second.error is not None:
        return f"Called a second time, it raised {type(second.error).__name__}."
    if now(run) != found:
        return f"Called a second time, it changed the rows again: {now(run)}, not {found}."
    return "Called a second time, nothing was shipped: asked is False." if second.value else None


@ship.mistake(
    "The database refused a stock below 0. Catch IntegrityError, outside of atomic(), and return "
    "False."
)
def not_caught(run: Run) -> bool:
    return failed(run, "IntegrityError")


@ship.mistake(
    "An IntegrityError inside atomic() spoils the transaction: catch it outside of the block."
)
def caught_inside(run: Run) -> bool:
    return failed(run, "TransactionManagementError")


@ship.mistake(
    "Of one product there was too little, and yet something was written. All of it belongs into "
    "one transaction.atomic(). A return does not roll it back, an error does."
)
def half_done(run: Run) -> bool:
    return case_of(run) == "short" and now(run) != ("paid", [STOCK, STOCK])


@ship.mistake("Only an order that is paid is shipped. A new or a cancelled one is not.")
def not_paid(run: Run) -> bool:
    return case_of(run) in ("new", "cancelled") and now(run)[0] == "shipped"


@ship.mistake(
    "The stock of an order that was shipped before is taken again. Take it only when the status "
    "changes from paid to shipped."
)
def again(run: Run) -> bool:
    quantities = QUANTITIES[case_of(run)]
    taken = [STOCK - stock for stock in now(run)[1]]
    limits = [0] if case_of(run) == "shipped" else quantities
    return any(each > limit for each, limit in zip(taken, limits, strict=True))


@ship.mistake("The stock was taken, and the order's status is the same: the next run takes again.")
def without_the_status(run: Run) -> bool:
    return case_of(run) == "paid" and now(run) == ("paid", [STOCK - 4])


def take(order_id: int) -> None:
    for line in OrderLine.objects.filter(order=order_id):
        Product.objects.filter(pk=line.product_id).update(stock=F("stock") - line.quantity)


@ship.right
def locked_and_looked(order_id: int) -> object:
    try:
        with transaction.atomic():
            order = Order.objects.select_for_update().get(pk=order_id)
            if order.status != Order.Status.PAID:
                return False
            order.status = Order.Status.SHIPPED
            order.save(update_fields=["status"])
            take(order.pk)
    except IntegrityError:
        return False
    return True


@ship.right
def asked_for_enough(order_id: int) -> object:
    class TooLittle(Exception): ...

    paid = Order.objects.filter(pk=order_id, status="paid")
    try:
        with transaction.atomic():
            if not paid.update(status="shipped"):
                return False
            for line in OrderLine.objects.filter(order_id=order_id):
                enough = Product.objects.filter(pk=line.product_id, stock__gte=line.quantity)
                if not enough.update(stock=F("stock") - line.quantity):
                    raise TooLittle
    except TooLittle:
        return False
    return True


@ship.wrong(not_caught)
def not_caught_at_all(order_id: int) -> object:
    with transaction.atomic():
        new = Order.objects.filter(pk=order_id, status="paid").update(status="shipped")
        if new:
            take(order_id)
    return bool(new)


@ship.wrong(half_done)
def without_a_transaction(order_id: int) -> object:
    if not Order.objects.filter(pk=order_id, status="paid").update(status="shipped"):
        return False
    try:
        take(order_id)
    except IntegrityError:
        return False
    return True


@ship.wrong(caught_inside)
def caught_and_put_back(order_id: int) -> object:
    with transaction.atomic():
        paid = Order.objects.filter(pk=order_id, status="paid")
        if not paid.update(status="shipped"):
            return False
        try:
            take(order_id)
        except IntegrityError:
            Order.objects.filter(pk=order_id).update(status="paid")
            return False
    return True


@ship.wrong(not_paid)
def all_but_shipped(order_id: int) -> object:
    try:
        with transaction.atomic():
            order = Order.objects.filter(pk=order_id).exclude(status="shipped")
            if not order.update(status="shipped"):
                return False
            take(order_id)
    except IntegrityError:
        return False
    return True


@ship.wrong(again)
def takes_each_time(order_id: int) -> object:
    try:
        with transaction.atomic():
            new = Order.objects.filter(pk=order_id, status="paid").update(status="shipped")
            if new or Order.objects.filter(pk=order_id, status="shipped"):
                take(order_id)
    except IntegrityError:
        return False
    return bool(new)


@ship.wrong(without_the_status)
def status_left(order_id: int) -> object:
    try:
        with transaction.atomic():
            if not Order.objects.filter(pk=order_id, status="paid").exists():
                return False
            take(order_id)
    except IntegrityError:
        return False
    return True


@ship.wrong("Asked is True; your function returned None")
def without_an_answer(order_id: int) -> object:
    locked_and_looked(order_id)
    return None


# 14.7 and 14.8: workflows that nobody waits for.


def workflow(value: Any) -> Signature | None:
    """The signature of the answer, which is a plain dictionary by now; or None."""
    is_one = isinstance(value, dict) and {"task", "subtask_type"} <= set(value)
    return Signature.from_dict(value) if is_one else None


#: The first argument of each task that has run, by the task's name.
TOOK: dict[str, list[Any]] = {}


@contextmanager
def running() -> Iterator[list[str]]:
    """The names of the tasks that run meanwhile, in their order."""
    names: list[str] = []

    def note(task: Task, args: Any, kwargs: Any, **more: Any) -> None:
        names.append(name := task.name.rpartition(".")[2])
        TOOK[name] = [*args, *kwargs.values()][:1]

    task_prerun.connect(note)
    try:
        yield names
    finally:
        task_prerun.disconnect(note)


def end(plan: Signature) -> Any:
    """Start the workflow, and return its value, or the error that it ends with."""
    try:
        return plan.delay().get()
    except Exception as error:  # noqa: BLE001 Whatever a task may raise.
        return error


def not_a_plan(value: Any) -> str | None:
    if isinstance(value, AsyncResult | EagerResult) or hasattr(value, "children"):
        return "You have started it. Asked is the plan, the signature, which is started later."
    if workflow(value) is None:
        return f"Asked is a signature; your function returned {type(value).__name__}."
    return None


three_steps = Exercise(
    "14.7",
    "Three steps, one after the other",
    minutes=6,
    # Without the SQL: the time of now is in it.
    layers=("http",),
    hints=[
        "Which of the three words is it: chain, group or chord?",
        "In a chain each task gets the result of the one before. None of these three wants it.",
        "chain(book_courier.si(number), ..., ...), or the same with | between them.",
    ],
)


@three_steps.cases
def _() -> object:
    orders = Order.objects.filter(lines__gt=0, invoice=None).order_by("pk").distinct()
    return [(order.number, order.pk) for order in orders[:2]]


@three_steps.check
def _(run: Run) -> str | None:
    number, pk = run.arguments
    if problem := not_a_plan(run.value):
        return problem
    if mail.outbox or Invoice.objects.filter(order=pk):
        return "Something has run already. Asked is the plan, which is started later."
    plan = workflow(run.value)
    assert plan is not None
    # It gives up before the courier takes the parcel.
    with mock.patch.object(book_courier, "max_retries", 1), running() as names:
        end(plan)
    if set(names) != {"book_courier"} or mail.outbox or Invoice.objects.filter(order=pk):
        return "The courier took no parcel, and yet the workflow went on."
    with mock.patch.object(services, "write_invoice", side_effect=OSError):
        end(plan)
    if mail.outbox:
        return "The invoice was not written, and yet the mail went out."
    with running() as names:
        run.error_of_plan = value = end(plan)
    if isinstance(value, Exception):
        return f"The workflow ended with {type(value).__name__}: {value}"
    steps = list(dict.fromkeys(names))
    if steps != ["book_courier", "write_invoice", "send_confirmation"]:
        return f"These steps ran: {', '.join(steps)}. Asked are courier, invoice, mail."
    if TOOK["book_courier"] != [number]:
        return f"book_courier got {TOOK['book_courier']}. It takes the order's number, {number!r}."
    if not Invoice.objects.filter(order=pk).exists():
        return "The invoice of another order was written."
    if [message.subject for message in mail.outbox] != [f"Your order {number}"]:
        return "Asked is one mail, about this order."
    return None


@three_steps.mistake(
    "A task got the result of the one before as one more argument. si() takes nothing from it."
)
def one_argument_more(run: Run) -> bool:
    return isinstance(run.error_of_plan, TypeError)


@three_steps.mistake(
    "In a group all of them run, whatever becomes of the others. One after the other is a chain."
)
def at_the_same_time(run: Run) -> bool:
    return run.value["subtask_type"] == "group"


@three_steps.mistake(
    "The task runs at once: you have called it. A call that is written down for later is a signature: "
    ".s() or .si()."
)
def called_now(run: Run) -> bool:
    return isinstance(run.error, CourierBusy)


@three_steps.right
def with_bars(number: str, order_id: int) -> object:
    return book_courier.si(number) | write_invoice.si(order_id) | send_confirmation.si(order_id)


@three_steps.right
def with_links(number: str, order_id: int) -> object:
    """Each one names the next: it is sent when the one before has succeeded."""
    invoice = write_invoice.si(order_id)
    invoice.link(send_confirmation.si(order_id))
    first = book_courier.si(number)
    first.link(invoice)
    return first


@three_steps.wrong(one_argument_more)
def with_results(number: str, order_id: int) -> object:
    return chain(book_courier.s(number), write_invoice.s(order_id), send_confirmation.s(order_id))


@three_steps.wrong(at_the_same_time)
def as_a_group(number: str, order_id: int) -> object:
    return group(
        book_courier.si(number), write_invoice.si(order_id), send_confirmation.si(order_id)
    )


@three_steps.wrong("You have started it")
def started(number: str, order_id: int) -> object:
    return with_bars(number, order_id).delay()


@three_steps.wrong("Asked is a signature")
def in_a_list_only(number: str, order_id: int) -> object:
    return [book_courier.si(number), write_invoice.si(order_id), send_confirmation.si(order_id)]


@three_steps.wrong("The invoice was not written, and yet the mail went out")
def two_at_the_end(number: str, order_id: int) -> object:
    then = group(write_invoice.si(order_id), send_confirmation.si(order_id))
    return chain(book_courier.si(number), then)


@three_steps.wrong("It takes the order's number")
def key_for_the_courier(number: str, order_id: int) -> object:
    return with_bars(str(order_id), order_id)


@three_steps.wrong(called_now)
def called_in_place(number: str, order_id: int) -> object:
    return chain(book_courier(number), write_invoice(order_id), send_confirmation(order_id))


in_all = Exercise(
    "14.8",
    "The sum, and nobody waits",
    minutes=6,
    layers=("http",),
    hints=[
        "Which of the three words is it: a group, and then one task with the list of results?",
        "chord(the tasks)(body) starts it. chord(the tasks, body) is the plan.",
        "chord([write_invoice.s(pk) for pk in order_ids], total.s()), or group(...) | total.s()",
    ],
)


@shared_task(name="tutor.checks.total")
def total(amounts: list[str]) -> str:
    return str(sum(map(Decimal, amounts), Decimal("0.00")))


@in_all.cases
def _() -> object:
    orders = Order.objects.filter(lines__gt=0, invoice=None).order_by("pk").distinct()
    keys = list(orders.values_list("pk", flat=True)[:5])
    return [(keys[:length],) for length in (3, 5, 2)]


@in_all.check
def _(run: Run) -> str | None:
    (order_ids,) = run.arguments
    if problem := not_a_plan(run.value):
        return problem
    there = Invoice.objects.filter(order__in=order_ids)
    if there.exists():
        return "An invoice is written already. Asked is the plan, which is started later."
    plan = workflow(run.value)
    assert plan is not None
    value = run.end = end(plan)
    if isinstance(value, Exception):
        return f"The workflow ended with {type(value).__name__}: {str(value).splitlines()[0]}"
    if there.count() != len(order_ids):
        return f"There are {there.count()} invoices; asked are {len(order_ids)}."
    wanted = str(sum((invoice.total for invoice in there.all()), Decimal("0.00")))
    return None if value == wanted else f"Asked is the sum {wanted!r}; the end is {value!r}."


@in_all.mistake(
    "A task waited for another one: get() inside a task. Celery refuses. With a chord nobody waits: "
    "the last one of the group sends the sum."
)
def waits_inside(run: Run) -> bool:
    return isinstance(run.end, RuntimeError) and "get()" in str(run.end)


@in_all.mistake("The invoices are written, but nobody adds them up. total is the body of a chord.")
def not_summed(run: Run) -> bool:
    return isinstance(run.end, list)


@in_all.mistake("In a chain each task gets one result, that of the one before. Asked are all.")
def only_the_last(run: Run) -> bool:
    return run.value["subtask_type"] == "chain" and isinstance(run.end, Exception)


@in_all.mistake(
    "total got no list: .si() takes nothing from the tasks before. .s() takes their results."
)
def without_results(run: Run) -> bool:
    return isinstance(run.end, TypeError) and "amounts" in str(run.end)


@in_all.right
def group_and_bar(order_ids: list[int]) -> object:
    return group(write_invoice.si(pk) for pk in order_ids) | total.s()


@in_all.right
def with_map(order_ids: list[int]) -> object:
    """One task writes them all: fewer messages, and nothing at the same time."""
    return chain(write_invoice.map(order_ids), total.s())


@in_all.right
def chain_with_a_group(order_ids: list[int]) -> object:
    return chain(group([write_invoice.s(pk) for pk in order_ids]), total.signature())


@shared_task(name="tutor.checks.waits")
def waits_for_all(order_ids: list[int]) -> str:
    return total([write_invoice.delay(pk).get() for pk in order_ids])


@in_all.wrong(waits_inside)
def a_task_that_waits(order_ids: list[int]) -> object:
    return waits_for_all.s(order_ids)


@in_all.wrong(not_summed)
def only_a_group(order_ids: list[int]) -> object:
    return group(write_invoice.s(pk) for pk in order_ids)


@in_all.wrong(without_results)
def nothing_taken(order_ids: list[int]) -> object:
    return chord([write_invoice.s(pk) for pk in order_ids], total.si())


@in_all.wrong(only_the_last)
def one_after_another(order_ids: list[int]) -> object:
    return chain([*(write_invoice.si(pk) for pk in order_ids), total.s()])


@in_all.wrong("You have started it")
def chord_called(order_ids: list[int]) -> object:
    return chord(write_invoice.s(pk) for pk in order_ids)(total.s())


@in_all.wrong("Asked is a signature")
def the_sum_itself(order_ids: list[int]) -> object:
    return "100.00"


# 14.9: a test that runs a task twice.

SHOP = Celery("shop of the checks", broker="memory://", set_as_current=False)
SHOP.conf.task_always_eager = True


def write_to(*addresses: str) -> None:
    mail.send_mail("Your invoice", "It is ready.", None, addresses)


@SHOP.task
def good(order_id: int) -> None:
    _, new = Invoice.objects.get_or_create(order_id=order_id, defaults={"total": 1})
    if new:
        write_to(Order.objects.get(pk=order_id).customer.email)


@SHOP.task
def good_and_careful(order_id: int) -> str:
    with transaction.atomic():
        if Invoice.objects.filter(order=order_id).exists():
            return "nothing to do"
        Invoice.objects.create(order_id=order_id, total=1)
    write_to("somebody@example.com")
    return "written"


@SHOP.task
def mails_twice(order_id: int) -> None:
    Invoice.objects.get_or_create(order_id=order_id, defaults={"total": 1})
    write_to("somebody@example.com")


@SHOP.task
def never_mails(order_id: int) -> None:
    Invoice.objects.get_or_create(order_id=order_id, defaults={"total": 1})


@SHOP.task
def only_mails(order_id: int) -> None:
    if not Invoice.objects.filter(order=order_id).exists() and len(mail.outbox) < 2:
        write_to("somebody@example.com")


@SHOP.task
def fails_the_second_time(order_id: int) -> None:
    with transaction.atomic():
        Invoice.objects.create(order_id=order_id, total=1)
    write_to("somebody@example.com")


@SHOP.task
def takes_back(order_id: int) -> None:
    """One invoice after the first run, none after the second."""
    if Invoice.objects.filter(order=order_id).delete()[0] == 0:
        Invoice.objects.create(order_id=order_id, total=1)
        write_to("somebody@example.com")


HARMLESS = {
    good: True,
    good_and_careful: True,
    mails_twice: False,
    never_mails: False,
    only_mails: False,
    fails_the_second_time: False,
    takes_back: False,
}

safe = Exercise(
    "14.9",
    "A test for any task",
    minutes=6,
    changes=[changes.newcomer],
    commits=True,
    layers=("http",),
    hints=[
        "Run the task twice. Then look: what is there, and how often?",
        (
            "Invoice.objects.filter(order=order_id).count(), and how much longer mail.outbox is than "
            "before. An error of the task is a No."
        ),
        (
            "task.apply((order_id,)) keeps the error in its result: .state is then FAILURE. Or call "
            "the task inside try and except Exception."
        ),
    ],
)


@safe.cases
def _() -> object:
    mail.outbox = [mail.EmailMessage("Good morning", "An older mail.", None, ["a@example.com"])]
    order = Order.objects.filter(invoice=None).earliest("pk")
    return [(task, order.pk) for task in HARMLESS]


@safe.expects
def _(task: Task, order_id: int) -> object:
    return HARMLESS[task]


@safe.mistake(
    "The task raised an error in its second run. That is a No, not an error of your test."
)
def error_goes_on(run: Run) -> bool:
    return failed(run, "IntegrityError")


@safe.mistake(
    "This task failed in its second run. delay() and apply() keep the error in the result: look at "
    "its state."
)
def error_not_seen(run: Run) -> bool:
    return run.arguments[0] is fails_the_second_time and run.value is True


@safe.mistake("This task sends a mail each time it runs. Count the mails as well.")
def mails_not_counted(run: Run) -> bool:
    return run.arguments[0] is mails_twice and run.value is True


@safe.mistake("Twice nothing is no result: asked is exactly one invoice, and one mail.")
def nothing_is_not_one(run: Run) -> bool:
    return run.arguments[0] in (never_mails, only_mails) and run.value is True


@safe.mistake(
    "There was a mail in mail.outbox before. Compare with how many there were, or empty the list."
)
def older_mail(run: Run) -> bool:
    return run.arguments[0] is good and run.value is False


@safe.mistake(
    "This task does no harm: one invoice, one mail. What it returns may differ the second time."
)
def results_compared(run: Run) -> bool:
    return run.arguments[0] is good_and_careful and run.value is False


@safe.mistake("After the second run the invoice is gone. Look after both, not after the first.")
def looked_too_early(run: Run) -> bool:
    return run.arguments[0] is takes_back and run.value is True


@safe.mistake("Asked is True or False.")
def no_bool(run: Run) -> bool:
    return not isinstance(run.value, bool)


def ran_well(*results: Any) -> bool:
    return all(result.successful() for result in results)


def is_once(order_id: int, mails: int) -> bool:
    return Invoice.objects.filter(order=order_id).count() == 1 and len(mail.outbox) == mails + 1


@safe.right
def called(task: Any, order_id: int) -> object:
    mail.outbox.clear()
    try:
        task(order_id)
        task(order_id)
    except Exception:  # noqa: BLE001 Whatever it is, it is a No.
        return False
    return is_once(order_id, 0)


@safe.right
def delayed(task: Any, order_id: int) -> object:
    before = len(mail.outbox)
    return ran_well(task.delay(order_id), task.delay(order_id)) and is_once(order_id, before)


@safe.wrong(error_goes_on)
def called_without_try(task: Any, order_id: int) -> object:
    before = len(mail.outbox)
    task(order_id)
    task(order_id)
    return is_once(order_id, before)


@safe.wrong(error_not_seen)
def state_not_read(task: Any, order_id: int) -> object:
    before = len(mail.outbox)
    task.delay(order_id)
    task.delay(order_id)
    return is_once(order_id, before)


@safe.wrong(mails_not_counted)
def only_invoices(task: Any, order_id: int) -> object:
    good = ran_well(task.delay(order_id), task.delay(order_id))
    return good and Invoice.objects.filter(order=order_id).count() == 1


@safe.wrong(nothing_is_not_one)
def at_most_one(task: Any, order_id: int) -> object:
    before = len(mail.outbox)
    good = ran_well(task.delay(order_id), task.delay(order_id))
    few = Invoice.objects.filter(order=order_id).count() < 2 and len(mail.outbox) < before + 2
    return good and few


@safe.wrong(older_mail)
def exactly_one_in_all(task: Any, order_id: int) -> object:
    return ran_well(task.delay(order_id), task.delay(order_id)) and is_once(order_id, 0)


@safe.wrong(results_compared)
def the_same_result(task: Any, order_id: int) -> object:
    first, second = task.delay(order_id), task.delay(order_id)
    return ran_well(first, second) and first.result == second.result


@safe.wrong(looked_too_early)
def invoice_after_the_first(task: Any, order_id: int) -> object:
    before = len(mail.outbox)
    good = ran_well(task.delay(order_id))
    one = Invoice.objects.filter(order=order_id).count() == 1
    return good and one and ran_well(task.delay(order_id)) and len(mail.outbox) == before + 1


@safe.wrong(no_bool)
def in_words(task: Any, order_id: int) -> object:
    return "no harm" if delayed(task, order_id) else "harm"


# 14.10: django.tasks.


@django_task
def _thank(customer_id: int, day: str, amount: str) -> str:
    return f"{Customer.objects.get(pk=customer_id).email}: {amount} on {day}"


# Some of the answers below use it as what it is not.
thank: Any = _thank


enqueued = Exercise(
    "14.10",
    "A task of Django's own",
    minutes=5,
    hints=[
        "What may be an argument of such a task? And what says which customer it is?",
        "enqueue() is the word. A date has isoformat(), a Decimal has str().",
        "enqueue() takes three values here: the pk, the isoformat() of the day, the str() of the amount.",
    ],
)


@enqueued.cases
def _() -> object:
    first, last = Customer.objects.earliest("pk"), Customer.objects.latest("pk")
    return [
        (first, date(2026, 3, 2), Decimal("12.50")),
        (last, date(2026, 12, 24), Decimal("0.10")),
        (last, date(2024, 2, 29), Decimal("1234567890.10")),
    ]


@enqueued.check
def _(run: Run) -> str | None:
    customer, day, amount = run.arguments
    result = run.value
    if not isinstance(result, TaskResult):
        return f"Asked is the TaskResult; your function returned {type(result).__name__}."
    if result.task.name.strip("_") != "thank":
        return f"Another task was sent: {result.task.name}."
    wanted = {"customer_id": customer.pk, "day": day.isoformat(), "amount": str(amount)}
    found = dict(zip(wanted, result.args, strict=False)) | result.kwargs
    if found != wanted:
        name = next(name for name in wanted if found.get(name) != wanted[name])
        return f"Asked is {name} = {wanted[name]!r}; the task got {found.get(name)!r}."
    return None if result.status == "SUCCESSFUL" else f"The task's status is {result.status}."


@enqueued.mistake(
    "django.tasks takes JSON and nothing else: texts, numbers, True, None, lists, dictionaries. Send "
    "the customer's key, and the date and the Decimal as texts."
)
def not_json(run: Run) -> bool:
    return failed(run, "TypeError", "Unsupported type")


@enqueued.mistake(
    "A float does not keep the money: 12.50 becomes 12.5, and large amounts lose cents. Send it as "
    "a text, str(amount)."
)
def as_a_float(run: Run) -> bool:
    return float in {type(value) for value in [*run.value.args, *run.value.kwargs.values()]}


@enqueued.mistake("delay() is Celery's word. A task of Django has enqueue().")
def of_celery(run: Run) -> bool:
    return failed(run, "AttributeError", "delay")


@enqueued.mistake("The task itself cannot be called. It has enqueue().")
def called_directly(run: Run) -> bool:
    return failed(run, "TypeError", "not callable")


@enqueued.mistake(
    "That is what the task returned. Asked is the TaskResult, which enqueue() returns."
)
def the_value(run: Run) -> bool:
    return isinstance(run.value, str)


@enqueued.mistake("The key alone says who it is: customer.pk. A name or an address may change.")
def no_key(run: Run) -> bool:
    return failed(run, "ValueError") or isinstance(run.value.args[0], str)


@enqueued.right
def by_name(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer_id=customer.id, day=str(day), amount=f"{amount}")


@enqueued.right
def with_priority(customer: Any, day: Any, amount: Any) -> object:
    day = day.strftime("%Y-%m-%d")
    return thank.using(priority=10).enqueue(customer.pk, day=day, amount=str(amount))


@enqueued.wrong(not_json)
def as_they_are(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer.pk, day, amount)


@enqueued.wrong(not_json)
def the_object(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer, str(day), str(amount))


@enqueued.wrong(as_a_float)
def money_as_a_float(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer.pk, str(day), float(amount))


@enqueued.wrong(of_celery)
def delayed_as_celery(customer: Any, day: Any, amount: Any) -> object:
    return thank.delay(customer.pk, str(day), str(amount))


@enqueued.wrong(called_directly)
def as_a_function(customer: Any, day: Any, amount: Any) -> object:
    return thank(customer.pk, str(day), str(amount))


@enqueued.wrong(the_value)
def return_value(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer.pk, str(day), str(amount)).return_value


@enqueued.wrong(no_key)
def name_of_the_customer(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer.name, str(day), str(amount))
