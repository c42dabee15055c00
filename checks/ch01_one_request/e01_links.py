"""01.1 Links for a newsletter: the names of URL patterns."""

from __future__ import annotations

import re

from company.models import Department
from django.conf import settings
from django.shortcuts import resolve_url
from django.template import Context, Template
from django.urls import NoReverseMatch, Resolver404, include, path, resolve, reverse

from checks.common import pages, rows
from tutor.judge.exercise import Exercise, Run


def moved() -> None:
    """the pages of the departments moved to /organisation/departments/"""
    settings.ROOT_URLCONF = pages.urls([path("organisation/", include("company.urls"))])


def closed_and_opened() -> None:
    """a department was closed, and another one was opened"""
    Department.objects.earliest("pk").delete()
    rows.department()


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
def expected() -> object:
    return [(d.name, reverse("department_detail", args=[d.pk])) for d in Department.objects.all()]


@links.mistake(
    "You wrote the address by hand. Now the pages have moved, and your links lead nowhere. "
    "Ask reverse for the address."
)
def by_hand(run: Run) -> bool:
    return any(address.startswith("/departments/") for _, address in run.unexpected) and all(
        address.startswith("/organisation/") for _, address in run.missing
    )


@links.mistake("This is the address of the list. Each department has a page of its own.")
def address_of_the_list(run: Run) -> bool:
    return any(address == reverse("department_list") for _, address in run.rows)


@links.mistake("Your addresses name the wrong departments. The number in them is the pk.")
def counted(run: Run) -> bool:
    right = dict(run.expected)
    return bool(run.unexpected) and all(
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
