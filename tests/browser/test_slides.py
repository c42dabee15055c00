"""Lessons on a wall: every slide fits, pictures are drawn, notes stay hidden, nothing is fetched."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes

from tests.lab_server import read_address, stop_lab
from tests.needs import undecided
from tutor.author.notebooks import shown
from tutor.paths import ROOT
from tutor.stage.slides import lessons, write
from tutor.stage.slides.measure import unfit

if TYPE_CHECKING:  # Playwright is not on every machine
    from playwright.sync_api import Page

WORDS = """## 1. A picture

```mermaid
flowchart LR
    learner([learner]) --> lesson
```
"""
RELATED = "erDiagram\n    Employee }o--|| Department : department"
WATCHED = '<div style="font-size:13px"><b>1 query</b><pre>SELECT 1</pre></div>'


@pytest.mark.parametrize("path", lessons(), ids=shown)
def test_every_slide_fits(path: Path, require: Callable[[str], str]) -> None:
    require("browser")
    assert unfit([path]) == []


def lesson(folder: Path, *more: str) -> Path:
    """A lesson with all that a slide can hold, and these words on a last slide."""

    def slide(source: str, kind: str = "slide") -> object:
        return new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}})

    def printed(text: str) -> object:
        return new_output("stream", text=text)

    cells = [
        slide("# 01 · One lesson"),
        new_code_cell("print('early')", outputs=[printed("early\n")]),
        slide(WORDS),
        slide("**Goal.** For the speaker alone.", "notes"),
        new_code_cell(
            "diagram(Employee)",
            outputs=[new_output("display_data", data={"text/vnd.mermaid": RELATED})],
        ),
        slide("Much is printed.", "subslide"),
        new_code_cell("1", outputs=[new_output("display_data", data={"text/html": WATCHED})]),
        new_code_cell("2", outputs=[printed("a line\n" * 200)]),
        *map(slide, more),
    ]
    path = folder / "01_one_lesson.ipynb"
    path.write_text(writes(new_notebook(cells=cells)), encoding="utf-8")
    return path


@contextmanager
def opened(path: Path, chromium: str) -> Iterator["Page"]:
    """The slides of a lesson, opened from the disk in a browser that has no network."""
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    errors: list[str] = []
    write([path], path.parent / "slides")
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = chrome.new_context(viewport={"width": 1280, "height": 720}, offline=True)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((path.parent / "slides" / "index.html").as_uri())
        page.get_by_role("link").click()
        page.wait_for_function("window.Reveal?.isReady()")
        yield page
        chrome.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))] == []


def test_a_lesson_on_the_wall(require: Callable[[str], str], tmp_path: Path) -> None:
    with opened(lesson(tmp_path), require("browser")) as page:
        # First the question, then the answer.
        early = page.get_by_text("early", exact=True)
        assert not early.is_visible()
        page.keyboard.press("Space")
        early.wait_for()

        page.keyboard.press("Space")
        page.keyboard.press("Space")
        pictures = page.locator("section.present .jp-Mermaid svg")
        said = pictures.all_text_contents()
        assert len(said) == 2
        assert "learner" in said[0]
        assert "Employee" in said[1]
        assert all((box := svg.bounding_box()) and box["width"] > 100 for svg in pictures.all())

        notes = page.get_by_text("For the speaker alone.").all()
        assert len(notes) == 2  # on each slide of the section
        assert not any(note.is_visible() for note in notes)
        with page.expect_popup() as popup:
            page.keyboard.press("s")
        speaker = popup.value
        speaker.get_by_text("For the speaker alone.").wait_for()
        speaker.close()

        page.bring_to_front()
        for _ in ("the next slide", "an output", "an output"):
            page.keyboard.press("Space")
        page.get_by_text("Much is printed.", exact=True).wait_for()
        watched, printed = page.locator(
            "section.present section.present .jp-Cell-outputWrapper"
        ).all()
        assert "1 query" in watched.inner_text()
        assert printed.evaluate("box => box.scrollHeight > box.clientHeight")
        box = printed.bounding_box()
        assert box
        assert box["y"] + box["height"] < 720


def test_what_does_not_fit_is_said(require: Callable[[str], str], tmp_path: Path) -> None:
    require("browser")
    said = unfit([lesson(tmp_path, "Short.", "## Too long\n\n" + "A paragraph.\n\n" * 30)])
    assert len(said) == 1
    assert re.fullmatch(r"01_one_lesson, slide 5: \d+ px too high \(Too long\)", said[0])


# In JupyterLab


@pytest.fixture(scope="module")
def stage(
    require: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple["Page", list[str]]]:
    """Lesson 04 as `course present` opens it, and a list of what it asked of other machines."""
    chromium = require("browser")
    if not find_spec("jupyterlab_rise"):
        pytest.skip("jupyterlab-rise is not installed (requirements-ci.txt has it).")
    if not (ROOT / ".git").exists():
        pytest.skip("This folder is not a git repository that could be cloned.")
    from playwright.sync_api import sync_playwright

    clone = tmp_path_factory.mktemp("room") / "course"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "tutor.cli", "present", "04", "--no-browser"],
        cwd=clone,
        env={**undecided(), "PYTHONPATH": str(clone)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    asked: list[str] = []
    try:
        url = read_address(process)
        with sync_playwright() as playwright:
            chrome = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            context = chrome.new_context(viewport={"width": 1280, "height": 720})
            context.set_default_timeout(60_000)
            context.on("request", lambda request: asked.append(request.url))
            page = context.new_page()
            page.goto(url)
            yield page, asked
            chrome.close()
    finally:
        stop_lab(process)


SLIDE = "section.present section.present"


def test_a_cell_is_run_before_the_room(stage: tuple["Page", list[str]]) -> None:
    page, asked = stage
    page.locator(SLIDE).wait_for()
    assert page.locator(".jp-OutputArea-output").count() == 0  # the room can guess
    page.locator(f"{SLIDE} .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    page.locator(f"{SLIDE} .jp-OutputArea-output").get_by_text("Rows:").wait_for()

    notes = page.locator("aside.notes").first
    assert "Goal." in notes.text_content()
    assert not notes.is_visible()
    with page.expect_popup() as popup:
        page.keyboard.press("Escape")
        page.keyboard.press("t")
    speaker = popup.value
    speaker.locator(".clock-value").wait_for()
    page.bring_to_front()
    said = speaker.locator(".speaker-controls-notes")
    for _ in range(20):  # to the first section
        page.keyboard.press("Space")
        page.wait_for_timeout(500)
        if "Goal." in said.inner_text():
            break
    assert said.inner_text().count("Goal.") == 1

    pictures = Path(tempfile.mkdtemp(prefix="under-glass-"))
    page.screenshot(path=pictures / "slide.png")
    speaker.screenshot(path=pictures / "speaker.png")
    print(f"\nScreenshots: {pictures}")
    strangers = [url for url in asked if urlsplit(url).scheme in ("http", "https", "ws", "wss")]
    assert [url for url in strangers if urlsplit(url).hostname != "127.0.0.1"] == []
