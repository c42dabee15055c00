"""02.7 A rule that the rows break: a constraint, and rows that break it."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import migrations
from django.db.models import Q

from checks.ch02_models_and_migrations import NOTHING, failed_with, models, of_table, refused
from tutor.desk.migrating import historical, history, migrate, rows
from tutor.judge.exercise import Exercise, Run

hours = Exercise(
    "02.7",
    "A rule that the rows break",
    minutes=4,
    needs_commit=True,
    hints=[
        "The database refuses a constraint that its rows break. So change the rows first.",
        "Two operations: RunPython (an update with filter()), then AddConstraint.",
        (
            "models.CheckConstraint(condition=Q(hours_per_week__lte=16), name=...). lte means: less "
            "than or equal."
        ),
    ],
)


of_table(hours, "company_assignment")


@hours.mistake(
    "There are rows that break the constraint when it is made. Change those rows first: the "
    "operations run in their order. The condition says what is allowed: 16 or less."
)
def rows_break_it(run: Run) -> bool:
    return failed_with("CHECK constraint failed", "violated by some row")(run)


@hours.mistake(
    "CheckConstraint takes its arguments by name: condition=Q(...), name=... (In old texts the "
    "condition is called check.)"
)
def called_check(run: Run) -> bool:
    return failed_with("unexpected keyword argument 'check'", "positional argument but 3")(run)


@hours.mistake("A constraint needs a name, so that a later migration can find it.")
def without_name(run: Run) -> bool:
    return failed_with("required keyword-only argument: 'name'", "has no name", "A unique")(run)


@hours.mistake("Two constraints of the model have one name. The new one needs a name of its own.")
def taken(run: Run) -> bool:
    return failed_with("already exists")(run)


@hours.check
def check(run: Run) -> str | None:
    if not history().steps:
        return NOTHING
    before = {row["id"]: row["hours_per_week"] for row in history().before["company_assignment"]}
    now = {row["id"]: row["hours_per_week"] for row in rows("company_assignment")}
    if before.keys() != now.keys():
        return "There are fewer rows than before. Change the hours; do not delete the rows."
    for pk, old in before.items():
        if now[pk] != min(old, 16):
            return f"A row with {old} hours has {now[pk]} now; it should have {min(old, 16)}."
    pk = min(now)
    sql = "UPDATE company_assignment SET hours_per_week = %s WHERE id = %s"
    if not refused(sql, 17, pk):
        return (
            "The database still takes 17 hours. Validators are Python's; a rule of the table is "
            "a CheckConstraint, added with AddConstraint."
        )
    if why := refused(sql, 16, pk):
        return f"16 hours are allowed, and the database refuses them: {why}."
    if why := refused(sql, 1, pk):
        return f"1 hour is allowed, and the database refuses it: {why}."
    names = [each.name for each in historical("company.Assignment")._meta.constraints]
    if len(set(names)) < len(names):
        return taken.sentence
    return None


def shorten(apps: Any, schema_editor: Any) -> None:
    assignments = apps.get_model("company", "Assignment").objects
    assignments.filter(hours_per_week__gt=16).update(hours_per_week=16)


def rule(condition: Q) -> Any:
    constraint = models.CheckConstraint(condition=condition, name="assignment_at_most_16")
    return migrations.AddConstraint("assignment", constraint)


@hours.right
def rule_in_a_second_migration() -> None:
    migrate("company", migrations.RunPython(shorten, migrations.RunPython.noop))
    migrate("company", rule(~Q(hours_per_week__gt=16)))


@hours.right
def rows_by_sql() -> None:
    sql = "UPDATE company_assignment SET hours_per_week = 16 WHERE hours_per_week > 16"
    migrate("company", [migrations.RunSQL(sql, ""), rule(Q(hours_per_week__lt=17))])


@hours.right
def rows_in_a_loop() -> None:
    def loop(apps: Any, schema_editor: Any) -> None:
        for assignment in apps.get_model("company", "Assignment").objects.all():
            assignment.hours_per_week = min(assignment.hours_per_week, 16)
            assignment.save()

    migrate("company", [migrations.RunPython(loop), rule(Q(hours_per_week__range=(0, 16)))])


@hours.wrong(rows_break_it)
def only_the_rule() -> None:
    migrate("company", [rule(Q(hours_per_week__lte=16))])


@hours.wrong(rows_break_it)
def rule_first() -> None:
    migrate("company", [rule(Q(hours_per_week__lte=16)), migrations.RunPython(shorten)])


@hours.wrong(rows_break_it)
def below_16() -> None:
    migrate("company", [migrations.RunPython(shorten), rule(Q(hours_per_week__lt=16))])


@hours.wrong(taken)
def name_is_taken() -> None:
    rule = models.CheckConstraint(
        condition=Q(hours_per_week__range=(1, 16)), name="assignment_hours_1_to_60"
    )
    added = migrations.AddConstraint("assignment", rule)
    migrate("company", [migrations.RunPython(shorten), added])


@hours.wrong("Validators are Python's")
def a_validator() -> None:
    field = models.PositiveSmallIntegerField(validators=[MaxValueValidator(16)])
    changed = migrations.AlterField("assignment", "hours_per_week", field)
    migrate("company", [migrations.RunPython(shorten), changed])


@hours.wrong("do not delete the rows")
def deleted() -> None:
    def delete(apps: Any, schema_editor: Any) -> None:
        apps.get_model("company", "Assignment").objects.filter(hours_per_week__gt=16).delete()

    migrate("company", [migrations.RunPython(delete), rule(Q(hours_per_week__lte=16))])


@hours.wrong("hours has 16 now")
def all_rows() -> None:
    def everywhere(apps: Any, schema_editor: Any) -> None:
        apps.get_model("company", "Assignment").objects.update(hours_per_week=16)

    migrate("company", [migrations.RunPython(everywhere), rule(Q(hours_per_week__lte=16))])


@hours.wrong(called_check)
def old_name() -> None:
    constraint: Any = models.CheckConstraint(check=Q(hours_per_week__lte=16), name="at_most_16")
    migrate("company", [migrations.AddConstraint("assignment", constraint)])


@hours.wrong(without_name)
def nameless() -> None:
    constraint: Any = models.CheckConstraint(condition=Q(hours_per_week__lte=16))
    migrate("company", [migrations.AddConstraint("assignment", constraint)])
