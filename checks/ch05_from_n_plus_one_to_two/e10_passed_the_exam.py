"""05.10 The missing colleague: a prefetch that is older than the rows."""

from __future__ import annotations

from company.models import Employee, Skill
from django.db.models import Count

from checks.common import changes
from tutor.judge.exercise import Exercise, Run


def nobody_knows() -> None:
    """nobody has any skill yet"""
    Employee.skills.through.objects.all().delete()


passed_the_exam = Exercise(
    "05.10",
    "The missing colleague",
    minutes=4,
    changes=[nobody_knows, changes.twins],
    hints=[
        "skill.employees.all() answers from the rows that were prefetched before.",
        "A change through the other side (employee.skills) is not seen by the prefetched rows.",
        "Change through skill.employees: then Django throws the old rows away. Or ask anew.",
    ],
)


@passed_the_exam.cases
def cases() -> object:
    skills = Skill.objects.prefetch_related("employees")
    botany, binding = skills.get(name="Botany"), skills.get(name="Bookbinding")
    people = Employee.objects.annotate(known=Count("skills"))
    botanist = people.filter(pk__in=botany.employees.all()).order_by("-known", "pk").first()
    newest = people.latest("pk")
    return [(binding, newest), (botany, newest), (botany, botanist or newest)]


@passed_the_exam.expects
def expected(skill: Skill, employee: Employee) -> object:
    pairs = Employee.skills.through.objects.filter(skill_id=skill.pk)
    people = {employee.pk, *pairs.values_list("employee_id", flat=True)}
    return [each.name for each in Employee.objects.all() if each.pk in people]


@passed_the_exam.check
def check(run: Run) -> str | None:
    skill, employee = run.arguments
    pairs = Employee.skills.through.objects
    if not pairs.filter(skill_id=skill.pk, employee_id=employee.pk).exists():
        return "The names are right, but the employee did not get the skill in the database."
    if pairs.filter(skill_id=skill.pk).count() != len(run.expected):
        return "Now other people have the skill, or lost it. Change one pair only."
    if pairs.filter(employee_id=employee.pk).count() < employee.known:
        return "The employee has lost the other skills: set() replaces all. Use add()."
    return None


@passed_the_exam.mistake(
    "The new person is missing: skill.employees.all() answers from the rows that were prefetched "
    "before. They are old now."
)
def old_rows(run: Run) -> bool:
    return run.missing == [run.arguments[1].name] and not run.unexpected and bool(run.queries)


@passed_the_exam.mistake("Others who had the skill have lost it: set() replaces all. Use add().")
def others_lost(run: Run) -> bool:
    return run.rows == [run.arguments[1].name] and len(run.expected) > 1


@passed_the_exam.mistake("Somebody who has the skill already stands in the list twice.")
def listed_twice(run: Run) -> bool:
    return run.unexpected == [run.arguments[1].name] and not run.missing


@passed_the_exam.mistake("These are objects. Asked are the names of the employees.")
def people_not_names(run: Run) -> bool:
    return any(isinstance(each, Employee) for each in run.rows)


@passed_the_exam.mistake("Your list has the skills of the employee. Asked are those who have it.")
def skills_not_people(run: Run) -> bool:
    return run.arguments[0].name in run.rows


@passed_the_exam.right
def exam_new_question(skill: Skill, employee: Employee) -> object:
    employee.skills.add(skill)
    return Employee.objects.filter(skills=skill).values_list("name", flat=True)


@passed_the_exam.right
def exam_refreshed(skill: Skill, employee: Employee) -> object:
    employee.skills.add(skill)
    skill.refresh_from_db()
    return {each.pk: each.name for each in skill.employees.all()}.values()


@passed_the_exam.right
def exam_other_order(skill: Skill, employee: Employee) -> object:
    Employee.skills.through.objects.get_or_create(skill=skill, employee=employee)
    return [each.name for each in skill.employees.order_by("pk")]


@passed_the_exam.right
async def exam_async(skill: Skill, employee: Employee) -> object:
    await skill.employees.aadd(employee)
    return [each.name async for each in skill.employees.all()]


@passed_the_exam.wrong(old_rows)
def exam_old(skill: Skill, employee: Employee) -> object:
    employee.skills.add(skill)
    return [each.name for each in skill.employees.all()]


@passed_the_exam.wrong(listed_twice)
def exam_patched(skill: Skill, employee: Employee) -> object:
    before = [each.name for each in skill.employees.all()]
    employee.skills.add(skill)
    return [*before, employee.name]


@passed_the_exam.wrong(others_lost)
def exam_set(skill: Skill, employee: Employee) -> object:
    skill.employees.set([employee])
    return [each.name for each in skill.employees.all()]


@passed_the_exam.wrong("The employee has lost the other skills")
def exam_set_skills(skill: Skill, employee: Employee) -> object:
    employee.skills.set([skill])
    return [each.name for each in Employee.objects.filter(skills=skill)]


@passed_the_exam.wrong(people_not_names)
def exam_objects(skill: Skill, employee: Employee) -> object:
    skill.employees.add(employee)
    return skill.employees.all()


@passed_the_exam.wrong(skills_not_people)
def exam_other_way(skill: Skill, employee: Employee) -> object:
    employee.skills.add(skill)
    return [each.name for each in employee.skills.all()]


@passed_the_exam.wrong("did not get the skill in the database")
def exam_only_said(skill: Skill, employee: Employee) -> object:
    people = {each.pk: each.name for each in [*skill.employees.all(), employee]}
    return list(people.values())
