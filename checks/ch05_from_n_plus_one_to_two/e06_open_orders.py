"""05.6 What is still open? Only some of the many."""

from __future__ import annotations

from django.db.models import FilteredRelation, Prefetch, Q
from shop.models import Customer, Order

from checks.ch05_from_n_plus_one_to_two import many_customers
from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def new_open_order() -> None:
    """a customer in Norway has two new orders, one of them cancelled"""
    buyer = Customer.objects.filter(country="Norway").earliest("pk")
    rows.order(buyer, status="new")
    rows.order(buyer, status="cancelled")


def paid_order() -> None:
    """a new customer in Norway has paid, and waits"""
    rows.order(rows.customer(), status="paid")


open_orders = Exercise(
    "05.6",
    "What is still open?",
    minutes=5,
    queries=2,
    changes=[new_open_order, paid_order, many_customers],
    hints=[
        "The customers are one query. All their open orders together are the second.",
        "filter() or open() on customer.orders in a loop asks again for each customer.",
        "A Prefetch object takes the queryset of the second query; to_attr names the result.",
    ],
)


@open_orders.cases
def cases() -> object:
    return [("Norway",), ("Ireland",), ("Atlantis",)]


@open_orders.expects
def expected(country: str) -> object:
    found: dict[str, list[str]] = {
        each.email: [] for each in Customer.objects.all() if each.country == country
    }
    emails = dict(Customer.objects.values_list("pk", "email"))
    for each in Order.objects.all():
        if each.status in ("new", "paid") and emails[each.customer_id] in found:
            found[emails[each.customer_id]].append(each.number)
    return found


@open_orders.mistake("The lists are of order objects. Asked are their numbers.")
def objects_not_numbers(run: Run) -> bool:
    return any(isinstance(each, Order) for orders in run.value.values() for each in orders)


@open_orders.mistake("The keys are the e-mail addresses: two customers can have the same name.")
def open_by_name(run: Run) -> bool:
    names = set(Customer.objects.values_list("name", flat=True))
    return bool(run.value) and set(run.value) <= names


@open_orders.mistake("Customers without an open order are missing. They stay, with an empty list.")
def only_waiting(run: Run) -> bool:
    gone = [email for email in run.expected if email not in run.value]
    return bool(gone) and not any(run.expected[email] for email in gone)


@open_orders.mistake("These are all customers. Asked are those of one country.")
def of_all_countries(run: Run) -> bool:
    return set(run.value) > set(run.expected)


@open_orders.mistake(
    "Orders that are paid but not sent are open, too. Order.objects.open() knows which are."
)
def only_new(run: Run) -> bool:
    known = dict(Order.objects.values_list("number", "status"))
    gone = {n for email in run.expected for n in set(run.expected[email]) - set(run.value[email])}
    return bool(gone) and {known[number] for number in gone} == {"paid"}


@open_orders.mistake("There are orders in your lists that are not open: sent, or cancelled.")
def closed_ones(run: Run) -> bool:
    return any(set(run.value[email]) - set(run.expected[email]) for email in run.expected)


@open_orders.mistake(
    "The prefetch was made, and then wasted: a filter asks again for each customer. "
    "Put it into a Prefetch object."
)
def open_asked_again(run: Run) -> bool:
    return run.queries > 3 and any(
        '"customer_id" IN (' in query.sql and "status" in query.sql for query in run.seen.queries
    )


@open_orders.mistake("Each customer's orders cost a query of their own: this is N+1.")
def orders_of_each(run: Run) -> bool:
    return run.queries > 3


@open_orders.mistake(
    "With to_attr the orders stand in a plain list of that name. It has no all(), and you read it "
    "without brackets."
)
def list_has_no_all(run: Run) -> bool:
    return failed(run, "AttributeError", "'list' object") or failed(run, "TypeError", "'list'")


@open_orders.right
def open_in_python(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.all() if o.status in ("new", "paid")]
        for each in Customer.objects.filter(country=country).prefetch_related("orders")
    }


@open_orders.right
def open_by_hand(country: str) -> object:
    found: dict[str, list[str]] = {
        email: []
        for email in Customer.objects.filter(country=country).values_list("email", flat=True)
    }
    waiting = Order.objects.open().filter(customer__country=country).select_related("customer")
    for each in waiting:
        found[each.customer.email].append(each.number)
    return found


@open_orders.right
def open_in_one(country: str) -> object:
    waiting = FilteredRelation("orders", condition=Q(orders__status__in=["new", "paid"]))
    found: dict[str, list[str]] = {}
    rows = Customer.objects.filter(country=country).annotate(waiting=waiting)
    for email, number in rows.values_list("email", "waiting__number"):
        found.setdefault(email, []).extend([number] if number else [])
    return found


@open_orders.right
def open_without_to_attr(country: str) -> object:
    waiting = Prefetch("orders", Order.objects.exclude(status__in=["shipped", "cancelled"]))
    there = Customer.objects.filter(country=country).prefetch_related(waiting)
    return {each.email: {o.number for o in each.orders.all()} for each in there}


@open_orders.wrong(orders_of_each)
def open_slow(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.open()]
        for each in Customer.objects.filter(country=country)
    }


@open_orders.wrong(open_asked_again)
def open_wasted(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.filter(status__in=["new", "paid"])]
        for each in Customer.objects.filter(country=country).prefetch_related("orders")
    }


@open_orders.wrong(only_waiting)
def open_only(country: str) -> object:
    found: dict[str, list[str]] = {}
    for each in Order.objects.open().filter(customer__country=country).select_related("customer"):
        found.setdefault(each.customer.email, []).append(each.number)
    return found


@open_orders.wrong(closed_ones)
def open_all(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.all()]
        for each in Customer.objects.filter(country=country).prefetch_related("orders")
    }


@open_orders.wrong(only_new)
def open_new_only(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.all() if o.status == "new"]
        for each in Customer.objects.filter(country=country).prefetch_related("orders")
    }


@open_orders.wrong(of_all_countries)
def open_everywhere(country: str) -> object:
    return {
        each.email: [o.number for o in each.orders.all() if o.status in ("new", "paid")]
        for each in Customer.objects.prefetch_related("orders")
    }


@open_orders.wrong(objects_not_numbers)
def open_objects(country: str) -> object:
    waiting = Prefetch("orders", Order.objects.open(), to_attr="waiting")
    there = Customer.objects.filter(country=country).prefetch_related(waiting)
    return {each.email: each.waiting for each in there}


@open_orders.wrong(open_by_name)
def open_under_names(country: str) -> object:
    return {
        each.name: [o.number for o in each.orders.all() if o.status in ("new", "paid")]
        for each in Customer.objects.filter(country=country).prefetch_related("orders")
    }


@open_orders.wrong(list_has_no_all)
def open_list_all(country: str) -> object:
    waiting = Prefetch("orders", Order.objects.open(), to_attr="waiting")
    there = Customer.objects.filter(country=country).prefetch_related(waiting)
    return {each.email: [o.number for o in each.waiting.all()] for each in there}
