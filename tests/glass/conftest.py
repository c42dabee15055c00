"""Few rows that are easy to count, and a notebook's shell without a notebook."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import django
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

import glass

ROOT = Path(__file__).resolve().parents[2]

sys.path.insert(0, str(ROOT / "course_project"))
# For the time of setup() only: kernels that pytest starts find the project by themselves.
with mock.patch.dict(os.environ, DJANGO_SETTINGS_MODULE="config.settings"):
    django.setup()


@pytest.fixture(autouse=True)
def _as_set_up() -> None:
    """What glass.setup() does once a process: know the connections of all threads."""
    from glass import connections

    connections.follow_connections()


@pytest.fixture
def company(db: None) -> SimpleNamespace:
    """Five employees, four of them in three departments, two of them with a manager."""
    from company.models import Assignment, Department, Employee, Project, Skill

    names = ["Engineering", "Sales", "Support"]
    engineering, sales, support = (
        Department.objects.create(name=name, city="Oslo", budget=100) for name in names
    )

    def employee(name: str, department: Department | None, manager: Employee | None = None):
        return Employee.objects.create(
            name=name,
            email=f"{name.lower()}@example.com",
            title="Engineer",
            salary=50_000,
            hired_on="2024-01-01",
            department=department,
            manager=manager,
        )

    ann = employee("Ann", engineering)
    ben = employee("Ben", engineering, ann)
    cleo = employee("Cleo", sales, ben)
    dan = employee("Dan", support)
    eve = employee("Eve", None)
    for name in ("Python", "SQL"):
        Skill.objects.create(name=name).employees.set([ann, ben, cleo])
    for department, code in ((engineering, "ATLAS"), (sales, "BOREAS")):
        project = Project.objects.create(
            name=code, code=code, department=department, starts_on="2024-01-01", budget=1
        )
        for member in (ann, dan):
            Assignment.objects.create(
                employee=member, project=project, role="lead", hours_per_week=8
            )
    return SimpleNamespace(
        engineering=engineering, sales=sales, support=support, ann=ann, ben=ben, cleo=cleo, eve=eve
    )


class Shell:
    """An IPython shell: `run(cell)` returns what the cell printed and showed."""

    def __init__(self, ipython: InteractiveShell) -> None:
        self.ipython = ipython

    def run(self, cell: str) -> SimpleNamespace:
        with capture_output() as said:
            result = self.ipython.run_cell(cell)
        return SimpleNamespace(
            result=result.result,
            error=result.error_in_exec or result.error_before_exec,
            out=said.stdout,
            err=said.stderr,
            shown=[o.data["text/plain"] for o in said.outputs],
            seen=self.ipython.user_ns.get("seen"),
        )


@pytest.fixture
def bare_shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.setenv("NO_COLOR", "1")
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    ipython = InteractiveShell.instance(config=config)
    yield Shell(ipython)
    glass.unload_ipython_extension(ipython)
    ipython.restore_sys_module_state()
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(bare_shell: Shell, settings: object, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in which glass is loaded, on the test's own database."""
    settings.GLASS = None
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    bare_shell.run("%load_ext glass")
    bare_shell.run("from company.models import *")
    return bare_shell


@pytest.fixture
def remarks() -> Callable[[glass.Trace], list[str]]:
    """What the view says about the statements that repeat."""
    from glass.repeats import advice
    from glass.views.tree import grouped

    return lambda seen: [remark for group in grouped(seen) for remark in advice(group.events)]
