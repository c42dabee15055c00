"""The project around a notebook is found, or a sentence says why not; any project will do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from glass.project import ProjectNotFound, find_project

MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}.settings")\n'


@pytest.fixture(autouse=True)
def _no_settings_named(monkeypatch):
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


@pytest.fixture
def home(tmp_path):
    """A folder with no other test's project beside it."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def make(folder: Path, name: str = "site") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manage.py").write_text(MANAGE.format(name))
    return folder


@pytest.mark.parametrize(
    "start", [".", "notebooks", "notebooks/deep/deeper", "project", "project/app"]
)
def test_found_from(home, start):
    project = make(home / "project", "shop")
    (home / start).mkdir(parents=True, exist_ok=True)
    assert find_project(home / start) == (project, "shop.settings")


def test_the_nearest_one(home):
    make(home, "outer")
    inner = make(home / "inner", "inner")
    assert find_project(inner / "..").settings == "outer.settings"
    assert find_project(inner).settings == "inner.settings"


def test_the_settings_that_are_named(home, monkeypatch):
    make(home, "shop")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "other.settings")
    assert find_project(home).settings == "other.settings"


#: Around a test's own folder there may be projects of other tests.
NOWHERE = Path(Path.cwd().anchor)


def test_none():
    with pytest.raises(
        ProjectNotFound, match=r"there is no manage\.py in .* or around it"
    ) as found:
        find_project(NOWHERE)
    assert "DJANGO_SETTINGS_MODULE" in str(found.value)


def test_two(home):
    make(home / "shop")
    make(home / "blog")
    (home / "notebooks").mkdir()
    with pytest.raises(ProjectNotFound, match="more than one Django project: blog, shop"):
        find_project(home / "notebooks")


def test_a_manage_py_of_something_else(home):
    (home / "manage.py").write_text("print('not Django')\n")
    with pytest.raises(ProjectNotFound, match="does not name a settings module"):
        find_project(home)


# A project of somebody else, in fresh processes

NOTEBOOK = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
config.InteractiveShell.colors = "nocolor"
shell = InteractiveShell.instance(config=config)
for cell in {cells!r}:
    shell.run_cell(cell)
"""


def python(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "DATABASE_URL"))}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=kept | {"NO_COLOR": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def notebook(folder: Path, *cells: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return python(folder, "-c", NOTEBOOK.format(cells=cells), **environment)


@pytest.fixture(scope="module")
def mysite(tmp_path_factory) -> Path:
    """What the Django tutorial starts with, migrated."""
    folder = tmp_path_factory.mktemp("home") / "mysite"
    folder.mkdir()
    python(folder, "-m", "django", "startproject", "mysite", ".").check_returncode()
    python(folder, "manage.py", "migrate", "-v0").check_returncode()
    return folder


def test_any_project(mysite):
    database = mysite / "db.sqlite3"
    before = database.read_bytes(), database.stat().st_mtime_ns
    around = sorted(mysite.parent.rglob("*.sqlite3*"))
    ran = notebook(
        mysite,
        "%load_ext glass",
        "from django.contrib.auth.models import User",
        "%%watch\nUser.objects.filter(username='ann').exists()",
        "from glass import reset\ntry:\n    reset()\nexcept Exception as error:\n    print(error)",
    )
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    assert lines[:2] == [
        "Project mysite (mysite.settings) on its own SQLite database: what you change stays.",
        "Models: none yet.",
    ]
    assert "line 2: 1 query, 0 rows" in lines
    assert lines[-1] == (
        "reset() only works on a private copy, and this notebook uses the project's own database. "
        "Nothing was changed."
    )
    assert (database.read_bytes(), database.stat().st_mtime_ns) == before
    assert sorted(mysite.parent.rglob("*.sqlite3*")) == around
    assert not list(mysite.parent.rglob(".course"))


def test_any_project_as_a_script(mysite):
    script = (
        "import glass\nprint(glass.setup().settings)\nfrom django.contrib.auth.models import User\n"
        "with glass.watch('sql'):\n    User.objects.count()\n"
    )
    (mysite / "script.py").write_text(script, encoding="utf-8")
    ran = python(mysite, "script.py")
    assert ran.stdout.startswith(
        "mysite.settings\n1 query, 1 row\n\nscript.py line 5: 1 query, 1 row\n"
    )


def test_wrong_settings_named(mysite):
    ran = notebook(mysite, "%load_ext glass", DJANGO_SETTINGS_MODULE="nosuch.settings")
    assert ran.stderr == (
        f"UsageError: The settings module nosuch.settings cannot be imported from {mysite}. "
        "Correct DJANGO_SETTINGS_MODULE, or remove it.\n"
    )


def test_an_app_that_is_not_there(mysite):
    """The learner's own mistake speaks for itself."""
    (mysite / "broken.py").write_text(
        "from mysite.settings import *\nINSTALLED_APPS = ['nosuch']\n"
    )
    ran = notebook(mysite, "%load_ext glass", DJANGO_SETTINGS_MODULE="broken")
    assert "No module named 'nosuch'" in ran.stdout
    assert "Correct DJANGO_SETTINGS_MODULE" not in ran.stdout + ran.stderr


def test_no_project():
    ran = notebook(NOWHERE, "%load_ext glass")
    assert ran.stderr.startswith("UsageError: No Django project was found: ")
    assert "Traceback" not in ran.stdout + ran.stderr


def test_before_anything_is_set_up(mysite):
    ran = notebook(
        mysite,
        "%%watch\n1 + 1",
        "from glass import watch, reset, diagram, page, Trace",
        "try:\n    with watch():\n        pass\nexcept Exception as error:\n    print(error)",
        "try:\n    reset()\nexcept Exception as error:\n    print(error)",
    )
    assert ran.stdout == (
        "Django is not set up yet. In a notebook run the first cell, %load_ext glass; "
        "in a script call glass.setup() first.\n"
        "reset() only works on a private copy, and this notebook uses the project's own database. "
        "Nothing was changed.\n"
    )
    assert "%%watch" in ran.stderr
    assert "not found" in ran.stderr


def test_a_missing_table_is_djangos_own_error(mysite, tmp_path):
    (mysite / "empty.py").write_text(
        "from mysite.settings import *\n"
        f"DATABASES['default']['NAME'] = {str(tmp_path / 'empty.sqlite3')!r}\n"
    )
    ran = notebook(
        mysite,
        "%load_ext glass",
        "from django.contrib.auth.models import User",
        "%%watch\ntry:\n    User.objects.count()\nexcept Exception as error:\n    print(error)",
        DJANGO_SETTINGS_MODULE="empty",
    )
    assert "no such table: auth_user" in ran.stdout
    assert "failed: OperationalError: no such table: auth_user" in ran.stdout
