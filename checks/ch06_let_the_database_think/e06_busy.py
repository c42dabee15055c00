"""06.6 Busy and skilled: two JOINs, counted once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from company.models import Employee, Project, Skill
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from checks.common import changes, rows
from checks.common.runs import failed, fetched_all
from tutor.judge.exercise import Exercise, Run


def skilled_newcomer() -> None:
    """somebody was hired who has two skills and three projects"""
    person = rows.employee(name="Kim Lee")
    person.skills.add(*Skill.objects.order_by("pk")[:2])
    for part in Project.objects.order_by("pk")[:3]:
        rows.assign(person, part)


def somebody_left() -> None:
    """somebody left the company"""
    Employee.objects.filter(email="noa.levi@northlight.example").update(is_active=False)


busy = Exercise(
    "06.6",
    "Busy and skilled",
    minutes=5,
    queries=1,
    changes=[skilled_newcomer, changes.twins, somebody_left, changes.nobody],
    hints=[
        "Two annotations, both counted across a relation to many.",
        "Look at somebody who has 3 projects and 3 skills. Do you get 9? Two JOINs make pairs.",
        "Count has an argument that lets it count each thing once.",
    ],
)


@busy.expects
def expected() -> object:
    projects = Counter(part.employee_id for part in Project.members.through.objects.all())
    skills = Counter(part.employee_id for part in Employee.skills.through.objects.all())
    staff = Employee.objects.filter(is_active=True)
    return [(person.name, projects[person.pk], skills[person.pk]) for person in staff]


@busy.mistake("People who have left are in your list. Leave out who is not active.")
def left_counted(run: Run) -> bool:
    gone = set(Employee.objects.filter(is_active=False).values_list("name", flat=True))
    return bool(run.unexpected) and all(row[0] in gone for row in run.unexpected)


@busy.mistake(
    "Both numbers are too large: two JOINs make every pair of a project and a skill. "
    "Let each Count count everything once."
)
def pairs_counted(run: Run) -> bool:
    pairs = {(name, max(p, 1) * s, p * max(s, 1)) for name, p, s in run.expected}
    return all((name, s, p) in pairs for name, p, s in run.unexpected) and bool(run.unexpected)


@busy.mistake("One of the two numbers still counts pairs. Both counts need distinct=True.")
def one_distinct(run: Run) -> bool:
    right = {name: (p, s) for name, p, s in run.expected}
    return bool(run.unexpected) and all(
        p >= right[name][0] and s >= right[name][1] and right[name] != (p, s)
        for name, p, s in run.unexpected
    )


@busy.mistake("Two people of the same name became one row. Group by the employee, not by the name.")
def names_grouped(run: Run) -> bool:
    names = Counter(row[0] for row in run.expected)
    found = Counter(row[0] for row in run.rows)
    return any(0 < found[name] < number for name, number in names.items())


@busy.mistake("People without a project, or without a skill, are missing. They count with 0.")
def without_idle(run: Run) -> bool:
    return bool(run.missing) and not run.unexpected and all(0 in row[1:] for row in run.missing)


@busy.mistake(
    "An annotation needs a name that no field and no relation has: n_projects, for example."
)
def taken_name(run: Run) -> bool:
    return failed(run, "ValueError", "conflicts with a field")


@busy.mistake("The two numbers stand in the other order: first the projects, then the skills.")
def skills_first(run: Run) -> bool:
    turned = Counter((name, p, s) for name, s, p in run.rows)
    return turned == Counter(map(tuple, run.expected))


@busy.mistake("Each employee costs queries of their own: this is N+1.")
def counted_for_each(run: Run) -> bool:
    return run.queries > 3


@busy.right
def counted_through() -> object:
    staff = Employee.objects.filter(is_active=True).annotate(
        a=Count("assignments", distinct=True), b=Count("skills__pk", distinct=True)
    )
    return [(person.name, person.a, person.b) for person in staff]


@busy.right
def counted_in_subqueries() -> object:
    def own(through: Any) -> Any:
        rows = through.objects.filter(employee=OuterRef("pk")).order_by().values("employee")
        return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)

    staff = Employee.objects.active().annotate(
        p=own(Project.members.through), s=own(Employee.skills.through)
    )
    return staff.values_list("name", "p", "s")


@busy.right
def counted_by_cursor() -> object:
    return fetched_all("""
        SELECT name,
               (SELECT COUNT(*) FROM company_assignment a WHERE a.employee_id = e.id),
               (SELECT COUNT(*) FROM company_employee_skills s WHERE s.employee_id = e.id)
        FROM company_employee e WHERE is_active
    """)


@busy.wrong(left_counted)
def with_those_who_left() -> object:
    staff = Employee.objects.annotate(
        p=Count("projects", distinct=True), s=Count("skills", distinct=True)
    )
    return staff.values_list("name", "p", "s")


@busy.wrong(pairs_counted)
def two_joins() -> object:
    staff = Employee.objects.active().annotate(p=Count("projects"), s=Count("skills"))
    return staff.values_list("name", "p", "s")


@busy.wrong(one_distinct)
def half_a_cure() -> object:
    staff = Employee.objects.active().annotate(
        p=Count("projects", distinct=True), s=Count("skills")
    )
    return staff.values_list("name", "p", "s")


@busy.wrong(without_idle)
def with_projects_only() -> object:
    staff = Employee.objects.active().filter(projects__isnull=False)
    staff = staff.annotate(p=Count("projects", distinct=True), s=Count("skills", distinct=True))
    return staff.values_list("name", "p", "s")


@busy.wrong(names_grouped)
def by_names() -> object:
    staff = Employee.objects.active().order_by().values("name")
    staff = staff.annotate(p=Count("projects", distinct=True), s=Count("skills", distinct=True))
    return staff.values_list("name", "p", "s")


@busy.wrong(skills_first)
def turned_round() -> object:
    staff = Employee.objects.active().annotate(
        p=Count("projects", distinct=True), s=Count("skills", distinct=True)
    )
    return staff.values_list("name", "s", "p")


@busy.wrong(taken_name)
def named_like_the_relation() -> object:
    staff = Employee.objects.active().annotate(projects=Count("projects", distinct=True))
    return staff.values_list("name", "projects", "projects")


@busy.wrong(counted_for_each)
def busy_loop() -> object:
    return [(p.name, p.projects.count(), p.skills.count()) for p in Employee.objects.active()]


@busy.wrong("it took 3 queries. 1 is enough")
def busy_prefetched() -> object:
    staff = Employee.objects.active().prefetch_related("projects", "skills")
    return [(p.name, len(p.projects.all()), len(p.skills.all())) for p in staff]
