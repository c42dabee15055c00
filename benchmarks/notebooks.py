"""All notebooks as tests, against the same code as plain scripts, two at a time."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tutor.author.notebooks import kernel_environment, notebooks
from tutor.paths import STATE

AT_LEAST = 10  # notebooks; fewer are taken several times, or pytest's own start would count most
# IPython's bare shell, because cells hold magics: no kernel, no messages, nothing compared.
SCRIPT = """
import json, pathlib, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        shell.run_cell("".join(cell["source"])).raise_error()
"""


def run_as_script(notebook: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", SCRIPT, notebook],
        cwd=notebook.parent,
        env=kernel_environment(),
        stdout=subprocess.DEVNULL,
        check=True,
    )


def run_as_scripts(copies: list[Path]) -> None:
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(run_as_script, copies))


def run_as_tests(copies: list[Path]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *copies], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"The notebooks do not pass, so there is nothing to measure:\n{done.stdout}")


def seconds(run: Callable[[list[Path]], None], copies: list[Path]) -> float:
    begin = time.perf_counter()
    run(copies)
    return time.perf_counter() - begin


def measure(rounds: int = 1, originals: list[Path] | None = None) -> dict[str, float]:
    """Return the seconds of both, each the best of its rounds, and their ratio."""
    originals = originals or notebooks()
    if not originals:
        sys.exit("There are no notebooks to measure.")
    STATE.mkdir(exist_ok=True)
    # Below the project's folder, so that the copies find the project as the originals do.
    with tempfile.TemporaryDirectory(dir=STATE) as folder:
        wanted = islice(cycle(originals), max(AT_LEAST, len(originals)))
        copies = [
            Path(shutil.copy(path, Path(folder, f"{number:02}_{path.name}")))
            for number, path in enumerate(wanted)
        ]
        run_as_script(copies[0])  # the template database is built, and everything compiled
        times = [
            (seconds(run_as_scripts, copies), seconds(run_as_tests, copies)) for _ in range(rounds)
        ]
    scripts, tests = (min(side) for side in zip(*times, strict=True))
    return {"notebooks": len(copies), "scripts": scripts, "tests": tests, "ratio": tests / scripts}


if __name__ == "__main__":
    found = measure()
    print(
        f"{found['notebooks']} notebooks: {found['scripts']:.1f} s as scripts, "
        f"{found['tests']:.1f} s as tests, ratio {found['ratio']:.2f}"
    )
