"""Chapter 13, message, broker, worker: what right means, and what mistakes say."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import FunctionType
from typing import Any
from unittest import mock
from uuid import uuid4

from celery import Task, current_app, shared_task
from celery.app.routes import Router, prepare
from celery.result import AsyncResult
from celery.signals import before_task_publish
from django.db import connection, transaction
from django.db.models import F, QuerySet
from kombu.exceptions import EncodeError
from kombu.serialization import dumps, loads
from kombu.utils import json as kombu_json
from shop.models import Customer, Order, Product
from shop.tasks import monthly_sales, send_confirmation, write_invoice

from tutor.checks import Exercise, Prediction, Run, changes


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


@dataclass
class Message:
    """A task's message as it was sent. eta, expires: ISO 8601, or None."""

    id: str
    name: str
    args: list[Any]
    kwargs: dict[str, Any]
    queue: str
    eta: str | None
    expires: str | None


#: What was sent since sending().
SENT: list[Message] = []


def sending() -> None:
    """From now on an answer's tasks go to the broker in memory, where no worker is, and into SENT.

    It ends with the answer: tutor.judge.sandbox puts Celery back.
    """

    def note(sender: str, body: Any, headers: Any, routing_key: str, **kwargs: Any) -> None:
        when = headers["eta"], headers["expires"]
        message = Message(headers["id"], sender, [*body[0]], {**body[1]}, routing_key, *when)
        SENT.append(message)

    SENT.clear()
    current_app.conf.task_always_eager = False
    before_task_publish.connect(note, weak=False, dispatch_uid="chapter 13")


# 13.1: what sends a message, and what does not.

how_many_messages = Prediction(
    "13.1",
    "Predict: how many messages?",
    minutes=3,
    hints=[
        "Go through the lines one by one: does this one send something?",
        "A call is a function call. apply() runs the task here. s() only writes a call down.",
        "delay() and apply_async() send. A countdown changes when it runs, not when it is sent.",
    ],
    because="delay(), apply_async() and the delay() of the signature send one message each. A "
    "call and apply() run here. The one with the countdown is sent at once: it is the worker "
    "that waits.",
    wrong={
        1: "delay() is not the only one that sends: apply_async() does, and a signature has a "
        "delay(), too.",
        2: "Three lines send. Did you leave out the one with the countdown, or the signature's?",
        4: "apply() runs the task here, without a message, also when there is a broker.",
        5: "count_primes(100) is a function call, and apply() runs here. Neither sends.",
    },
    fact=lambda run: run.value,
)


# 13.2: names that the worker would refuse.


def a_new_task() -> None:
    """the app has one more task, shop.tasks.count_parcels"""
    current_app.task(name="shop.tasks.count_parcels")(a_new_task)


unknown = Exercise(
    "13.2",
    "Names that nobody knows",
    minutes=4,
    ordered=True,
    changes=[a_new_task],
    hints=[
        "The worker looks each name up in the registry of the app. You can do the same.",
        "app.tasks is a dictionary: name -> task.",
        "Keep a name if it is not in app.tasks.",
    ],
)


@unknown.cases
def _() -> object:
    return [
        (["shop.tasks.write_invoice", "shop.tasks.write_invioce", "company.tasks.count_primes"],),
        (["shop.services.write_invoice", "company.tasks.sleep", "celery.backend_cleanup"],),
        (["write_invoice", "tasks.write_invoice", "shop.tasks.monthly_sales", "shop.tasks"],),
        (["partners.tasks.deliver_due", "shop.tasks.count_parcels"],),
    ]


@unknown.expects
def _(names: list[str]) -> object:
    return [name for name in names if name not in current_app.tasks]


@unknown.mistake(
    "There is such a function, but it is no task: the app has no task of this name, and a worker "
    "refuses it. Look into app.tasks."
)
def functions(run: Run) -> bool:
    return bool({"shop.services.write_invoice", "company.tasks.sleep"} & set(run.missing))


@unknown.mistake(
    "A task of this name is in the app's registry, even if no function of the project is called "
    "so. Look into app.tasks."
)
def celerys_own(run: Run) -> bool:
    return run.surplus == ["celery.backend_cleanup"]


@unknown.mistake("The whole name counts: module and function. A part of it is the name of no task.")
def parts(run: Run) -> bool:
    return bool({"write_invoice", "tasks.write_invoice", "shop.tasks"} & set(run.missing))


@unknown.mistake("Those are the names that are known. Asked are the others.")
def the_known(run: Run) -> bool:
    return bool(run.rows) and all(name in current_app.tasks for name in run.rows)


@unknown.right
def by_get(names: list[str]) -> object:
    return [name for name in names if current_app.tasks.get(name) is None]


@unknown.right
def with_sets(names: list[str]) -> object:
    known = {task.name for task in current_app.tasks.values()}
    return filter(lambda name: name not in known, names)


@unknown.wrong(the_known)
def turned_round(names: list[str]) -> object:
    return [name for name in names if name in current_app.tasks]


@unknown.wrong(functions)
def imported(names: list[str]) -> object:
    from django.utils.module_loading import import_string

    found = []
    for name in names:
        try:
            import_string(name)
        except ImportError:
            found.append(name)
    return found


@unknown.wrong(celerys_own)
def of_the_project(names: list[str]) -> object:
    known = [name for name in current_app.tasks if not name.startswith("celery.")]
    return [name for name in names if name not in known]


@unknown.wrong(parts)
def text_in_text(names: list[str]) -> object:
    return [name for name in names if name not in " ".join(current_app.tasks)]


# 13.3: what comes out of a message.

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
def _() -> object:
    values: list[object] = ["Ann", {"lines": [(1, 2)]}, {1: "one"}, date(2026, 3, 2)]
    values += [Decimal("9.90"), {1, 2}, Order.objects.first()]
    return [(value,) for value in values]


def arrived(value: Any) -> Any:
    """The value on the other side. Raises EncodeError."""
    content_type, encoding, text = dumps(value, serializer="json")
    return loads(text, content_type, encoding)


@arrives.expects
def _(value: Any) -> object:
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


def there_and_back(value: Any) -> bool:
    try:
        return bool(arrived(value) == value)
    except EncodeError:
        return False


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


# 13.4: the options of apply_async.

HOUR, DAY = 3_600, 86_400

invoice_later = Exercise(
    "13.4",
    "In an hour, and not after a day",
    minutes=5,
    hints=[
        "delay() has no room for options. Which way to send has?",
        "apply_async takes args, a list, and queue, countdown and expires.",
        "countdown and expires are seconds, both counted from now. ticket.id is the id.",
    ],
)


@invoice_later.cases
def _() -> object:
    sending()
    return [(order,) for order in Order.objects.order_by("pk")[3:6:2]]


def seconds_from_now(text: str | None) -> float | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def near(text: str | None, wanted: int) -> bool:
    left = seconds_from_now(text)
    return left is not None and abs(left - wanted) < 60


@invoice_later.check
def _(run: Run) -> str | None:
    (order,) = run.arguments
    if not SENT:
        return "No message was sent."
    if len(SENT) > 1:
        return f"{len(SENT)} messages were sent. One is enough."
    (task,) = SENT
    if task.name != write_invoice.name:
        return f"The task {task.name} was sent, not {write_invoice.name}."
    if [*task.args, *task.kwargs.values()] != [order.pk]:
        return (
            f"The task was sent with {task.args or task.kwargs}. Its argument is the order's key."
        )
    if task.queue != "papers":
        return f'The message went to the queue "{task.queue}", not to "papers".'
    if not near(task.eta, HOUR):
        return "No worker may run it before an hour has passed. This one is not sent so."
    if not near(task.expires, DAY):
        return "The message does not expire a day after it was sent."
    if not isinstance(run.value, str) or run.value != task.id:
        return "Return the id of the ticket, a text: ticket.id."
    return None


@invoice_later.mistake(
    "The task ran here, in this process, and nothing was sent. Calling a task, or apply(), sends "
    "no message."
)
def ran_here(run: Run) -> bool:
    return not SENT and run.error is None and bool(run.seen.queries)


@invoice_later.mistake(
    "A signature is only written down. Nothing was sent: call its apply_async()."
)
def not_sent(run: Run) -> bool:
    return not SENT and run.error is None


@invoice_later.mistake(
    "delay() hands everything to the task: queue, countdown and the others became arguments of "
    "write_invoice. apply_async() takes options."
)
def options_to_delay(run: Run) -> bool:
    return failed(run, "TypeError", "write_invoice() got an unexpected") or any(
        {"queue", "countdown", "expires"} & set(task.kwargs) for task in SENT
    )


@invoice_later.mistake("A model does not travel. Send the key: order.pk.")
def the_model(run: Run) -> bool:
    return failed(run, "EncodeError")


@invoice_later.mistake("args is a list or a tuple, also with one argument: args=[order.pk].")
def bare_argument(run: Run) -> bool:
    return failed(run, "TypeError", "must be an iterable")


@invoice_later.mistake(
    "countdown and expires are numbers of seconds. A moment, a datetime, can stand in eta."
)
def no_seconds(run: Run) -> bool:
    return failed(run, "TypeError", "timedelta") or failed(run, "AttributeError", "isoformat")


@invoice_later.mistake("get() waits for the result, and nobody has it before an hour has passed.")
def waited(run: Run) -> bool:
    return failed(run, "NotImplementedError", "result backend")


@invoice_later.mistake("That is the ticket itself. Asked is its id: ticket.id.")
def the_ticket(run: Run) -> bool:
    return isinstance(run.value, AsyncResult)


def later(order: Order, **changed: Any) -> Any:
    options = {"args": [order.pk], "queue": "papers", "countdown": HOUR, "expires": DAY}
    return write_invoice.apply_async(**options | changed)


@invoice_later.right
def by_moments(order: Order) -> object:
    now = datetime.now(UTC)
    return write_invoice.apply_async(
        kwargs={"order_id": order.pk},
        routing_key="papers",
        queue="papers",
        eta=now + timedelta(hours=1),
        expires=now + timedelta(days=1),
    ).id


@invoice_later.right
def by_signature(order: Order) -> object:
    call = write_invoice.s(order.pk).set(queue="papers", countdown=HOUR, expires=DAY)
    return call.delay().id


@invoice_later.right
def by_name(order: Order) -> object:
    return str(
        current_app.send_task(
            "shop.tasks.write_invoice",
            args=(order.pk,),
            queue="papers",
            countdown=HOUR,
            expires=DAY,
        )
    )


@invoice_later.right
def with_an_id_of_our_own(order: Order) -> object:
    id = str(uuid4())
    later(order, task_id=id)
    return id


@invoice_later.wrong(ran_here)
def called(order: Order) -> object:
    return write_invoice(order.pk)


@invoice_later.wrong(ran_here)
def applied(order: Order) -> object:
    return write_invoice.apply(args=[order.pk], countdown=HOUR, expires=DAY).id


@invoice_later.wrong(not_sent)
def written_down(order: Order) -> object:
    return write_invoice.s(order.pk).set(queue="papers", countdown=HOUR, expires=DAY).id


@invoice_later.wrong(options_to_delay)
def delay_with_options(order: Order) -> object:
    return write_invoice.delay(order.pk, queue="papers", countdown=HOUR, expires=DAY).id


@invoice_later.wrong(the_model)
def sent_the_model(order: Order) -> object:
    return later(order, args=[order]).id


@invoice_later.wrong(bare_argument)
def without_list(order: Order) -> object:
    return later(order, args=order.pk).id


@invoice_later.wrong(no_seconds)
def with_a_timedelta(order: Order) -> object:
    return later(order, countdown=timedelta(hours=1)).id


@invoice_later.wrong(waited)
def waits_for_it(order: Order) -> object:
    return later(order).get()


@invoice_later.wrong(the_ticket)
def whole_ticket(order: Order) -> object:
    return later(order)


@invoice_later.wrong('the queue "celery"')
def default_queue(order: Order) -> object:
    return write_invoice.apply_async(args=[order.pk], countdown=HOUR, expires=DAY).id


@invoice_later.wrong("does not expire")
def for_ever(order: Order) -> object:
    return later(order, expires=None).id


@invoice_later.wrong("2 messages were sent")
def twice(order: Order) -> object:
    later(order)
    return later(order).id


# 13.5: the message on the wire.

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
def _() -> object:
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
def _(messages: list[dict[str, Any]]) -> object:
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
    return bool({12, 9} & set(run.surplus)) and not {5, 6} & set(run.surplus)


@waiting_confirmations.mistake(
    "The whole name must be shop.tasks.send_confirmation. Other tasks are called nearly so."
)
def near_names(run: Run) -> bool:
    return bool({5, 6} & set(run.surplus))


@waiting_confirmations.mistake("The oldest comes first, as in the list of messages.")
def other_order(run: Run) -> bool:
    return not run.missing and not run.surplus


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


# 13.6: messages and transactions.

two_transactions = Prediction(
    "13.6",
    "Predict: two transactions",
    minutes=3,
    commits=True,
    hints=[
        "When does delay() send: at once, or at the end? And delay_on_commit()?",
        "At the commit, number 2 has been in the queue for a while.",
        "A rollback takes back rows. What was sent is sent; what waited for the commit is not.",
    ],
    because="delay() sends at once: 2 before the commit, and 4 although everything else was "
    "rolled back. delay_on_commit(1) waits for the commit, so it comes after 2. 3 is never sent.",
    wrong={
        (1, 2): "The rollback cannot take back a message: 4 was sent. And 1 had to wait for the "
        "commit, while 2 did not.",
        (2, 1): "The rollback cannot take back what was sent at once: 4 is in the queue.",
        (1, 2, 4): "delay_on_commit(1) is written first, but it sends at the commit, after 2.",
        (1, 2, 3, 4): "delay_on_commit() sends after the commit; after a rollback it sends "
        "nothing.",
        (2, 4): "1 was sent, too: when the first transaction was committed.",
        (2, 4, 1): "The first transaction is committed before the second begins: 1 comes before 4.",
    },
    fact=lambda run: run.value,
)


# 13.7: a task.

make_restock = Exercise(
    "13.7",
    "A task of your own",
    minutes=7,
    hints=[
        "A task is a function with a decorator. What the decorator made is what you return.",
        '@shared_task(name="shop.restock"). In the function, let the database add: F("stock").',
        (
            'Product.objects.filter(pk=product_id).update(stock=F("stock") + pieces), then read the '
            "stock again and return it."
        ),
    ],
)


@make_restock.check
def _(run: Run) -> str | None:
    task = run.value
    if not isinstance(task, Task):
        return f"Asked is a task. Your function returned {type(task).__name__}."
    if task.name != "shop.restock":
        return f'The task is called "{task.name}", not "shop.restock".'
    first, second = Product.objects.order_by("pk")[:2]
    for product, pieces in ((first, 5), (second, 12), (first, 1)):
        before, all_before = stocks(product)
        result = result_of(task, product.pk, pieces)
        if isinstance(result, BaseException):
            return f"The task failed: {type(result).__name__}: {result}"
        now, all_now = stocks(product)
        if now != before + pieces:
            return f"{pieces} pieces were added to a stock of {before}. It is {now} now."
        if result != now:
            return f"The new stock is {now}. The task returned {result!r}."
        if all_now != all_before + pieces:
            return "The stock of other products was changed, too."
    return _lost(task, first)


def stocks(product: Product) -> tuple[int, int]:
    """The stock of this product, and that of all."""
    found = dict(Product.objects.values_list("pk", "stock"))
    return found[product.pk], sum(found.values())


def result_of(task: Any, *arguments: object) -> Any:
    """What the task returns, or the exception that comes of it."""
    try:
        return task.delay(*arguments).result
    except Exception as error:  # noqa: BLE001 Its arguments do not fit, for example.
        return error


LOST = (
    "Two workers at the same time: each reads the stock, each adds its pieces, and the second one "
    "writes over the first. Pieces are lost. Let the database add: "
    'update(stock=F("stock") + pieces).'
)


def _lost(task: Any, product: Product) -> str | None:
    """Let another worker add 100 pieces right after the task has read the stock, without a lock."""
    Product.objects.filter(pk=product.pk).update(stock=10)
    locks: list[object] = []
    others: list[object] = []
    lock = QuerySet.select_for_update

    def locked(self: QuerySet[Any], *args: Any, **kwargs: Any) -> Any:
        locks.append(self)
        return lock(self, *args, **kwargs)

    def another(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("SELECT") and "stock" in sql and not locks and not others:
            others.append(sql)
            with context["connection"].cursor() as cursor:
                cursor.execute(
                    "UPDATE shop_product SET stock = stock + 100 WHERE id = %s", [product.pk]
                )
        return result

    with (
        mock.patch.object(QuerySet, "select_for_update", locked),
        connection.execute_wrapper(another),
    ):
        result_of(task, product.pk, 5)
    now = Product.objects.get(pk=product.pk).stock
    return LOST if now != 15 + 100 * len(others) else None


@make_restock.mistake(
    "That is the function. Above it stands no decorator: @shared_task makes a task of it."
)
def no_decorator(run: Run) -> bool:
    return isinstance(run.value, FunctionType)


@make_restock.mistake("Your function returned nothing. Return the task, without calling it.")
def nothing(run: Run) -> bool:
    return run.value is None and run.error is None


@make_restock.mistake(
    'Without a name the task is called after its module. Say it: @shared_task(name="shop.restock").'
)
def own_name(run: Run) -> bool:
    return isinstance(run.value, Task) and run.value.name != "shop.restock"


@make_restock.mistake(
    "With bind=True the task itself comes as first argument, self. Without it there is no self."
)
def unbound(run: Run) -> bool:
    return failed_task(run, "positional argument")


@make_restock.mistake("A worker gets the key, not the product: read the row by its key.")
def wants_a_model(run: Run) -> bool:
    return failed_task(run, "'int' object has no attribute")


@make_restock.mistake("The task must return the new stock, read after the change.")
def wrong_return(run: Run) -> bool:
    product: Any = Product.objects.order_by("pk").first()
    return isinstance(run.value, Task) and result_of(run.value, product.pk, 1) != product.stock + 1


def failed_task(run: Run, words: str) -> bool:
    product: Any = Product.objects.order_by("pk").first()
    result = result_of(run.value, product.pk, 0)
    return isinstance(result, BaseException) and words in str(result)


@make_restock.right
def returning_by_lock() -> object:
    @shared_task(name="shop.restock", bind=True)
    def restock(self: Any, pk: int, pieces: int) -> int:
        with transaction.atomic():
            product = Product.objects.select_for_update().get(pk=pk)
            product.stock += pieces
            product.save(update_fields=["stock"])
        return product.stock

    return restock


@make_restock.right
def of_the_app() -> object:
    @current_app.task(name="shop.restock")
    def add(product_id: int, number: int) -> int:
        product = Product.objects.get(pk=product_id)
        product.stock = F("stock") + number  # type: ignore[assignment]
        product.save(update_fields=["stock"])
        product.refresh_from_db()
        return product.stock

    return add


def plain(product_id: int, pieces: int) -> int:
    Product.objects.filter(pk=product_id).update(stock=F("stock") + pieces)
    return Product.objects.get(pk=product_id).stock


@make_restock.wrong(no_decorator)
def only_a_function() -> object:
    return plain


@make_restock.wrong(nothing)
def not_returned() -> object:
    shared_task(name="shop.restock")(plain)
    return None


@make_restock.wrong(own_name)
def without_a_name() -> object:
    return shared_task(plain)


@make_restock.wrong(unbound)
def self_without_bind() -> object:
    @shared_task(name="shop.restock")
    def restock(self: Any, product_id: int, pieces: int) -> int:
        return plain(product_id, pieces)

    return restock


@make_restock.wrong(wants_a_model)
def takes_the_product() -> object:
    @shared_task(name="shop.restock")
    def restock(product: Product, pieces: int) -> int:
        return plain(product.pk, pieces)

    return restock


@make_restock.wrong(LOST)
def added_in_python() -> object:
    @shared_task(name="shop.restock")
    def restock(product_id: int, pieces: int) -> int:
        product = Product.objects.get(pk=product_id)
        product.stock += pieces
        product.save()
        return product.stock

    return restock


@make_restock.wrong(LOST)
def read_then_update() -> object:
    @shared_task(name="shop.restock")
    def restock(product_id: int, pieces: int) -> int:
        now = Product.objects.values_list("stock", flat=True).get(pk=product_id) + pieces
        Product.objects.filter(pk=product_id).update(stock=now)
        return now

    return restock


@make_restock.wrong(wrong_return)
def returns_the_rows() -> object:
    @shared_task(name="shop.restock")
    def restock(product_id: int, pieces: int) -> int:
        return Product.objects.filter(pk=product_id).update(stock=F("stock") + pieces)

    return restock


@make_restock.wrong("Asked is a task")
def called_at_once() -> object:
    task = shared_task(name="shop.restock")(plain)
    return task.delay(1, 5)


# 13.8: routes.

routes = Exercise(
    "13.8",
    "Who goes where?",
    minutes=5,
    hints=[
        "The lesson has such a dictionary: from a name, or a pattern with a star, to a queue.",
        '"partners.tasks.*" stands for every task of that module.',
        'Three entries. The value of each is {"queue": "..."}.',
    ],
)

WANTED = {
    "partners.tasks.send_payment": "partners",
    "partners.tasks.deliver_due": "partners",
    "shop.tasks.send_confirmation": "mail",
    "subscriptions.tasks.send_reminders": "mail",
    "subscriptions.tasks.of_next_year": "mail",
    "shop.tasks.write_invoice": "celery",
    "company.tasks.count_primes": "celery",
    "partners.services.send_payment": "celery",
    "subscriptions.services.send_reminders": "celery",
    "celery.backend_cleanup": "celery",
}


def queue_of(value: Any, name: str) -> str:
    """Where Celery sends a task of this name with these CELERY_TASK_ROUTES."""
    app = current_app._get_current_object()
    router = Router(prepare(value), app.amqp.queues, create_missing=True, app=app)
    return str(router.route({}, name, (), {})["queue"].name)


@routes.check
def _(run: Run) -> str | None:
    if run.value is None or isinstance(run.value, str):
        return "Asked is a dictionary, as CELERY_TASK_ROUTES in the settings."
    for name, wanted in WANTED.items():
        try:
            found = queue_of(run.value, name)
        except Exception as error:  # noqa: BLE001 Whatever a router may be made of.
            return f"Celery cannot use these routes: {type(error).__name__}: {error}"
        if found != wanted:
            return f'{name} goes to the queue "{found}". Asked is "{wanted}".'
    return None


@routes.mistake(
    "You have turned it round: the name of the task is the key, the queue is in the value."
)
def turned(run: Run) -> bool:
    return bool({"mail", "partners"} & set(run.value))


@routes.mistake(
    "The tasks of next year have no route: name the module with a star, subscriptions.tasks.*"
)
def only_todays(run: Run) -> bool:
    return (
        queue_of(run.value, "subscriptions.tasks.send_reminders") == "mail"
        and queue_of(run.value, "subscriptions.tasks.of_next_year") == "celery"
    )


@routes.mistake("A module alone is the name of no task. Its tasks are module.*, with a star.")
def without_star(run: Run) -> bool:
    return "partners.tasks" in run.value or "subscriptions.tasks" in run.value


@routes.mistake("A star at this place takes too much: other tasks of the shop have no route.")
def too_much(run: Run) -> bool:
    return queue_of(run.value, "shop.tasks.write_invoice") != "celery"


@routes.mistake(
    "partners.* takes every task whose name begins so. Asked is one module: partners.tasks.*"
)
def every_module(run: Run) -> bool:
    return queue_of(run.value, "partners.services.send_payment") != "celery"


def with_routes(**changed: Any) -> dict[str, Any]:
    mail, partners = {"queue": "mail"}, {"queue": "partners"}
    value: dict[str, Any] = {
        "partners.tasks.*": partners,
        "shop.tasks.send_confirmation": mail,
        "subscriptions.tasks.*": mail,
    }
    for name, queue in changed.items():
        pattern = next(key for key in value if key.startswith(name))
        del value[pattern]
        value |= queue
    return value


@routes.right
def as_texts() -> object:
    return {
        "partners.tasks*": "partners",
        "shop.tasks.send_confirmation": "mail",
        "subscriptions.tasks*": "mail",
    }


@routes.right
def as_pairs() -> object:
    return ([*with_routes().items()],)


@routes.right
def as_a_function() -> object:
    def route(
        name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **more: Any
    ) -> Any:
        if name.startswith("partners.tasks."):
            return {"queue": "partners"}
        if name.startswith("subscriptions.tasks.") or name == "shop.tasks.send_confirmation":
            return "mail"
        return None

    return (route,)


@routes.wrong(turned)
def queues_first() -> object:
    return {"partners": "partners.tasks.*", "mail": "subscriptions.tasks.*"}


@routes.wrong(only_todays)
def each_by_name() -> object:
    names = ("send_reminders", "send_birthday_wishes")
    return with_routes(
        subscriptions={f"subscriptions.tasks.{name}": {"queue": "mail"} for name in names}
    )


@routes.wrong(without_star)
def modules() -> object:
    return with_routes(partners={"partners.tasks": {"queue": "partners"}})


@routes.wrong(too_much)
def the_whole_shop() -> object:
    return with_routes(shop={"shop.tasks.*": {"queue": "mail"}})


@routes.wrong(every_module)
def all_of_the_partners() -> object:
    return with_routes(partners={"partners.*": {"queue": "partners"}})


@routes.wrong('shop.tasks.send_confirmation goes to the queue "celery"')
def forgotten() -> object:
    return with_routes(shop={})


@routes.wrong('subscriptions.services.send_reminders goes to the queue "mail"')
def the_whole_app() -> object:
    return with_routes(subscriptions={"subscriptions.*": {"queue": "mail"}})


# 13.9: bindings of a topic exchange.

bindings = Exercise(
    "13.9",
    "Bindings",
    minutes=7,
    hints=[
        "A star stands for exactly one word, # for any number of words.",
        "# may stand at the beginning, too. And a queue may have more than one binding.",
        'For "money" two keys: *.paid.* and the same with refunded.',
    ],
)

KEYS = [
    *("order.paid", "order.paid.ie", "order.paid.late.ie", "order.refunded.no"),
    *("order.new.ie", "parcel.ie", "parcel.lost.ie", "parcel.lost.no", "ie.parcel.lost"),
    *("invoice.paid", "invoice.paid.no", "invoice.refunded.ie", "paid.invoice.no"),
    *("orders.new.no", "invoice.paid.no.late", "reorder.new.no", "invoice.order.no"),
    "parcel.invoice.paid.no",
]

RULES: dict[str, Callable[[list[str]], bool]] = {
    "orders": lambda words: words[0] == "order",
    "ireland": lambda words: words[-1] == "ie",
    "money": lambda words: len(words) == 3 and words[1] in ("paid", "refunded"),
    "log": lambda words: True,
}


def fits(binding: list[str], words: list[str]) -> bool:
    """Whether a topic exchange takes these words: * is one word, # is none, one or more.

    The rule of AMQP (https://www.rabbitmq.com/tutorials/tutorial-five-python). kombu's exchange in
    memory is not so exact: there "order.*.#" wants three words.
    """
    if not binding:
        return not words
    first, *rest = binding
    if first == "#":
        return any(fits(rest, words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and first in ("*", words[0]) and fits(rest, words[1:])


def delivered(bindings: list[str]) -> list[str]:
    """The news that a queue gets that is bound with these keys."""
    bound = [binding.split(".") for binding in bindings]
    return [key for key in KEYS if any(fits(each, key.split(".")) for each in bound)]


def keys_for(value: dict[str, Any], queue: str) -> list[str]:
    keys = value[queue]
    return [keys] if isinstance(keys, str) else list(keys)


def wrongly(value: Any, queue: str) -> tuple[list[str], list[str]]:
    """The news that the queue lacks, and those that it gets too much."""
    wanted = [key for key in KEYS if RULES[queue](key.split("."))]
    got = delivered(keys) if (keys := keys_for(value, queue)) else []
    return [key for key in wanted if key not in got], [key for key in got if key not in wanted]


@bindings.check
def _(run: Run) -> str | None:
    if not isinstance(run.value, dict):
        return "Asked is a dictionary: the name of a queue -> the list of its keys."
    if missing := [name for name in RULES if name not in run.value]:
        return f'The queue "{missing[0]}" is missing.'
    if strange := [name for name in run.value if name not in RULES]:
        return f"No queue {strange[0]!r} was asked for."
    for queue in RULES:
        if not isinstance(run.value[queue], list | tuple | set | str):
            return f'"{queue}" needs a list of keys.'
        if not all(isinstance(key, str) for key in keys_for(run.value, queue)):
            return f'The keys of "{queue}" must be texts.'
        missing, surplus = wrongly(run.value, queue)
        if surplus:
            return f'"{queue}" gets the news {surplus[0]}, and should not.'
        if missing:
            return f'"{queue}" does not get the news {missing[0]}.'
    return None


@bindings.mistake("A star stands for one word alone. # stands for any number of words.")
def stars(run: Run) -> bool:
    return any(
        any("*" in key for key in keys_for(run.value, queue)) and wrongly(run.value, queue)[0]
        for queue in ("orders", "ireland", "log")
    )


@bindings.mistake(
    '"money" takes news of exactly three words. Yours takes others, too: count the words of your '
    "keys, and mind that # stands for any number."
)
def money_too_long(run: Run) -> bool:
    return any(len(key.split(".")) != 3 for key in wrongly(run.value, "money")[1])


@bindings.mistake(
    '"money" needs two bindings, one for paid and one for refunded. A key has no "or".'
)
def one_binding(run: Run) -> bool:
    return bool(wrongly(run.value, "money")[0])


@bindings.mistake(
    "# and * stand for whole words, between dots. Within a word they are letters like others."
)
def inside_a_word(run: Run) -> bool:
    return any(
        {"#", "*"} & set(word) and len(word) > 1
        for queue in RULES
        for key in keys_for(run.value, queue)
        for word in key.split(".")
    )


@bindings.right
def from_both_ends() -> object:
    return {
        "log": ["#"],
        "orders": ["order", "order.#"],
        "ireland": ("ie", "#.ie"),
        "money": {"*.paid.*", "*.refunded.*"},
    }


@bindings.right
def one_word_and_the_rest() -> object:
    return {
        "orders": ["order.*.#"],
        "ireland": ["*.#.ie"],
        "money": ["*.paid.*", "*.refunded.*"],
        "log": ["#.#"],
    }


@bindings.right
def one_text() -> object:
    return {
        "orders": "order.#",
        "ireland": "#.ie",
        "money": ["*.refunded.*", "*.paid.*"],
        "log": "#",
    }


def with_bindings(**changed: list[str]) -> dict[str, list[str]]:
    return {
        "orders": ["order.#"],
        "ireland": ["#.ie"],
        "money": ["*.paid.*", "*.refunded.*"],
        "log": ["#"],
    } | changed


@bindings.wrong(stars)
def stars_everywhere() -> object:
    return with_bindings(orders=["order.*"], ireland=["*.ie"], log=["*"])


@bindings.wrong(stars)
def three_words() -> object:
    return with_bindings(orders=["order.*.*"])


@bindings.wrong(money_too_long)
def any_length() -> object:
    return with_bindings(money=["#.paid.#", "#.refunded.#"])


@bindings.wrong(one_binding)
def only_paid() -> object:
    return with_bindings(money=["*.paid.*"])


@bindings.wrong(one_binding)
def in_one_text() -> object:
    return with_bindings(money=["*.paid|refunded.*"])


@bindings.wrong(inside_a_word)
def glued() -> object:
    return with_bindings(orders=["order#"])


@bindings.wrong('"orders" gets the news invoice.order.no')
def anywhere() -> object:
    return with_bindings(orders=["#.order.#"])


# 13.10: after the commit.

sign_up = Exercise(
    "13.10",
    "Welcome, when it is certain",
    minutes=7,
    commits=True,
    hints=[
        "delay() sends at once, whether the row stays or not. What waits for the commit?",
        "transaction.on_commit() takes a function. And each task has a short form of it.",
        "welcome.delay_on_commit(customer.pk), after Customer.objects.create(...).",
    ],
)


def welcome(customer_id: int) -> None:
    Customer.objects.get(pk=customer_id)


@sign_up.cases
def _() -> object:
    sending()
    task = current_app.tasks.get("shop.welcome") or current_app.task(name="shop.welcome")(welcome)
    people = [("Nora New", "nora@example.com"), ("Sam O'Neil", "sam@example.com")]
    return [(name, email, task) for name, email in people]


def key_of(email: str) -> Any:
    return Customer.objects.filter(email=email).values_list("pk", flat=True).first()


EARLY = "Inside a transaction of the caller's the message was sent before the commit."
ROLLED_BACK = "The transaction around it was rolled back, and the message was sent all the same."


@sign_up.check
def _(run: Run) -> str | None:
    name, email, welcome = run.arguments
    made = Customer.objects.filter(email=email)
    if [(each.name, each.joined_on) for each in made] != [(name, date(2026, 3, 2))]:
        return "Asked is one new customer with this name and email, who joined on 2 March 2026."
    if sentence := _not_the_one(email):
        return sentence
    SENT.clear()
    with transaction.atomic():
        again = run.again("Ida", f"ida.{email}", welcome)
        early = bool(SENT)
    if again.error:
        return f"Called inside a transaction, it raised {type(again.error).__name__}."
    if early:
        return EARLY
    if sentence := _not_the_one(f"ida.{email}"):
        return f"Inside a transaction of the caller's: {sentence}"
    SENT.clear()
    with transaction.atomic():
        run.again("Ole", f"ole.{email}", welcome)
        transaction.set_rollback(True)
    return ROLLED_BACK if SENT else None


def _not_the_one(email: str) -> str | None:
    if not SENT:
        return "The row is committed, and no message was sent."
    if len(SENT) > 1:
        return f"{len(SENT)} messages were sent. One is enough."
    (task,) = SENT
    if [*task.args, *task.kwargs.values()] != [key_of(email)]:
        what = task.kwargs or task.args
        return f"The task was sent with {what}. Its argument is the customer's key."
    return None


@sign_up.mistake("A model does not travel. Send the key: customer.pk.")
def model_sent(run: Run) -> bool:
    return failed(run, "EncodeError")


@sign_up.mistake(
    "on_commit() wants a function that it can call later. Yours was called at once: write "
    "lambda: welcome.delay(customer.pk)."
)
def called_too_early(run: Run) -> bool:
    return failed(run, "TypeError", "callable")


@sign_up.mistake(
    "welcome ran here, in this process. It must be sent, for a worker to run: delay()."
)
def ran_in_place(run: Run) -> bool:
    return not SENT and key_of(run.arguments[1]) and len(run.seen.queries) > 1


@sign_up.mistake("delay_on_commit() returns None: there is no ticket before the message is sent.")
def no_ticket(run: Run) -> bool:
    return failed(run, "AttributeError", "NoneType")


@sign_up.mistake(
    "It is sent at once. With a transaction around your function a worker looks for a row that "
    "nobody can see yet, or that is never there. Send it after the commit: delay_on_commit()."
)
def sent_at_once(run: Run) -> bool:
    SENT.clear()
    with transaction.atomic():
        run.again("Late", f"late.{run.arguments[1]}", run.arguments[2])
        transaction.set_rollback(True)
    return bool(SENT)


def create(name: str, email: str) -> Customer:
    return Customer.objects.create(name=name, email=email, joined_on=date(2026, 3, 2))


@sign_up.right
def with_a_lambda(name: str, email: str, welcome: Any) -> object:
    customer = create(name, email)
    transaction.on_commit(lambda: welcome.delay(customer.pk))
    return customer


@sign_up.right
def with_partial(name: str, email: str, welcome: Any) -> object:
    with transaction.atomic():
        customer = Customer(name=name, email=email, joined_on="2026-03-02")
        customer.save()
        transaction.on_commit(partial(welcome.apply_async, args=(customer.pk,)), robust=True)
    return None


@sign_up.right
def by_the_long_short_form(name: str, email: str, welcome: Any) -> object:
    return welcome.apply_async_on_commit(args=[create(name, email).pk])


@sign_up.wrong(model_sent)
def the_customer(name: str, email: str, welcome: Any) -> object:
    return welcome.delay_on_commit(create(name, email))


@sign_up.wrong(called_too_early)
def not_a_function(name: str, email: str, welcome: Any) -> object:
    customer = create(name, email)
    transaction.on_commit(welcome.delay(customer.pk))
    return customer


@sign_up.wrong(ran_in_place)
def called_after_commit(name: str, email: str, welcome: Any) -> object:
    customer = create(name, email)
    transaction.on_commit(lambda: welcome(customer.pk))
    return customer


@sign_up.wrong(ran_in_place)
def applied_after_commit(name: str, email: str, welcome: Any) -> object:
    customer = create(name, email)
    transaction.on_commit(lambda: welcome.apply(args=[customer.pk]))
    return customer


@sign_up.wrong(no_ticket)
def asks_for_the_id(name: str, email: str, welcome: Any) -> object:
    return welcome.delay_on_commit(create(name, email).pk).id


@sign_up.wrong(sent_at_once)
def delay_inside(name: str, email: str, welcome: Any) -> object:
    with transaction.atomic():
        return welcome.delay(create(name, email).pk).id


@sign_up.wrong(sent_at_once)
def delay_behind_the_block(name: str, email: str, welcome: Any) -> object:
    with transaction.atomic():
        customer = create(name, email)
    return welcome.delay(customer.pk).id


@sign_up.wrong("2 messages were sent")
def both(name: str, email: str, welcome: Any) -> object:
    customer = create(name, email)
    welcome.delay_on_commit(customer.pk)
    transaction.on_commit(lambda: welcome.delay(customer.pk))
    return customer


@sign_up.wrong("who joined on 2 March 2026")
def another_day(name: str, email: str, welcome: Any) -> object:
    customer = Customer.objects.create(name=name, email=email, joined_on="2026-02-03")
    return welcome.delay_on_commit(customer.pk)


@sign_up.wrong("Its argument is the customer's key")
def the_email(name: str, email: str, welcome: Any) -> object:
    create(name, email)
    return welcome.delay_on_commit(email)


@sign_up.wrong("no message was sent")
def no_message(name: str, email: str, welcome: Any) -> object:
    return create(name, email)
