"""The map of the course stands in the README and in lesson 00: the same rows, true in both."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.needs import undecided

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (\d\d) \| (.+?) \| (\d*) ?\| (.*?) ?\| (\d*) ?\|$", re.MULTILINE)
LINK = re.compile(r"\]\((?:\.\./)?((?:notebooks/|exercises/)?[\w.]+)\)")
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def rows(text: str) -> dict[str, list[str]]:
    """Number -> the row's other cells, with links as they are from the root."""

    def from_root(cell: str) -> str:
        return LINK.sub(
            lambda link: f"]({link[1] if '/' in link[1] else f'notebooks/{link[1]}'})", cell
        )

    return {number: list(map(from_root, cells)) for number, *cells in ROW.findall(text)}


def markdown(path: Path) -> list[nbformat.NotebookNode]:
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


IN_README = rows((ROOT / "README.md").read_text("utf-8"))
IN_LESSON = rows("\n".join(cell.source for cell in markdown(LESSONS[0])))


@pytest.fixture(scope="module")
def tasks():
    command = [sys.executable, "-m", "tutor.cli", "exercises", "--json"]
    said = subprocess.run(command, cwd=ROOT, env=undecided(), capture_output=True, check=True)
    return json.loads(said.stdout)


def test_the_two_maps_are_one():
    # The README links to the lesson that has the other map.
    linked = [re.sub(r"\[(.+?)\]\(.+?\)", r"\1", cell) for cell in IN_README["00"]]
    assert linked == IN_LESSON["00"]
    assert IN_README | {"00": IN_LESSON["00"]} == IN_LESSON
    assert list(IN_README) == [f"{number:02}" for number in range(18)]


@pytest.mark.parametrize("folder", ["notebooks", "exercises"])
def test_what_is_there_is_on_the_map(folder):
    on_map = set(re.findall(rf"\(({folder}/[\w.]+)\)", str(IN_README.values())))
    assert on_map == {f"{folder}/{path.name}" for path in (ROOT / folder).glob("*.ipynb")}


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_minutes_and_exercises(path, tasks):
    cells = markdown(path)
    minutes = sum(cell.metadata.get("minutes", 0) for cell in cells)
    tasks = [task for task in tasks if task["chapter"] == path.name[:2]]
    practice = sum(task["minutes"] for task in tasks)
    _, on_map, exercises, practice_on_map = IN_README[path.name[:2]]
    assert (on_map, practice_on_map) == (str(minutes), str(practice or ""))
    assert exercises.startswith(f"[{len(tasks)} exercises]" if tasks else "")
    if tasks:
        said = f"**{minutes} minutes, and {practice} more for the exercises.**"
        assert said in cells[0].source
