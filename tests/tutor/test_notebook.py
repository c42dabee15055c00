"""Exercises in a real kernel: its event loop, its exit(), its stop button."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from tests.notebooks.kernels import Kernel

EXERCISES = Path(__file__).resolve().parents[2] / "exercises"
ANSWER = '@exercise("04.1")\n{}def roster():\n    {}\n'


class Notebook:
    """A kernel with tutor loaded: `run(cell)` returns its outputs as one text."""

    def __init__(self) -> None:
        self.kernel = Kernel(CURRENT_ENV_KERNEL_NAME, str(EXERCISES))

    def start(self, cell: str) -> str:
        message: str = self.kernel.kc.execute(cell)
        return message

    def finish(self, message: str) -> str:
        return "\n".join(map(as_text, self.kernel.outputs(message)))

    def run(self, cell: str) -> str:
        return self.finish(self.start(cell))


def as_text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return str(output.data["text/plain"])


@pytest.fixture(scope="module")
def notebook() -> Iterator[Notebook]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_PROGRESS", ":memory:")
        notebook = Notebook()
    try:
        notebook.kernel.ready()
        assert notebook.run("%load_ext tutor").startswith(
            "Project course_project (config.settings)"
        )
        notebook.run("from company.models import Department, Employee\nfrom django.db import *")
        yield notebook
    finally:
        notebook.kernel.stop()
        Kernel.see_off(0.5)


def answer(body: str, above: str = "") -> str:
    return ANSWER.format(above, body)


RIGHT = answer(
    'return Employee.objects.exclude(department=None).values_list("name", "department__name")'
)


def test_the_first_cell_again_says_the_same(notebook: Notebook) -> None:
    first = notebook.run("%load_ext tutor")
    assert first.count("\nRows: ") == 1
    assert "login records" not in first  # a table without rows
    assert notebook.run("%load_ext tutor") == first
    assert notebook.run("%load_ext glass") == first


def test_solving_an_exercise(notebook: Notebook) -> None:
    assert "04.1 Who works where: Not attempted" in notebook.run(answer("..."))
    said = notebook.run(answer("return Employee.objects.values_list('name', 'department__name')"))
    assert "04.1 Who works where: Not yet\nPeople without a department" in said
    assert "line 3 of roster(): 1 query, 60 rows" in said
    assert "hint 1 of 3" in notebook.run('hint("04.1")')
    assert "Correct" in notebook.run(RIGHT)
    assert "The worked answer" in notebook.run('solution("04.1")')
    assert "04    1 of" in notebook.run("progress()")
    assert notebook.run("len(roster())") == "58"


def test_the_notebooks_own_rows_stay(notebook: Notebook) -> None:
    notebook.run("Employee.objects.filter(department=None).delete()")
    count = notebook.run("Employee.objects.count()")
    assert "Correct" in notebook.run(RIGHT)
    notebook.run(answer("Employee.objects.all().delete()"))
    assert notebook.run("Employee.objects.count()") == count


def test_a_coroutine_in_the_event_loop(notebook: Notebook) -> None:
    said = notebook.run(
        '@exercise("04.1")\nasync def roster():\n'
        "    staff = Employee.objects.exclude(department=None).select_related('department')\n"
        "    return [(e.name, e.department.name) async for e in staff]"
    )
    assert "Correct" in said
    assert "line 4 of roster(): 1 query, 58 rows" in said


@pytest.mark.parametrize("leave", ["exit()", "quit()", "import sys; sys.exit()"])
def test_the_kernel_survives_exit(leave: str, notebook: Notebook) -> None:
    said = notebook.run(answer(leave))
    assert "04.1 Who works where: Error" in said
    assert "your code ends the program" in said
    time.sleep(0.3)  # exit() of a kernel takes effect after a moment
    assert notebook.run("1 + 1") == "2"


def test_the_stop_button(notebook: Notebook) -> None:
    message = notebook.start(answer("while True: pass"))
    time.sleep(0.5)
    notebook.kernel.km.interrupt_kernel()
    said = notebook.finish(message)
    assert "Interrupted. Your answer was stopped and not judged." in said
    assert "Traceback" not in said
    assert "Correct" in notebook.run(RIGHT)


def test_input_is_refused(notebook: Notebook) -> None:
    assert "input() waits for a person" in notebook.run(answer("return input()"))


def test_a_watch_around_it_does_not_show_the_check(notebook: Notebook) -> None:
    said = notebook.run("%%watch\nDepartment.objects.count()\n" + RIGHT)
    assert said.count("query") == said.count("1 query")
    assert notebook.run("len(seen.queries)") == "1"


def test_what_is_printed_is_shown(notebook: Notebook) -> None:
    said = notebook.run(answer('print("counting"); return []'))
    shown = notebook.run(
        answer("from IPython.display import Markdown, display; display(Markdown(), 7)")
    )
    assert "It printed:\n    <IPython.core.display.Markdown object>\n    7" in shown
    assert "'seven'" in notebook.run("display('seven')")
    assert "It printed:\n    counting" in said
    assert said.count("counting") == 1


def test_the_words_can_be_unloaded(notebook: Notebook) -> None:
    notebook.run("%unload_ext tutor")
    assert "NameError" in notebook.run("exercise")
    assert "Project course_project" in notebook.run("%load_ext tutor")
    assert "Correct" in notebook.run(RIGHT)
