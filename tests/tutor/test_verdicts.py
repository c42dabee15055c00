"""What the learner is told, for each way in which an answer can be right or wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from company.models import Department, Employee
from django.core.cache import cache

from checks.common import changes
from tutor.desk import notebook as exercise
from tutor.desk import progress
from tutor.judge import catalogue
from tutor.judge.exercise import Exercise, Mistake, Prediction, Run
from tutor.judge.judging import judge
from tutor.judge.verdict import Verdict


@pytest.fixture
def names(make: Any) -> Callable[..., Exercise]:
    """An exercise that asks for rows: (name, title) of each employee."""

    def named(**options: Any) -> Exercise:
        task: Exercise = make(**options)
        task.expects(lambda: list(Employee.objects.values_list("name", "title")))
        return task

    return named


def test_a_stub_is_not_attempted(make: Any) -> None:
    def dots() -> None:
        """Return it."""

    def passes() -> None:
        pass

    def raises() -> None:
        raise NotImplementedError()

    async def later() -> None:
        """Return it."""

    for answer in (dots, passes, raises, later):
        assert judge(make(), answer).word == "not attempted"


def test_any_kind_of_list_is_accepted(names: Any) -> None:
    rows = Employee.objects.values_list("name", "title")
    answers = [
        lambda: rows,
        lambda: list(rows),
        lambda: tuple(rows),
        lambda: (row for row in rows),
        lambda: [list(row) for row in rows],
        lambda: Employee.objects.values_list("name", "title", named=True),
        lambda: list(reversed(rows)),
    ]
    for answer in answers:
        verdict = judge(names(), answer)
        assert verdict.word == "correct", verdict.text()


def test_a_manager_and_objects_are_accepted(make: Any) -> None:
    task = make()
    task.expects(lambda: Employee.objects.all())
    assert judge(task, lambda: Employee.objects).word == "correct"
    assert judge(task, lambda: set(Employee.objects.all())).word == "correct"


async def in_a_coroutine() -> int:
    return await Employee.objects.acount()


async def in_a_coroutine_without_await() -> int:
    return Employee.objects.count()


def test_a_coroutine_is_awaited(make: Any) -> None:
    assert judge(make(), in_a_coroutine).word == "correct"
    verdict = judge(make(), in_a_coroutine_without_await)
    assert verdict.word == "error"
    assert "SynchronousOnlyOperation" in verdict.message


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: None, "Your function returned nothing (None). Does it end with return?"),
        (lambda: Employee.objects.count, "a method that was never called. Put () after its name"),
        (lambda: in_a_coroutine(), "a coroutine that was never awaited"),
        (lambda: 7, "Asked is a list; your function returned one value, 7."),
        (lambda: "Ann", "Asked is a list; your function returned one value, 'Ann'."),
        (lambda: {"Ann": 1}, "Asked is a list; your function returned a dictionary."),
        (lambda: Employee.objects.first(), "your function returned one object of Employee."),
        (lambda: Employee.objects.all(), "yours are objects of Employee."),
        (lambda: Employee.objects.values("name", "title"), "yours are like {'name': "),
        (lambda: Employee.objects.values_list("name"), "Each row should have 2 values, as ("),
        (list, "0 rows in place of 60. Missing: "),
    ],
)
@pytest.mark.filterwarnings("ignore:coroutine 'in_a_coroutine' was never awaited")
def test_values_of_another_kind(answer: Any, says: str, names: Any) -> None:
    verdict = judge(names(), answer)
    assert verdict.word == "not yet"
    assert says in verdict.message


def test_missing_surplus_and_repeated_rows(names: Any) -> None:
    def answer() -> list[Any]:
        rows = list(Employee.objects.order_by("pk").values_list("name", "title"))
        return [*rows[4:], rows[5], ("Nobody", "Ghost")]

    message = judge(names(), answer).message
    assert message.startswith("58 rows in place of 60. Missing: ('")
    assert "and 1 more. Too many: ('Nobody', 'Ghost'). More often than asked: (" in message


def test_order_matters_only_where_it_is_asked_for(names: Any) -> None:
    answer = lambda: Employee.objects.order_by("-name").values_list("name", "title")
    assert judge(names(), answer).word == "correct"
    verdict = judge(names(ordered=True), answer)
    assert verdict.word == "not yet"
    assert verdict.message.startswith("These are the right rows in another order: row 1 is ('")


def test_dictionaries(make: Any) -> None:
    task = make()
    task.expects(lambda: {d.name: list(d.employees.all()) for d in Department.objects.all()})

    def right() -> dict[str, Any]:
        return {d.name: d.employees.order_by("pk") for d in Department.objects.order_by("city")}

    def one_less() -> dict[str, Any]:
        return {d.name: d.employees.all()[1:] for d in Department.objects.all()}

    assert judge(task, right).word == "correct"
    assert judge(task, one_less).message.startswith("Under '")
    assert judge(task, dict).message.startswith("Keys that are missing: '")


def test_a_pair_is_compared_in_its_order(make: Any) -> None:
    task = make()
    task.expects(lambda: (60, 8))
    assert judge(task, lambda: (60, 8)).word == "correct"
    assert (
        judge(task, lambda: (8, 60)).message == "Your function returned (8, 60); right is (60, 8)."
    )


def test_a_written_down_result_is_told_so(make: Any) -> None:
    verdict = judge(make(changes=[changes.newcomer]), lambda: 60)
    assert verdict.word == "not yet"
    assert verdict.message.startswith(
        "Your answer gives today's result, whatever is in the database."
    )
    assert verdict.notes[-1].endswith("Then this was changed: somebody was hired.")


def test_changed_rows_are_named(make: Any) -> None:
    def answer() -> int:
        return Employee.objects.filter(pk__lte=60).count()

    verdict = judge(make(changes=[changes.empty_department, changes.newcomer]), answer)
    assert verdict.message == "Your function returned 60; right is 61."
    assert verdict.notes == [
        "On the rows as they are it is right. Then this was changed: somebody was hired."
    ]


def test_the_limit_of_queries_is_a_maximum(make: Any) -> None:
    def twice() -> int:
        Employee.objects.count()
        return Employee.objects.count()

    assert judge(make(queries=3), twice).word == "correct"
    verdict = judge(make(queries=1), twice)
    assert verdict.word == "not yet"
    assert verdict.message == "The result is right, but it took 2 queries. 1 is enough."


def test_a_mistake_explains_and_never_rejects(make: Any) -> None:
    task = make(queries=1)

    @task.mistake("Never mind.")
    def always(run: Run) -> bool:
        return True

    assert isinstance(always, Mistake)
    assert judge(task, lambda: Employee.objects.count()).word == "correct"
    assert judge(task, lambda: 7).message == "Never mind."
    assert judge(task, lambda: 1 / 0).message == "Never mind."
    assert judge(task, lambda: 1 / 0).word == "error"


def test_a_predicate_that_raises_does_not_fit(make: Any) -> None:
    task = make()
    task.mistake("Not this one.")(lambda run: run.value.no_such_name)
    task.mistake("This one.")(lambda run: run.value == 7)
    assert judge(task, lambda: 7).message == "This one."


def test_a_check_sees_the_rows_that_an_answer_left(make: Any) -> None:
    task = make()

    @task.check
    def no_salary(run: Run) -> str | None:
        return None if not Employee.objects.exclude(salary=1).exists() else "Set every salary to 1."

    def answer() -> int:
        return Employee.objects.update(salary=1)

    assert judge(task, answer).word == "correct"
    assert judge(task, lambda: 60).message == "Set every salary to 1."


def test_a_check_may_call_again(make: Any) -> None:
    """What the first call left is there: its rows, and what it cached."""
    task: Exercise = make()

    @task.check
    def is_kept(run: Run) -> str | None:
        Employee.objects.update(salary=1)
        second = run.again("title")
        if (second.arguments, second.value) != (("title",), run.value):
            return "Called again, it returned something else."
        return "It asked again." if second.queries else None

    def kept(field: str = "pk") -> int:
        return cache.get_or_set("people", Employee.objects.values(field).count)

    assert judge(task, kept).word == "correct"
    assert judge(task, lambda field="pk": Employee.objects.count()).message == "It asked again."


def test_other_arguments_than_asked(make: Any) -> None:
    task = make()
    task.cases(lambda: [(department,) for department in Department.objects.all()[:2]])
    verdict = judge(task, lambda: 60)
    assert verdict.word == "not yet"
    assert verdict.message.startswith("The function takes other arguments than asked.")
    verdict = judge(task, lambda department: 7)
    assert verdict.notes[0].startswith("Called with <Department: ")


def fails() -> None:
    names = Employee.objects.values_list("name", flat=True)
    return names.no_such_thing


def test_an_error_shows_the_learners_own_line(make: Any) -> None:
    verdict = judge(make(), fails)
    assert verdict.word == "error"
    assert verdict.code == "return names.no_such_thing"
    line = fails.__code__.co_firstlineno + 2
    assert verdict.message == (
        f"test_verdicts.py line {line}: AttributeError: "
        "'EmployeeQuerySet' object has no attribute 'no_such_thing'"
    )
    assert "Traceback" not in verdict.text()


def test_a_late_error_is_an_error_too(make: Any) -> None:
    verdict = judge(make(), lambda: Employee.objects.extra(where=["no_such_column"]))
    assert verdict.word == "error"
    assert "no_such_column" in verdict.message


def test_a_queryset_that_is_returned_belongs_to_the_last_line(names: Any) -> None:
    def answer() -> Any:
        return Employee.objects.values_list("name", "title")

    (query,) = judge(names(), answer).seen.queries
    assert query.place == f"test_verdicts.py line {answer.__code__.co_firstlineno + 1}"


def test_the_worked_answer_is_compared() -> None:
    task = catalogue.find("04.1")
    monkeyed = Exercise.__new__(Exercise)
    monkeyed.__dict__ = task.__dict__ | {"queries": 2}
    worse = next(w.answer for w in task.wrong_answers if w.answer.__name__ == "peers")
    verdict = judge(monkeyed, worse)
    assert verdict.word == "correct"
    assert verdict.notes == ['The worked answer needs 1 query, yours 2. solution("04.1") shows it.']


def test_a_verdict_is_the_same_twice(names: Any) -> None:
    task = names()
    answer = lambda: Employee.objects.all()
    assert judge(task, answer).text() == judge(task, answer).text()


def test_the_word_is_in_words_and_all_is_escaped() -> None:
    verdict = Verdict("<b>", "<i>", "not yet", "<u>", ["<s>"], "<code>", None, "<script>")
    assert "Not yet" in verdict.html()
    for hostile in ("<b>&", "<i>", "<u>", "<s>", "<code>", "<script>"):
        assert hostile not in verdict.html()
    for hostile in ("&lt;i&gt;", "&lt;u&gt;", "&lt;s&gt;", "&lt;code&gt;", "&lt;script&gt;"):
        assert hostile in verdict.html()


# ----- predictions


@pytest.fixture
def prediction(make: Any) -> Prediction:
    make()  # which keeps the numbers of this test apart
    return Prediction(
        "99.7",
        "How many?",
        minutes=1,
        hints=["One", "Two", "Three"],
        because="There are two statements.",
        wrong={1: "The second call asks again.", 60: "Rows are not queries.", 0: "It asks."},
    )


def twice() -> None:
    Employee.objects.count()
    Employee.objects.count()


def test_a_guess(prediction: Prediction) -> None:
    assert judge(prediction, twice, ...).word == "not attempted"
    right = judge(prediction, twice, 2)
    assert (right.word, right.message, right.done) == ("correct", "As you said: 2.", True)
    wrong = judge(prediction, twice, 1)
    assert wrong.word == "not yet"
    assert wrong.message == "You said 1; it is 2. The second call asks again."
    assert wrong.notes == ["There are two statements."]
    assert wrong.done
    other = judge(prediction, twice, 17)
    assert (other.message, other.done) == ("You said 17; it is 2.", True)


def test_a_guess_of_another_kind_is_no_guess(prediction: Prediction) -> None:
    verdict = judge(prediction, twice, "two")
    assert (verdict.word, verdict.done) == ("not attempted", False)
    assert verdict.message == "Asked is a number; your guess is 'two'."


# ----- the words of a notebook


def test_the_name_stays_the_learners_function(capsys: pytest.CaptureFixture[str]) -> None:
    @exercise.exercise("04.1")
    def roster() -> int:
        return 7

    assert roster() == 7
    assert "04.1 Who works where: Not yet" in capsys.readouterr().out


def test_an_unknown_number_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    exercise.exercise("04.99")(twice)
    exercise.hint("4")
    exercise.solution("nothing")
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("There is no exercise '04.99'. Near it: 04.1")
    assert said[1].startswith("There is no exercise '4'. Near it: 04.1")
    assert said[2].startswith("There is no exercise 'nothing'. Near it: ")


def test_a_missing_number_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    @exercise.exercise
    def staff() -> int:
        return 7

    assert staff() == 7
    assert capsys.readouterr().out.startswith("The number is missing. Write it in parentheses")


def test_hints_and_the_solution(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_in_memory", None)
    for number in (1, 2, 3, 3):
        exercise.hint("04.1")
        said = capsys.readouterr().out
        assert said.startswith(f"04.1 Who works where, hint {number} of 3:\n")
        assert ("That was the last one" in said) == (number == 3)
    exercise.solution("04.1")
    assert "not solved yet" in capsys.readouterr().out
    exercise.solution("04.1")
    said = capsys.readouterr().out
    assert said.startswith("04.1 Who works where. The worked answer:\n    staff = Employee.objects")
    assert "SOLUTION" not in said


def test_the_solution_after_a_pass(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_in_memory", None)
    task = catalogue.find("04.1")
    assert isinstance(task, Exercise)
    exercise.exercise("04.1")(task.right_answers[0])
    capsys.readouterr()
    exercise.solution("04.1")
    assert "The worked answer:" in capsys.readouterr().out


def test_a_mistake_about_rows_is_not_said_of_a_value_without_rows(names: Any) -> None:
    task = names()
    task.mistake("All of your rows are wrong.")(lambda run: all(row is None for row in run.rows))
    assert judge(task, lambda: [None]).message == "All of your rows are wrong."
    assert judge(task, lambda: None).message.startswith("Your function returned nothing")
    assert judge(task, lambda: 1 / 0).message.endswith("ZeroDivisionError: division by zero")
