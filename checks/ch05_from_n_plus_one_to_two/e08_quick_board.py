"""05.8 A slow page: a template that is not to be changed."""

from __future__ import annotations

from company.models import Assignment, Department, Project
from django.db.models import FETCH_PEERS, Prefetch, prefetch_related_objects
from django.template import Context, Template

from checks.common import changes, rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

BOARD = Template("""
{% for project in projects %}
{{ project.code }} {{ project.name }}, {{ project.department.city }}
{% for assignment in project.assignments.all|dictsort:"employee.name" %}
    {{ assignment.employee.name }}: {{ assignment.role }}
{% endfor %}
{% endfor %}
""")


def more_projects() -> None:
    """there are twelve more projects, and somebody works in all of them"""
    member = rows.employee()
    for number in range(12):
        added = Project.objects.create(
            name=f"Plan {number}",
            code=f"A-{number}",
            department=Department.objects.latest("pk"),
            starts_on="2026-01-07",
            budget=1000,
        )
        Assignment.objects.create(employee=member, project=added, role="lead", hours_per_week=2)


def moved() -> None:
    """a department has moved to Oslo"""
    Department.objects.filter(name="Engineering").update(city="Oslo")


quick_board = Exercise(
    "05.8",
    "A slow page",
    minutes=5,
    queries=3,
    changes=[more_projects, moved, changes.newcomer],
    hints=[
        "Read the template: which dots lead to another table? There are three.",
        "To the department leads select_related. To the assignments leads prefetch_related.",
        "The employee belongs to the assignment: prefetch along both, or join it in a Prefetch.",
    ],
)


@quick_board.expects
def expected() -> object:
    return BOARD.render(Context({"projects": Project.objects.order_by("code")}))


@quick_board.mistake(
    "Asked is the text of the page: what board.render(...) returns, and nothing around it."
)
def not_the_text(run: Run) -> bool:
    return run.error is None and not isinstance(run.value, str)


@quick_board.mistake("The page is empty: the template wants the projects under the name projects.")
def no_projects(run: Run) -> bool:
    return isinstance(run.value, str) and not run.value.strip()


@quick_board.mistake("Your page has holes where the city stands. Give the template objects.")
def holes(run: Run) -> bool:
    return ", \n" in run.value


@quick_board.mistake("Nobody stands on your page. Did the template get the assignments?")
def no_people(run: Run) -> bool:
    return "    " in run.expected and "    " not in run.value


@quick_board.mistake("The projects stand in another order. slow_board() orders them by code.")
def other_order(run: Run) -> bool:
    return sorted(run.value.split()) == sorted(run.expected.split()) and run.value != run.expected


@quick_board.mistake(
    "Nearly: the assignments are prefetched, but each asks for its employee. Go one step further."
)
def employee_of_each(run: Run) -> bool:
    return run.n_plus_1 == {"Assignment.employee"}


@quick_board.mistake("Each project still asks for its department: join it.")
def department_of_each(run: Run) -> bool:
    return run.n_plus_1 == {"Project.department"}


@quick_board.mistake(
    "With to_attr the assignments have another name. The template asks for project.assignments, "
    "and so for all of them again."
)
def name_unknown_to_template(run: Run) -> bool:
    return "Project.assignments" in run.n_plus_1 and any(
        '"project_id" IN (' in q.sql and '"company_assignment"' in q.sql for q in run.seen.queries
    )


@quick_board.mistake("Each project still asks for its assignments: prefetch them.")
def assignments_of_each(run: Run) -> bool:
    return "Project.assignments" in run.n_plus_1


@quick_board.mistake(
    "select_related joins one object to each row. A project has many assignments: prefetch them."
)
def assignments_selected(run: Run) -> bool:
    return failed(run, "FieldError", "select_related")


@quick_board.right
def board_by_path() -> object:
    projects = Project.objects.order_by("code").select_related("department")
    projects = projects.prefetch_related("assignments__employee")
    return BOARD.render(Context({"projects": projects[:1000]})) if projects else ""


@quick_board.right
def board_by_peers() -> object:
    team = Prefetch("assignments", Assignment.objects.select_related("employee"))
    projects = Project.objects.order_by("code").fetch_mode(FETCH_PEERS).prefetch_related(team)
    return BOARD.render(Context({"projects": projects}))


@quick_board.right
def board_from_list() -> object:
    projects = list(Project.objects.select_related("department").order_by("code"))
    team = Assignment.objects.select_related("employee")
    prefetch_related_objects(projects, Prefetch("assignments", team))
    return BOARD.render(Context({"projects": projects}))


@quick_board.wrong(assignments_of_each)
def board_slow() -> object:
    return BOARD.render(Context({"projects": Project.objects.order_by("code")}))


@quick_board.wrong(employee_of_each)
def board_half() -> object:
    projects = Project.objects.order_by("code").select_related("department")
    return BOARD.render(Context({"projects": projects.prefetch_related("assignments")}))


@quick_board.wrong(department_of_each)
def board_other_half() -> object:
    projects = Project.objects.order_by("code").prefetch_related("assignments__employee")
    return BOARD.render(Context({"projects": projects}))


@quick_board.wrong(other_order)
def board_by_name() -> object:
    projects = Project.objects.select_related("department")
    return BOARD.render(Context({"projects": projects.prefetch_related("assignments__employee")}))


@quick_board.wrong(holes)
def board_of_values() -> object:
    return BOARD.render(Context({"projects": Project.objects.order_by("code").values()}))


@quick_board.wrong(no_projects)
def board_other_name() -> object:
    return BOARD.render(Context({"project_list": Project.objects.order_by("code")}))


@quick_board.wrong(no_people)
def board_emptied() -> object:
    team = Prefetch("assignments", Assignment.objects.none())
    projects = Project.objects.order_by("code").select_related("department")
    return BOARD.render(Context({"projects": projects.prefetch_related(team)}))


@quick_board.wrong(not_the_text)
def board_unrendered() -> object:
    return Project.objects.order_by("code")


@quick_board.wrong(name_unknown_to_template)
def board_to_attr() -> object:
    team = Prefetch("assignments", Assignment.objects.select_related("employee"), to_attr="team")
    projects = Project.objects.order_by("code").select_related("department")
    return BOARD.render(Context({"projects": projects.prefetch_related(team)}))


@quick_board.wrong(assignments_selected)
def board_selected() -> object:
    projects = Project.objects.order_by("code").select_related("department", "assignments")
    return BOARD.render(Context({"projects": projects}))
