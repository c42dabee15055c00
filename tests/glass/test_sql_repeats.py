"""What repeats is called by name, with the remedy that fits, and only where that is certain."""

import pytest
from accounts.models import Profile
from company.models import Assignment, Department, Employee, Project, Skill
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import FETCH_PEERS, prefetch_related_objects
from django.test import RequestFactory
from shop.models import Customer

from glass import watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def users(company):
    """Three users: all are customers, two of them have a profile."""
    for name in ("ann", "ben", "cleo"):
        (user,) = User.objects.bulk_create([User(username=name)])  # No signal, so no profile yet.
        Customer.objects.create(
            name=name, email=name, city="Oslo", country="Norway", joined_on="2024-01-01", user=user
        )
        if name != "cleo":
            Profile.objects.create(user=user)


def each(objects, follow):
    for found in objects:
        follow(found)


NAMED = {
    "foreign key": (
        lambda: each(Employee.objects.all(), lambda e: e.department),
        "N+1: Employee.department asks once for each of 4 objects",
        'remedy: select_related("department") on the Employee queryset asks once, with a JOIN',
    ),
    "foreign key to itself": (
        lambda: each(Employee.objects.all(), lambda e: e.manager),
        "N+1: Employee.manager asks once for each of 2 objects",
        'remedy: select_related("manager") on the Employee queryset asks once, with a JOIN',
    ),
    "one to one, forward": (
        lambda: each(Profile.objects.all(), lambda p: p.user),
        "N+1: Profile.user asks once for each of 2 objects",
        'remedy: select_related("user") on the Profile queryset asks once, with a JOIN',
    ),
    "one to one, back, with a missing side": (
        lambda: each(User.objects.all(), lambda u: hasattr(u, "profile")),
        "N+1: User.profile asks once for each of 3 objects",
        'remedy: select_related("profile") on the User queryset asks once, with a JOIN',
    ),
    "foreign key, back": (
        lambda: each(Department.objects.all(), lambda d: list(d.employees.all())),
        "N+1: Department.employees asks once for each of 3 objects",
        'remedy: prefetch_related("employees") on the Department queryset asks once for all',
    ),
    "foreign key, back, count": (
        lambda: each(Department.objects.all(), lambda d: d.projects.count()),
        "N+1: Department.projects asks once for each of 3 objects",
        'remedy: annotate(n=Count("project")) on the Department queryset counts in the database',
    ),
    "foreign key, back, exists": (
        lambda: each(Department.objects.all(), lambda d: d.employees.exists()),
        "N+1: Department.employees asks once for each of 3 objects",
        'remedy: prefetch_related("employees"), or annotate() with Exists, asks once',
    ),
    "many to many": (
        lambda: each(Employee.objects.all(), lambda e: list(e.skills.all())),
        "N+1: Employee.skills asks once for each of 5 objects",
        'remedy: prefetch_related("skills") on the Employee queryset asks once for all',
    ),
    "many to many, back": (
        lambda: each(Skill.objects.all(), lambda s: list(s.employees.all())),
        "N+1: Skill.employees asks once for each of 2 objects",
        'remedy: prefetch_related("employees") on the Skill queryset asks once for all',
    ),
    "many to many through a model": (
        lambda: each(Project.objects.all(), lambda p: len(p.members.all())),
        "N+1: Project.members asks once for each of 2 objects",
        'remedy: prefetch_related("members") on the Project queryset asks once for all',
    ),
    "foreign key back to itself": (
        lambda: each(Employee.objects.all(), lambda e: list(e.reports.all())),
        "N+1: Employee.reports asks once for each of 5 objects",
        'remedy: prefetch_related("reports") on the Employee queryset asks once for all',
    ),
    "deferred field": (
        lambda: each(Employee.objects.only("name"), lambda e: e.title),
        "N+1: Employee.title asks once for each of 5 objects",
        "remedy: only() or defer() left title out; name it in only(), or drop it from defer()",
    ),
    "related rows with a filter: no single remedy": (
        lambda: each(Department.objects.all(), lambda d: d.employees.filter(salary__gt=1).count()),
        "N+1: Department -> Employee asks once for each of 3 objects",
    ),
    "related rows, the first: no single remedy": (
        lambda: each(Department.objects.all(), lambda d: d.employees.first()),
        "N+1: Department.employees asks once for each of 3 objects",
    ),
    "the same question": (
        lambda: each("12345", lambda _: Employee.objects.count()),
        "asked 5 times for the same: keep the first answer",
    ),
    "the same related rows": (
        lambda: each("12", lambda _: list(Department.objects.last().employees.all())),
        "asked 2 times for the same: keep the first answer",
        "asked 2 times for the same: keep the first answer",
    ),
    "plain get() in a loop": (
        lambda: each(["Ann", "Ben"], lambda name: Employee.objects.get(name=name)),
        "the same statement 2 times",
    ),
    "related rows of one object, by different filters": (
        lambda: ask_one_department("Ann", "Ben", "Cleo"),
        "the same statement 3 times",
    ),
    "a foreign key prefetched page by page": (
        lambda: each(pages(), lambda page: prefetch_related_objects(page, "department")),
        "the same statement 2 times",
    ),
    "related rows prefetched page by page": (
        lambda: each(pages(), lambda page: prefetch_related_objects(page, "skills")),
        "the same statement 2 times",
    ),
    "display": (lambda: repr(Skill.objects.all()), "showing a queryset asks for its first 21 rows"),
}


def ask_one_department(*names):
    department = Department.objects.get(name="Engineering")
    each(names, lambda name: department.employees.filter(name=name).exists())


def pages():
    ann, ben, cleo, dan = Employee.objects.exclude(department=None)
    return [ann, cleo], [ben, dan]


@pytest.mark.parametrize("name", NAMED)
def test_named(users, remarks, name):
    act, *expected = NAMED[name]
    with watch("sql", show=False) as seen:
        act()
    assert remarks(seen) == expected
    for remark in expected:
        assert f"<- {remark}" in seen.text()


SILENT = {
    "select_related": lambda: each(
        Employee.objects.select_related("department"), lambda e: e.department
    ),
    "prefetch_related": lambda: each(
        Department.objects.prefetch_related("employees"),
        lambda d: (list(d.employees.all()), d.employees.count(), d.employees.exists()),
    ),
    "FETCH_PEERS": lambda: each(
        Employee.objects.fetch_mode(FETCH_PEERS), lambda e: (e.department, e.manager)
    ),
    "FETCH_PEERS, deferred": lambda: each(
        Employee.objects.only("name").fetch_mode(FETCH_PEERS), lambda e: e.title
    ),
    "select_related, one to one back": lambda: each(
        User.objects.select_related("profile"), lambda u: hasattr(u, "profile")
    ),
    "one object": lambda: Employee.objects.get(name="Ann").department,
    "two lines": lambda: (Employee.objects.count(), Department.objects.count()),
}


@pytest.mark.parametrize("name", SILENT)
def test_silent(users, remarks, name):
    with watch("sql", show=False) as seen:
        SILENT[name]()
    assert seen.queries
    assert remarks(seen) == []


def test_the_same_line_for_two_relations_is_not_named(company, remarks):
    """Both ask employees by id, on one line: which of them repeats cannot be said."""
    pairs = list(
        zip(Employee.objects.exclude(manager=None), Assignment.objects.all(), strict=False)
    )
    with watch("sql", show=False) as seen:
        each(pairs, lambda pair: (pair[0].manager, pair[1].employee))
    assert not any("select_related" in remark for remark in remarks(seen))


def test_n_plus_1_inside_a_display(company, remarks, monkeypatch):
    """A __str__ that follows a relation, in a cell that shows a queryset."""
    monkeypatch.setattr(Employee, "__str__", lambda self: f"{self.name}, {self.department}")
    with watch("sql", show=False) as seen:
        repr(Employee.objects.all())
    assert remarks(seen) == [
        "showing a queryset asks for its first 21 rows",
        *NAMED["foreign key"][1:],
    ]


def test_the_admins_list(company, remarks, admin_user):
    class Plain(admin.ModelAdmin):
        list_display = "name", "boss"

        def boss(self, employee):
            return employee.manager

    request = RequestFactory().get("/")
    request.user = admin_user
    with watch("sql", show=False) as seen:
        Plain(Employee, admin.AdminSite()).changelist_view(request).render()
    assert "N+1: Employee.manager asks once for each of 2 objects" in remarks(seen)
    (query, *_) = [query for query in seen.queries if query.cause]
    assert query.place.startswith("test_sql_repeats.py line ")


def test_each_watch_counts_for_itself(company, remarks):
    for _ in range(2):
        with watch("sql", show=False) as seen:
            Employee.objects.count()
        assert remarks(seen) == []


def test_an_inner_watch_knows_the_cause(company, remarks):
    employees = list(Employee.objects.exclude(department=None))
    with watch("sql", show=False):
        employees[0].department  # noqa: B018
        with watch("sql", show=False) as seen:
            each(employees[1:], lambda e: e.department)
    assert remarks(seen)[0] == "N+1: Employee.department asks once for each of 3 objects"
