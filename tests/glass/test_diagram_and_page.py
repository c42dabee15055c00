"""diagram(): models as Mermaid and as text. page(): a page as a closed frame and as words."""

import re

import pytest
from accounts.models import Profile
from company.models import Assignment, Department, Employee, Project, Skill
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.template import RequestContext, Template
from django.test import Client, RequestFactory
from shop.models import Category, Review

from glass import diagram, page


def arrows(*models):
    return [line.strip() for line in diagram(*models).mermaid().splitlines() if " : " in line]


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ((Assignment, Project), ["Assignment }o--|| Project : project"]),
        ((Employee, Department), ["Employee }o--o| Department : department"]),
        ((Profile, User), ["Profile |o--|| User : user"]),
        ((Skill, Employee), ["Employee }o--o{ Skill : skills"]),
        ((Project, Employee), ["Project }o--o{ Employee : members"]),
        ((Category,), ["Category }o--o| Category : parent"]),
        ((Skill, Department), []),
    ],
)
def test_arrows(models, expected):
    found = [arrow for arrow in arrows(*models) if ": manager" not in arrow]
    assert found == expected


def test_a_through_model_says_it_itself():
    assert arrows(Project, Assignment, Employee) == [
        "Assignment }o--|| Employee : employee",
        "Assignment }o--|| Project : project",
        "Employee }o--o| Employee : manager",
    ]


def test_columns():
    lines = diagram(Employee).mermaid().splitlines()
    assert lines[:3] == ["erDiagram", "    direction LR", "    Employee {"]
    assert "        BigAutoField id PK" in lines
    assert "        ForeignKey department_id FK" in lines
    assert "        CharField email UK" in lines
    assert "        CharField name" in lines


def test_without_fields():
    assert "email" not in diagram(Employee, fields=False).mermaid()


def test_mermaid_is_well_formed():
    """Each line is one of the few forms of https://mermaid.js.org/syntax/entityRelationshipDiagram."""
    forms = (
        r"erDiagram|    direction LR|    \w+ \{|    \}|        \w+ \w+( (PK|FK|UK))?|"
        r"    \w+ (\}o|\|o)--(o\||\|\||o\{) \w+ : \w+"
    )
    for line in diagram(Employee, Department, Skill, Project, Profile, User).mermaid().splitlines():
        assert re.fullmatch(forms, line), line


def test_text():
    assert str(diagram(Department, Project, Review)) == (
        "3 models\n"
        "  Department: id, name, city, budget\n"
        "  Project: id, name, code, department, starts_on, ends_on, budget\n"
        "  Review: id, product, customer, rating, text, written_on\n"
        "  Project.department -> Department (N to 1, back as .projects)"
    )


def test_text_of_other_relations():
    said = str(diagram(Employee, Skill, Profile, User))
    assert "Employee.skills -> Skill (N to M, back as .employees)" in said
    assert "Profile.user -> User (one to one, back as .profile)" in said
    assert "Employee.manager -> Employee (N to 1, back as .reports)" in said


def test_diagram_in_a_notebook():
    bundle = diagram(Employee)._repr_mimebundle_()
    assert set(bundle) == {"text/vnd.mermaid", "text/plain"}


def test_diagram_as_markdown(monkeypatch):
    picture = diagram(Employee)
    monkeypatch.setenv("GLASS_MERMAID", "markdown")
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/markdown", "text/plain"}
    lines = bundle["text/markdown"].splitlines()
    assert [lines[0], lines[-1]] == ["```mermaid", "```"]
    drawn = picture.mermaid().splitlines()
    assert lines[1:-1] == [line for line in drawn if line.split()[0] != "direction"]


HTML = (
    "<!doctype html><html><head><title>Hidden</title><style>p {}</style></head><body>"
    "<h1>Team</h1><p>Ann &amp; <b>Ben</b>'s<br>list</p><script>hidden()</script>"
    '<table><tr><td>1</td><td>2</td></tr></table><a href="/x" onclick="hidden()">link</a></body></html>'
)


def test_page_as_words():
    assert str(page(HTML)).splitlines() == ["Team", "Ann & Ben's", "list", "1 2", "link"]


def test_page_as_a_frame():
    bundle = page(HTML, height=99)._repr_mimebundle_()
    assert bundle["text/plain"] == str(page(HTML))
    html = bundle["text/html"]
    assert html.startswith("<iframe sandbox srcdoc=")
    assert "height:99px" in html
    assert html.count("<") == 2  # <iframe> and </iframe>: all of the page is escaped
    assert "&lt;base target=&quot;_blank&quot;&gt;" in html


def test_the_token_of_a_form_is_left_out():
    request = RequestFactory().get("/")
    form = Template("<form>{% csrf_token %}<input value='1'></form>")
    first, second = (
        page(form.render(RequestContext(request)))._repr_mimebundle_() for _ in range(2)
    )
    assert first == second
    assert "csrfmiddlewaretoken" in first["text/html"]


def test_pages_side_by_side():
    shown = page(HTML, "<p>Team of Cleo<p>" + "long " * 20, height=99)
    words = [[cell.strip() for cell in line.split("|")] for line in str(shown).splitlines()]
    assert words[:2] == [["Team", "Team of Cleo"], ["Ann & Ben's", ("long " * 9).strip()]]
    assert words[-1] == ["link", ""]
    html = shown._repr_mimebundle_()["text/html"]
    assert html.count("<iframe sandbox srcdoc=") == 2
    assert html.count("height:99px") == 2
    assert html.count("<") == 6  # Two frames and a <div> around them.


@pytest.mark.django_db
def test_page_of_a_response(company):
    response = Client().get("/employees/")
    assert "Employees\n" in str(page(response))
    assert "Ann" in str(page(response))


def test_page_of_another_charset():
    response = HttpResponse("<p>Ødegård</p>".encode("latin-1"), charset="latin-1")
    assert str(page(response)) == "Ødegård"
