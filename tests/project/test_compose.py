"""The real servers: compose.yaml, and what README.md says to set for them."""

import os
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml
from django.conf import settings

ROOT = settings.BASE_DIR.parent
SHOW = """
from config import settings
for what in (settings.DATABASES, settings.CACHES):
    print(what["default"].get("ENGINE") or what["default"]["BACKEND"])
print(settings.DATABASES["default"]["HOST"], settings.DATABASES["default"]["PORT"])
print(settings.CACHES["default"]["LOCATION"])
print(settings.CELERY_BROKER_URL, settings.CELERY_RESULT_BACKEND, settings.CELERY_TASK_ALWAYS_EAGER)
"""


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def variables() -> dict[str, str]:
    return dict(re.findall(r"^export (\w+)=(\S+)$", (ROOT / "README.md").read_text(), re.MULTILINE))


def test_the_servers_are_for_this_machine_only(services: dict[str, Any]) -> None:
    assert set(services) == {"postgres", "redis", "rabbitmq"}
    ports = [port for service in services.values() for port in service["ports"]]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_readme_points_to_them(services: dict[str, Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=settings.BASE_DIR,
        env=os.environ | variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "django.db.backends.postgresql",
        "django.core.cache.backends.redis.RedisCache",
        "127.0.0.1 5432",
        "redis://:northlight@127.0.0.1:6379/1",
        "amqp://northlight:northlight@127.0.0.1:5672// redis://:northlight@127.0.0.1:6379/2 False",
    ]
    ports = {port.split(":")[-1] for service in services.values() for port in service["ports"]}
    assert {"5432", "6379", "5672"} <= ports
    postgres, rabbit = (services[name]["environment"] for name in ("postgres", "rabbitmq"))
    assert services["redis"]["command"] == ["redis-server", "--requirepass", "northlight"]
    assert set(postgres.values()) == set(rabbit.values()) == {"northlight"}
