"""03.10 Both or none: two updates, one transaction."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

from company.models import Department
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When

from checks.common.runs import failed
from glass.layers.sql import Query, Transaction
from tutor.judge.exercise import Exercise, Run


def rich_and_poor() -> None:
    """Sales has nothing left, and Legal has more than all the others"""
    Department.objects.filter(name="Sales").update(budget=0)
    Department.objects.filter(name="Legal").update(budget=9_000_000)


transfer = Exercise(
    "03.10",
    "Both or none",
    minutes=4,
    changes=[rich_and_poor],
    hints=[
        "Two statements that belong together need a transaction around them: atomic().",
        "update() returns how many rows it found. 0 means: no such department, or not enough.",
        "An exception that leaves the block undoes all. So does transaction.set_rollback(True).",
    ],
)


_budgets: dict[str, Decimal] = {}


@transfer.cases
def cases() -> object:
    _budgets.clear()
    _budgets.update(Department.objects.values_list("name", "budget"))
    return [
        ("Sales", "Legal", Decimal(100_000)),
        ("Legal", "Sales", Decimal(150_000)),
        ("Legal", "Sales", Decimal("150000.01")),
        ("Sales", "Astronomy", Decimal(100)),
        ("Astronomy", "Sales", Decimal(100)),
    ]


def _outermost(query: Query) -> Transaction | None:
    found, event = None, query.parent
    while event is not None:
        found = event if isinstance(event, Transaction) else found
        event = event.parent
    return found


@transfer.check
def moved(run: Run) -> str | None:
    giver, taker, amount = run.arguments
    before, now = _budgets, dict(Department.objects.values_list("name", "budget"))
    possible = giver in before and taker in before and before[giver] >= amount
    right = dict(before)
    if possible:
        right[giver] -= amount
        right[taker] += amount
    if now != right:
        return _what_moved(run, possible, before, now)
    if run.value is None:
        return "Your function returned nothing (None). Return True, or False."
    if not isinstance(run.value, bool | int):
        return "Return True, or False, and nothing else."
    if bool(run.value) != possible:
        done = "moved" if possible else "not moved"
        return f"The amount was {done}, but your function returned {run.value}."
    if possible:
        writes = [q for q in run.seen.queries if q.sql.lstrip().upper().startswith("UPDATE")]
        around = [_outermost(query) for query in writes]
        if len(writes) > 1 and (None in around or len(set(around)) > 1):
            return (
                "The result is right, but each UPDATE was stored by itself. If the program stops "
                "between the two, money is lost. Put both into one transaction.atomic() block."
            )
    return None


def _what_moved(
    run: Run, possible: bool, before: dict[str, Decimal], now: dict[str, Decimal]
) -> str:
    giver, taker, amount = run.arguments
    changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    if changed - {giver, taker}:
        return "Other departments have changed as well. Change only these two: filter(name=...)."
    if possible and not changed:
        return f"{giver} has enough, and {taker} is there, but nothing was moved."
    if possible and now[giver] - before[giver] == amount:
        return f"{giver} has got the amount. It should give it to {taker}."
    if possible:
        return (
            f"{giver} had {before[giver]}, now {now[giver]}; {taker} had {before[taker]}, now "
            f"{now[taker]}. Asked was to move {amount}."
        )
    if taker not in before and giver in changed:
        return (
            f"{amount} left {giver}, but there is no {taker} to take it: the money is gone. "
            "Undo the first change when the second one fails."
        )
    if giver not in before and taker in changed:
        return f"{taker} was given {amount}, and there is no {giver}: the money came from nowhere."
    return (
        f"{giver} has only {before[giver]}, which is less than {amount}, and yet budgets have "
        "changed. Nothing may change then."
    )


@transfer.mistake(
    "An error inside atomic() breaks the transaction: no query works until the block ends. "
    "Put the try outside the atomic block."
)
def caught_inside(run: Run) -> bool:
    return failed(run, "TransactionManagementError")


@transfer.mistake(
    "The database refused a budget below 0. Ask whether there is enough, or catch the "
    "IntegrityError outside the atomic block, and return False."
)
def below_zero(run: Run) -> bool:
    return failed(run, "IntegrityError", "budget")


@transfer.mistake(
    "One of the two departments does not exist. Then return False: catch DoesNotExist."
)
def unknown_name(run: Run) -> bool:
    return failed(run, "DoesNotExist")


@transfer.mistake(
    "first() gives None where there is no such department. Ask for that, return False."
)
def none_has_no_budget(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@transfer.right
def by_exceptions(giver: str, taker: str, amount: Decimal) -> object:
    try:
        with transaction.atomic():
            one = Department.objects.select_for_update().get(name=giver)
            two = Department.objects.select_for_update().get(name=taker)
            one.budget -= amount
            two.budget += amount
            one.save(update_fields=["budget"])
            two.save(update_fields=["budget"])
    except (Department.DoesNotExist, IntegrityError):
        return False
    return True


@transfer.right
@transaction.atomic
def asked_first(giver: str, taker: str, amount: Decimal) -> object:
    one = Department.objects.filter(name=giver, budget__gte=amount).first()
    two = Department.objects.filter(name=taker).first()
    if not one or not two:
        return False
    one.budget, two.budget = F("budget") - amount, F("budget") + amount
    one.save()
    two.save()
    return True


@transfer.right
def in_one_statement(giver: str, taker: str, amount: Decimal) -> object:
    able = Q(name=giver, budget__gte=amount)
    if Department.objects.filter(able | Q(name=taker)).count() < 2:
        return 0
    change = Case(When(name=giver, then=Value(-amount)), default=Value(amount))
    return (
        Department.objects.filter(name__in=[giver, taker]).update(budget=F("budget") + change) // 2
    )


@transfer.right
def given_back(giver: str, taker: str, amount: Decimal) -> object:
    found = Department.objects.in_bulk([giver, taker], field_name="name")
    if len(found) < 2 or found[giver].budget < amount:
        return False
    found[giver].budget -= amount
    found[taker].budget += amount
    return bool(Department.objects.bulk_update(found.values(), ["budget"]))


@transfer.wrong("each UPDATE was stored by itself")
def no_transaction(giver: str, taker: str, amount: Decimal) -> object:
    able = Department.objects.filter(name=giver, budget__gte=amount)
    if not able.exists() or not Department.objects.filter(name=taker).exists():
        return False
    able.update(budget=F("budget") - amount)
    Department.objects.filter(name=taker).update(budget=F("budget") + amount)
    return True


@transfer.wrong("each UPDATE was stored by itself")
def two_transactions(giver: str, taker: str, amount: Decimal) -> object:
    able = Department.objects.filter(name=giver, budget__gte=amount)
    if not able.exists() or not Department.objects.filter(name=taker).exists():
        return False
    with transaction.atomic():
        able.update(budget=F("budget") - amount)
    with transaction.atomic():
        Department.objects.filter(name=taker).update(budget=F("budget") + amount)
    return True


@transfer.wrong("there is no Astronomy to take it: the money is gone")
def taken_from_and_lost(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        able = Department.objects.filter(name=giver, budget__gte=amount)
        if not able.update(budget=F("budget") - amount):
            return False
        given = Department.objects.filter(name=taker).update(budget=F("budget") + amount)
        return given == 1


@transfer.wrong("the money came from nowhere")
def made_of_nothing(giver: str, taker: str, amount: Decimal) -> object:
    if Department.objects.filter(name=giver, budget__lt=amount).exists():
        return False
    with transaction.atomic():
        one = Department.objects.filter(name=giver).update(budget=F("budget") - amount)
        two = Department.objects.filter(name=taker).update(budget=F("budget") + amount)
        if one and not two:
            transaction.set_rollback(True)
    return bool(one and two)


@transfer.wrong(caught_inside)
def broken_transaction(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        with suppress(IntegrityError):
            Department.objects.filter(name=giver).update(budget=F("budget") - amount)
        return bool(Department.objects.filter(name=taker).update(budget=F("budget") + amount))


@transfer.wrong(below_zero)
def refused(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        Department.objects.filter(name=giver).update(budget=F("budget") - amount)
        Department.objects.filter(name=taker).update(budget=F("budget") + amount)
    return True


@transfer.wrong(unknown_name)
def one_is_missing(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        one, two = Department.objects.get(name=giver), Department.objects.get(name=taker)
        if one.budget < amount:
            return False
        one.budget -= amount
        two.budget += amount
        one.save()
        two.save()
    return True


@transfer.wrong(none_has_no_budget)
def first_or_none(giver: str, taker: str, amount: Decimal) -> object:
    one: Any = Department.objects.filter(name=giver).first()
    two: Any = Department.objects.filter(name=taker).first()
    if one.budget < amount:
        return False
    one.budget -= amount
    two.budget += amount
    return Department.objects.bulk_update([one, two], ["budget"]) == 2


@transfer.wrong("but nothing was moved")
def not_stored(giver: str, taker: str, amount: Decimal) -> object:
    found = Department.objects.in_bulk([giver, taker], field_name="name")
    if len(found) < 2 or found[giver].budget < amount:
        return False
    found[giver].budget -= amount
    found[taker].budget += amount
    return True


@transfer.wrong("which is less than 150000.01, and yet budgets have changed")
@transaction.atomic
def given_all_the_same(giver: str, taker: str, amount: Decimal) -> object:
    given = Department.objects.filter(name=taker).update(budget=F("budget") + amount)
    able = Department.objects.filter(name=giver, budget__gte=amount)
    return bool(able.update(budget=F("budget") - amount) and given)


@transfer.wrong("each UPDATE was stored by itself")
def caught_too_late(giver: str, taker: str, amount: Decimal) -> object:
    try:
        given = Department.objects.filter(name=taker).update(budget=F("budget") + amount)
        taken = Department.objects.filter(name=giver).update(budget=F("budget") - amount)
    except IntegrityError:
        return False
    return bool(given and taken)


@transfer.wrong("It should give it to Legal")
def wrong_direction(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        Department.objects.filter(name=giver).update(budget=F("budget") + amount)
        Department.objects.filter(name=taker).update(budget=F("budget") - amount)
    return True


@transfer.wrong("Other departments have changed as well")
def everybody_pays(giver: str, taker: str, amount: Decimal) -> object:
    with transaction.atomic():
        Department.objects.exclude(name=taker).update(budget=F("budget") - amount)
        Department.objects.filter(name=taker).update(budget=F("budget") + amount)
    return True


@transfer.wrong("Your function returned nothing (None)")
def silent(giver: str, taker: str, amount: Decimal) -> None:
    with transaction.atomic():
        Department.objects.filter(name=giver).update(budget=F("budget") - amount)
        Department.objects.filter(name=taker).update(budget=F("budget") + amount)
