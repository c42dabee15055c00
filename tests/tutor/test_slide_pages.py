"""What a page of slides holds, without a browser: tests/browser/test_slides.py looks at it."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from tests.notebooks.guards import CODE
from tutor import cli
from tutor.author.notebooks import shown
from tutor.stage.slides import as_slides, lessons, write

MATHEMATICS = re.compile(r"\$\$|(?<![\\\w])\$[^\s$][^$\n]*\$|\\\\\(|\\begin\{")


class Needs(HTMLParser):
    """What a browser fetches for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "video", "audio"):
            self.found |= {value for name, value in attrs if value and name in ("src", "href")}


@pytest.mark.parametrize("path", lessons(), ids=shown)
def test_a_page_needs_nothing_from_elsewhere(path: Path, tmp_path: Path) -> None:
    write([path], tmp_path)
    page = (tmp_path / f"{path.stem}.html").read_text("utf-8")
    needs = Needs()
    needs.feed(page)
    needed = {name for name in needs.found if not name.startswith("data:")}
    assert "assets/reveal.js" in needed
    assert {name for name in needed if not (tmp_path / name).is_file()} == set()


def test_no_lesson_needs_mathematics() -> None:
    """Nothing here draws formulas. Where a lesson has one, the slides need MathJax."""
    assert MATHEMATICS.search("the area $a^2$ of it")
    for path in lessons():
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            words = CODE.sub("", "".join(cell["source"]))
            assert cell["cell_type"] == "code" or not MATHEMATICS.search(words), path
            for output in cell.get("outputs", ()):
                assert "text/latex" not in output.get("data", {}), path


def test_what_the_room_does_not_need(tmp_path: Path) -> None:
    cells = [
        new_markdown_cell(
            "# 01 · One\n\n[Next](02_two.ipynb), [exercises](../exercises/01_one.ipynb)"
        ),
        new_code_cell('from tutor import catch_up\n\nawait catch_up("01.2")'),
        new_code_cell("a = 1\n\n\nb = 2"),
    ]
    path = tmp_path / "01_one.ipynb"
    path.write_text(writes(new_notebook(cells=cells)), "utf-8")
    page = as_slides(path)
    assert "<title>01 · One</title>" in page
    assert 'href="02_two.html"' in page
    assert "ipynb" not in page
    assert "catch_up" not in page
    assert re.search(r"<span[^>]*>1</span>\n\n<span", page)


@pytest.mark.parametrize("name", ["44", "04_nothing", "four"])
def test_an_unknown_lesson_gets_a_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["slides", name]) == 1
    assert f"There is no lesson {name}. The lessons are 00, 01," in capsys.readouterr().err


@pytest.mark.parametrize("path", lessons(), ids=shown)
def test_each_section_is_a_slide_with_notes(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    kinds = [cell["metadata"].get("slideshow", {}).get("slide_type") for cell in cells]
    sections = [number for number, cell in enumerate(cells) if "minutes" in cell["metadata"]]
    assert sections
    for number in sections:
        assert kinds[number : number + 2] == ["slide", "notes"]
        notes = "".join(cells[number + 1]["source"])
        said = re.findall(r"^\*\*(.+?)\*\*", notes, re.MULTILINE)
        assert said == ["Goal.", "Tricky.", "People ask.", "When late."], cells[number]["source"]
