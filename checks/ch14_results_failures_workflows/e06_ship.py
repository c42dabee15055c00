"""14.6 Shipped once: safe to run twice."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from shop.models import Category, Customer, Order, OrderLine, Product

from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

ship = Exercise(
    "14.6",
    "Shipped once",
    minutes=9,
    needs_commit=True,
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
def cases() -> object:
    return [(parcel(case),) for case in QUANTITIES]


def case_of(run: Run) -> str:
    return Order.objects.get(pk=run.arguments[0]).number.removeprefix("P-")


def now(run: Run) -> tuple[str, list[int]]:
    """The status, and the stock of each line's product."""
    order = Order.objects.get(pk=run.arguments[0])
    return order.status, list(order.lines.order_by("pk").values_list("product__stock", flat=True))


@ship.check
def check(run: Run) -> str | None:
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
