"""Imports run one way: checks -> tutor -> glass -> Django. Read from the code, nothing is run."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tutor.paths import ROOT

ROOMS = ("glass", "tutor", "checks", "course_project")
APPS = {path.parent.name for path in (ROOT / "course_project").glob("*/__init__.py")}


def modules(package: str, root: Path = ROOT) -> dict[str, Path]:
    """{dotted name: file} of all modules of the package."""
    found = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path) -> Iterator[str]:
    """The absolute names that the file imports, inside functions too, but not for types alone.

    `from a import b` gives "a.b": b may be a module.
    """
    waiting: list[ast.AST] = [ast.parse(path.read_text("utf8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def graph(package: str, root: Path = ROOT) -> dict[str, set[str]]:
    """{module: the modules of the same package that it imports}"""
    known = modules(package, root)
    edges: dict[str, set[str]] = {}
    for module, path in known.items():
        targets = {name if name in known else name.rpartition(".")[0] for name in imported(path)}
        edges[module] = targets & known.keys() - {module}
    return edges


def circle(edges: dict[str, set[str]]) -> list[str] | None:
    """The modules of a circle, or None where there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return None


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("glass", {"tutor", "checks", "tests", "benchmarks", *APPS}),
        ("tutor", {"checks", "tests", "benchmarks"}),
        ("checks", {"tests", "benchmarks"}),
        ("course_project", {"glass", "tutor", "checks", "tests", "benchmarks"}),
    ],
)
def test_imports_run_one_way(package: str, forbidden: set[str]) -> None:
    wrong = [
        f"{module} imports {name}"
        for module, path in modules(package).items()
        for name in imported(path)
        if name.partition(".")[0] in forbidden
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ["glass", "tutor", "checks"])
def test_no_import_goes_in_a_circle(package: str) -> None:
    edges = graph(package)
    assert any(edges.values())
    assert circle(edges) is None


@pytest.mark.parametrize("package", ["glass", "tutor", "checks"])
def test_imports_are_absolute(package: str) -> None:
    """So that the tests here see them."""
    relative = [
        module
        for module, path in modules(package).items()
        for node in ast.walk(ast.parse(path.read_text("utf8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_imports_inside_functions_count_and_those_for_types_do_not() -> None:
    edges = graph("glass")
    assert "glass.views.text" in edges["glass.trace"]
    assert "glass.trace" not in edges["glass.views.text"]


@pytest.mark.parametrize(
    ("lazy", "found"),
    [
        ("def f():\n    from house import door", {"house.door", "house.wall"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.door", set()),
    ],
)
def test_a_circle_is_found(lazy: str, found: set[str], tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house/__init__.py").touch()
    (tmp_path / "house/door.py").write_text("import house.wall\n")
    (tmp_path / "house/wall.py").write_text(lazy)
    assert set(circle(graph("house", tmp_path)) or ()) == found


def test_no_file_is_long() -> None:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in files
        if (lines := len(path.read_text("utf8").splitlines())) > 400
    }
    assert long == {}
