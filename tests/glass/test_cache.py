"""What glass sees of caches, and that it changes nothing about them."""

import asyncio
import pickle
import threading

import pytest
from company.models import Department
from django.core.cache import cache, caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.http import HttpResponse
from django.template import Context, Template
from django.test import RequestFactory
from django.views.decorators.cache import cache_page

from glass import cache_contents, layer, watch
from glass.layers.cache.event import ALIASES, CacheCall
from glass.layers.sql import Query

BACKENDS = "django.core.cache.backends"
KINDS = ["default", "redis", "database", "file"]


@pytest.fixture(autouse=True)
def _own_caches(settings, tmp_path):
    file = {"BACKEND": f"{BACKENDS}.filebased.FileBasedCache", "LOCATION": tmp_path / "cache"}
    prefixed = {"BACKEND": f"{BACKENDS}.locmem.LocMemCache", "KEY_PREFIX": "shop", "VERSION": 3}
    settings.CACHES = settings.CACHES | {"file": file, "prefixed": prefixed}
    for alias in ("default", "redis", "prefixed"):
        caches[alias].clear()


def seen_calls(function, *layers):
    with watch(*(layers or ("cache",)), show=False) as seen:
        function()
    return seen.cache


def told(seen):
    """The lines of the text, without their place."""
    lines = [line for line in seen.text().splitlines()[1:] if line]
    return [line.strip() if "<-" in line else line.partition(": ")[2] for line in lines]


@pytest.mark.parametrize("alias", KINDS)
def test_hit_miss_and_a_cached_none(alias, db):
    backend = caches[alias]
    fallback = object()
    with watch("cache", show=False) as seen:
        assert backend.get("nothing", fallback) is fallback
        assert backend.get(key="nothing", default=5) == 5
        backend.set("none", None)
        assert backend.get("none", fallback) is None
        assert backend.get("none", version=2) is None
    assert [(call.operation, call.hit) for call in seen.cache] == [
        ("get", False),
        ("get", False),
        ("set", None),
        ("get", True),
        ("get", False),
    ]
    assert {call.alias for call in seen.cache} == {alias}
    assert seen.cache[-1].stored_keys[0].endswith(":2:none")


@pytest.mark.parametrize("alias", KINDS)
def test_operations_of_many_keys_are_one_call_each(alias, db):
    backend = caches[alias]
    with watch("cache", show=False) as seen:
        assert backend.set_many({"a": 1, "b": 2}, timeout=60) == []
        assert backend.get_many(key for key in "abc") == {"a": 1, "b": 2}
        backend.delete_many(["a", "c"])
        assert backend.incr_version("b") == 2
    assert [(call.operation, call.keys, call.hits, call.misses) for call in seen.cache] == [
        ("set_many", ("a", "b"), 0, 0),
        ("get_many", ("a", "b", "c"), 2, 1),
        ("delete_many", ("a", "c"), 0, 0),
        ("incr_version", ("b",), 0, 0),
    ]
    assert seen.cache[0].timeout == 60


@pytest.mark.parametrize("alias", KINDS)
def test_get_or_set_holds_the_queries_of_its_function(alias, company):
    def names():
        return list(Department.objects.values_list("name", flat=True))

    with watch("sql", "cache", show=False) as seen:
        first = caches[alias].get_or_set("names", names, 60)
        assert caches[alias].get_or_set("names", names, 60) == first
    miss, hit = seen.cache
    assert (miss.hit, miss.timeout, miss.size) == (False, 60, len(pickle.dumps(first, 5)))
    assert (hit.hit, hit.size) == (True, None)
    (query,) = (query for query in seen.queries if "company_department" in query.sql)
    assert query.parent is miss


def test_what_the_function_asks_the_cache_for_is_no_part_of_get_or_set():
    def total():
        return cache.get("rate", 2) * 21

    with watch("cache", show=False) as seen:
        assert cache.get_or_set("total", total) == 42
        assert cache.get_or_set("plain", 5) == 5
    outer, inner, plain = seen.cache
    assert (inner.key, inner.parent, inner.hit) == ("rate", outer, False)
    assert (plain.hit, plain.parent) == (False, None)


def test_an_error_in_the_function_ends_the_call():
    def fails():
        raise LookupError("no rate")

    with watch("cache", show=False) as seen:
        with pytest.raises(LookupError):
            cache.get_or_set("rate", fails)
        with pytest.raises(ValueError, match="not found"):
            cache.incr("missing")
        with pytest.raises(TypeError):
            cache.get_many(5)
        with pytest.raises(TypeError):
            cache.get()
        cache.get("after")
    assert [call.error and call.error.partition(":")[0] for call in seen.cache] == [
        "LookupError",
        "ValueError",
        "TypeError",
        None,
    ]
    assert {call.parent for call in seen.cache} == {None}


def test_answers_that_are_no_values():
    calls = seen_calls(
        lambda: (
            cache.add("a", 1),
            cache.add("a", 2),
            cache.incr("a", 4),
            cache.touch("a", 7),
            cache.touch("b"),
            "a" in cache,
            cache.delete("a"),
            cache.delete("a"),
            cache.clear(),
        )
    )
    assert [(call.operation, call.returned) for call in calls] == [
        ("add", True),
        ("add", False),
        ("incr", 5),
        ("touch", True),
        ("touch", False),
        ("has_key", True),
        ("delete", True),
        ("delete", False),
        ("clear", None),
    ]
    assert [call.size is None for call in calls[:2]] == [False, True]
    assert calls[5].hit


def test_the_async_calls():
    async def cell():
        await cache.aset("a", None, 30)
        assert await cache.aget("a", 1) is None
        assert await cache.aget_many(["a", "b"]) == {"a": None}
        assert await cache.aget_or_set("c", lambda: cache.get("d", 4)) == 4
        await cache.aincr_version("c")

    calls = seen_calls(lambda: asyncio.run(cell()))
    assert [(call.operation, call.kind, call.hits, call.misses) for call in calls] == [
        ("aset", "set", 0, 0),
        ("aget", "get", 1, 0),
        ("aget_many", "get_many", 1, 1),
        ("aget_or_set", "get_or_set", 0, 1),
        ("get", "get", 0, 1),
        ("aincr_version", "incr_version", 0, 0),
    ]
    assert calls[4].parent is calls[3]


def test_concurrent_tasks_are_told_apart():
    async def job(name):
        async def slow():
            await asyncio.sleep(0.01)

        await slow()
        return await cache.aget_or_set(name, lambda: cache.get(f"in_{name}", name))

    async def cell():
        return await asyncio.gather(job("x"), job("y"))

    calls = seen_calls(lambda: asyncio.run(cell()))
    assert {(call.key, call.parent and call.parent.key) for call in calls} == {
        ("x", None),
        ("y", None),
        ("in_x", "x"),
        ("in_y", "y"),
    }


def test_a_thread_has_caches_of_its_own():
    def work():
        caches["prefixed"].get("a")

    thread = threading.Thread(target=work)
    with watch("cache", show=False) as seen:
        thread.start()
        thread.join()
    (call,) = seen.cache
    assert (call.alias, call.stored_keys) == ("prefixed", ("shop:3:a",))


def test_classes_of_ones_own_and_caches_made_by_hand():
    class Loud(LocMemCache):
        def get(self, key, default=None, version=None):
            return super().get(key.upper(), default, version)

        def set(self, name, value, timeout=None, version=None):
            super().set(name.upper(), value, timeout, version)

    loud = Loud("loud", {})
    with watch("cache", show=False) as seen:
        loud.set("a", 1)
        assert loud.get("a") == 1
    assert [(call.alias, call.operation, call.key) for call in seen.cache] == [
        ("Loud", "set", "a"),
        ("Loud", "get", "a"),
    ]


def test_a_cache_that_is_configured_meanwhile(settings):
    with watch("cache", show=False) as seen:
        other = {"BACKEND": f"{BACKENDS}.locmem.LocMemCache", "LOCATION": "other"}
        settings.CACHES = {"default": other}
        cache.set("a", 1)
    assert [call.alias for call in seen.cache] == ["default"]


def test_a_queryset_is_read_when_it_is_stored(company):
    with watch("sql", "cache", show=False) as seen:
        cache.set("all", Department.objects.all())
    assert [type(event) for event in seen.events] == [CacheCall, Query]
    assert seen.queries[0].parent is seen.cache[0]


def test_the_size_is_that_of_what_is_stored():
    rows = ["one"]
    with watch("cache", show=False) as seen:
        cache.set("rows", rows)
        rows += ["two"] * 1000
        caches["redis"].set("number", 12345)
        caches["dummy"].set("nothing", rows)
    assert [call.size for call in seen.cache] == [len(pickle.dumps(["one"], 5)), 5, None]


def test_fragments_pages_and_sessions_pass_there(db, settings, client):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    session = client.session
    with watch("cache", show=False) as seen:
        fragment = Template("{% load cache %}{% cache 60 side user %}{{ user }}{% endcache %}")
        for _ in range(2):
            fragment.render(Context({"user": "ann"}))
        view = cache_page(60)(lambda request: HttpResponse("page"))
        for _ in range(2):
            view(RequestFactory().get("/page/"))
        session["cart"] = [1]
        session.save()
    keys = [str(call.key) for call in seen.cache]
    assert [key.rpartition(".")[0] for key in keys[:3]] == ["template.cache.side"] * 3
    assert [call.hit for call in seen.cache[:3]] == [False, None, True]
    assert sum("cache_page" in key for key in keys) >= 2
    assert any(key.startswith("django.contrib.sessions.cache") for key in keys)
    text = seen.text()
    assert "cache get 'template.cache.side.<hash>'" in text
    assert "'views.decorators.cache.cache_page..GET.<hash>.<hash>.en" in text
    assert "'django.contrib.sessions.cache<random>'" in text
    assert session.session_key not in text


def test_a_database_cache_is_seen_with_its_queries(db):
    def cell():
        caches["database"].set("a", 1)
        caches["database"].get("a")

    with watch("sql", "cache", show=False) as seen:
        cell()
    assert len(seen.cache) == 2
    assert len(seen.queries) == 4
    text = seen.text()
    assert "INSERT INTO" in text
    # Neither a pickle nor the moment when it expires.
    assert "    with " not in text


def test_it_leaves_without_a_trace():
    classes = [BaseCache, LocMemCache, type(caches["redis"])]
    before = [dict(vars(cls)) for cls in classes]
    handler = dict(vars(type(caches)))
    with watch("cache", show=False):
        assert LocMemCache.get is not before[1]["get"]
        with watch("cache", show=False):
            pass
        assert layer.find("cache").installed
    assert [dict(vars(cls)) for cls in classes] == before
    assert dict(vars(type(caches))) == handler
    assert not layer.find("cache").installed
    assert not ALIASES


def test_without_a_listener_it_is_out_of_the_way():
    with watch("cache", show=False) as seen, watch("sql", show=False):
        from glass import trace

        listening = dict(trace.active_traces)
        trace.active_traces.clear()
        cache.set("a", 1)
        assert cache.get("a", 2) == 1
        trace.active_traces.update(listening)
    assert seen.cache == []


def test_the_text():
    def cell():
        cache.set("price_list", [1] * 500, 3600)
        cache.set("price_list", 1, None, version=2)
        cache.get("price_list"), cache.get("price_list")
        for number in range(3):
            cache.get(f"p{number}")
        cache.get_many(["price_list", "a", "b"])
        cache.delete("price_list")
        caches["redis"].get("x")

    with watch("cache", show=False) as seen:
        cell()
    assert seen.text().splitlines()[0] == "10 cache calls (3 hits, 6 misses)"
    assert told(seen) == [
        "cache set 'price_list' (timeout 3600, 1.0 kB)",
        "cache set 'price_list' (stored as ':2:price_list') (no timeout, 5 bytes)",
        "cache get 'price_list', 2 times -> 2 hits",
        "cache get 'p0', 'p1', 'p2', 3 times -> 3 misses",
        "<- 3 calls, one after the other: get_many() does it in one",
        "cache get_many 'price_list', 'a', 'b' -> 1 hit, 2 misses",
        "cache delete 'price_list' -> deleted",
        "redis cache get 'x' -> miss",
    ]


@pytest.mark.filterwarnings("ignore::django.core.cache.CacheKeyWarning")
def test_hostile_keys_and_values():
    class Hostile:
        def __repr__(self):
            raise RuntimeError("<script>")

        def __reduce__(self):
            raise RuntimeError("<script>no</script>")

    with watch("cache", show=False) as seen:
        cache.set("<script>alert(1)</script>\n", "<script>")
        cache.get("long " * 1000)
        with pytest.raises(RuntimeError):
            cache.set("it", Hostile())
        caches["dummy"].set("it", Hostile())
        print(cache_contents())
    assert "<script>" not in seen.html()
    assert "<script>" not in cache_contents()._repr_html_()
    assert max(map(len, seen.text().splitlines())) < 200


# What is in a cache


@pytest.mark.parametrize("alias", KINDS)
def test_what_a_cache_holds(alias, db):
    backend = caches[alias]
    backend.set("names", ["Ann"] * 400, 60)
    backend.set("kept", 1, None, version=2)
    backend.set("gone", 1, 0)
    with watch("sql", "cache", show=False) as seen:
        contents = cache_contents(alias)
    assert seen.events == []
    assert sorted((each.key, each.version) for each in contents if each.key) == (
        [] if alias == "file" else [("kept", 2), ("names", 1)]
    )
    by_size = sorted(contents, key=lambda each: each.size)
    assert [each.seconds is None for each in by_size] == [True, False]
    assert 58 < by_size[1].seconds <= 60
    assert by_size[1].size == len(pickle.dumps(["Ann"] * 400, 5))
    assert "60 s" in str(contents)
    assert "never" in str(contents)


def test_prefixes_and_versions_are_taken_off():
    caches["prefixed"].set("a:b", 1)
    cache.set("other", 1)
    (entry,) = cache_contents("prefixed")
    assert (entry.key, entry.version, entry.stored) == ("a:b", 3, "shop:3:a:b")


def test_a_cache_that_cannot_tell(settings, db):
    assert str(cache_contents("dummy")) == "dummy (DummyCache)\nThe dummy cache keeps nothing."
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE cache_entries")
    assert "`manage.py createcachetable`" in str(cache_contents("database"))
    redis = settings.CACHES["redis"] | {"LOCATION": "redis://127.0.0.1:1", "OPTIONS": {}}
    settings.CACHES = settings.CACHES | {"redis": redis}
    assert "The Redis server does not answer" in str(cache_contents("redis"))
    with pytest.raises(ValueError, match="There is no cache called 'nix'"):
        cache_contents("nix")


def test_looking_does_not_age_it():
    cache.set("a", 1, 300)
    assert str(cache_contents()) == str(cache_contents())
    assert [entry.key for entry in cache_contents()] == ["a"]
