"""04.7 The order sheet: a relation that may be empty, and two relations in one query."""

from __future__ import annotations

from collections import Counter

from company.models import Employee
from django.db.models import F
from shop.models import Customer, Order

from checks.common import rows
from checks.common.runs import failed, fetched_all, is_right
from tutor.judge.exercise import Exercise, Run


def order_without_seller() -> None:
    """an order came in without a seller, from a customer with an apostrophe in the name"""
    rows.order(rows.customer("Siobhán O'Dwyer"))


def seller_left() -> None:
    """a seller was deleted; the orders stay, without a seller"""
    Employee.objects.filter(pk__in=Order.objects.values("seller")).earliest("pk").delete()


order_sheet = Exercise(
    "04.7",
    "The order sheet",
    minutes=5,
    queries=1,
    changes=[order_without_seller, seller_left],
    hints=[
        "An order leads forward twice: to its customer, and to its seller.",
        "select_related() takes more than one name.",
        "order.seller is None for an order without a seller. Ask for that before its name.",
    ],
)


@order_sheet.expects
def expected() -> object:
    buyers = dict(Customer.objects.values_list("pk", "name"))
    sellers = dict(Employee.objects.values_list("pk", "name"))
    return [
        (o.number, buyers[o.customer_id], sellers.get(o.seller_id)) for o in Order.objects.all()
    ]


@order_sheet.mistake(
    "order.seller is None for some orders, and None has no name. Ask for it first."
)
def none_has_no_seller_name(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@order_sheet.mistake(
    "select_related() takes relations, not fields: write only the names of the foreign keys."
)
def related_field(run: Run) -> bool:
    return failed(run, "FieldError", "Non-relational")


@order_sheet.mistake(
    "The orders without a seller are missing. They are orders, too: their seller name is None."
)
def only_sold(run: Run) -> bool:
    fewer = len(run.rows) < len(run.expected)
    return fewer and all(seller is None for *_, seller in run.missing)


@order_sheet.mistake(
    "Your rows have a number or an object where the name of a person should stand."
)
def number_of_person(run: Run) -> bool:
    people = [person for _, *people in run.rows for person in people]
    return not all(person is None or isinstance(person, str) for person in people)


@order_sheet.mistake("First the customer, then the seller: in your rows they stand the other way.")
def seller_first(run: Run) -> bool:
    return Counter((n, buyer, by) for n, by, buyer in run.rows) == Counter(run.expected)


@order_sheet.mistake(
    "The first value is the pk. Asked is the number of the order, its field number."
)
def pk_of_order(run: Run) -> bool:
    return all(isinstance(number, int) for number, *_ in run.rows)


@order_sheet.mistake(
    "Without a seller the third value should be None itself: not empty text, not the word."
)
def text_for_none(run: Run) -> bool:
    text = {seller for *_, seller in run.unexpected}
    return len(text) == 1 and all(seller is None for *_, seller in run.missing)


@order_sheet.mistake(
    "One of the two relations still costs a query for each order: the seller. "
    "Name both in select_related()."
)
def seller_of_each(run: Run) -> bool:
    return is_right(run) and run.n_plus_1 == {"Order.seller"}


@order_sheet.mistake(
    "One of the two relations still costs a query for each order: the customer. "
    "Name both in select_related()."
)
def customer_of_order(run: Run) -> bool:
    return is_right(run) and run.n_plus_1 == {"Order.customer"}


@order_sheet.mistake(
    "The customer and the seller of each order cost a query of their own: this is N+1, twice."
)
def both_of_each(run: Run) -> bool:
    return is_right(run) and {"Order.customer", "Order.seller"} <= run.n_plus_1


@order_sheet.mistake(
    "The result is right. prefetch_related() asks once more for each relation. "
    "To one object, a JOIN is enough: select_related()."
)
def prefetched_forward(run: Run) -> bool:
    return is_right(run) and run.queries <= 3


@order_sheet.right
def sheet_values() -> object:
    return Order.objects.values_list("number", "customer__name", "seller__name")


@order_sheet.right
def sheet_annotated() -> object:
    orders = Order.objects.annotate(buyer=F("customer__name"), by=F("seller__name"))
    return [(order.number, order.buyer, order.by) for order in orders]


@order_sheet.right
def sheet_by_hand() -> object:
    return fetched_all("""
        SELECT o.number, c.name, s.name FROM shop_order o
        JOIN shop_customer c ON c.id = o.customer_id
        LEFT JOIN company_employee s ON s.id = o.seller_id
    """)


@order_sheet.right
def sheet_generated() -> object:
    for sold in Order.objects.select_related("customer", "seller"):
        yield [sold.number, sold.customer.name, getattr(sold.seller, "name", None)]


@order_sheet.wrong(none_has_no_seller_name)
def sheet_name_of_none() -> object:
    orders = Order.objects.select_related("customer", "seller")
    return [(o.number, o.customer.name, o.seller.name) for o in orders]


@order_sheet.wrong(related_field)
def sheet_related_field() -> object:
    return list(Order.objects.select_related("customer__name", "seller__name"))


@order_sheet.wrong(only_sold)
def sheet_sold_only() -> object:
    orders = Order.objects.filter(seller__isnull=False)
    return orders.values_list("number", "customer__name", "seller__name")


@order_sheet.wrong(only_sold)
def sheet_inner_join() -> object:
    return fetched_all("""
        SELECT o.number, c.name, s.name FROM shop_order o
        JOIN shop_customer c ON c.id = o.customer_id
        JOIN company_employee s ON s.id = o.seller_id
    """)


@order_sheet.wrong(number_of_person)
def sheet_numbers() -> object:
    return Order.objects.values_list("number", "customer__name", "seller")


@order_sheet.wrong(text_for_none)
def sheet_empty_text() -> object:
    orders = Order.objects.select_related("customer", "seller")
    return [(o.number, o.customer.name, o.seller.name if o.seller else "") for o in orders]


@order_sheet.wrong(text_for_none)
def sheet_word_none() -> object:
    orders = Order.objects.select_related("customer", "seller")
    return [(o.number, o.customer.name, str(o.seller)) for o in orders]


@order_sheet.wrong(seller_of_each)
def sheet_only_customer() -> object:
    orders = Order.objects.select_related("customer")
    return [(o.number, o.customer.name, o.seller and o.seller.name) for o in orders]


@order_sheet.wrong(customer_of_order)
def sheet_only_seller() -> object:
    orders = Order.objects.select_related("seller")
    return [(o.number, o.customer.name, o.seller and o.seller.name) for o in orders]


@order_sheet.wrong(both_of_each)
def sheet_loop() -> object:
    orders = Order.objects.all()
    return [(o.number, o.customer.name, o.seller and o.seller.name) for o in orders]


@order_sheet.wrong(prefetched_forward)
def sheet_prefetched() -> object:
    orders = Order.objects.prefetch_related("customer", "seller")
    return [(o.number, o.customer.name, o.seller and o.seller.name) for o in orders]


@order_sheet.wrong(number_of_person)
def sheet_objects() -> object:
    orders = Order.objects.select_related("customer", "seller")
    return [(o.number, o.customer, o.seller) for o in orders]


@order_sheet.wrong(seller_first)
def sheet_seller_first() -> object:
    return Order.objects.values_list("number", "seller__name", "customer__name")


@order_sheet.wrong(pk_of_order)
def sheet_pk() -> object:
    return Order.objects.values_list("pk", "customer__name", "seller__name")
