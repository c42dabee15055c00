"""%%watch in cells: what is shown, what is said, what stays behind."""

import pytest
from asgiref.sync import SyncToAsync
from django.db import connection, connections
from django.db.backends.base import base
from django.db.backends.signals import connection_created
from django.template import Template
from django.test import AsyncClient, Client

from glass import watch

pytestmark = pytest.mark.django_db


def test_load_says_where_you_are(bare_shell, settings, monkeypatch, db):
    settings.GLASS = None
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    cell = bare_shell.run("%load_ext glass")
    assert cell.error is None
    first, second = cell.out.splitlines()
    assert first.startswith("Project course_project (config.settings) on its own ")
    assert second.startswith("Models: Profile, LoginRecord, ") and " Department, " in second


def test_load_again_does_no_harm(shell, company):
    again = shell.run("%load_ext glass")
    assert "already loaded" not in again.out
    assert len(again.out.splitlines()) == 2
    cell = shell.run("%%watch\nEmployee.objects.count()")
    assert len(cell.shown) == 1
    assert len(cell.seen.queries) == 1


def test_what_the_cell_does_is_unchanged(shell, company):
    cell = shell.run("%%watch\nx = Employee.objects.count()\nprint('said')\nx + 1")
    assert cell.result == 6
    assert "said\n" in cell.out
    assert shell.ipython.user_ns["x"] == 5


def test_layers(shell, company):
    cell = shell.run("%%watch http\nfrom django.test import Client\nClient().get('/departments/')")
    assert cell.seen.layers == {"http"}
    assert cell.shown[0].startswith("1 request\n")


def test_with_in_a_cell(shell, company):
    shell.run("from glass import watch")
    cell = shell.run("with watch('sql') as mine:\n    Employee.objects.count()")
    assert cell.shown[0].startswith("1 query, 1 row\n\nline 2: ")


def test_a_cell_without_watch_shows_nothing(shell, company):
    assert shell.run("Employee.objects.count();").shown == []


def test_a_queryset_shown_by_a_cell(shell, company):
    cell = shell.run("%%watch\nEmployee.objects.all()")
    assert "<- showing a queryset asks for its first 21 rows" in cell.shown[-1]
    assert cell.seen.queries[0].line == 2


def test_an_error_in_the_cell(shell, company):
    cell = shell.run("%%watch\nEmployee.objects.count()\n1 / 0")
    assert isinstance(cell.error, ZeroDivisionError)
    assert cell.error.__traceback__.tb_next.tb_lineno == 3
    assert cell.shown[0].startswith("1 query, 1 row\n")
    assert not connection.execute_wrappers


def test_an_interrupted_cell(shell, company):
    shell.run("import signal\nfrom itertools import count")
    cell = shell.run(
        "%%watch\nfor n in count():\n    Employee.objects.count()\n"
        "    if n == 6:\n        signal.raise_signal(signal.SIGINT)"
    )
    assert isinstance(cell.error, KeyboardInterrupt) or "KeyboardInterrupt" in cell.out + cell.err
    assert len(cell.seen.queries) == 7
    assert cell.shown[0].startswith("7 queries, 7 rows\n")
    assert not connection.execute_wrappers
    assert len(shell.run("%%watch\nEmployee.objects.count()").seen.queries) == 1


def test_a_cell_twice(shell, company):
    text = "%%watch\nfor e in Employee.objects.all():\n    e.department"
    assert shell.run(text).shown == shell.run(text).shown


def test_a_watch_inside_a_watched_cell(shell, company):
    shell.run("from glass import watch")
    cell = shell.run(
        "%%watch\nEmployee.objects.count()\nwith watch():\n    Skill.objects.count()\n1;"
    )
    assert [text.splitlines()[0] for text in cell.shown] == ["1 query, 1 row", "2 queries, 2 rows"]


def test_a_cell_that_runs_a_cell(shell, company):
    inner = "get_ipython().run_cell('%%watch\\nSkill.objects.count()')"
    cell = shell.run(f"%%watch\nEmployee.objects.count()\n{inner};")
    assert cell.error is None
    assert not connection.execute_wrappers


# Bad input: a sentence, no traceback, and nothing is left open.

FIRST_LINE = "stands on the first line of a cell"

BAD = {
    "unknown layer": (
        "%%watch sqll\nx = 1",
        "There is no layer called 'sqll'. The layers are: sql,",
    ),
    "in the middle": ("x = 1\n%%watch\nEmployee.objects.count()", FIRST_LINE),
    "as a line magic": ("%watch\nEmployee.objects.count()", FIRST_LINE),
    "as an expression": ("x = %watch", FIRST_LINE),
    "above another magic": ("%%watch\n%%time\nEmployee.objects.count()", "with watch():"),
    "below another magic": ("%%time\n%%watch\nEmployee.objects.count()", "with watch():"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(shell, company, name):
    cell_text, sentence = BAD[name]
    cell = shell.run(cell_text)
    assert sentence in cell.err
    assert cell.err.startswith("UsageError: ")
    assert len(cell.err.strip().splitlines()) == 1
    assert "Traceback" not in cell.err + cell.out
    assert cell.shown == []
    assert not connection.execute_wrappers
    assert len(shell.run("%%watch\nEmployee.objects.count()").seen.queries) == 1


def test_a_syntax_error(shell, company):
    cell = shell.run("%%watch\nEmployee.objects.count(\n")
    assert isinstance(cell.error, SyntaxError)
    assert "line 2" in cell.out
    assert cell.shown == []
    assert not connection.execute_wrappers


def test_an_empty_cell(shell, company):
    assert shell.run("%%watch").shown == ["0 queries"]


def test_watch_is_text_in_a_string(shell):
    cell = shell.run("text = '''\n%%watch\n'''")
    assert cell.error is None
    assert shell.ipython.user_ns["text"] == "\n%%watch\n"


def test_unknown_layer_in_code():
    with pytest.raises(ValueError, match=r"There is no layer called 'sqll'. The layers are: sql, "):
        watch("sqll")


# Help teaches


@pytest.mark.parametrize("question", ["%%watch?", "?%%watch"])
def test_help_on_the_magic(shell, question):
    said = shell.run(question).out
    for word in ("first line of a cell", "sql", "http", "seen.queries"):
        assert word in said


def test_help_on_watch(capsys):
    help(watch)
    said = capsys.readouterr().out
    for word in ("%%watch", "sql", "http", "seen.queries", "with watch() as seen", "not counted"):
        assert word in said


# Nothing stays behind


def hooks():
    return {
        "wrappers": [list(c.execute_wrappers) for c in connections.all(initialized_only=True)],
        "announce": base.debug_transaction,
        "await": SyncToAsync.__call__,
        "client": Client.request,
        "async client": AsyncClient.request,
        "render": Template._render,
    }


def hooks_of(ipython):
    return {
        "magics": {kind: sorted(names) for kind, names in ipython.magics_manager.magics.items()},
        "transformers": list(ipython.input_transformers_cleanup),
        "callbacks": {name: list(found) for name, found in ipython.events.callbacks.items()},
        "receivers": sorted(str(receiver[0]) for receiver in connection_created.receivers),
    }


def test_nothing_is_left_after_a_watch(company):
    before = hooks()
    with watch(show=False):
        assert hooks() != before
        Client().get("/departments/")
    assert hooks() == before


def test_nothing_is_left_after_an_unload(bare_shell, settings, monkeypatch, company):
    from glass import connections

    connections.forget_connections()
    settings.GLASS = None
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    shell, before = bare_shell, (hooks(), hooks_of(bare_shell.ipython))
    shell.run("%load_ext glass")
    assert hooks_of(shell.ipython) != before[1]
    shell.run("%%watch\nfrom company.models import *\nEmployee.objects.count()")
    shell.run("%unload_ext glass")
    assert (hooks(), hooks_of(shell.ipython)) == before
    assert "not found" in shell.run("%%watch\nEmployee.objects.count()").err


def test_unload_in_a_watched_cell(shell, company):
    before = base.debug_transaction
    shell.run("%%watch\nEmployee.objects.count()\n%unload_ext glass")
    assert base.debug_transaction is before
    assert not connection.execute_wrappers


def test_reload_keeps_an_eye_on_other_threads(shell, company):
    shell.run("%reload_ext glass")
    cell = shell.run("%%watch\nEmployee.objects.count()")
    assert len(cell.seen.queries) == 1
    assert len(cell.shown) == 1


def test_a_receiver_cell_that_is_run_again_rings_once(shell, settings):
    settings.DEBUG = True
    shell.run("from django.dispatch import Signal, receiver\nbell, rings = Signal(), []")
    for _ in range(3):
        shell.run(
            "@receiver(bell)\ndef ring(sender, **kwargs):\n    rings.append(1)\n\nloaded = True"
        )
    shell.run("bell.send(None)\nprint(len(rings))")
    assert shell.run("print(len(rings))").out == "1\n"
