"""What lessons 10 and 16 say of templates and of HTTP."""

import pytest
from django import template
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.template import Context, Engine, RequestContext, Template, TemplateSyntaxError
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.views import View
from django.views.decorators.http import require_POST

NAME = "<script>"


class Page(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("read")


def function(request: HttpRequest) -> HttpResponse:
    return HttpResponse("it ran")


class Urls:
    urlpatterns = (
        path("function/", function),
        path("class/", Page.as_view()),
        path("post/", require_POST(function)),
    )


@pytest.mark.parametrize(
    ("address", "status", "body", "allow"),
    [
        ("/function/", 200, b"it ran", None),
        ("/class/", 200, b"", "GET, HEAD, OPTIONS"),
        ("/post/", 405, b"", "POST"),
    ],
)
def test_no_usual_view_answers_a_preflight_with_a_permission(
    address: str, status: int, body: bytes, allow: str | None
) -> None:
    headers = {"origin": "https://else.example", "access-control-request-method": "PUT"}
    with override_settings(ROOT_URLCONF=Urls):
        answer = Client().options(address, headers=headers)
    assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers.get("Allow") == allow
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_post_is_empty_for_json_and_the_raw_bytes_stay() -> None:
    request = RequestFactory().post("/", b'{"a": 1}', "application/json")
    assert (dict(request.POST), request.body) == ({}, b'{"a": 1}')


def test_after_post_of_a_multipart_form_the_raw_bytes_are_gone() -> None:
    request = RequestFactory().post("/", {"a": 1})
    assert request.POST["a"] == "1"
    with pytest.raises(RawPostDataException):
        _ = request.body


def test_body_first_and_then_post_has_both() -> None:
    request = RequestFactory().post("/", {"a": 1})
    assert request.body
    assert request.POST["a"] == "1"


def test_the_header_of_the_proxy_counts_only_where_the_setting_names_it() -> None:
    request = RequestFactory().get("/", headers={"x-forwarded-proto": "https"})
    assert not request.is_secure()
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        assert request.is_secure()


def engine() -> Engine:
    library = template.Library()

    class ByHand(template.Node):
        def render(self, context: Context) -> str:
            return str(context["name"])

    library.tag("by_hand", lambda parser, token: ByHand())
    library.simple_tag(lambda value: value, name="same")
    made = Engine()
    made.template_libraries["claimed"] = library
    made.template_builtins.append(library)
    return made


@pytest.mark.parametrize(
    ("tag", "shown"),
    [("same name", "&lt;script&gt;"), ("same '<b>'", "<b>"), ("by_hand", NAME)],
)
def test_a_simple_tag_escapes_what_is_not_safe_and_a_node_does_not(tag: str, shown: str) -> None:
    text = engine().from_string("{% " + tag + " %}")
    assert text.render(Context({"name": NAME})) == shown


def test_an_inclusion_tag_hands_on_the_csrf_token_and_only_does_not() -> None:
    pages = {"part": "{{ csrf_token }}|{{ here }}", "only": "{% include 'part' only %}"}
    pages["tag"] = "{% part %}"
    library = template.Library()

    @library.inclusion_tag("part")
    def part() -> dict[str, str]:
        return {}

    made = Engine(loaders=[("django.template.loaders.locmem.Loader", pages)])
    made.template_builtins.append(library)

    def shown(name: str) -> str:
        context = RequestContext(RequestFactory().get("/"), {"here": "here"})
        return made.get_template(name).render(context)

    token, here = shown("tag").split("|")
    assert (len(token) > 30, here) == (True, "")
    assert shown("only") == "|"


def test_an_unknown_library_is_an_error_at_once() -> None:
    with pytest.raises(TemplateSyntaxError, match="not a registered tag library"):
        Template("{% load shelve %}")


def test_request_is_there_only_with_its_processor() -> None:
    made = Engine(context_processors=["django.template.context_processors.debug"])
    text = made.from_string("[{{ request.path }}]")
    assert text.render(RequestContext(RequestFactory().get("/here/"))) == "[]"
