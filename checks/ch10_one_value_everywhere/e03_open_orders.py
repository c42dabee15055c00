"""10.3 The open orders in the header: a processor that waits, and remembers."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from django.http import HttpRequest
from django.template import Context, RequestContext, Template
from django.utils.functional import SimpleLazyObject
from shop.models import Customer, Order

from checks.ch10_one_value_everywhere import request_of, user, who
from glass import watch
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

LOOKS = {
    "does not use it": "Hello!",
    "shows it": "[{{ open_orders }}]",
    "names it three times": (
        "{% if open_orders %}[{{ open_orders }}] order{{ open_orders|pluralize }}{% endif %}"
    ),
}


def order_of_ann() -> None:
    """ann has a new order"""
    Order.objects.create(number="2026-9001", customer=Customer.objects.get(user__username="ann"))


open_orders = Exercise(
    "10.3",
    "The open orders in the header",
    minutes=6,
    changes=[order_of_ann],
    hints=[
        "A function inside of yours gets the request, and returns a dictionary. Yours returns it.",
        (
            "The value may be a function without arguments, the count of a queryset for example. "
            "The template calls it where it needs it, but each time again."
        ),
        (
            "functools.cache(function) is a function that remembers its answer. Make it inside the "
            "processor: each request needs one of its own."
        ),
    ],
)


@open_orders.check
def check(run: Run) -> str | None:
    processor = run.value
    if processor is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not callable(processor):
        return (
            "Asked is a context processor, which is a function. Yours returned "
            f"{compare.shown(processor)}."
        )
    before = Order.objects.open().count()
    for name in ("admin", "emil", "dara", "ann", None):
        number = Order.objects.visible_to(user(name)).open().count()
        for look, text in LOOKS.items():
            request = request_of(name)
            with watch("sql", show=False) as seen:
                try:
                    added = processor(request)
                    if not isinstance(added, dict):
                        return (
                            "A processor returns a dictionary. Yours returned "
                            f"{compare.shown(added)}."
                        )
                    if "open_orders" not in added:
                        return f"For {who(name)}, the dictionary has no name open_orders."
                    context = RequestContext(request, {}, processors=[lambda _, a=added: a])  # type: ignore[misc]
                    shown = Template(text).render(context)
                except Exception as error:  # noqa: BLE001 The learner is told.
                    run.error = error
                    return None
            if sentence := _looked(who(name), look, shown, number, len(seen.queries)):
                run.seen.events += seen.events
                return sentence
    Order.objects.create(number="2026-9002", customer=Customer.objects.earliest("pk"))
    later = processor(request_of("admin"))
    if Template(LOOKS["shows it"]).render(Context(later)) == f"[{before}]":
        return "Another order came in, and the next request still shows the old number."
    return None


def _looked(name: str, look: str, shown: str, number: int, queries: int) -> str | None:
    if look == "does not use it":
        if queries:
            return (
                "A page that does not use the name pays for it: your processor asks the database "
                "at once. Put something into the dictionary that waits: a function."
            )
        return None
    right = f"[{number}]"
    if look != "shows it":
        right = f"{right} order{'' if number == 1 else 's'}" if number else ""
        if number > 1 and shown == f"[{number}] order":
            return (
                "{{ open_orders|pluralize }} prints nothing, and says so to nobody: it wants a "
                "number, and your value is none. A SimpleLazyObject is not; a function that "
                "returns a number is fine."
            )
    if shown != right:
        text = LOOKS[look]
        return f"For {name}, {text} should print {right!r}. It prints {compare.shown(shown)}."
    if queries > 1:
        return (
            f"A page that {look} makes {queries} queries: each time, your value asks again. "
            "It should remember its answer."
        )
    return None


@open_orders.mistake(
    "What you keep is kept for the next request too, and that may be another user's. Keep it "
    "inside the processor, or on the request."
)
def kept_for_everybody(run: Run) -> bool:
    fresh, shown = run.again().value, Template("{{ open_orders }}")
    visitors = [request_of(name) for name in ("emil", "admin")]
    emil, admin = (shown.render(Context(fresh(request))) for request in visitors)
    return emil == admin == str(Order.objects.visible_to(user("emil")).open().count())


@open_orders.right
def kept_on_the_request() -> object:
    def processor(request: Any) -> dict[str, Any]:
        def count() -> int:
            if not hasattr(request, "open_orders"):
                request.open_orders = Order.objects.visible_to(request.user).open().count()
            return request.open_orders

        return {"open_orders": count, "company": "Northlight Gardens"}

    return processor


@open_orders.right
def by_the_rows() -> object:
    def processor(request: HttpRequest) -> dict[str, Any]:
        orders = Order.objects.visible_to(request.user).open()
        return {"open_orders": lambda: len(orders)}

    return processor


@open_orders.wrong("A page that does not use the name pays for it")
def eager() -> object:
    def processor(request: HttpRequest) -> dict[str, Any]:
        return {"open_orders": Order.objects.visible_to(request.user).open().count()}

    return processor


@open_orders.wrong("A page that names it three times makes 3 queries")
def called_each_time() -> object:
    def processor(request: HttpRequest) -> dict[str, Any]:
        return {"open_orders": Order.objects.visible_to(request.user).open().count}

    return processor


@open_orders.wrong("{{ open_orders|pluralize }} prints nothing, and says so to nobody")
def lazy_object() -> object:
    def processor(request: HttpRequest) -> dict[str, Any]:
        orders = Order.objects.visible_to(request.user).open()
        return {"open_orders": SimpleLazyObject(orders.count)}

    return processor


@open_orders.wrong(kept_for_everybody)
def kept_outside() -> object:
    kept: dict[str, int] = {}

    def processor(request: HttpRequest) -> dict[str, Any]:
        def count() -> int:
            if "number" not in kept:
                kept["number"] = Order.objects.visible_to(request.user).open().count()
            return kept["number"]

        return {"open_orders": count}

    return processor


@open_orders.wrong("the next request still shows the old number.")
def kept_for_each_user() -> object:
    @cache
    def count(visitor: Any) -> int:
        return Order.objects.visible_to(visitor).open().count()

    return lambda request: {"open_orders": partial(count, request.user)}


@open_orders.wrong("For admin, [{{ open_orders }}] should print '[12]'. It prints '[400]'.")
def all_orders() -> object:
    return lambda request: {"open_orders": cache(Order.objects.visible_to(request.user).count)}


@open_orders.wrong("For emil, [{{ open_orders }}] should print '[2]'. It prints '[12]'.")
def of_everybody() -> object:
    return lambda request: {"open_orders": cache(Order.objects.open().count)}


@open_orders.wrong("For admin, the dictionary has no name open_orders.")
def another_name() -> object:
    return lambda request: {"orders": cache(Order.objects.visible_to(request.user).open().count)}


@open_orders.wrong("A processor returns a dictionary. Yours returned 12.")
def only_the_number() -> object:
    return lambda request: Order.objects.visible_to(request.user).open().count()


@open_orders.wrong("Asked is a context processor, which is a function.")
def only_the_dictionary() -> object:
    return {"open_orders": Order.objects.open().count}
