"""What a learner types in an exercise notebook: @exercise, @predict, hint, solution."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from glass.sandbox.database import DatabaseProblem
from tutor.desk import progress
from tutor.desk.said import Said, show
from tutor.judge import catalogue, solutions
from tutor.judge.exercise import Answer, Prediction
from tutor.judge.judging import CheckFailed, judge


def exercise(id: str) -> Callable[[Answer], Answer]:
    """Check the function below: @exercise("04.2"). Running the cell is asking.

    The name stays bound to your function. hint("04.2") helps, solution("04.2") shows an answer.
    """
    return _checked(id, None)


def predict(id: str, guess: Any = ...) -> Callable[[Answer], Answer]:
    """Say what the function below will do, then see: @predict("04.1", 12).

    Write your guess in place of the three dots. Any guess counts; the trace explains it.
    """
    return _checked(id, guess)


def _checked(id: str, guess: Any) -> Callable[[Answer], Answer]:
    if callable(id):
        show(Said('The number is missing. Write it in parentheses, as @exercise("04.1").'))
        return id

    def decorate(answer: Answer) -> Answer:
        try:
            task = catalogue.find(id)
        except catalogue.UnknownExercise as problem:
            show(Said(str(problem)))
            return answer
        try:
            verdict = judge(task, answer, guess)
        except (CheckFailed, DatabaseProblem) as problem:
            show(Said(str(problem)))
            return answer
        except KeyboardInterrupt:
            _stop_the_cell("Interrupted. Your answer was stopped and not judged.")
            raise
        progress.record(verdict)
        show(verdict)
        return answer

    return decorate


def _stop_the_cell(sentence: str) -> None:
    """End the cell with this sentence and no traceback, where there is a cell."""
    if "ipykernel" in sys.modules:
        from IPython.core.error import UsageError

        raise UsageError(sentence) from None


def hint(id: str) -> None:
    """Show the next hint of an exercise; each says more than the one before."""
    try:
        task = catalogue.find(id)
    except catalogue.UnknownExercise as problem:
        return show(Said(str(problem)))
    number = progress.count_hint(id, len(task.hints))
    head = f"{id} {task.title}, hint {number} of {len(task.hints)}:"
    lines = [head, task.hints[number - 1]]
    if number == len(task.hints):
        lines.append(f'That was the last one. solution("{id}") shows the worked answer.')
    show(Said(*lines))


def solution(id: str) -> None:
    """Show the worked answer: after you have solved the exercise, or when you ask twice."""
    try:
        task = catalogue.find(id)
    except catalogue.UnknownExercise as problem:
        return show(Said(str(problem)))
    if not progress.may_see_solution(id):
        return show(
            Said(
                f"{id} {task.title}: not solved yet. "
                f'hint("{id}") helps; solution("{id}") once more shows the worked answer.'
            )
        )
    found = solutions.worked(id)
    if found is None:
        return show(Said(f"solutions/ has no worked answer for {id}."))
    what = "The code does this:" if isinstance(task, Prediction) else "The worked answer:"
    show(Said(f"{id} {task.title}. {what}", code=found.body))
