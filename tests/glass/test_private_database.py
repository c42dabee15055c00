"""A template built once, a private copy for each process, reset() in between.

Each test runs fresh processes on a copy of the course.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from glass.sandbox import database

ROOT = Path(__file__).resolve().parents[2]

BEGIN = """
import glass
glass.setup()
from company.models import Department, Employee, Skill
from django.db import connection, transaction
from glass.sandbox import database
from glass import reset
from glass.sandbox.database import DatabaseProblem

def refused(call):
    try:
        call()
    except DatabaseProblem as problem:
        print(problem)
"""


class Course:
    """A copy of the course, and its .course folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.private = folder / ".course"
        (folder / "notebooks").mkdir(parents=True)
        ignored = shutil.ignore_patterns("__pycache__", ".*", "*.sqlite3*")
        for name in ("course_project", "data"):
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)

    def start(
        self, script: str, begin: str = BEGIN, under: tuple[str, ...] = ()
    ) -> subprocess.Popen[str]:
        drop = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")
        environment = {name: value for name, value in os.environ.items() if name not in drop}
        return subprocess.Popen(
            [*under, sys.executable, "-c", begin + script],
            cwd=self.folder / "notebooks",
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, script: str, begin: str = BEGIN, under: tuple[str, ...] = ()) -> list[str]:
        out, err = self.start(script, begin, under).communicate(timeout=60)
        assert not err, err
        return out.splitlines()

    def files(self) -> list[str]:
        return sorted(path.name for path in self.private.iterdir())

    @property
    def template(self) -> Path:
        (template,) = self.private.glob("template-*.sqlite3")
        return template


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Course:
    """A course whose template is built; tests that damage something take a copy of their own."""
    course = Course(tmp_path_factory.mktemp("course"))
    assert course.run("print(Employee.objects.count())") == ["60"]
    return course


@pytest.fixture
def course(built, tmp_path) -> Course:
    course = Course(tmp_path / "course")
    shutil.copytree(built.private, course.private)
    return course


def test_only_the_template_stays(built):
    (name,) = built.files()
    assert name.startswith("template-")
    assert not list((built.folder / "course_project").glob("*.sqlite3"))


def test_the_copy_is_private(built):
    before = built.template.read_bytes()
    path, here = built.run(
        "Skill.objects.create(name='Falconry')\n"
        "print(connection.settings_dict['NAME'])\n"
        "print(database.private.path.exists())"
    )
    assert (Path(path).parent, here) == (built.private, "True")
    assert not Path(path).exists()
    assert built.template.read_bytes() == before
    assert len(built.files()) == 1


def test_two_processes_share_nothing(built):
    script = "Skill.objects.all().delete()\nprint('ready', flush=True)\ninput()\n"
    first = built.start(script)
    assert first.stdout.readline() == "ready\n"
    assert built.run("print(Skill.objects.count())") == ["12"]
    first.communicate("\n", timeout=60)
    assert len(built.files()) == 1


def test_reset(built):
    said = built.run(
        "last = Skill.objects.create(name='Falconry').pk\n"
        "Employee.objects.all().delete()\n"
        "reset()\n"
        "print(Skill.objects.count(), Employee.objects.count())\n"
        "print(Skill.objects.create(name='Falconry').pk == last)\n"
        "reset()\nreset()\n"
        "print(Skill.objects.count())\n"
    )
    assert said == ["12 60", "True", "12"]


def test_reset_reaches_other_threads(built):
    said = built.run(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor(1)\n"
        "pool.submit(Skill.objects.create, name='Falconry').result()\n"
        "print(Skill.objects.count())\n"
        "reset()\n"
        "print(Skill.objects.count(), pool.submit(Skill.objects.count).result())\n"
    )
    assert said == ["13", "12 12"]


def test_reset_inside_a_transaction(built):
    said = built.run(
        "with transaction.atomic():\n"
        "    Skill.objects.create(name='Falconry')\n"
        "    refused(reset)\n"
        "print(Skill.objects.count())\n"
    )
    assert said == [
        "reset() cannot run inside a transaction. Call it after the atomic() block.",
        "13",
    ]


def test_reset_while_rows_are_read(built):
    said = built.run(
        "rows = Employee.objects.iterator(chunk_size=1)\n"
        "next(rows)\n"
        "Skill.objects.create(name='Falconry')\n"
        "reset()\n"
        "print(Skill.objects.count())\n"
        "try:\n"
        "    next(rows)\n"
        "except Exception as error:\n"
        "    print(error)\n"
    )
    assert said == ["12", "Cannot operate on a closed database."]


def test_reset_without_a_template(course):
    said = course.run("database.private.template.unlink()\nrefused(reset)\n")
    assert "its template database is gone. Restart the kernel." in said[0]


def test_setup_again_does_no_harm(built):
    said = built.run("Skill.objects.all().delete()\nglass.setup()\nprint(Skill.objects.count())\n")
    assert said == ["0"]


def test_other_rows_make_another_template(course):
    old = course.template.name
    with (course.folder / "data" / "skills.csv").open("a", encoding="utf8") as skills:
        skills.write("99,Beekeeping\n")
    assert course.run("print(Skill.objects.count())") == ["13"]
    assert course.template.name != old
    assert len(course.files()) == 1


def test_what_the_template_is_named_after(course):
    names = course.run(
        "from pathlib import Path\n"
        "for folder in ('migrations/0001_initial.py', 'management/commands/load_data.py', 'views.py'):\n"
        "    print(database._template_name())\n"
        "    with Path('../course_project/company', folder).open('a') as file:\n"
        "        file.write('# changed')\n"
        "print(database._template_name())\n"
    )
    assert len(set(names[:3])) == 3
    assert names[3] == names[2]  # a view makes no rows


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path):
    path.write_bytes(b"no database" * 1000)


def empty(path):
    path.write_bytes(b"")


def spoil_the_middle(path):
    content = bytearray(path.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [halve, overwrite, empty, spoil_the_middle])
def test_damage_is_found(built, tmp_path, monkeypatch, damage):
    folder = tmp_path / ".course"
    shutil.copytree(built.private, folder)
    template = folder / built.template.name
    monkeypatch.setattr(database, "_template_name", lambda: template.name)
    assert database.template_state(tmp_path) == "ready"
    damage(template)
    assert database.template_state(tmp_path) == "damaged"
    monkeypatch.setattr(database, "_template_name", lambda: "template-another.sqlite3")
    assert database.template_state(tmp_path) == "stale"
    template.unlink()
    assert database.template_state(tmp_path) == "missing"


def test_a_damaged_template_is_built_again(course):
    halve(course.template)
    said = course.run("print(Employee.objects.count())")
    assert said == ["The template database was damaged. It is built again.", "60"]
    assert len(course.files()) == 1


def test_two_processes_build_at_once(tmp_path):
    course = Course(tmp_path)
    both = [course.start("print(Employee.objects.count())") for _ in range(2)]
    assert [process.communicate(timeout=60) for process in both] == [("60\n", "")] * 2
    assert len(course.files()) == 1


def test_leftovers_of_dead_processes(course):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    name = course.template.name
    for left in (
        f"private-{dead.pid}-{name}",
        f"private-{dead.pid}-{name}-wal",
        f"part-{dead.pid}-{name}",
    ):
        (course.private / left).write_bytes(b"x")
    alive = course.private / f"private-{os.getpid()}-{name}"
    alive.write_bytes(b"x")
    course.run("pass")
    assert course.files() == sorted([alive.name, name])


def test_leftovers_of_a_process_with_the_same_number(course):
    begin = "import os\nos.getpid = lambda: 4_000_000\n" + BEGIN
    name = f"private-4000000-1-{course.template.name}"
    for suffix in ("", "-wal", "-shm"):
        (course.private / f"{name}{suffix}").write_bytes(b"x" * 5_000)
    assert course.run("print(Skill.objects.count())", begin) == ["12"]
    assert course.files() == [course.template.name]


SENTENCE = """
import glass
from glass.sandbox.database import DatabaseProblem
try:
    glass.setup()
except DatabaseProblem as problem:
    print(problem)
"""


def test_no_place_for_the_database(tmp_path):
    course = Course(tmp_path)
    course.private.write_text("a file in the folder's place")
    (said,) = course.run("", begin=SENTENCE)
    assert said.startswith(f"The notebook's database cannot be written in {course.private} (")
    assert said.endswith("Make the folder writable, or move the course to a folder of your own.")


@pytest.mark.skipif(os.name == "nt", reason="Windows folders have no such bits.")
@pytest.mark.parametrize("with_template", [True, False])
def test_no_write_access(course, with_template):
    if not with_template:
        course.template.unlink()
    under = ()
    if os.geteuid() == 0:  # root may write everywhere, unless it gives that right up
        if not shutil.which("setpriv"):
            pytest.skip("root may write everywhere.")
        under = ("setpriv", "--inh-caps=-dac_override", "--bounding-set=-dac_override")
    course.private.chmod(0o555)
    try:
        (said,) = course.run("", SENTENCE, under)
    finally:
        course.private.chmod(0o755)
    assert said.startswith(f"The notebook's database cannot be written in {course.private} (")


def test_rows_that_cannot_be_loaded(tmp_path):
    """The author's own mistake: the error is shown, and the next start finds no half template."""
    course = Course(tmp_path)
    skills = course.folder / "data" / "skills.csv"
    good = skills.read_text("utf8")
    skills.write_text(good + "1,Twice\n", "utf8")
    _, err = course.start("").communicate(timeout=60)
    assert "Error" in err.splitlines()[-1]
    skills.write_text(good, "utf8")
    assert course.run("print(Skill.objects.count())") == ["12"]
    assert len(course.files()) == 1


def test_another_engine_gets_no_copy(course):
    begin = "import os\nos.environ['DATABASE_URL'] = 'postgres://nobody@127.0.0.1:1/none'\n"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        pytest.skip("psycopg is not installed.")
    said = course.run("print(glass.sandbox.database.private)", begin=begin + BEGIN)
    assert said == ["None"]
