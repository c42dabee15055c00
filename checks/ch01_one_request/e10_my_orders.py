"""01.10 Only for people who are logged in: people who are not logged in."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.shortcuts import redirect, render
from django.template import Context, RequestContext, Template
from django.urls import NoReverseMatch, reverse
from shop.models import Customer, Order

from checks.common import pages
from tutor.judge.exercise import Exercise, Run


def another_order() -> None:
    """ann has one more order, and so has somebody without a login"""
    for number, who in (("2026-9001", {"user__username": "ann"}), ("2026-9002", {"user": None})):
        Order.objects.create(number=number, customer=Customer.objects.filter(**who)[0])


my_orders = Exercise(
    "01.10",
    "Only for people who are logged in",
    minutes=4,
    queries=3,  # One of them is the badge, where the answer takes the project's frame.
    changes=[another_order],
    hints=[
        "Ask first whether request.user.is_authenticated. It is a value: no () behind it.",
        'reverse("login") is the address of the login page, request.path that of this page.',
        "The redirect is a response like any other: return it, else the view goes on.",
    ],
)


@my_orders.cases
def cases() -> list[tuple[HttpRequest]]:
    ann, ben, ivo = User.objects.filter(username__in=["ann", "ben", "ivo"]).order_by("username")
    return [(pages.request("/my/orders/", user),) for user in (ann, None, ivo, ben)]


@my_orders.check
def check(run: Run) -> str | None:
    request = run.arguments[0]
    if sentence := pages.no_response(run):
        return sentence
    if run.error:
        return None
    status = run.value.status_code
    if not request.user.is_authenticated:
        return _to_the_login(run.value, request.path)
    if status in (301, 302, 303):
        return (
            f"{request.user} is logged in, but your view leads to {run.value.headers['Location']}."
        )
    if status != 200:
        return f"{request.user} is logged in, but the status is {status}."
    numbers = set(
        Order.objects.filter(customer__user=request.user).values_list("number", flat=True)
    )
    found = set(re.findall(r"\b\d{4}-\d{4}\b", pages.read(run.value).text))
    if other := sorted(found - numbers):
        return (
            f"The page of {request.user} shows orders of other people: {other[0]} and "
            f"{len(other) - 1} more. Nobody may see them."
        )
    if numbers and not found:
        return "The page shows no number. It is order.number; leave a space between two of them."
    if missing := sorted(numbers - found):
        return f"{len(missing)} of the {len(numbers)} orders of {request.user} are not in the page."
    return None


def _to_the_login(response: Any, here: str) -> str | None:
    status, login = response.status_code, reverse("login")
    if status == 200:
        return "Nobody is logged in, but your view answers 200. It should lead to the login page."
    if status in (301, 308):
        return (
            f"{status} means: for ever. The browser would never ask for this page again, "
            "not even after the login. Use 302."
        )
    if status not in (302, 303):
        return f"Nobody is logged in, and your view answers {status}. It should lead to the login."
    address = urlsplit(response.headers["Location"])
    if address.path != login:
        return f"Nobody is logged in, and your view leads to {address.path}. The login is {login}."
    then = parse_qs(address.query).get("next")
    if then is None:
        return (
            "The login page does not know where to go on: add ?next= and the address of this page."
        )
    if then[0] not in (here, f"http://testserver{here}"):
        return f"After the login it goes on to {then[0]}, and not back to {here}."
    return None


@my_orders.mistake(
    "is_authenticated is a value, and no longer a method. Old tutorials call it; leave out the ()."
)
def called_value(run: Run) -> bool:
    return "'bool' object is not callable" in str(run.error)


@my_orders.mistake(
    "You refuse people who are not logged in. They may just have to log in: lead them there."
)
def refused(run: Run) -> bool:
    return isinstance(run.error, PermissionDenied) or run.value.status_code in (401, 403)


@my_orders.mistake(
    "When nobody is logged in, request.user is an object all the same, but no row stands behind "
    "it. Ask is_authenticated before you look for orders."
)
def nobody(run: Run) -> bool:
    return run.error is not None and "AnonymousUser" in str(run.error)


@my_orders.mistake(
    "redirect puts next into the pattern of the login page, which has no place for it. "
    "Write it behind the address: ?next=..."
)
def next_as_argument(run: Run) -> bool:
    return isinstance(run.error, NoReverseMatch) and "next" in str(run.error)


@my_orders.mistake("A user need not be a customer. Order.objects.visible_to(user) knows that.")
def no_customer(run: Run) -> bool:
    return isinstance(run.error, ObjectDoesNotExist)


@my_orders.right
def decorated(request: HttpRequest) -> object:
    @login_required
    def view(request: HttpRequest) -> HttpResponse:
        text = "{% for order in orders %}<li>{{ order.number }}{% endfor %}"
        orders = Order.objects.filter(customer__user=request.user.pk)
        return HttpResponse(Template(text).render(Context({"orders": orders})))

    return view(request)


@my_orders.right
def with_the_badge_of_the_project(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    frame = (
        '{% extends "base.html" %}{% block content %}{{ orders.count }} orders'
        "{% for order in orders %}<li>{{ order.number }}{% endfor %}{% endblock %}"
    )
    context = RequestContext(request, {"orders": Order.objects.visible_to(request.user)})
    return HttpResponse(Template(frame).render(context))


@my_orders.right
def quoted(request: HttpRequest) -> object:
    if request.user.is_anonymous:
        return redirect(f"{reverse('login')}?next={quote(request.get_full_path(), safe='')}")
    numbers = Order.objects.visible_to(request.user).values_list("number", flat=True)
    return JsonResponse({"numbers": list(numbers)})


@my_orders.right
def through_the_customer(request: HttpRequest) -> object:
    if isinstance(request.user, AnonymousUser):
        return redirect_to_login(request.path)
    customer = Customer.objects.filter(user=request.user).first()
    orders = customer.orders.all() if customer else []
    return HttpResponse("\n".join(str(order) for order in orders), content_type="text/plain")


@my_orders.right
async def awaited(request: HttpRequest) -> object:
    user = await request.auser()
    if not user.is_authenticated:
        return redirect(reverse("login", query={"next": request.path}))
    return HttpResponse(" ".join([o.number async for o in Order.objects.visible_to(user)]))


def numbers_of(orders: Any) -> HttpResponse:
    return HttpResponse(", ".join(order.number for order in orders))


@my_orders.wrong("Nobody is logged in, but your view answers 200")
def open_to_all(request: HttpRequest) -> object:
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("Nobody is logged in, but your view answers 200")
def an_object_is_true(request: HttpRequest) -> object:
    if not request.user:
        return redirect_to_login(request.path)
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("Nobody is logged in, but your view answers 200")
def made_and_not_returned(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        redirect(f"{reverse('login')}?next={request.path}")
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong(called_value)
def old_tutorial(request: HttpRequest) -> object:
    if not request.user.is_authenticated():  # type: ignore[operator]
        return redirect_to_login(request.path)
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong(refused)
def forbidden(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return HttpResponseForbidden("Log in first")
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong(refused)
def denied(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        raise PermissionDenied
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong(nobody)
def filters_by_nobody(request: HttpRequest) -> object:
    orders = Order.objects.filter(customer__user=request.user)
    return numbers_of(orders) if orders else redirect_to_login(request.path)


@my_orders.wrong("ivo is logged in, but your view leads to /accounts/login/")
def empty_is_nobody(request: HttpRequest) -> object:
    orders = Order.objects.filter(customer__user=request.user.pk or 0)
    return numbers_of(orders) if orders else redirect_to_login(request.path)


@my_orders.wrong(no_customer)
def customer_of_the_user(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    user: Any = request.user
    return numbers_of(user.customer.orders.all())


@my_orders.wrong("The page of ann shows orders of other people: 2024-0001 and 338 more.")
def everybodys(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    return numbers_of(Order.objects.all())


@my_orders.wrong("ann is logged in, but your view leads to /accounts/login/?next=/my/orders/.")
def wrong_way_round(request: HttpRequest) -> object:
    if request.user.is_authenticated:
        return redirect_to_login(request.path)
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong(next_as_argument)
def redirect_with_next(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect("login", next=request.path)
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("The page shows no number. It is order.number")
def keys(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    return HttpResponse(", ".join(str(o.pk) for o in Order.objects.visible_to(request.user)))


@my_orders.wrong("The page of ann shows orders of other people: 2024-0012 and 17 more.")
def another_key(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    return numbers_of(Order.objects.filter(customer_id=request.user.pk))


@my_orders.wrong("queries. 3 are enough.")
def all_and_then_choose(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    return numbers_of(o for o in Order.objects.all() if o.customer.user == request.user)


@my_orders.wrong("The login page does not know where to go on")
def without_next(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect("login")
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("After the login it goes on to /orders/, and not back to /my/orders/.")
def next_by_hand(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect("/accounts/login/?next=/orders/")
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("and your view leads to /login/. The login is /accounts/login/.")
def guessed_address(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect("/login/?next=/my/orders/")
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("301 means: for ever")
def for_ever(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect(f"{reverse('login')}?next={request.path}", permanent=True)
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("Nobody is logged in, but your view answers 200")
def login_page_itself(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return render(request, "registration/login.html")
    return numbers_of(Order.objects.visible_to(request.user))
