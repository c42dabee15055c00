"""Print the course as half days or days with breaks, for somebody who teaches it.

course plan                              all lessons with their exercises, in half days
course plan --days                       the same, in days
course plan --lessons 03-06 --minutes 90 these four in an hour and a half, and what to cut for it
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tutor.paths import ROOT

HALF_DAY = 180  # minutes, breaks included
BREAK = 15
LUNCH = 60
SITTING = 75  # nobody sits longer without a break


class CannotPlan(ValueError):
    """What was asked for cannot be planned; str() says why."""


@dataclass(frozen=True)
class Part:
    """What is taught in one go: a section of a lesson, or an exercise.

    lesson    its number, and `name` its title
    optional  whether the lesson does without it
    """

    lesson: str
    title: str
    minutes: int
    name: str = ""
    exercise: bool = False
    optional: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lessons", metavar="03-06", help="from and to, or 03,05; default: all")
    parser.add_argument("--minutes", type=int, help="all that there is: one session")
    parser.add_argument("--days", action="store_true", help="whole days with a lunch")


def run(args: argparse.Namespace) -> int:
    try:
        parts = chosen(args.lessons)
        if args.minutes is None:
            print("\n".join(calendar(parts, args.days)))
        else:
            print("\n".join(one_session(parts, args.minutes)))
    except CannotPlan as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def chosen(lessons: str | None, course: Path = ROOT) -> list[Part]:
    """The parts of these lessons, each lesson's exercises after its sections. Raises CannotPlan."""
    there = {path.name[:2]: path for path in sorted((course / "notebooks").glob("*.ipynb"))}
    numbers = list(there) if lessons is None else list(_numbers(lessons))
    for number in numbers:
        if number not in there:
            known = f"{min(there)} to {max(there)}" if there else "none"
            raise CannotPlan(f"There is no lesson {number}. The lessons are {known}.")
    practice: dict[str, list[Part]] = {}
    for exercise in _exercises():
        practice.setdefault(exercise.lesson, []).append(exercise)
    return [
        part for number in numbers for part in [*sections(there[number]), *practice.get(number, [])]
    ]


def _numbers(text: str) -> Iterator[str]:
    for piece in text.split(","):
        match = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", piece.strip())
        if not match:
            raise CannotPlan(f"{text!r} names no lessons. Write them as 03-06, or as 03,05.")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise CannotPlan(f"{piece.strip()} runs backwards. Write {last:02}-{first:02}.")
        yield from (f"{number:02}" for number in range(first, last + 1))


def sections(path: Path) -> list[Part]:
    """What a lesson's cells say of themselves: metadata `minutes`, and `optional` where it is so."""
    notebook = json.loads(path.read_text("utf-8"))
    first = "".join(notebook["cells"][0]["source"]).partition("\n")[0]
    name = first.rpartition(" · ")[2].lstrip("# ")
    parts = []
    for cell in notebook["cells"]:
        if minutes := cell["metadata"].get("minutes"):
            heading = re.search(r"^#+ (.+)$", "".join(cell["source"]), re.MULTILINE)
            title = heading[1] if heading else path.stem
            optional = bool(cell["metadata"].get("optional"))
            parts.append(Part(path.name[:2], title, minutes, name, optional=optional))
    return parts


def _exercises() -> Iterator[Part]:
    import glass
    from tutor.judge import catalogue

    glass.setup(ROOT)
    for task in catalogue.everything():
        yield Part(task.id[:2], f"{task.id} {task.title}", task.minutes, exercise=True)


def with_breaks(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts, with a break wherever people would sit too long."""
    sat = 0
    for part in parts:
        if sat and sat + part.minutes > SITTING:
            yield Part("", "break", BREAK)
            sat = 0
        yield part
        sat += part.minutes


def calendar(parts: list[Part], days: bool) -> Iterator[str]:
    """The lines of a plan in half days, or in days."""
    halves: list[list[Part]] = [[]]
    for part in parts:
        if halves[-1] and length([*halves[-1], part]) > HALF_DAY:
            halves.append([])
        halves[-1].append(part)
    for number, half in enumerate(halves):
        day, afternoon = divmod(number, 2)
        if not days:
            yield f"Half day {number + 1}: {spoken(length(half))}"
        elif afternoon:
            yield f"         lunch, {LUNCH} minutes"
        else:
            both = length(half) + sum(
                length(other) + LUNCH for other in halves[number + 1 : number + 2]
            )
            yield f"Day {day + 1}: {spoken(both)}"
        yield from table(half)
        if not days or afternoon:
            yield ""
    lessons = sum(part.minutes for part in parts if not part.exercise)
    practice = sum(part.minutes for part in parts if part.exercise)
    yield f"Lessons {spoken(lessons)}, exercises {spoken(practice)}; breaks come on top."


def one_session(parts: list[Part], minutes: int) -> Iterator[str]:
    """The lines of one session, and what was cut so that it fits."""
    kept, cut = fitted(parts, minutes)
    if not kept:
        raise CannotPlan(f"Nothing fits into {minutes} minutes. The first part needs more.")
    yield f"{spoken(length(kept))} of {spoken(minutes)}"
    yield from table(kept)
    if home := [part for part in cut if part.exercise]:
        yield ""
        yield f"Exercises for at home, {spoken(sum(part.minutes for part in home))}:"
        for _, group in groupby(home, key=lambda part: part.lesson):
            some = list(group)
            yield f"  {_from_to(some)} ({sum(part.minutes for part in some)})"
    if left := [part for part in cut if not part.exercise]:
        yield ""
        yield "Leave out, and say that it is there to be read:"
        yield from (f"  {part.lesson}: {part.title} ({part.minutes})" for part in left)
    if any(not part.optional for part in left):
        yield ""
        yield "The lessons do not fit: later ones build on what is left out. Better take fewer."


def fitted(parts: list[Part], minutes: int) -> tuple[list[Part], list[Part]]:
    """(what fits, what is cut): first exercises, the last of each lesson before its others; then
    optional sections; then, from the end, sections that later lessons build on."""
    exercises = [part for part in parts if part.exercise]
    first_to_go = sorted(
        exercises, key=lambda part: -[p for p in exercises if p.lesson == part.lesson].index(part)
    )
    optional = [part for part in reversed(parts) if part.optional]
    needed = [part for part in reversed(parts) if not part.exercise and not part.optional]
    kept = list(parts)
    for part in [*first_to_go, *optional, *needed]:
        if length(kept) <= minutes:
            break
        kept.remove(part)
    return kept, [part for part in parts if part not in kept]


def length(parts: list[Part]) -> int:
    """Minutes, breaks included."""
    return sum(part.minutes for part in with_breaks(parts))


def table(parts: list[Part]) -> Iterator[str]:
    """A line for each lesson's sections, exercises and breaks, with the time since the beginning."""
    now = 0
    for (lesson, exercise), group in groupby(
        with_breaks(parts), key=lambda part: (part.lesson, part.exercise)
    ):
        some = list(group)
        minutes = sum(part.minutes for part in some)
        if exercise:
            what = f"   exercises {_from_to(some)}"
        elif lesson:
            what = f"{lesson} {some[0].name}, sections {_from_to(some)}"
        else:
            what = some[0].title
        yield f"  {now // 60}:{now % 60:02}  {what:<68} {minutes:>3}"
        now += minutes


def _from_to(parts: list[Part]) -> str:
    """ "04.1 to 04.7", "1 to 10", "3" """
    ends = [part.title.partition(" ")[0].rstrip(".") for part in (parts[0], parts[-1])]
    return " to ".join(dict.fromkeys(ends))


def spoken(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours)
    return " ".join(parts)
