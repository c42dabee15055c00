"""The folder of packages for laptops without a network. tests/install/test_start.py installs from it."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from tutor.desk import wheels
from tutor.desk.wheels import CannotInstall, gather, locked, need

METADATA = "Metadata-Version: 2.1\nName: hedge\nVersion: 1.0\n"


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock file with one small package, which pip finds in a folder instead of on the network."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    wheel = shelf / "hedge-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("hedge.py", "HEIGHT = 2\n")
        archive.writestr("hedge-1.0.dist-info/METADATA", METADATA)
        archive.writestr("hedge-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("hedge-1.0.dist-info/RECORD", "")
    file = tmp_path / "lock.txt"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    file.write_text(f"hedge==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.setattr(wheels, "EXTRA", ())
    monkeypatch.setattr(wheels, "BUILD", ("hedge",))
    return file


def test_the_packages_of_the_lock_are_gathered(lock: Path, tmp_path: Path) -> None:
    gather(tmp_path / "stick" / "wheels", lock)
    assert [path.name for path in (tmp_path / "stick" / "wheels").iterdir()] == [
        "hedge-1.0-py3-none-any.whl"
    ]


def test_a_package_with_another_hash_is_refused(lock: Path, tmp_path: Path) -> None:
    lock.write_text(f"hedge==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    with pytest.raises(CannotInstall, match="HASHES"):
        gather(tmp_path / "wheels", lock)


def test_what_is_there_is_not_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "pip", lambda words: pytest.fail("This was not to be called."))
    need("django", "django")


def test_what_cannot_be_had_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELS", str(tmp_path))
    monkeypatch.setattr(wheels, "locked", lambda package: "no-such==1 --hash=sha256:" + "0" * 64)
    with pytest.raises(CannotInstall, match="no-such could not be installed: there is no network"):
        need("no-such", "no_such_module")


def test_the_lines_of_one_package() -> None:
    first, *hashes = locked("jupyterlab-rise").splitlines()
    assert first.startswith("jupyterlab-rise==")
    assert hashes
    assert all("--hash=sha256:" in line for line in hashes)
    assert not hashes[-1].endswith("\\")
    with pytest.raises(CannotInstall, match="No lock file has hedge"):
        locked("hedge")
