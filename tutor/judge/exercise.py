"""An exercise: what it asks, what right means, and what mistakes say. Those of the course: checks/."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from glass.trace import Trace
from tutor.judge import compare

type Answer = Callable[..., Any]


@dataclass
class Run:
    """One call of the learner's function, and all that it caused.

    arguments  what it was called with
    value      what it returned; a queryset, a generator and the like as a list
    seen       the trace: seen.queries, seen.requests, seen.events
    printed    what it wrote to stdout and stderr
    error      the exception that came out of it, or None
    expected   what `expects` said for the same arguments on the same rows
    again      calls the answer once more, on what it left behind (rows, caches, mail), with
               arguments of its own: run.again(5) returns another Run
    """

    arguments: tuple[Any, ...] = ()
    value: Any = None
    expected: Any = None
    seen: Trace = field(default_factory=lambda: Trace(["sql"]))
    printed: str = ""
    error: BaseException | None = None
    again: Callable[..., Run] = field(default=lambda *arguments: Run(arguments), repr=False)

    @property
    def queries(self) -> int:
        """How many statements it asked for."""
        return len(self.seen.queries)

    @property
    def fetched(self) -> int:
        """How many rows came from the database."""
        return sum(query.rows for query in self.seen.queries)

    @property
    def rows(self) -> list[Any]:
        """The value, a list. Raises TypeError where it is none, so that a mistake about rows
        is not said of an answer that has no rows."""
        if not isinstance(self.value, list):
            raise TypeError(f"The answer returned no list but {type(self.value).__name__}.")
        return self.value

    @property
    def missing(self) -> list[Any]:
        """The rows that are expected and not there; one that is there too seldom as well."""
        return compare.rows_not_in(self.expected, self.rows)

    @property
    def unexpected(self) -> list[Any]:
        """The rows that are there and not expected; one that is there too often as well."""
        return compare.rows_not_in(self.rows, self.expected)

    @property
    def n_plus_1(self) -> set[str]:
        """The relations that were followed by a query for each row: {"Employee.department"}."""
        return {query.cause.relation for query in self.seen.queries if query.cause}


@dataclass
class Mistake:
    """What is said about a wrong answer of one kind. It explains; it never makes an answer wrong."""

    sentence: str
    applies: Callable[[Run], Any]


@dataclass
class Wrong:
    """An answer that must be rejected, and a part of the sentence that it must produce.

    sqlite_only  the sentence is that of SQLite; another database only has to reject the answer
    """

    answer: Answer
    says: str
    sqlite_only: bool = False


class BaseExercise:
    """What exercises and predictions have in common.

    layers        the layers to record (see glass.watch)
    needs_commit  whether transactions are part of the task, or threads that must see the rows, or
                  an error of the database that is caught: on PostgreSQL, too, the answer then gets
                  a database of its own, and no transaction around it (see tutor.judge.rows)
    sqlite_only   whether the task is about SQLite, so that it is not proved on PostgreSQL
    """

    kind = ""

    def __init__(
        self,
        id: str,
        title: str,
        *,
        minutes: int,
        hints: Iterable[str],
        layers: Iterable[str] = ("sql", "http"),
        needs_commit: bool = False,
        sqlite_only: bool = False,
    ) -> None:
        self.id: str = id
        self.title: str = title
        self.minutes: int = minutes
        self.hints = list(hints)
        self.layers = tuple(layers)
        self.needs_commit = needs_commit
        self.sqlite_only = sqlite_only

    @property
    def chapter(self) -> str:
        return self.id.partition(".")[0]

    def __repr__(self) -> str:
        return f"<{self.kind} {self.id} {self.title}>"


class Exercise(BaseExercise):
    """A function to write. What right means is said by `expects`, by `check`, or by both.

    queries  the most statements that one call may ask for; None: as many as it likes
    ordered  whether the order of a returned list is part of the task
    changes  functions that change the fresh rows, so that today's result alone is not enough;
             the docstring of each says in words what it did (see checks.common.changes)
    options  layers, needs_commit, sqlite_only: see BaseExercise
    """

    kind = "exercise"

    def __init__(
        self,
        id: str,
        title: str,
        *,
        minutes: int,
        hints: Iterable[str],
        queries: int | None = None,
        ordered: bool = False,
        changes: Iterable[Callable[[], None]] = (),
        **options: Any,
    ) -> None:
        super().__init__(id, title, minutes=minutes, hints=hints, **options)
        self.queries = queries
        self.ordered = ordered
        self.changes = list(changes)
        self.expected: Answer | None = None
        self.fault: Callable[[Run], str | None] | None = None
        self.arguments: Callable[[], Iterable[tuple[Any, ...]]] = lambda: [()]
        self.mistakes: list[Mistake] = []
        self.right_answers: list[Answer] = []
        self.wrong_answers: list[Wrong] = []

    def expects(self, function: Answer) -> Answer:
        """The right value for the present rows, called with the arguments of the answer."""
        self.expected = function
        return function

    def check(self, function: Callable[[Run], str | None]) -> Callable[[Run], str | None]:
        """A sentence when something else about the run is wrong: rows it left, what it sent."""
        self.fault = function
        return function

    def cases(self, function: Callable[[], Any]) -> Any:
        """The tuples of arguments with which the answer is called, read from the present rows."""
        self.arguments = function
        return function

    def mistake(self, sentence: str) -> Callable[[Callable[[Run], Any]], Mistake]:
        """Say this about a wrong answer whose run fits. The first one that fits is said.

        A predicate that raises does not fit: an answer may return anything.
        """

        def register(applies: Callable[[Run], Any]) -> Mistake:
            mistake = Mistake(sentence, applies)
            self.mistakes.append(mistake)
            return mistake

        return register

    def right(self, answer: Answer) -> Answer:
        """Another right answer, beside the worked one."""
        self.right_answers.append(answer)
        return answer

    def wrong(
        self, says: Mistake | str, *, sqlite_only: bool = False
    ) -> Callable[[Answer], Answer]:
        """A wrong answer, and the mistake, or a part of the sentence, that is said about it.

        sqlite_only  another database fails in its own words: there it only has to be rejected
        """

        def register(answer: Answer) -> Answer:
            sentence = says.sentence if isinstance(says, Mistake) else says
            self.wrong_answers.append(Wrong(answer, sentence, sqlite_only))
            return answer

        return register


class Prediction(BaseExercise):
    """What will this code do? The learner commits to a guess, then the code runs.

    because  why it is so, said after every guess
    wrong    guesses that people make, and what is said about each
    fact     what happened, taken from the run; the number of queries by default
    options  layers, needs_commit, sqlite_only: see BaseExercise
    """

    kind = "prediction"

    def __init__(
        self,
        id: str,
        title: str,
        *,
        minutes: int,
        hints: Iterable[str],
        because: str,
        wrong: dict[Any, str],
        fact: Callable[[Run], Any] = lambda run: run.queries,
        **options: Any,
    ) -> None:
        super().__init__(id, title, minutes=minutes, hints=hints, **options)
        self.because = because
        self.wrong = wrong
        self.fact = fact
