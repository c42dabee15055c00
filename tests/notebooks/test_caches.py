"""The lessons on caching print the same with a Redis server as with the Redis inside the kernel."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from tests.notebooks import kernels
from tests.notebooks.kernels import Kernel
from tests.notebooks.test_twice import differences
from tutor.author.notebooks import kernel_environment, notebooks, shown

LESSONS = [path for path in notebooks() if path.match("notebooks/*_caching_*.ipynb")]


@pytest.mark.parametrize("path", LESSONS, ids=shown)
def test_with_a_server(
    path: Path, require: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = require("redis")
    with_server = kernel_environment() | {"REDIS_URL": url}
    monkeypatch.setattr(kernels, "kernel_environment", lambda: with_server)
    kernel = Kernel(CURRENT_ENV_KERNEL_NAME, str(path.parent)).ready()
    try:
        found = list(differences(nbformat.read(path, as_version=4), [kernel]))
        asked = "from django.core.cache import caches; print(caches.settings['redis']['LOCATION'])"
        (said,) = kernel.outputs(kernel.execute_cell_input(asked))
    finally:
        kernel.stop()
        Kernel.see_off()
    assert said.text.strip() == url
    assert not found, "\n\n".join(found)
