"""The debug toolbar: beside each page when it is asked for, and never otherwise."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from test_settings import PROJECT, environment, manage, url

ASK = """
from django.test import Client
print(Client().get("/employees/").content.decode())
"""


def test_nobody_asked(rows: str, client: Client) -> None:
    assert "debug_toolbar" not in settings.INSTALLED_APPS
    assert b"djDebug" not in client.get("/employees/").content


def test_it_counts_the_queries_of_a_page(tmp_path: Path) -> None:
    asked = {"DJANGO_TOOLBAR": "1", "DATABASE_URL": url(tmp_path)}
    assert manage("migrate", "-v0", **asked).returncode == 0
    assert manage("load_data", **asked).returncode == 0
    # Its own table is not missed: no migration is left to apply.
    assert manage("migrate", "--check", **asked).returncode == 0
    done = manage("shell", "-v0", "-c", ASK, **asked)
    assert done.returncode == 0, done.stderr
    assert 'id="djDebug"' in done.stdout
    assert re.findall(r"(\d+) quer(?:y|ies) in [\d.]+ms", done.stdout) == ["2"]


@pytest.mark.parametrize("words", [["check"], ["makemigrations", "--check", "--dry-run"]])
def test_nothing_is_wrong_with_it(words: list[str], tmp_path: Path) -> None:
    done = manage(*words, DJANGO_TOOLBAR="1", DATABASE_URL=url(tmp_path))
    assert done.returncode == 0, done.stderr


def test_never_on_a_server() -> None:
    code = "from django.conf import settings; print(settings.INSTALLED_APPS + settings.MIDDLEWARE)"
    server = {"DJANGO_DEBUG": "0", "DJANGO_SECRET_KEY": "k" * 50, "DJANGO_TOOLBAR": "1"}
    done = manage("shell", "-v0", "-c", code, **server)
    assert done.returncode == 0, done.stderr
    assert "shop" in done.stdout
    assert "debug_toolbar" not in done.stdout


def test_a_sentence_when_it_is_not_installed() -> None:
    code = "import sys; sys.modules['debug_toolbar'] = None; import config.settings"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=PROJECT,
        env=environment(DJANGO_TOOLBAR="1"),
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "DJANGO_TOOLBAR=1 needs the package django-debug-toolbar" in done.stderr
