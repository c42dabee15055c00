"""Chapter 17, one order, end to end: what right means, and what mistakes say."""

from __future__ import annotations

import gc
import unittest
import weakref
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from types import ModuleType
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.db.models.signals import post_save
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory, TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils.functional import SimpleLazyObject
from loyalty.models import PointEntry
from shop.checkout import place_order
from shop.models import Customer, Order, OrderLine, Product
from shop.signals import order_created

from glass import watch
from tutor.checks import Exercise, Prediction, Run

#: The project's SQL has times of today and random keys in it.
REQUESTS = ("http",)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def failed(run: Run, kind: str, word: str = "") -> bool:
    """Whether the answer raised an error of this kind that speaks of the word."""
    return type(run.error).__name__ == kind and word in str(run.error)


def ann() -> Customer:
    return Customer.objects.get(name="Ann O'Brien")


def new_order(*lines: tuple[str, int], **values: Any) -> Order:
    """An order of Ann's, with (price, quantity) of each line."""
    number = f"2026-N{Order.objects.count()}"
    order = Order.objects.create(**{"number": number, "customer": ann(), "placed_at": NOW} | values)
    for product, (price, quantity) in zip(Product.objects.order_by("pk"), lines, strict=False):
        OrderLine.objects.create(order=order, product=product, unit_price=price, quantity=quantity)
    return order


def entry(order: Order, points: int, reason: str = "ordered") -> PointEntry:
    return PointEntry.objects.create(
        customer_id=order.customer_id, order=order, reason=reason, points=points
    )


def entries() -> list[tuple[int, int, str, int]]:
    rows = PointEntry.objects.order_by("order_id", "reason")
    return list(rows.values_list("customer_id", "order_id", "reason", "points"))


# ----- what another worker does in the wrong moment

#: The entries that were there before the answer ran, and those that another worker wrote meanwhile.
BEFORE: list[tuple[int, int, str, int]] = []
MEANWHILE: list[tuple[int, int, str, int]] = []


def quicker(points: int, reason: str, word: str = "") -> None:
    """After a SELECT of the entries (with this word in it) another worker writes the entry."""

    def write_as_well(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("SELECT") and "loyalty_pointentry" in sql and word in str(params):
            alone()
            order = Order.objects.earliest("pk")
            entry(order, points, reason)
            MEANWHILE.append((order.customer_id, order.pk, reason, points))
        return result

    alone()
    connection.execute_wrappers.append(write_as_well)


def alone() -> None:
    """Nobody else writes any more."""
    wrappers = connection.execute_wrappers
    wrappers[:] = [each for each in wrappers if each.__name__ != "write_as_well"]


def look() -> None:
    """Note what is there before the answer runs."""
    MEANWHILE.clear()
    with connection.cursor() as cursor:
        # Not the ORM's SELECT: that is what write_as_well() waits for.
        cursor.execute("/* */ SELECT customer_id, order_id, reason, points FROM loyalty_pointentry")
        BEFORE[:] = cursor.fetchall()


def booked(run: Run, wanted: tuple[int, int, str, int] | None) -> str | None:
    """What is wrong with the entries that the answer left, and with what it returned.

    wanted  the entry that it had to write, if it was not there
    """
    alone()
    before = set(BEFORE) | set(MEANWHILE)
    there = wanted is None or any(row[1:3] == wanted[1:3] for row in before)
    rows = before if there or wanted is None else before | {wanted}
    if set(entries()) != rows or len(entries()) != len(rows):
        return f"Afterwards the entries (customer, order, reason, points) are {entries()}."
    if run.value is not True and run.value is not False:
        return f"Asked is True or False; your function returned {type(run.value).__name__}."
    if run.value is there:
        return f"You returned {run.value}, but {'nothing' if there else 'it'} was written now."
    return None


# 17.1: what is sent.

messages = Prediction(
    "17.1",
    "Predict: how many messages?",
    minutes=3,
    layers=("tasks",),
    commits=True,
    hints=[
        "A message is sent after the commit. Which of the three orders are committed?",
        "10,000 pots are refused: nothing is written. The third order is rolled back.",
        "So one order is left. The reminder is due in three days. Is a message sent for it now?",
    ],
    because="Only the first order is committed, and a message goes out for each of its four steps "
    "of today. The reminder is a row with a time: the sweep sends its message in three days.",
    wrong={
        0: "The first order is committed: its steps go out.",
        5: "The reminder waits in its row. No message waits three days in a broker.",
        8: "The third order is rolled back, and on_commit() forgets what was registered in it.",
        12: "One order is refused, one is rolled back. What waits for the commit is not sent.",
    },
    fact=lambda run: len(run.seen.tasks),
)

# 17.2: at least once, and still once.

taken = Prediction(
    "17.2",
    "Predict: how often is the money taken?",
    minutes=3,
    layers=REQUESTS,
    commits=True,
    hints=[
        '"cut" has taken the money, and the answer got lost. "500" has done nothing.',
        "The step is tried again until it is done. Which key does each try send?",
        "The key is in the row of Payment, written before the first call. It stays the same.",
    ],
    because="Each try sends the same idempotency key, and the partner takes the money once for each "
    "key. The fourth try gets an answer and the step is done; the other two find nothing to do.",
    wrong={
        0: '"cut" cuts the connection after the money was taken.',
        2: "Both times that the connection is cut, the partner has seen the same key.",
        3: "The tries send one key. The partner knows it after the first one.",
        6: "After the fourth try the step is done: the last two calls find nothing to do.",
    },
    fact=lambda run: run.value,
)


# 17.3: what an order is worth.


def dearer() -> None:
    """everything costs three times as much now; what was ordered before did not"""
    Product.objects.update(price=F("price") * 3)


points_for = Exercise(
    "17.3",
    "Step 1: what an order is worth",
    minutes=5,
    queries=2,
    changes=[dearer],
    hints=[
        "Three questions: is it cancelled, what is its total, how often do 10 euros fit into it?",
        "A line knows its amount: line.amount. Without lines the sum is 0.",
        "int(total // 10) is the number of full tens. round() would round up.",
    ],
)


@points_for.cases
def _() -> object:
    cancelled = Order.objects.filter(lines__isnull=False, status="cancelled").earliest("pk")
    return [
        (new_order(("29.90", 1)),),
        (new_order(("6.00", 2)),),
        (new_order(("9.90", 3), ("0.30", 1)),),
        (cancelled,),
        (new_order(),),
    ]


@points_for.expects
def _(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    return int(sum(line.quantity * line.unit_price for line in order.lines.all()) // 10)


@points_for.mistake("An order without lines is worth 0 points. The sum of nothing is None in SQL.")
def no_lines(run: Run) -> bool:
    return not run.arguments[0].lines.exists() and (run.error is not None or run.value is None)


@points_for.mistake("A cancelled order is worth 0 points.")
def cancelled_too(run: Run) -> bool:
    return run.arguments[0].status == "cancelled" and bool(run.value)


@points_for.mistake("Only full tens count: 29.90 euros are 2 points. // rounds down.")
def rounded_up(run: Run) -> bool:
    return run.expected < run.value <= run.expected + 1


@points_for.mistake("The quantity counts: two pots for 6 euros are 12 euros.")
def without_quantity(run: Run) -> bool:
    return run.value == int(sum(line.unit_price for line in run.arguments[0].lines.all()) // 10)


@points_for.mistake(
    "Take the price of the line, unit_price: what the customer paid. product.price is today's."
)
def price_of_today(run: Run) -> bool:
    lines = run.arguments[0].lines.select_related("product")
    return run.value == int(sum(line.quantity * line.product.price for line in lines) // 10)


@points_for.mistake("Full tens of the whole order, not of each line: 29.70 and 0.30 are 30 euros.")
def of_each_line(run: Run) -> bool:
    return run.value == sum(line.amount // 10 for line in run.arguments[0].lines.all())


@points_for.right
def by_the_database(order: Order) -> object:
    if order.status == Order.Status.CANCELLED:
        return 0
    total = Order.objects.with_total().get(pk=order.pk).total
    return int(round(total, 2) / 10)


@points_for.right
def one_query(order: Order) -> object:
    lines = order.lines.exclude(order__status="cancelled")
    sold = lines.aggregate(sum=Sum(F("quantity") * F("unit_price")))["sum"]
    return int(round(sold or 0, 2) // 10)


@points_for.wrong(no_lines)
def none_of_nothing(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    return int(order.lines.aggregate(sum=Sum(F("quantity") * F("unit_price")))["sum"] // 10)


@points_for.wrong(cancelled_too)
def any_status(order: Order) -> object:
    return int(sum(line.amount for line in order.lines.all()) // 10)


@points_for.wrong(rounded_up)
def to_the_nearest(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    return round(sum(line.amount for line in order.lines.all()) / 10)


@points_for.wrong(of_each_line)
def line_by_line(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    return int(sum(line.amount // 10 for line in order.lines.all()))


@points_for.wrong(price_of_today)
def todays_price(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    lines = order.lines.select_related("product")
    return int(sum(line.quantity * line.product.price for line in lines) // 10)


@points_for.wrong(without_quantity)
def one_of_each(order: Order) -> object:
    if order.status == "cancelled":
        return 0
    return int(sum(line.unit_price for line in order.lines.all()) // 10)


# 17.4: once.


def given_before() -> None:
    """the points of this order were given yesterday: 7"""
    entry(Order.objects.earliest("pk"), 7)


def taken_back_before() -> None:
    """an entry with the reason "refunded" is there for this order"""
    entry(Order.objects.earliest("pk"), -7, "refunded")


def given_meanwhile() -> None:
    """between your look and your INSERT another worker gives the points"""
    quicker(3, "ordered")


give_points = Exercise(
    "17.4",
    "Step 2: give them, once",
    minutes=5,
    layers=REQUESTS,
    commits=True,  # an IntegrityError may be caught
    changes=[given_before, taken_back_before, given_meanwhile],
    hints=[
        "Which method looks for a row, and makes it where there is none?",
        "get_or_create(order=..., reason=..., defaults={...}) returns the row, and if it is new.",
        (
            "What the constraint names is looked for; customer and points go into defaults. For 0 "
            "points return False before."
        ),
    ],
)


@give_points.cases
def _() -> object:
    look()
    order = Order.objects.earliest("pk")
    return [(order, 3), (order, 0)]


@give_points.check
def _(run: Run) -> str | None:
    order, points = run.arguments
    return booked(run, (order.customer_id, order.pk, "ordered", points) if points else None)


@give_points.mistake(
    "get_or_create() returns two things: the row, and whether it was made. Return the second."
)
def both_returned(run: Run) -> bool:
    return isinstance(run.value, tuple) and len(run.value) == 2


@give_points.mistake(
    "Between your look and your INSERT another worker has written the entry, and the constraint "
    "refused yours. get_or_create() knows what to do then; or catch the IntegrityError."
)
def refused_later(run: Run) -> bool:
    return failed(run, "IntegrityError") and bool(MEANWHILE)


@give_points.mistake(
    "The entry was there already, and the unique constraint on order and reason refused yours. "
    "Look for these two; the rest belongs into defaults."
)
def refused(run: Run) -> bool:
    return failed(run, "IntegrityError") and "unique" in str(run.error).lower()


@give_points.mistake("For 0 points nothing is to be written.")
def zero_written(run: Run) -> bool:
    return run.arguments[1] == 0 and len(entries()) > len(BEFORE)


@give_points.mistake('An entry with another reason is there. Only "ordered" means: given before.')
def any_reason(run: Run) -> bool:
    reasons = [reason for _, _, reason, _ in BEFORE]
    return reasons == ["refunded"] and run.value is False and run.arguments[1] > 0


@give_points.mistake("The entry that is there stays as it is.")
def entry_changed(run: Run) -> bool:
    return len(entries()) == len({*BEFORE, *MEANWHILE}) and {*entries()} != {*BEFORE, *MEANWHILE}


@give_points.right
def tried(order: Order, points: int) -> object:
    if points == 0:
        return False
    try:
        with transaction.atomic():
            entry(order, points)
    except IntegrityError:
        return False
    return True


@give_points.right
def without_conflicts(order: Order, points: int) -> object:
    # The database says nothing of what it left out: count.
    if not points:
        return False
    with transaction.atomic():
        Order.objects.select_for_update().get(pk=order.pk)
        if order.point_entries.filter(reason="ordered").exists():
            return False
        with suppress(IntegrityError), transaction.atomic():
            order.point_entries.create(customer=order.customer, reason="ordered", points=points)
            return True
    return False


@give_points.wrong(both_returned)
def pair(order: Order, points: int) -> object:
    values = {"customer_id": order.customer_id, "points": points}
    return points and PointEntry.objects.get_or_create(
        order=order, reason="ordered", defaults=values
    )


@give_points.wrong(refused)
def only_made(order: Order, points: int) -> object:
    if points:
        entry(order, points)
    return bool(points)


@give_points.wrong(refused)
def looked_for_points(order: Order, points: int) -> object:
    return (
        bool(points)
        and (
            PointEntry.objects.get_or_create(
                order=order, reason="ordered", customer_id=order.customer_id, points=points
            )[1]
        )
    )


@give_points.wrong(refused_later)
def looked_first(order: Order, points: int) -> object:
    if not points or PointEntry.objects.filter(order=order, reason="ordered").exists():
        return False
    entry(order, points)
    return True


@give_points.wrong(zero_written)
def zero_as_well(order: Order, points: int) -> object:
    values = {"customer_id": order.customer_id, "points": points}
    return PointEntry.objects.get_or_create(order=order, reason="ordered", defaults=values)[1]


@give_points.wrong(any_reason)
def once_for_all(order: Order, points: int) -> object:
    if not points or order.point_entries.exists():
        return False
    with suppress(IntegrityError), transaction.atomic():
        entry(order, points)
        return True
    return False


@give_points.wrong(entry_changed)
def written_over(order: Order, points: int) -> object:
    values = {"customer_id": order.customer_id, "points": points}
    return (
        bool(points)
        and (PointEntry.objects.update_or_create(order=order, reason="ordered", defaults=values)[1])
    )


# 17.5: who has how many.


def some_points() -> None:
    """three customers have points, one of them from two orders, and one has given some back"""
    for order in Order.objects.order_by("pk")[:30]:
        entry(order, 5 + order.pk)
    entry(Order.objects.earliest("pk"), -4, "refunded")


def namesakes() -> None:
    """two customers in Ireland have the same name, and one of them has points"""
    for number in (1, 2):
        twin = Customer.objects.create(
            name="Aoife Kelly",
            email=f"aoife.{number}@example.com",
            city="Cork",
            country="Ireland",
            joined_on=NOW,
        )
    order = Order.objects.create(number="2026-T1", customer=twin)
    entry(order, 9)


standings = Exercise(
    "17.5",
    "Step 3: who has how many?",
    minutes=5,
    queries=1,
    changes=[some_points, namesakes],
    hints=[
        "annotate() adds a value to each customer. Which way leads from customer to entries?",
        'annotate(points=Sum("point_entries__points")) keeps customers without an entry: None.',
        'Sum("point_entries__points", default=0), and then values_list("name", "points").',
    ],
)


@standings.cases
def _() -> object:
    return [("Ireland",), ("Nigeria",), ("Atlantis",)]


@standings.expects
def _(country: str) -> object:
    return [
        (customer.name, sum(each.points for each in customer.point_entries.all()))
        for customer in Customer.objects.filter(country=country)
    ]


@standings.mistake("Who has no entry has 0 points, not None. Sum() takes default=0.")
def none_points(run: Run) -> bool:
    return any(points is None for _, points in run.rows)


@standings.mistake("Two customers have the same name, and you took them for one.")
def one_name(run: Run) -> bool:
    names = [name for name, _ in run.expected]
    return len(run.rows) < len(names) and len(set(names)) < len(names)


@standings.mistake("Customers without an entry are to be in the list too, with 0.")
def without_strangers(run: Run) -> bool:
    return bool(run.missing) and all(points == 0 for _, points in run.missing) and not run.surplus


@standings.mistake("You ask once for each customer. annotate() asks once for all.")
def asked_each(run: Run) -> bool:
    return run.queries > 1


@standings.mistake("Add up the points: one line for each customer, not for each entry.")
def line_for_each_entry(run: Run) -> bool:
    return len(run.rows) > len(run.expected)


@standings.right
def coalesced(country: str) -> object:
    total = Coalesce(Sum("point_entries__points"), 0)
    people = Customer.objects.filter(country=country).annotate(total=total)
    return [(customer.name, customer.total) for customer in people]


@standings.right
def subquery(country: str) -> object:
    of_one = PointEntry.objects.filter(customer=OuterRef("pk")).order_by().values("customer")
    total = Coalesce(Subquery(of_one.values(sum=Sum("points"))), 0)
    return Customer.objects.filter(country=country).values_list("name", total)


@standings.wrong(none_points)
def with_none(country: str) -> object:
    people = Customer.objects.filter(country=country)
    return people.annotate(points=Sum("point_entries__points")).values_list("name", "points")


@standings.wrong(without_strangers)
def from_entries(country: str) -> object:
    rows = PointEntry.objects.filter(customer__country=country).order_by()
    return rows.values("customer").annotate(s=Sum("points")).values_list("customer__name", "s")


@standings.wrong(one_name)
def by_name(country: str) -> object:
    people = Customer.objects.filter(country=country).order_by().values("name")
    return list(
        people.annotate(points=Sum("point_entries__points", default=0)).values_list(
            "name", "points"
        )
    )


@standings.wrong(asked_each)
def in_a_loop(country: str) -> object:
    return [
        (customer.name, sum(each.points for each in customer.point_entries.all()))
        for customer in Customer.objects.filter(country=country)
    ]


@standings.wrong(line_for_each_entry)
def joined(country: str) -> object:
    people = Customer.objects.filter(country=country)
    return people.values_list("name", Coalesce("point_entries__points", 0))


# 17.6: hear the order.

GIVEN: list[Any] = []


def ring(**more: Any) -> list[Any]:
    """Send the signal; what the receivers answered."""
    return order_created.send_robust(sender=Order, order=Order.objects.earliest("pk"), **more)


listen = Exercise(
    "17.6",
    "Step 4: hear the order",
    minutes=5,
    layers=("signals",),
    hints=[
        "order_created.connect(receiver) connects. A receiver takes order, and **kwargs.",
        (
            "A signal holds its receivers weakly: a function of your function is gone when it ends. "
            "Say weak=False."
        ),
        "Connected twice, it hears twice, unless both have the same dispatch_uid.",
    ],
)


@listen.cases
def _() -> object:
    settings.DEBUG = False  # With it, connect() keeps each receiver alive by accident.
    GIVEN.clear()
    return [(GIVEN.append,)]


@listen.check
def _(run: Run) -> str | None:
    again = run.again(GIVEN.append)
    if again.error is not None:
        return f"The second call of listen() raised {type(again.error).__name__}."
    if GIVEN:
        return "give() was called although no order was placed."
    ring()
    if len(GIVEN) != 1:
        return f"listen() was called twice; for one order give() was called {len(GIVEN)} times."
    if [Order.objects.earliest("pk")] != GIVEN:
        return f"give() was called with {GIVEN[0]!r}, not with the order."
    ring(channel="phone")
    if len(GIVEN) != 2:
        return "The signal was sent with one argument more, and your receiver did not call give()."
    return None


@listen.mistake("A receiver must take arguments that come later: end its list with **kwargs.")
def no_kwargs(run: Run) -> bool:
    answers = [answer for _, answer in ring(channel="phone") if isinstance(answer, TypeError)]
    return any("unexpected keyword" in str(answer) for answer in answers)


@listen.mistake(
    "When listen() had returned, nobody listened any more. A signal holds its receivers weakly: "
    "say weak=False, or keep the function somewhere."
)
def forgotten(run: Run) -> bool:
    run.again(GIVEN.append)
    gc.collect()
    held = [each for _, each, *_ in order_created.receivers]
    return any(isinstance(each, weakref.ReferenceType) and each() is None for each in held)


@listen.mistake(
    "A signal calls its receivers with names: sender, signal, order. give() takes the order alone: "
    "connect a function of your own, which calls give(order)."
)
def give_itself(run: Run) -> bool:
    return any(each is run.arguments[0] for _, each, *_ in order_created.receivers)


@listen.mistake("give() wants the order. The signal sends it as the argument `order`.")
def something_else(run: Run) -> bool:
    return bool(GIVEN) and not isinstance(GIVEN[0], Order)


@listen.mistake(
    "Connected twice, it hears twice. A function that is made anew each time is another one: give "
    "it a dispatch_uid."
)
def heard_twice(run: Run) -> bool:
    return len(GIVEN) > 1 and GIVEN[0] == GIVEN[1]


@listen.right
def with_decorator(give: Callable[[Order], None]) -> None:
    from django.dispatch import receiver

    @receiver(order_created, sender=Order, weak=False, dispatch_uid="points")
    def hear(sender: type, order: Order, **kwargs: Any) -> None:
        give(order)


@listen.right
def disconnected_first(give: Callable[[Order], None]) -> None:
    order_created.disconnect(dispatch_uid="loyalty.give")
    order_created.connect(
        lambda order, **kwargs: give(order), weak=False, dispatch_uid="loyalty.give"
    )


@listen.wrong(forgotten)
def weakly(give: Callable[[Order], None]) -> None:
    def hear(order: Order, **kwargs: Any) -> None:
        give(order)

    order_created.connect(hear, dispatch_uid="loyalty")


@listen.wrong("listen() was called twice; for one order give() was called 0 times.")
def other_signal(give: Callable[[Any], None]) -> None:
    post_save.connect(lambda instance, **kwargs: give(instance), sender=Order, weak=False)


@listen.wrong(heard_twice)
def without_uid(give: Callable[[Order], None]) -> None:
    order_created.connect(lambda order, **kwargs: give(order), weak=False)


@listen.wrong(give_itself)
def connected_give(give: Any) -> object:
    return order_created.connect(give, weak=False, dispatch_uid="loyalty")


@listen.wrong(no_kwargs)
def fixed_arguments(give: Callable[[Order], None]) -> None:
    def hear(signal: Any, sender: type, order: Order) -> None:
        give(order)

    order_created.connect(hear, weak=False, dispatch_uid="loyalty")


@listen.wrong(something_else)
def the_sender(give: Callable[[Any], None]) -> None:
    order_created.connect(lambda sender, **kwargs: give(sender), weak=False, dispatch_uid="loyalty")


# 17.7: a message, when it is certain.


class Message:
    """A task whose messages are only noted. away: the broker does not answer."""

    def __init__(self, away: bool = False) -> None:
        self.away = away
        self.sent: list[tuple[Any, ...]] = []
        self.early = False

    def delay(self, *args: Any) -> None:
        self.sent.append(args)
        self.early = self.early or connection.in_atomic_block
        if self.away:
            raise ConnectionError("no broker")


def basil() -> Product:
    return Product.objects.filter(stock__gt=9).earliest("pk")


order_with_points = Exercise(
    "17.7",
    "Step 5: a message, when it is certain",
    minutes=6,
    layers=("http",),
    commits=True,
    hints=[
        "transaction.on_commit() calls a function after the commit, and not after a rollback.",
        "on_commit() wants a function without arguments: partial(task.delay, order.pk).",
        "on_commit(..., robust=True) writes an error into the log, and goes on.",
    ],
)


@order_with_points.cases
def _() -> object:
    return [(ann(), [(basil(), 2)], Message(away)) for away in (False, True)]


@order_with_points.check
def _(run: Run) -> str | None:
    customer, lines, task = run.arguments
    order = run.value
    if not isinstance(order, Order) or not Order.objects.filter(pk=order.pk).exists():
        return "Asked is the order, and it must be in the database."
    if Order.objects.count() != 401:
        return f"There are {Order.objects.count() - 400} new orders, not one."
    if task.sent != [(order.pk,)]:
        return f"Sent was delay() with {task.sent}; asked is delay({order.pk}), once."
    if commit_fails(run):
        return "The broker is away: the commit of the transaction around your function raised it."
    for away in (False, True):
        rolled = Message(away)
        with suppress(ZeroDivisionError), transaction.atomic():
            inner = run.again(customer, lines, rolled)
            if inner.error is not None:
                return f"In a transaction it raised {type(inner.error).__name__}."
            raise ZeroDivisionError
        if rolled.sent:
            return "The transaction around your function was rolled back, and a message was sent."
    return None


def commit_fails(run: Run) -> bool:
    """Whether a commit around the function suffers from a broker that is away."""
    try:
        with transaction.atomic():
            run.again(*run.arguments[:2], Message(away=True))
    except ConnectionError:
        return True
    return False


@order_with_points.mistake(
    "The message is sent before the commit: the worker may look for an order that is not there, and "
    "after a rollback it never will be. Use transaction.on_commit()."
)
def too_early(run: Run) -> bool:
    task = run.arguments[2]
    if task.early:
        return True
    probe = Message()
    with suppress(ZeroDivisionError), transaction.atomic():
        run.again(*run.arguments[:2], probe)
        raise ZeroDivisionError
    return bool(probe.sent) and run.error is None


@order_with_points.mistake(
    "The broker is away, and the customer gets an error for an order that is there. Say "
    "on_commit(..., robust=True)."
)
def not_robust(run: Run) -> bool:
    return failed(run, "ConnectionError") or (run.error is None and commit_fails(run))


@order_with_points.mistake(
    "on_commit() wants a function. task.delay(order.pk) calls it now, and gives its result to "
    "on_commit(). Write partial(task.delay, order.pk), or a lambda."
)
def called_now(run: Run) -> bool:
    return failed(run, "TypeError", "callable")


@order_with_points.mistake(
    "Send the key, order.pk. An object would be old when the worker reads it."
)
def object_sent(run: Run) -> bool:
    return any(isinstance(arg, Order) for args in run.arguments[2].sent for arg in args)


@order_with_points.mistake("Return the order.")
def not_returned(run: Run) -> bool:
    return run.value is None and run.error is None


@order_with_points.right
def caught(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)

    def send() -> None:
        with suppress(Exception):
            task.delay(order.pk)

    transaction.on_commit(send)
    return order


@order_with_points.right
def with_lambda(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    transaction.on_commit(lambda: task.delay(order.pk), robust=True)
    return order


@order_with_points.wrong(too_early)
def at_once(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    with suppress(ConnectionError):
        task.delay(order.pk)
    return order


@order_with_points.wrong(too_early)
def inside_atomic(customer: Customer, lines: Any, task: Message) -> object:
    with transaction.atomic():
        order = place_order(customer, lines)
        with suppress(ConnectionError):
            task.delay(order.pk)
    return order


@order_with_points.wrong(not_robust)
def not_caught(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    transaction.on_commit(partial(task.delay, order.pk))
    return order


@order_with_points.wrong(not_robust)
def caught_too_near(customer: Customer, lines: Any, task: Message) -> object:
    # It helps only where no transaction is around.
    with suppress(ConnectionError), transaction.atomic():
        order = place_order(customer, lines)
        transaction.on_commit(lambda: task.delay(order.pk))
    return order


@order_with_points.wrong(called_now)
def result_registered(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    transaction.on_commit(task.delay(order.pk), robust=True)  # type: ignore[func-returns-value]
    return order


@order_with_points.wrong(object_sent)
def whole_order(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    transaction.on_commit(lambda: task.delay(order), robust=True)
    return order


@order_with_points.wrong(not_returned)
def nothing_returned(customer: Customer, lines: Any, task: Message) -> object:
    order = place_order(customer, lines)
    transaction.on_commit(lambda: task.delay(order.pk), robust=True)
    return None


# 17.8: what got lost.


class Giver:
    """give(order): notes the order, and fails for those in `broken`."""

    def __init__(self, *broken: int) -> None:
        self.broken = broken
        self.orders: list[int] = []

    def __call__(self, order: Order) -> None:
        self.orders.append(order.pk)
        if order.pk in self.broken:
            raise OSError("the mail server does not answer")


def lost() -> list[int]:
    return sorted(
        order.pk
        for order in Order.objects.prefetch_related("point_entries")
        if NOW - timedelta(days=30) <= order.placed_at <= NOW
        and order.status != "cancelled"
        and not any(each.reason == "ordered" for each in order.point_entries.all())
    )


def some_were_given() -> None:
    """some orders have their points, and some of these were refunded"""
    for number, pk in enumerate(lost()[::2]):
        order = Order.objects.get(pk=pk)
        entry(order, 2)
        if number % 2:
            entry(order, -2, "refunded")


def odd_ones() -> None:
    """one order is cancelled, one of the future, one an hour too old; one has a refund alone"""
    new_order(("20", 1), status="cancelled")
    new_order(("20", 1), placed_at=NOW + timedelta(hours=1))
    new_order(("20", 1), placed_at=NOW - timedelta(days=30))
    new_order(("20", 1), placed_at=NOW - timedelta(days=30, hours=1))
    entry(new_order(("20", 1)), -2, "refunded")


sweep = Exercise(
    "17.8",
    "Step 6: what got lost is found",
    minutes=8,
    changes=[some_were_given, odd_ones],
    hints=[
        "Orders for which no entry exists: ~Exists(PointEntry.objects.filter(order=OuterRef('pk')))",
        'The entry must have the reason "ordered". placed_at__range=(start, now) has both ends.',
        "In the loop: try, give(order), count; except OSError, go on with the next one.",
    ],
)


@sweep.cases
def _() -> object:
    found = lost()
    return [(NOW, Giver()), (NOW, Giver(found[0], found[2]))]


@sweep.check
def _(run: Run) -> str | None:
    give = run.arguments[1]
    wanted = lost()
    if sorted(give.orders) != wanted:
        return (
            f"give() was called for {len(give.orders)} orders, {len(set(give.orders))} different "
            f"ones; {len(wanted)} have no points."
        )
    done = len(wanted) - len(give.broken)
    if run.value != done:
        return f"{done} went well; you returned {run.value!r}."
    if run.queries > 1:
        return f"One query is enough to find them; it took {run.queries}."
    return None


@sweep.mistake(
    "One failed, and the others were not called any more. Catch the OSError in the loop."
)
def stopped(run: Run) -> bool:
    give = run.arguments[1]
    return bool(give.broken) and (
        failed(run, "OSError") or (run.error is None and len(give.orders) < len(lost()))
    )


@sweep.mistake("Cancelled orders get no points.")
def cancelled_swept(run: Run) -> bool:
    return Order.objects.filter(pk__in=run.arguments[1].orders, status="cancelled").exists()


@sweep.mistake("Only the last 30 days, and nothing of the future: look at placed_at.")
def any_day(run: Run) -> bool:
    rows = Order.objects.filter(pk__in=run.arguments[1].orders)
    return rows.exclude(placed_at__range=(NOW - timedelta(days=30), NOW)).exists()


@sweep.mistake('An order with a refund alone has no points yet: only the reason "ordered" counts.')
def refund_counts(run: Run) -> bool:
    missing = set(lost()) - set(run.arguments[1].orders)
    return bool(missing) and all(
        PointEntry.objects.filter(order=pk, reason="refunded").exists() for pk in missing
    )


@sweep.mistake('An order that has an entry with the reason "ordered" has its points already.')
def given_again(run: Run) -> bool:
    return PointEntry.objects.filter(order__in=run.arguments[1].orders, reason="ordered").exists()


@sweep.mistake("You ask once for each order. ~Exists() finds them in one query.")
def asked_each_order(run: Run) -> bool:
    return run.queries > 3


@sweep.right
def with_exclude(now: datetime, give: Giver) -> object:
    orders = Order.objects.filter(
        placed_at__gte=now - timedelta(days=30), placed_at__lte=now
    ).exclude(
        Q(status="cancelled")
        | Q(pk__in=PointEntry.objects.filter(reason="ordered").values("order"))
    )
    went_well = 0
    for order in orders:
        try:
            give(order)
        except OSError:
            continue
        went_well += 1
    return went_well


@sweep.right
def went_well_list(now: datetime, give: Giver) -> object:
    def well(order: Order) -> bool:
        try:
            give(order)
        except OSError:
            return False
        return True

    given = PointEntry.objects.filter(order=OuterRef("pk"), reason="ordered")
    days = (now - timedelta(days=30), now)
    orders = Order.objects.exclude(status="cancelled").filter(placed_at__range=days)
    return sum([well(order) for order in orders.exclude(Exists(given)).order_by("pk")])


def _orders(now: datetime) -> Any:
    return Order.objects.filter(placed_at__range=(now - timedelta(days=30), now))


def _give(orders: Any, give: Giver) -> int:
    done = 0
    for order in orders:
        with suppress(OSError):
            give(order)
            done += 1
    return done


_GIVEN = PointEntry.objects.filter(order=OuterRef("pk"), reason="ordered")


@sweep.wrong(stopped)
def until_the_first(now: datetime, give: Giver) -> object:
    orders = list(_orders(now).filter(~Exists(_GIVEN)).exclude(status="cancelled"))
    for order in orders:
        give(order)
    return len(orders)


@sweep.wrong(stopped)
def caught_outside(now: datetime, give: Giver) -> object:
    done = 0
    with suppress(OSError):
        for order in _orders(now).filter(~Exists(_GIVEN)).exclude(status="cancelled"):
            give(order)
            done += 1
    return done


@sweep.wrong(cancelled_swept)
def all_states(now: datetime, give: Giver) -> object:
    return _give(_orders(now).filter(~Exists(_GIVEN)), give)


@sweep.wrong(any_day)
def of_all_time(now: datetime, give: Giver) -> object:
    return _give(Order.objects.filter(~Exists(_GIVEN)).exclude(status="cancelled"), give)


@sweep.wrong(any_day)
def whole_days(now: datetime, give: Giver) -> object:
    first = (now - timedelta(days=30)).date()
    orders = Order.objects.filter(placed_at__date__gte=first, placed_at__lte=now)
    return _give(orders.filter(~Exists(_GIVEN)).exclude(status="cancelled"), give)


@sweep.wrong(refund_counts)
def any_entry(now: datetime, give: Giver) -> object:
    return _give(_orders(now).filter(point_entries=None).exclude(status="cancelled"), give)


@sweep.wrong(given_again)
def all_of_them(now: datetime, give: Giver) -> object:
    return _give(_orders(now).exclude(status="cancelled"), give)


@sweep.wrong(asked_each_order)
def asked_in_the_loop(now: datetime, give: Giver) -> object:
    orders = _orders(now).exclude(status="cancelled")
    return _give(
        [each for each in orders if not each.point_entries.filter(reason="ordered").exists()], give
    )


# 17.9: the badge.


def points_of_both() -> None:
    """Ann has 12 points from two orders, and Ben has 7"""
    PointEntry.objects.all().delete()
    first, second = ann().orders.order_by("pk")[:2]
    entry(first, 10)
    entry(second, 2)
    entry(Customer.objects.get(name="Ben Okafor").orders.earliest("pk"), 7)


def request_of(name: str) -> HttpRequest:
    """As the middleware makes it: the user is fetched when somebody looks."""
    request = RequestFactory().get("/orders/")
    user = User.objects.get(username=name) if name else AnonymousUser()
    request.user = SimpleLazyObject(lambda: user)  # type: ignore[assignment]
    return request


points = Exercise(
    "17.9",
    "Step 7: the badge",
    minutes=8,
    changes=[points_of_both],
    hints=[
        "The value may be a function: a template calls it where it stands, and nowhere else.",
        "An anonymous user has no customer: look at request.user.is_authenticated first.",
        "Three times on a page, one query: keep the sum on the request, or in a SimpleLazyObject.",
    ],
)


@points.cases
def _() -> object:
    return [(request_of(name),) for name in ("ann", "ben", "admin", "")]


def shown(run: Run, template: str) -> tuple[str, int]:
    """What a template shows, and how many queries it took."""
    with watch("sql", show=False) as seen:
        text = Template(template).render(Context(dict(run.value)))
    return text, len(seen.queries)


@points.check
def _(run: Run) -> str | None:
    user = run.arguments[0].user
    if not isinstance(run.value, dict) or "points" not in run.value:
        return 'Asked is a dictionary with the name "points".'
    if run.queries:
        return f"The call alone took {run.queries} queries, before any template asked."
    rows = PointEntry.objects.filter(customer__user=user.pk) if user.pk else []
    total = sum(each.points for each in rows)
    text, queries = shown(run, "{{ points }} {{ points }} {{ points }}")
    if text != f"{total} {total} {total}":
        return f"{{{{ points }}}}, three times, shows {text!r}; {user or 'nobody'} has {total}."
    if queries > (1 if user.pk else 0):
        return f"A page that shows it three times took {queries} queries."
    return None


@points.mistake("A page that does not show the points must cost nothing: make the value lazy.")
def not_lazy(run: Run) -> bool:
    return run.queries > 0 and isinstance(run.value, dict)


@points.mistake("A context processor returns a dictionary: the names, and what they stand for.")
def no_dictionary(run: Run) -> bool:
    return run.error is None and not isinstance(run.value, dict)


@points.mistake("Nobody is logged in: there are no points, and nobody to ask for.")
def guest(run: Run) -> bool:
    if run.arguments[0].user.is_authenticated:
        return False
    if run.error is not None:
        return True
    return shown(run.again(request_of("")), "{{ points }}") != ("0", 0)


@points.mistake("Who has no entries has 0 points, not None. Sum() takes default=0.")
def none_shown(run: Run) -> bool:
    return "None" in shown(run, "{{ points }}")[0]


@points.mistake("These are the points of all customers. Ask for those of request.user.")
def of_everybody(run: Run) -> bool:
    total = sum(each.points for each in PointEntry.objects.all())
    return shown(run, "{{ points }}")[0] == str(total) and total > 0


@points.mistake(
    "The template asks again each time that it meets the name. Keep the sum after the first time."
)
def not_kept(run: Run) -> bool:
    return shown(run, "{{ points }}{{ points }}")[1] > 1


def _sum(user: Any) -> Any:
    rows = PointEntry.objects.filter(customer__user=user.pk)
    return rows.aggregate(sum=Sum("points", default=0))["sum"]


@points.right
def lazy_object(request: HttpRequest) -> object:
    def count() -> Any:
        return _sum(request.user) if request.user.is_authenticated else 0

    return {"points": SimpleLazyObject(count)}


@points.right
def remembered(request: HttpRequest) -> object:
    from functools import cache

    if not request.user.is_authenticated:
        return {"points": 0}
    return {"points": cache(lambda: _sum(request.user))}


@points.wrong(not_lazy)
def at_each_page(request: HttpRequest) -> object:
    return {"points": _sum(request.user) if request.user.is_authenticated else 0}


@points.wrong(not_kept)
def each_time(request: HttpRequest) -> object:
    return {"points": lambda: _sum(request.user) if request.user.is_authenticated else 0}


@points.wrong(guest)
def for_everybody(request: HttpRequest) -> object:
    return {"points": SimpleLazyObject(lambda: _sum(request.user))}


@points.wrong(none_shown)
def none_for_nothing(request: HttpRequest) -> object:
    def count() -> Any:
        if not request.user.is_authenticated:
            return 0
        rows = PointEntry.objects.filter(customer__user=request.user.pk)
        return rows.aggregate(sum=Sum("points"))["sum"]

    return {"points": SimpleLazyObject(count)}


@points.wrong(of_everybody)
def all_points(request: HttpRequest) -> object:
    def count() -> Any:
        if not request.user.is_authenticated:
            return 0
        return PointEntry.objects.aggregate(sum=Sum("points", default=0))["sum"]

    return {"points": SimpleLazyObject(count)}


@points.wrong(no_dictionary)
def number_alone(request: HttpRequest) -> object:
    return 12


# 17.10: the cache.


def key(order: Order) -> str:
    return f"points.{order.customer_id}"


book = Exercise(
    "17.10",
    "Step 8: the cache",
    minutes=6,
    layers=REQUESTS,
    commits=True,
    hints=[
        "cache.delete(key) lets it forget. But when? Somebody may read before the commit.",
        "Whoever reads before the commit sees the old rows, and puts the old sum into the cache.",
        (
            "transaction.on_commit(lambda: cache.delete(key)): after the commit, and outside of a "
            "transaction at once."
        ),
    ],
)


@book.cases
def _() -> object:
    order = Order.objects.earliest("pk")
    cache.set_many({key(order): 0, "points.0": 5, "shop.price_list": ["kept"]})
    return [(order, 3)]


@book.check
def _(run: Run) -> str | None:
    order, points = run.arguments
    if entries() != [(order.customer_id, order.pk, "ordered", points)]:
        return f"Afterwards the entries (customer, order, reason, points) are {entries()}."
    if key(order) in cache:
        return "The sum of the customer is still in the cache."
    if cache.get("points.0") != 5 or "shop.price_list" not in cache:
        return "Something else is gone from the cache, too."
    other = Order.objects.filter(customer=order.customer).exclude(pk=order.pk).earliest("pk")
    with transaction.atomic():
        again = run.again(other, 4)
        written = PointEntry.objects.filter(order=other).exists()
        cache.set(key(order), 77)  # Somebody reads: for him the new entry is not there yet.
    if again.error is not None:
        return f"In a transaction it raised {type(again.error).__name__}."
    if not written:
        return (
            "The entry was not written inside of the transaction around your function. It belongs "
            "there: both stand, or none. Only the cache waits for the commit."
        )
    if key(order) in cache:
        return (
            "Before the commit somebody read the old sum, and put it into the cache. After the "
            "commit it is still there."
        )
    return None


@book.mistake(
    "Deleted before the commit: somebody reads the old rows in that moment, and the old sum is in "
    "the cache again, for long. Use transaction.on_commit()."
)
def deleted_early(run: Run) -> bool:
    order = run.arguments[0]
    return run.error is None and cache.get(key(order)) == 77


@book.mistake("cache.clear() forgets everything, of everybody. Delete the one key.")
def all_cleared(run: Run) -> bool:
    return run.error is None and "shop.price_list" not in cache


@book.mistake("The key has the primary key of the customer, not of the order or of the user.")
def other_key(run: Run) -> bool:
    return run.error is None and cache.get(key(run.arguments[0])) == 0


@book.mistake(
    "on_commit() wants a function. cache.delete(...) calls it now, and gives its result to "
    "on_commit(). Write partial(cache.delete, key), or a lambda."
)
def deleted_now(run: Run) -> bool:
    return failed(run, "TypeError", "callable")


@book.right
def after_atomic(order: Order, points: int) -> None:
    with transaction.atomic():
        entry(order, points)
        transaction.on_commit(lambda: cache.delete(f"points.{order.customer.pk}"))


@book.right
def twice(order: Order, points: int) -> None:
    cache.delete(key(order))
    PointEntry(customer=order.customer, order=order, reason="ordered", points=points).save()
    transaction.on_commit(lambda: cache.delete_many([key(order)]), robust=True)


@book.wrong("Only the cache waits for the commit")
def all_of_it_later(order: Order, points: int) -> None:
    def write() -> None:
        order.point_entries.create(customer=order.customer, reason="ordered", points=points)
        cache.delete(f"points.{order.customer_id}")

    transaction.on_commit(write)


@book.wrong(deleted_early)
def at_once_deleted(order: Order, points: int) -> None:
    entry(order, points)
    cache.delete(key(order))


@book.wrong(deleted_early)
def after_inner_atomic(order: Order, points: int) -> None:
    with transaction.atomic():
        entry(order, points)
    cache.delete(key(order))


@book.wrong(all_cleared)
def cleared(order: Order, points: int) -> None:
    entry(order, points)
    transaction.on_commit(cache.clear)


@book.wrong(other_key)
def key_of_the_order(order: Order, points: int) -> None:
    entry(order, points)
    transaction.on_commit(lambda: cache.delete(f"points.{order.number}"))


@book.wrong(deleted_now)
def result_registered_too(order: Order, points: int) -> None:
    entry(order, points)
    transaction.on_commit(cache.delete(key(order)))  # type: ignore[arg-type]


# 17.11: refunded.


def was_given() -> None:
    """the order got 7 points"""
    entry(Order.objects.earliest("pk"), 7)


def given_and_taken() -> None:
    """the order got 7 points, and they were taken back an hour ago"""
    was_given()
    taken_back_before()


def taken_meanwhile() -> None:
    """the order got 7 points, and between your look and your INSERT another worker takes them back"""
    was_given()
    quicker(-7, "refunded", "refunded")


hear_refund = Exercise(
    "17.11",
    'Step 9: the partner says "refunded"',
    minutes=7,
    layers=REQUESTS,
    commits=True,  # an IntegrityError may be caught
    changes=[was_given, given_and_taken, taken_back_before, taken_meanwhile],
    hints=[
        'First find the entry with the reason "ordered" of the order with this number.',
        "filter(...).first() gives None where there is none: then return False.",
        'Then as in step 2: get_or_create(order=..., reason="refunded", defaults={...}).',
    ],
)


@hear_refund.cases
def _() -> object:
    look()
    number = Order.objects.earliest("pk").number
    return [
        ({"type": "order.refunded", "order": number},),
        ({"type": "order.shipped", "order": number},),
        ({"type": "order.refunded", "order": "1999-0001"},),
    ]


@hear_refund.check
def _(run: Run) -> str | None:
    (event,) = run.arguments
    order = Order.objects.filter(number=event["order"]).first()
    given = [row for row in BEFORE if row[2] == "ordered"]
    if order is None or not given or event["type"] != "order.refunded":
        return booked(run, None)
    return booked(run, (order.customer_id, order.pk, "refunded", -given[0][3]))


@hear_refund.mistake(
    "There is no order of this number, and .get() raised DoesNotExist. filter(...).first() gives "
    "None."
)
def no_such_order(run: Run) -> bool:
    return failed(run, "DoesNotExist", "Order ")


@hear_refund.mistake("No points were given for this order: there is nothing to take back.")
def never_given(run: Run) -> bool:
    nothing = not any(reason == "ordered" for _, _, reason, _ in BEFORE)
    return nothing and (run.error is not None or entries() != BEFORE)


@hear_refund.mistake("Look at the type: only order.refunded takes points back.")
def any_type(run: Run) -> bool:
    return run.arguments[0]["type"] != "order.refunded" and len(entries()) > len(BEFORE)


@hear_refund.mistake("Entries are never changed or deleted. Write another one, below zero.")
def book_changed(run: Run) -> bool:
    return not set(BEFORE) <= set(entries())


@hear_refund.mistake("The points of a refund are below zero, so that the sum gets smaller.")
def above_zero(run: Run) -> bool:
    return any(points > 0 for _, _, reason, points in entries() if reason == "refunded")


@hear_refund.mistake(
    "The event came before, or another worker was quicker, and the unique constraint refused your "
    "entry. get_or_create() knows what to do then; or catch the IntegrityError."
)
def refund_refused(run: Run) -> bool:
    return failed(run, "IntegrityError")


@hear_refund.mistake(
    "get_or_create() returns two things: the row, and whether it was made. Return the second."
)
def both_returned_again(run: Run) -> bool:
    return isinstance(run.value, tuple)


@hear_refund.right
def tried_again(event: dict[str, str]) -> object:
    try:
        given = PointEntry.objects.get(order__number=event["order"], reason="ordered")
        if event["type"] == "order.refunded":
            with transaction.atomic():
                entry(given.order, -given.points, "refunded")
            return True
    except (PointEntry.DoesNotExist, IntegrityError):
        pass
    return False


@hear_refund.right
def order_first(event: dict[str, str]) -> object:
    order = Order.objects.filter(number=event["order"]).first()
    if event.get("type") != "order.refunded" or not order:
        return False
    given = order.point_entries.filter(reason="ordered").first()
    return (
        bool(given)
        and (
            order.point_entries.get_or_create(
                reason="refunded", defaults={"customer": order.customer, "points": -given.points}
            )[1]
        )
    )


@hear_refund.wrong(no_such_order)
def must_be_there(event: dict[str, str]) -> object:
    order = Order.objects.get(number=event["order"])
    given = order.point_entries.filter(reason="ordered").first()
    if event["type"] != "order.refunded" or given is None:
        return False
    values = {"customer": order.customer, "points": -given.points}
    return order.point_entries.get_or_create(reason="refunded", defaults=values)[1]


@hear_refund.wrong(refund_refused)
def only_created(event: dict[str, str]) -> object:
    given = PointEntry.objects.filter(order__number=event["order"], reason="ordered").first()
    if event["type"] != "order.refunded" or given is None:
        return False
    entry(given.order, -given.points, "refunded")
    return True


@hear_refund.wrong(both_returned_again)
def pair_again(event: dict[str, str]) -> object:
    given = PointEntry.objects.filter(order__number=event["order"], reason="ordered").first()
    if event["type"] != "order.refunded" or given is None:
        return False
    values = {"customer_id": given.customer_id, "points": -given.points}
    return PointEntry.objects.get_or_create(
        order_id=given.order_id, reason="refunded", defaults=values
    )


@hear_refund.wrong(book_changed)
def deleted(event: dict[str, str]) -> object:
    if event["type"] != "order.refunded":
        return False
    rows = PointEntry.objects.filter(order__number=event["order"], reason="ordered")
    return rows.delete()[0] > 0


@hear_refund.wrong(any_type)
def every_event(event: dict[str, str]) -> object:
    given = PointEntry.objects.filter(order__number=event["order"], reason="ordered").first()
    if given is None:
        return False
    values = {"customer_id": given.customer_id, "points": -given.points}
    return PointEntry.objects.get_or_create(
        order_id=given.order_id, reason="refunded", defaults=values
    )[1]


@hear_refund.wrong(never_given)
def got_the_entry(event: dict[str, str]) -> object:
    order = Order.objects.filter(number=event["order"]).first()
    if event["type"] != "order.refunded" or order is None:
        return False
    points = order.point_entries.get(reason="ordered").points
    taken = {"customer": order.customer, "points": -points}
    return order.point_entries.get_or_create(reason="refunded", defaults=taken)[1]


@hear_refund.wrong(never_given)
def something_or_nothing(event: dict[str, str]) -> object:
    order = Order.objects.filter(number=event["order"]).first()
    if event["type"] != "order.refunded" or order is None:
        return False
    given = order.point_entries.filter(reason="ordered").first()
    values = {"customer": order.customer, "points": -given.points if given else 0}
    return order.point_entries.get_or_create(reason="refunded", defaults=values)[1]


@hear_refund.wrong(above_zero)
def without_minus(event: dict[str, str]) -> object:
    given = PointEntry.objects.filter(order__number=event["order"], reason="ordered").first()
    if event["type"] != "order.refunded" or given is None:
        return False
    values = {"customer_id": given.customer_id, "points": given.points}
    return PointEntry.objects.get_or_create(
        order_id=given.order_id, reason="refunded", defaults=values
    )[1]


# 17.12: the budget. Six features, and the learner's tests must tell them apart.


def total(user: Any) -> int:
    customer = Customer.objects.get(user=user.pk)
    found: int = customer.point_entries.aggregate(sum=Sum("points", default=0))["sum"]
    return found


@login_required
def plain_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"You have {total(request.user)} points.")


@login_required
def kept_page(request: HttpRequest) -> HttpResponse:
    name = f"points.of.{request.user.pk}"
    return HttpResponse(
        f"You have {cache.get_or_set(name, partial(total, request.user), 600)} points."
    )


@login_required
def page_for_all(request: HttpRequest) -> HttpResponse:
    """The mistake: one key for everybody."""
    return HttpResponse(
        f"You have {cache.get_or_set('points', partial(total, request.user), 600)} points."
    )


@login_required
def slow_page(request: HttpRequest) -> HttpResponse:
    """The mistake: a query for each order."""
    orders = Customer.objects.get(user=request.user.pk).orders.all()
    found = sum(each.points for order in orders for each in order.point_entries.all())
    return HttpResponse(f"You have {found} points.")


def give(order: Order, *, forget: bool = True, twice: bool = False) -> None:
    """Give three points. The mistakes: the cache forgets nothing; each call gives three more."""
    made = PointEntry.objects.get_or_create(
        order=order, reason="ordered", defaults={"customer_id": order.customer_id, "points": 3}
    )[1]
    if twice and not made:
        PointEntry.objects.filter(order=order).update(points=F("points") + 3)
    if forget:
        names = ["points", f"points.of.{order.customer.user_id}"]
        transaction.on_commit(partial(cache.delete_many, names))


#: address: the page, how it gives, and what is wrong with it.
FEATURES: dict[str, tuple[Any, Any, str]] = {
    "/points/": (plain_page, give, ""),
    "/points/kept/": (kept_page, give, ""),
    "/points/slow/": (slow_page, give, "the page asks once for each order"),
    "/points/old/": (kept_page, partial(give, forget=False), "the cache is never cleared"),
    "/points/all/": (page_for_all, give, "Ben sees what the cache has kept of Ann"),
    "/points/twice/": (plain_page, partial(give, twice=True), "a second give() gives 3 more"),
}

_urls: Any = ModuleType("points_urls")
_urls.urlpatterns = [path(address[1:], view) for address, (view, _, _) in FEATURES.items()]

budget = Exercise(
    "17.12",
    "Step 10: the budget, as a test",
    minutes=15,
    layers=("http",),
    commits=True,
    hints=[
        (
            "Four promises, so three or four tests: queries, what is new after give(), two users, give() "
            "twice. Log in with self.client.force_login(user), and begin with cache.clear()."
        ),
        (
            "assertNumQueries() says exactly, and a page from the cache needs fewer. Count with "
            "CaptureQueriesContext(connection), and assertLessEqual(len(seen), 4)."
        ),
        (
            "For the cache: visit as ann and as ben, then give(order) in captureOnCommitCallbacks("
            "execute=True), then visit as both again. A second Client() is the second user."
        ),
    ],
)


@budget.cases
def _() -> object:
    return [(address, how) for address, (_, how, _) in FEATURES.items()]


def result_of(tests: Any) -> unittest.TestResult:
    """Run the tests of a class; they find the pages of the six features."""
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(tests)
    cache.clear()
    with override_settings(ROOT_URLCONF=_urls):
        return unittest.TextTestRunner(stream=StringIO()).run(suite)


@budget.check
def _(run: Run) -> str | None:
    if not isinstance(run.value, type) or not issubclass(run.value, unittest.TestCase):
        return "Asked is the class itself, one that inherits from django.test.TestCase."
    address, _ = run.arguments
    wrong = FEATURES[address][2]
    result = result_of(run.value)
    if not result.testsRun:
        return "There is no test in the class. The names of its methods begin with test_."
    bad = result.failures + result.errors
    if wrong and not bad:
        return f"A bad feature passes your tests: {wrong}."
    if bad and not wrong:
        test, text = bad[0]
        last = text.strip().splitlines()[-1][:200]
        kind = "its sums are kept in the cache" if "kept" in address else "it keeps nothing"
        return f"A good feature ({kind}) fails {str(test).split()[0]}: {last}"
    return None


def says(run: Run, *words: str) -> bool:
    """Whether the tests, run again, fail in these words."""
    found = result_of(run.value)
    text = "".join(each for _, each in found.failures + found.errors)
    return any(word in text for word in words)


@budget.mistake(
    "A good feature that needs fewer queries fails. assertNumQueries() says exactly; ask for "
    "at most 4, with CaptureQueriesContext."
)
def exact(run: Run) -> bool:
    return not FEATURES[run.arguments[0]][2] and says(run, "queries executed", "!= 4", "!= 2")


@budget.mistake(
    "A good feature fails: its cache is cleared after the commit, and in a TestCase there is none. "
    "Put `with self.captureOnCommitCallbacks(execute=True):` around give()."
)
def never_committed(run: Run) -> bool:
    return run.arguments[0] == "/points/kept/" and says(run, "points")


@budget.mistake(
    "The slow page passes. Count the queries of a visit. (self.assertNumQueries(4) without `with` "
    "checks nothing.)"
)
def not_counted(run: Run) -> bool:
    return run.arguments[0] == "/points/slow/"


@budget.mistake(
    "A page whose cache is never cleared passes. Visit it, give, and visit it again: only the "
    "second visit can be old."
)
def one_visit(run: Run) -> bool:
    return run.arguments[0] == "/points/old/"


@budget.mistake(
    "A page that shows Ann's points to Ben passes. It takes two clients: let both visit it, and look "
    "at what each of them sees."
)
def one_client(run: Run) -> bool:
    return run.arguments[0] == "/points/all/"


@budget.mistake("A feature that gives again at each call passes. Call give(order) twice.")
def called_once(run: Run) -> bool:
    return run.arguments[0] == "/points/twice/"


class _Base(TestCase):
    """What the tests below share; nobody runs it."""

    page: str
    give_points: Any

    def setUp(self) -> None:
        cache.clear()
        self.ann, self.ben = Client(), Client()
        self.ann.force_login(User.objects.get(username="ann"))
        self.ben.force_login(User.objects.get(username="ben"))
        self.order = ann().orders.earliest("pk")

    def give(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            type(self).give_points(self.order)

    def queries(self) -> None:
        with CaptureQueriesContext(connection) as seen:
            self.ann.get(self.page)
        self.assertLessEqual(len(seen), 4)

    def visits(self) -> None:
        self.ann.get(self.page)
        self.give()
        self.assertContains(self.ann.get(self.page), "3 points")

    def two(self) -> None:
        self.give()
        self.assertContains(self.ann.get(self.page), "3 points")
        self.assertContains(self.ben.get(self.page), "0 points")

    def again(self) -> None:
        self.give()
        self.give()
        self.assertEqual(PointEntry.objects.get().points, 3)


def _tests(page: str, give: Any, *names: str, **more: Any) -> type:
    """A class with some of the tests of _Base, and with others."""
    methods = {f"test_{name}": getattr(_Base, name) for name in names}
    return type(
        "Tests", (_Base,), {"page": page, "give_points": staticmethod(give)} | methods | more
    )


@budget.right
def four_tests(page: str, give: Any) -> object:
    return _tests(page, give, "queries", "visits", "two", "again")


@budget.right
def one_long_test(page: str, give: Any) -> object:
    def test_story(self: Any) -> None:
        for client in (self.ann, self.ben):
            self.assertContains(client.get(page), "have 0 points")
        for _ in range(2):
            self.give()
            with CaptureQueriesContext(connection) as seen:
                self.assertContains(self.ann.get(page), "have 3 points")
            self.assertTrue(len(seen.captured_queries) < 5)
        self.assertNotContains(self.ben.get(page), "3")

    return _tests(page, give, test_story=test_story)


@budget.wrong(exact)
def exactly_four(page: str, give: Any) -> object:
    def test_exact(self: Any) -> None:
        self.ann.get(page)
        with self.assertNumQueries(4):
            self.ann.get(page)

    return _tests(page, give, "visits", "two", "again", test_exact=test_exact)


@budget.wrong(never_committed)
def without_capture(page: str, give: Any) -> object:
    def test_visits(self: Any) -> None:
        self.ann.get(page)
        give(self.order)
        self.assertContains(self.ann.get(page), "3 points")

    return _tests(page, give, "queries", "two", "again", test_visits=test_visits)


@budget.wrong(not_counted)
def without_with(page: str, give: Any) -> object:
    def test_trap(self: Any) -> None:
        self.assertNumQueries(4)
        self.ann.get(page)

    return _tests(page, give, "visits", "two", "again", test_trap=test_trap)


@budget.wrong(one_visit)
def no_second_visit(page: str, give: Any) -> object:
    return _tests(page, give, "queries", "two", "again")


@budget.wrong(one_client)
def ann_alone(page: str, give: Any) -> object:
    return _tests(page, give, "queries", "visits", "again")


@budget.wrong(called_once)
def once_given(page: str, give: Any) -> object:
    return _tests(page, give, "queries", "visits", "two")


@budget.wrong("There is no test in the class")
def no_names(page: str, give: Any) -> object:
    return _tests(page, give, check_queries=_Base.queries)


@budget.wrong("Asked is the class itself")
def an_instance(page: str, give: Any) -> object:
    return _tests(page, give, "queries")()
