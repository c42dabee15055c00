"""What glass must not do to the program that it watches."""

import gc
import weakref
from unittest import mock

import pytest
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections, models
from django.db.models.expressions import RawSQL
from django.dispatch import Signal
from django.template import Context, Template
from django.test import Client
from django.test.utils import setup_test_environment, teardown_test_environment

from glass import watch
from glass.patch import Patches
from glass.views.tree import DEEPEST

# It takes what stands there, and puts back only its own


class Kettle:
    def boil(self):
        return "hot"


def louder(patch):
    def boil(self):
        return patch.original(self) + ("!" if patch.active else "")

    return boil


def test_a_patch_wraps_a_mock_that_was_there_before():
    patches = Patches()
    with mock.patch.object(Kettle, "boil", lambda self: "mocked"):
        patches.set(Kettle, "boil", louder)
        assert Kettle().boil() == "mocked!"
        patches.undo()
        assert Kettle().boil() == "mocked"
    assert Kettle().boil() == "hot"


def test_a_patch_does_not_remove_a_mock_that_came_later():
    patches, original = Patches(), Kettle.boil
    patches.set(Kettle, "boil", louder)
    later = mock.patch.object(Kettle, "boil", lambda self: "mocked")
    later.start()
    patches.undo()
    assert Kettle().boil() == "mocked"
    later.stop()  # It puts back what it found, which does nothing more.
    assert Kettle().boil() == "hot"
    patches.set(Kettle, "boil", louder)
    assert Kettle().boil() == "hot!"
    patches.undo()
    assert Kettle.boil is original


def test_a_patch_of_an_inherited_method_is_taken_off_again():
    class Small(Kettle):
        pass

    patches = Patches()
    patches.set(Small, "boil", louder)
    assert Small().boil() == "hot!"
    patches.undo()
    assert "boil" not in vars(Small)


def test_a_mocked_client_is_not_bypassed(db):
    answer = mock.Mock(status_code=418, headers={}, wsgi_request=mock.Mock(resolver_match=None))
    with mock.patch.object(Client, "request", lambda self, **kwargs: answer):
        with watch("http", show=False) as seen:
            assert Client().get("/") is answer
        assert seen.requests[0].status == 418
        assert Client().get("/") is answer


def test_djangos_test_environment_may_begin_inside(db):
    teardown_test_environment()  # pytest-django's own.
    try:
        with watch("http", show=False):
            setup_test_environment()
        assert [each.name for each in Client().get("/accounts/login/").templates][:1] != []
    finally:
        teardown_test_environment()
        assert Template("ok").render(Context()) == "ok"
        setup_test_environment(debug=False)
    with watch("http", show=False) as seen:
        Client().get("/accounts/login/")
    assert seen.requests[0].templates


# It calls nothing of the project's, and lets no fault of its own out


def test_an_expression_that_cannot_be_shown(company):
    with watch("sql", show=False) as seen:
        for department in (company.sales, company.support, company.engineering):
            list(department.employees.annotate(y=RawSQL("strftime('%%Y','now')", ())))
            list(department.employees.annotate(y=RawSQL("strftime('%Y','now')", ())).none())
    assert len(seen.queries) == 3
    assert "N+1: Department -> Employee" in seen.text()


def test_a_managers_own_code_is_not_called(company, monkeypatch):
    from company.models import Department, Employee

    calls = []

    class Tenants(models.Manager):
        def get_queryset(self):
            calls.append(1)
            return super().get_queryset()

    manager = Tenants()
    manager.model, manager.name = Employee, "objects"
    monkeypatch.setitem(vars(Employee._meta), "default_manager", manager)
    monkeypatch.delitem(vars(Department.employees), "related_manager_cls", raising=False)
    with watch("sql", show=False) as seen:
        for department in (company.sales, company.support, company.engineering):
            list(department.employees.all())
    del vars(Department.employees)["related_manager_cls"]
    assert len(calls) == 3
    assert "N+1: Department -> Employee asks once for each of 3 objects" in seen.text()


def test_a_search_for_a_cause_that_fails(company, monkeypatch):
    monkeypatch.setattr("glass.repeats.find_cause", mock.Mock(side_effect=KeyError("x")))
    with watch("sql", show=False) as seen:
        for person in (company.ann, company.ben):
            person.refresh_from_db()
    assert "<- the same statement 2 times" in seen.text()


# It keeps nothing alive


def test_a_receiver_that_is_gone_is_not_called_again():
    bell, heard = Signal(), []

    def connect():
        def inner(sender, **kwargs):
            heard.append(1)

        bell.connect(inner)
        bell.send(None)

    with watch("signals", show=False) as seen:
        connect()
        gc.collect()
        assert bell.send(None) == []
    assert heard == [1]
    assert len(seen.signals) == 1


def test_no_instance_lives_on_in_a_trace():
    class Order:
        pass

    def receiver(sender, **kwargs):
        pass

    bell, order = Signal(), Order()
    bell.connect(receiver)
    with watch("signals", show=False) as seen:
        bell.send(order, instance=order, created=True)
    text, gone = seen.text(), weakref.ref(order)
    del order
    gc.collect()
    assert gone() is None
    assert "from Order (created=True)" in text
    assert seen.text() == text


# A cache answers as it does


class ReadThrough(LocMemCache):
    """Loads what is not there, unless another answer is asked for."""

    def get(self, key, default=None, version=None):
        found = super().get(key, default, version)
        return f"loaded {key}" if found is None and default is None else found


class Keeping(BaseCache):
    """Keeps objects as they are."""

    def __init__(self):
        super().__init__({})
        self.kept = {}

    def get(self, key, default=None, version=None):
        return self.kept.get(key, default)

    def set(self, key, value, timeout=None, version=None):
        self.kept[key] = value


def test_a_read_through_cache_loads():
    cache = ReadThrough("read-through", {})
    with watch("cache", show=False) as seen:
        assert cache.get("a") == "loaded a"
        assert cache.get("b", "other") == "other"
        cache.set("c", 1)
        assert cache.get("c") == 1
    assert [call.hit for call in seen.cache if call.kind == "get"] == [True, False, True]


def test_a_cache_that_does_not_pickle_evaluates_nothing(company):
    from company.models import Employee

    cache = Keeping()
    with watch("cache", "sql", show=False) as seen:
        cache.set("all", Employee.objects.all())
    assert seen.queries == []
    assert seen.cache[0].size is None


# A database that nobody uses


def test_a_database_without_its_driver(monkeypatch):
    unusable = {"ENGINE": "no_such_backend", "NAME": "x"}
    monkeypatch.setitem(connections.settings, "unused", unusable)
    with watch("sql", show=False):
        pass


# A program that never comes back


@pytest.mark.parametrize("depth", [DEEPEST // 2 - 1, 192])
def test_sends_inside_sends(depth):
    bell = Signal()

    def again(sender, left, **kwargs):
        if left:
            bell.send(None, left=left - 1)

    bell.connect(again)
    with watch("signals", show=False) as seen:
        bell.send(None, left=depth - 1)
    shown = seen.text()
    assert len(seen.signals) == depth
    hidden = 2 * depth - DEEPEST
    assert ("more inside" in shown) == (hidden > 0)
    if hidden > 0:
        assert shown.splitlines()[-1].strip() == f"... {hidden} more inside"
        assert f"... {hidden} more inside" in seen.html()
