"""15.7 Keep the last seven: seven copies."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from datetime import date
from typing import Any

from checks.common import changes
from tutor.judge.exercise import Exercise, Run


class Shelf:
    """A store of names."""

    def __init__(self, *names: str) -> None:
        self.files = list(names)
        self.deleted: list[str] = []

    def names(self) -> list[str]:
        return list(self.files)

    def delete(self, name: str) -> None:
        self.files.remove(name)
        self.deleted.append(name)

    def __repr__(self) -> str:
        return f"<a store with {len(self.files) + len(self.deleted)} files>"


def copies(*days: str) -> list[str]:
    return [f"{day}.sqlite3.gz" for day in days]


MARCH = copies(*(f"2026-03-{day:02}" for day in (5, 2, 9, 1, 4, 8, 3, 7, 6)))
NEW_YEAR = copies(*(f"2026-01-0{day}" for day in range(1, 7)), "2025-12-31", "2025-12-30")


keep_seven = Exercise(
    "15.7",
    "Keep the last seven",
    minutes=5,
    changes=[changes.newcomer],
    hints=[
        "First sort out which files are copies at all. Then: which of them are the newest?",
        "Names that begin with year, month, day sort by themselves. Cut the list from the right.",
        "list[:-7] is all but the last seven, and is empty where there are seven or fewer.",
    ],
)


@keep_seven.cases
def cases() -> object:
    others = ["notes.txt", "2026-03-01.txt", "old.sqlite3.gz", "README"]
    return [
        (Shelf(*MARCH),),
        (Shelf(*NEW_YEAR),),
        (Shelf(*MARCH[:5]),),
        (Shelf(*MARCH[:7]),),
        (Shelf(),),
        (Shelf(*others, *MARCH),),
        (Shelf(*MARCH[:6], *others),),
    ]


def old(names: list[str]) -> list[str]:
    dated = sorted(name for name in names if name in MARCH + NEW_YEAR)
    return dated[:-7]


@keep_seven.expects
def expected(store: Shelf) -> object:
    return old(store.files)


@keep_seven.check
def check(run: Run) -> str | None:
    (store,) = run.arguments
    if sorted(store.deleted) != sorted(run.expected):
        return f"You returned the right names, but deleted {store.deleted or 'nothing'}."
    return None


def gone(run: Run) -> list[str]:
    return list(run.arguments[0].deleted)


@keep_seven.mistake(
    "That is a file of somebody else: its name is no date with .sqlite3.gz behind it."
)
def of_others(run: Run) -> bool:
    return any(name not in MARCH + NEW_YEAR for name in gone(run))


@keep_seven.mistake("Files of others were counted as copies, so a good copy was deleted too early.")
def others_counted(run: Run) -> bool:
    return "notes.txt" in run.arguments[0].files and len(gone(run)) > len(run.expected)


@keep_seven.mistake(
    "There are seven copies or fewer, and you deleted some. A negative number in a slice counts "
    "from the other end."
)
def fewer_than_seven(run: Run) -> bool:
    return run.expected == [] and bool(gone(run))


@keep_seven.mistake("You deleted the newest copies, and kept the oldest.")
def newest_deleted(run: Run) -> bool:
    kept = sorted(filter(is_copy, run.arguments[0].files))
    return min(gone(run)) > kept[0] and max(gone(run)) > kept[-1]


@keep_seven.mistake("store.names() comes in no order. Sort the names first.")
def not_sorted(run: Run) -> bool:
    before = [name for name in MARCH if name in run.arguments[0].files + gone(run)]
    return bool(gone(run)) and gone(run) == before[: len(gone(run))]


@keep_seven.mistake("Seven copies stay. You left one too few, or one too many.")
def not_seven(run: Run) -> bool:
    return abs(len(gone(run)) - len(run.expected)) == 1


def is_copy(name: str) -> bool:
    try:
        date.fromisoformat(name.removesuffix(".sqlite3.gz"))
    except ValueError:
        return False
    return name.endswith(".sqlite3.gz")


@keep_seven.right
def with_a_pattern(store: Any) -> object:
    import re

    dated = sorted(filter(re.compile(r"\d{4}-\d\d-\d\d\.sqlite3\.gz").fullmatch, store.names()))
    surplus = dated[: max(0, len(dated) - 7)]
    for name in surplus:
        store.delete(name)
    return surplus


@keep_seven.right
def newest_first(store: Any) -> object:
    deleted = []
    for name in sorted(filter(is_copy, store.names()), reverse=True)[7:]:
        store.delete(name)
        deleted.append(name)
    return tuple(deleted)


def shortened(store: Any, names: list[str]) -> list[str]:
    for name in names:
        store.delete(name)
    return names


@keep_seven.wrong(of_others)
def all_files(store: Any) -> object:
    return shortened(store, sorted(store.names())[:-7])


@keep_seven.wrong(others_counted)
def by_the_ending(store: Any) -> object:
    ours = [name for name in store.names() if name.endswith(".sqlite3.gz")]
    return shortened(store, sorted(ours)[:-7])


@keep_seven.wrong(others_counted)
def counted_together(store: Any) -> object:
    dated = sorted(filter(is_copy, store.names()))
    return shortened(store, dated[: max(0, len(store.names()) - 7)])


@keep_seven.wrong(fewer_than_seven)
def negative_slice(store: Any) -> object:
    dated = sorted(filter(is_copy, store.names()))
    return shortened(store, dated[: len(dated) - 7])


@keep_seven.wrong(newest_deleted)
def the_other_end(store: Any) -> object:
    return shortened(store, sorted(filter(is_copy, store.names()))[7:])


@keep_seven.wrong(not_sorted)
def as_they_come(store: Any) -> object:
    return shortened(store, list(filter(is_copy, store.names()))[:-7])


@keep_seven.wrong(not_seven)
def keeps_six(store: Any) -> object:
    return shortened(store, sorted(filter(is_copy, store.names()))[:-6])


@keep_seven.wrong("but deleted nothing")
def only_named(store: Any) -> object:
    return sorted(filter(is_copy, store.names()))[:-7]
