"""Requests of Django's test client: what was asked, what answered, what it caused."""

import pytest
from asgiref.sync import async_to_sync
from company.models import Department, Employee
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.test import AsyncClient, Client
from django.urls import include, path
from django.views.generic import TemplateView

from glass import watch

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def count(request):
    return HttpResponse(f"{Employee.objects.count()}")


async def count_async(request):
    return HttpResponse(f"{await Employee.objects.acount()}")


def twice(request):
    return redirect("/there/")


def there(request):
    return redirect("/count/")


def fail(request):
    Employee.objects.count()
    raise ValueError("the view's own")


def stream(request):
    def names():
        for employee in Employee.objects.all():
            yield f"{employee.name}\n"

    return StreamingHttpResponse(names())


def inner(request):
    """A view that asks another one, as a test client inside a view would."""
    return Client().get("/count/")


class About(TemplateView):
    template_name = "404.html"


class Greeting:
    """An object as a view: Django's syndication feeds are some."""

    def __call__(self, request):
        return HttpResponse("Hello")


urlpatterns = [
    path("greeting/", Greeting()),
    path("count/", count),
    path("é/count/", count),
    path("async/", count_async),
    path("twice/", twice),
    path("there/", there),
    path("fail/", fail),
    path("stream/", stream),
    path("inner/", inner),
    path("secret/", login_required(count)),
    path("about/", About.as_view()),
    path("departments/", lambda request: render(request, "departments.html")),
    path("", include("config.urls")),
]


def ask(address, client=None, **options):
    with watch(show=False) as seen:
        (client or Client()).get(address, **options)
    return seen


def test_get(company):
    seen = ask("/count/")
    (request,) = seen.requests
    assert (request.method, request.path, request.status) == ("GET", "/count/", 200)
    assert request.view == "test_requests.count"
    assert request.error is None
    assert request.duration > 0
    assert seen.queries[0].parent is request
    text = seen.text()
    assert text.startswith("1 request, 1 query, 1 row\n")
    assert "GET /count/ -> 200\n    view test_requests.count\n" in text
    assert "\n    test_requests.py line" in text


def test_post(company):
    with watch(show=False) as seen:
        Client().post("/count/", {"name": "Ann"})
    assert (seen.requests[0].method, seen.requests[0].status) == ("POST", 200)


def test_query_string():
    assert ask("/count/", data={"q": "a b"}).requests[0].path == "/count/?q=a+b"
    assert ask("/count/?page=2").requests[0].path == "/count/?page=2"


def test_accents_in_the_address(company):
    (request,) = ask("/é/count/?q=é").requests
    assert request.path == "/é/count/?q=é"
    assert request.view == "test_requests.count"


def test_accents_in_the_address_of_an_async_client():
    with watch(show=False) as seen:
        async_to_sync(AsyncClient().get)("/é/?q=é")
    assert seen.requests[0].path == "/é/?q=é"


def test_a_percent_sign_in_the_address():
    assert ask("/100%2525/").requests[0].path == "/100%25/"


def test_redirects(company):
    seen = ask("/twice/", follow=True)
    assert [(r.path, r.status, r.location) for r in seen.requests] == [
        ("/twice/", 302, "/there/"),
        ("/there/", 302, "/count/"),
        ("/count/", 200, ""),
    ]
    assert all(request.parent is None for request in seen.requests)
    assert "GET /twice/ -> 302, go to /there/" in seen.text()


def test_not_found():
    (request,) = ask("/nowhere/").requests
    assert (request.status, request.view) == (404, "")
    assert request.templates == ["404.html", "base.html"]


def test_login_required():
    (request,) = ask("/secret/").requests
    assert request.status == 302
    assert request.location == "/accounts/login/?next=/secret/"
    assert request.view == "test_requests.count"


def test_logged_in(company, django_user_model):
    client = Client()
    client.force_login(django_user_model.objects.create(username="ann"))
    seen = ask("/secret/", client)
    assert seen.requests[0].status == 200
    assert all(query.parent is seen.requests[0] for query in seen.queries)
    assert len(seen.queries) == 3  # session, user, count


def test_an_exception_in_the_view(company):
    with watch(show=False) as seen, pytest.raises(ValueError):
        Client().get("/fail/")
    (request,) = seen.requests
    assert (request.status, request.error) == (0, "ValueError: the view's own")
    assert "GET /fail/ -> ValueError: the view's own" in seen.text()
    assert seen.queries[0].parent is request
    Department.objects.count()  # what comes later is not inside it
    with watch(show=False) as seen:
        Department.objects.count()
    assert seen.queries[0].parent is None


def test_an_exception_that_becomes_a_page(company):
    (request,) = ask("/fail/", Client(raise_request_exception=False)).requests
    assert request.status == 500


def test_streaming(company):
    with watch(show=False) as seen:
        response = Client().get("/stream/")
        before = len(seen.queries)
        assert len(response.getvalue().splitlines()) == 5
    assert (before, len(seen.queries)) == (0, 1)
    assert seen.queries[0].parent is None  # asked while it is read, after the view has answered
    assert seen.requests[0].status == 200


def test_a_request_inside_a_request(company):
    seen = ask("/inner/")
    outer, nested = seen.requests
    assert nested.parent is outer
    assert seen.queries[0].parent is nested


def test_an_object_as_a_view():
    assert ask("/greeting/").requests[0].view == "test_requests.Greeting"


def test_class_based_view_and_templates():
    (request,) = ask("/about/").requests
    assert request.view == "test_requests.About"
    assert request.templates[0] == "404.html"


def test_the_projects_own_page(company):
    seen = ask("/employees/")
    assert seen.requests[0].view == "company.views.employee_list"
    assert "templates company/employee_list.html, base.html, _pages.html" in seen.text()
    assert [query.parent for query in seen.queries] == [seen.requests[0]] * 2


def test_the_admin(company, admin_client):
    seen = ask("/admin/company/employee/", admin_client)
    assert seen.requests[0].status == 200
    assert "company_employee" in seen.text()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/count/", "/async/"])
def test_async_client(company, address):
    async def ask():
        with watch(show=False) as seen:
            response = await AsyncClient().get(address, {"q": "x"})
        return seen, response.content

    seen, content = async_to_sync(ask)()
    (request,) = seen.requests
    assert content == b"5"
    assert (request.method, request.path, request.status) == ("GET", f"{address}?q=x", 200)
    assert request.view.startswith("test_requests.count")
    assert [query.parent for query in seen.queries] == [request]
    assert seen.queries[0].place.startswith("test_requests.py line ")


def test_sql_alone_shows_no_request(company):
    with watch("sql", show=False) as seen:
        Client().get("/count/")
    assert seen.requests == []
    assert seen.text().startswith("1 query, 1 row\n")


def test_http_alone_shows_no_query(company):
    with watch("http", show=False) as seen:
        Client().get("/count/")
    assert (len(seen.requests), len(seen.queries)) == (1, 0)
    assert seen.text().startswith("1 request\n")


def test_two_requests_alike_are_shown_each(company):
    with watch(show=False) as seen:
        for _ in range(2):
            Client().get("/count/")
    assert seen.text().count("GET /count/ -> 200") == 2
