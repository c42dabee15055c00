"""What glass loads, and when. That no import goes in a circle is in tests/test_house.py."""

import subprocess
import sys

from tests.test_house import graph, imported
from tutor.paths import ROOT


def test_the_core_knows_no_layer():
    edges = graph("glass")
    for module in ("glass.block", "glass.layer", "glass.patch", "glass.trace", "glass.wording"):
        assert not [name for name in edges[module] if name.startswith("glass.layers")], module
    for module in ("glass.views.text", "glass.views.html", "glass.views.tree", "glass.views.lanes"):
        assert not [name for name in edges[module] if name.startswith("glass.layers")], module
    layer = ROOT / "glass" / "layer.py"
    assert not [name for name in imported(layer) if name.startswith("django")]


def test_watching_sql_does_not_import_celery():
    script = """
import sys
import django
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
django.setup()
from django.db import connection
from glass import watch
with watch("sql", show=False) as seen:
    connection.cursor().execute("SELECT 1")
seen.text(), seen.html()
print(len(seen.queries), *(name for name in ("celery", "kombu", "httpx") if name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "1\n"
