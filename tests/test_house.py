"""Imports run one way: checks -> tutor -> glass -> Django. Read from the code, nothing is run."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tutor.paths import ROOT

ROOMS = ("glass", "tutor", "checks", "course_project")
PROJECT = {path.name for path in (ROOT / "course_project").iterdir() if path.is_dir()}


def modules(package: str) -> dict[str, Path]:
    """{"glass.layers.sql": its file, ...}"""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path) -> Iterator[str]:
    """Whatever it imports, inside functions too; not what only the type checker reads."""
    waiting: list[ast.AST] = [ast.parse(path.read_text("utf8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            waiting += ast.iter_child_nodes(node)


def graph(package: str) -> dict[str, set[str]]:
    """Each module of a package, and those of the package that it imports."""
    known = modules(package)

    def nearest(name: str) -> str | None:
        """The module that `from a import b` reads: a.b where that is one, else a."""
        return next((each for each in (name, name.rpartition(".")[0]) if each in known), None)

    found = {}
    for module, path in known.items():
        names = {nearest(name) for name in imported(path)} - {module, None}
        found[module] = {name for name in names if name}
    return found


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("glass", {"tutor", "checks", "classroom", *PROJECT}),
        ("tutor", {"checks", "classroom"}),
        ("checks", {"classroom"}),
        ("course_project", {"glass", "tutor", "checks", "classroom"}),
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


def circles(found: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other, also by way of others (Tarjan's algorithm)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for other in sorted(found[module]):
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for module in found:
        if module not in number:
            visit(module)
    return groups


@pytest.mark.parametrize("package", ["glass", "tutor", "checks"])
def test_no_import_goes_in_a_circle(package: str) -> None:
    assert circles(graph(package)) == []


def test_circles_are_found() -> None:
    found = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"f"}, "f": set()}
    assert circles(found) == [["a", "b", "c"]]


def test_no_file_is_long() -> None:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in files
        if (lines := len(path.read_text("utf8").splitlines())) > 400
    }
    assert long == {}
