"""10.10 The customer of the request: middleware that waits."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse, HttpResponseBadRequest
from django.utils.functional import SimpleLazyObject
from shop.models import Customer

from checks.ch10_one_value_everywhere import request_of, user, who
from checks.common import pages
from glass import watch
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run


class Site:
    """Stands for the rest of the site: a view that looks at request.customer so many times."""

    looks = 0

    def __call__(self, request: Any) -> HttpResponse:
        self.response = HttpResponse("A page.")
        self.found = [request.customer.pk if request.customer else None for _ in range(self.looks)]
        return self.response


def sold_to_ivo() -> None:
    """ivo is a customer now"""
    customer = Customer.objects.filter(user=None).earliest("pk")
    Customer.objects.filter(pk=customer.pk).update(user=user("ivo"))


customer_middleware = Exercise(
    "10.10",
    "The customer of the request",
    minutes=6,
    changes=[sold_to_ivo],
    hints=[
        "An inner function gets the request, and calls get_response. Yours returns the inner one.",
        (
            "request.customer must be there before the view runs, but ask the database only when "
            "somebody looks. Django does so with request.user."
        ),
        (
            "SimpleLazyObject(find) calls find() when it is needed, once. find may give None: then "
            "the object is false."
        ),
    ],
)


@customer_middleware.cases
def cases() -> list[tuple[Site]]:
    return [(Site(),)]


@customer_middleware.check
def check(run: Run) -> str | None:
    (site,) = run.arguments
    if run.value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not callable(run.value):
        return (
            "Asked is a function that gets the request; your function returned "
            f"{compare.shown(run.value)}."
        )
    for name in ("ann", "ben", "ivo", None):
        for site.looks in (0, 3):
            request = request_of(name)
            with watch("sql", show=False) as seen:
                try:
                    response = run.value(request)
                except Exception as error:  # noqa: BLE001 The learner is told.
                    run.error = error
                    return None
            if not hasattr(site, "response"):
                return "Your middleware has not called get_response: the view never ran."
            if response is not site.response:
                return (
                    "The response of the view is lost. Your function should return what "
                    "get_response(request) returns."
                )
            if sentence := _customer(name, site, len(seen.queries)):
                run.seen.events += seen.events
                return sentence
    return None


def _customer(name: str | None, site: Site, queries: int) -> str | None:
    customer = Customer.objects.filter(user__username=name or "").first()
    right = [customer.pk if customer else None] * site.looks
    if site.found != right:
        if customer is None:
            return f"For {who(name)}, request.customer should be something false."
        return f"For {name}, request.customer should be {customer}. It is another one, or none."
    if not site.looks and queries:
        return (
            "A view that does not look at request.customer pays for it. Put something on the "
            "request that waits: a SimpleLazyObject."
        )
    if queries > 1:
        return f"A view that looks three times causes {queries} queries. Remember the answer."
    return None


@customer_middleware.mistake(
    "What you keep belongs to one request. Here the next visitor gets the customer of the one "
    "before. Keep it inside the inner function."
)
def customer_of_another(run: Run) -> bool:
    (site,) = run.arguments
    site.looks = 1
    seen = []
    for name in ("ann", "ben"):
        run.value(request_of(name))
        seen += site.found
    return seen[0] is not None and seen[0] == seen[1]


@customer_middleware.mistake(
    "Not every user is a customer, and a visitor is no user: a query with get(), or user.customer, "
    "raises an error there. filter(...).first() gives None."
)
def no_customer(run: Run) -> bool:
    return type(run.error).__name__ in ("DoesNotExist", "RelatedObjectDoesNotExist")


@customer_middleware.mistake(
    "A visitor without a login is an AnonymousUser. It has no row, and no customer: ask "
    "is_authenticated first, or look for its pk."
)
def visitor(run: Run) -> bool:
    return "AnonymousUser" in str(run.error)


@customer_middleware.mistake(
    "request.customer is a function here: a template would call it, Python does not. "
    "SimpleLazyObject(function) behaves as what the function returns."
)
def not_called(run: Run) -> bool:
    return re.search("function|lru_cache.*object has no attribute", str(run.error)) is not None


@customer_middleware.mistake("filter() gives rows, none or many. first() takes one, or gives None.")
def rows_of_a_customer(run: Run) -> bool:
    return "'QuerySet' object has no attribute" in str(run.error)


@customer_middleware.mistake("The view has run already. Set request.customer before get_response.")
def too_late(run: Run) -> bool:
    return "has no attribute 'customer'" in str(run.error)


@customer_middleware.mistake(
    "A visitor's pk is None, and filter(user=None) finds the customers without a login. Ask "
    "is_authenticated first."
)
def customers_of_nobody(run: Run) -> bool:
    (site,) = run.arguments
    site.looks = 1
    run.value(pages.request("/"))
    return Customer.objects.filter(pk=site.found[0], user=None).exists()


def find(request: Any) -> Customer | None:
    return Customer.objects.filter(user=request.user.pk).first() if request.user.pk else None


def waiting(get_response: Any, find: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Middleware whose request.customer is found when somebody looks."""

    def middleware(request: Any) -> Any:
        request.customer = SimpleLazyObject(partial(find, request))
        return get_response(request)

    return middleware


@customer_middleware.right
def by_the_relation(get_response: Any) -> object:
    return waiting(get_response, lambda request: getattr(request.user, "customer", None))


@customer_middleware.right
def by_the_key(get_response: Any) -> object:
    return waiting(get_response, find)


@customer_middleware.wrong("A view that does not look at request.customer pays for it.")
def at_the_door(get_response: Any) -> object:
    def middleware(request: Any) -> Any:
        request.customer = find(request)
        return get_response(request)

    return middleware


@customer_middleware.wrong(not_called)
def a_plain_function(get_response: Any) -> object:
    def middleware(request: Any) -> Any:
        request.customer = lambda: find(request)
        return get_response(request)

    return middleware


@customer_middleware.wrong(no_customer)
def by_get(get_response: Any) -> object:
    return waiting(get_response, lambda request: Customer.objects.get(user=request.user.pk))


@customer_middleware.wrong(visitor)
def by_the_user(get_response: Any) -> object:
    return waiting(get_response, lambda request: Customer.objects.filter(user=request.user).first())


@customer_middleware.wrong(customers_of_nobody)
def by_key_alone(get_response: Any) -> object:
    return waiting(
        get_response, lambda request: Customer.objects.filter(user=request.user.pk).first()
    )


@customer_middleware.wrong(rows_of_a_customer)
def all_of_them(get_response: Any) -> object:
    return waiting(get_response, lambda request: Customer.objects.filter(user=request.user.pk))


@customer_middleware.wrong(too_late)
def after_the_view(get_response: Any) -> object:
    def middleware(request: Any) -> Any:
        response = get_response(request)
        request.customer = SimpleLazyObject(lambda: find(request))
        return response

    return middleware


@customer_middleware.wrong(customer_of_another)
def kept_outside_the_function(get_response: Any) -> object:
    kept: list[Any] = []

    def look(request: Any) -> Any:
        if not kept:
            kept.append(find(request))
        return kept[0]

    return waiting(get_response, look)


@customer_middleware.wrong("The response of the view is lost.")
def response_lost(get_response: Any) -> object:
    inner = waiting(get_response, find)
    return lambda request: print(inner(request))


@customer_middleware.wrong("Your middleware has not called get_response")
def view_never_called(get_response: Any) -> object:
    return waiting(lambda request: HttpResponse(), find)


@customer_middleware.wrong("Asked is a function that gets the request")
def no_inner_function(get_response: Any) -> object:
    return HttpResponseBadRequest()
