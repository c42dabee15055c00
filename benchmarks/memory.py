"""Memory of notebook 00's kernel after Run All, beside a kernel that has run nothing."""

import json
import sys
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tutor.author.notebooks import kernel_environment

NOTEBOOK = ROOT / "notebooks" / "00_start_here.ipynb"


def megabytes(notebook: nbformat.NotebookNode) -> float:
    """What the notebook's kernel holds (resident) when all cells have run."""
    client = NotebookClient(notebook, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    with client.setup_kernel(env=kernel_environment()):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        return psutil.Process(client.km.provisioner.pid).memory_info().rss / 2**20


def measure() -> dict[str, float]:
    """{"bare", "notebook", "above"} in megabytes."""
    empty = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    bare = megabytes(empty)
    full = megabytes(nbformat.read(NOTEBOOK, as_version=4))
    return {"bare": bare, "notebook": full, "above": full - bare}


if __name__ == "__main__":
    print(json.dumps(measure()))
