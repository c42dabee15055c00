"""What all tests share."""

from collections.abc import Callable

import pytest

from tests import needs
from tutor.paths import keep_jupyter_inside

keep_jupyter_inside()


@pytest.fixture(scope="session")
def require() -> Callable[[str], str]:
    """`require("browser")`: go on where there is one, skip or fail where there is none."""
    return needs.require
