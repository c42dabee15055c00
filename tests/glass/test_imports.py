"""Imports run one way: checks -> tutor -> glass -> Django. None goes in a circle, lazy ones neither."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def modules(root: Path, package: str) -> dict[str, Path]:
    """{dotted name: file} of all modules of the package."""
    found = {}
    for path in (root / package).rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(source: str) -> Iterator[str]:
    """The absolute names that the code imports, inside functions too, but not for types alone.

    `from a import b` gives "a.b": b may be a module.
    """
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "Imports are absolute."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def graph(root: Path, package: str) -> dict[str, set[str]]:
    """{module: the modules of the same package that it imports}"""
    known = modules(root, package)
    edges: dict[str, set[str]] = {}
    for module, path in known.items():
        named = imports(path.read_text("utf8"))
        targets = {name if name in known else name.rpartition(".")[0] for name in named}
        edges[module] = targets & known.keys() - {module}
    return edges


def circle(edges: dict[str, set[str]]) -> list[str] | None:
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return None


def test_no_import_goes_in_a_circle():
    edges = graph(ROOT, "glass")
    # The test has seen what there is to see.
    assert "glass.views.text" in edges["glass.trace"], "an import inside a function"
    assert "glass.trace" not in edges["glass.views.text"], "an import for types alone"
    assert circle(edges) is None


@pytest.mark.parametrize(
    ("lazy", "found"),
    [
        ("def f():\n    from house import door", ["house.door", "house.wall", "house.door"]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.door", None),
    ],
)
def test_a_circle_is_found(tmp_path, lazy, found):
    (tmp_path / "house").mkdir()
    (tmp_path / "house/__init__.py").touch()
    (tmp_path / "house/door.py").write_text("import house.wall\n")
    (tmp_path / "house/wall.py").write_text(lazy)
    said = circle(graph(tmp_path, "house"))
    assert (said and sorted(set(said))) == (found and sorted(set(found)))


def test_glass_imports_nothing_that_stands_on_it():
    above = {"tutor", "checks", "course_project", "classroom", "web", "tests", "benchmarks"}
    apps = {path.parent.name for path in (ROOT / "course_project").glob("*/__init__.py")}
    for module, path in modules(ROOT, "glass").items():
        named = {name.partition(".")[0] for name in imports(path.read_text("utf8"))}
        assert not named & (above | apps), module


def test_the_core_knows_no_layer():
    edges = graph(ROOT, "glass")
    for module in ("glass.block", "glass.layer", "glass.patch", "glass.trace", "glass.wording"):
        assert not [name for name in edges[module] if name.startswith("glass.layers")], module
    for module in ("glass.views.text", "glass.views.html", "glass.views.tree", "glass.views.lanes"):
        assert not [name for name in edges[module] if name.startswith("glass.layers")], module
    layer = (ROOT / "glass/layer.py").read_text("utf8")
    assert not [name for name in imports(layer) if name.startswith("django")]


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
