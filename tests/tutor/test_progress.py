"""The learner's progress: nothing is lost, whatever else happens to the file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tutor.desk import progress
from tutor.judge.verdict import Verdict
from tutor.paths import ROOT

RECORD = """
import sys
from tutor.desk import progress
from tutor.judge.verdict import Verdict
for number in range(40):
    progress.record(Verdict(f"{sys.argv[1]}.{number}", "", "correct", "", done=True))
    progress.record(Verdict("both", "", "not yet", ""))
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "new" / "progress.sqlite3"
    monkeypatch.setenv("COURSE_PROGRESS", str(file))
    return file


def verdict(id: str, word: str, done: bool = False) -> Verdict:
    return Verdict(id, "", word, "", done=done)  # type: ignore[arg-type]


def test_what_is_done_stays_done(file: Path) -> None:
    assert progress.done() == set()
    progress.record(verdict("04.1", "not yet"))
    assert progress.done() == set()
    progress.record(verdict("04.1", "correct", done=True))
    progress.record(verdict("04.1", "error"))
    assert progress.done() == {"04.1"}
    assert file.exists()


def test_a_guess_counts_and_a_stub_does_not(file: Path) -> None:
    progress.record(verdict("04.1", "not attempted"))
    progress.record(verdict("04.2", "not yet", done=True))
    assert progress.done() == {"04.2"}
    with progress._open() as rows:
        assert rows.execute("SELECT id, tries FROM exercise").fetchall() == [("04.2", 1)]


def test_two_kernels_at_once_lose_nothing(file: Path) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", RECORD, name], cwd=ROOT, env=dict(os.environ))
        for name in ("ann", "ben")
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(progress.done()) == 80
    with progress._open() as rows:
        assert rows.execute("SELECT tries FROM exercise WHERE id = 'both'").fetchone() == (80,)


@pytest.mark.parametrize("content", [b"{not a database", b"SQLite format 3\0" + b"\1" * 4096])
def test_a_damaged_file_is_set_aside(
    content: bytes, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        progress.record(verdict("04.1", "correct", done=True))
        aside = file.with_name(f"{file.name}.damaged-{number}")
        assert aside.read_bytes() == content
        assert aside.name in capsys.readouterr().out
    assert progress.done() == {"04.1"}


def test_without_a_file_the_kernel_remembers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress.sqlite3"))
    monkeypatch.setattr(progress, "_in_memory", None)
    for _ in range(2):
        progress.record(verdict("04.1", "correct", done=True))
    assert progress.done() == {"04.1"}
    said = capsys.readouterr().out
    assert said.count("Your progress cannot be written to progress.sqlite3 (") == 1
    assert "only remembered until the kernel ends" in said


def test_what_is_not_finished_is_not_written(file: Path) -> None:
    progress.record(verdict("04.1", "not yet"))
    with pytest.raises(KeyboardInterrupt), progress._open() as rows:
        rows.execute("UPDATE exercise SET done = 1")
        raise KeyboardInterrupt
    assert progress.done() == set()


def test_the_table_says_where_to_go_on(file: Path) -> None:
    from tutor.judge import catalogue

    tasks = list(catalogue.everything())
    table = progress.Table()
    assert table.where.startswith(f"Go on with {tasks[0].id} {tasks[0].title}")
    for task in tasks:
        progress.record(verdict(task.id, "correct", done=True))
    table = progress.Table()
    assert table.where == "All exercises are done."
    assert all(ready == total for ready, total in table.chapters.values())
    assert "<script" not in table._repr_mimebundle_()["text/html"]


def test_the_command(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tutor.cli", "progress"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("Chapter  Done\n")
    assert "Go on with" in done.stdout
