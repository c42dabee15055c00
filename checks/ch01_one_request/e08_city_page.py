"""01.8 The departments of a city: a whole view."""

from __future__ import annotations

from html import escape as python_escape
from html import unescape
from typing import Any

from company.models import Department
from django.core.exceptions import MultipleObjectsReturned, ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_list_or_404, render
from django.template import Context, RequestContext, Template, engines
from django.template.response import TemplateResponse
from django.utils.html import escape, format_html, format_html_join
from django.views.generic import ListView

from checks.ch01_one_request import NO_CONTEXT, NO_FILE, PROGRAM, found_no_file, got_no_context
from checks.common import changes, pages, rows
from tutor.judge.exercise import Exercise, Run


def longer_city() -> None:
    """a department was opened in Dublin Port, which is another place than Dublin"""
    rows.department(city="Dublin Port")


def hostile_department() -> None:
    """a department was opened in Dublin whose name is a small program"""
    rows.department(name=f"Night <script>{PROGRAM}</script>", city="Dublin")


city_page = Exercise(
    "01.8",
    "The departments of a city",
    minutes=5,
    queries=1,
    changes=[hostile_department, changes.empty_department, longer_city],
    hints=[
        "Three steps: the departments of the city, a template with a loop, a response.",
        "Put the queryset and the city into a Context. The template escapes both.",
        "Close with return HttpResponse(template.render(Context({...}))).",
    ],
)


@city_page.cases
def cases() -> list[tuple[HttpRequest, str]]:
    cities = ["Dublin", "Lyon", "Bergen", "Oslo", f"<script>{PROGRAM}</script>"]
    return [(pages.request("/"), city) for city in cities]


@city_page.check
def check(run: Run) -> str | None:
    city = run.arguments[1]
    names = list(Department.objects.filter(city=city).values_list("name", flat=True))
    if sentence := pages.no_response(run):
        return sentence
    if run.error:
        return None
    if run.value.status_code != 200:
        return f"The status is {run.value.status_code}. Asked is a page, with status 200."
    if not pages.is_html(run.value):
        kind = run.value.headers.get("Content-Type")
        return f"Asked is a page of HTML. The header Content-Type of your response says {kind}."
    page = pages.read(run.value)
    if page.runs(PROGRAM):
        what = "name of a department" if names else "city"
        return (
            f"The {what} is a small program here, and the page would run it. "
            "A template escapes what it prints; an f-string does not."
        )
    return _city(page, city, names)


def _city(page: pages.Page, city: str, names: list[str]) -> str | None:
    nothing = f"No department in {city}."
    if not names:
        if nothing in page.text:
            return None
        return f"The page of a city without departments should say: {nothing} It says: {page.text}"
    if nothing in page.text:
        return f"{city} has departments, but the page says: {nothing}"
    everywhere = set(Department.objects.values_list("name", flat=True))
    found = [text for text in page.inside("li") if text in everywhere]
    if missing := [name for name in names if name not in found]:
        if missing[0] in [unescape(text) for text in page.inside("li")]:
            return f"{missing[0]} is escaped twice: a browser shows the codes of its characters."
        if missing[0] in page.text:
            return f"{missing[0]} is in the page, but it does not stand alone in an <li>."
        return f"{missing[0]} is missing in the page of {city}."
    if other := [name for name in found if name not in names]:
        return f"{other[0]} is not in {city}, but it is in the page of that city."
    if len(found) > len(names):
        return "A department is in the page more than once."
    if found not in (names, sorted(names)):
        return f"The departments are not sorted by name. The page begins with {found[0]}."
    return None


@city_page.mistake("A city without departments has a page too: it says so, with status 200.")
def not_found(run: Run) -> bool:
    return isinstance(run.error, Http404) or run.value.status_code == 404


@city_page.mistake("get finds one object. Here may be none, or many: use filter.")
def only_one(run: Run) -> bool:
    return isinstance(run.error, ObjectDoesNotExist | MultipleObjectsReturned)


no_context = city_page.mistake(NO_CONTEXT)(got_no_context)
no_file = city_page.mistake(NO_FILE)(found_no_file)

CITY = (
    "{% for d in departments %}<li>{{ d.name }}</li>"
    "{% empty %}<p>No department in {{ city }}.</p>{% endfor %}"
)


@city_page.right
def with_format_html(request: HttpRequest, city: str) -> object:
    names = Department.objects.filter(city=city).values_list("name")
    items = format_html_join("", "<li>{}</li>", names)
    return HttpResponse(items or format_html("No department in {}.", city))


@city_page.right
def on_the_frame_of_the_project(request: HttpRequest, city: str) -> object:
    frame = '{% extends "base.html" %}{% block content %}<ul>' + CITY + "</ul>{% endblock %}"
    names = Department.objects.raw("SELECT * FROM company_department WHERE city = %s", [city])
    context = {"city": city, "departments": sorted(names, key=lambda d: d.name)}
    return HttpResponse(Template(frame).render(RequestContext(request, context)))


@city_page.right
async def without_waiting(request: HttpRequest, city: str) -> object:
    names = [d async for d in Department.objects.filter(city=city)]
    return HttpResponse(Template(CITY).render(Context({"city": city, "departments": names})))


@city_page.right
def with_a_class(request: HttpRequest, city: str) -> object:
    class Response(TemplateResponse):
        def resolve_template(self, template: Any) -> Any:
            return engines["django"].from_string(CITY)

    rows = Department.objects.filter(city=city)
    view = ListView.as_view(
        queryset=rows,
        extra_context={"city": city},
        context_object_name="departments",
        template_name="city.html",
        response_class=Response,
    )
    return view(request)


@city_page.wrong("The view returned nothing (None). On every path it must return a response.")
def forgetful(request: HttpRequest, city: str) -> None:
    departments = Department.objects.filter(city=city)
    HttpResponse(Template(CITY).render(Context({"city": city, "departments": departments})))


@city_page.wrong("A view returns a response, such as HttpResponse(...)")
def only_text(request: HttpRequest, city: str) -> object:
    departments = Department.objects.filter(city=city)
    return Template(CITY).render(Context({"city": city, "departments": departments}))


@city_page.wrong("The name of a department is a small program here, and the page would run it")
def f_strings(request: HttpRequest, city: str) -> object:
    items = [f"<li>{d.name}</li>" for d in Department.objects.filter(city=city)]
    return HttpResponse("".join(items) or format_html("No department in {}.", city))


@city_page.wrong("The city is a small program here, and the page would run it")
def city_not_escaped(request: HttpRequest, city: str) -> object:
    departments = Department.objects.filter(city=city)
    text = CITY.replace("{{ city }}", city)
    return HttpResponse(Template(text).render(Context({"departments": departments})))


@city_page.wrong(not_found)
def or_404(request: HttpRequest, city: str) -> object:
    departments = get_list_or_404(Department, city=city)
    return HttpResponse(Template(CITY).render(Context({"departments": departments})))


@city_page.wrong(only_one)
def one_department(request: HttpRequest, city: str) -> object:
    departments = [Department.objects.get(city=city)]
    return HttpResponse(Template(CITY).render(Context({"departments": departments})))


@city_page.wrong("Customer Support is not in Dublin, but it is in the page of that city.")
def all_cities(request: HttpRequest, city: str) -> object:
    departments = Department.objects.all()
    return HttpResponse(Template(CITY).render(Context({"departments": departments})))


@city_page.wrong("The departments are not sorted by name. The page begins with Sales.")
def by_key(request: HttpRequest, city: str) -> object:
    departments = Department.objects.filter(city=city).order_by("pk")
    return HttpResponse(Template(CITY).render(Context({"departments": departments, "city": city})))


@city_page.wrong("The page of a city without departments should say: No department in Oslo. It")
def says_nothing(request: HttpRequest, city: str) -> object:
    departments = Department.objects.filter(city=city)
    text = "{% for d in departments %}<li>{{ d.name }}</li>{% endfor %}"
    return HttpResponse(Template(text).render(Context({"departments": departments})))


@city_page.wrong("The page of a city without departments should say: No department in Oslo. It")
def city_not_in_context(request: HttpRequest, city: str) -> object:
    departments = Department.objects.filter(city=city)
    return HttpResponse(Template(CITY).render(Context({"departments": departments})))


@city_page.wrong("The result is right, but it took 2 queries. 1 is enough.")
def asks_first(request: HttpRequest, city: str) -> object:
    departments = Department.objects.filter(city=city)
    if not departments.exists():
        return HttpResponse(format_html("No department in {}.", city))
    return HttpResponse(Template(CITY).render(Context({"departments": departments})))


@city_page.wrong("Operations is not in Lyon, but it is in the page of that city.")
def first_letter(request: HttpRequest, city: str) -> object:
    departments = Department.objects.filter(city__startswith=city[0])
    return HttpResponse(Template(CITY).render(Context({"departments": departments, "city": city})))


@city_page.wrong("Archive is not in Dublin, but it is in the page of that city.")
def anywhere_in_the_city(request: HttpRequest, city: str) -> object:
    departments = Department.objects.filter(city__icontains=city)
    return HttpResponse(Template(CITY).render(Context({"departments": departments, "city": city})))


@city_page.wrong("Legal is missing in the page of Dublin.")
def return_in_the_loop(request: HttpRequest, city: str) -> object:
    for department in Department.objects.filter(city=city):
        return HttpResponse(format_html("<li>{}</li>", department.name))
    return HttpResponse(format_html("No department in {}.", city))


@city_page.wrong("Research & Development is escaped twice")
def escaped_before(request: HttpRequest, city: str) -> object:
    rows = [{"name": python_escape(d.name)} for d in Department.objects.filter(city=city)]
    return HttpResponse(Template(CITY).render(Context({"departments": rows, "city": city})))


@city_page.wrong("Finance is in the page, but it does not stand alone in an <li>.")
def all_in_one(request: HttpRequest, city: str) -> object:
    names = ", ".join(escape(d.name) for d in Department.objects.filter(city=city))
    return HttpResponse(f"<li>{names}</li>" if names else f"No department in {escape(city)}.")


@city_page.wrong("The header Content-Type of your response says application/json.")
def data(request: HttpRequest, city: str) -> object:
    return JsonResponse({"departments": list(Department.objects.filter(city=city).values())})


@city_page.wrong(no_context)
def dictionary_as_context(request: HttpRequest, city: str) -> object:
    departments: Any = {"departments": Department.objects.filter(city=city)}
    return HttpResponse(Template(CITY).render(departments))


@city_page.wrong(no_file)
def text_as_file(request: HttpRequest, city: str) -> object:
    return render(request, CITY, {"departments": Department.objects.filter(city=city)})


@city_page.wrong("Finance is missing in the page of Dublin.")
def misspelt_name(request: HttpRequest, city: str) -> object:
    departments = Department.objects.filter(city=city)
    text = CITY.replace("d.name", "d.nmae")
    return HttpResponse(Template(text).render(Context({"departments": departments, "city": city})))
