"""Bring a copy in workspace/ back to what the course gives, and keep a dated backup beside it.

course reset 04            the exercises of chapter 04
course reset 04.2          this exercise alone
course reset notebooks/04  the lesson of chapter 04
course reset --all         all lessons and exercises, before the next people come

Your progress stays as it is.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

from tutor.desk import workspace
from tutor.paths import ROOT, WORKSPACE


class CannotReset(Exception):
    """There is nothing to reset; str() says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="WHAT", nargs="?", help="04, 04.2 or notebooks/04")
    parser.add_argument("--all", action="store_true", help="every lesson and chapter of exercises")


def run(args: argparse.Namespace) -> int:
    if args.all == bool(args.what):
        print("Say what to reset: 04, 04.2, notebooks/04 or --all.", file=sys.stderr)
        return 2
    try:
        print("\n".join(reset_all() if args.all else reset(args.what)))
    except CannotReset as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(workspace.not_writable(error), file=sys.stderr)
        return 1
    return 0


def reset(what: str, course: Path = ROOT, work: Path = WORKSPACE) -> list[str]:
    """Do it; return a line for each thing done. Raises CannotReset."""
    match = re.fullmatch(
        r"(?:(notebooks|exercises)/)?(\d\d)(?:\.(\d+))?(?:_\w+(?:\.ipynb)?)?", what
    )
    if not match or (match[1] == "notebooks" and match[3]):
        raise CannotReset(f"{what!r} is neither a chapter, as 04, nor an exercise, as 04.2.")
    folder, chapter = match[1] or "exercises", match[2]
    source = next(iter(sorted((course / folder).glob(f"{chapter}_*.ipynb"))), None)
    if source is None:
        raise CannotReset(f"There is no {folder}/{chapter}_*.ipynb in the course.")
    copy = work / folder / source.name
    name = f"{folder}/{source.name}"
    if not copy.exists():
        workspace.place(source, copy)
        return [f"Added {name}."]
    content = workspace.given_content(source)
    if match[3]:
        content = _with_one_cell(source, copy, f"{chapter}.{match[3]}", name)
    elif workspace.says(copy) == workspace.says(source):
        return [f"{name} is as the course gives it."]
    beside = backup(copy)
    workspace.write(copy, content)
    return [
        f"Reset {chapter}.{match[3]} in {name}." if match[3] else f"Reset {name}.",
        f"Yours is kept beside it: {beside.name}",
        "Is it open in JupyterLab? Then choose File, Reload Notebook from Disk.",
    ]


def reset_all(course: Path = ROOT, work: Path = WORKSPACE) -> list[str]:
    """Give every copy back as the course has it, its outputs too; return what there is to say.

    What a learner has written is kept beside it, with the date.
    """
    said = []
    changed = 0
    for source in workspace.chapters(course):
        copy = work / source.relative_to(course)
        content = workspace.given_content(source)
        if copy.exists() and copy.read_bytes() == content:
            continue
        if copy.exists() and workspace.says(copy) != workspace.says(source):
            said.append(f"Kept beside it: {backup(copy).relative_to(work).as_posix()}")
        copy.parent.mkdir(parents=True, exist_ok=True)
        workspace.write(copy, content)
        changed += 1
    said += workspace.update(course, work)  # it knows what the copies are now
    return [*said, f"Reset {changed} notebooks. Everything is as the course gives it."]


def _with_one_cell(source: Path, copy: Path, id: str, name: str) -> bytes:
    """The learner's copy with the cell of one exercise as the course gives it."""
    given = _cell(json.loads(source.read_bytes()), id)
    if given is None:
        raise CannotReset(f"There is no exercise {id} in {name}.")
    try:
        own = json.loads(copy.read_bytes())
        cell = _cell(own, id)
    except (ValueError, KeyError, TypeError):
        raise CannotReset(
            f"Your {name} cannot be read as a notebook. "
            f"Reset all of it: course reset {id.partition('.')[0]}"
        ) from None
    if cell is None:
        raise CannotReset(
            f"Your {name} has no cell with {id} any more. "
            f"Reset all of it: course reset {id.partition('.')[0]}"
        )
    cell.update(source=given["source"], outputs=given["outputs"])
    cell["execution_count"] = given["execution_count"]
    return (json.dumps(own, indent=1, ensure_ascii=False) + "\n").encode()


def _cell(notebook: Any, id: str) -> Any:
    """The cell of an exercise: found by its decorator, also where the answer is no Python."""
    mark = re.compile(rf"^@(exercise|predict)\(\s*[\"']{re.escape(id)}[\"']", re.MULTILINE)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and mark.search("".join(cell["source"])):
            return cell
    return None


def backup(copy: Path) -> Path:
    """Copy a file to a dated name beside it; return that."""
    number = 1
    while True:
        mark = f"backup {date.today()}" + (f" {number}" if number > 1 else "")
        beside = copy.with_name(f"{copy.stem} ({mark}){copy.suffix}")
        if not beside.exists():
            shutil.copyfile(copy, beside)
            return beside
        number += 1
