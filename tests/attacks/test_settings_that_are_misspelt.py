"""A server's DEBUG that is misspelt must not open the door: no project rather than an open one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "course_project"
ASK = "from config import settings; print(settings.DEBUG)"


def start(value: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"DJANGO_DEBUG": value, "DJANGO_SECRET_KEY": "x" * 60}
    words = [sys.executable, "-c", ASK]
    return subprocess.run(words, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("value", ["false", "False", "no", "off", "", " 0", "true", "2"])
def test_debug_that_is_neither_0_nor_1_starts_nothing(value: str) -> None:
    done = start(value)
    assert done.returncode != 0
    assert f"DJANGO_DEBUG is {value!r}. Set it to 0 or 1." in done.stderr


@pytest.mark.parametrize(("value", "debug"), [("0", "False"), ("1", "True")])
def test_debug_is_0_or_1(value: str, debug: str) -> None:
    assert start(value).stdout.strip() == debug
