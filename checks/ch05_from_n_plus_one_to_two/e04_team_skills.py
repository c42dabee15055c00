"""05.4 What can this team do? Many to many, in an order of its own."""

from __future__ import annotations

from company.models import Department, Employee, Skill
from django.db.models import Prefetch, prefetch_related_objects

from checks.common import changes, rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def unskilled() -> None:
    """somebody was hired who has no skill yet"""
    rows.employee()


def skilful() -> None:
    """ten people with two skills were hired, the last letter of the alphabet first"""
    skills = Skill.objects.filter(name__in=["Writing", "Botany"])
    for _ in range(10):
        rows.employee().skills.set(reversed(skills))


def newest_skill() -> None:
    """the company has a new skill, Archery, and two departments took the course"""
    archery = Skill.objects.create(name="Archery")
    archery.employees.set(Employee.objects.filter(department__name__in=["Engineering", "Sales"]))


team_skills = Exercise(
    "05.4",
    "What can this team do?",
    minutes=5,
    queries=2,
    changes=[unskilled, skilful, newest_skill, changes.twins],
    hints=[
        "From an employee to the skills: that leads to many. Which cure is that?",
        "order_by() in the loop is another question: it asks again, for each employee.",
        "Sort in Python, or let a Prefetch object bring the skills in the right order.",
    ],
)


@team_skills.cases
def cases() -> object:
    return [(each,) for each in Department.objects.filter(name__in=["Engineering", "Legal"])]


@team_skills.expects
def expected(department: Department) -> object:
    known: dict[int, list[str]] = {}
    pairs = Employee.skills.through.objects.values_list("employee_id", "skill__name")
    for pk, name in pairs:
        known.setdefault(pk, []).append(name)
    staff = Employee.objects.filter(department=department)
    return {each.email: ", ".join(sorted(known.get(each.pk, []))) for each in staff}


@team_skills.mistake(
    "Nobody may be missing: somebody without a skill has an empty text. A join or a filter on the "
    "skills leaves them out."
)
def only_skilled(run: Run) -> bool:
    gone = [email for email in run.expected if email not in run.value]
    return bool(gone) and not any(run.expected[email] for email in gone)


@team_skills.mistake("The keys are the e-mail addresses: two people can have the same name.")
def skills_by_name(run: Run) -> bool:
    names = set(Employee.objects.values_list("name", flat=True))
    return bool(run.value) and set(run.value) <= names


@team_skills.mistake("The skills are not in the order from A to Z.")
def unsorted_skills(run: Run) -> bool:
    given = {email: sorted(text.split(", ")) for email, text in run.value.items()}
    wanted = {email: text.split(", ") for email, text in run.expected.items()}
    return given == wanted and run.value != run.expected


@team_skills.mistake("Under each address stands one text, with a comma and a blank between names.")
def not_one_text(run: Run) -> bool:
    return any(not isinstance(v, str) for v in run.value.values()) or (
        {k: v.replace(" ", "") for k, v in run.value.items()}
        == {k: v.replace(" ", "") for k, v in run.expected.items()}
        and run.value != run.expected
    )


@team_skills.mistake(
    "The prefetch was made, and then wasted: order_by(), filter() and values_list() ask again for "
    "each employee. Sort in Python, or in a Prefetch object."
)
def skills_asked_again(run: Run) -> bool:
    return (
        run.queries > 3
        and run.value == run.expected
        and any("_prefetch_related_val" in query.sql for query in run.seen.queries)
    )


@team_skills.mistake("Each employee's skills cost a query of their own: this is N+1.")
def skills_of_each(run: Run) -> bool:
    return run.queries > 3 and run.value == run.expected


@team_skills.mistake("select_related joins one object to each row. Skills are many: prefetch them.")
def skills_selected(run: Run) -> bool:
    return failed(run, "FieldError", "select_related")


@team_skills.right
def skills_sorted_here(department: Department) -> object:
    staff = Employee.objects.filter(department=department).prefetch_related("skills")
    return {e.email: ", ".join(sorted(s.name for s in e.skills.all())) for e in staff}


@team_skills.right
def skills_in_one(department: Department) -> object:
    texts: dict[str, str] = {}
    rows = department.employees.order_by("skills__name").values_list("email", "skills__name")
    for email, name in rows:
        before = texts.get(email)
        texts[email] = f"{before}, {name}" if before else name or ""
    return texts


@team_skills.right
def skills_to_attr(department: Department) -> object:
    sorted_ones = Prefetch("skills", Skill.objects.order_by("name"), to_attr="known")
    staff = list(department.employees.all())
    prefetch_related_objects(staff, sorted_ones)
    return {e.email: ", ".join(s.name for s in e.known) for e in staff}


@team_skills.wrong(skills_of_each)
def skills_slow(department: Department) -> object:
    return {
        e.email: ", ".join(s.name for s in e.skills.order_by("name"))
        for e in department.employees.all()
    }


@team_skills.wrong(skills_asked_again)
def skills_wasted(department: Department) -> object:
    return {
        e.email: ", ".join(s.name for s in e.skills.order_by("name"))
        for e in department.employees.prefetch_related("skills")
    }


@team_skills.wrong(unsorted_skills)
def skills_unsorted(department: Department) -> object:
    backwards = Prefetch("skills", Skill.objects.order_by("-name"))
    return {
        e.email: ", ".join(s.name for s in e.skills.all())
        for e in department.employees.prefetch_related(backwards)
    }


@team_skills.wrong(only_skilled)
def skills_inner(department: Department) -> object:
    texts: dict[str, list[str]] = {}
    staff = department.employees.filter(skills__isnull=False).order_by("skills__name")
    for email, name in staff.values_list("email", "skills__name"):
        texts.setdefault(email, []).append(name)
    return {email: ", ".join(names) for email, names in texts.items()}


@team_skills.wrong(not_one_text)
def skills_lists(department: Department) -> object:
    return {
        e.email: sorted(s.name for s in e.skills.all())
        for e in department.employees.prefetch_related("skills")
    }


@team_skills.wrong(unsorted_skills)
def skills_as_they_come(department: Department) -> object:
    return {
        e.email: ", ".join(s.name for s in e.skills.all())
        for e in department.employees.prefetch_related("skills")
    }


@team_skills.wrong(skills_by_name)
def skills_under_names(department: Department) -> object:
    return {
        e.name: ", ".join(sorted(s.name for s in e.skills.all()))
        for e in department.employees.prefetch_related("skills")
    }


@team_skills.wrong(skills_selected)
def skills_joined(department: Department) -> object:
    return {e.email: "" for e in department.employees.select_related("skills")}
