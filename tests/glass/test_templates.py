"""What glass sees of templates and context processors, and that it changes nothing about them."""

import asyncio
import threading

import pytest
from company.models import Department
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.template import Context, Engine, RequestContext, Template, engines
from django.template.context import RequestContext as Requested
from django.template.library import InclusionNode
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.templatetags.cache import CacheNode
from django.test import AsyncClient, RequestFactory
from django.urls import path
from django.utils.functional import SimpleLazyObject

from glass import layer, watch
from glass.layers.templates import Fragment

TEMPLATES = {
    "base.html": "<h1>{{ title }}</h1>{% block content %}{% endblock %}",
    "page.html": (
        "{% extends 'base.html' %}{% load cache %}{% block content %}"
        "{% for name in names %}{% include 'row.html' with shown=name only %}{% endfor %}"
        "{% cache 60 side user.pk %}{{ departments|length }}{% endcache %}"
        "{% endblock %}"
    ),
    "row.html": "<li>{{ shown }}</li>",
}
PROCESSORS = [f"{__name__}.title", f"{__name__}.departments", f"{__name__}.lazy"]


def title(request):
    return {"title": "Company", "names": ["nobody"]}


def departments(request):
    return {"departments": list(Department.objects.all()), "title": "All departments"}


def lazy(request):
    return {"total": SimpleLazyObject(lambda: Department.objects.count())}


def page(request):
    return render(request, "page.html", {"names": ["Ann", "Ben"]})


def lazily(request):
    return HttpResponse(engines["django"].from_string("{{ total }}").render({}, request))


urlpatterns = [path("page/", page), path("lazily/", lazily)]


@pytest.fixture(autouse=True)
def _site(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    configure(settings, PROCESSORS)
    cache.clear()


def configure(settings, processors):
    loader = ("django.template.loaders.locmem.Loader", TEMPLATES)
    options = {"context_processors": processors, "loaders": [loader]}
    backend = "django.template.backends.django.DjangoTemplates"
    settings.TEMPLATES = [{"BACKEND": backend, "OPTIONS": options}]


def short(name):
    return name.rpartition(".")[2]


def test_a_page_from_its_request_to_its_queries(company, client):
    with watch("sql", "http", "cache", "templates", show=False) as seen:
        client.get("/page/")
    page, base, ann, _ = seen.templates
    assert [(each.kind, each.name) for each in seen.templates] == [
        ("render", "page.html"),
        ("extends", "base.html"),
        ("include", "row.html"),
        ("include", "row.html"),
    ]
    assert (page.parent, base.parent, ann.parent) == (seen.requests[0], page, base)
    assert (page.given, ann.given, page.request) == (("names",), ("shown",), True)
    assert [(short(each.name), each.added) for each in page.processors] == [
        ("csrf", ("csrf_token",)),
        ("title", ("title", "names")),
        ("departments", ("departments", "title")),
        ("lazy", ("total",)),
    ]
    assert page.processors[1].lost == {
        "names": "the view",
        "title": f"{__name__}.departments",
    }
    assert page.processors[2].lost == {}
    (query,) = seen.queries
    assert query.parent is page.processors[2]
    (fragment,) = [event for event in seen.events if isinstance(event, Fragment)]
    assert (fragment.name, fragment.vary_on, fragment.parent) == ("side", ("user.pk",), base)
    assert {call.parent for call in seen.cache} == {fragment}
    assert {each.parent for each in page.processors} == {page}


def test_a_lazy_value_asks_where_it_is_used(company, client):
    with watch("sql", "templates", show=False) as seen:
        client.get("/lazily/")
    counting = [query for query in seen.queries if "COUNT" in query.sql]
    assert [query.parent for query in counting] == seen.templates


def test_without_a_request_no_processor_runs(company):
    with watch("sql", "templates", show=False) as seen:
        Template("{{ a }}{{ title }}").render(Context({"a": 1}))
    (event,) = seen.templates
    assert (event.request, event.processors, event.given) == (False, [], ("a",))
    assert seen.queries == []
    assert "without a request: no context processor runs" in seen.text()


def test_processors_of_one_context_alone(db):
    def mine(request):
        return {"title": "Mine"}

    context = RequestContext(RequestFactory().get("/"), {"title": "below"}, processors=[mine])
    with watch("templates", show=False) as seen:
        assert Template("{{ title }}").render(context) == "Mine"
    processors = seen.templates[0].processors
    assert [each.lost for each in processors[1:3]] == [
        {"title": processors[-1].name},
        {"title": processors[-1].name},
    ]
    assert short(processors[-1].name) == "mine"
    assert context._processors == (mine,)


def test_a_processor_that_fails(db):
    def nothing(request):
        return None

    def fails(request):
        raise LookupError("no <b>user</b>")

    for function, error in ((nothing, TypeError), (fails, LookupError)):
        context = RequestContext(RequestFactory().get("/"), processors=[function])
        with watch("templates", show=False) as seen, pytest.raises(error, match=r"nothing|user"):
            Template("x").render(context)
        assert seen.templates[0].error.startswith(error.__name__)
    assert seen.templates[0].processors[-1].error == "LookupError: no <b>user</b>"
    assert seen.text().count("raised LookupError") == 1
    assert "<b>user</b>" not in seen.html()


def test_inclusion_tags_hold_what_their_function_asks(company):
    def badge(limit):
        return {"names": [each.name for each in Department.objects.all()[:limit]]}

    node = InclusionNode(badge, False, [Limit()], {}, Template("{{ names }}", name="badge.html"))
    outer = Template("x", name="outer.html")
    outer.nodelist.append(node)
    node.origin, node.token = outer.origin, None
    with watch("sql", "templates", show=False) as seen:
        outer.render(Context())
    tag = seen.templates[1]
    assert (tag.kind, tag.tag, tag.name, tag.given) == (
        "inclusion tag",
        "badge",
        "badge.html",
        ("names",),
    )
    assert seen.queries[0].parent is tag


class Limit:
    def resolve(self, context):
        return 2


def test_a_template_that_is_not_there():
    with watch("templates", show=False) as seen, pytest.raises(LookupError):
        Template("{% if 1 %}{% include missing %}{% endif %}").render(
            Context({"missing": Absent()})
        )
    assert seen.templates[-1].error
    assert "include a template that was not found, raised" in seen.text()


class Absent:
    def render(self, context):
        raise LookupError("no template")


def test_async_requests_and_threads(settings):
    configure(settings, PROCESSORS[:1])  # Another thread does not see the rows of a test.

    async def cell():
        await asyncio.gather(*(AsyncClient().get("/page/") for _ in range(2)))

    with watch("http", "templates", show=False) as seen:
        asyncio.run(cell())
        thread = threading.Thread(target=lambda: Template("x").render(Context()))
        thread.start()
        thread.join()
    outermost = [each for each in seen.templates if each.kind == "render"]
    assert [type(each.parent).__name__ for each in outermost] == ["Request", "Request", "NoneType"]
    assert {each.parent for each in outermost[:2]} == set(seen.requests)
    assert [len(each.processors) for each in outermost] == [2, 2, 0]


def test_it_leaves_without_a_trace(company, client):
    classes = [Template, Requested, Engine, IncludeNode, ExtendsNode, InclusionNode, CacheNode]
    client.get("/page/")
    engine = engines["django"].engine
    before = [dict(vars(cls)) for cls in classes], dict(vars(engine))
    with watch("templates", show=False), watch("http", show=False):
        with watch("templates", show=False):
            pass
        client.get("/page/")
        assert layer.find("templates").installed
    assert ([dict(vars(cls)) for cls in classes], dict(vars(engine))) == before
    assert engine.template_context_processors[1:] == (title, departments, lazy)
    assert not layer.find("templates").installed


def test_it_is_shown_only_when_it_is_named(company, client):
    with watch(show=False) as seen:
        client.get("/page/")
    assert seen.templates == []
    assert seen.requests[0].templates[0] == "page.html"


def test_forms_are_not_taken_apart(db):
    from django.contrib.auth.forms import UserCreationForm

    with watch("templates", show=False) as seen:
        Template("{{ form }}").render(Context({"form": UserCreationForm()}))
    assert len(seen.templates) == 1


def test_the_text(company, client):
    with watch("http", "cache", "templates", show=False) as seen:
        client.get("/page/")
    text = seen.text()
    assert text.splitlines()[0] == "1 request, 4 templates, 2 cache calls (1 miss)"
    lines = [line.strip() for line in text.splitlines() if "test_templates.py" not in line]
    lost = f"; title of {__name__}.departments, names of the view wins"
    assert lines[1:] == [
        "",
        f"view {__name__}.page",
        "templates page.html, base.html, row.html",
        "processor django.template.context_processors.csrf adds csrf_token",
        f"processor {__name__}.title adds title, names{lost}",
        f"processor {__name__}.departments adds departments, title",
        f"processor {__name__}.lazy adds total",
        "page.html line 1: extends base.html",
        "page.html line 1: include row.html with shown, 2 times",
        "page.html line 1: cached fragment side, one for each user.pk",
        "page.html line 1: cache get 'template.cache.side.<hash>' -> miss",
        "page.html line 1: cache set 'template.cache.side.<hash>' (timeout 60, 61 bytes)",
    ]


def test_hostile_names():
    name = "<script>alert(1)</script>"
    with watch("templates", show=False) as seen:
        Template("x", name=name).render(Context({name: 1}))
    assert "<script>" not in seen.html()
    assert name in seen.text()
