"""What a plain `pytest` needs at the root: the plugin that runs the notebooks quickly."""

import pytest

pytest_plugins = ["tests.notebooks.kernels"]

# Two workers share the files in this order, so the longest begin first.
LONGEST = (
    "tests/notebooks/test_twice.py",
    "tests/tutor/test_postgres.py",
    "tests/notebooks/test_sections.py",
    "tests/tutor/test_matrix.py",
    "tests/glass/test_worker.py",
    "tests/browser/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        found = (n for n, start in enumerate(LONGEST) if item.nodeid.startswith(start))
        return next(found, len(LONGEST))

    items.sort(key=place)
