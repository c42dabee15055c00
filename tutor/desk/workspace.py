"""Bring new and changed chapters into workspace/, where the learner works on copies.

The rule, for each file of notebooks/ and exercises/:

- It is compared by what it says. Of a notebook that is the kind and source of its cells that are
  not empty: JupyterLab also saves outputs, counts, metadata, and the empty cell it adds at the end.
- Speaker's notes are left out: they are for who presents the lesson (`course present`).
- A copy is written only when the course's file says something new. Until then the outputs of the
  learner's own runs stay as they are.
- When it does, a copy that the learner has not changed is replaced, together with its outputs, for
  they belong to the old text. A copy that the learner has changed is kept, and the new chapter is
  laid beside it, once: `04_forward_and_reverse (new 2026-11-20).ipynb`.
- A copy that is missing is brought (back). No file of the learner is ever removed.
"""

import argparse
import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from tutor.paths import ROOT, WORKSPACE

FOLDERS = ("notebooks", "exercises")
STATE_FILE = ".course.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments."""


def run(args: argparse.Namespace) -> int:
    """Update the chapters, and the template database that the notebooks copy."""
    try:
        print("\n".join(update()) or "workspace/ is up to date.")
    except OSError as error:
        print(not_writable(error))
        return 1
    import glass
    from glass.sandbox.database import DatabaseProblem

    try:
        glass.setup(ROOT)
    except DatabaseProblem as problem:
        print(problem)
        return 1
    return 0


def not_writable(error: OSError) -> str:
    return f"workspace/ cannot be written to: {error}. Mend that, or copy the course elsewhere."


def update(course: Path = ROOT, workspace: Path = WORKSPACE) -> list[str]:
    """Bring the workspace up to date; return a line for each thing done, none if nothing was."""
    workspace.mkdir(exist_ok=True)
    given, said = read_state(workspace / STATE_FILE)
    before = json.dumps(given)
    added = []
    for source in chapters(course):
        name = source.relative_to(course).as_posix()
        copy = workspace / name
        known = given.get(name, {})
        bytes_now = digest(source.read_bytes())
        if copy.exists() and known.get("bytes") == bytes_now:
            continue
        says_now = says(source)
        if not copy.exists():
            place(source, copy)
            added.append(name)
        elif known.get("says") != says_now and (says_own := says(copy)) != says_now:
            if says_own == known.get("says"):
                place(source, copy)
                said.append(f"Updated {name}.")
            elif beside := lay_beside(source, copy, says_now):
                said.append(f"Kept your {name}; the new version is beside it: {beside.name}")
        given[name] = {"bytes": bytes_now, "says": says_now}
    if len(added) > 3:
        said.append(f"Added {len(added)} files to {workspace.name}/.")
    else:
        said += [f"Added {name}." for name in added]
    if json.dumps(given) != before:
        write(workspace / STATE_FILE, json.dumps(given, indent=1).encode())
    return said


def chapters(course: Path) -> Iterator[Path]:
    """Yield the files that learners get: no hidden ones, no leftovers of Python or Jupyter."""
    for folder in FOLDERS:
        for path in sorted((course / folder).rglob("*")):
            parts = path.relative_to(course).parts
            if path.is_file() and not any(part.startswith((".", "__")) for part in parts):
                yield path


def says(path: Path) -> str:
    """Return a digest of what the file says. A notebook that is not one is taken byte by byte."""
    content = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = [
                (cell["cell_type"], text(cell["source"]))
                for cell in json.loads(content)["cells"]
                if not is_note(cell)
            ]
            content = json.dumps([cell for cell in cells if cell[1]]).encode()
        except (ValueError, KeyError, TypeError):
            pass
    return digest(content)


def text(source: str | list[str]) -> str:
    return "".join(source).strip()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def lay_beside(source: Path, copy: Path, says_now: str) -> Path | None:
    """Put the new version beside the learner's own, unless it lies there already."""
    if any(
        says(other) == says_now for other in copy.parent.glob(f"{copy.stem} (new *{copy.suffix}")
    ):
        return None
    number = 1
    while True:
        mark = f"new {date.today()}" + (f" {number}" if number > 1 else "")
        beside = copy.with_name(f"{copy.stem} ({mark}){copy.suffix}")
        if not beside.exists():
            place(source, beside)
            return beside
        number += 1


def place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, given_content(source))


def given_content(source: Path) -> bytes:
    """What a learner gets of a file: a notebook without what only a speaker reads, all else as it is."""
    content = source.read_bytes()
    if source.suffix != ".ipynb":
        return content
    try:
        notebook = json.loads(content)
        cells = [cell for cell in notebook["cells"] if not is_note(cell)]
        if len(cells) == len(notebook["cells"]):
            return content
    except (ValueError, KeyError, TypeError):
        return content
    notebook["cells"] = cells
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def is_note(cell: dict[str, Any]) -> bool:
    """Whether it is a speaker's note, as Jupyter marks one."""
    return bool(cell["metadata"].get("slideshow", {}).get("slide_type") == "notes")


def write(target: Path, content: bytes) -> None:
    """Write the whole file or nothing."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(target)


def read_state(path: Path) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return what was given to the learner before, and what there is to say about it."""
    try:
        state = json.loads(path.read_bytes())
        if all(isinstance(entry, dict) for entry in state.values()):
            return state, []
    except FileNotFoundError:
        return {}, []
    except (ValueError, AttributeError):
        pass
    aside = path.with_name(f"{path.name}.damaged")
    shutil.move(path, aside)
    said = (
        f"The list of what was copied was damaged and is set aside as {aside.name}. "
        "Your files are kept; chapters that differ from the course's are taken for your own."
    )
    return {}, [said]
