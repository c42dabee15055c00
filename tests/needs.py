"""What some tests need beside the locked packages: skipped without it, or failed where CI asks."""

import os
import shutil
from importlib.util import find_spec

import pytest


def require(name: str) -> str:
    """Return what the test needs: for "browser" Chromium's path, else the URL of a server.

    Where it is not here the test is skipped with a line that says why; it fails when the
    environment variable COURSE_REQUIRE names it (COURSE_REQUIRE=browser,postgres).
    """
    found, why = _NEEDS[name]()
    if found:
        return found
    if name in os.environ.get("COURSE_REQUIRE", "").split(","):
        pytest.fail(f"{why} COURSE_REQUIRE asks for it.", pytrace=False)
    pytest.skip(why)


def browser() -> tuple[str | None, str]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not find_spec("playwright"):
        return None, "No browser test: Playwright is not installed (requirements-ci.txt has it)."
    return chromium, "No browser test: Chromium is not installed."


def postgres() -> tuple[str | None, str]:
    url = os.environ.get("COURSE_TEST_POSTGRES_URL")
    if not url:
        return None, "No PostgreSQL test: COURSE_TEST_POSTGRES_URL names no server."
    if not find_spec("psycopg"):
        return None, "No PostgreSQL test: psycopg is not installed (requirements-ci.txt has it)."
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        return None, f"No PostgreSQL test: {str(error).strip().splitlines()[0]}."
    return url, ""


def redis() -> tuple[str | None, str]:
    return _server("Redis", "COURSE_TEST_REDIS_URL")


def rabbitmq() -> tuple[str | None, str]:
    return _server("RabbitMQ", "COURSE_TEST_RABBITMQ_URL")


def _server(name: str, variable: str) -> tuple[str | None, str]:
    url = os.environ.get(variable)
    if not url:
        return None, f"No {name} test: {variable} names no server."
    from kombu import Connection

    try:
        with Connection(url) as connection:
            connection.ensure_connection(max_retries=1, timeout=5)
    except Exception as error:  # noqa: BLE001 Each transport has its own.
        return None, f"No {name} test: {str(error).strip().splitlines()[0]}."
    return url, ""


_NEEDS = {"browser": browser, "postgres": postgres, "redis": redis, "rabbitmq": rabbitmq}


def undecided() -> dict[str, str]:
    """The environment for a test run in a process of its own: no settings are chosen in it.

    Another test of this process may have set Django up, and so named its settings.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
