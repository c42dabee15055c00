"""`course notebooks`: run the notebooks again and store what they print.

The stored outputs are what a learner reads before running anything, and what the tests compare a
fresh run with. So they must be the same on every machine: running twice gives the same bytes, and
an output that names a folder of this machine or a memory address is refused. A cell with the tag
`varies` keeps the output it has, a measured time for example; clear it to have a new one stored.
"""

import os
import re
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tutor.paths import ROOT, jupyter_environment, keep_jupyter_inside

FOLDERS = ("notebooks", "exercises", "solutions")
CELL_LIMIT = 60  # seconds
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What editors and runners write into a cell on their own; all other metadata is the author's.
WRITTEN_BY_TOOLS = frozenset(
    {"ExecuteTime", "collapsed", "editable", "execution", "scrolled", "trusted", "vscode"}
)
# A name after the folder is asked for, so that a page of the project may be called /home/.
PERSONAL = re.compile(
    r"(?<![\w.])(?:/home/|/Users/|[A-Za-z]:[\\/]+Users[\\/]+)\w+"
    r"|ipykernel_\d+"
    r"| at 0x[0-9A-Fa-f]+"
)


class NotebookError(Exception):
    """What is wrong with a notebook, in one sentence."""


@dataclass(frozen=True)
class Run:
    """One notebook, run again."""

    path: Path
    before: bytes
    after: bytes
    warnings: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return self.before != self.after


def notebooks() -> list[Path]:
    """Every notebook of the course, in the order of its folders and numbers."""
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.ipynb"))]


def shown(path: Path) -> str:
    """The name of a notebook as a sentence gives it: from the project's folder, with slashes."""
    return (path.relative_to(ROOT) if path.is_relative_to(ROOT) else path).as_posix()


def kernel_environment() -> dict[str, str]:
    """The environment of a kernel whose outputs are compared.

    The kernel finds the project as a learner's does, whatever the calling process is set to,
    reads no configuration but the project's, leaves durations out of the views, and remembers
    no progress.
    """
    jupyter = jupyter_environment()
    # Where it is missing, IPython warns and makes itself a temporary one.
    Path(jupyter["IPYTHONDIR"]).mkdir(parents=True, exist_ok=True)
    foreign = ("CELERY_", "DATABASE_URL", "DJANGO_", "REDIS_URL")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    # The solutions must not count as the learner's own.
    return ours | jupyter | {"GLASS_TIMES": "off", "COURSE_PROGRESS": ":memory:"}


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Neighbouring streams as one for each name: how stdout came in pieces is chance."""
    merged: list[NotebookNode] = []
    for is_stream, group in groupby(outputs, key=lambda output: output.output_type == "stream"):
        if not is_stream:
            merged.extend(group)
            continue
        streams = list(group)
        for name in ("stdout", "stderr"):
            if text := "".join(stream.text for stream in streams if stream.name == name):
                merged.append(nbformat.v4.new_output("stream", name=name, text=text))
    return merged


def keep_what_varies(notebook: NotebookNode, stored: list[list[NotebookNode]]) -> None:
    """Put the stored outputs of cells with the tag `varies` back, where there are any."""
    for cell, outputs in zip(code_cells(notebook), stored, strict=True):
        if outputs and "varies" in cell.metadata.get("tags", ()):
            cell.outputs = outputs
            for output in outputs:
                if output.output_type == "execute_result":
                    output.execution_count = cell.execution_count


def clean(notebook: NotebookNode) -> None:
    """Leave what an author wrote and what the code printed, and nothing else."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for key in WRITTEN_BY_TOOLS & cell.metadata.keys():
            del cell.metadata[key]
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)


def output_texts(output: NotebookNode) -> Iterator[str]:
    """What an output says, in each of its forms."""
    if output.output_type == "stream":
        yield output.text
    elif output.output_type == "error":
        yield "\n".join([output.evalue, *output.traceback])
    else:
        yield from (text for text in output.data.values() if isinstance(text, str))


def personal(text: str) -> str | None:
    """The first part of a text that is true on one machine only, if there is one."""
    # Where home is the root of the file system its name is in every path, and tells nothing.
    folders = [folder for folder in (ROOT, Path.home()) if folder != Path(folder.anchor)]
    spellings = {form for path in folders for form in (str(path), path.as_posix())}
    for spelling in sorted(spellings, key=len, reverse=True):
        if re.search(rf"(?<![\w.]){re.escape(spelling)}(?!\w)", text.replace("\\\\", "\\")):
            return spelling
    match = PERSONAL.search(text)
    return match.group().strip() if match else None


def run_notebook(path: Path) -> Run:
    """Run a notebook in its own folder, and return its bytes before and after; write nothing.

    Raises NotebookError where it cannot be read, a cell fails, or an output is not for storing.
    """
    before = path.read_bytes()
    try:
        notebook = nbformat.reads(before.decode(), as_version=4)
    except Exception as error:  # nbformat raises what comes: it is not JSON, has no cells, ...
        raise NotebookError(
            f"{shown(path)} cannot be read as a notebook: bring it back with git."
        ) from error
    stored = [cell.outputs for cell in code_cells(notebook)]
    client = NotebookClient(
        notebook,
        timeout=CELL_LIMIT,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        kernel_name=METADATA["kernelspec"]["name"],
    )
    try:
        client.execute(env=kernel_environment(), stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raised = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
        raise NotebookError(_sentence(path, client, f"raised {raised}")) from error
    except CellTimeoutError as error:
        told = f"ran longer than {CELL_LIMIT} seconds"
        raise NotebookError(_sentence(path, client, told)) from error
    except DeadKernelError as error:
        raise NotebookError(_sentence(path, client, "ended the kernel")) from error
    keep_what_varies(notebook, stored)
    clean(notebook)

    warnings = []
    for number, cell in enumerate(code_cells(notebook), start=1):
        for output in cell.outputs:
            for text in output_texts(output):
                if found := personal(text):
                    raise NotebookError(
                        f"{shown(path)}, cell {number} prints {found}, which is true on this "
                        "machine only: print something that is the same everywhere."
                    )
            if output.output_type == "stream" and output.name == "stderr":
                first = output.text.strip().split("\n")[0]
                warnings.append(f"{shown(path)}, cell {number} writes to stderr: {first}")
    after = nbformat.writes(notebook).rstrip("\n") + "\n"
    return Run(path, before, after.encode(), warnings)


def _sentence(path: Path, client: NotebookClient, what: str) -> str:
    return f"{shown(path)}, cell {client.code_cells_executed} {what}."


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="notebooks to run (default: all)"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a file would change"
    )


def run(args: Namespace) -> int:
    """Run the notebooks two at a time; 0 when all went well."""
    keep_jupyter_inside()
    paths = [path.resolve() for path in args.files] or notebooks()
    for path in paths:
        if path.suffix != ".ipynb" or not path.is_file():
            sentence = f"{shown(path)} is no notebook: name a file that ends in .ipynb."
            print(sentence, file=sys.stderr)
            return 1

    def attempt(path: Path) -> Run | NotebookError:
        try:
            return run_notebook(path)
        except NotebookError as error:
            return error

    good = True
    with ThreadPoolExecutor(max_workers=2) as pool:
        for path, result in zip(paths, pool.map(attempt, paths), strict=True):
            if isinstance(result, NotebookError):
                good = False
                print(result, file=sys.stderr, flush=True)
                continue
            for warning in result.warnings:
                print(warning, file=sys.stderr)
            if args.check:
                good = good and not result.changed
                verdict = "would change" if result.changed else "unchanged"
            else:
                verdict = "stored" if result.changed else "unchanged"
                if result.changed:
                    path.write_bytes(result.after)
            print(f"{shown(path)}  {verdict}", flush=True)
    return 0 if good else 1
