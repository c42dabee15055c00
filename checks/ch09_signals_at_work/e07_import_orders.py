"""09.7 The orders of the fair: an import in which a row may fail."""

from __future__ import annotations

from contextlib import suppress

from django.core import mail
from django.db import transaction
from shop.checkout import CannotOrder, place_order
from shop.models import Customer, Invoice, Order, OrderLine, Product
from shop.signals import order_created

from checks.ch09_signals_at_work import SIGNALS
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

type OrderRow = tuple[str, str, int]


ANN, BEN, CLEO = "ann.obrien@example.com", "ben.okafor@example.com", "cleo.papadakis@example.net"

FAIRS: list[tuple[OrderRow, ...]] = [
    ((ANN, "HER-001", 2), (BEN, "HER-002", 1)),
    ((ANN, "HER-001", 4), (BEN, "HER-001", 5), (CLEO, "HER-001", 1), (ANN, "HER-002", 0)),
    ((BEN, "HER-002", 99), (BEN, "HER-001", 3), (BEN, "HER-001", 3)),
    (),
]

STOCK = 7
LAST_KEY = 400


def sold_out() -> None:
    """HER-002 is no longer on offer"""
    Product.objects.filter(sku="HER-002").update(is_active=False)


import_orders = Exercise(
    "09.7",
    "The orders of the fair",
    minutes=6,
    layers=SIGNALS,
    needs_commit=True,
    changes=[sold_out],
    hints=[
        "A loop over the rows; in it, get the customer and the product, and call place_order().",
        "place_order() wants a list of (product, quantity), and raises CannotOrder.",
        "The try stands inside the loop, around one order: so the next row still has its turn.",
    ],
)


@import_orders.cases
def cases() -> object:
    Product.objects.filter(sku__in=["HER-001", "HER-002"]).update(stock=STOCK)
    return [(rows,) for rows in FAIRS]


def fair(rows: tuple[OrderRow, ...]) -> tuple[list[OrderRow], list[OrderRow]]:
    """The rows that go through, and those that are refused, on the present rows."""
    left = dict.fromkeys(Product.objects.active().values_list("sku", flat=True), STOCK)
    good, refused = [], []
    for row in rows:
        _, sku, quantity = row
        if 1 <= quantity <= left.get(sku, 0):
            left[sku] -= quantity
            good.append(row)
        else:
            refused.append(row)
    return good, refused


@import_orders.expects
def expected(rows: tuple[OrderRow, ...]) -> object:
    return fair(rows)[1]


@import_orders.check
def check(run: Run) -> str | None:
    good, _ = fair(*run.arguments)
    new = Order.objects.filter(pk__gt=LAST_KEY)
    lines = new.values_list("customer__email", "lines__product__sku", "lines__quantity")
    if sorted(lines, key=str) != sorted(good, key=str):
        return f"{len(good)} orders should be new, of one line each; there are {len(lines)} lines."
    if Invoice.objects.count() != len(good):
        return (
            f"{len(good)} orders went through, and there are {Invoice.objects.count()} invoices. "
            "place_order() sees to that, when it is not undone."
        )
    letters = sum("Your order" in letter.subject for letter in mail.outbox)
    if letters != len(good):
        return f"{len(good)} orders went through, and {letters} customers got a mail."
    for sku in ("HER-001", "HER-002"):
        stock = STOCK - sum(row[2] for row in good if row[1] == sku)
        if Product.objects.get(sku=sku).stock != stock:
            return f"Of {sku} there should be {stock} left."
    return None


@import_orders.mistake(
    "One row was refused, and the error ended everything. Catch CannotOrder, in the loop."
)
def not_caught(run: Run) -> bool:
    return failed(run, "CannotOrder")


@import_orders.mistake(
    "place_order() wants a list of pairs, (product, quantity), and objects, not texts."
)
def other_arguments(run: Run) -> bool:
    return isinstance(run.error, TypeError | AttributeError | ValueError) and (
        not failed(run, "CannotOrder")
    )


@import_orders.mistake(
    "The orders before the refused row are gone again: one transaction around all rows is all or "
    "nothing. Each row is an order of its own."
)
def undone_again(run: Run) -> bool:
    good, _ = fair(*run.arguments)
    new = Order.objects.filter(pk__gt=LAST_KEY)
    return good[0] == run.arguments[0][0] and not new.exists()


@import_orders.mistake(
    "After the refused row the others were not tried any more. Put the try inside the loop."
)
def stopped(run: Run) -> bool:
    new = Order.objects.filter(pk__gt=LAST_KEY)
    return bool(run.expected) and new.count() < len(fair(*run.arguments)[0])


@import_orders.mistake("Return the rows that were refused, not those that went through.")
def the_good_ones(run: Run) -> bool:
    return run.rows == fair(*run.arguments)[0]


@import_orders.mistake("Return the rows themselves: (email, SKU, quantity).")
def other_rows(run: Run) -> bool:
    return 0 < len(run.rows) == len(run.expected) == len(run.missing)


@import_orders.right
def each_in_a_block(rows: tuple[OrderRow, ...]) -> object:
    for row in rows:
        email, sku, quantity = row
        try:
            with transaction.atomic():
                buyer, product = Customer.objects.get(email=email), Product.objects.get(sku=sku)
                place_order(buyer, [(product, quantity)])
        except CannotOrder:
            yield row


@import_orders.right
def read_before(rows: tuple[OrderRow, ...]) -> object:
    customers = {customer.email: customer for customer in Customer.objects.all()}
    products = {product.sku: product for product in Product.objects.all()}
    refused = []
    for row in rows:
        try:
            place_order(customers[row[0]], ((products[row[1]], row[2]),))
        except ValueError:
            refused.append(list(row))
    return refused


@import_orders.right
def all_in_one_transaction(rows: tuple[OrderRow, ...]) -> object:
    refused = list(rows)
    with transaction.atomic():
        for row in rows:
            with suppress(CannotOrder):
                buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
                place_order(buyer, [(product, row[2])])
                refused.remove(row)
    return refused


@import_orders.wrong(not_caught)
def uncaught(rows: tuple[OrderRow, ...]) -> object:
    for email, sku, quantity in rows:
        buyer, product = Customer.objects.get(email=email), Product.objects.get(sku=sku)
        place_order(buyer, [(product, quantity)])
    return []


@import_orders.wrong(stopped)
def caught_outside(rows: tuple[OrderRow, ...]) -> object:
    refused = []
    try:
        for row in rows:
            buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
            place_order(buyer, [(product, row[2])])
    except CannotOrder:
        refused.append(row)
    return refused


@import_orders.wrong(stopped)
def returned_at_once(rows: tuple[OrderRow, ...]) -> object:
    for row in rows:
        buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
        try:
            place_order(buyer, [(product, row[2])])
        except CannotOrder:
            return [row]
    return []


@import_orders.wrong(undone_again)
def all_or_nothing(rows: tuple[OrderRow, ...]) -> object:
    try:
        with transaction.atomic():
            uncaught(rows)
    except CannotOrder:
        return fair(rows)[1]
    return []


@import_orders.wrong(other_arguments)
def texts(rows: tuple[OrderRow, ...]) -> object:
    for email, sku, quantity in rows:
        place_order(email, [(sku, quantity)])
    return []


@import_orders.wrong(other_arguments)
def no_list(rows: tuple[OrderRow, ...]) -> object:
    for email, sku, quantity in rows:
        buyer, product = Customer.objects.get(email=email), Product.objects.get(sku=sku)
        place_order(buyer, (product, quantity))
    return []


@import_orders.wrong("and there are 0 invoices")
def by_hand(rows: tuple[OrderRow, ...]) -> object:
    good, refused = fair(rows)
    for number, (email, sku, quantity) in enumerate(good):
        buyer, product = Customer.objects.get(email=email), Product.objects.get(sku=sku)
        order = Order.objects.create(number=f"fair-{number}", customer=buyer)
        OrderLine.objects.create(order=order, product=product, quantity=quantity, unit_price=1)
    return refused


@import_orders.wrong("customers got a mail")
def told_again(rows: tuple[OrderRow, ...]) -> object:
    refused = []
    for row in rows:
        buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
        try:
            order = place_order(buyer, [(product, row[2])])
            order_created.send(sender=Order, order=order)
        except CannotOrder:
            refused.append(row)
    return refused


@import_orders.wrong(the_good_ones)
def went_through(rows: tuple[OrderRow, ...]) -> object:
    good = []
    for row in rows:
        with suppress(CannotOrder):
            buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
            place_order(buyer, [(product, row[2])])
            good.append(row)
    return good


@import_orders.wrong(other_rows)
def reasons(rows: tuple[OrderRow, ...]) -> object:
    refused = []
    for row in rows:
        buyer, product = Customer.objects.get(email=row[0]), Product.objects.get(sku=row[1])
        try:
            place_order(buyer, [(product, row[2])])
        except CannotOrder as error:
            refused.append(str(error))
    return refused
