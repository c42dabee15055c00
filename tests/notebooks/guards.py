"""What nbval does not look at. Each guard yields a sentence for each fault of one notebook."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

from nbformat import NotebookNode

from tutor.author.notebooks import METADATA, WRITTEN_BY_TOOLS, code_cells, output_texts, personal

type Guard = Callable[[Path, NotebookNode], Iterator[str]]

SCREEN = 30  # lines
FIRST_CELL = {
    "notebooks": "%load_ext glass",
    "exercises": "%load_ext tutor",
    "solutions": "%load_ext tutor",
}
HIDING = re.compile(
    r"^\s*(#+\s*(NBVAL_IGNORE_OUTPUT|PYTEST_VALIDATE_IGNORE_OUTPUT)\s*$|%%capture\b)", re.MULTILINE
)
NEVER = re.compile(r"^\s*#+\s*(NBVAL_SKIP|NBVAL_RAISES_EXCEPTION)\s*$", re.MULTILINE)
CODE = re.compile(r"(```|~~~).*?\1|`[^`\n]*`", re.DOTALL)
LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)"  # [text](target)
    r"|^\s*\[[^\]]+\]:\s*<?([^\s>]+)"  # [name]: target
    r"|(?:src|href)=[\"']([^\"']+)",  # HTML
    re.MULTILINE,
)


def numbered(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    return enumerate(code_cells(notebook), start=1)


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", ()))


def is_run_in_order(path: Path, notebook: NotebookNode) -> Iterator[str]:
    for number, cell in numbered(notebook):
        if cell.execution_count != number:
            yield f"cell {number} is stored as run number {cell.execution_count}"


def hides_no_output(path: Path, notebook: NotebookNode) -> Iterator[str]:
    for number, cell in numbered(notebook):
        justified = "varies" in tags(cell) and str(cell.metadata.get("reason", "")).strip()
        if not justified and ("nbval-ignore-output" in tags(cell) or HIDING.search(cell.source)):
            yield f"cell {number} hides its output without the tag `varies` and a `reason`"


def is_compared(path: Path, notebook: NotebookNode) -> Iterator[str]:
    unwelcome = {"nbval-skip", "raises-exception", "nbval-raises-exception"}
    for number, cell in numbered(notebook):
        if unwelcome & tags(cell) or NEVER.search(cell.source):
            yield f"cell {number} is skipped, or is allowed to raise"


def has_only_our_metadata(path: Path, notebook: NotebookNode) -> Iterator[str]:
    if notebook.metadata != METADATA:
        yield "the notebook's metadata is not what `course notebooks` writes"
    for number, cell in enumerate(notebook.cells, start=1):
        if found := WRITTEN_BY_TOOLS & cell.metadata.keys():
            yield f"cell {number} of all cells has the metadata {', '.join(sorted(found))}"


def is_true_everywhere(path: Path, notebook: NotebookNode) -> Iterator[str]:
    for number, cell in numbered(notebook):
        for output in cell.outputs:
            for text in output_texts(output):
                if found := personal(text):
                    yield f"cell {number} has {found} in its output"


def fits_a_screen(path: Path, notebook: NotebookNode) -> Iterator[str]:
    for number, cell in numbered(notebook):
        if (lines := len(cell.source.splitlines())) > SCREEN:
            yield f"cell {number} has {lines} lines, and a screen {SCREEN}"


def broken_links(markdown: str, folder: Path) -> Iterator[str]:
    """The relative links of a text that lead to no file."""
    for groups in LINK.findall(CODE.sub("", markdown)):
        target = "".join(groups)
        file = unquote(target.partition("#")[0])
        is_elsewhere = re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", file)
        if file and not is_elsewhere and not (folder / file).resolve().exists():
            yield target


def links_lead_somewhere(path: Path, notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for target in broken_links(cell.source, path.parent):
                yield f"the link to {target} leads to no file"


def begins_with_the_one_line(path: Path, notebook: NotebookNode) -> Iterator[str]:
    wanted = FIRST_CELL[path.parent.name]
    sources = [cell.source for cell in code_cells(notebook)]
    if sources[:1] != [wanted]:
        yield f"the first code cell is not the one line {wanted}"


def is_numbered(path: Path, notebook: NotebookNode) -> Iterator[str]:
    if not re.fullmatch(r"\d\d(_[a-z0-9]+)+\.ipynb", path.name):
        yield "the name is not of the form 04_forward_and_reverse.ipynb"


def has_no_empty_cell(path: Path, notebook: NotebookNode) -> Iterator[str]:
    for number, cell in numbered(notebook):
        if not cell.source.strip():
            yield f"cell {number} is empty"


GUARDS: list[Guard] = [
    is_run_in_order,
    hides_no_output,
    is_compared,
    has_only_our_metadata,
    is_true_everywhere,
    fits_a_screen,
    links_lead_somewhere,
    begins_with_the_one_line,
    is_numbered,
    has_no_empty_cell,
]
