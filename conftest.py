"""What a plain `pytest` needs at the root: the plugin that runs the notebooks, and a fair division."""

import pytest

pytest_plugins = ["tests.notebooks.kernels"]

# The workers take the tests in this order, so the longest begin first. Those marked True are
# divided among the workers one by one; of other files, one worker takes the whole.
LONGEST = {
    "tests/notebooks/test_twice.py": True,
    "tests/tutor/test_postgres.py": True,
    "tests/notebooks/test_sections.py": True,
    "tests/glass/test_worker.py": False,
    "tests/browser/": False,
    "tests/install/": False,
    "tests/tutor/test_matrix.py": True,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        found = (n for n, start in enumerate(LONGEST) if item.nodeid.startswith(start))
        return next(found, len(LONGEST))

    for item in items:
        file = item.nodeid.partition("::")[0]
        if not LONGEST.get(file):
            item.add_marker(pytest.mark.xdist_group(file))
    items.sort(key=place)
