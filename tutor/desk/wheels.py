"""Gather everything that the course installs in one folder, for laptops without a network.

course wheels /media/stick/wheels

Lay that folder, under the name `wheels`, into the course's folder on each laptop, or say where it
is: WHEELS=/media/stick/wheels python3 start.py setup. The packages are for machines of this kind
(system, processor, version of Python); run it once on each kind you expect, to the same folder.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

from tutor.paths import ROOT

LOCKS = ("requirements.txt", "requirements-ci.txt")
EXTRA = ("jupyterlab-rise",)  # what `course present` adds
BUILD = ("setuptools", "wheel")  # what packages are built with that come as source


class CannotInstall(Exception):
    """A package cannot be had; str() says why, and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")


def run(args: argparse.Namespace) -> int:
    try:
        gather(args.folder)
    except (CannotInstall, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    count = len(list(args.folder.iterdir()))
    size = sum(path.stat().st_size for path in args.folder.iterdir()) / 1e6
    print(f"{count} packages, {size:.0f} MB, in {args.folder}")
    return 0


def gather(folder: Path, lock: Path = ROOT / LOCKS[0]) -> None:
    """Download what the lock names for this kind of machine, hashes compared. Raises CannotInstall."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        more = Path(place, "more.txt")
        more.write_text("\n".join(map(locked, EXTRA)), encoding="utf-8")
        words = ["download", "--no-deps", "-d", str(folder)]
        pip([*words, "--require-hashes", "-r", str(lock), "-r", str(more)])
        pip([*words, *BUILD])


def need(package: str, module: str) -> None:
    """Install a package of requirements-ci.txt into this environment, where it is not there.

    From the folder of wheels where there is one. Raises CannotInstall.
    """
    if find_spec(module):
        return
    print(f"{package} is not here yet. Installing it ...", flush=True)
    with tempfile.TemporaryDirectory() as place:
        alone = Path(place, "alone.txt")
        alone.write_text(locked(package), encoding="utf-8")
        words = ["install", "--retries", "1", "--no-deps", "--require-hashes", "-r", str(alone)]
        if folder := wheels():
            words += ["--no-index", "--find-links", str(folder)]
        try:
            pip(words)
        except CannotInstall:
            raise CannotInstall(
                f"{package} could not be installed: there is no network here, and no folder of "
                "wheels that has it. Connect once, or bring the folder that `course wheels` makes."
            ) from None
    invalidate_caches()


def wheels() -> Path | None:
    """The folder of wheels: what WHEELS names, or `wheels` beside start.py, where there is one."""
    folder = Path(os.environ.get("WHEELS") or ROOT / "wheels")
    return folder if folder.is_dir() else None


def locked(package: str) -> str:
    """The lines of the lock files for one package: its version and its hashes."""
    for name in LOCKS:
        lines: list[str] = []
        for line in (ROOT / name).read_text("utf-8").splitlines():
            if line.startswith(f"{package}==") or (lines and line.startswith(" ")):
                lines.append(line)
            elif lines:
                break
        if lines:
            return "\n".join(lines)
    raise CannotInstall(f"No lock file has {package}.")


def pip(words: list[str]) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise CannotInstall("\n".join(said[-3:] or [done.stderr.strip()[-500:]]))
