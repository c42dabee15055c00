"""16.4 The latest news win: events that overtake each other."""

from __future__ import annotations

from django.db import transaction
from partners.models import Parcel
from shop.models import Order

from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def first_order() -> Order:
    return Order.objects.earliest("pk")


def parcels(*sequences: int) -> None:
    """NL-1, NL-2, ...: each has heard so many news."""
    for number, sequence in enumerate(sequences, start=1):
        status = ["announced", "announced", "on_its_way", "delivered"][sequence]
        Parcel.objects.update_or_create(
            number=f"NL-{number}",
            defaults={"order": first_order(), "sequence": sequence, "status": status},
        )


def heard_before() -> None:
    """some of the news were heard yesterday"""
    parcels(2, 3, 1)


hear = Exercise(
    "16.4",
    "The latest news win",
    minutes=6,
    queries=5,
    changes=[heard_before],
    hints=[
        "Look and write in one statement: then nothing can come in between, and it is one query.",
        "filter() can ask for the number and for a lower sequence at once: sequence__lt.",
        (
            "Parcel.objects.filter(number=number, sequence__lt=sequence).update(...) returns how many "
            "rows it changed: 1 or 0."
        ),
    ],
)


@hear.cases
def cases() -> object:
    if not Parcel.objects.exists():
        parcels(0, 0, 0)
    first, second, third = "announced", "on_its_way", "delivered"
    return [
        ([("NL-1", 1, first), ("NL-1", 2, second), ("NL-1", 3, third), ("NL-2", 1, first)],),
        ([("NL-1", 3, third), ("NL-1", 1, first), ("NL-1", 2, second), ("NL-3", 2, second)],),
        ([("NL-1", 2, second)] * 2 + [("NL-2", 2, second), ("NL-2", 1, first)],),
        ([("NL-9", 1, first), ("NL-3", 3, third), ("NL-3", 3, third)],),
        ([],),
    ]


def states() -> dict[str, tuple[int, str]]:
    rows = Parcel.objects.values_list("number", "sequence", "status")
    return {number: (sequence, status) for number, sequence, status in rows}


#: The parcels as they are, and as they are to be: number -> (sequence, status).
BEFORE: dict[str, tuple[int, str]] = {}
AFTERWARDS: dict[str, tuple[int, str]] = {}


@hear.expects
def expected(news: list[tuple[str, int, str]]) -> object:
    for found in (BEFORE, AFTERWARDS):
        found.clear()
        found.update(states())
    effects = 0
    for number, sequence, status in news:
        if number in AFTERWARDS and AFTERWARDS[number][0] < sequence:
            AFTERWARDS[number] = sequence, status
            effects += 1
    return effects


@hear.check
def check(run: Run) -> str | None:
    for number, (sequence, status) in states().items():
        if number not in AFTERWARDS:
            return f"There is a new parcel {number}. Leave out the numbers that we do not know."
        if (sequence, status) != AFTERWARDS[number]:
            right = AFTERWARDS[number]
            return (
                f"Parcel {number} is {status!r} with sequence {sequence} now. It should be "
                f"{right[1]!r} with sequence {right[0]}."
            )
    return None


@hear.mistake("A number that we do not know raised an error. Such news are left out.")
def unknown_number(run: Run) -> bool:
    return failed(run, "DoesNotExist") or failed(run, "KeyError")


@hear.mistake(
    "Your code looks first and writes then: two queries for each of the news, and between the two "
    "other news may come in. Let one UPDATE do both: ask for the lower sequence in its filter()."
)
def looked_then_wrote(run: Run) -> bool:
    return run.queries > 5


@hear.mistake("Return how many of the news had an effect, a number.")
def no_number_returned(run: Run) -> bool:
    return run.error is None and type(run.value) is not int


@hear.mistake("The parcel must keep the sequence as well, or the next old news will win.")
def sequence_forgotten(run: Run) -> bool:
    now = states()
    return any(now[n][0] == BEFORE[n][0] != AFTERWARDS[n][0] for n in AFTERWARDS)


@hear.mistake(
    "You count too many. Duplicates and older news have no effect: their sequence is not higher "
    "than the parcel's."
)
def counted_all(run: Run) -> bool:
    return run.value > run.expected


@hear.mistake("You count too few: news that have an effect are missing.")
def counted_few(run: Run) -> bool:
    return run.value < run.expected


@hear.right
def read_once(news: list[tuple[str, int, str]]) -> object:
    known = {parcel.number: parcel for parcel in Parcel.objects.all()}
    effects = 0
    for number, sequence, status in news:
        parcel = known.get(number)
        if parcel and sequence > parcel.sequence:
            parcel.sequence, parcel.status = sequence, status
            effects += 1
    Parcel.objects.bulk_update(known.values(), ["sequence", "status"])
    return effects


@hear.right
def excluded(news: list[tuple[str, int, str]]) -> object:
    with transaction.atomic():
        return sum(
            Parcel.objects.filter(number=number)
            .exclude(sequence__gte=sequence)
            .update(sequence=sequence, status=status)
            for number, sequence, status in news
        )


@hear.wrong(looked_then_wrote)
def looked(news: list[tuple[str, int, str]]) -> object:
    effects = 0
    for number, sequence, status in news:
        parcel = Parcel.objects.filter(number=number).first()
        if parcel and parcel.sequence < sequence:
            parcel.sequence, parcel.status = sequence, status
            parcel.save()
            effects += 1
    return effects


@hear.wrong(unknown_number)
def by_number(news: list[tuple[str, int, str]]) -> object:
    known = {parcel.number: parcel for parcel in Parcel.objects.all()}
    effects = 0
    for number, sequence, status in news:
        if known[number].sequence < sequence:
            known[number].sequence, known[number].status = sequence, status
            effects += 1
    Parcel.objects.bulk_update(known.values(), ["sequence", "status"])
    return effects


@hear.wrong(counted_all)
def last_wins(news: list[tuple[str, int, str]]) -> object:
    return sum(
        Parcel.objects.filter(number=number).update(sequence=sequence, status=status)
        for number, sequence, status in news
    )


@hear.wrong(counted_all)
def equal_too(news: list[tuple[str, int, str]]) -> object:
    return sum(
        Parcel.objects.filter(number=number, sequence__lte=sequence).update(
            sequence=sequence, status=status
        )
        for number, sequence, status in news
    )


@hear.wrong(sequence_forgotten)
def status_alone(news: list[tuple[str, int, str]]) -> object:
    return sum(
        Parcel.objects.filter(number=number, sequence__lt=sequence).update(status=status)
        for number, sequence, status in news
    )


@hear.wrong(no_number_returned)
def nothing_returned(news: list[tuple[str, int, str]]) -> None:
    for number, sequence, status in news:
        Parcel.objects.filter(number=number, sequence__lt=sequence).update(
            sequence=sequence, status=status
        )


@hear.wrong(counted_few)
def highest_only(news: list[tuple[str, int, str]]) -> object:
    highest = {}
    for number, sequence, status in news:
        highest[number] = max(highest.get(number, (0, "")), (sequence, status))
    return sum(
        Parcel.objects.filter(number=number, sequence__lt=sequence).update(
            sequence=sequence, status=status
        )
        for number, (sequence, status) in highest.items()
    )


@hear.wrong("There is a new parcel NL-9")
def made_new(news: list[tuple[str, int, str]]) -> object:
    known = {parcel.number: parcel for parcel in Parcel.objects.all()}
    effects = 0
    new = {number for number, _, _ in news} - known.keys()
    order = first_order() if new else None
    for number, sequence, status in news:
        if number in new:
            Parcel.objects.create(number=number, order=order)
            new.remove(number)
        elif known[number].sequence < sequence:
            known[number].sequence, known[number].status = sequence, status
            effects += 1
    Parcel.objects.bulk_update(known.values(), ["sequence", "status"])
    return effects
