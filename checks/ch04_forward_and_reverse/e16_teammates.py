"""04.16 Teammates: many to many, there and back."""

from __future__ import annotations

from collections import Counter

from company.models import Assignment, Department, Employee, Project

from checks.ch04_forward_and_reverse import many_as_list, no_assignments
from checks.common import changes, rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def two_projects_together() -> None:
    """somebody new is in two projects together with Noa Levi, and has the same name"""
    noa = Employee.objects.get(email="noa.levi@northlight.example")
    other = rows.employee(name=noa.name)
    for code in ("NEW-A", "NEW-B"):
        part = rows.project(code=code, department=Department.objects.earliest("pk"))
        rows.assign(noa, part)
        rows.assign(other, part)


teammates = Exercise(
    "04.16",
    "Teammates",
    minutes=7,
    queries=1,
    changes=[two_projects_together, changes.newcomer, no_assignments],
    hints=[
        "From a person to their projects, and from these to their members: there and back.",
        "In a filter you can walk on: employees whose projects have this employee as a member.",
        "Two people may share two projects: distinct(). And leave the employee out, by pk.",
    ],
)


@teammates.cases
def cases() -> object:
    idle = Employee.objects.exclude(pk__in=Assignment.objects.values("employee"))
    in_one = Employee.objects.get(email="noa.levi@northlight.example")
    pairs = Counter(Assignment.objects.order_by("pk").values_list("employee", flat=True))
    busiest = [Employee.objects.get(pk=pk) for pk, _ in pairs.most_common(1)]
    return [(person,) for person in [*busiest, in_one, idle.earliest("pk")]]


@teammates.expects
def expected(employee: Employee) -> object:
    pairs = set(Assignment.objects.values_list("employee", "project"))
    theirs = {part for person, part in pairs if person == employee.pk}
    team = {person for person, part in pairs if part in theirs} - {employee.pk}
    return [person for person in Employee.objects.all() if person.pk in team]


@teammates.mistake(
    "employee.projects is a manager for many projects. It has no members of its own: "
    "go through its projects, or filter across."
)
def manager_has_no_members(run: Run) -> bool:
    return failed(run, "AttributeError", "Manager'")


@teammates.mistake(
    "projects= takes a project, or several with __in. To compare with an employee, "
    "walk on to the members: projects__members."
)
def employee_is_no_project(run: Run) -> bool:
    return failed(run, "ValueError", 'Must be "Project" instance') or failed(
        run, "TypeError", "expected a number"
    )


@teammates.mistake(
    "The field members has a related_name: an employee has projects, in filters too."
)
def not_called_projects(run: Run) -> bool:
    return failed(run, "AttributeError", "'Employee' object") or failed(
        run, "FieldError", "keyword 'project"
    )


team_manager = many_as_list(teammates, "employee.projects")


@teammates.mistake("Your list has projects. Asked are the people in them.")
def projects_of_person(run: Run) -> bool:
    return isinstance(run.rows[0], Project)


@teammates.mistake("The employee stands in the list, too. Leave them out, by pk.")
def with_the_employee(run: Run) -> bool:
    return set(run.unexpected) == {run.arguments[0]}


@teammates.mistake(
    "Two people may share more than one project. Then a filter across both tables finds "
    "the same person again: each should stand there once."
)
def repeated_teammates(run: Run) -> bool:
    found = {*run.expected, run.arguments[0]}
    return bool(run.unexpected) and not run.missing and all(p in found for p in run.unexpected)


@teammates.mistake("Somebody else of the same name is left out, too. Tell people apart by pk.")
def without_namesake_in_team(run: Run) -> bool:
    return run.queries > 0 and {p.name for p in run.missing} == {run.arguments[0].name}


@teammates.mistake(
    "These are the people of the same department. Asked are those of the same projects."
)
def same_department(run: Run) -> bool:
    place = run.arguments[0].department_id
    return bool(run.unexpected) and {person.department_id for person in run.rows} == {place}


@teammates.mistake(
    "exclude() across the relation leaves out everybody who shares a project with them: all. "
    "Leave out one person: pk."
)
def all_excluded(run: Run) -> bool:
    return run.rows == [] and "NOT (EXISTS" in run.seen.queries[-1].sql


@teammates.mistake(
    "The result is right, but you ask for the projects first, and then for their members. "
    "One filter can walk there and back: projects__members."
)
def in_steps(run: Run) -> bool:
    return is_right(run) and run.queries > 1


@teammates.right
def team_by_subquery(employee: Employee) -> object:
    team = Employee.objects.filter(projects__in=employee.projects.all())
    return team.exclude(pk=employee.pk).distinct()


@teammates.right
def team_by_assignments(employee: Employee) -> object:
    shared = Assignment.objects.filter(project__members=employee)
    return Employee.objects.filter(pk__in=shared.values("employee")).exclude(pk=employee.pk)


@teammates.right
def team_from_pairs(employee: Employee) -> object:
    pairs = Assignment.objects.filter(project__assignments__employee=employee)
    return {pair.employee for pair in pairs.select_related("employee")} - {employee}


@teammates.wrong(manager_has_no_members)
def team_of_manager(employee: Employee) -> object:
    return employee.projects.members.all()


@teammates.wrong(employee_is_no_project)
def team_of_employee(employee: Employee) -> object:
    return Employee.objects.filter(projects=employee)


@teammates.wrong(with_the_employee)
def team_with_oneself(employee: Employee) -> object:
    return Employee.objects.filter(projects__members=employee).distinct()


@teammates.wrong(repeated_teammates)
def team_repeated(employee: Employee) -> object:
    return Employee.objects.filter(projects__members=employee).exclude(pk=employee.pk)


@teammates.wrong(repeated_teammates)
def team_repeated_with_oneself(employee: Employee) -> object:
    return Employee.objects.filter(projects__members=employee)


@teammates.wrong(without_namesake_in_team)
def team_of_other_names(employee: Employee) -> object:
    team = Employee.objects.filter(projects__members=employee)
    return team.exclude(name=employee.name).distinct()


@teammates.wrong(same_department)
def team_of_department(employee: Employee) -> object:
    staff = Employee.objects.filter(department_id=employee.department_id)
    return staff.exclude(pk=employee.pk)


@teammates.wrong(all_excluded)
def team_excluded(employee: Employee) -> object:
    team = Employee.objects.filter(projects__members=employee)
    return team.exclude(projects__members=employee).distinct()


@teammates.wrong(in_steps)
def team_loop(employee: Employee) -> object:
    found: set[Employee] = set()
    for part in employee.projects.all():
        found.update(part.members.exclude(pk=employee.pk))
    return found


@teammates.wrong(in_steps)
def team_in_two_steps(employee: Employee) -> object:
    projects = list(employee.projects.all())
    team = Employee.objects.filter(projects__in=projects).exclude(pk=employee.pk)
    return team.distinct()


@teammates.wrong(not_called_projects)
def team_project_set(employee: Employee) -> object:
    return [person for part in employee.project_set.all() for person in part.members.all()]


@teammates.wrong(not_called_projects)
def team_of_project(employee: Employee) -> object:
    return Employee.objects.filter(project__members=employee).exclude(pk=employee.pk).distinct()


@teammates.wrong(team_manager)
def team_over_manager(employee: Employee) -> object:
    return {person for part in employee.projects for person in part.members.all()} - {employee}


@teammates.wrong(projects_of_person)
def team_as_projects(employee: Employee) -> object:
    return Project.objects.filter(members=employee)


@teammates.wrong(employee_is_no_project)
def team_of_all_at_once(employee: Employee) -> object:
    team = Employee.objects.filter(projects=employee.projects)
    return team.exclude(pk=employee.pk).distinct()
