"""Chapter 01, one request: what right means, and what mistakes say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape as python_escape
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from company.models import Department
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import (
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    PermissionDenied,
)
from django.db import DatabaseError, connection
from django.db.models import F
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseForbidden,
    HttpResponseNotFound,
    JsonResponse,
)
from django.shortcuts import (
    aget_object_or_404,
    get_list_or_404,
    get_object_or_404,
    redirect,
    render,
    resolve_url,
)
from django.template import (
    Context,
    RequestContext,
    Template,
    TemplateDoesNotExist,
    TemplateSyntaxError,
    engines,
)
from django.template.response import TemplateResponse
from django.urls import (
    NoReverseMatch,
    Resolver404,
    URLPattern,
    include,
    path,
    re_path,
    resolve,
    reverse,
)
from django.utils.datastructures import MultiValueDictKeyError
from django.utils.html import escape, format_html, format_html_join, strip_tags
from django.utils.safestring import mark_safe
from django.views.generic import ListView, View
from shop.models import Customer, Order, Product

from tutor.checks import Exercise, Prediction, Run, changes, pages
from tutor.judge import compare

# 01.1: the names of URL patterns.


def moved() -> None:
    """the pages of the departments moved to /organisation/departments/"""
    settings.ROOT_URLCONF = pages.urls([path("organisation/", include("company.urls"))])


def closed_and_opened() -> None:
    """a department was closed, and another one was opened"""
    Department.objects.earliest("pk").delete()
    changes.department()


links = Exercise(
    "01.1",
    "Links for a newsletter",
    minutes=3,
    queries=1,
    changes=[closed_and_opened, moved],
    hints=[
        "Do not write the address yourself. reverse makes it from the name of the pattern.",
        "The pattern needs to know which department: hand its pk over in kwargs, as the lesson did.",
        'For one department: (department.name, reverse("department_detail", kwargs={"pk": ...})).',
    ],
)


@links.expects
def _() -> object:
    return [(d.name, reverse("department_detail", args=[d.pk])) for d in Department.objects.all()]


@links.mistake(
    "You wrote the address by hand. Now the pages have moved, and your links lead nowhere. "
    "Ask reverse for the address."
)
def by_hand(run: Run) -> bool:
    return any(address.startswith("/departments/") for _, address in run.surplus) and all(
        address.startswith("/organisation/") for _, address in run.missing
    )


@links.mistake("This is the address of the list. Each department has a page of its own.")
def address_of_the_list(run: Run) -> bool:
    return any(address == reverse("department_list") for _, address in run.rows)


@links.mistake("Your addresses name the wrong departments. The number in them is the pk.")
def counted(run: Run) -> bool:
    right = dict(run.expected)
    return bool(run.surplus) and all(
        re.sub(r"\d+", "", address) == re.sub(r"\d+", "", right[name]) for name, address in run.rows
    )


@links.mistake("An address within the site begins with a slash: that is what reverse returns.")
def absolute(run: Run) -> bool:
    right = dict(run.expected)
    return any(name in right and not address.startswith("/") for name, address in run.rows)


@links.mistake("resolve goes from an address to a view. From a name to an address goes reverse.")
def other_way(run: Run) -> bool:
    return isinstance(run.error, Resolver404)


@links.mistake("An address of this project ends with a slash. Take it from reverse as it is.")
def cut_short(run: Run) -> bool:
    return any(name in dict(run.expected) and address[-1] != "/" for name, address in run.rows)


@links.mistake(
    "No pattern has that name with these arguments. "
    'It is "department_detail", and it takes one argument: pk.'
)
def no_such_pattern(run: Run) -> bool:
    return isinstance(run.error, NoReverseMatch)


@links.mistake("Each row should begin with the name, a text. Yours begin with a department object.")
def objects(run: Run) -> bool:
    return isinstance(run.rows[0][0], Department)


@links.right
def by_position() -> object:
    rows = Department.objects.values_list("name", "pk")
    return [(name, reverse("department_detail", args=[pk])) for name, pk in rows]


@links.right
def resolved() -> object:
    for department in Department.objects.only("name"):
        yield [department.name, resolve_url("department_detail", pk=department.pk)]


@links.right
def with_a_template() -> object:
    address = Template("{% url 'department_detail' department.pk %}")
    return {
        (department.name, address.render(Context({"department": department})))
        for department in Department.objects.all()
    }


@links.wrong(by_hand)
def written() -> object:
    return [(d.name, f"/departments/{d.pk}/") for d in Department.objects.all()]


@links.wrong(counted)
def enumerated() -> object:
    rows = enumerate(Department.objects.order_by("pk"), start=1)
    return [(d.name, reverse("department_detail", args=[number])) for number, d in rows]


@links.wrong(address_of_the_list)
def all_the_same() -> object:
    return [(d.name, reverse("department_list")) for d in Department.objects.all()]


@links.wrong(other_way)
def resolved_name() -> object:
    return [(d.name, resolve("department_detail")) for d in Department.objects.all()]


@links.wrong(cut_short)
def without_slash() -> object:
    return [(d.name, f"/departments/{d.pk}") for d in Department.objects.all()]


@links.wrong("it took 9 queries. 1 is enough")
def one_by_one() -> object:
    keys = Department.objects.values_list("pk", flat=True)
    detail = "department_detail"
    return [(Department.objects.get(pk=pk).name, reverse(detail, args=[pk])) for pk in keys]


@links.wrong(absolute)
def with_a_host() -> object:
    host = "https://northlight.example"
    return [
        (d.name, host + reverse("department_detail", args=[d.pk])) for d in Department.objects.all()
    ]


@links.wrong(no_such_pattern)
def which_department() -> object:
    return [(d.name, reverse("department_detail")) for d in Department.objects.all()]


@links.wrong(no_such_pattern)
def with_the_app() -> object:
    return [
        (d.name, reverse("company:department_detail", args=[d.pk]))
        for d in Department.objects.all()
    ]


@links.wrong(objects)
def not_the_name() -> object:
    return [(d, reverse("department_detail", args=[d.pk])) for d in Department.objects.all()]


@links.wrong("Asked is a list; your function returned a dictionary")
def dictionary() -> object:
    return {d.name: reverse("department_detail", args=[d.pk]) for d in Department.objects.all()}


# 01.2

Prediction(
    "01.2",
    "Which view answers?",
    minutes=2,
    hints=[
        "Django tries the patterns from top to bottom.",
        "It takes the first that fits, not the one that fits best.",
        "Is 2026 a text without a slash?",
    ],
    because=(
        "Django tries the patterns from top to bottom, and takes the first that fits. To "
        "<str:name>, 2026 is a text like any other. A special pattern stands before a general one."
    ),
    wrong={
        "latest_report": "reports/latest/ fits only the word latest.",
        "report_of_year": "<int:year> fits better, but Django never gets there.",
        "404": "Two of the three patterns fit, so there is an answer.",
    },
    fact=lambda run: run.value,
)


# 01.3

ADDRESSES = {
    "/shop/sale/": "sale",
    "/shop/17/": "product",
    "/shop/herbs/": "category",
    "/shop/2019/old/page/": "moved",
}


def _answering(name: str) -> Callable[..., HttpResponse]:
    return lambda request, **arguments: HttpResponse(name, content_type="text/plain")


in_order = Exercise(
    "01.3",
    "Put the patterns in order",
    minutes=3,
    hints=[
        "Ask of each pattern which of the four addresses it fits.",
        "moved fits all four addresses. So it can only stand in one place.",
        "A pattern for one word or for numbers stands before a pattern for any text.",
    ],
)


@in_order.cases
def _() -> list[tuple[URLPattern, ...]]:
    patterns = {
        "moved": "shop/<path:rest>",
        "category": "shop/<str:name>/",
        "product": "shop/<int:pk>/",
        "sale": "shop/sale/",
    }
    return [tuple(path(text, _answering(name)) for name, text in patterns.items())]


@in_order.check
def _(run: Run) -> str | None:
    if sentence := pages.no_patterns(run.value):
        return sentence
    own = run.seen
    for address, wanted in ADDRESSES.items():
        response = pages.visit(run, run.value, address)
        if response is None:
            return None
        if response.status_code == 404:
            return f"Nothing answers {address}. Is the pattern of {wanted} in your list?"
        if (found := pages.body(response)) != wanted:
            return (
                f"{address} is answered by {found}, and not by {wanted}. The pattern of {found} "
                "fits this address too, and it stands first."
            )
    run.seen = own
    return None


@in_order.right
def numbers_first(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return product, sale, category, moved


@in_order.right
def turned_round(*patterns: Any) -> object:
    return reversed(patterns)


@in_order.right
def by_length(*patterns: Any) -> object:
    special = {"shop/sale/": 0, "shop/<int:pk>/": 1, "shop/<str:name>/": 2, "shop/<path:rest>": 3}
    return sorted(patterns, key=lambda pattern: special[str(pattern.pattern)])


@in_order.wrong("/shop/sale/ is answered by moved, and not by sale")
def as_it_was(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return [moved, category, product, sale]


@in_order.wrong("/shop/sale/ is answered by category, and not by sale")
def sale_too_late(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return [product, category, sale, moved]


@in_order.wrong("/shop/17/ is answered by category, and not by product")
def numbers_too_late(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return [sale, category, product, moved]


@in_order.wrong("/shop/herbs/ is answered by moved, and not by category")
def category_last(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return [sale, product, moved, category]


@in_order.wrong("Nothing answers /shop/2019/old/page/. Is the pattern of moved in your list?")
def without_moved(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return [sale, product, category]


@in_order.wrong("Each thing in the list is made by path(...). Yours has 'sale'")
def names(moved: Any, category: Any, product: Any, sale: Any) -> object:
    return ["sale", "product", "category", "moved"]


@in_order.wrong("Your function returned nothing (None)")
def sorted_in_place(*patterns: Any) -> object:
    return list(patterns).reverse()  # type: ignore[func-returns-value]


# 01.4

Prediction(
    "01.4",
    "How many queries?",
    minutes=2,
    hints=[
        "Product.objects.all() makes a queryset. Does that ask the database?",
        "The database is asked when somebody reads the rows. Who reads rows here?",
        "The template reads one of the two querysets, once.",
    ],
    because=(
        "A queryset is a question that is not asked yet. The template reads the departments, so "
        "they are asked for, all at once. Nobody reads the products: they cost nothing."
    ),
    wrong={
        0: "A template that reads a queryset asks the database, like any other code.",
        2: "Making a queryset asks nothing. Nobody reads the products.",
        8: "One query brings all eight departments.",
        9: "One query brings all eight departments, and nobody reads the products.",
    },
)


# 01.5

Prediction(
    "01.5",
    "What does the template print?",
    minutes=1,
    hints=[
        "Compare the names in the dictionary with those in the template, letter by letter.",
        "The template asks for is_payed. There is no such key.",
        "What is missing is silent. Is nothing true or false?",
    ],
    because=(
        "The template asks for is_payed, and the order has is_paid. A missing variable is no "
        "error: it prints nothing, and in an {% if %} it counts as false. So the page is wrong, "
        "and nobody is told."
    ),
    wrong={
        "paid": "So it would be if the name were spelt right: is_paid.",
        "": "{% if %} always prints one of its parts, and there is an {% else %}.",
        "KeyError": "Python would raise KeyError. A template does not.",
    },
    fact=lambda run: run.printed.strip(),
)


# 01.6: templates as text.

SIGNED_UP = "Nobody has signed up."
PROGRAM = "alert(1)"
MALLORY = f"Mallory <script>{PROGRAM}</script>"

guest_list = Exercise(
    "01.6",
    "A list that can be empty",
    minutes=4,
    hints=[
        "The function returns a text with holes, nothing else. The check fills the holes.",
        "{% for customer in customers %} begins the loop, {% endfor %} ends it.",
        "{% empty %} stands before {% endfor %}; after it comes the sentence for an empty list.",
    ],
)


@guest_list.check
def _(run: Run) -> str | None:
    text = run.value
    if text is None:
        return "Your function returned nothing (None). Does it end with return?"
    text = getattr(text, "template", text)  # What engines and get_template return has one inside.
    if not isinstance(text, str | Template):
        return f"Asked is the text of a template; your function returned {compare.shown(text)}."
    if isinstance(text, str) and "{" not in text:
        return (
            "Your text has no holes, so it shows the same people for ever. Do not fill it in "
            "yourself: the names come with the context."
        )

    def filled(names: list[str]) -> pages.Page:
        customers = [Customer(name=name) for name in names]
        return pages.Page(template.render(Context({"customers": customers})))

    try:
        template = text if isinstance(text, Template) else Template(text)
        frame = filled([]).inside("li")
        for names in (["Ann O'Brien", "Ben Okafor"], ["Cleo Papadakis"], [MALLORY], []):
            if sentence := _guests(filled(names), names, frame):
                guests = ", ".join(names) or "no customers"
                return f"{sentence} (Tried with {guests}.)"
    except TemplateSyntaxError as error:
        return f"Django cannot read your template: {str(error).partition('. ')[0]}."
    except Exception as error:  # noqa: BLE001 What a tag raised: the learner is told.
        run.error = error
    return None


def _guests(page: pages.Page, names: list[str], frame: list[str]) -> str | None:
    """What is wrong with the page; `frame` are the <li> that it has without customers."""
    items = [item for item in page.inside("li") if item not in frame]
    if page.runs(PROGRAM):
        return (
            "This name is a small program, and your page would run it. "
            "Leave out what turns the protection off: safe, or autoescape."
        )
    if "{ customer" in page.text:
        return "The page shows braces. A hole has two on each side, and no f before the text."
    if not names:
        if SIGNED_UP in page.text:
            return None
        return f"Nobody has signed up, but the page does not say so. It says: {page.text!r}."
    if SIGNED_UP in page.text:
        if items:
            return f"There are customers, but the page also says: {SIGNED_UP}"
        return "There are customers, but the loop finds none. It goes over `customers`: same name?"
    if len(items) != len(names):
        customers = compare.count(len(names), "customer")
        return f"The page has {len(items)} <li> for {customers}."
    if not any(items):
        return "Each <li> is empty. What is misspelt or missing prints nothing: look at its name."
    for name, item in zip(names, items, strict=True):
        if name not in item:
            return f"An <li> says {item!r}. It should have the name: {name}."
    return None


@guest_list.right
def with_if() -> object:
    return """
    {% if customers %}
      <ul>{% for person in customers %}<li class="guest">{{ person.name }}{% endfor %}</ul>
    {% else %}
      <p>Nobody has signed up.</p>
    {% endif %}
    """


@guest_list.right
def as_a_template() -> object:
    return Template(
        "{% for c in customers %}<li>{{ forloop.counter }}. {{ c }}</li>"
        "{% empty %}<li>Nobody has signed up.</li>{% endfor %}"
    )


@guest_list.right
def with_filters() -> object:
    return (
        "<ul>{% for c in customers %}<li>{{ c.name|escape }}</li>{% endfor %}"
        "</ul>{% if not customers|length %}Nobody has signed up.{% endif %}"
    )


@guest_list.wrong("This name is a small program, and your page would run it")
def marked_safe() -> object:
    return (
        "{% for c in customers %}<li>{{ c.name|safe }}</li>"
        "{% empty %}Nobody has signed up.{% endfor %}"
    )


@guest_list.wrong("This name is a small program, and your page would run it")
def not_escaped() -> object:
    return (
        "{% autoescape off %}{% for c in customers %}<li>{{ c.name }}</li>"
        "{% empty %}Nobody has signed up.{% endfor %}{% endautoescape %}"
    )


@guest_list.wrong("Nobody has signed up, but the page does not say so. It says: ''")
def no_empty() -> object:
    return "{% for customer in customers %}<li>{{ customer.name }}</li>{% endfor %}"


@guest_list.wrong("There are customers, but the page also says: Nobody has signed up.")
def always_said() -> object:
    return "{% for c in customers %}<li>{{ c.name }}</li>{% endfor %}Nobody has signed up."


@guest_list.wrong("Each <li> is empty. What is misspelt or missing prints nothing")
def misspelt() -> object:
    return (
        "{% for customer in customers %}<li>{{ customer.nmae }}</li>"
        "{% empty %}Nobody has signed up.{% endfor %}"
    )


@guest_list.wrong("There are customers, but the loop finds none")
def another_list() -> object:
    return (
        "{% for c in customer %}<li>{{ c.name }}</li>{% empty %}Nobody has signed up.{% endfor %}"
    )


@guest_list.wrong("The page has 1 <li> for 2 customers")
def around_the_loop() -> object:
    return (
        "<li>{% for c in customers %}{{ c.name }}{% empty %}Nobody has signed up.{% endfor %}</li>"
    )


@guest_list.wrong("The page shows braces. A hole has two on each side")
def one_brace() -> object:
    return (
        "{% for customer in customers %}<li>{ customer.name }</li>"
        "{% empty %}Nobody has signed up.{% endfor %}"
    )


@guest_list.wrong("Django cannot read your template: Unclosed tag on line 1: 'for'")
def not_closed() -> object:
    return "{% for c in customers %}<li>{{ c.name }}</li>{% empty %}Nobody has signed up."


@guest_list.wrong("Your text has no holes")
def filled_in() -> object:
    return "".join(f"<li>{customer.name}</li>" for customer in Customer.objects.all())


# 01.7: HTML made by Python.

label = Exercise(
    "01.7",
    "A name in bold",
    minutes=4,
    hints=[
        "What should be escaped is the name, and only the name.",
        "format_html takes a text with {} in it, and then what comes in there.",
        "The text is a plain one, without f: Python must not fill in the name.",
    ],
)


@label.cases
def _() -> list[tuple[str]]:
    return [("Ann O'Brien",), ("Tom & Co",), ("<i>Ann</i>",), (f"<script>{PROGRAM}</script>",)]


@label.check
def _(run: Run) -> str | None:
    name = run.arguments[0]
    if run.value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not isinstance(run.value, str):
        return f"Asked is a text; your function returned {compare.shown(run.value)}."
    page = pages.Page(Template("{{ label }}").render(Context({"label": run.value})))
    if any(tag in ("i", "script") for tag, _ in page.elements):
        return (
            "What the user typed came into the page as HTML. Here it is a tag; it could be a "
            "program. Mark as safe only what you have written yourself."
        )
    if "<b>" in page.text:
        return (
            "The page shows <b> and </b> as text: the template has escaped your tags too. "
            "It does not know that they are HTML. format_html says so."
        )
    if page.inside("b") == [name]:
        return None
    if [unescape(text) for text in page.inside("b")] == [name]:
        return f"The name is escaped twice: the page shows {page.text}. format_html escapes it."
    if not page.inside("b"):
        return "There is no <b> in the page."
    return f"In the <b> stands {', '.join(page.inside('b'))!r}. It should show the name: {name!r}."


@label.mistake(
    "format_html needs the name as a second value. If the name stands in the text already, by "
    "f or %, it cannot be escaped any more: put {} in its place."
)
def filled_in_before(run: Run) -> bool:
    return "args or kwargs must be provided" in str(run.error)


@label.mistake("A hole with a name wants a value with that name: format_html(..., name=name).")
def hole_with_a_name(run: Run) -> bool:
    return isinstance(run.error, KeyError)


@label.right
def by_name(name: str) -> object:
    return format_html("<b>{name}</b>", name=name)


@label.right
def escaped_by_hand(name: str) -> object:
    return mark_safe("<b>" + escape(name) + "</b>")


@label.right
def by_a_template(name: str) -> object:
    return Template("<b>{{ name }}</b>").render(Context({"name": name}))


@label.right
def by_python(name: str) -> object:
    return mark_safe(f'<b class="name">{python_escape(name)}</b>')


@label.wrong("The page shows <b> and </b> as text")
def f_string(name: str) -> object:
    return f"<b>{name}</b>"


@label.wrong("What the user typed came into the page as HTML")
def safe_f_string(name: str) -> object:
    return mark_safe(f"<b>{name}</b>")


@label.wrong("What the user typed came into the page as HTML")
def safe_name(name: str) -> object:
    return format_html("<b>{}</b>", mark_safe(name))


@label.wrong(filled_in_before)
def format_html_of_f_string(name: str) -> object:
    return format_html(f"<b>{name}</b>")


@label.wrong(hole_with_a_name)
def named_hole(name: str) -> object:
    return format_html("<b>{name}</b>", name)


@label.wrong("The name is escaped twice: the page shows Ann O&#x27;Brien")
def twice(name: str) -> object:
    return format_html("<b>{}</b>", python_escape(name))


@label.wrong("In the <b> stands 'Ann'. It should show the name: '<i>Ann</i>'")
def stripped(name: str) -> object:
    return format_html("<b>{}</b>", strip_tags(name))


@label.wrong("The page shows <b> and </b> as text")
def escaped_all(name: str) -> object:
    return escape(f"<b>{name}</b>")


@label.wrong("There is no <b> in the page")
def only_the_name(name: str) -> object:
    return name


@label.wrong("In the <b> stands '{}'")
def hole_left(name: str) -> object:
    return mark_safe("<b>{}</b>")


# 01.8: a whole view.


def longer_city() -> None:
    """a department was opened in Dublin Port, which is another place than Dublin"""
    changes.department(city="Dublin Port")


def hostile_department() -> None:
    """a department was opened in Dublin whose name is a small program"""
    changes.department(name=f"Night <script>{PROGRAM}</script>", city="Dublin")


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
def _() -> list[tuple[HttpRequest, str]]:
    cities = ["Dublin", "Lyon", "Bergen", "Oslo", f"<script>{PROGRAM}</script>"]
    return [(pages.request("/"), city) for city in cities]


@city_page.check
def _(run: Run) -> str | None:
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


NO_CONTEXT = "A template wants its values in a Context: render(Context({...}))."
NO_FILE = "That is no name of a template file. A text becomes a template by Template(text)."


@city_page.mistake(NO_CONTEXT)
def no_context(run: Run) -> bool:
    return "has no attribute 'render_context'" in str(run.error)


@city_page.mistake(NO_FILE)
def no_file(run: Run) -> bool:
    return isinstance(run.error, TemplateDoesNotExist)


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


# 01.9: a pattern, a view, and a row that is not there.


def hostile_product() -> None:
    """a product has a small program in its name"""
    Product.objects.filter(sku="HER-001").update(name=f"Basil <script>{PROGRAM}</script>")


def new_price() -> None:
    """the prices went up"""
    Product.objects.update(price=F("price") + 1)


urlpatterns = Exercise(
    "01.9",
    "The price of one product",
    minutes=5,
    queries=1,
    changes=[hostile_product, new_price],
    hints=[
        "Define the view first: def price(request, sku). Then return [path(...)].",
        'The pattern takes the sku out of the address: "prices/<str:sku>/".',
        "get_object_or_404(Product, sku=sku) finds the product, or answers 404.",
    ],
)


@urlpatterns.check
def _(run: Run) -> str | None:
    patterns = run.value
    if sentence := pages.no_patterns(patterns):
        return sentence
    own = dearest = run.seen
    for product in Product.objects.filter(sku__in=["HER-001", "SUC-002"]):
        response = pages.visit(run, patterns, f"/prices/{product.sku}/")
        if response is None:
            return None
        if sentence := _price(response, product, patterns):
            return f"/prices/{product.sku}/: {sentence}"
        dearest = max(dearest, run.seen, key=lambda seen: len(seen.queries))
    response = pages.visit(run, patterns, "/prices/HER-999/")
    if response is None:
        return None
    if response.status_code != 404:
        return (
            f"No product has the sku HER-999, but /prices/HER-999/ answers {response.status_code}. "
            "It should answer 404: then browsers and search machines know, too."
        )
    run.seen = dearest if len(dearest.queries) > 1 else own
    try:
        address = reverse("price", args=["HER-001"], urlconf=pages.urls(patterns))
    except NoReverseMatch:
        return 'The pages are right. But no pattern has the name "price": path(..., name="price").'
    if address != "/prices/HER-001/":
        return f'reverse("price", ...) leads to {address}, and not to /prices/HER-001/.'
    return None


def _price(response: Any, product: Product, patterns: Any) -> str | None:
    if response.status_code == 404:
        texts = [str(pattern.pattern) for pattern in patterns]
        if any(text.startswith("/") for text in texts):
            return "no pattern fits. A pattern does not begin with a slash."
        if not any(text.endswith(("/", "$", r"\Z")) for text in texts):
            return "no pattern fits. Does yours end with a slash, as the address does?"
        return "not found, 404. Does your pattern fit, and does your view look for the sku?"
    if response.status_code != 200:
        return f"the status is {response.status_code}, and not 200."
    page = pages.read(response)
    if page.runs(PROGRAM):
        return (
            "the name is a small program here, and the page would run it. "
            "A template and format_html escape it; an f-string does not."
        )
    if product.name not in page.text:
        return f"the page does not show the name, {product.name}. It shows: {page.text}"
    if str(product.price) not in page.text:
        return f"the page does not show the price, {product.price}. It shows: {page.text}"
    return None


@urlpatterns.mistake(
    "For a sku that no product has, your view breaks. A visitor would see status 500. "
    "get_object_or_404 answers 404 instead."
)
def breaks(run: Run) -> bool:
    absent = (ObjectDoesNotExist, IndexError)
    return isinstance(run.error, absent) or "'NoneType' object" in str(run.error)


@urlpatterns.mistake("Your view returns no response on one path through it. On each it must.")
def no_answer(run: Run) -> bool:
    return "didn't return an HttpResponse" in str(run.error)


@urlpatterns.mistake("Http404 is an exception, not a response: raise it, do not return it.")
def returned_404(run: Run) -> bool:
    return "'Http404' object has no attribute" in str(run.error)


@urlpatterns.mistake(
    "Your view returns something that is no response. HttpResponse(...) makes one."
)
def other_answer(run: Run) -> bool:
    return isinstance(run.error, AttributeError) and "has no attribute 'get'" in str(run.error)


@urlpatterns.mistake("The sku is a text, and the key pk is a number. Look for sku=sku.")
def looked_for_the_key(run: Run) -> bool:
    return "Field 'id' expected a number" in str(run.error)


@urlpatterns.mistake(
    "path wants the view itself: its name, without () behind it and without quotation marks."
)
def called(run: Run) -> bool:
    return "view must be a callable" in str(run.error) or "'request' and" in str(run.error)


@urlpatterns.mistake(
    "The pattern hands over an argument, and the view takes another one. "
    "The name in <str:...> must be the name of the view's argument."
)
def other_argument(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "argument" in str(run.error)


urlpatterns.mistake(NO_CONTEXT)(no_context.applies)
urlpatterns.mistake(NO_FILE)(no_file.applies)


def price_page(product: Product) -> HttpResponse:
    text = "<h1>{{ product.name }}</h1><p>{{ product.price }} €</p>"
    return HttpResponse(Template(text).render(Context({"product": product})))


@urlpatterns.right
def by_hand_404() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        try:
            return price_page(Product.objects.get(sku=sku))
        except Product.DoesNotExist:
            raise Http404("There is no such product.") from None

    return [path("prices/<slug:sku>/", price, name="price")]


@urlpatterns.right
def plain_text() -> object:
    def show(request: HttpRequest, number: str) -> HttpResponse:
        row = Product.objects.filter(sku=number).values_list("name", "price").first()
        if row is None:
            return HttpResponseNotFound("No such product")
        return HttpResponse(f"{row[0]} costs {row[1]}", content_type="text/plain")

    return (re_path(r"^prices/(?P<number>[A-Z]+-\d+)/$", show, name="price"),)


@urlpatterns.right
def in_two_steps() -> object:
    async def price(request: HttpRequest, sku: str) -> HttpResponse:
        return price_page(await aget_object_or_404(Product, sku=sku))

    return [path("prices/", include([path("<sku>/", price, name="price")]))]


@urlpatterns.right
def with_a_view_class() -> object:
    class Price(View):
        def get(self, request: HttpRequest, sku: str) -> HttpResponse:
            return price_page(get_object_or_404(Product.objects.active(), sku=sku))

    return [path("prices/<str:sku>/", Price.as_view(), name="price")]


@urlpatterns.wrong(breaks)
def with_get() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        return price_page(Product.objects.get(sku=sku))

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(breaks)
def with_first() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        product: Any = Product.objects.filter(sku=sku).first()
        return HttpResponse(format_html("{}: {}", product.name, product.price))

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong("No product has the sku HER-999, but /prices/HER-999/ answers 200")
def empty_page() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        return price_page(Product.objects.filter(sku=sku).first())

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong("No product has the sku HER-999, but /prices/HER-999/ answers 200")
def polite() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        for product in Product.objects.filter(sku=sku):
            return price_page(product)
        return HttpResponse("Not found")

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong("No product has the sku HER-999, but /prices/HER-999/ answers 302")
def leads_away() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        for product in Product.objects.filter(sku=sku):
            return price_page(product)
        return redirect("product_list")

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(no_answer)
def falls_through() -> object:
    def price(request: HttpRequest, sku: str) -> Any:
        for product in Product.objects.filter(sku=sku):
            return price_page(product)
        return None

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(other_argument)
def by_pk() -> object:
    def price(request: HttpRequest, pk: str) -> HttpResponse:
        return price_page(get_object_or_404(Product, sku=pk))

    return [path("prices/<str:sku>/", price, name="price")]


def right_price(request: HttpRequest, sku: str) -> HttpResponse:
    return price_page(get_object_or_404(Product, sku=sku))


@urlpatterns.wrong("A pattern does not begin with a slash.")
def slash_first() -> object:
    return [path("/prices/<str:sku>/", right_price, name="price")]


@urlpatterns.wrong("Does yours end with a slash, as the address does?")
def no_slash_last() -> object:
    return [path("prices/<str:sku>", right_price, name="price")]


@urlpatterns.wrong('The pages are right. But no pattern has the name "price"')
def nameless() -> object:
    return [path("prices/<str:sku>/", right_price)]


@urlpatterns.wrong("urlpatterns is a list, even with one pattern")
def one_pattern() -> object:
    return path("prices/<str:sku>/", right_price, name="price")


@urlpatterns.wrong(called)
def too_early() -> object:
    response: Any = HttpResponse("Basil: 2.90")
    return [path("prices/<str:sku>/", response, name="price")]


@urlpatterns.wrong(called)
def with_brackets() -> object:
    price: Any = right_price
    return [path("prices/<str:sku>/", price(), name="price")]


@urlpatterns.wrong(returned_404)
def not_raised() -> object:
    def price(request: HttpRequest, sku: str) -> Any:
        product = Product.objects.filter(sku=sku).first()
        return price_page(product) if product else Http404("There is no such product.")

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(other_answer)
def only_words() -> object:
    def price(request: HttpRequest, sku: str) -> Any:
        product = get_object_or_404(Product, sku=sku)
        return f"{product.name}: {product.price}"

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(looked_for_the_key)
def sku_as_key() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        return price_page(get_object_or_404(Product, pk=sku))

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(NO_CONTEXT)
def values_as_they_are() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        values: Any = {"product": get_object_or_404(Product, sku=sku)}
        return HttpResponse(Template("{{ product.name }}: {{ product.price }}").render(values))

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(NO_FILE)
def text_for_render() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        product = get_object_or_404(Product, sku=sku)
        return render(request, "{{ product.name }}: {{ product.price }}", {"product": product})

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong("/prices/SUC-002/: not found, 404.")
def one_address() -> object:
    def price(request: HttpRequest) -> HttpResponse:
        return price_page(get_object_or_404(Product, sku="HER-001"))

    return [path("prices/HER-001/", price, name="price")]


@urlpatterns.wrong("the name is a small program here, and the page would run it")
def in_an_f_string() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        product = get_object_or_404(Product, sku=sku)
        return HttpResponse(f"{product.name}: {product.price}")

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong("the page does not show the price, 2.90. It shows: Basil")
def float_price() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        product = get_object_or_404(Product, sku=sku)
        return HttpResponse(format_html("{}: {}", product.name, float(product.price)))

    return [path("prices/<str:sku>/", price, name="price")]


# 01.10: people who are not logged in.


def another_order() -> None:
    """ann has one more order, and so has somebody without a login"""
    for number, who in (("2026-9001", {"user__username": "ann"}), ("2026-9002", {"user": None})):
        Order.objects.create(number=number, customer=Customer.objects.filter(**who)[0])


my_orders = Exercise(
    "01.10",
    "Only for people who are logged in",
    minutes=4,
    queries=3,  # One of them is the badge, where the answer takes the project's frame.
    changes=[another_order],
    hints=[
        "Ask first whether request.user.is_authenticated. It is a value: no () behind it.",
        'reverse("login") is the address of the login page, request.path that of this page.',
        "The redirect is a response like any other: return it, else the view goes on.",
    ],
)


@my_orders.cases
def _() -> list[tuple[HttpRequest]]:
    ann, ben, ivo = User.objects.filter(username__in=["ann", "ben", "ivo"]).order_by("username")
    return [(pages.request("/my/orders/", user),) for user in (ann, None, ivo, ben)]


@my_orders.check
def _(run: Run) -> str | None:
    request = run.arguments[0]
    if sentence := pages.no_response(run):
        return sentence
    if run.error:
        return None
    status = run.value.status_code
    if not request.user.is_authenticated:
        return _to_the_login(run.value, request.path)
    if status in (301, 302, 303):
        return (
            f"{request.user} is logged in, but your view leads to {run.value.headers['Location']}."
        )
    if status != 200:
        return f"{request.user} is logged in, but the status is {status}."
    numbers = set(
        Order.objects.filter(customer__user=request.user).values_list("number", flat=True)
    )
    found = set(re.findall(r"\b\d{4}-\d{4}\b", pages.read(run.value).text))
    if other := sorted(found - numbers):
        return (
            f"The page of {request.user} shows orders of other people: {other[0]} and "
            f"{len(other) - 1} more. Nobody may see them."
        )
    if numbers and not found:
        return "The page shows no number. It is order.number; leave a space between two of them."
    if missing := sorted(numbers - found):
        return f"{len(missing)} of the {len(numbers)} orders of {request.user} are not in the page."
    return None


def _to_the_login(response: Any, here: str) -> str | None:
    status, login = response.status_code, reverse("login")
    if status == 200:
        return "Nobody is logged in, but your view answers 200. It should lead to the login page."
    if status in (301, 308):
        return (
            f"{status} means: for ever. The browser would never ask for this page again, "
            "not even after the login. Use 302."
        )
    if status not in (302, 303):
        return f"Nobody is logged in, and your view answers {status}. It should lead to the login."
    address = urlsplit(response.headers["Location"])
    if address.path != login:
        return f"Nobody is logged in, and your view leads to {address.path}. The login is {login}."
    then = parse_qs(address.query).get("next")
    if then is None:
        return (
            "The login page does not know where to go on: add ?next= and the address of this page."
        )
    if then[0] not in (here, f"http://testserver{here}"):
        return f"After the login it goes on to {then[0]}, and not back to {here}."
    return None


@my_orders.mistake(
    "is_authenticated is a value, and no longer a method. Old tutorials call it; leave out the ()."
)
def called_value(run: Run) -> bool:
    return "'bool' object is not callable" in str(run.error)


@my_orders.mistake(
    "You refuse people who are not logged in. They may just have to log in: lead them there."
)
def refused(run: Run) -> bool:
    return isinstance(run.error, PermissionDenied) or run.value.status_code in (401, 403)


@my_orders.mistake(
    "When nobody is logged in, request.user is an object all the same, but no row stands behind "
    "it. Ask is_authenticated before you look for orders."
)
def nobody(run: Run) -> bool:
    return run.error is not None and "AnonymousUser" in str(run.error)


@my_orders.mistake(
    "redirect puts next into the pattern of the login page, which has no place for it. "
    "Write it behind the address: ?next=..."
)
def next_as_argument(run: Run) -> bool:
    return isinstance(run.error, NoReverseMatch) and "next" in str(run.error)


@my_orders.mistake("A user need not be a customer. Order.objects.visible_to(user) knows that.")
def no_customer(run: Run) -> bool:
    return isinstance(run.error, ObjectDoesNotExist)


@my_orders.right
def decorated(request: HttpRequest) -> object:
    @login_required
    def view(request: HttpRequest) -> HttpResponse:
        text = "{% for order in orders %}<li>{{ order.number }}{% endfor %}"
        orders = Order.objects.filter(customer__user=request.user.pk)
        return HttpResponse(Template(text).render(Context({"orders": orders})))

    return view(request)


@my_orders.right
def with_the_badge_of_the_project(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    frame = (
        '{% extends "base.html" %}{% block content %}{{ orders.count }} orders'
        "{% for order in orders %}<li>{{ order.number }}{% endfor %}{% endblock %}"
    )
    context = RequestContext(request, {"orders": Order.objects.visible_to(request.user)})
    return HttpResponse(Template(frame).render(context))


@my_orders.right
def quoted(request: HttpRequest) -> object:
    if request.user.is_anonymous:
        return redirect(f"{reverse('login')}?next={quote(request.get_full_path(), safe='')}")
    numbers = Order.objects.visible_to(request.user).values_list("number", flat=True)
    return JsonResponse({"numbers": list(numbers)})


@my_orders.right
def through_the_customer(request: HttpRequest) -> object:
    if isinstance(request.user, AnonymousUser):
        return redirect_to_login(request.path)
    customer = Customer.objects.filter(user=request.user).first()
    orders = customer.orders.all() if customer else []
    return HttpResponse("\n".join(str(order) for order in orders), content_type="text/plain")


@my_orders.right
async def awaited(request: HttpRequest) -> object:
    user = await request.auser()
    if not user.is_authenticated:
        return redirect(reverse("login", query={"next": request.path}))
    return HttpResponse(" ".join([o.number async for o in Order.objects.visible_to(user)]))


def numbers_of(orders: Any) -> HttpResponse:
    return HttpResponse(", ".join(order.number for order in orders))


@my_orders.wrong("Nobody is logged in, but your view answers 200")
def open_to_all(request: HttpRequest) -> object:
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("Nobody is logged in, but your view answers 200")
def an_object_is_true(request: HttpRequest) -> object:
    if not request.user:
        return redirect_to_login(request.path)
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("Nobody is logged in, but your view answers 200")
def made_and_not_returned(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        redirect(f"{reverse('login')}?next={request.path}")
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong(called_value)
def old_tutorial(request: HttpRequest) -> object:
    if not request.user.is_authenticated():  # type: ignore[operator]
        return redirect_to_login(request.path)
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong(refused)
def forbidden(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return HttpResponseForbidden("Log in first")
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong(refused)
def denied(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        raise PermissionDenied
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong(nobody)
def filters_by_nobody(request: HttpRequest) -> object:
    orders = Order.objects.filter(customer__user=request.user)
    return numbers_of(orders) if orders else redirect_to_login(request.path)


@my_orders.wrong("ivo is logged in, but your view leads to /accounts/login/")
def empty_is_nobody(request: HttpRequest) -> object:
    orders = Order.objects.filter(customer__user=request.user.pk or 0)
    return numbers_of(orders) if orders else redirect_to_login(request.path)


@my_orders.wrong(no_customer)
def customer_of_the_user(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    user: Any = request.user
    return numbers_of(user.customer.orders.all())


@my_orders.wrong("The page of ann shows orders of other people: 2024-0001 and 338 more.")
def everybodys(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    return numbers_of(Order.objects.all())


@my_orders.wrong("ann is logged in, but your view leads to /accounts/login/?next=/my/orders/.")
def wrong_way_round(request: HttpRequest) -> object:
    if request.user.is_authenticated:
        return redirect_to_login(request.path)
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong(next_as_argument)
def redirect_with_next(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect("login", next=request.path)
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("The page shows no number. It is order.number")
def keys(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    return HttpResponse(", ".join(str(o.pk) for o in Order.objects.visible_to(request.user)))


@my_orders.wrong("The page of ann shows orders of other people: 2024-0012 and 17 more.")
def another_key(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    return numbers_of(Order.objects.filter(customer_id=request.user.pk))


@my_orders.wrong("queries. 3 are enough.")
def all_and_then_choose(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    return numbers_of(o for o in Order.objects.all() if o.customer.user == request.user)


@my_orders.wrong("The login page does not know where to go on")
def without_next(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect("login")
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("After the login it goes on to /orders/, and not back to /my/orders/.")
def next_by_hand(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect("/accounts/login/?next=/orders/")
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("and your view leads to /login/. The login is /accounts/login/.")
def guessed_address(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect("/login/?next=/my/orders/")
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("301 means: for ever")
def for_ever(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return redirect(f"{reverse('login')}?next={request.path}", permanent=True)
    return numbers_of(Order.objects.visible_to(request.user))


@my_orders.wrong("Nobody is logged in, but your view answers 200")
def login_page_itself(request: HttpRequest) -> object:
    if not request.user.is_authenticated:
        return render(request, "registration/login.html")
    return numbers_of(Order.objects.visible_to(request.user))


# 01.11: data in place of a page.


def new_products() -> None:
    """there is a book more, What's Eating My Tomato?, and a tomato cage that is sold out"""
    book = Product.objects.get(sku="BOO-008")
    for name, stock in (("What's Eating My Tomato?", 3), ("Tomato Cage", 0)):
        book.pk, book.sku, book.name, book.stock = None, f"NEW-{stock}", name, stock
        book.save()


search = Exercise(
    "01.11",
    "A search that speaks JSON",
    minutes=5,
    queries=1,
    changes=[new_products],
    hints=[
        'request.GET.get("q", "") is the text behind ?q=, or an empty one.',
        "An empty text is in every name. So an empty q needs an if of its own.",
        'JsonResponse wants a dictionary with a list of texts: {"products": [p.name for p in ...]}.',
    ],
)


@search.cases
def _() -> list[tuple[HttpRequest]]:
    texts = ["?q=watering", "?q=", "", "?q=TOMATO", "?q=sprinkler", "?q=zeppelin", "?q=what%27s"]
    return [(pages.request(f"/search/{text}"),) for text in texts]


@search.check
def _(run: Run) -> str | None:
    if sentence := pages.no_response(run):
        return sentence
    if run.error:
        return None
    response = run.value
    if response.status_code != 200:
        return f"The status is {response.status_code}. Asked is 200, also when nothing is found."
    try:
        data = json.loads(pages.body(response))
    except ValueError:
        return f"This is not JSON: {compare.shown(pages.body(response))}. JsonResponse writes JSON."
    if "json" not in response.headers.get("Content-Type", ""):
        return (
            "The text is JSON, but the header says "
            f"{response.headers.get('Content-Type')}. JsonResponse sets the right one."
        )
    if not isinstance(data, dict) or list(data) != ["products"]:
        return f'Asked is a dictionary with one key, "products". Yours: {compare.shown(data)}'
    return _found(data["products"], run.arguments[0].GET.get("q", ""))


def _found(names: Any, q: str) -> str | None:
    if not isinstance(names, list):
        return f'Under "products" should stand a list. There is {compare.shown(names)}.'
    if strange := [name for name in names if not isinstance(name, str)]:
        return f"Each product should be its name, a text. Yours: {compare.shown(strange[0])}"
    offered = Product.objects.active()
    right = list(offered.filter(name__icontains=q).values_list("name", flat=True)) if q else []
    if names == right or names == sorted(right):
        return None
    if not q:
        return f"Without a text to look for, there is nothing to find. Yours finds {len(names)}."
    if hidden := set(names) - set(offered.values_list("name", flat=True)):
        return f"{min(hidden)} is not on offer, but your view finds it for {q!r}."
    if right and not names:
        return (
            f"Your view finds nothing for {q!r}; right is {right}. "
            "What stands behind the ? is in request.GET, and it may be in the middle of a name."
        )
    if missing := [name for name in right if name not in names]:
        if not offered.in_stock().filter(name__in=missing):
            return f"{missing[0]} is missing: it is sold out, but is_active says it is on offer."
        return (
            f"{missing[0]} is missing for {q!r}. The text may stand anywhere in the name, "
            "in capital letters or not."
        )
    if other := [name for name in names if name not in right]:
        return f"Your view finds {other[0]} for {q!r}."
    return f"The names for {q!r} are not sorted, or one is there more than once: {names}"


@search.mistake(
    'Without ?q= in the address, request.GET["q"] is an error. get("q", "") is empty then.'
)
def no_q(run: Run) -> bool:
    return isinstance(run.error, MultiValueDictKeyError)


@search.mistake('request.GET is a dictionary: request.GET.get("q", "") is what stands behind ?q=.')
def no_dictionary(run: Run) -> bool:
    return "'QueryDict' object" in str(run.error)


@search.mistake("request.GET.get without a default is None when there is no ?q=. Give it one: ''.")
def q_is_none(run: Run) -> bool:
    return "None" in str(run.error) and "q" not in run.arguments[0].GET


@search.mistake("JsonResponse wants a dictionary. Put the list under the key products.")
def bare_list(run: Run) -> bool:
    return "non-dict objects" in str(run.error)


@search.mistake(
    "JSON knows texts, numbers, lists and dictionaries: no set, no generator, no Django objects. "
    "Make a list of names."
)
def no_json(run: Run) -> bool:
    return "not JSON serializable" in str(run.error)


@search.mistake(
    "The text that somebody typed became part of your SQL, and broke it. It could also change "
    "your data. filter hands it over apart from the SQL."
)
def injected(run: Run) -> bool:
    return isinstance(run.error, DatabaseError)


@search.right
def with_values(request: HttpRequest) -> object:
    q = request.GET.get("q")
    names = Product.objects.none().values_list("name", flat=True)
    if q:
        offered = Product.objects.active().filter(name__icontains=q)
        names = offered.order_by("name").values_list("name", flat=True)
    return JsonResponse({"products": list(names)})


@search.right
def in_python(request: HttpRequest) -> object:
    q = request.GET.get("q", "").strip().lower()
    names = (p.name for p in Product.objects.active() if q and q in p.name.lower())
    text = json.dumps({"products": sorted(names)})
    return HttpResponse(text, content_type="application/json")


@search.right
def by_cursor(request: HttpRequest) -> object:
    if not (q := request.GET.get("q", "")):
        return JsonResponse({"products": []})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM shop_product "
            "WHERE is_active AND lower(name) LIKE lower(%s) ORDER BY name",
            [f"%{q}%"],
        )
        return JsonResponse({"products": [name for (name,) in cursor]})


@search.right
async def without_blocking(request: HttpRequest) -> object:
    products = Product.objects.active().filter(name__icontains=request.GET.get("q") or "\n")
    return JsonResponse({"products": [product.name async for product in products]})


def answer(products: Any) -> JsonResponse:
    return JsonResponse({"products": [product.name for product in products]})


@search.wrong(no_q)
def in_brackets(request: HttpRequest) -> object:
    q = request.GET["q"]
    return answer(Product.objects.active().filter(name__icontains=q) if q else [])


@search.wrong(no_dictionary)
def as_attribute(request: HttpRequest) -> object:
    get: Any = request.GET
    return answer(Product.objects.active().filter(name__icontains=get.q))


@search.wrong(no_dictionary)
def as_function(request: HttpRequest) -> object:
    get: Any = request.GET
    return answer(Product.objects.active().filter(name__icontains=get("q")))


@search.wrong("Your view finds nothing for 'watering'")
def from_a_form(request: HttpRequest) -> object:
    q = request.POST.get("q", "")
    return answer(Product.objects.active().filter(name__icontains=q) if q else [])


@search.wrong("Tomato Cage is missing: it is sold out, but is_active says it is on offer.")
def in_stock_only(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return answer(Product.objects.in_stock().filter(name__icontains=q) if q else [])


@search.wrong("What's Eating My Tomato? is missing for 'TOMATO'. The text may stand anywhere")
def at_the_start(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return answer(Product.objects.active().filter(name__istartswith=q) if q else [])


@search.wrong(q_is_none)
def no_default(request: HttpRequest) -> object:
    q: Any = request.GET.get("q")
    return answer(Product.objects.active().filter(name__icontains=q) if q != "" else [])


@search.wrong("Without a text to look for, there is nothing to find. Yours finds 77.")
def empty_finds_all(request: HttpRequest) -> object:
    return answer(Product.objects.active().filter(name__icontains=request.GET.get("q", "")))


@search.wrong("Sprinkler is not on offer, but your view finds it for 'sprinkler'.")
def not_on_offer(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return answer(Product.objects.filter(name__icontains=q) if q else [])


@search.wrong("Your view finds nothing for 'watering'; right is ['Watering Can 5 l', 'W")
def whole_name(request: HttpRequest) -> object:
    return answer(Product.objects.active().filter(name=request.GET.get("q", "")))


@search.wrong(bare_list)
def list_alone(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    products = Product.objects.active().filter(name__icontains=q) if q else []
    return JsonResponse([product.name for product in products])


@search.wrong(no_json)
def a_set(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    names = {product.name for product in Product.objects.active().filter(name__icontains=q)}
    return JsonResponse({"products": names})


@search.wrong(no_json)
def queryset(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return JsonResponse({"products": Product.objects.active().filter(name__icontains=q)})


@search.wrong("Each product should be its name, a text. Yours: ['Watering Can 5 l']")
def rows_not_flat(request: HttpRequest) -> object:
    names = Product.objects.active().filter(name__icontains=request.GET.get("q", ""))
    return JsonResponse({"products": list(names.values_list("name"))})


@search.wrong("A view returns a response, such as HttpResponse(...). Yours: {'products': ")
def dictionary_alone(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return {"products": [p.name for p in Product.objects.active().filter(name__icontains=q)]}


@search.wrong("This is not JSON: ")
def python_text(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    names = [p.name for p in Product.objects.active().filter(name__icontains=q)]
    return HttpResponse(str({"products": names}))


@search.wrong("The text is JSON, but the header says text/html")
def as_html(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    names = [p.name for p in Product.objects.active().filter(name__icontains=q)]
    return HttpResponse(json.dumps({"products": names}))


@search.wrong("The status is 404. Asked is 200, also when nothing is found.")
def nothing_is_404(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    names = [p.name for p in Product.objects.active().filter(name__icontains=q) if q]
    return JsonResponse({"products": names}, status=200 if names else 404)


@search.wrong(injected)
def into_the_sql(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    sql = f"SELECT * FROM shop_product WHERE is_active AND lower(name) LIKE '%%{q.lower()}%%'"
    return answer(Product.objects.raw(sql + " ORDER BY name") if q else [])


@search.wrong("it took 3 queries. 1 is enough.")
def asks_for_each(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    keys = Product.objects.active().filter(name__icontains=q).values_list("pk") if q else []
    return answer(Product.objects.get(pk=pk) for (pk,) in keys)


@search.wrong("The names for 'watering' are not sorted")
def last_first(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return answer(Product.objects.active().filter(name__icontains=q).order_by("-name") if q else [])
