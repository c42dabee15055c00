"""What lessons 13 and 17 say of a broker that is away: how long delay() waits, and what ends it."""

import os
import socket
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.project.conftest import PROJECT

ONCE = {"max_retries": 1, "interval_start": 0}
LIMITS = {
    "broker_transport_options": ONCE,
    "result_backend_transport_options": {"retry_policy": ONCE},
}
SENDER = """
import sys, django
django.setup()
from company.tasks import count_primes
from config import celery_app as app
app.conf.update({settings})
app.backend, app.connection().transport  # their modules are imported; nothing is asked yet
print("it sends", flush=True)
try:
    count_primes.apply_async((10,), **{options})
except Exception as error:
    print(type(error).__name__)
"""
PATIENCE = 4  # seconds; the shortest wait without limits is 6


@pytest.fixture
def port() -> int:
    """Nobody listens there."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def said(address: str, settings: dict[str, Any], patience: float, **options: Any) -> str | None:
    """The error of a message sent to this broker; None where it is still waiting."""
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER.format(settings=settings, options=options)],
        cwd=PROJECT,
        env=os.environ
        | {"CELERY_BROKER_URL": address, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with sender:
        assert sender.stdout is not None
        assert sender.stdout.readline() == "it sends\n"
        try:
            return sender.communicate(timeout=patience)[0].strip()
        except subprocess.TimeoutExpired:
            sender.kill()
            return None


@pytest.mark.parametrize("address", ["amqp://127.0.0.1:{}//", "redis://127.0.0.1:{}/0"])
def test_without_limits_delay_waits_for_seconds(address: str, port: int) -> None:
    assert said(address.format(port), {}, patience=PATIENCE) is None


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("amqp://127.0.0.1:{}//", "OperationalError"),
        ("redis://127.0.0.1:{}/0", "RuntimeError"),
    ],
)
def test_with_two_settings_it_raises_soon(address: str, error: str, port: int) -> None:
    assert said(address.format(port), LIMITS, patience=PATIENCE) == error


@pytest.mark.parametrize("address", ["amqp://127.0.0.1:{}//", "redis://127.0.0.1:{}/0"])
def test_who_ignores_the_result_waits_for_the_message_only(address: str, port: int) -> None:
    found = said(address.format(port), {}, patience=PATIENCE, ignore_result=True)
    assert found == "OperationalError"


def test_no_retry_of_the_message_does_not_help_with_redis(port: int) -> None:
    settings = {"task_publish_retry": False}
    assert said(f"redis://127.0.0.1:{port}/0", settings, patience=PATIENCE) is None


def test_a_silent_broker_is_left_after_the_connection_timeout() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"amqp://127.0.0.1:{silent.getsockname()[1]}//"
        begin = time.monotonic()
        settings = LIMITS | {"broker_connection_timeout": 0.5}
        assert said(address, settings, patience=10) == "OperationalError"
        assert time.monotonic() - begin > 0.5
