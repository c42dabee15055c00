"""17.8 Step 6: what got lost is found."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from loyalty.models import PointEntry
from shop.models import Order

from checks.ch17_one_order import NOW, entry, new_order
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


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
def cases() -> object:
    found = lost()
    return [(NOW, Giver()), (NOW, Giver(found[0], found[2]))]


@sweep.check
def check(run: Run) -> str | None:
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
