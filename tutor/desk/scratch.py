"""A Django project of its own on disk, for exercises that change a project's files.

It lies below .course/scratch/ and is made anew each time. What runs in it runs in a fresh process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tutor.paths import STATE

SECONDS = 30.0


@dataclass(frozen=True)
class Output:
    """What a command did. status 0 means that it went well."""

    status: int
    text: str
    errors: str


class Scratch:
    """`Scratch("02.3")`: what `django-admin startproject mysite` makes, in .course/scratch/02.3.

    folder  the folder with manage.py
    """

    def __init__(self, name: str, below: Path = STATE / "scratch") -> None:
        self.folder = below / name
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        made = self._run("-m", "django", "startproject", "mysite", ".")
        if made.status:
            raise RuntimeError(f"startproject failed in {self.folder}: {made.errors}")

    def write(self, path: str, text: str) -> None:
        """Write a file of the project, "shop/models.py" for example; its folders are made."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def manage(self, *words: str) -> Output:
        """Run `python manage.py WORDS` in a fresh process."""
        return self._run("manage.py", *words)

    def python(self, code: str) -> Output:
        """Run code in a fresh process in which Django is set up."""
        return self._run("-c", f"import django; django.setup()\n{code}")

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *words: str) -> Output:
        foreign = {"DATABASE_URL", "DJANGO_ALLOW_ASYNC_UNSAFE", "PYTHONPATH"}
        environment = {name: value for name, value in os.environ.items() if name not in foreign}
        environment |= {"DJANGO_SETTINGS_MODULE": "mysite.settings", "PYTHONUTF8": "1"}
        if words[0] == "-m":  # There are no settings yet.
            del environment["DJANGO_SETTINGS_MODULE"]
        try:
            done = subprocess.run(
                [sys.executable, *words],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            sentence = f"It ran for more than {SECONDS:g} seconds and was stopped."
            return Output(1, "", sentence)
        return Output(done.returncode, done.stdout, done.stderr)
