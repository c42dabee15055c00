"""The plugin of kernels.py changes how long nbval takes, and never what it says."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from tests.notebooks.kernels import Kernel, Kernels
from tutor.author.notebooks import kernel_environment
from tutor.paths import ROOT

type Cell = tuple[str, str]  # the source, and the text stored as printed

CELL_LIMIT = 1  # second
HERE = "from pathlib import Path\nprint(Path.cwd().name)"
CELLS: list[Cell] = [
    ("print('right')", "right\n"),
    ("print('new')", "old\n"),
    ("print('printed now')", ""),
    ("pass", "printed once\n"),
    ("1 / 0", ""),
    ("import sys; print('to stderr', file=sys.stderr)", ""),
    ("from time import sleep\nprint('begun')\nsleep(60)", "begun\n"),
    ("print('after')", "after\n"),
]


def write(path: Path, cells: list[Cell]) -> None:
    notebook = new_notebook()
    for number, (source, text) in enumerate(cells, start=1):
        outputs = [new_output("stream", name="stdout", text=text)] if text else []
        cell = new_code_cell(source, execution_count=number, outputs=outputs)
        notebook.cells.append(cell)
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)


def verdicts(folder: Path, *options: str) -> dict[str, str]:
    """What pytest says of each cell of a folder's notebooks: passed, or why not."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    report = folder / "report.xml"
    limit = f"--nbval-cell-timeout={CELL_LIMIT}"
    alone = ["-p", "no:cacheprovider", "-p", "no:django"]
    nbval = ["--nbval", "--nbval-current-env", limit, "--color=no", f"--junitxml={report}"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *alone, *nbval, *options, str(folder)],
        check=False,  # cells that fail are what is asked for
        cwd=ROOT,
        env=os.environ | {"NO_COLOR": "1", "PYTEST_ADDOPTS": ""},
        stdout=subprocess.DEVNULL,
        timeout=60,
    )
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.attrib['classname']} {case.attrib['name']}"
        said = "\n".join(child.text or child.tag for child in case) or "passed"
        # nbval's own kernels do not remember cells, and give each the number 1 in a traceback.
        found[name] = re.sub(r"In\[(?:#x1B\[\d+m)?\d+", "In[1", said)
    return found


def test_same_verdicts(tmp_path: Path) -> None:
    write(tmp_path / "a" / "first.ipynb", CELLS)
    write(tmp_path / "b" / "second.ipynb", [(HERE, "b\n"), ("print('new')", "old\n")])
    plain = verdicts(tmp_path)
    quick = verdicts(tmp_path, "-p", "tests.notebooks.kernels")
    assert quick == plain
    assert [said == "passed" for said in quick.values()] == [
        *(True, False, False, False, False, False, False),
        *(True, True, False),  # the cell after a timeout, which may fail; the other notebook
    ]
    assert "division by zero" in quick["a.first.ipynb Cell 4"]
    assert "Timeout of 1 seconds exceeded" in quick["a.first.ipynb Cell 6"]


def test_a_dead_kernel_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb", [("import os; os._exit(1)", ""), ("print('more')", "more\n")])
    write(tmp_path / "b.ipynb", [("print('next')", "next\n")])
    begun = monotonic()
    said = verdicts(tmp_path, "-p", "tests.notebooks.kernels", "--nbval-cell-timeout=50")
    assert monotonic() - begun < 25
    first, second, third = said.values()
    assert "The kernel died while this cell ran." in first
    assert "Kernel dead on test start" in second
    assert third == "passed"


def test_a_kernel_finds_the_project_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "elsewhere.settings")
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere")
    monkeypatch.setenv("OTHER", "kept")
    environment = kernel_environment()
    assert "DJANGO_SETTINGS_MODULE" not in environment
    assert "DATABASE_URL" not in environment
    assert environment["OTHER"] == "kept"
    assert environment["GLASS_TIMES"] == "off"


def test_a_kernel_that_dies_at_its_start_is_started_again(tmp_path: Path) -> None:
    kernels = Kernels([])
    doomed = Kernel(CURRENT_ENV_KERNEL_NAME, str(tmp_path))
    doomed.km.signal_kernel(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    kernels.started.append(doomed)
    kernel = kernels.take(cwd=str(tmp_path))
    try:
        assert kernel is not doomed
        assert kernel.is_alive()
    finally:
        kernel.stop()
        kernels.close()
