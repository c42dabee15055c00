"""The attacks meet the course project with its own settings, as tests/project does."""

import os
import sys
from io import StringIO
from pathlib import Path
from unittest import mock

import django
import pytest
from django.core.management import call_command

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "course_project"))
# For the time of setup() only: kernels that pytest starts find the project by themselves.
with mock.patch.dict(os.environ, DJANGO_SETTINGS_MODULE="config.settings"):
    django.setup()


@pytest.fixture
def rows(db: None) -> None:
    """The rows of data/, for one test."""
    call_command("load_data", stdout=StringIO())
