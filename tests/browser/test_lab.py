"""The course as a learner meets it: a fresh clone, `make lab`, and a browser."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.lab_server import start_lab, stop_lab
from tutor.paths import ROOT, STATE

if TYPE_CHECKING:  # Playwright is not on every machine
    from playwright.sync_api import Locator

    from tests.browser.lab import Lab, Notebook

GLASS = "text/html"

N_PLUS_1 = """%%watch
from company.models import Employee
for employee in Employee.objects.all()[:5]:
    print(employee.department)"""

HOSTILE = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1;alert(1)">'
ADD_HOSTILE = f"""%%watch
from shop.models import Customer
Customer.objects.create(
    name={HOSTILE!r}, email="x@example.com", city="x", country="x", joined_on="2026-01-01"
)"""
FAIL_WITH_HOSTILE = f"""%%watch
from django.db import connection
with connection.cursor() as cursor:
    try:
        cursor.execute('SELECT * FROM "' + {HOSTILE.replace('"', "'")!r} + '"')
    except Exception as error:
        print(error)"""
REQUESTS = """%%watch
from django.test import Client
print(Client().get("/departments/1/").status_code)
print(Client().get("/nowhere/").status_code)"""
SHOW_HOSTILE = """%%watch
Customer.objects.filter(email="x@example.com")"""

EXERCISES = "exercises/04_forward_and_reverse.ipynb"
ROSTER = """@exercise("04.1")
def roster():
    """
EVERYBODY = f'{ROSTER}return list(Employee.objects.values_list("name", "department__name"))'
EACH_ASKED = f"""{ROSTER}staff = Employee.objects.exclude(department=None)
    return [(person.name, person.department.name) for person in staff]"""
FAILING = f"""{ROSTER}staff = Employee.objects.select_related("department")
    return [(person.name, person.department.name) for person in staff]"""
JOINED = f"""{ROSTER}staff = Employee.objects.filter(department__isnull=False)
    return staff.values_list("name", "department__name")"""


@pytest.fixture(scope="module")
def clone(
    require: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """What a learner gets who clones the repository: what is committed, and nothing else."""
    require("browser")
    if not (ROOT / ".git").exists():
        pytest.skip("No browser test: this folder is not a git repository that could be cloned.")
    folder = tmp_path_factory.mktemp("fresh") / "course"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    yield folder


@pytest.fixture(scope="module")
def lab(require: Callable[[str], str], clone: Path) -> Iterator["Lab"]:
    chromium = require("browser")
    from tests.browser.lab import browser

    with pytest.MonkeyPatch.context() as environment:
        # Nothing of this run's own surroundings; but packages are downloaded once, not each time.
        for name in os.environ:
            if name.startswith(("JUPYTER", "IPYTHON", "COURSE_", "DJANGO_", "GLASS_", "VIRTUAL_")):
                environment.delenv(name)
        environment.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR", str(STATE / "uv")))
        url, process = start_lab(clone, "--expose-app-in-browser")
    try:
        with browser(chromium, url) as lab:
            yield lab
    finally:
        stop_lab(process)


@pytest.fixture
def scratch(lab: "Lab", clone: Path) -> "Notebook":
    """A notebook with nothing but the first cell, run."""
    write(clone / "workspace" / "scratch.ipynb", ["%load_ext glass"])
    notebook = lab.open("scratch.ipynb")
    notebook.run_all()
    return notebook


@pytest.fixture(autouse=True)
def nothing_strange(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test may ask another host, run a script that came out of the rows, or break the page."""
    yield
    if "lab" in request.fixturenames:
        lab = request.getfixturevalue("lab")
        assert lab.strangers == []
        assert lab.dialogs == []
        assert lab.errors == []
        assert lab.page.evaluate("window.hacked") is None


@pytest.fixture(scope="module")
def pictures() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="under-glass-"))
    print(f"\nScreenshots: {folder}")
    return folder


def write(
    path: Path, sources: list[str], outputs: list[list[dict[str, object]]] | None = None
) -> None:
    """Write a notebook that nobody has run, with outputs that nobody has vouched for."""
    cells = [new_code_cell(source) for source in sources]
    for cell, stored in zip(cells, outputs or [], strict=False):
        cell.outputs, cell.execution_count = stored, 1
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    path.write_text(json.dumps(notebook), encoding="utf-8")


def contrasts(place: "Locator") -> list[tuple[float, str]]:
    """Each text in a place with its contrast to what is behind it, the weakest first.

    https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """

    def luminance(colour: list[int]) -> float:
        parts = [part / 255 for part in colour[:3]]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one: list[int], other: list[int]) -> float:
        dark, light = sorted((luminance(one), luminance(other)))
        return (light + 0.05) / (dark + 0.05)

    return sorted((contrast(ink, paper), text) for text, ink, paper in place.evaluate(COLOURS))


# For each text node its words, its colour and the colour behind it, as they are painted: a canvas
# mixes what is half transparent, in whatever notation the colours are.
COLOURS = """place => {
    const brush = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const paint = (colour, alpha) => {
        brush.globalAlpha = alpha;
        brush.fillStyle = colour;
        brush.fillRect(0, 0, 1, 1);
    };
    const painted = () => Array.from(brush.getImageData(0, 0, 1, 1).data);
    const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node; (node = walker.nextNode()); ) {
        const element = node.parentElement;
        if (!node.data.trim() || !element.checkVisibility()) continue;
        const line = [];
        for (let at = element; at; at = at.parentElement) line.unshift(getComputedStyle(at));
        paint('white', 1);
        for (const style of line) paint(style.backgroundColor, 1);
        const paper = painted();
        paint(line.at(-1).color, line.reduce((alpha, style) => alpha * style.opacity, 1));
        found.push([node.data.trim(), painted(), paper]);
    }
    return found;
}"""


def too_weak(output: "Locator") -> list[str]:
    """The words of a glass output that are hard to read."""
    found = contrasts(output.locator(".jp-RenderedHTMLCommon"))
    assert found
    return [f"{ratio:.2f} {text}" for ratio, text in found if ratio < 4.5]


def open_details(place: "Locator") -> None:
    place.evaluate("place => place.querySelectorAll('details').forEach(it => it.open = true)")


IS_OPEN = "details => details.open"


# The lessons


def test_a_fresh_clone_answers_the_first_query(lab: "Lab", pictures: Path) -> None:
    notebook = lab.open("notebooks/00_start_here.ipynb")
    notebook.run_all()
    assert notebook.problems() == []
    shown = [output.inner_text() for output in notebook.outputs(GLASS)]
    assert any("SELECT" in text and re.search(r"\d ms in the database", text) for text in shown)
    for theme in ("Light", "Dark"):
        lab.theme(theme)
        lab.page.screenshot(path=pictures / f"00 {theme}.png")


def test_the_lesson_on_relations_names_an_n_plus_1(lab: "Lab", pictures: Path) -> None:
    notebook = lab.open("notebooks/04_forward_and_reverse.ipynb")
    notebook.run_all()
    assert notebook.problems() == []
    assert any("N+1:" in output.inner_text() for output in notebook.outputs(GLASS))
    diagrams = list(notebook.outputs("text/vnd.mermaid"))
    assert diagrams
    for output in diagrams:
        output.locator(".jp-RenderedMermaid :is(svg, img)").first.wait_for()


def test_the_lesson_on_requests_shows_pages_that_run_no_script(lab: "Lab") -> None:
    notebook = lab.open("notebooks/01_one_request.ipynb")
    notebook.run_all()
    assert notebook.problems() == []
    frames = [
        frame
        for output in notebook.outputs(GLASS)
        for frame in output.locator("iframe").element_handles()
    ]
    assert frames
    for frame in frames:
        assert frame.get_attribute("sandbox") == ""
        inside = frame.content_frame()
        assert inside and inside.locator("body").inner_text().strip()


# The exercises


def test_an_exercise_is_solved(lab: "Lab", pictures: Path) -> None:
    """Wrong, a hint, wrong in another way, right: as a learner does it."""
    notebook = lab.open(EXERCISES)
    notebook.run_all()
    assert notebook.problems() == []
    cells = notebook.cells()
    tasks = [n for n, cell in enumerate(cells) if cell["source"].startswith(("@exercise", "@pred"))]
    assert len(tasks) > 10
    for number in tasks:
        assert notebook.output(number).inner_text().startswith("Not attempted")

    def look(number: int, name: str) -> None:
        for theme in ("Light", "Dark"):
            lab.theme(theme)
            output = notebook.output(number)
            output.screenshot(path=pictures / f"{name} {theme}.png")
            open_details(output)
            assert too_weak(output) == []

    def wait_for(number: int, text: str) -> str:
        output = notebook.output(number)
        output.get_by_text(text).first.wait_for()
        return output.inner_text()

    first = tasks[0]
    look(first, "not attempted")
    notebook.fill(first, EVERYBODY)
    said = wait_for(first, "People without a department are in your list.")
    assert said.startswith("Not yet")
    look(first, "not yet")
    said = notebook.add('hint("04.1")').inner_text()
    assert "hint 1 of" in said
    assert "Start from Employee" in said
    notebook.fill(first, EACH_ASKED)
    said = wait_for(first, "each employee's department costs a query of its own")
    assert said.startswith("Not yet")
    assert "People without a department" not in said
    look(first, "not yet, N+1")
    notebook.fill(first, FAILING)
    said = wait_for(first, "'NoneType' object has no attribute 'name'")
    assert said.startswith("Error")
    look(first, "error")
    notebook.fill(first, JOINED)
    assert "Correct" in wait_for(first, "That is right.").splitlines()[0]
    look(first, "correct")
    assert re.search(r"04\s+1 of", notebook.add("progress()").inner_text())
    look(len(notebook.cells()) - 1, "progress")

    # A new kernel, and then a new page, know it as well.
    notebook.restart()
    notebook.run(1)
    assert re.search(r"04\s+1 of", notebook.add("progress()").inner_text())
    notebook = lab.open(EXERCISES)
    notebook.run(1)
    assert re.search(r"04\s+1 of", notebook.add("progress()").inner_text())


# What glass shows


def test_a_page_runs_no_script(scratch: "Notebook") -> None:
    output = scratch.add(
        f"import glass\nglass.page({'<p>Words</p><script>parent.hacked=1</script>' + HOSTILE!r})"
    )
    frame = output.frame_locator("iframe")
    assert frame.locator("p").inner_text() == "Words"
    # It stands there, and has not run.
    assert "hacked" in (frame.locator("script").first.text_content() or "")


def test_hostile_rows_are_words_and_nothing_else(scratch: "Notebook") -> None:
    added = scratch.add(ADD_HOSTILE)
    open_details(added)
    failed = scratch.add(FAIL_WITH_HOSTILE)
    shown = scratch.add(SHOW_HOSTILE)
    assert scratch.problems() == []
    for output in (added, failed, shown):
        assert "<script>window.hacked=1</script>" in output.inner_text()
        assert output.locator("script, img").count() == 0
    scratch.page.wait_for_timeout(200)  # time for an image that is missing to say so


def test_every_word_can_be_read(scratch: "Notebook", pictures: Path) -> None:
    outputs = {
        "repeats": scratch.add(N_PLUS_1),
        "requests": scratch.add(REQUESTS),
        "changes": scratch.add(ADD_HOSTILE),
        "failure": scratch.add(FAIL_WITH_HOSTILE),
    }
    for theme in ("Light", "Dark"):
        scratch.lab.theme(theme)
        for name, output in outputs.items():
            output.scroll_into_view_if_needed()
            output.screenshot(path=pictures / f"{name} {theme}.png")
            open_details(output)
            assert too_weak(output) == []


def test_details_open_by_keyboard(scratch: "Notebook") -> None:
    output = scratch.add(N_PLUS_1)
    first, last = output.locator("details").all()
    first.locator("summary").focus()
    scratch.page.keyboard.press("Space")
    assert first.evaluate(IS_OPEN)
    scratch.page.keyboard.press("Tab")
    assert last.locator("summary").evaluate("summary => summary === document.activeElement")
    assert not last.evaluate(IS_OPEN)
    scratch.page.keyboard.press("Enter")
    assert last.evaluate(IS_OPEN)


def test_stored_outputs_can_be_read_before_they_are_trusted(
    lab: "Lab", scratch: "Notebook", clone: Path, pictures: Path
) -> None:
    sources = [N_PLUS_1, ADD_HOSTILE]
    live = [scratch.add(source).inner_text() for source in sources]
    write(
        clone / "workspace" / "stored.ipynb",
        sources,
        [cell["outputs"] for cell in scratch.cells()[1:]],
    )
    stored = lab.open("stored.ipynb")
    assert not any(cell["metadata"].get("trusted") for cell in stored.cells())
    for theme in ("Light", "Dark"):
        lab.theme(theme)
        for number, said in enumerate(live):
            output = stored.output(number)
            output.screenshot(path=pictures / f"untrusted {number} {theme}.png")
            assert output.inner_text() == said
            assert too_weak(output) == []
            assert not re.search(r"</?(div|span|details|summary|pre|b)\b", said)


def test_a_restarted_kernel_says_what_to_run(scratch: "Notebook") -> None:
    scratch.restart()
    said = scratch.add(N_PLUS_1).inner_text()
    assert "Run the first cell" in said
    assert len(said.strip().splitlines()) == 1
