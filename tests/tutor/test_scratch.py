"""A project on disk, for exercises that change files."""

from pathlib import Path

import pytest

from tutor.desk import scratch
from tutor.desk.scratch import Scratch

MODEL = """
from django.db import models

class Item(models.Model):
    name = models.CharField(max_length=40)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    project = Scratch("02.1", tmp_path_factory.mktemp("scratch"))
    assert project.manage("startapp", "shop").status == 0
    settings = project.read("mysite/settings.py")
    project.write("mysite/settings.py", settings + '\nINSTALLED_APPS += ["shop"]\n')
    project.write("shop/models.py", MODEL)
    return project


def test_a_model_gets_its_table(project: Scratch) -> None:
    made = project.manage("makemigrations", "shop")
    assert "Create model Item" in made.text
    assert project.manage("migrate").status == 0
    asked = project.python(
        "from shop.models import Item\nItem.objects.create(name='Größe')\n"
        "print(Item.objects.get().name)"
    )
    assert (asked.status, asked.text.strip()) == (0, "Größe")


def test_an_error_is_told(project: Scratch) -> None:
    failed = project.manage("no_such_command")
    assert failed.status == 1
    assert "Unknown command: 'no_such_command'" in failed.errors


def test_a_command_that_never_ends(project: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "SECONDS", 0.5)
    ended = project.python("while True: pass")
    assert (ended.status, ended.errors) == (1, "It ran for more than 0.5 seconds and was stopped.")


def test_it_is_made_anew_and_removed(tmp_path: Path) -> None:
    first = Scratch("02.1", tmp_path)
    first.write("notes/mine.txt", "x")
    again = Scratch("02.1", tmp_path)
    assert again.folder == first.folder
    assert not (again.folder / "notes").exists()
    again.remove()
    assert not again.folder.exists()
