"""08.7 Who learned what: many-to-many, from both sides."""

from __future__ import annotations

from typing import Any

from company.models import Employee, Skill
from django.db.models.signals import m2m_changed, post_save
from django.dispatch import receiver

from checks.ch08_every_bell import LAYERS, Day, hire, of_days
from checks.common import changes
from tutor.judge.exercise import Exercise, Run


def from_the_employee() -> None:
    """an employee learns, learns the same again, and forgets"""
    person = hire("Nils Berg")
    botany, accounting = Skill.objects.order_by("pk")[:2]
    person.skills.add(botany, accounting)
    person.skills.add(botany)
    person.skills.remove(botany)
    person.skills.clear()


def from_the_skill() -> None:
    """a course is given: two people are added to one skill"""
    nils, wilma = hire("Nils Berg"), hire("Wilma Strand")
    wilma.save()
    Skill.objects.order_by("pk")[0].employees.add(nils, wilma)


def by_set() -> None:
    """the skills of a person are set anew, and one is created on the way"""
    person = hire("Nils Berg")
    first, second, third = Skill.objects.order_by("pk")[:3]
    person.skills.set([first, second])
    person.skills.set([second, third])
    person.skills.create(name="Falconry")


def learned(*people: str, skills: tuple[int, ...] = (), also: tuple[str, ...] = ()) -> Any:
    """Each of the people with each of these skills, by their place in the order of keys."""

    def expected() -> list[tuple[str, str]]:
        names = list(Skill.objects.order_by("pk").values_list("name", flat=True))
        taught = [*(names[number] for number in skills), *also]
        return [(person, name) for person in people for name in taught]

    return expected


learned_log = Exercise(
    "08.7",
    "Who learned what",
    minutes=10,
    layers=LAYERS,
    changes=[changes.newcomer],
    hints=[
        "The bell is m2m_changed. Its sender is the table between: Employee.skills.through.",
        'It rings before and after each change. Look only at action == "post_add", and at pk_set.',
        "When reverse is True, instance is the skill, and pk_set has the keys of employees.",
    ],
)


of_days(
    learned_log,
    {
        from_the_employee: learned("Nils Berg", skills=(0, 1)),
        from_the_skill: learned("Nils Berg", "Wilma Strand", skills=(0,)),
        by_set: learned("Nils Berg", skills=(0, 1, 2), also=("Falconry",)),
    },
)


@learned_log.mistake(
    "clear() does not say whom it takes away: there pk_set is None. Look at action first."
)
def pk_set_is_none(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "NoneType" in str(run.error)


@learned_log.mistake(
    "From the other side, skill.employees.add(person), instance is the skill and pk_set has "
    "keys of employees. The argument reverse says so."
)
def other_side(run: Run) -> bool:
    if run.error is not None:
        lost = type(run.error).__name__ in ("AttributeError", "DoesNotExist", "KeyError")
        return lost and run.arguments[0].work is from_the_skill
    return run.arguments[0].work is from_the_skill and len(run.rows) <= 2


@learned_log.mistake(
    "Your receiver was called, but your list is empty. Look at action and at reverse: "
    "in employee.skills.add(...) reverse is False."
)
def heard_in_vain(run: Run) -> bool:
    return not run.rows and any(send.name == "m2m_changed" for send in run.seen.signals)


@learned_log.mistake(
    "Your list is empty. The rows between employees and skills ring m2m_changed, not post_save, "
    "and the sender is the table between the two: Employee.skills.through."
)
def not_the_through_model(run: Run) -> bool:
    return not run.rows


@learned_log.mistake(
    "A skill is in your list twice. Each change rings before and after it (look at action), "
    "and adding what is there already rings as well, with an empty pk_set."
)
def before_and_after(run: Run) -> bool:
    return bool(run.unexpected) and all(run.rows.count(row) > 1 for row in run.expected)


@learned_log.mistake(
    "Your list has a skill that was known before. pk_set has only what is new; "
    "instance.skills.all() has all."
)
def all_skills(run: Run) -> bool:
    return bool(run.unexpected) and not run.missing and run.arguments[0].work is by_set


@learned_log.mistake("Your list has skills that were taken away. Look at action.")
def also_removed(run: Run) -> bool:
    return bool(run.unexpected)


def pairs(instance: Any, reverse: bool, pk_set: set[int]) -> list[tuple[str, str]]:
    if reverse:
        people = Employee.objects.filter(pk__in=pk_set)
        return [(person.name, instance.name) for person in people]
    return [(instance.name, skill.name) for skill in Skill.objects.filter(pk__in=pk_set)]


@learned_log.right
def before_the_rows(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(**kwargs: Any) -> None:
        if kwargs["action"] == "pre_add":
            log.extend(pairs(kwargs["instance"], kwargs["reverse"], kwargs["pk_set"]))

    day()
    return log


@learned_log.right
def by_model(day: Day) -> object:
    log = set()

    def heard(
        sender: Any, instance: Any, action: str, model: Any, pk_set: Any, **kwargs: Any
    ) -> None:
        if not action.endswith("_add"):
            return
        for pk in pk_set:
            other = model.objects.get(pk=pk)
            row = (instance, other) if model is Skill else (other, instance)
            log.add(tuple(str(each) for each in row))

    m2m_changed.connect(heard, sender=Skill.employees.through)
    day()
    return log


@learned_log.right
def every_m2m(day: Day) -> object:
    log = []

    @receiver(m2m_changed)
    def heard(
        sender: Any, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
    ) -> None:
        if sender == Employee.skills.through and action == "post_add":
            log.append(pairs(instance, reverse, pk_set))

    day()
    return [row for rows in log for row in rows]


@learned_log.wrong(pk_set_is_none)
def every_action(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, pk_set: Any, **kwargs: Any) -> None:
        for pk in pk_set:
            log.append((instance.name, Skill.objects.get(pk=pk).name))

    day()
    return log


@learned_log.wrong(other_side)
def one_side(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add":
            for skill in Skill.objects.filter(pk__in=pk_set):
                log.append((instance.name, skill.name))

    day()
    return log


@learned_log.wrong(other_side)
def one_side_by_get(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add":
            log.extend((instance.name, Skill.objects.get(pk=pk).name) for pk in pk_set)

    day()
    return log


@learned_log.wrong(other_side)
def only_not_reverse(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add" and not reverse:
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(not_the_through_model)
def sender_is_the_model(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add":
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(not_the_through_model)
def in_post_save(day: Day) -> object:
    log = []

    @receiver(post_save, sender=Employee)
    def heard(instance: Any, **kwargs: Any) -> None:
        log.extend((instance.name, skill.name) for skill in instance.skills.all())

    day()
    return log


@learned_log.wrong(heard_in_vain)
def only_reverse(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add" and reverse:
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(heard_in_vain)
def action_misspelt(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action == "added":
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(not_the_through_model)
def saves_of_the_rows_between(day: Day) -> object:
    log = []

    @receiver(post_save, sender=Employee.skills.through)
    def heard(instance: Any, **kwargs: Any) -> None:
        log.append((instance.employee.name, instance.skill.name))

    day()
    return log


@learned_log.wrong(before_and_after)
def known_before_the_row(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, **kwargs: Any) -> None:
        if action == "post_add":
            log.extend((instance.name, skill.name) for skill in instance.skills.all())

    day()
    return log


@learned_log.wrong(before_and_after)
def both_actions(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if "add" in action:
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(all_skills)
def all_that_are_known(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action == "post_add" and pk_set:
            if not reverse:
                pk_set = {skill.pk for skill in instance.skills.all()}
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log


@learned_log.wrong(also_removed)
def post_of_all(day: Day) -> object:
    log = []

    @receiver(m2m_changed, sender=Employee.skills.through)
    def heard(instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
        if action.startswith("post") and pk_set:
            log.extend(pairs(instance, reverse, pk_set))

    day()
    return log
