"""04.18 Departments at work: what a LEFT JOIN puts beside rows that have no partner."""

from __future__ import annotations

from company.models import Department, Project
from django.db.models import Count, Exists, Q

from checks.common import changes, rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def two_running() -> None:
    """a department runs two projects"""
    place = rows.department()
    rows.project(department=place)
    rows.project(department=place)


def one_ended() -> None:
    """a department has one project that has ended, and one that is running"""
    place = rows.department()
    rows.project(department=place, ends_on="2026-02-01")
    rows.project(department=place)


def only_ended() -> None:
    """a department has one project, and it has ended"""
    rows.project(department=rows.department(), ends_on="2026-02-01")


def no_projects() -> None:
    """all projects were deleted"""
    Project.objects.all().delete()


at_work = Exercise(
    "04.18",
    "Departments at work",
    minutes=8,
    queries=1,
    changes=[two_running, one_ended, only_ended, changes.empty_department, no_projects],
    hints=[
        "Project has a related_query_name: in a filter the name is project, without s.",
        "One department of the company has no project at all. Is it in your result?",
        "A LEFT JOIN puts an empty ends_on beside it. Ask whether a running project exists.",
    ],
)


@at_work.expects
def expected() -> object:
    busy = {part.department_id for part in Project.objects.all() if part.ends_on is None}
    return [department for department in Department.objects.all() if department.pk in busy]


@at_work.mistake(
    "Project.department has a related_query_name: in a filter the name is project, not projects."
)
def not_the_query_name(run: Run) -> bool:
    return failed(run, "FieldError", "'projects") or failed(run, "FieldError", "'project_set")


@at_work.mistake(
    "The related_query_name is for filters. On an object the related_name holds: projects."
)
def not_the_name_of_the_way_back(run: Run) -> bool:
    return failed(run, "AttributeError", "project")


@at_work.mistake(
    "You have all departments. Exists() without OuterRef asks whether there is a running project "
    'at all, of any department. Tie it to the department: department=OuterRef("pk").'
)
def running_anywhere(run: Run) -> bool:
    return len(run.rows) == Department.objects.count() and "EXISTS" in run.seen.queries[-1].sql


@at_work.mistake(
    "A department without any project is in your list. The LEFT JOIN gives it one row in which "
    "all columns of the project are empty, ends_on as well. Ask whether a project exists."
)
def nothing_is_running(run: Run) -> bool:
    return any(not department.projects.exists() for department in run.unexpected)


@at_work.mistake("A department stands in your list once for each running project. Asked is: once.")
def repeated_departments(run: Run) -> bool:
    return bool(run.unexpected) and all(place in run.expected for place in run.unexpected)


@at_work.mistake("Your list has a department all of whose projects have ended.")
def ended_as_well(run: Run) -> bool:
    return any(not department.projects.filter(ends_on=None) for department in run.unexpected)


@at_work.mistake(
    "A department is missing that has one project that has ended, and another one that runs. "
    "exclude() leaves out a department for a single project that has ended."
)
def excluded_by_one(run: Run) -> bool:
    return bool(run.missing) and all(
        department.projects.exclude(ends_on=None).exists() for department in run.missing
    )


@at_work.mistake("Your list has projects. Asked are their departments.")
def projects_not_departments(run: Run) -> bool:
    return isinstance(run.rows[0], Project)


@at_work.mistake(
    "The result is right, but each row costs a query of its own: this is N+1. "
    "One filter across the relation is enough."
)
def projects_of_each(run: Run) -> bool:
    return is_right(run) and bool(run.n_plus_1)


@at_work.right
def at_work_by_projects() -> object:
    return Department.objects.filter(project__in=Project.objects.running()).distinct()


@at_work.right
def at_work_by_pk() -> object:
    running = Project.objects.filter(ends_on__isnull=True)
    return Department.objects.filter(pk__in=running.values("department"))


@at_work.right
def at_work_with_a_project() -> object:
    found = Department.objects.filter(project__ends_on=None, project__isnull=False)
    return found.distinct()


@at_work.right
def at_work_from_projects() -> object:
    return {part.department for part in Project.objects.running().select_related("department")}


@at_work.right
def at_work_counted() -> object:
    running = Count("project", filter=Q(project__ends_on=None))
    return Department.objects.annotate(running=running).filter(running__gt=0)


@at_work.wrong(not_the_query_name)
def at_work_projects() -> object:
    return Department.objects.filter(projects__ends_on=None).distinct()


@at_work.wrong(not_the_query_name)
def at_work_project_set() -> object:
    return Department.objects.filter(project_set__ends_on=None).distinct()


@at_work.wrong(not_the_name_of_the_way_back)
def at_work_project_of_each() -> object:
    return [d for d in Department.objects.all() if d.project.filter(ends_on=None)]


@at_work.wrong(nothing_is_running)
def at_work_and_idle() -> object:
    return Department.objects.filter(project__ends_on=None).distinct()


@at_work.wrong(nothing_is_running)
def at_work_and_idle_repeated() -> object:
    return Department.objects.filter(project__ends_on__isnull=True)


@at_work.wrong(repeated_departments)
def at_work_repeated() -> object:
    return Department.objects.filter(project__isnull=False, project__ends_on=None)


@at_work.wrong(repeated_departments)
def at_work_one_for_each() -> object:
    return [part.department for part in Project.objects.running().select_related("department")]


@at_work.wrong(excluded_by_one)
def at_work_excluded() -> object:
    found = Department.objects.exclude(project__ends_on__isnull=False)
    return found.filter(project__isnull=False).distinct()


@at_work.wrong(projects_not_departments)
def at_work_as_projects() -> object:
    return Project.objects.running()


@at_work.wrong(projects_of_each)
def at_work_loop() -> object:
    return [d for d in Department.objects.all() if d.projects.filter(ends_on=None).exists()]


@at_work.wrong(projects_of_each)
def at_work_forward_loop() -> object:
    return {part.department for part in Project.objects.filter(ends_on=None)}


@at_work.wrong("it took 2 queries. 1 is enough")
def at_work_prefetched() -> object:
    departments = Department.objects.prefetch_related("projects")
    return [d for d in departments if any(part.ends_on is None for part in d.projects.all())]


@at_work.wrong(running_anywhere)
def at_work_anywhere() -> object:
    return Department.objects.filter(Exists(Project.objects.filter(ends_on=None)))


@at_work.wrong(ended_as_well)
def at_work_ever() -> object:
    return Department.objects.filter(project__isnull=False).distinct()
