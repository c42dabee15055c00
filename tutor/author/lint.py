"""Say what the exercises lack: hints, answers that prove them, minutes, numbers in order."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator

import glass
from tutor.author import build
from tutor.judge import catalogue, solutions
from tutor.paths import ROOT

_SHORTEST = 15  # characters of a sentence, or of a line of code, that tell it from others


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments."""


def run(args: argparse.Namespace) -> int:
    glass.setup(ROOT)
    found = list(faults())
    print("\n".join(found) or "The exercises lack nothing.")
    return 1 if found else 0


def faults() -> Iterator[str]:
    """A sentence for each thing that is missing or wrong."""
    tasks = list(catalogue.everything())
    for task in tasks:
        for fault in [*_of(task), *_of_the_notebook(task.id, task.hints), *_to_do(task.id)]:
            yield f"{task.id}: {fault}"
    yield from _gaps([task.id for task in tasks])
    try:
        yield from build.stale()
    except build.BadMarkers as problem:
        yield str(problem)


def _of(task: object) -> Iterator[str]:
    from tutor.judge.exercise import BaseExercise, Exercise, Prediction

    assert isinstance(task, BaseExercise)
    if not task.title.strip():
        yield "it has no title."
    if task.minutes < 1:
        yield "it says no minutes."
    if len(task.hints) < 3:
        yield f"it has {len(task.hints)} hints; three are the least."
    if len(set(task.hints)) < len(task.hints):
        yield "two hints are the same."
    if isinstance(task, Exercise):
        if not (task.expected or task.fault):
            yield "nothing says what right means: give it expects or check."
        if task.expected and not task.changes:
            yield "it has no changes, so an answer that wrote down today's result would pass."
        if len(task.right_answers) < 2:
            yield f"it has {len(task.right_answers)} other right answers; two are the least."
        if len(task.wrong_answers) < 3:
            yield f"it has {len(task.wrong_answers)} wrong answers; three are the least."
        said = [wrong.says for wrong in task.wrong_answers]
        names = [answer.__name__ for answer in task.right_answers]
        names += [wrong.answer.__name__ for wrong in task.wrong_answers]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"two of its answers are called {name}."
        explained = set(said)
        for mistake in task.mistakes:
            if mistake.sentence not in explained:
                yield f"no wrong answer proves the mistake {mistake.sentence!r}."
    if isinstance(task, Prediction):
        if len(task.wrong) < 3:
            yield f"it explains {len(task.wrong)} wrong guesses; three are the least."
        if not task.because.strip():
            yield "it does not say because of what it is so."
        said = list(task.wrong.values())
    for sentence in said:
        if len(sentence) < _SHORTEST:
            yield f"the sentence {sentence!r} is too short to be told from others."


def _of_the_notebook(id: str, hints: list[str]) -> Iterator[str]:
    worked = solutions.worked(id)
    if worked is None:
        yield "solutions/ has no worked answer."
        return
    if not worked.task:
        yield "its function has no docstring, so nobody learns what is asked."
    if not worked.body:
        yield "no worked answer stands between the markers."
    stub = build.cut(worked.cell)
    for node, call in solutions.calls(ast.parse(stub)):
        cut_guess = len(call.args) > 1 and ast.unparse(call.args[1]) == "..."
        if not cut_guess and not solutions.is_stub(node):
            yield "its stub is more than a docstring and three dots."
    whole = _code(worked.body)
    for number, hint in enumerate(hints, start=1):
        if len(whole) >= _SHORTEST and whole in _code(hint):
            yield f"hint {number} gives the whole answer away."
        elif number == 1 and any(line in _code(hint) for line in _lines(worked.body)):
            yield "the first hint gives a whole line of the answer away."


def _to_do(id: str) -> Iterator[str]:
    """What `course exercise new` has left for its author to write."""
    worked = solutions.worked(id)
    path = catalogue.files(catalogue.CHECKS).get(id)
    if path and (line := _line_to_do(path.read_text("utf8"))):
        yield f"{path.parent.name}/{path.name} line {line} still says TODO."
    if worked and _line_to_do(worked.cell):
        yield "its cell in solutions/ still says TODO."


def _line_to_do(text: str) -> int | None:
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, start=1) if "TODO" in line), None)


def _code(text: str) -> str:
    """The text without blanks, comments and `return`: what two spellings of it share."""
    lines = [line.partition("#")[0] for line in text.splitlines()]
    return "".join("".join(lines).replace("return ", "").split())


def _lines(body: str) -> list[str]:
    return [code for line in body.splitlines() if len(code := _code(line)) >= _SHORTEST]


def _gaps(ids: list[str]) -> Iterator[str]:
    chapters: dict[str, list[int]] = {}
    for id in ids:
        chapter, _, number = id.partition(".")
        chapters.setdefault(chapter, []).append(int(number))
    for chapter, numbers in chapters.items():
        if missing := sorted(set(range(1, max(numbers) + 1)) - set(numbers)):
            names = ", ".join(f"{chapter}.{number}" for number in missing)
            yield f"Chapter {chapter} has no {names}: the numbers have a gap."
