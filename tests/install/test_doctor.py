"""The doctor finds each fault, says it in a sentence, and names the command that mends it."""

import argparse
import json
import shutil
import sqlite3
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.needs import require
from tutor.desk import doctor
from tutor.paths import ROOT


def fault(check: object) -> str:
    """Run one check, which must find a problem, and return what it says and what mends it."""
    assert callable(check)
    said, mend = check()
    assert said and mend
    return f"{said} | {mend}"


def report(capsys: pytest.CaptureFixture[str], **options: bool) -> tuple[int, str]:
    status = doctor.run(argparse.Namespace(**{"json": False, **options}))
    return status, capsys.readouterr().out


def test_all_is_well(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr("glass.sandbox.database.template_state", lambda root: "ready")
    status, text = report(capsys)
    assert status == 0, text
    assert text.endswith("Everything is in place.\n")
    assert doctor.line() == "Everything is in place."


def test_a_problem_is_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [doctor.disk, doctor.port])
    monkeypatch.setattr(doctor, "is_free", lambda port: False)
    status, text = report(capsys)
    assert status == 1
    assert "ok       disk" in text
    assert "PROBLEM  port        No port of this machine from 8888 to 8987 is free." in text
    assert "Mend it: close programs that serve pages" in text
    assert doctor.line().startswith("Problem with port: No port of this machine")

    status, text = report(capsys, json=True)
    disk, port = json.loads(text)
    assert status == 1
    assert (disk["ok"], port["ok"], port["check"]) == (True, False, "port")


def test_a_check_that_fails_itself_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> tuple[str, str]:
        raise RuntimeError("no such luck")

    monkeypatch.setattr(doctor, "CHECKS", [broken])
    assert doctor.line().startswith("Problem with broken: RuntimeError: no such luck Mend it: ")


def test_an_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(version_info=(3, 11, 7)))
    assert "This is Python 3.11.7; the course needs 3.12 to 3.14." in fault(doctor.python)


def test_another_django(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "5.2.1")
    assert "Django 5.2.1 is installed; the course needs django<6.2,>=6.1." in fault(doctor.django)


def test_an_old_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.26.0")
    assert "SQLite 3.26.0 is too old; Django needs 3." in fault(doctor.sqlite)


def test_a_sqlite_without_json(monkeypatch: pytest.MonkeyPatch) -> None:
    class Poor(sqlite3.Connection):
        def execute(self, *args: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("no such function: JSON")

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda name: connect(name, factory=Poor))
    assert "was built without its JSON functions" in fault(doctor.sqlite)


def test_packages_that_are_not_as_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version

    def other(name: str) -> str:
        if name == "celery":
            raise metadata.PackageNotFoundError(name)
        return "0.1" if name == "sqlparse" else version(name)

    monkeypatch.setattr(metadata, "version", other)
    text = fault(doctor.packages)
    assert "Not as locked: celery 5." in text
    assert "(here: missing), sqlparse 0." in text and "(here: 0.1)" in text


def test_in_a_conda_environment_the_listed_packages_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "in_venv", lambda: False)
    names = [name for name, _ in doctor.locked()]
    assert {"celery", "django", "jupyterlab", "pytest"} <= set(names)
    assert len(names) == (ROOT / "environment.yml").read_text().count("==")


def test_no_write_access(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file in the folder's place is refused by every system, for every user."""
    taken = tmp_path / ".course"
    taken.write_text("")
    monkeypatch.setattr(doctor, "STATE", taken)
    assert f"{taken} cannot be written to (" in fault(doctor.folder)


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=7_000_000))
    assert "Only 7 MB are free; the notebooks need 200 MB." in fault(doctor.disk)


@pytest.mark.parametrize(("state", "words"), [("stale", "is older than"), ("damaged", "damaged")])
def test_a_template_that_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, state: str, words: str
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr("glass.sandbox.database.template_state", lambda root: state)
    text = fault(doctor.database)
    assert words in text and text.endswith(" update")


def test_a_template_that_is_not_built_yet_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr("glass.sandbox.database.template_state", lambda root: "missing")
    assert doctor.database() == ("not built yet; the first notebook builds it", "")


def doctor_of(url: str) -> str:
    """Ask the doctor about DATABASE_URL in a process of its own: settings are read once."""
    import os
    import subprocess

    code = "from tutor.desk import doctor; print(' | '.join(doctor.database()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DATABASE_URL": url},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_a_database_server_that_is_not_there() -> None:
    require("postgres")
    text = doctor_of("postgres://postgres@127.0.0.1:1/nothing")
    assert text.startswith("DATABASE_URL is set, and its database does not answer: ")
    assert text.endswith("take DATABASE_URL away to work on SQLite")


def test_a_database_server_that_answers() -> None:
    assert doctor_of(require("postgres")) == "postgresql answers |"


def test_a_database_url_that_is_none() -> None:
    assert "its database does not answer: Scheme" in doctor_of("nonsense")


def test_a_missing_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://postgres@127.0.0.1:1/nothing")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert 'its driver is not installed. | "' in fault(doctor.database)


def test_leftovers_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "private-99999999-template-1.sqlite3").write_bytes(bytes(2_000_000))
    monkeypatch.setattr(doctor, "STATE", tmp_path)
    said, mend = doctor.leftovers()
    assert said == "1 files of ended notebooks, 2 MB; the next notebook removes them"
    assert not mend
