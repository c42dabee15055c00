"""04.5 Never ordered: a filter in reverse."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef
from shop.models import Customer, Order

from checks.ch04_forward_and_reverse import many_as_list, new_customer
from checks.common import changes, rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def only_cancelled() -> None:
    """a new customer has one order, and it was cancelled"""
    rows.order(status="cancelled")


never_ordered = Exercise(
    "04.5",
    "Never ordered",
    minutes=4,
    queries=1,
    changes=[new_customer, only_cancelled, changes.no_orders],
    hints=[
        "You want customers. The orders are on the other side of a foreign key: reverse.",
        'The foreign key says related_name="orders". The same name is used in a filter.',
        "No department was department=None, or department__isnull=True. No orders look alike.",
    ],
)


@never_ordered.expects
def expected() -> object:
    buyers = {order.customer_id for order in Order.objects.all()}
    return [buyer for buyer in Customer.objects.all() if buyer.pk not in buyers]


@never_ordered.mistake(
    "The foreign key has a related_name, so the way back is called orders, in filters as well."
)
def not_the_related_name(run: Run) -> bool:
    return failed(run, "FieldError", "keyword 'order") or failed(run, "AttributeError", "'order_")


@never_ordered.mistake(
    "There is no lookup count. Ask whether there is no order at all: compare orders with None."
)
def no_such_lookup(run: Run) -> bool:
    return failed(run, "FieldError", "Unsupported lookup")


never_ordered_manager = many_as_list(never_ordered, "customer.orders")


@never_ordered.mistake(
    "Your query never looks at the orders. customer.orders is a manager, and a manager is "
    "always true. Better than a loop is a filter."
)
def manager_is_true(run: Run) -> bool:
    return run.queries > 0 and not any("shop_order" in query.sql for query in run.seen.queries)


@never_ordered.mistake(
    "orders=0 looks for an order with the number 0, and nobody has it. "
    "A customer without orders has None there."
)
def order_zero(run: Run) -> bool:
    return any(0 in (query.params or ()) for query in run.seen.queries)


@never_ordered.mistake("These are the customers who have ordered. Asked are the others.")
def the_buyers(run: Run) -> bool:
    return bool(run.rows) and all(buyer.orders.exists() for buyer in run.rows)


@never_ordered.mistake(
    "The result is right, but the orders of each customer cost a query of their own: this is N+1."
)
def orders_of_each(run: Run) -> bool:
    return is_right(run) and "Customer.orders" in run.n_plus_1


@never_ordered.mistake("A cancelled order is an order, too: somebody in your list has one.")
def cancelled_is_none(run: Run) -> bool:
    return bool(run.unexpected) and all(buyer.orders.exists() for buyer in run.unexpected)


@never_ordered.right
def orders_isnull() -> object:
    return Customer.objects.filter(orders__isnull=True)


@never_ordered.right
def not_among_buyers() -> object:
    return Customer.objects.exclude(pk__in=Order.objects.values("customer"))


@never_ordered.right
def no_order_exists() -> object:
    return Customer.objects.filter(~Exists(Order.objects.filter(customer=OuterRef("pk"))))


@never_ordered.right
def counted_zero() -> object:
    return set(Customer.objects.annotate(n=Count("orders")).filter(n=0))


@never_ordered.wrong(not_the_related_name)
def order_in_filter() -> object:
    return Customer.objects.filter(order=None)


@never_ordered.wrong(not_the_related_name)
def order_set_of_each() -> object:
    return [buyer for buyer in Customer.objects.all() if not buyer.order_set.exists()]


@never_ordered.wrong(no_such_lookup)
def orders_count_zero() -> object:
    return Customer.objects.filter(orders__count=0)


@never_ordered.wrong(order_zero)
def orders_zero() -> object:
    return Customer.objects.filter(orders=0)


@never_ordered.wrong(the_buyers)
def orders_there() -> object:
    return Customer.objects.exclude(orders=None)


@never_ordered.wrong(orders_of_each)
def orders_loop() -> object:
    return [buyer for buyer in Customer.objects.all() if not buyer.orders.exists()]


@never_ordered.wrong(cancelled_is_none)
def kept_orders_only() -> object:
    kept = Order.objects.exclude(status="cancelled")
    return Customer.objects.exclude(pk__in=kept.values("customer"))


@never_ordered.wrong("it took 2 queries. 1 is enough")
def prefetched_orders() -> object:
    return [b for b in Customer.objects.prefetch_related("orders") if not b.orders.all()]


@never_ordered.wrong(never_ordered_manager)
def length_of_manager() -> object:
    return [buyer for buyer in Customer.objects.all() if len(buyer.orders) == 0]


@never_ordered.wrong(manager_is_true)
def not_a_manager() -> object:
    return [buyer for buyer in Customer.objects.all() if not buyer.orders]
