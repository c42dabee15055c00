"""pyproject.toml, the lock files and environment.yml say the same."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

from tutor.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKS = {
    "requirements.txt": ["test", "build"],
    "requirements-ci.txt": ["test", "build", "postgres", "browser", "live"],
}


def asked(extras: list[str]) -> list[Requirement]:
    texts = PROJECT["dependencies"] + [text for extra in extras for text in EXTRAS[extra]]
    return [Requirement(text) for text in texts]


def locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text("utf-8")
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))


@pytest.mark.parametrize(("name", "extras"), LOCKS.items(), ids=LOCKS)
def test_the_lock_fits_pyproject(name: str, extras: list[str]) -> None:
    versions = locked(name)
    for requirement in asked(extras):
        assert requirement.name in versions, f"{name} lacks {requirement}. Run: make lock"
        assert versions[requirement.name] in requirement.specifier, f"Run: make lock ({name})"


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 100
    for entry in entries:
        assert re.match(r"[\w.-]+==\S+", entry) and "--hash=sha256:" in entry, entry
    assert "://" not in text


def test_ci_adds_to_the_lock_and_changes_nothing() -> None:
    learners, ci = locked("requirements.txt"), locked("requirements-ci.txt")
    assert learners.items() <= ci.items()
    assert {"playwright", "psycopg"} <= ci.keys() - learners.keys()


@pytest.mark.parametrize("name", LOCKS)
def test_the_package_that_slows_jupyterlab_is_left_out(name: str) -> None:
    assert "rfc3987-syntax" not in locked(name)


def test_conda_users_get_the_same() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, pip, section = environment["dependencies"]
    assert Requirement(python.replace("=", "==")).specifier.contains(
        (ROOT / ".python-version").read_text().strip()
    )
    assert pip == "pip"
    *listed, project = map(str, section["pip"])
    assert project == "-e ."
    versions = locked("requirements.txt")
    wanted = []
    for requirement in asked(["test"]):
        extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        wanted.append(f"{requirement.name}{extras}=={versions[requirement.name]}")
    assert listed == wanted
