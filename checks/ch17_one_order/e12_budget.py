"""17.12 Step 10: the budget, as a test.

The budget. Six features, and the learner's tests must tell them apart.
"""

from __future__ import annotations

import unittest
from functools import partial
from io import StringIO
from types import ModuleType
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F, Sum
from django.http import HttpRequest, HttpResponse
from django.test import Client, TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from loyalty.models import PointEntry
from shop.models import Customer, Order

from checks.ch17_one_order import ann
from tutor.judge.exercise import Exercise, Run


def total(user: Any) -> int:
    customer = Customer.objects.get(user=user.pk)
    found: int = customer.point_entries.aggregate(sum=Sum("points", default=0))["sum"]
    return found


@login_required
def plain_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"You have {total(request.user)} points.")


@login_required
def kept_page(request: HttpRequest) -> HttpResponse:
    name = f"points.of.{request.user.pk}"
    return HttpResponse(
        f"You have {cache.get_or_set(name, partial(total, request.user), 600)} points."
    )


@login_required
def page_for_all(request: HttpRequest) -> HttpResponse:
    """The mistake: one key for everybody."""
    return HttpResponse(
        f"You have {cache.get_or_set('points', partial(total, request.user), 600)} points."
    )


@login_required
def slow_page(request: HttpRequest) -> HttpResponse:
    """The mistake: a query for each order."""
    orders = Customer.objects.get(user=request.user.pk).orders.all()
    found = sum(each.points for order in orders for each in order.point_entries.all())
    return HttpResponse(f"You have {found} points.")


def give(order: Order, *, forget: bool = True, twice: bool = False) -> None:
    """Give three points. The mistakes: the cache forgets nothing; each call gives three more."""
    made = PointEntry.objects.get_or_create(
        order=order, reason="ordered", defaults={"customer_id": order.customer_id, "points": 3}
    )[1]
    if twice and not made:
        PointEntry.objects.filter(order=order).update(points=F("points") + 3)
    if forget:
        names = ["points", f"points.of.{order.customer.user_id}"]
        transaction.on_commit(partial(cache.delete_many, names))


#: address: the page, how it gives, and what is wrong with it.
FEATURES: dict[str, tuple[Any, Any, str]] = {
    "/points/": (plain_page, give, ""),
    "/points/kept/": (kept_page, give, ""),
    "/points/slow/": (slow_page, give, "the page asks once for each order"),
    "/points/old/": (kept_page, partial(give, forget=False), "the cache is never cleared"),
    "/points/all/": (page_for_all, give, "Ben sees what the cache has kept of Ann"),
    "/points/twice/": (plain_page, partial(give, twice=True), "a second give() gives 3 more"),
}

_urls: Any = ModuleType("points_urls")
_urls.urlpatterns = [path(address[1:], view) for address, (view, _, _) in FEATURES.items()]


budget = Exercise(
    "17.12",
    "Step 10: the budget, as a test",
    minutes=15,
    layers=("http",),
    needs_commit=True,
    hints=[
        (
            "Four promises, so three or four tests: queries, what is new after give(), two users, give() "
            "twice. Log in with self.client.force_login(user), and begin with cache.clear()."
        ),
        (
            "assertNumQueries() says exactly, and a page from the cache needs fewer. Count with "
            "CaptureQueriesContext(connection), and assertLessEqual(len(seen), 4)."
        ),
        (
            "For the cache: visit as ann and as ben, then give(order) in captureOnCommitCallbacks("
            "execute=True), then visit as both again. A second Client() is the second user."
        ),
    ],
)


@budget.cases
def cases() -> object:
    return [(address, how) for address, (_, how, _) in FEATURES.items()]


def result_of(tests: Any) -> unittest.TestResult:
    """Run the tests of a class; they find the pages of the six features."""
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(tests)
    cache.clear()
    with override_settings(ROOT_URLCONF=_urls):
        return unittest.TextTestRunner(stream=StringIO()).run(suite)


@budget.check
def check(run: Run) -> str | None:
    if not isinstance(run.value, type) or not issubclass(run.value, unittest.TestCase):
        return "Asked is the class itself, one that inherits from django.test.TestCase."
    address, _ = run.arguments
    wrong = FEATURES[address][2]
    result = result_of(run.value)
    if not result.testsRun:
        return "There is no test in the class. The names of its methods begin with test_."
    bad = result.failures + result.errors
    if wrong and not bad:
        return f"A bad feature passes your tests: {wrong}."
    if bad and not wrong:
        test, text = bad[0]
        last = text.strip().splitlines()[-1][:200]
        kind = "its sums are kept in the cache" if "kept" in address else "it keeps nothing"
        return f"A good feature ({kind}) fails {str(test).split()[0]}: {last}"
    return None


def says(run: Run, *words: str) -> bool:
    """Whether the tests, run again, fail in these words."""
    found = result_of(run.value)
    text = "".join(each for _, each in found.failures + found.errors)
    return any(word in text for word in words)


@budget.mistake(
    "A good feature that needs fewer queries fails. assertNumQueries() says exactly; ask for "
    "at most 4, with CaptureQueriesContext."
)
def exact(run: Run) -> bool:
    return not FEATURES[run.arguments[0]][2] and says(run, "queries executed", "!= 4", "!= 2")


@budget.mistake(
    "A good feature fails: its cache is cleared after the commit, and in a TestCase there is none. "
    "Put `with self.captureOnCommitCallbacks(execute=True):` around give()."
)
def never_committed(run: Run) -> bool:
    return run.arguments[0] == "/points/kept/" and says(run, "points")


@budget.mistake(
    "The slow page passes. Count the queries of a visit. (self.assertNumQueries(4) without `with` "
    "checks nothing.)"
)
def not_counted(run: Run) -> bool:
    return run.arguments[0] == "/points/slow/"


@budget.mistake(
    "A page whose cache is never cleared passes. Visit it, give, and visit it again: only the "
    "second visit can be old."
)
def one_visit(run: Run) -> bool:
    return run.arguments[0] == "/points/old/"


@budget.mistake(
    "A page that shows Ann's points to Ben passes. It takes two clients: let both visit it, and look "
    "at what each of them sees."
)
def one_client(run: Run) -> bool:
    return run.arguments[0] == "/points/all/"


@budget.mistake("A feature that gives again at each call passes. Call give(order) twice.")
def called_once(run: Run) -> bool:
    return run.arguments[0] == "/points/twice/"


class _Base(TestCase):
    """What the tests below share; nobody runs it."""

    page: str
    give_points: Any

    def setUp(self) -> None:
        cache.clear()
        self.ann, self.ben = Client(), Client()
        self.ann.force_login(User.objects.get(username="ann"))
        self.ben.force_login(User.objects.get(username="ben"))
        self.order = ann().orders.earliest("pk")

    def give(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            type(self).give_points(self.order)

    def queries(self) -> None:
        with CaptureQueriesContext(connection) as seen:
            self.ann.get(self.page)
        self.assertLessEqual(len(seen), 4)

    def visits(self) -> None:
        self.ann.get(self.page)
        self.give()
        self.assertContains(self.ann.get(self.page), "3 points")

    def two(self) -> None:
        self.give()
        self.assertContains(self.ann.get(self.page), "3 points")
        self.assertContains(self.ben.get(self.page), "0 points")

    def again(self) -> None:
        self.give()
        self.give()
        self.assertEqual(PointEntry.objects.get().points, 3)


def _tests(page: str, give: Any, *names: str, **more: Any) -> type:
    """A class with some of the tests of _Base, and with others."""
    methods = {f"test_{name}": getattr(_Base, name) for name in names}
    return type(
        "Tests", (_Base,), {"page": page, "give_points": staticmethod(give)} | methods | more
    )


@budget.right
def four_tests(page: str, give: Any) -> object:
    return _tests(page, give, "queries", "visits", "two", "again")


@budget.right
def one_long_test(page: str, give: Any) -> object:
    def test_story(self: Any) -> None:
        for client in (self.ann, self.ben):
            self.assertContains(client.get(page), "have 0 points")
        for _ in range(2):
            self.give()
            with CaptureQueriesContext(connection) as seen:
                self.assertContains(self.ann.get(page), "have 3 points")
            self.assertTrue(len(seen.captured_queries) < 5)
        self.assertNotContains(self.ben.get(page), "3")

    return _tests(page, give, test_story=test_story)


@budget.wrong(exact)
def exactly_four(page: str, give: Any) -> object:
    def test_exact(self: Any) -> None:
        self.ann.get(page)
        with self.assertNumQueries(4):
            self.ann.get(page)

    return _tests(page, give, "visits", "two", "again", test_exact=test_exact)


@budget.wrong(never_committed)
def without_capture(page: str, give: Any) -> object:
    def test_visits(self: Any) -> None:
        self.ann.get(page)
        give(self.order)
        self.assertContains(self.ann.get(page), "3 points")

    return _tests(page, give, "queries", "two", "again", test_visits=test_visits)


@budget.wrong(not_counted)
def without_with(page: str, give: Any) -> object:
    def test_trap(self: Any) -> None:
        self.assertNumQueries(4)
        self.ann.get(page)

    return _tests(page, give, "visits", "two", "again", test_trap=test_trap)


@budget.wrong(one_visit)
def no_second_visit(page: str, give: Any) -> object:
    return _tests(page, give, "queries", "two", "again")


@budget.wrong(one_client)
def ann_alone(page: str, give: Any) -> object:
    return _tests(page, give, "queries", "visits", "again")


@budget.wrong(called_once)
def once_given(page: str, give: Any) -> object:
    return _tests(page, give, "queries", "visits", "two")


@budget.wrong("There is no test in the class")
def no_names(page: str, give: Any) -> object:
    return _tests(page, give, check_queries=_Base.queries)


@budget.wrong("Asked is the class itself")
def an_instance(page: str, give: Any) -> object:
    return _tests(page, give, "queries")()
