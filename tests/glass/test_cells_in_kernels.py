"""In real kernels: what only a kernel has, its event loop, its cell names, its interrupts."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from tests.notebooks.kernels import Kernel

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


class Notebook:
    """A kernel with glass loaded: `run(cell)` returns what a notebook would store, as one text."""

    def __init__(self) -> None:
        self.kernel = Kernel(CURRENT_ENV_KERNEL_NAME, str(NOTEBOOKS))

    def start(self, cell: str) -> str:
        return self.kernel.kc.execute(cell)

    def finish(self, message: str) -> str:
        return "\n".join(map(as_text, self.kernel.outputs(message)))

    def run(self, cell: str) -> str:
        return self.finish(self.start(cell))


def as_text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return output.data["text/plain"]


@pytest.fixture(scope="module")
def notebooks() -> Iterator[list[Notebook]]:
    """Two kernels of the course, side by side."""
    both = [Notebook(), Notebook()]
    try:
        for notebook in both:
            notebook.kernel.ready()
        loading = [notebook.start("%load_ext glass") for notebook in both]
        for notebook, message in zip(both, loading, strict=True):
            said = notebook.finish(message)
            assert said.startswith("Project course_project (config.settings) on a private SQLite")
            notebook.run("from company.models import *\nfrom glass import reset, watch")
        yield both
    finally:
        for notebook in both:
            notebook.kernel.stop()
        Kernel.see_off(0.5)


@pytest.fixture
def notebook(notebooks: list[Notebook]) -> Notebook:
    notebooks[0].run("%load_ext glass")
    return notebooks[0]


def test_n_plus_1(notebook):
    said = notebook.run("%%watch\nfor employee in Employee.objects.all():\n    employee.department")
    assert said.startswith("59 queries, 118 rows\n\nline 2: 1 query, 60 rows\n")
    assert "\nline 3: 58 queries, 58 rows\n" in said
    assert "    <- N+1: Employee.department asks once for each of 58 objects\n" in said
    cured = notebook.run(
        "%%watch\nfor employee in Employee.objects.select_related('department'):\n"
        "    employee.department"
    )
    assert cured.startswith("1 query, 60 rows\n\nline 2: 1 query, 60 rows\n")
    assert "N+1" not in cured


def test_functions_of_earlier_cells(notebook):
    notebook.run("def boss(name):\n    return Employee.objects.filter(name=name).first()")
    assert "line 2 of boss(), called by line 4: 1 query" in notebook.run(
        "%%watch\n\n\nboss('Nobody')"
    )


def test_await_and_gather(notebook):
    said = notebook.run(
        "%%watch\nimport asyncio\nfirst = await Employee.objects.acount()\n"
        "await asyncio.gather(Skill.objects.acount(), Department.objects.acount())"
    )
    assert "[12, 8]" in said
    assert "3 queries, 3 rows" in said
    assert "line 3: 1 query" in said
    assert said.count("line 4: 1 query") == 2


def test_async_for(notebook):
    said = notebook.run("%%watch\nasync for skill in Skill.objects.all():\n    pass")
    assert said.startswith("1 query, 12 rows\n\nline 2: 1 query, 12 rows\n")


def test_a_display_and_an_error(notebook):
    said = notebook.run("%%watch\nSkill.objects.all()")
    assert "showing a queryset asks for its first 21 rows" in said
    said = notebook.run("%%watch\nSkill.objects.count()\n1 / 0")
    assert "ZeroDivisionError: division by zero" in said
    assert "1 query, 1 row" in said


def test_an_interrupt(notebook):
    message = notebook.start(
        "%%watch\nfrom time import sleep\nfor _ in range(3):\n    Skill.objects.count()\n"
        "Skill.objects.filter(name='').exists()\nprint('now', flush=True)\nsleep(30)"
    )
    while notebook.kernel.get_message("iopub", 30)["msg_type"] != "stream":
        pass
    began = time.monotonic()
    notebook.kernel.km.interrupt_kernel()
    said = notebook.finish(message)
    assert time.monotonic() - began < 10
    assert "KeyboardInterrupt" in said
    assert "4 queries, 3 rows" in said
    assert notebook.run("%%watch\nSkill.objects.count();").startswith("1 query, 1 row\n")


def test_a_transaction_over_two_cells(notebook):
    notebook.run("from django.db import transaction")
    said = notebook.run(
        "%%watch\ntransaction.set_autocommit(False)\nSkill.objects.create(name='Falconry');"
    )
    assert said.endswith("(still open)")
    said = notebook.run(
        "%%watch\ntransaction.rollback()\ntransaction.set_autocommit(True)\nSkill.objects.count();"
    )
    assert "line 2: ROLLBACK" in said
    assert "\n\nline 4: 1 query, 1 row" in said


def test_a_thread(notebook):
    said = notebook.run(
        "%%watch\nfrom threading import Thread\n\ndef ask():\n    Skill.objects.count()\n\n"
        "thread = Thread(target=ask)\nthread.start()\nthread.join()"
    )
    assert "line 5 of ask(): 1 query, 1 row" in said


def test_two_kernels_share_nothing(notebooks):
    first, second = notebooks
    first.run("Skill.objects.all().delete()\nEmployee.objects.update(name='Nobody')")
    assert second.run("print(Skill.objects.count())") == "12\n"
    assert first.run("print(Skill.objects.count())") == "0\n"
    first.run("reset()")
    assert first.run("print(Skill.objects.count())") == "12\n"


def test_the_first_cell_again_starts_afresh(notebook):
    notebook.run("Skill.objects.all().delete()")
    said = notebook.run("%load_ext glass")
    assert "12 skills" in said
    assert "already loaded" not in said
    assert notebook.run("print(Skill.objects.count())") == "12\n"


def test_ten_thousand_queries_in_one_kernel(notebook):
    loop = "from django.db import connection\nfor _ in range(10_000):\n    Skill.objects.exists()"
    notebook.run(
        "from django.test import override_settings\nwith override_settings(DEBUG=True):\n"
        + "".join(f"    {line}\n" for line in loop.splitlines())
    )
    said = notebook.run("%%watch\nSkill.objects.count()\nSkill.objects.first();")
    assert said.startswith("2 queries, 2 rows\n")


def test_bad_input(notebook):
    assert "There is no layer called 'sqll'" in notebook.run("%%watch sqll\n1")
    assert "stands on the first line of a cell" in notebook.run("1\n%%watch\n2")
    said = notebook.run("%%watch\nSkill.objects.count(")
    assert "SyntaxError" in said or "IncompleteInputError" in said
    assert "quer" not in said


def test_unload_and_load(notebook):
    notebook.run("%unload_ext glass")
    assert "not found" in notebook.run("%%watch\nSkill.objects.count()")
    notebook.run("%load_ext glass")
    said = notebook.run("%%watch\nawait Skill.objects.acount()")
    assert "1 query, 1 row" in said
