"""17.9 Step 7: the badge, asked for only where it is shown."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Sum
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject
from loyalty.models import PointEntry
from shop.models import Customer

from checks.ch17_one_order import ann, entry
from glass import watch
from tutor.judge.exercise import Exercise, Run


def points_of_both() -> None:
    """Ann has 12 points from two orders, and Ben has 7"""
    PointEntry.objects.all().delete()
    first, second = ann().orders.order_by("pk")[:2]
    entry(first, 10)
    entry(second, 2)
    entry(Customer.objects.get(name="Ben Okafor").orders.earliest("pk"), 7)


def request_of(name: str) -> HttpRequest:
    """As the middleware makes it: the user is fetched when somebody looks."""
    request = RequestFactory().get("/orders/")
    user = User.objects.get(username=name) if name else AnonymousUser()
    request.user = SimpleLazyObject(lambda: user)  # type: ignore[assignment]
    return request


points = Exercise(
    "17.9",
    "Step 7: the badge",
    minutes=8,
    changes=[points_of_both],
    hints=[
        "The value may be a function: a template calls it where it stands, and nowhere else.",
        "An anonymous user has no customer: look at request.user.is_authenticated first.",
        "Three times on a page, one query: keep the sum on the request, or in a SimpleLazyObject.",
    ],
)


@points.cases
def cases() -> object:
    return [(request_of(name),) for name in ("ann", "ben", "admin", "")]


def shown(run: Run, template: str) -> tuple[str, int]:
    """What a template shows, and how many queries it took."""
    with watch("sql", show=False) as seen:
        text = Template(template).render(Context(dict(run.value)))
    return text, len(seen.queries)


@points.check
def check(run: Run) -> str | None:
    user = run.arguments[0].user
    if not isinstance(run.value, dict) or "points" not in run.value:
        return 'Asked is a dictionary with the name "points".'
    if run.queries:
        return f"The call alone took {run.queries} queries, before any template asked."
    rows = PointEntry.objects.filter(customer__user=user.pk) if user.pk else []
    total = sum(each.points for each in rows)
    text, queries = shown(run, "{{ points }} {{ points }} {{ points }}")
    if text != f"{total} {total} {total}":
        return f"{{{{ points }}}}, three times, shows {text!r}; {user or 'nobody'} has {total}."
    if queries > (1 if user.pk else 0):
        return f"A page that shows it three times took {queries} queries."
    return None


@points.mistake("A page that does not show the points must cost nothing: make the value lazy.")
def not_lazy(run: Run) -> bool:
    return run.queries > 0 and isinstance(run.value, dict)


@points.mistake("A context processor returns a dictionary: the names, and what they stand for.")
def no_dictionary(run: Run) -> bool:
    return run.error is None and not isinstance(run.value, dict)


@points.mistake("Nobody is logged in: there are no points, and nobody to ask for.")
def guest(run: Run) -> bool:
    if run.arguments[0].user.is_authenticated:
        return False
    if run.error is not None:
        return True
    return shown(run.again(request_of("")), "{{ points }}") != ("0", 0)


@points.mistake("Who has no entries has 0 points, not None. Sum() takes default=0.")
def none_shown(run: Run) -> bool:
    return "None" in shown(run, "{{ points }}")[0]


@points.mistake("These are the points of all customers. Ask for those of request.user.")
def of_everybody(run: Run) -> bool:
    total = sum(each.points for each in PointEntry.objects.all())
    return shown(run, "{{ points }}")[0] == str(total) and total > 0


@points.mistake(
    "The template asks again each time that it meets the name. Keep the sum after the first time."
)
def not_kept(run: Run) -> bool:
    return shown(run, "{{ points }}{{ points }}")[1] > 1


def _sum(user: Any) -> Any:
    rows = PointEntry.objects.filter(customer__user=user.pk)
    return rows.aggregate(sum=Sum("points", default=0))["sum"]


@points.right
def lazy_object(request: HttpRequest) -> object:
    def count() -> Any:
        return _sum(request.user) if request.user.is_authenticated else 0

    return {"points": SimpleLazyObject(count)}


@points.right
def remembered(request: HttpRequest) -> object:
    from functools import cache

    if not request.user.is_authenticated:
        return {"points": 0}
    return {"points": cache(lambda: _sum(request.user))}


@points.wrong(not_lazy)
def at_each_page(request: HttpRequest) -> object:
    return {"points": _sum(request.user) if request.user.is_authenticated else 0}


@points.wrong(not_kept)
def each_time(request: HttpRequest) -> object:
    return {"points": lambda: _sum(request.user) if request.user.is_authenticated else 0}


@points.wrong(guest)
def for_everybody(request: HttpRequest) -> object:
    return {"points": SimpleLazyObject(lambda: _sum(request.user))}


@points.wrong(none_shown)
def none_for_nothing(request: HttpRequest) -> object:
    def count() -> Any:
        if not request.user.is_authenticated:
            return 0
        rows = PointEntry.objects.filter(customer__user=request.user.pk)
        return rows.aggregate(sum=Sum("points"))["sum"]

    return {"points": SimpleLazyObject(count)}


@points.wrong(of_everybody)
def all_points(request: HttpRequest) -> object:
    def count() -> Any:
        if not request.user.is_authenticated:
            return 0
        return PointEntry.objects.aggregate(sum=Sum("points", default=0))["sum"]

    return {"points": SimpleLazyObject(count)}


@points.wrong(no_dictionary)
def number_alone(request: HttpRequest) -> object:
    return 12
