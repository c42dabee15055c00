"""04.14 Both skills: many to many, and conditions on two rows of the many side."""

from __future__ import annotations

from company.models import Employee, Skill
from django.db.models import Count, Exists, OuterRef, Q

from checks.ch04_forward_and_reverse import many_as_list
from checks.common import changes, rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def learned_both() -> None:
    """somebody new knows Django and Python"""
    rows.employee().skills.set(Skill.objects.filter(name__in=["Django", "Python"]))


def learned_one() -> None:
    """somebody new knows Django only"""
    rows.employee().skills.set(Skill.objects.filter(name="Django"))


knows_both = Exercise(
    "04.14",
    "Both skills",
    minutes=6,
    queries=1,
    changes=[learned_both, learned_one, changes.nobody],
    hints=[
        "From an employee to the names of their skills in a filter: skills__name.",
        "One row of the table between has one skill. No row has two names at once.",
        "You need two rows: one for each skill. So two filter() calls.",
    ],
)


@knows_both.cases
def cases() -> object:
    return [("Django", "Python"), ("Botany", "Glazing"), ("Bookbinding", "Python")]


@knows_both.expects
def expected(first: str, second: str) -> object:
    people = Employee.objects.prefetch_related("skills")
    return [p for p in people if {first, second} <= {skill.name for skill in p.skills.all()}]


@knows_both.mistake(
    "skills= takes a skill or its number. Its name is one step further: skills__name."
)
def name_is_no_skill(run: Run) -> bool:
    return failed(run, "ValueError", "expected a number")


@knows_both.mistake("The field of the employee is called skills, in filters as well.")
def no_skill_field(run: Run) -> bool:
    return failed(run, "FieldError", "'skill") or failed(run, "AttributeError", "skill_set")


skills_manager = many_as_list(knows_both, "employee.skills")


@knows_both.mistake("employee.skills.all() has objects, not names: a name is never among them.")
def name_among_objects(run: Run) -> bool:
    return run.rows == [] and not any(query.params for query in run.seen.queries[:1])


@knows_both.mistake(
    "The first filter() after skill.employees looks at the same row of the table between: "
    "one skill would have to be both. Start from Employee, with two filter() calls."
)
def same_row_again(run: Run) -> bool:
    first, *rest = run.seen.queries
    return run.rows == [] and 'FROM "company_skill"' in first.sql and bool(rest)


@knows_both.mistake(
    "This asks for one skill that has both names, and there is none. "
    "With two filter() calls there may be two skills."
)
def one_skill_two_names(run: Run) -> bool:
    both = any({*run.arguments} <= {*(query.params or ())} for query in run.seen.queries)
    return both and run.rows == []


@knows_both.mistake(
    "Your list has people who know only one of the two. Asked is: the first and the second."
)
def one_or_the_other(run: Run) -> bool:
    wanted = {*run.arguments}
    known = [{skill.name for skill in person.skills.all()} for person in run.unexpected]
    return any(len(wanted & names) == 1 for names in known) and all(wanted & n for n in known)


@knows_both.mistake("Somebody stands in your list more than once.")
def repeated_people(run: Run) -> bool:
    return bool(run.unexpected) and not run.missing


@knows_both.mistake(
    "The result is right, but each employee's skills cost a query of their own: this is N+1."
)
def skills_of_each(run: Run) -> bool:
    return is_right(run) and bool(run.n_plus_1)


@knows_both.right
def both_in_querysets(first: str, second: str) -> object:
    knows_first = Employee.objects.filter(skills__name=first)
    return knows_first.filter(pk__in=Employee.objects.filter(skills__name=second))


@knows_both.right
def both_intersected(first: str, second: str) -> object:
    everybody = Employee.objects.order_by()
    knows = [everybody.filter(skills__name=name) for name in (first, second)]
    return knows[0].intersection(knows[1])


@knows_both.right
def both_counted(first: str, second: str) -> object:
    either = Employee.objects.filter(skills__name__in=[first, second])
    return either.annotate(known=Count("skills")).filter(known=2)


@knows_both.right
def both_exist(first: str, second: str) -> object:
    pairs = Employee.skills.through.objects.filter(employee=OuterRef("pk"))
    return Employee.objects.filter(
        Exists(pairs.filter(skill__name=first)), Exists(pairs.filter(skill__name=second))
    )


@knows_both.wrong(name_is_no_skill)
def both_as_skills(first: str, second: str) -> object:
    return Employee.objects.filter(skills=first).filter(skills=second)


@knows_both.wrong(no_skill_field)
def both_skill_name(first: str, second: str) -> object:
    return Employee.objects.filter(skill__name=first).filter(skill__name=second)


@knows_both.wrong(one_skill_two_names)
def both_in_one_filter(first: str, second: str) -> object:
    return Employee.objects.filter(Q(skills__name=first), Q(skills__name=second))


@knows_both.wrong(one_or_the_other)
def both_in_a_list(first: str, second: str) -> object:
    return Employee.objects.filter(skills__name__in=[first, second]).distinct()


@knows_both.wrong(one_or_the_other)
def both_by_or(first: str, second: str) -> object:
    return Employee.objects.filter(Q(skills__name=first) | Q(skills__name=second)).distinct()


@knows_both.wrong(one_or_the_other)
def only_the_first(first: str, second: str) -> object:
    return Employee.objects.filter(skills__name=first)


@knows_both.wrong(repeated_people)
def both_with_another_join(first: str, second: str) -> object:
    knows = Employee.objects.filter(skills__name=first).filter(skills__name=second)
    return knows.filter(skills__isnull=False)


@knows_both.wrong(skills_of_each)
def both_loop(first: str, second: str) -> object:
    wanted = {first, second}
    return [p for p in Employee.objects.all() if wanted <= {s.name for s in p.skills.all()}]


@knows_both.wrong("it took 2 queries. 1 is enough")
def both_prefetched(first: str, second: str) -> object:
    people = Employee.objects.prefetch_related("skills")
    return [p for p in people if {first, second} <= {skill.name for skill in p.skills.all()}]


@knows_both.wrong(skills_manager)
def both_in_managers(first: str, second: str) -> object:
    return [p for p in Employee.objects.all() if first in p.skills and second in p.skills]


@knows_both.wrong(name_among_objects)
def both_among_objects(first: str, second: str) -> object:
    people = Employee.objects.prefetch_related("skills")
    return [p for p in people if first in p.skills.all() and second in p.skills.all()]


@knows_both.wrong(same_row_again)
def both_from_the_skill(first: str, second: str) -> object:
    return Skill.objects.get(name=first).employees.filter(skills__name=second)
