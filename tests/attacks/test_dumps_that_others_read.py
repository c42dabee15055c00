"""A copy of the database holds the hashes of passwords: other users of the machine read none."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from backups import dumps, services

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
DAY = date(2026, 3, 2)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def folder(db: None, tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.BACKUP_FOLDER = tmp_path / "here"
    old = os.umask(0o022)  # Of most machines: what is not made private is everybody's to read.
    yield settings.BACKUP_FOLDER
    os.umask(old)


def test_the_copy_and_its_folder_are_ours_alone(folder: Path) -> None:
    services.dump(DAY)
    (copy,) = folder.iterdir()
    assert [mode(copy), mode(folder)] == [0o600, 0o700]


def test_a_folder_that_was_there_keeps_its_mode(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    services.dump(DAY)
    (copy,) = folder.iterdir()
    assert [mode(copy), mode(folder)] == [0o600, 0o755]


def test_a_part_that_was_left_behind_hands_on_no_mode(db: None, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gz"
    part = tmp_path / "copy.gz.part"
    part.touch()
    part.chmod(0o644)
    dumps.dump(copy)
    assert mode(copy) == 0o600
