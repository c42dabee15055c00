"""Whatever stands in rows, statements, names and messages: nothing of it becomes HTML."""

import runpy
from html.parser import HTMLParser

import pytest
from company.models import Employee, Skill
from django.db import connection
from django.http import Http404
from django.template import Context, Template
from django.template.base import Origin
from django.test import Client
from django.urls import include, path

from glass import diagram, page, watch
from glass.wording import values

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

EVIL = '</pre></details><script>alert(1)</script><img src=x onerror=alert(1)>\'" onload="x'

TAGS = {"div", "span", "b", "i", "code", "pre", "details", "summary"}


class Elements(HTMLParser):
    """The elements of a piece of HTML, with their attributes, and its words."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.words, self.open = set(), set(), "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def check(seen):
    """The HTML is whole, knows few elements and only inline styles, and shows the evil as text."""
    html = Elements(seen.html())
    assert html.open == []
    assert html.tags <= TAGS
    assert html.attributes <= {"style"}
    assert "<script>" in html.words


def fails(request):
    raise ValueError(EVIL)


def missing(request):
    raise Http404(EVIL)


def renders(request):
    from django.http import HttpResponse

    template = Template("{{ all.count }}", origin=Origin(EVIL, template_name=EVIL), name=EVIL)
    return HttpResponse(template.render(Context({"all": Skill.objects})))


urlpatterns = [
    path("fails/", fails),
    path("missing/", missing),
    path("renders/", renders),
    path("", include("config.urls")),
]


def test_parameters():
    with watch(show=False) as seen:
        Skill.objects.create(name=EVIL[:60])
        for name in (EVIL, EVIL + "!"):
            Skill.objects.filter(name=name).first()
    check(seen)


def test_statements():
    with watch(show=False) as seen, connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 /* {EVIL} */")
        cursor.execute(f"SELECT 1 AS a, '{EVIL.replace("'", '')}' AS b -- {EVIL}")
    check(seen)


def test_errors():
    sql = 'SELECT "<script>alert(1)</script>" FROM nothing'
    with watch(show=False) as seen, connection.cursor() as cursor:
        with pytest.raises(Exception, match="nothing"):
            cursor.execute(sql)
        with connection.execute_wrapper(lambda *args: fails(None)), pytest.raises(ValueError):
            cursor.execute("SELECT 1")
    check(seen)
    assert f"failed: ValueError: {EVIL}" in seen.text()


@pytest.mark.parametrize("address", ["fails", "missing", "renders"])
def test_requests(address):
    with watch(show=False) as seen:
        Client(raise_request_exception=False).get(f"/{address}/", {"q": EVIL})
    html = Elements(seen.html())
    assert html.tags <= TAGS
    assert html.attributes <= {"style"}


def test_an_exception_out_of_a_view():
    with watch(show=False) as seen, pytest.raises(ValueError):
        Client().get(f"/fails/?q={EVIL}")
    check(seen)


def test_template_names():
    with watch(show=False) as seen:
        Client().get("/renders/")
    check(seen)
    assert f"{EVIL} line 1" in seen.text()


def test_addresses_and_places():
    with watch(show=False) as seen:
        Client().get("/<script>alert(1)</script>/")
    check(seen)


def test_the_names_of_functions_and_files(tmp_path):
    file = tmp_path / "<script>.py"
    try:
        file.write_text("def ask(model):\n    return model.objects.count()\n")
    except OSError:
        pytest.skip("This file system does not take such a name.")
    ask = runpy.run_path(str(file))["ask"]
    with watch(show=False) as seen:
        ask(Skill)
    assert seen.queries[0].place == "<script>.py line 2"
    check(seen)


class Awkward:
    """A value whose repr fails; the database stores it as a word."""

    def __repr__(self):
        raise RuntimeError("no repr")

    def __str__(self):
        return "awkward"


AWKWARD = {
    "percent": "100%s %(name)s %%",
    "nul": "a\0b",
    "long": "x" * 1_000_000,
    "long bytes": b"x" * 1_000_000,
    "lines": "a\nb\r\nc\u2028d",
    "right to left": "\u202eevil\u202c \u0645\u0631\u062d\u0628\u0627",
    "lone surrogate": "\ud800",
    "failing repr": Awkward(),
    "list": [1, [2, "<script>"]],
    "none": None,
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_values(name):
    """Whether the database takes them or not, twice, so that they are compared too."""
    in_place = connection.execute_wrapper(lambda execute, *statement: None)
    with watch(show=False) as seen, in_place, connection.cursor() as cursor:
        for other in (1, 1, 2):
            cursor.execute("SELECT %s, %s", [AWKWARD[name], other])
        cursor.executemany("SELECT %s", [[AWKWARD[name]]] * 2)
    text, html = seen.text(), seen.html()
    assert len(text) < 1_000
    assert len(html) < 6_000
    assert "0x" not in text
    Elements(html)
    text.encode("utf8"), html.encode("utf8")


def test_a_failing_repr_is_named():
    assert values([Awkward(), 1]) == "<Awkward: RuntimeError in its repr>, 1"


def test_diagram_has_no_html():
    assert "text/html" not in diagram(Employee)._repr_mimebundle_()


def test_page_is_one_closed_frame():
    class Frame(HTMLParser):
        def __init__(self):
            super().__init__()
            self.frames = []

        def handle_starttag(self, tag, attrs):
            self.frames.append((tag, dict(attrs)))

    frame = Frame()
    frame.feed(
        page(f"<html><head></head><body>{EVIL}</body></html>")._repr_mimebundle_()["text/html"]
    )
    ((tag, attributes),) = frame.frames
    assert tag == "iframe"
    assert attributes["sandbox"] is None  # the strictest: an attribute without a value
    assert not any(name.startswith("on") for name in attributes)
    assert EVIL in attributes["srcdoc"]
