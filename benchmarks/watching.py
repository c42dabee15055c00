"""Watching 10,000 ORM gets in a cell, everything recorded, beside what people would use instead.

Instead of watching: nothing, Django's CaptureQueriesContext, the SQL panel of
django-debug-toolbar. All in one process, in turn; the best round of each counts.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GETS = 10_000

CELL = """
begin = time.process_time()
for number in range(GETS):
    get(pk=number % 60 + 1)
spent = time.process_time() - begin
"""
SETUP = """
import time
from company.models import Employee
from django.db import connection
from django.test.utils import CaptureQueriesContext
from glass import watch

get = Employee.objects.get
"""
WITH = {
    "bare": "",
    "watch": "with watch('sql', show=False) as seen:",
    "CaptureQueriesContext": "with CaptureQueriesContext(connection) as captured:",
    "debug-toolbar": "with toolbar() as panel:",
}


def in_a_with_block(head: str) -> str:
    if not head:
        return CELL
    return head + "\n" + "\n".join(f"    {line}" for line in CELL.splitlines())


def toolbar():
    """The SQL panel, switched on for a block, and taken off the connection again."""
    from contextlib import contextmanager

    from debug_toolbar.panels.sql.panel import SQLPanel
    from django.db import connection

    @contextmanager
    def block():
        panel = SQLPanel(None, lambda request: None)
        panel.enable_instrumentation()
        try:
            yield panel
        finally:
            panel.disable_instrumentation()
            for name in ("cursor", "chunked_cursor", "_djdt_cursor", "_djdt_chunked_cursor"):
                vars(connection).pop(name, None)
            assert len(panel._queries) == GETS

    return block()


def run(rounds: int) -> dict[str, float]:
    """In a process of its own: {what: microseconds a get}."""
    from IPython.core.interactiveshell import InteractiveShell

    import glass

    # The panel's own imports read the settings, so its app must be in them.
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    sys.path[:0] = [str(ROOT), str(ROOT / "course_project")]
    glass.setup(ROOT)
    shell = InteractiveShell.instance()
    shell.user_ns.update(GETS=GETS, toolbar=toolbar)
    shell.run_cell(SETUP).raise_error()
    best = dict.fromkeys(WITH, float("inf"))
    for _ in range(rounds):
        for what, head in WITH.items():
            shell.run_cell(in_a_with_block(head)).raise_error()
            best[what] = min(best[what], shell.user_ns["spent"] / GETS * 1e6)
        assert len(shell.user_ns["seen"].queries) == GETS
    return best


def measure(rounds: int = 5) -> dict[str, float]:
    """{what: microseconds a get}, and "ratio": watched to bare."""
    done = subprocess.run(
        [sys.executable, __file__, str(rounds)], capture_output=True, text=True, check=True
    )
    best: dict[str, float] = json.loads(done.stdout)
    return best | {"ratio": best["watch"] / best["bare"]}


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if sys.argv[1:] else 5)))
