"""Check that everything is in place; say what is not, and what mends it.

The exit status is 1 when there is a problem.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata

from tutor.desk.lab import is_free
from tutor.paths import ROOT, STATE, command, in_venv

PORTS = range(8888, 8988)
SPACE = 200  # MB: private databases of notebooks, the speed lesson's rows


@dataclass
class Finding:
    """What one check found. `mend` is empty when all is well."""

    check: str
    said: str
    mend: str = ""

    @property
    def ok(self) -> bool:
        return not self.mend


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print it for programs")


def run(args: argparse.Namespace) -> int:
    findings = examine()
    if args.json:
        print(json.dumps([{**asdict(finding), "ok": finding.ok} for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{'ok' if finding.ok else 'PROBLEM':9}{finding.check:12}{finding.said}")
            if finding.mend:
                print(f"{'':21}Mend it: {finding.mend}")
        print(line(findings))
    return 0 if all(finding.ok for finding in findings) else 1


def line(findings: list[Finding] | None = None) -> str:
    """Return one line: that all is well, or the first problem. The same on every machine."""
    for finding in examine() if findings is None else findings:
        if not finding.ok:
            return f"Problem with {finding.check}: {finding.said} Mend it: {finding.mend}"
    return "Everything is in place."


def examine() -> list[Finding]:
    """Run every check. One that fails itself is a problem too, not a crash."""
    findings = []
    for check in CHECKS:
        try:
            said, mend = check()
        except Exception as error:  # noqa: BLE001 - whatever it is, the learner gets a sentence
            said, mend = f"{type(error).__name__}: {error}", command("setup --again")
        findings.append(Finding(check.__name__, said, mend))
    return findings


# The checks: each returns what it found, and what mends it, or an empty text.


def python() -> tuple[str, str]:
    version = "{}.{}.{}".format(*sys.version_info[:3])
    if (3, 12) <= sys.version_info[:2] <= (3, 14):
        return version, ""
    return (
        f"This is Python {version}; the course needs 3.12 to 3.14.",
        f"get one from https://www.python.org/downloads/, then {command('setup')}",
    )


def django() -> tuple[str, str]:
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = next(r for r in map(Requirement, project["dependencies"]) if r.name == "django")
    version = metadata.version("django")
    if version in wanted.specifier:
        return version, ""
    return f"Django {version} is installed; the course needs {wanted}.", command("setup --again")


def sqlite() -> tuple[str, str]:
    from django.db.backends.sqlite3.base import DatabaseWrapper

    needed = DatabaseWrapper.features_class.minimum_database_version or ()
    version = sqlite3.sqlite_version
    mend = f"install a newer Python, which brings a newer SQLite, then {command('setup')}"
    if tuple(map(int, version.split("."))) < needed:
        return f"SQLite {version} is too old; Django needs {'.'.join(map(str, needed))}.", mend
    try:
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            database.execute("SELECT JSON('[1]')")
    except sqlite3.OperationalError:
        return f"SQLite {version} was built without its JSON functions.", mend
    return version, ""


def packages() -> tuple[str, str]:
    wrong = []
    count = 0
    for name, wanted in locked():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "missing"
        count += 1
        if installed != wanted:
            wrong.append(f"{name} {wanted} (here: {installed})")
    if not wrong:
        return f"{count} as locked", ""
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return f"Not as locked: {', '.join(wrong[:3])}{more}.", command("setup --again")


def locked() -> list[tuple[str, str]]:
    """Return name and version of what the lock has for this machine.

    Conda users got the packages of environment.yml in these versions, and the newest of the rest.
    """
    from packaging.requirements import Requirement

    found = []
    listed = None if in_venv() else (ROOT / "environment.yml").read_text("utf-8")
    for text in (ROOT / "requirements.txt").read_text("utf-8").splitlines():
        if text and not text.startswith((" ", "#")):
            requirement = Requirement(text.rstrip("\\ "))
            version = str(requirement.specifier)
            is_listed = rf"^ *- {requirement.name}(\[.*\])?{version}$"
            if listed and not re.search(is_listed, listed, re.MULTILINE):
                continue
            if requirement.marker is None or requirement.marker.evaluate():
                found.append((requirement.name, version.removeprefix("==")))
    return found


def port() -> tuple[str, str]:
    free = next(filter(is_free, PORTS), None)
    if free:
        return f"{free} is free for the lab", ""
    said = f"No port of this machine from {PORTS.start} to {PORTS.stop - 1} is free."
    return said, "close programs that serve pages, such as old notebooks"


def folder() -> tuple[str, str]:
    for place in (ROOT, STATE):
        try:
            place.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError as error:
            said = f"{place} cannot be written to ({error.strerror})."
            return said, "make it writable, or copy the course to a folder of your own"
    return "can be written to", ""


def disk() -> tuple[str, str]:
    free = shutil.disk_usage(ROOT).free // 1_000_000
    if free >= SPACE:
        return "enough room", ""
    return f"Only {free} MB are free; the notebooks need {SPACE} MB.", "make room on the disk"


def database() -> tuple[str, str]:
    """The template that every notebook copies, or the server that DATABASE_URL names."""
    if os.environ.get("DATABASE_URL"):
        return server()
    set_django_up()
    from glass.sandbox.database import template_state

    mend = command("update")
    return {
        "ready": ("the template fits", ""),
        "missing": ("not built yet; the first notebook builds it", ""),
        "stale": ("The template is older than the project's data or migrations.", mend),
        "damaged": ("The template is damaged.", mend),
    }[template_state(ROOT)]


def server() -> tuple[str, str]:
    from importlib.util import find_spec

    from django.core.exceptions import ImproperlyConfigured
    from django.db import Error

    postgres = os.environ["DATABASE_URL"].startswith(("postgres", "pgsql"))
    if postgres and not find_spec("psycopg"):
        said = "DATABASE_URL names a PostgreSQL database, and its driver is not installed."
        return said, f'"{sys.executable}" -m pip install "psycopg[binary]"'
    try:
        set_django_up()
        from django.db import connection

        connection.ensure_connection()
    except (Error, ImproperlyConfigured, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        return (
            f"DATABASE_URL is set, and its database does not answer: {reason}",
            "start that server, or take DATABASE_URL away to work on SQLite",
        )
    return f"{connection.vendor} answers", ""


def leftovers() -> tuple[str, str]:
    """Never a problem: the next notebook removes them."""
    from glass.sandbox.database import leftovers

    files = leftovers(STATE)
    if not files:
        return "none", ""
    size = sum(path.stat().st_size for path in files) / 1e6
    return (
        f"{len(files)} files of ended notebooks, {size:.0f} MB; the next notebook removes them",
        "",
    )


def set_django_up() -> None:
    import django
    from django.apps import apps

    if not apps.ready:
        sys.path.insert(0, str(ROOT / "course_project"))
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()


CHECKS: list[Callable[[], tuple[str, str]]] = [
    python,
    django,
    sqlite,
    packages,
    folder,
    disk,
    port,
    database,
    leftovers,
]
