"""11.10 Tests that do not know each other: the cache is emptied before each."""

from __future__ import annotations

import unittest
from io import StringIO
from typing import Any

from django.core.cache import cache, caches
from django.test import SimpleTestCase, TestCase, override_settings

from checks.ch11_caching_the_tools import LAYERS
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

clean = Exercise(
    "11.10",
    "Tests that do not know each other",
    minutes=4,
    layers=LAYERS,
    hints=[
        "Which method of a TestCase runs before each of its tests?",
        "setUp() runs before each test, setUpClass() once for all of them.",
        "In setUp(), empty the cache. Return the class itself, without ().",
    ],
)


def tested(base: Any, *names: str) -> tuple[list[Any], unittest.TestResult]:
    """Run two tests of a class that inherits; return what they found, and how it went."""
    found: list[Any] = []

    def one(self: Any) -> None:
        found.append(cache.get("stars", "nothing"))
        cache.set("stars", 5, 60)
        found.append(cache.get("stars"))

    case = type("Colleague", (base,), {"test_a": one, "test_b": one})
    suite = unittest.TestSuite([case(name) for name in names])
    return found, unittest.TextTestRunner(stream=StringIO()).run(suite)


@clean.check
def check(run: Run) -> str | None:
    base = run.value
    if isinstance(base, SimpleTestCase):
        return "You returned an object. Return the class itself: its name, without ()."
    if not isinstance(base, type):
        return f"Asked is a class. Yours: {compare.shown(base)}."
    if not issubclass(base, SimpleTestCase):
        return "The class is not based on Django's TestCase: class ...(TestCase)."
    for order in (("test_a", "test_b"), ("test_b", "test_a")):
        cache.set("stars", "from before", 60)
        found, result = tested(base, *order)
        for _, text in [*result.errors, *result.failures]:
            return f"A test with your class failed: {text.strip().splitlines()[-1]}."
        if found[0] != "nothing":
            return (
                "The first test found in the cache what was there before. Empty it before each "
                "test, not only after it."
            )
        if found[1] != 5 or found[3] != 5:
            return (
                "A test kept a value, and did not find it: the cache does not work there. Tests "
                "of caching need a cache that keeps."
            )
        if found[2] != "nothing":
            return (
                "The second test found in the cache what the first one had left. setUp() runs "
                "before each test; setUpClass() runs once."
            )
    return None


@clean.right
def a_store_of_its_own() -> object:
    locmem = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

    @override_settings(CACHES=locmem)
    class Own(TestCase):
        def setUp(self) -> None:
            for backend in caches.all():
                backend.clear()

    return Own


@clean.right
def cleaned_up_too() -> object:
    class Both(TestCase):
        def setUp(self) -> None:
            super().setUp()
            cache.clear()
            self.addCleanup(cache.clear)

    return Both


@clean.wrong("found in the cache what the first one had left")
def once_for_all() -> object:
    class Once(TestCase):
        @classmethod
        def setUpClass(cls) -> None:
            super().setUpClass()
            cache.clear()

    return Once


@clean.wrong("Empty it before each test, not only after it")
def afterwards() -> object:
    class After(TestCase):
        def tearDown(self) -> None:
            cache.clear()

    return After


@clean.wrong("Tests of caching need a cache that keeps")
def with_dummy() -> object:
    dummy = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    @override_settings(CACHES=dummy)
    class Dummy(TestCase):
        pass

    return Dummy


@clean.wrong("found in the cache what was there before")
def nothing_done() -> object:
    class Plain(TestCase):
        pass

    return Plain


@clean.wrong("The class is not based on Django's TestCase")
def no_base() -> object:
    class Plain:
        def setUp(self) -> None:
            cache.clear()

    return Plain


@clean.wrong("Return the class itself")
def object_returned() -> object:
    class Cleared(TestCase):
        def setUp(self) -> None:
            cache.clear()

    return Cleared()
