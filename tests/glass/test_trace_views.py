"""What the views look like, and that they are the same on every machine."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from company.models import Employee
from django.db import transaction
from django.test import Client

from glass import watch
from glass.layers.sql.layout import layout
from glass.watching import suspended

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
TIME = re.compile(r"\d\s?(ms|us|µs|s)\b|\d\.\d")
BAR = re.compile(r"display:(inline-)?block;width:\d+px")
TAGS = {"div", "span", "b", "i", "code", "pre", "details", "summary"}
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


def act():
    for employee in Employee.objects.all():
        employee.department  # noqa: B018
    with transaction.atomic():
        Employee.objects.filter(name__in=["Ann", "Ben"]).update(salary=1)
    repr(Employee.objects.all())
    Client().get("/departments/")


@pytest.fixture
def seen(company):
    with watch(show=False) as seen:
        act()
    return seen


def test_text_is_the_same_each_time(company):
    texts = []
    for _ in range(2):
        with watch(show=False) as seen:
            act()
        texts.append(seen.text())
    assert texts[0] == texts[1]
    assert not TIME.search(texts[0])
    assert not ADDRESS.search(texts[0])


SCRIPT = """
import glass
glass.setup()
from company.models import Employee
with glass.watch(show=False) as seen:
    for e in Employee.objects.all()[:9]: e.department, list(e.skills.all())
    repr(Employee.objects.filter(pk__in=[1, 2, 3], name__in=["Ann", "Ben"]))
print(seen.text()); print(seen.html())
"""


def test_text_and_html_do_not_depend_on_the_hash_seed():
    said = set()
    for seed in "12":
        environment = os.environ | {"PYTHONHASHSEED": seed, "GLASS_TIMES": "off"}
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            check=True,
        )
        said.add(run.stdout)
    assert len(said) == 1
    assert b"N+1" in run.stdout


def test_html_has_times_unless_they_are_off(seen, monkeypatch):
    monkeypatch.setenv("GLASS_TIMES", "on")
    assert " ms in the database" in seen.html()
    assert BAR.search(seen.html())
    monkeypatch.setenv("GLASS_TIMES", "off")
    words = re.sub(r"<[^>]*>", " ", seen.html())
    assert not TIME.search(words)
    assert " ms" not in seen.html()
    assert not BAR.search(seen.html())
    assert not ADDRESS.search(seen.html())


class Checker(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_plain(seen):
    html = Checker(seen.html())
    assert html.open == []
    assert {tag for tag, *_ in html.elements} <= TAGS
    assert {name for _, attributes, _ in html.elements for name in attributes} == {"style"}
    for tag, _, around in html.elements:
        assert tag != "summary" or around[-1] == "details"
        assert tag != "div" or set(around) <= {"div", "details"}  # no block inside a line
    assert "url(" not in seen.html()
    assert "http" not in re.sub(r"<[^>]*>", "", seen.html())


def test_html_says_what_the_text_says(seen):
    words = " ".join(re.sub(r"<[^>]*>", " ", seen.html()).replace("&quot;", '"').split())
    for said in (
        "N+1: Employee.department",
        'select_related("department")',
        "SAVEPOINT",
        "21 rows",
    ):
        assert said in seen.text()
        assert said in words
    assert "GET /departments/ -&gt; 200" in words


def test_values_are_folded_behind_a_summary(seen):
    elements = Checker(seen.html()).elements
    assert any(tag == "details" and "open" not in attributes for tag, attributes, _ in elements)


def test_a_suspended_watch_records_nothing_and_goes_on(company):
    with watch("sql", show=False) as outer:
        company.ann.refresh_from_db()
        with suspended():
            company.ann.refresh_from_db()
            with watch("sql", show=False) as inner:
                company.ben.refresh_from_db()
        company.ann.refresh_from_db()
    assert (len(outer.queries), len(inner.queries)) == (2, 1)


def test_str_and_display(seen):
    assert str(seen) == seen.text()
    assert repr(seen).startswith("<Trace of ")
    bundle = seen._repr_mimebundle_()
    assert bundle == {"text/plain": seen.text(), "text/html": seen.html()}


def test_shown_as_text_outside_a_notebook(company, capsys):
    with watch("sql"):
        Employee.objects.count()
    assert capsys.readouterr().out.startswith("1 query, 1 row\n\ntest_trace_views.py line ")


def test_one_query_reads_so(shell, company):
    cell = shell.run("%%watch\nEmployee.objects.filter(name='Ann').values_list('title')[0];")
    (text,) = cell.shown
    assert text == (
        "1 query, 1 row\n"
        "\n"
        "line 2: 1 query, 1 row\n"
        '    SELECT "company_employee"."title" AS "title"\n'
        '    FROM "company_employee"\n'
        '    WHERE "company_employee"."name" = %s\n'
        '    ORDER BY "company_employee"."name" ASC\n'
        "    LIMIT 1\n"
        "    with 'Ann'"
    )


def test_a_query_alone():
    with watch("sql", show=False) as seen:
        list(Employee.objects.filter(name="Ann").values("title"))
    assert repr(seen.queries[0]).startswith("<Query test_trace_views.py line ")
    assert str(seen.queries[0]).endswith("\n-- with 'Ann'")


def test_a_new_table_has_a_line_for_each_column():
    sql = (
        'CREATE TABLE "shop_label" ("id" integer NOT NULL PRIMARY KEY, '
        '"price" decimal NOT NULL CHECK ("price" >= 0), UNIQUE ("id", "price")) STRICT'
    )
    assert layout(sql).splitlines() == [
        'CREATE TABLE "shop_label" (',
        '  "id" integer NOT NULL PRIMARY KEY,',
        '  "price" decimal NOT NULL CHECK ("price" >= 0),',
        '  UNIQUE ("id", "price")',
        ") STRICT",
    ]
