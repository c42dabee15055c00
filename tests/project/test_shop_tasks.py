"""The project's tasks, as they run on a laptop without a broker: at once, in this process."""

from decimal import Decimal

import pytest
from celery import current_app
from celery.exceptions import Retry
from company.tasks import count_primes, wait_for_bank
from config import celery_app
from django.core import mail
from django.db.models import F, Sum
from shop.models import Invoice, Order, OrderLine
from shop.tasks import CourierBusy, book_courier, monthly_sales, send_confirmation, write_invoice

from tests.project.test_settings import manage


def test_the_app_is_the_projects() -> None:
    assert current_app.main == celery_app.main == "config"
    assert {"shop.tasks.book_courier", "company.tasks.count_primes"} <= set(celery_app.tasks)


@pytest.mark.parametrize(
    ("variables", "seen"),
    [
        ({}, "True None None"),
        (
            {"CELERY_BROKER_URL": "redis://cache:6379/1"},
            "False redis://cache:6379/1 redis://cache:6379/1",
        ),
        ({"CELERY_BROKER_URL": "amqp://cache//"}, "False amqp://cache// rpc://"),
        (
            {"CELERY_BROKER_URL": "amqp://cache//", "CELERY_RESULT_BACKEND": "redis://cache/2"},
            "False amqp://cache// redis://cache/2",
        ),
    ],
)
def test_a_broker_is_chosen_by_the_environment(variables: dict[str, str], seen: str) -> None:
    code = (
        "from config import celery_app; c = celery_app.conf; "
        "print(c.task_always_eager, c.broker_url, c.result_backend)"
    )
    done = manage("shell", "-v0", "-c", code, DATABASE_URL="sqlite://:memory:", **variables)
    assert done.stdout == f"{seen}\n", done.stderr


def test_arguments_and_results_are_json() -> None:
    conf = celery_app.conf
    assert (conf.task_serializer, conf.result_serializer) == ("json", "json")
    assert (conf.accept_content, str(conf.timezone), conf.enable_utc) == (["json"], "UTC", True)


def test_small_work() -> None:
    assert [count_primes(limit) for limit in (2, 3, 30, 1000)] == [0, 1, 10, 168]
    assert wait_for_bank.delay(0).get() == 0


def test_an_order_is_confirmed_and_invoiced_once(rows: str) -> None:
    order = (
        Order.objects.with_total()
        .filter(total__gt=0, invoice=None)
        .select_related("customer")
        .first()
    )
    send_confirmation.delay(order.pk)
    assert [message.to for message in mail.outbox] == [[order.customer.email]]
    totals = {write_invoice.delay(order.pk).get() for _ in range(2)}
    assert totals == {str(Invoice.objects.get(order=order).total)}


def test_the_sales_of_a_year(rows: str) -> None:
    sales = monthly_sales.delay(2025).get()
    lines = OrderLine.objects.filter(order__placed_at__year=2025).exclude(order__status="cancelled")
    total = lines.aggregate(total=Sum(F("quantity") * F("unit_price")))["total"]
    assert len(sales) == 12
    assert sum(map(Decimal, sales)) == round(total, 2) > 0
    assert monthly_sales.delay(1999).get() == ["0.00"] * 12


def test_a_busy_courier_is_asked_again() -> None:
    assert book_courier.delay("2026-W1").get() == {"order": "2026-W1", "attempts": 3}
    assert book_courier.delay("2026-W1", busy=0).get()["attempts"] == 1
    result = book_courier.delay("2026-W1", busy=6)
    assert (result.state, type(result.result)) == ("FAILURE", CourierBusy)
    with pytest.raises(Retry):  # Called, it asks to be sent again.
        book_courier.apply(("2026-W1",), throw=True)
