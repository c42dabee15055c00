"""The `course` command: its words, what it imports, how it ends."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

from tutor import cli
from tutor.desk import workspace
from tutor.paths import ROOT


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_busy_port_gets_a_sentence(
    busy_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workspace, "update", list)
    assert cli.main(["lab", "--no-browser", "--port", str(busy_port)]) == 1
    assert capsys.readouterr().err == (
        f"Port {busy_port} cannot be had: another program uses it, or it is not allowed. "
        "Leave --port out, and a free one is taken.\n"
    )


def test_a_workspace_that_cannot_be_written_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied() -> None:
        raise PermissionError(13, "Permission denied", "workspace")

    monkeypatch.setattr(workspace, "update", denied)
    assert cli.main(["lab"]) == 1
    assert capsys.readouterr().err.startswith("workspace/ cannot be written to: ")


def test_an_unknown_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lap"]) == 2
    said = capsys.readouterr().err
    assert "There is no command 'lap'." in said and "course lab" in said


def test_an_unknown_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--jason"])
    assert "unknown: --jason" in capsys.readouterr().err


def test_without_words_it_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    said = capsys.readouterr().out
    assert all(f"course {name} " in said for name in cli.COMMANDS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_word_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert (import_module(cli.COMMANDS[name][0]).__doc__ or "").splitlines()[0] in (
        capsys.readouterr().out
    )


def test_the_lab_starts_without_django() -> None:
    code = (
        "import sys, tutor.cli, tutor.desk.lab; "
        "sys.exit(bool({'django', 'glass', 'jupyterlab'} & set(sys.modules)))"
    )
    assert subprocess.call([sys.executable, "-c", code], cwd=ROOT) == 0


def test_the_first_failure_ends_the_proof(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def call(command: list[str], **_: object) -> int:
        ran.append(" ".join(command[2:]))
        return 3 if "mypy" in command else 0

    monkeypatch.setattr(subprocess, "call", call)
    assert cli.main(["test", "-k", "relations"]) == 3
    assert ran == ["ruff check .", "ruff format --check .", "mypy"]
    assert capsys.readouterr().out.endswith("\nFailed: types. The steps after it were not run.\n")


def test_other_words_reach_pytest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[list[str]] = []

    def call(command: list[str], **_: object) -> int:
        ran.append(command)
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    assert cli.main(["test", "-k", "relations", "--lf"]) == 0
    assert ran[-1][-3:] == ["-k", "relations", "--lf"]
    assert capsys.readouterr().out.endswith("\nPassed: style, format, types, tests.\n")
