"""A school can go on with nbgrader: it takes a notebook of solutions/ as it is."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tutor.judge import solutions
from tutor.paths import ROOT


def test_nbgrader_makes_an_assignment(tmp_path: Path) -> None:
    nbgrader = shutil.which("nbgrader")
    if nbgrader is None:
        pytest.skip("No nbgrader test: nbgrader is not installed.")
    (source,) = (ROOT / "solutions").glob("04_*.ipynb")
    (tmp_path / "source" / "ch04").mkdir(parents=True)
    shutil.copyfile(source, tmp_path / "source" / "ch04" / source.name)
    # Its own metadata is for grades; without it the markers are enough.
    command = [nbgrader, "generate_assignment", "ch04", "--ClearSolutions.enforce_metadata=False"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    released = (tmp_path / "release" / "ch04" / source.name).read_text("utf8")
    cells = ["".join(cell["source"]) for cell in json.loads(released)["cells"]]
    assert not any("SOLUTION" in cell for cell in cells)
    roster = next(cell for cell in cells if "def roster" in cell)
    worked = solutions.worked("04.1")
    assert worked is not None
    assert "raise NotImplementedError" in roster
    assert not any(line.strip() in roster for line in worked.body.splitlines())
