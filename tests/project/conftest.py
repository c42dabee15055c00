"""The tests of the course project, with its own settings: on SQLite, or on DATABASE_URL."""

import os
import sys
from io import StringIO
from pathlib import Path
from unittest import mock

import django
import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "course_project"

sys.path.insert(0, str(PROJECT))
# For the time of setup() only: kernels that pytest starts find the project by themselves.
with mock.patch.dict(os.environ, DJANGO_SETTINGS_MODULE="config.settings"):
    django.setup()


@pytest.fixture
def rows(db: None) -> str:
    """The rows of data/, for one test; the value is what load_data said."""
    out = StringIO()
    call_command("load_data", stdout=out)
    return out.getvalue()
