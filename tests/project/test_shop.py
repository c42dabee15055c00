"""Orders, and what follows from them; the log of prices; the list that is kept."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.test import Client
from shop import services
from shop.checkout import CannotOrder, place_order
from shop.models import Customer, Invoice, Order, OrderLine, PriceChange, Product
from shop.signals import order_created

type Capture = Callable[..., Any]


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def buyer(rows: str) -> Customer:
    return Customer.objects.get(name="Ann O'Brien")


@pytest.fixture
def basil(rows: str) -> Product:
    product = Product.objects.in_stock()[0]
    Product.objects.filter(pk=product.pk).update(stock=10, price=4)
    product.refresh_from_db()
    return product


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Capture) -> Capture:
    """A with block that ends like a commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


# Orders


def test_an_order(buyer: Customer, basil: Product, commits: Capture) -> None:
    with commits():
        order = place_order(buyer, [(basil, 2), (basil, 1)])
        assert mail.outbox == []
    order.refresh_from_db()
    assert order.number == f"{order.placed_at.year}-W{order.pk:04}"
    (line,) = order.lines.all()
    assert (line.product, line.quantity, line.unit_price) == (basil, 3, 4)
    basil.refresh_from_db()
    assert basil.stock == 7
    assert order.invoice.total == 12
    (letter,) = mail.outbox
    assert letter.to == ["ann.obrien@example.com"]
    assert order.number in letter.subject


def test_a_hint_to_purchasing(buyer: Customer, basil: Product, commits: Capture) -> None:
    with commits():
        place_order(buyer, [(basil, 8)])
    hint, _ = mail.outbox
    assert hint.to == ["purchasing@northlight.example"]
    assert hint.body == f"{basil.name}: 2 left"


def test_two_orders_of_one_customer(buyer: Customer, basil: Product, commits: Capture) -> None:
    with commits():
        first, second = (place_order(buyer, [(basil, 1)]) for _ in range(2))
    assert first.number != second.number
    assert Invoice.objects.count() == 2


@pytest.mark.parametrize("quantity", [11, 0, -1])
def test_what_cannot_be_ordered(
    buyer: Customer, basil: Product, commits: Capture, quantity: int
) -> None:
    other = Product.objects.in_stock().exclude(pk=basil.pk)[0]
    with commits() as callbacks, pytest.raises(CannotOrder, match=str(quantity)):
        place_order(buyer, [(other, 1), (basil, quantity)])
    assert callbacks == []
    assert Order.objects.count() == 400
    assert OrderLine.objects.count() == 1000
    assert Product.objects.get(pk=other.pk).stock == other.stock


def test_nothing_and_what_is_no_longer_on_offer(buyer: Customer, basil: Product) -> None:
    with pytest.raises(CannotOrder, match="at least one"):
        place_order(buyer, [])
    Product.objects.filter(pk=basil.pk).update(is_active=False)
    with pytest.raises(CannotOrder, match="in stock"):
        place_order(buyer, [(basil, 1)])


def test_one_receiver_fails_and_the_others_do_not_care(
    buyer: Customer, basil: Product, commits: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("the mail server does not answer")

    monkeypatch.setattr(services, "send_mail", no_answer)
    with commits():
        order = place_order(buyer, [(basil, 9)])
    assert order.invoice.total == 36


def test_a_rolled_back_order_is_told_to_nobody(
    buyer: Customer, basil: Product, commits: Capture
) -> None:
    with commits(), pytest.raises(ZeroDivisionError), transaction.atomic():
        place_order(buyer, [(basil, 1)])
        raise ZeroDivisionError
    assert mail.outbox == []
    assert not Invoice.objects.exists()


def test_an_invoice_is_written_once(rows: str) -> None:
    order = Order.objects.with_total().earliest("pk")
    for _ in range(2):
        order_created.send(sender=Order, order=order)
    assert Invoice.objects.get().total == order.total


# Prices


def test_a_new_price_is_written_down(basil: Product) -> None:
    basil.price = Decimal("4.50")
    basil.save()
    change = PriceChange.objects.get()
    assert (change.product, change.old_price, change.new_price) == (basil, 4, Decimal("4.50"))


@pytest.mark.parametrize("price", [4, "4.00", 4.0, F("price")])
def test_the_same_price_is_not(basil: Product, price: Any) -> None:
    basil.price = price
    basil.save()
    assert not PriceChange.objects.exists()


def test_a_computed_price(basil: Product) -> None:
    basil.price = F("price") * 2
    basil.save()
    assert PriceChange.objects.get().new_price == 8


def test_a_price_that_is_not_saved_and_a_new_product(basil: Product) -> None:
    basil.price = 9
    basil.save(update_fields=["stock"])
    Product.objects.create(name="Fig", sku="FIG", category_id=1, price=3)
    assert not PriceChange.objects.exists()


def test_a_bulk_change_is_not_heard(basil: Product) -> None:
    Product.objects.update(price=F("price") + 1)
    assert not PriceChange.objects.exists()


# The price list


def test_the_list_is_read_once_and_forgotten_when_a_product_changes(
    basil: Product, client: Client, commits: Capture, django_assert_num_queries: Capture
) -> None:
    address = "/products/price-list/"
    with django_assert_num_queries(1):
        first = client.get(address).json()["products"]
    with django_assert_num_queries(0):
        assert client.get(address).json()["products"] == first
    assert len(first) == Product.objects.active().count()
    with commits():
        basil.price = 7
        basil.save()
    row = {"sku": basil.sku, "name": basil.name, "price": "7.00"}
    assert row in client.get(address).json()["products"]
    with commits():
        new = Product.objects.create(name="Fig", sku="FIG", category_id=1, price=3)
    assert len(services.price_list()) == len(first) + 1
    with commits():
        new.delete()
    assert len(services.price_list()) == len(first)


def test_the_list_is_kept_until_the_commit(basil: Product, commits: Capture) -> None:
    services.price_list()
    with commits():
        basil.save()
        assert services.PRICE_LIST in cache
    assert services.PRICE_LIST not in cache
