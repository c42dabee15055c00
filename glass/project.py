"""Find the Django project around a notebook, and set Django up."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple


class ProjectNotFound(Exception):
    """No Django project, or more than one, and a sentence that says what to do."""


class Project(NamedTuple):
    """A Django project: the folder with its manage.py, and the name of its settings module."""

    folder: Path
    settings: str


_SETTINGS = re.compile(r"""DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)["']""")


def find_project(start: Path) -> Project:
    """The project that DJANGO_SETTINGS_MODULE names, else the nearest manage.py.

    Looked for in the folder, then in its direct subfolders, then the same one folder up.
    Raises ProjectNotFound with a sentence.
    """
    if module := os.environ.get("DJANGO_SETTINGS_MODULE"):
        found = _nearest_manage(start)
        folder = found.parent if found and module in found.read_text("utf8") else start
        return Project(folder, module)
    manage = _nearest_manage(start)
    if manage is None:
        raise ProjectNotFound(
            f"No Django project was found: there is no manage.py in {start} or around it. "
            "Start the notebook inside your project's folder, "
            "or name the settings in the environment variable DJANGO_SETTINGS_MODULE."
        )
    match = _SETTINGS.search(manage.read_text("utf8"))
    if match is None:
        raise ProjectNotFound(
            f"{manage} does not name a settings module. "
            "Name it in the environment variable DJANGO_SETTINGS_MODULE."
        )
    return Project(manage.parent, match[1])


def _nearest_manage(start: Path) -> Path | None:
    for folder in (start, *start.parents):
        if (folder / "manage.py").is_file():
            return folder / "manage.py"
        below = sorted(folder.glob("*/manage.py"))
        if len(below) > 1:
            names = ", ".join(path.parent.name for path in below)
            raise ProjectNotFound(
                f"{folder} holds more than one Django project: {names}. "
                "Start the notebook inside one of them."
            )
        if below:
            return below[0]
    return None


def setup(start: Path | None = None) -> Project:
    """Set Django up for the project around `start` (the working folder when None).

    The project's folder goes on sys.path, and DJANGO_ALLOW_ASYNC_UNSAFE is set: a notebook's
    cells run inside an event loop, where Django refuses plain database calls otherwise.
    (https://docs.djangoproject.com/en/6.1/topics/async/#async-safety)
    A project whose settings have GLASS["SEED"] gets a private copy of its database, and caches
    that it shares with nobody.
    Calling it again does no harm. Raises ProjectNotFound with a sentence.
    """
    project = find_project(start or Path.cwd())
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", project.settings)
    if str(project.folder) not in sys.path:
        sys.path.insert(0, str(project.folder))

    import django
    from django.apps import apps

    if not apps.ready:
        try:
            django.setup()
        except ModuleNotFoundError as error:
            # Only the learner's own settings module; a missing package speaks for itself.
            if error.name and project.settings.startswith(error.name):
                raise ProjectNotFound(
                    f"The settings module {project.settings} cannot be imported from "
                    f"{project.folder}. Correct DJANGO_SETTINGS_MODULE, or remove it."
                ) from None
            raise

    from django.conf import settings

    from glass import connections, source
    from glass.sandbox import caches, database

    source.shorten_below(project.folder)
    connections.follow_connections()
    if getattr(settings, "GLASS", None):
        caches.make_private(project.folder.parent / database.FOLDER)
    database.use_private_copy(project.folder.parent)
    return project
