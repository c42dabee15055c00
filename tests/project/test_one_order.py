"""An order on the site, and what follows from it: step by step, also when something goes wrong."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from loyalty.models import PointEntry
from notifications.models import Notice
from ordering import services, tasks
from ordering.checkout import order_on_site
from ordering.models import ATTEMPTS, Step
from partners.models import Payment
from partners.sandbox import Sandbox
from shop.checkout import CannotOrder
from shop.models import Customer, Invoice, Order, Product

type Capture = Callable[..., Any]

TODAY = {"notice", "invoice", "packing", "payment"}


@pytest.fixture(scope="module")
def process() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def sandbox(process: Sandbox, settings) -> Iterator[Sandbox]:  # type: ignore[no-untyped-def]
    process.reset()
    cache.clear()
    settings.PARTNER_URL = process.url
    settings.PARTNER_TIMEOUT = 0.3
    yield process
    cache.clear()


@pytest.fixture
def ann(rows: str) -> Customer:
    return Customer.objects.get(name="Ann O'Brien")


@pytest.fixture
def basil(rows: str) -> Product:
    product = Product.objects.in_stock()[0]
    Product.objects.filter(pk=product.pk).update(stock=20, price=4)
    product.refresh_from_db()
    return product


@pytest.fixture
def visitor(ann: Customer, client: Client) -> Client:
    client.force_login(ann.user)
    return client


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Capture) -> Capture:
    """A with block that ends like a commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def done() -> set[str]:
    return set(Step.objects.exclude(done_at=None).values_list("kind", flat=True))


def later() -> None:
    """The time until the next try has passed."""
    Step.objects.filter(due_at__lte=timezone.now() + timedelta(hours=1)).update(
        due_at=timezone.now()
    )


def test_an_order_on_the_site(
    visitor: Client, basil: Product, commits: Capture, sandbox: Sandbox
) -> None:
    assert 'href="/orders/new/"' in visitor.get("/orders/").text
    assert "20 left" in visitor.get("/orders/new/").text
    with commits():
        answer = visitor.post("/orders/new/", {"product": basil.pk, "quantity": 2})
    order = Order.objects.latest("pk")
    assert answer.headers["Location"] == f"/orders/{order.pk}/"
    assert (order.customer.user.username, order.lines.get().quantity) == ("ann", 2)
    assert done() == TODAY
    assert Notice.objects.filter(user__username="ann", url=f"/orders/{order.pk}/").count() == 1
    assert [letter.to for letter in mail.outbox] == [
        ["ann.obrien@example.com"],
        ["warehouse@northlight.example"],
    ]
    assert mail.outbox[1].body == f"2 x {basil.name}"
    assert [(one["order"], one["amount"]) for one in sandbox.payments()] == [(order.number, "8.00")]
    page = visitor.get(f"/orders/{order.pk}/")
    assert "unread" in page.text
    assert f"Thank you for your order {order.number}." in page.text
    assert "18 left" in visitor.get("/orders/new/").text


def test_who_may_order(rows: str, client: Client, commits: Capture) -> None:
    assert client.get("/orders/new/").headers["Location"].startswith("/accounts/login/")
    client.force_login(User.objects.get(username="admin"))
    assert client.get("/orders/new/").status_code == 404


@pytest.mark.parametrize("quantity", ["21", "0", "", "many"])
def test_a_refusal_is_said(
    visitor: Client, basil: Product, commits: Capture, quantity: str
) -> None:
    with commits() as callbacks:
        answer = visitor.post("/orders/new/", {"product": basil.pk, "quantity": quantity})
    assert callbacks == []
    assert "errorlist" in answer.text
    assert (Order.objects.count(), Step.objects.count()) == (400, 0)


def test_two_visitors_see_the_last_piece_go(
    visitor: Client, basil: Product, commits: Capture
) -> None:
    Product.objects.filter(pk=basil.pk).update(stock=1)
    other = Client()
    other.force_login(User.objects.get(username="ben"))
    choice = f'<option value="{basil.pk}">'
    assert choice in other.get("/orders/new/").text
    with commits():
        visitor.post("/orders/new/", {"product": basil.pk, "quantity": 1})
    assert choice not in other.get("/orders/new/").text


def test_the_form_is_kept(
    visitor: Client, basil: Product, django_assert_max_num_queries: Capture
) -> None:
    visitor.get("/orders/new/")
    with django_assert_max_num_queries(4):  # session, user, notices, customer
        visitor.get("/orders/new/")


def test_both_or_neither(ann: Customer, basil: Product, commits: Capture) -> None:
    with commits() as callbacks, pytest.raises(ZeroDivisionError), transaction.atomic():
        order_on_site(ann, [(basil, 1)])
        raise ZeroDivisionError
    with commits(), pytest.raises(CannotOrder):
        order_on_site(ann, [(basil, 21)])
    assert callbacks == []
    assert (Order.objects.count(), Step.objects.count(), mail.outbox) == (400, 0, [])


def test_without_a_broker_the_sweep_does_it(
    ann: Customer, basil: Product, commits: Capture
) -> None:
    down = mock.Mock(side_effect=ConnectionError("no broker"))
    with mock.patch.object(tasks.do_step, "delay", down), commits():
        order = order_on_site(ann, [(basil, 1)])
    assert down.call_count == len(TODAY)
    assert (done(), order.invoice.total) == (set(), 4)
    assert tasks.do_due_steps() == len(TODAY)
    assert done() == TODAY
    assert tasks.do_due_steps() == 0


def test_a_receiver_that_fails_has_a_second_chance(
    ann: Customer, basil: Product, commits: Capture
) -> None:
    down = mock.Mock(side_effect=OSError("no disk"))
    with mock.patch("shop.services.write_invoice", down), commits():
        order = order_on_site(ann, [(basil, 1)])
    assert not Invoice.objects.filter(order=order).exists()
    assert done() == TODAY - {"invoice"}
    assert tasks.do_due_steps() == 0  # It waits for a while.
    later()
    assert tasks.do_due_steps() == 1
    assert Invoice.objects.get(order=order).total == 4


def test_the_money_is_taken_once(
    ann: Customer, basil: Product, commits: Capture, sandbox: Sandbox
) -> None:
    sandbox.fail("cut", "500", "slow")
    with commits():
        order = order_on_site(ann, [(basil, 1)])
    assert "payment" not in done()
    for _ in range(3):
        later()
        tasks.do_due_steps()
    assert "payment" in done()
    assert Step.objects.get(kind="payment").attempts == 4
    assert [one["order"] for one in sandbox.payments()] == [order.number]
    assert Payment.objects.count() == 1


def test_a_step_is_done_once(ann: Customer, basil: Product, commits: Capture) -> None:
    with commits():
        order_on_site(ann, [(basil, 1)])
    letters = len(mail.outbox)
    for step in Step.objects.all():
        assert services.do(step.pk) is False
    assert len(mail.outbox) == letters
    assert services.do(0) is False


def test_of_two_workers_one_does_it(ann: Customer, basil: Product) -> None:
    order_on_site(ann, [(basil, 1)])  # No commit: nobody has begun.
    step = Step.objects.get(kind="packing")

    def meanwhile(order: Order) -> None:
        assert services.do(step.pk) is False

    with mock.patch.dict(services.WORK, {Step.Kind.PACKING: mock.Mock(side_effect=meanwhile)}):
        assert services.do(step.pk) is True


def test_what_is_tried_too_often_waits_for_somebody(ann: Customer, basil: Product) -> None:
    order_on_site(ann, [(basil, 1)])
    step = Step.objects.get(kind="packing")
    Step.objects.filter(pk=step.pk).update(attempts=ATTEMPTS)
    assert services.do(step.pk) is False
    assert list(Step.objects.given_up()) == [step]


@pytest.mark.parametrize("status, letters", [("new", 1), ("paid", 0), ("cancelled", 0)])
def test_a_reminder_after_three_days(
    ann: Customer, basil: Product, status: str, letters: int
) -> None:
    order = order_on_site(ann, [(basil, 1)])
    step = Step.objects.get(kind="reminder")
    assert step.due_at - order.placed_at == timedelta(days=3)
    assert services.do(step.pk) is False
    Order.objects.filter(pk=order.pk).update(status=status)
    with mock.patch.object(timezone, "now", lambda: order.placed_at + timedelta(days=3)):
        assert services.do(step.pk) is True
    assert len(mail.outbox) == letters


def test_a_customer_without_a_login(ann: Customer, basil: Product, commits: Capture) -> None:
    stranger = Customer.objects.filter(user=None)[0]
    notices = Notice.objects.count()
    with commits():
        order_on_site(stranger, [(basil, 1)])
    assert done() == TODAY
    assert Notice.objects.count() == notices


def test_points_are_written_once(ann: Customer) -> None:
    order = ann.orders.earliest("pk")
    PointEntry.objects.create(customer=ann, order=order, reason="ordered", points=3)
    PointEntry.objects.create(customer=ann, order=order, reason="refunded", points=-3)
    with pytest.raises(IntegrityError), transaction.atomic():
        PointEntry.objects.create(customer=ann, order=order, reason="ordered", points=3)
