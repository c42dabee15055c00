"""Begin an exercise: `course exercise new 04.19 short_name` writes the two places where it stands.

Both hold everything that `course lint` asks for, as a draft. What you have to write is marked TODO,
and lint fails as long as one is left.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from string import Template

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from tutor.judge import catalogue
from tutor.paths import ROOT

_CHECK = Template('''\
"""$id TODO: the title, and what it is about."""

from __future__ import annotations

from company.models import Employee

from checks.common import changes
from tutor.judge.exercise import Exercise, Run

$name = Exercise(
    "$id",
    "TODO: the title",
    minutes=5,
    queries=1,  # TODO: a maximum; leave it out where it does not matter
    changes=[changes.newcomer],  # TODO: rows that today's data does not have
    hints=[
        "TODO: where to begin.",
        "TODO: what of Django is of use.",
        "TODO: nearly the line, but not the whole answer.",
    ],
)


@$name.expects
def expected() -> object:
    # TODO: the right value for the present rows, computed plainly.
    return len(Employee.objects.all())


@$name.mistake("TODO: Your function counts one too many. Say what is wrong, and what to do.")
def one_too_many(run: Run) -> bool:
    return bool(run.value == run.expected + 1)


@$name.right
def a_second_way() -> object:
    return len(Employee.objects.values_list("pk"))


@$name.right
def a_third_way() -> object:
    return Employee.objects.values("pk").count()


@$name.wrong(one_too_many)
def counts_one_more() -> object:
    return Employee.objects.count() + 1


@$name.wrong("Your function returned nothing (None). Does it end with return?")
def returns_nothing() -> object:
    return None


@$name.wrong("it took 2 queries. 1 is enough")
def asks_twice() -> object:
    Employee.objects.exists()
    return Employee.objects.count()
''')
_TASK = Template("## $id TODO: the title\n\nTODO: why somebody at work needs it.")
_CELL = Template('''\
@exercise("$id")
def $name():
    """TODO: what comes in, what goes out, and whether order and queries matter."""
    ### BEGIN SOLUTION
    return Employee.objects.count()
    ### END SOLUTION''')


class CannotBegin(ValueError):
    """Why there can be no such exercise, in a sentence."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["new"], help="begin an exercise")
    parser.add_argument("number", help="04.19: the chapter, and the next number in it")
    parser.add_argument("name", help="the name of the function that learners write")


def run(args: argparse.Namespace) -> int:
    try:
        files = begin(args.number, args.name)
    except CannotBegin as problem:
        print(problem)
        return 2
    print(f"Begun: {' and '.join(str(file.relative_to(ROOT)) for file in files)}.")
    print("Write what is marked TODO, then: course build, course lint, course test " + args.number)
    return 0


def begin(id: str, name: str, course: Path = ROOT) -> tuple[Path, Path]:
    """Write the draft of an exercise; return the file of its check and the notebook of its cell.

    Raises CannotBegin with a sentence.
    """
    if not re.fullmatch(r"\d\d\.[1-9]\d?", id):
        raise CannotBegin(f"{id!r} is no number of an exercise. Write it like 04.19.")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise CannotBegin(f"{name!r} is no name of a function. Write it like open_orders.")
    known = catalogue.files(course / "checks")
    chapter, _, number = id.partition(".")
    if id in known:
        raise CannotBegin(f"{id} is there already: {known[id].relative_to(course)}.")
    last = max((int(each.partition(".")[2]) for each in known if each[:2] == chapter), default=0)
    folder = next((course / "checks").glob(f"ch{chapter}_*"), None)
    notebook = next((course / "solutions").glob(f"{chapter}_*.ipynb"), None)
    if folder is None or notebook is None:
        raise CannotBegin(f"There is no chapter {chapter} with exercises.")
    if int(number) != last + 1:
        raise CannotBegin(f"The next exercise of chapter {chapter} is {chapter}.{last + 1}.")
    check = folder / f"e{int(number):02}_{name}.py"
    check.write_text(_CHECK.substitute(id=id, name=name), encoding="utf-8", newline="\n")
    _add_cells(notebook, id, name)
    return check, notebook


def _add_cells(path: Path, id: str, name: str) -> None:
    """Two cells before the last one, which says where to go on."""
    notebook = nbformat.read(path, as_version=4)
    number = id.partition(".")[2]
    task, answer = _TASK.substitute(id=id), _CELL.substitute(id=id, name=name)
    notebook.cells[-1:-1] = [
        new_markdown_cell(task, id=f"task-{number}"),
        new_code_cell(answer, id=f"answer-{number}"),
    ]
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
