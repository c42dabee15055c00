"""What lessons 11 and 12 say of caches, with each backend that is meant."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.cache import cache, caches
from django.core.cache.backends.base import CacheKeyWarning
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.utils import make_template_fragment_key
from django.core.management import call_command
from django.db import DatabaseError
from django.http import HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.middleware.http import ConditionalGetMiddleware
from django.template import Context, Template
from django.test import RequestFactory, override_settings
from django.utils import translation
from django.views.decorators.cache import cache_page

BACKENDS = "django.core.cache.backends"


def one(backend: str, **more: Any) -> dict[str, Any]:
    return {"BACKEND": f"{BACKENDS}.{backend}", **more}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    with override_settings(CACHES={"default": one("locmem.LocMemCache", LOCATION="claims")}):
        cache.clear()
        yield


@pytest.fixture
def shared(
    request: pytest.FixtureRequest, require: Callable[[str], str], tmp_path: Path
) -> Iterator[str]:
    """The backend; it is `cache` for the test."""
    backends = {
        "locmem": lambda: one("locmem.LocMemCache", LOCATION="one"),
        "redis": lambda: one("redis.RedisCache", LOCATION=require("redis"), KEY_PREFIX="claims"),
        "file": lambda: one("filebased.FileBasedCache", LOCATION=tmp_path),
    }
    with override_settings(CACHES={"default": backends[request.param]()}):
        yield request.param
        cache.delete_many(["lock", "number", "text"])


def both_add(together: threading.Barrier | None = None) -> int:
    """How many of two who call add() at the same moment get True."""
    got: list[bool] = []

    def add() -> None:
        if together:
            together.wait(5)
        got.append(cache.add("lock", 1))

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got.count(True)


@pytest.mark.parametrize("shared", ["locmem", "redis"], indirect=True)
def test_add_lets_one_in(shared: str) -> None:
    for _ in range(20):
        assert both_add(threading.Barrier(2)) == 1
        cache.delete("lock")


@pytest.mark.parametrize("shared", ["file"], indirect=True)
def test_and_with_the_file_cache_both(shared: str) -> None:
    both_looked = threading.Barrier(2)
    look = FileBasedCache.has_key

    def slow_look(self: FileBasedCache, key: str, version: int | None = None) -> bool:
        found = bool(look(self, key, version))
        both_looked.wait(5)
        return found

    with mock.patch.object(FileBasedCache, "has_key", slow_look):
        assert both_add() == 2


def test_each_backend_warns_of_a_key_with_blanks(tmp_path: Path) -> None:
    kinds = {
        "default": one("locmem.LocMemCache"),
        "dummy": one("dummy.DummyCache"),
        "file": one("filebased.FileBasedCache", LOCATION=tmp_path),
    }
    with override_settings(CACHES=kinds):
        for alias in kinds:
            with pytest.warns(CacheKeyWarning):
                caches[alias].set("lemon tree", 1)


@pytest.mark.parametrize("shared", ["redis"], indirect=True)
def test_redis_keeps_whole_numbers_as_numbers(shared: str) -> None:
    cache.set_many({"number": 7, "text": "seven"})
    client = caches["default"]._cache.get_client(None)
    raw = [client.get(cache.make_key(key)) for key in ("number", "text")]
    assert raw[0] == b"7"
    assert raw[1] != b"seven"


@pytest.mark.django_db
def test_the_table_of_a_database_cache_must_be_made() -> None:
    with (
        override_settings(CACHES={"default": one("db.DatabaseCache", LOCATION="no_such_table")}),
        pytest.raises(DatabaseError),
    ):
        cache.get("anything")


def test_a_file_cache_culls_by_chance(tmp_path: Path) -> None:
    options = {"MAX_ENTRIES": 30}
    small = one("filebased.FileBasedCache", LOCATION=tmp_path, OPTIONS=options)
    with override_settings(CACHES={"default": small}), mock.patch("random.sample") as sample:
        sample.side_effect = lambda files, k: files[:k]
        for number in range(32):
            cache.set(f"value:{number}", number)
    assert sample.called


@pytest.mark.django_db
def test_a_table_culls_by_the_order_of_its_keys() -> None:
    options = {"MAX_ENTRIES": 30}
    with override_settings(
        CACHES={"default": one("db.DatabaseCache", LOCATION="claimed_cache", OPTIONS=options)}
    ):
        call_command("createcachetable", verbosity=0)
        names = [f"value:{number:02}" for number in range(32)]
        for name in reversed(names):
            cache.set(name, 1)
        kept = sorted(cache.get_many(names))
    assert len(kept) < 32
    assert kept[-1] == names[-1]
    assert names[1] not in kept


def test_the_key_of_a_page_has_language_and_time_zone() -> None:
    runs: list[object] = []

    @cache_page(60)
    def view(request: object) -> HttpResponse:
        runs.append(request)
        return HttpResponse("x")

    for language, zone in (("en", "UTC"), ("de", "UTC"), ("en", "Asia/Kolkata"), ("en", "UTC")):
        with (
            override_settings(USE_I18N=True, USE_TZ=True, TIME_ZONE=zone),
            translation.override(language),
        ):
            view(RequestFactory().get("/"))
    assert len(runs) == 3


@pytest.mark.parametrize("status", [201, 302, 404, 500])
def test_of_these_answers_none_is_kept(status: int) -> None:
    runs: list[object] = []

    def view(request: object) -> HttpResponse:
        runs.append(request)
        return HttpResponse(status=status)

    for _ in range(2):
        cache_page(60)(view)(RequestFactory().get("/"))
    assert len(runs) == 2


def test_a_304_is_not_stored_either() -> None:
    cache_page(60)(lambda request: HttpResponseNotModified())(RequestFactory().get("/"))
    assert not caches["default"]._cache


def test_no_etag_for_a_stream_and_for_no_store() -> None:
    def etag(response: Any) -> bool:
        return ConditionalGetMiddleware(lambda request: response)(
            RequestFactory().get("/")
        ).has_header("ETag")

    assert etag(HttpResponse("x"))
    assert not etag(StreamingHttpResponse(iter(["x"])))
    assert not etag(HttpResponse("x", headers={"Cache-Control": "no-store"}))


def test_one_and_the_text_one_are_one_fragment() -> None:
    assert make_template_fragment_key("box", [1]) == make_template_fragment_key("box", ["1"])


def test_fragments_go_to_their_own_alias_where_there_is_one() -> None:
    own = {
        "default": one("locmem.LocMemCache", LOCATION="claims"),
        "template_fragments": one("locmem.LocMemCache", LOCATION="fragments"),
    }
    with override_settings(CACHES=own):
        Template("{% load cache %}{% cache 60 box %}x{% endcache %}").render(Context())
        key = make_template_fragment_key("box")
        assert (key in caches["template_fragments"], key in cache) == (True, False)
        caches["template_fragments"].clear()


def test_clear_knows_no_prefix() -> None:
    def store(prefix: str) -> dict[str, Any]:
        return one("locmem.LocMemCache", LOCATION="both", KEY_PREFIX=prefix)

    with override_settings(CACHES={"default": store("shop"), "blog": store("blog")}):
        caches["blog"].set("newest", 1)
        cache.clear()
        assert caches["blog"].get("newest") is None


def test_a_middleware_takes_seconds_alias_and_prefix_from_the_settings() -> None:
    from django.middleware.cache import CacheMiddleware

    names = {"SECONDS": 7, "ALIAS": "default", "KEY_PREFIX": "mine"}
    with override_settings(**{f"CACHE_MIDDLEWARE_{name}": value for name, value in names.items()}):
        middleware = CacheMiddleware(lambda request: HttpResponse("x"))
        response = middleware(RequestFactory().get("/"))
    assert response.headers["Cache-Control"] == "max-age=7"
    assert any("cache_page.mine." in key for key in caches["default"]._cache)
