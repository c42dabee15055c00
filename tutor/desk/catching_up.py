"""catch_up: bring a kernel to the state that a section of a lesson needs.

Each section but the first begins with such a cell. Where everything above it has been run, it does
nothing. Otherwise it runs the cells above as the lesson has them, quietly, from the first one on,
which also brings fresh rows. So a section can be begun in a new kernel, or after anything else.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.getipython import get_ipython
from IPython.utils.capture import capture_output

from tutor.paths import ROOT

#: Where this kernel caught up: how many cells had been run by then, and how many of the lesson's
#: cells that made up for. IPython does not remember the cells that were run here.
_caught_up = (0, 0)


async def catch_up(section: str, course: Path = ROOT) -> None:
    """Run what section 5 of lesson 04 builds on, where it has not been run: await catch_up("04.5").

    Raises UsageError with a sentence.
    """
    global _caught_up
    shell: Any = get_ipython()
    if shell is None:
        raise UsageError("catch_up() is for a cell of a notebook.")
    earlier, later = cells_around(section, course)
    ran = [raw.strip() for raw in shell.history_manager.input_hist_raw]
    if is_there(earlier, later, ran, _caught_up):
        return
    for number, source in enumerate(earlier, start=1):
        with capture_output():
            result = await shell.run_cell_async(
                source, store_history=False, transformed_cell=shell.transform_cell(source)
            )
            # As every front end of IPython does after it: glass, among others, waits for this.
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
        if error := result.error_before_exec or result.error_in_exec:
            raise UsageError(
                f"Code cell {number} of the lesson could not be run: {type(error).__name__}: "
                f"{error}. Restart the kernel, and run this cell again."
            )
    _caught_up = (len(ran), len(earlier))
    print("Caught up: the cells above were run as the lesson has them, on fresh rows.")


def cells_around(section: str, course: Path = ROOT) -> tuple[list[str], set[str]]:
    """The lesson's code cells above the section "04.5" that it may build on, and those only below.

    Cells with the tag `aside` are left out above: nothing below them needs what they do.
    Raises UsageError with a sentence where there is no such section.
    """
    lesson = next(iter((course / "notebooks").glob(f"{section.partition('.')[0]}_*.ipynb")), None)
    earlier: list[str] = []
    above: set[str] = set()
    later: set[str] | None = None
    for cell in json.loads(lesson.read_text("utf-8"))["cells"] if lesson else ():
        source = "".join(cell["source"]).strip()
        if cell["cell_type"] != "code":
            continue
        if named := section_of(source):
            later = set() if named == section else later
        elif later is not None:
            later.add(source)
        else:
            above.add(source)
            if "aside" not in cell["metadata"].get("tags", ()):
                earlier.append(source)
    if later is None:
        raise UsageError(f'There is no section {section!r}. Write it as in await catch_up("04.5").')
    return earlier, later - above  # Some cells stand twice in a lesson.


def section_of(source: str) -> str | None:
    """ "04.5" of a cell that catches up; None of any other."""
    found = re.search(r"""^await catch_up\(["']([\d.]+)["']\)$""", source, re.MULTILINE)
    return found[1] if found else None


def is_there(
    earlier: list[str], later: set[str], ran: list[str], caught_up: tuple[int, int] = (0, 0)
) -> bool:
    """Whether the lesson's cells above were run, in their order, and none of those below since.

    Others may have been run between them.
    """
    cells_then, made_up_for = caught_up
    missing = list(earlier)
    for source in reversed(ran[cells_then:]):
        if missing and source == missing[-1]:
            missing.pop()
        elif source in later and len(missing) == len(earlier):
            return False
    return len(missing) == made_up_for
