"""Imports run one way: checks, tutor, glass, Django. The course project knows none of them."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: Each house, and those that it may import.
MAY_IMPORT = {
    "checks": {"checks", "tutor", "glass"},
    "tutor": {"tutor", "glass"},
    "glass": {"glass"},
    "course_project": {"course_project"},
}
#: Circles that are closed by an import inside a function: to be opened, one by one.
KNOWN_CIRCLES = {
    ("tutor.desk.notebook", "tutor.desk.progress"),
    ("tutor.stage.slides", "tutor.stage.slides.measure"),
}


def modules(*houses: str) -> dict[str, Path]:
    """The name of each module of these houses, and its file."""
    found = {}
    for house in houses:
        for path in (ROOT / house).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports(name: str, path: Path) -> Iterator[str]:
    """What a module imports, anywhere in it. `from a import b` gives a.b, be it a module or not."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def graph(*houses: str) -> dict[str, set[str]]:
    """Each module, and the modules of these houses that it imports."""
    known = modules(*houses)
    edges: dict[str, set[str]] = {name: set() for name in known}
    for name, path in known.items():
        for imported in imports(name, path):
            found = imported if imported in known else imported.rpartition(".")[0]
            if found in known and found != name:
                edges[name].add(found)
    return edges


@pytest.mark.parametrize("house", MAY_IMPORT)
def test_imports_run_one_way(house: str) -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, path in modules(house).items()
        for imported in imports(name, path)
        if (top := imported.partition(".")[0]) in MAY_IMPORT and top not in MAY_IMPORT[house]
    ]
    assert wrong == []


def test_no_import_goes_in_a_circle() -> None:
    edges = graph("checks", "tutor")
    for one, other in KNOWN_CIRCLES:
        assert one in edges[other] and other in edges[one], "This circle is open: take it out."
        edges[one].discard(other)
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as circle:
        pytest.fail(" imports ".join(reversed(circle.args[1])))


def test_an_exercise_imports_no_other_exercise() -> None:
    """Its chapter and checks/common it may; so finding one exercise imports one."""
    edges = graph("checks")
    exercises = {
        name for name in edges if name.rpartition(".")[2][:1] == "e" and name.count(".") == 2
    }
    assert len(exercises) > 100
    shared = {name: edges[name] & exercises for name in edges if edges[name] & exercises}
    assert shared == {}
