"""Every exercise: its stub, its worked answer, the other right answers, and each wrong one."""

import pytest
from django.conf import settings
from pytest import Subtests

from tutor.author import build
from tutor.judge import solutions
from tutor.judge.catalogue import everything
from tutor.judge.exercise import Exercise, Prediction
from tutor.judge.judging import judge

TASKS = list(everything())
EXERCISES = [task for task in TASKS if isinstance(task, Exercise)]
PREDICTIONS = [task for task in TASKS if isinstance(task, Prediction)]


def on_sqlite() -> bool:
    return "sqlite" in settings.DATABASES["default"]["ENGINE"]


@pytest.fixture(autouse=True)
def _only_where_it_is_about(task: Exercise | Prediction) -> None:
    if task.sqlite_only and not on_sqlite():
        pytest.skip("This exercise is about SQLite.")


@pytest.mark.parametrize("task", EXERCISES, ids=lambda task: task.id)
def test_exercise(task: Exercise, subtests: Subtests) -> None:
    worked = solutions.worked(task.id)
    assert worked is not None
    with subtests.test("stub"):
        stub = solutions.function(worked, build.cut(worked.cell))
        assert judge(task, stub).word == "not attempted"
    with subtests.test("worked answer"):
        verdict = judge(task, solutions.answer(task.id))
        assert verdict.word == "correct", verdict.text()
    for answer in task.right_answers:
        with subtests.test("right", answer=answer.__name__):
            verdict = judge(task, answer)
            assert verdict.word == "correct", verdict.text()
    for wrong in task.wrong_answers:
        with subtests.test("wrong", answer=wrong.answer.__name__):
            verdict = judge(task, wrong.answer)
            assert verdict.word in ("not yet", "error")
            if on_sqlite() or not wrong.sqlite_only:
                assert wrong.says in verdict.message, verdict.text()


@pytest.mark.parametrize("task", PREDICTIONS, ids=lambda task: task.id)
def test_prediction(task: Prediction, subtests: Subtests) -> None:
    worked = solutions.worked(task.id)
    assert worked is not None
    function = solutions.function(worked, worked.cell)
    with subtests.test("stub"):
        assert judge(task, function, ...).word == "not attempted"
    with subtests.test("right guess"):
        verdict = judge(task, function, worked.guess)
        assert verdict.word == "correct", verdict.text()
        assert verdict.done
    for guess, sentence in task.wrong.items():
        with subtests.test("wrong guess", guess=guess):
            verdict = judge(task, function, guess)
            assert verdict.word == "not yet"
            assert sentence in verdict.message
            assert verdict.done
