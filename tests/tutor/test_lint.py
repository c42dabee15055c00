"""What an exercise must not lack: each rule, provoked."""

from collections.abc import Callable
from typing import Any

import pytest

from tutor.author import lint
from tutor.judge import catalogue, solutions
from tutor.judge.exercise import Prediction

WORKED = solutions.Worked(
    "99.1",
    '@exercise("99.1")\ndef staff():\n    """Count."""\n    ### BEGIN SOLUTION\n'
    "    return Employee.objects.count()\n    ### END SOLUTION\n",
    "staff",
    "Count.",
    "return Employee.objects.count()",
    (),
)


@pytest.fixture
def good(make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An exercise that lacks nothing, with a worked answer."""
    worked = {"99.1": WORKED}
    found = solutions.worked
    monkeypatch.setattr(solutions, "worked", lambda id: worked.get(id) or found(id))
    task = make(
        changes=[lambda: None],
        hints=["Ask the manager.", "It has a method that counts.", "Employee.objects.c..."],
    )
    for name in ("one", "two"):
        task.right(_named(name))
    for name in ("three", "four", "five"):
        task.wrong(f"A long enough sentence, number {name}.")(_named(name))
    task.worked = worked
    return task


def _named(name: str) -> Callable[[], None]:
    def answer() -> None: ...

    answer.__name__ = name
    return answer


def found() -> list[str]:
    return [fault for fault in lint.faults() if "99" in fault]


def test_nothing_is_missing(good: Any) -> None:
    assert found() == []


def test_the_course_lacks_nothing() -> None:
    assert list(lint.faults()) == []


def with_two_hints(task: Any) -> None:
    task.hints = task.hints[:2]


def with_the_same_hint_twice(task: Any) -> None:
    task.hints[1] = task.hints[0]


def without_minutes(task: Any) -> None:
    task.minutes = 0


def without_a_title(task: Any) -> None:
    task.title = " "


def without_a_meaning_of_right(task: Any) -> None:
    task.expected = None


def without_changes(task: Any) -> None:
    task.changes = []


def with_one_right_answer(task: Any) -> None:
    task.right_answers.pop()


def with_two_wrong_answers(task: Any) -> None:
    task.wrong_answers.pop()


def with_two_answers_of_one_name(task: Any) -> None:
    task.right_answers[0].__name__ = "three"


def with_a_short_sentence(task: Any) -> None:
    task.wrong_answers[0].says = "No."


def with_a_mistake_that_nothing_proves(task: Any) -> None:
    task.mistake("Nobody ever makes this mistake.")(lambda run: True)


def with_a_telling_hint(task: Any) -> None:
    task.hints[2] = "Write: return  Employee.objects.count()  # that is all"


def with_a_telling_first_hint(task: Any) -> None:
    task.worked["99.1"] = _worked(body="staff = Employee.objects.all()\nreturn staff.count()")
    task.hints[0] = "Begin with staff = Employee.objects.all()."


def without_a_worked_answer(task: Any) -> None:
    task.worked.clear()


def without_a_docstring(task: Any) -> None:
    task.worked["99.1"] = _worked(task="")


def without_markers(task: Any) -> None:
    task.worked["99.1"] = _worked(body="")


def with_a_stub_that_says_more(task: Any) -> None:
    task.worked["99.1"] = _worked(cell=WORKED.cell.replace("    ###", "    x = 1\n    ###", 1))


def _worked(**changes: str) -> solutions.Worked:
    return solutions.Worked(**vars(WORKED) | changes)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (with_two_hints, "it has 2 hints; three are the least."),
        (with_the_same_hint_twice, "two hints are the same."),
        (without_minutes, "it says no minutes."),
        (without_a_title, "it has no title."),
        (without_a_meaning_of_right, "nothing says what right means: give it expects or check."),
        (without_changes, "it has no changes"),
        (with_one_right_answer, "it has 1 other right answers; two are the least."),
        (with_two_wrong_answers, "it has 2 wrong answers; three are the least."),
        (with_two_answers_of_one_name, "two of its answers are called three."),
        (with_a_short_sentence, "the sentence 'No.' is too short to be told from others."),
        (with_a_mistake_that_nothing_proves, "no wrong answer proves the mistake 'Nobody"),
        (with_a_telling_hint, "hint 3 gives the whole answer away."),
        (with_a_telling_first_hint, "the first hint gives a whole line of the answer away."),
        (without_a_worked_answer, "solutions/ has no worked answer."),
        (without_a_docstring, "its function has no docstring"),
        (without_markers, "no worked answer stands between the markers."),
        (with_a_stub_that_says_more, "its stub is more than a docstring and three dots."),
    ],
)
def test_what_is_missing_is_said(spoil: Any, says: str, good: Any) -> None:
    spoil(good)
    assert any(fault.startswith(f"99.1: {says}") for fault in found()), found()


def test_gaps_in_the_numbers(good: Any, make: Any) -> None:
    task = make()
    del catalogue._loaded[task.id]
    task.id = "99.4"
    catalogue._loaded[task.id] = task
    assert "Chapter 99 has no 99.2, 99.3: the numbers have a gap." in found()


def test_a_prediction_explains(good: Any) -> None:
    hints = ["a", "b", "c"]
    guess = Prediction("99.2", "How many", minutes=1, hints=hints, because=" ", wrong={1: "No."})
    catalogue._loaded[guess.id] = guess
    said = found()
    assert "99.2: it explains 1 wrong guesses; three are the least." in said
    assert "99.2: it does not say because of what it is so." in said
    assert "99.2: the sentence 'No.' is too short to be told from others." in said
