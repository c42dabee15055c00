"""Which line asked: cells, functions of earlier cells, templates, library code."""

import dataclasses
from pathlib import Path

import pytest
from company.models import Department, Employee
from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.template import Context, engines
from django.template.backends.django import DjangoTemplates
from django.test import RequestFactory

from glass import watch

pytestmark = pytest.mark.django_db

HERE = "test_sql_lines.py"


def places(seen):
    return [query.place for query in seen.queries]


def line_of(text):
    """The number of the line of this file that holds the text and is not this call."""
    lines = Path(__file__).read_text("utf8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if text in line and "line_of" not in line)


# In cells


def test_lines_of_a_cell(shell, company):
    cell = shell.run(
        "%%watch\nEmployee.objects.count()\n\n[e.name for e in Employee.objects.all()];"
    )
    assert [query.line for query in cell.seen.queries] == [2, 4]
    assert "line 4: 1 query, 5 rows" in cell.shown[0]


def test_a_statement_over_several_lines(shell, company):
    cell = shell.run("%%watch\nnames = (\n    Employee.objects\n    .count()\n)")
    assert cell.seen.queries[0].line == 4


def test_a_function_of_an_earlier_cell(shell, company):
    shell.run(
        "def boss(name):\n    employee = Employee.objects.get(name=name)\n    return employee"
    )
    cell = shell.run("%%watch\n\nboss('Ann')")
    (query,) = cell.seen.queries
    assert query.place == "line 2 of boss()"
    assert query.line == 3
    assert "line 2 of boss(), called by line 3: 1 query" in cell.shown[0]


def test_a_deep_chain_keeps_the_cells_line(shell, company):
    shell.run("def depth(n):\n    return depth(n - 1) if n else Employee.objects.count()")
    cell = shell.run("%%watch\ndepth(30)")
    assert cell.seen.queries[0].line == 2
    assert len(cell.seen.queries[0].places) < 6


def test_comprehensions_lambdas_and_methods(shell, company):
    shell.run("class Desk:\n    def ask(self):\n        return Employee.objects.count()")
    cell = shell.run("%%watch\n[Employee.objects.count() for _ in '12']\n(lambda: Desk().ask())()")
    assert places(cell.seen) == ["line 2", "line 2", "line 3 of ask()"]
    assert [query.line for query in cell.seen.queries] == [2, 2, 3]


def test_generated_code_is_not_the_learners(company):
    @dataclasses.dataclass
    class Report:
        size: int = dataclasses.field(default_factory=Employee.objects.count)

    with watch("sql", show=False) as seen:
        Report()  # here: a dataclass
    assert places(seen) == [f"{HERE} line {line_of('# here: a dataclass')}"]


def test_no_cell_no_line(company):
    with watch("sql", show=False) as seen:
        Employee.objects.count()
    assert seen.queries[0].line is None


# In templates

PAGES = {
    "base.html": "<h1>{{ title }}</h1>\n{% block main %}{% endblock %}",
    "list.html": (
        '{% extends "base.html" %}\n{% block main %}\n{% for e in employees %}\n'
        '  {% if e.department %}\n    {% include "one.html" %}\n  {% endif %}\n'
        "{% endfor %}\n{% endblock %}"
    ),
    "one.html": "\n{{ e.manager.name }}",
}


@pytest.fixture
def pages():
    """A template engine whose files stand above."""
    loaders = [("django.template.loaders.locmem.Loader", PAGES)]
    options = {"loaders": loaders, "debug": False}
    return DjangoTemplates({"NAME": "t", "DIRS": [], "APP_DIRS": False, "OPTIONS": options})


def test_lines_of_templates(company, pages):
    with watch("sql", show=False) as seen:
        pages.get_template("list.html").render({"employees": Employee.objects.all()})
    assert set(places(seen)) == {"list.html line 3", "list.html line 4", "one.html line 2"}
    assert places(seen)[0] == "list.html line 3"


def test_a_template_without_a_name(company):
    template = engines["django"].from_string("\n\n{{ employees.count }}")
    with watch("sql", show=False) as seen:
        assert template.render({"employees": Employee.objects}).strip() == "5"
    assert places(seen) == ["template line 3"]


def test_the_cell_that_renders(shell, company):
    shell.run("from django.template import Context, Template")
    cell = shell.run(
        "%%watch\npage = Template('{{ all.count }}')\npage.render(Context({'all': Employee.objects}))"
    )
    (query,) = cell.seen.queries
    assert (query.place, query.line) == ("template line 1", 3)
    assert "template line 1, called by line 3" in cell.shown[0]


def test_a_method_called_by_a_template(company):
    class Team:
        def size(self):
            return Employee.objects.count()  # here: called by a template

    template = engines["django"].from_string("{{ team.size }}").template
    with watch("sql", show=False) as seen:
        template.render(Context({"team": Team()}))
    assert places(seen) == [f"{HERE} line {line_of('# here: called by a template')}"]
    assert str(seen.queries[0].places[1]) == "template line 1"


# In library code: the learner's nearest line


def paginate():
    pages = Paginator(Employee.objects.all(), 2)
    list(pages.page(2))  # here: paginate


def fetch_or_404():
    get_object_or_404(Employee, name="Ann")  # here: fetch_or_404


def validate_form():
    class Form(forms.ModelForm):
        class Meta:
            model = Department
            fields = "name", "city", "budget"

    Form({"name": "Sales", "city": "x", "budget": 1}).is_valid()  # here: validate_form


def render_choices():
    class Form(forms.Form):
        department = forms.ModelChoiceField(Department.objects.all())

    str(Form())  # here: render_choices


def ask_the_admin():
    request = RequestFactory().get("/")
    model_admin = admin.site.get_model_admin(Department)
    model_admin.get_object(request, "1")  # here: ask_the_admin


@pytest.mark.parametrize(
    "ask",
    [
        paginate,
        fetch_or_404,
        validate_form,
        render_choices,
        ask_the_admin,
    ],
)
def test_library_code(company, ask):
    with watch("sql", show=False) as seen:
        ask()
    assert seen.queries
    assert set(places(seen)) == {f"{HERE} line {line_of(f'# here: {ask.__name__}')}"}
