"""04.10 How often do they order: counting the rows in reverse, none included."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count, Q
from shop.models import Customer, Order

from checks.ch04_forward_and_reverse import asks_for_each, many_as_list, new_customer
from checks.common import changes, rows
from checks.common.runs import failed, fetched_all
from tutor.judge.exercise import Exercise, Run


def namesake_customers() -> None:
    """two new customers have the same name; one of them has two orders"""
    rows.customer("Kim Lee")
    buyer = rows.customer("Kim Lee")
    rows.order(buyer)
    rows.order(buyer, status="cancelled")


order_counts = Exercise(
    "04.10",
    "How often do they order",
    minutes=6,
    queries=2,
    changes=[new_customer, namesake_customers, changes.no_orders],
    hints=[
        "Every customer is asked for. So start from Customer, not from Order.",
        "From a customer to their orders: reverse, many. Which cure is made for that?",
        "After prefetch_related() the orders are there: len(customer.orders.all()) asks nothing.",
    ],
)


@order_counts.expects
def expected() -> object:
    orders = Counter(order.customer_id for order in Order.objects.all())
    return [(buyer.name, orders[buyer.pk]) for buyer in Customer.objects.all()]


@order_counts.mistake("The way back has a related_name: a customer has orders, not order_set.")
def no_order_set(run: Run) -> bool:
    return failed(run, "AttributeError", "order_set") or failed(run, "AttributeError", "order'")


counts_manager = many_as_list(order_counts, "customer.orders")


@order_counts.mistake(
    "select_related() joins one object to each row. A customer has many orders: "
    "that takes prefetch_related()."
)
def joined_orders(run: Run) -> bool:
    return failed(run, "FieldError", "select_related: 'orders'")


@order_counts.mistake("Customers without an order are missing. They belong there too, with 0.")
def without_zero(run: Run) -> bool:
    zero = [row for row in run.expected if row[1] == 0]
    return (
        bool(zero)
        and not any(row in run.rows for row in zero)
        and len(run.rows) < len(run.expected)
    )


@order_counts.mistake(
    "A customer without orders has 1 in your list. The JOIN gives them one row, too: "
    "count the orders, not the rows."
)
def one_for_none(run: Run) -> bool:
    return bool(run.missing) and {n for _, n in run.missing} == {0} == {
        n - 1 for _, n in run.unexpected
    }


@order_counts.mistake(
    "Customers with the same name became one. Count by the customer's pk, then give the name."
)
def namesakes_merged(run: Run) -> bool:
    names = Counter(name for name, _ in run.expected)
    return bool(run.missing) and all(names[name] > 1 for name, _ in run.missing)


@order_counts.mistake(
    "Some of your numbers are too small. Count all orders, whatever their status."
)
def counted_too_few(run: Run) -> bool:
    right = dict(sorted(run.expected))
    return bool(run.unexpected) and all(n < right[name] for name, n in run.unexpected)


@order_counts.mistake(
    "Some of your numbers are too large. A JOIN with one more relation repeats each order: "
    "count the orders alone."
)
def counted_too_many(run: Run) -> bool:
    right = dict(sorted(run.expected))
    return bool(run.unexpected) and all(n > right[name] for name, n in run.unexpected)


@order_counts.mistake(
    "The result is right, but each customer costs a query of its own: this is N+1, in reverse."
)
def count_of_each(run: Run) -> bool:
    return asks_for_each(run)


@order_counts.right
def counts_annotated() -> object:
    return Customer.objects.annotate(n=Count("orders")).values_list("name", "n")


@order_counts.right
def counts_of_prefetched() -> object:
    customers = Customer.objects.prefetch_related("orders")
    return [(customer.name, customer.orders.count()) for customer in customers]


@order_counts.right
def counts_counter() -> object:
    orders = Counter(Order.objects.values_list("customer", flat=True))
    return [(customer.name, orders[customer.pk]) for customer in Customer.objects.all()]


@order_counts.right
def counts_by_hand() -> object:
    return fetched_all("""
        SELECT c.name, COUNT(o.id) FROM shop_customer c
        LEFT JOIN shop_order o ON o.customer_id = c.id GROUP BY c.id, c.name
    """)


@order_counts.wrong(no_order_set)
def counts_order_set() -> object:
    return [(customer.name, customer.order_set.count()) for customer in Customer.objects.all()]


@order_counts.wrong(counts_manager)
def counts_len_of_manager() -> object:
    customers = Customer.objects.prefetch_related("orders")
    return [(customer.name, len(customer.orders)) for customer in customers]


@order_counts.wrong(joined_orders)
def counts_select_related() -> object:
    customers = Customer.objects.select_related("orders")
    return [(customer.name, customer.orders.count()) for customer in customers]


@order_counts.wrong("Asked is a list; your function returned a dictionary.")
def counts_as_dictionary() -> object:
    customers = Customer.objects.prefetch_related("orders")
    return {customer.name: len(customer.orders.all()) for customer in customers}


@order_counts.wrong(without_zero)
def counts_of_buyers() -> object:
    buyers = Customer.objects.filter(orders__isnull=False).distinct().prefetch_related("orders")
    return [(buyer.name, len(buyer.orders.all())) for buyer in buyers]


@order_counts.wrong(without_zero)
def counts_of_orders() -> object:
    names = Order.objects.values_list("customer__name", flat=True)
    return list(Counter(names).items())


@order_counts.wrong(one_for_none)
def counts_of_rows() -> object:
    return fetched_all("""
        SELECT c.name, COUNT(*) FROM shop_customer c
        LEFT JOIN shop_order o ON o.customer_id = c.id GROUP BY c.id, c.name
    """)


@order_counts.wrong(namesakes_merged)
def counts_by_name() -> object:
    orders = Counter(Order.objects.values_list("customer__name", flat=True))
    return [(name, orders[name]) for name in Customer.objects.values_list("name", flat=True)]


@order_counts.wrong(namesakes_merged)
def counts_grouped_by_name() -> object:
    return Customer.objects.values("name").annotate(n=Count("orders")).values_list("name", "n")


@order_counts.wrong(counted_too_few)
def counts_of_kept() -> object:
    kept = Count("orders", filter=~Q(orders__status="cancelled"))
    return Customer.objects.annotate(n=kept).values_list("name", "n")


@order_counts.wrong(count_of_each)
def counts_loop() -> object:
    return [(customer.name, customer.orders.count()) for customer in Customer.objects.all()]


@order_counts.wrong(count_of_each)
def counts_len_loop() -> object:
    return [(customer.name, len(customer.orders.all())) for customer in Customer.objects.all()]


@order_counts.wrong(counted_too_many)
def counts_of_lines() -> object:
    return Customer.objects.annotate(n=Count("orders__lines")).values_list("name", "n")


@order_counts.wrong(count_of_each)
def counts_loop_of_orders() -> object:
    return [(c.name, Order.objects.filter(customer=c).count()) for c in Customer.objects.all()]
