"""The learner's copies: never overwritten, and brought up to date."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tutor.desk.workspace import update

CHAPTER = "notebooks/04_forward_and_reverse.ipynb"
NEW = f"notebooks/04_forward_and_reverse (new {date.today()}).ipynb"


def notebook(*sources: str, **more: Any) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": str(number),
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}


class Two:
    """A course and a workspace, with the few things that happen to them."""

    def __init__(self, folder: Path) -> None:
        self.course, self.workspace = folder / "course", folder / "workspace"
        self.write("course", CHAPTER, notebook("one", "two"))

    def write(self, place: str, name: str, content: dict[str, Any] | str) -> None:
        path = getattr(self, place) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")

    def read(self, name: str) -> list[str]:
        cells = json.loads((self.workspace / name).read_text("utf-8"))["cells"]
        return ["".join(cell["source"]) for cell in cells]

    def names(self) -> list[str]:
        return sorted(
            path.relative_to(self.workspace).as_posix()
            for path in self.workspace.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        )

    def update(self) -> list[str]:
        return update(self.course, self.workspace)


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def test_the_first_time_everything_is_copied(two: Two) -> None:
    two.write("course", "exercises/04_forward_and_reverse.ipynb", notebook("task"))
    two.write("course", "notebooks/images/map.svg", "<svg/>")
    two.write("course", "solutions/04_forward_and_reverse.ipynb", notebook("answer"))
    two.write("course", "notebooks/.ipynb_checkpoints/old.ipynb", notebook())
    two.write("course", "notebooks/__pycache__/x.pyc", "")
    said = two.update()
    assert two.names() == [
        "exercises/04_forward_and_reverse.ipynb",
        CHAPTER,
        "notebooks/images/map.svg",
    ]
    assert said == [
        f"Added {CHAPTER}.",
        "Added notebooks/images/map.svg.",
        "Added exercises/04_forward_and_reverse.ipynb.",
    ]


def test_nothing_is_said_or_written_when_nothing_changed(two: Two) -> None:
    two.update()
    before = {path: path.stat().st_mtime_ns for path in two.workspace.rglob("*")}
    assert two.update() == []
    assert {path: path.stat().st_mtime_ns for path in two.workspace.rglob("*")} == before


def test_many_new_files_are_one_line(two: Two) -> None:
    for number in range(5, 10):
        two.write("course", f"notebooks/0{number}.ipynb", notebook())
    assert two.update() == ["Added 6 files to workspace/."]


def test_an_unchanged_chapter_is_replaced(two: Two) -> None:
    two.update()
    two.write("course", CHAPTER, notebook("one", "better"))
    assert two.update() == [f"Updated {CHAPTER}."]
    assert two.read(CHAPTER) == ["one", "better"]
    assert two.names() == [CHAPTER]


def test_what_jupyterlab_saves_is_no_change(two: Two) -> None:
    """Outputs, counts, metadata, sources as lists of lines, and the empty cell at the end."""
    two.update()
    saved = notebook("one", "two\n", "", metadata={"language_info": {"version": "3.12"}})
    saved["cells"][0] |= {"execution_count": 7, "outputs": [{"output_type": "stream"}]}
    saved["cells"][1]["source"] = ["two", "\n"]
    two.write("workspace", CHAPTER, saved)
    two.write("course", CHAPTER, notebook("one", "better"))
    assert two.update() == [f"Updated {CHAPTER}."]
    assert two.read(CHAPTER) == ["one", "better"]


def test_the_learners_outputs_stay_while_the_chapter_says_the_same(two: Two) -> None:
    two.update()
    own = notebook("one", "two")
    own["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "mine"}]
    two.write("workspace", CHAPTER, own)
    stored_again = notebook("one", "two")
    stored_again["cells"][0]["outputs"] = [{"output_type": "stream", "text": "theirs"}]
    two.write("course", CHAPTER, stored_again)
    assert two.update() == []
    assert json.loads((two.workspace / CHAPTER).read_text()) == own


def test_a_changed_chapter_is_kept_and_the_new_one_laid_beside_once(two: Two) -> None:
    two.update()
    two.write("workspace", CHAPTER, notebook("one", "mine"))
    two.write("course", CHAPTER, notebook("one", "better"))
    (said,) = two.update()
    assert said.startswith(f"Kept your {CHAPTER}; the new version is beside it: ")
    assert two.read(CHAPTER) == ["one", "mine"]
    assert two.read(NEW) == ["one", "better"]
    assert two.update() == []
    assert two.names() == [NEW, CHAPTER]


def test_a_second_new_version_of_the_same_day(two: Two) -> None:
    two.update()
    two.write("workspace", CHAPTER, notebook("mine"))
    for source in ("better", "best"):
        two.write("course", CHAPTER, notebook(source))
        two.update()
    assert two.read(NEW) == ["better"]
    assert two.read(NEW.replace(")", " 2)")) == ["best"]
    assert two.read(CHAPTER) == ["mine"]


def test_a_changed_chapter_alone_is_left_alone(two: Two) -> None:
    two.update()
    two.write("workspace", CHAPTER, notebook("mine"))
    assert two.update() == []
    assert two.read(CHAPTER) == ["mine"]


def test_who_took_the_new_version_over_is_up_to_date_again(two: Two) -> None:
    two.update()
    two.write("workspace", CHAPTER, notebook("mine"))
    two.write("course", CHAPTER, notebook("better"))
    two.update()
    (two.workspace / NEW).replace(two.workspace / CHAPTER)
    two.write("course", CHAPTER, notebook("best"))
    assert two.update() == [f"Updated {CHAPTER}."]
    assert two.names() == [CHAPTER]


def test_new_and_missing_chapters_are_added(two: Two) -> None:
    two.update()
    (two.workspace / CHAPTER).unlink()
    two.write("course", "notebooks/05_queries.ipynb", notebook("five"))
    assert two.update() == [f"Added {CHAPTER}.", "Added notebooks/05_queries.ipynb."]


def test_the_learners_own_files_stay(two: Two) -> None:
    two.update()
    two.write("workspace", "notebooks/my_notes.ipynb", notebook("mine"))
    (two.course / CHAPTER).unlink()
    assert two.update() == []
    assert two.names() == [CHAPTER, "notebooks/my_notes.ipynb"]


@pytest.mark.parametrize("content", ['{"notebooks/04', "[1]", '{"a": 1}'])
def test_a_damaged_list_is_set_aside(two: Two, content: str) -> None:
    two.update()
    two.write("workspace", CHAPTER, notebook("mine"))
    two.write("course", "notebooks/05.ipynb", notebook("five"))
    two.update()
    two.write("workspace", ".course.json", content)
    said = two.update()
    assert said[0].startswith("The list of what was copied was damaged and is set aside as ")
    assert (two.workspace / ".course.json.damaged").read_text() == content
    assert two.read(CHAPTER) == ["mine"]
    assert two.read(NEW) == ["one", "two"]
    assert two.read("notebooks/05.ipynb") == ["five"]
    assert two.update() == []


def test_a_notebook_that_is_none_is_kept(two: Two) -> None:
    two.update()
    two.write("workspace", CHAPTER, '{"cells": [')
    two.write("course", CHAPTER, notebook("better"))
    (said,) = two.update()
    assert said.startswith(f"Kept your {CHAPTER}")
    assert (two.workspace / CHAPTER).read_text() == '{"cells": ['


def test_an_interrupted_update_is_taken_up_again(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second file cannot be written: the first one stays whole, and nothing is half there."""
    two.write("course", "notebooks/05.ipynb", notebook("five"))
    write_bytes = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if "05.ipynb" in path.name:
            write_bytes(path, content[:5])
            raise OSError(28, "No space left on device")
        return write_bytes(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            two.update()
    assert two.names() == [CHAPTER]
    assert two.update() == ["Added notebooks/05.ipynb."]
    assert two.read("notebooks/05.ipynb") == ["five"]


def with_note(*sources: str, note: str) -> dict[str, Any]:
    content = notebook(*sources)
    note_cell = {
        "cell_type": "markdown",
        "id": "note",
        "metadata": {"slideshow": {"slide_type": "notes"}},
        "source": note,
    }
    content["cells"].insert(1, note_cell)
    return content


def test_speakers_notes_are_left_out_and_change_nothing(two: Two) -> None:
    two.write("course", CHAPTER, with_note("one", "two", note="Goal."))
    two.update()
    assert two.read(CHAPTER) == ["one", "two"]
    two.write("workspace", CHAPTER, notebook("one", "mine"))
    two.write("course", CHAPTER, with_note("one", "two", note="Another goal."))
    assert two.update() == []
    assert two.read(CHAPTER) == ["one", "mine"]
    two.write("course", CHAPTER, with_note("one", "three", note="Another goal."))
    two.update()
    assert two.read(NEW) == ["one", "three"]
