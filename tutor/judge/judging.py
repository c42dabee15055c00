"""From an answer to a verdict: run it on fresh rows, on changed rows, and say what is to be said."""

from __future__ import annotations

import ast
import asyncio
import inspect
import linecache
import textwrap
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync

from glass import source, watch
from glass.sandbox.database import DatabaseProblem
from glass.watching import suspended
from glass.wording import count
from tutor.judge import catalogue, compare, running, sandbox, solutions
from tutor.judge.exercise import Answer, BaseExercise, Exercise, Prediction, Run
from tutor.judge.rows import Rows, rows
from tutor.judge.verdict import Verdict

source.hide(Path(__file__).parents[1])
source.hide(catalogue.CHECKS)

_KINDS: dict[type, str] = {
    bool: "True or False",
    int: "a number",
    str: "a text",
    tuple: "a tuple, as (1, 2)",
    object: "something else",
}
_one_at_a_time = threading.Lock()


class CheckFailed(RuntimeError):
    """The check itself failed, so nothing is said about the answer; str() is for the learner."""

    def __init__(self, task: BaseExercise, error: Exception) -> None:
        frames = list(traceback.walk_tb(error.__traceback__))
        frame, line = frames[-1]
        super().__init__(
            f"The check of {task.id} itself failed. This is no fault of your answer, and nothing "
            "is said about it. Restart the kernel and run the cell again. If it fails again, "
            f"please report this: {type(error).__name__} in "
            f"{Path(frame.f_code.co_filename).name} line {line}: {compare.shown(error)}"
        )


def judge(task: BaseExercise, answer: Answer, guess: Any = None) -> Verdict:
    """Run the answer and return the verdict. Nothing of what it does stays behind.

    Raises CheckFailed when the check, not the answer, is at fault.

    guess  for a prediction: what the learner expects the answer, a given function, to do
    """
    say = partial(Verdict, task.id, task.title)
    if isinstance(task, Prediction):
        if guess is ...:
            return say("not attempted", "Put your guess in place of the three dots, then run it.")
    elif _is_stub(answer):
        return say("not attempted", "Put your code in place of the three dots, then run the cell.")
    with _one_at_a_time:
        try:
            return _Judge(task, answer, guess).verdict()
        except DatabaseProblem:
            raise
        except Exception as error:
            raise CheckFailed(task, error) from error


def _is_stub(answer: Answer) -> bool:
    return _ask(
        answer,
        lambda it: solutions.is_stub(ast.parse(textwrap.dedent(inspect.getsource(it))).body[0]),
        default=False,
    )


class _Judge:
    """One check of one answer."""

    def __init__(self, task: BaseExercise, answer: Answer, guess: Any) -> None:
        self.task = task
        self.answer = answer
        self.guess = guess
        self.file: str = _ask(answer, lambda it: it.__code__.co_filename, default="")
        self.say = partial(Verdict, task.id, task.title)
        self.run = Run()  # the one that is under way
        self.rows: Rows = rows(task.needs_commit)
        self.restore: Callable[[], None] = lambda: None
        self.clock = running.Clock()

    def verdict(self) -> Verdict:
        try:
            # A %%watch around the cell is not to show what the check itself asks for.
            with suspended(), sandbox.isolated() as self.printed:
                self.restore = sandbox.snapshot()
                try:
                    self.clock.restart()
                    verdict: Verdict = running.run(
                        self._verdict, self.file, self.rows.interrupt, self.clock
                    )
                    return verdict
                except running.Stopped as reason:
                    self.run.printed = self.run.printed or self.printed.take()
                    return self._about(self.run, "error", str(reason))
                finally:
                    self.restore()
        finally:
            self.rows.end()

    def _verdict(self) -> Verdict:
        try:
            if isinstance(self.task, Prediction):
                return self._predicted(self.task)
            assert isinstance(self.task, Exercise)
            return self._checked(self.task)
        finally:
            self.rows.end()

    # ----- running

    def _fresh(self, change: Callable[[], None] | None = None) -> None:
        self.restore()
        self.rows.renew()
        sandbox.fresh()
        if change:
            change()

    def _call(self, answer: Answer, arguments: tuple[Any, ...], expected: Any = None) -> Run:
        """Call the answer and evaluate what it returned, with everything watched."""
        run = self.run = Run(arguments, expected=expected)
        run.again = lambda *more: self._call(answer, more)
        # A queryset that the answer returns is evaluated here, outside its own lines.
        last = source.Place(self.file, _last_line(answer), _name(answer), _kind(self.file))
        token = source.awaited.set((last,))
        self.printed.take()
        self.clock.restart()
        with watch(*self.task.layers, show=False) as run.seen:
            try:
                if _ask(answer, inspect.iscoroutinefunction, default=False):
                    value = async_to_sync(_limited)(answer, arguments)
                else:
                    value = answer(*arguments)
                run.value = compare.materialize(value)
            except BaseException as error:  # noqa: BLE001 Whatever it is, the learner is told.
                run.error = error
        self.clock.restart()
        source.awaited.reset(token)
        run.printed = self.printed.take()
        return run

    # ----- exercises

    def _checked(self, task: Exercise) -> Verdict:
        first: Run | None = None
        dearest: Run | None = None
        for change in (None, *task.changes):
            self._fresh(change)
            for number in range(len(list(task.arguments()))):
                if number:
                    self._fresh(change)
                run, sentence = self._one_run(task, number)
                first = first or run
                notes = self._circumstances(run, change)
                if run.error is not None:
                    return self._failed(task, run, notes)
                if sentence:
                    if change and not run.queries and _same(run.value, first.value):
                        sentence = (
                            "Your answer gives today's result, whatever is in the database. "
                            "Ask the database for it."
                        )
                        return self._about(run, "not yet", sentence, notes)
                    return self._not_yet(task, run, sentence, notes)
                if task.queries is not None and run.queries > task.queries:
                    dearest = dearest or run
        assert first is not None
        if dearest is not None:
            asked, enough = count(dearest.queries, "query"), task.queries
            are_enough = f"{enough} {'is' if enough == 1 else 'are'} enough."
            notes = self._circumstances(dearest, None)
            if sentence := self._explanation(task, dearest):
                notes = [f"It took {asked}. {are_enough}", *notes]
                return self._about(dearest, "not yet", sentence, notes)
            sentence = f"The result is right, but it took {asked}. {are_enough}"
            return self._about(dearest, "not yet", sentence, notes)
        return self._correct(task, first)

    def _one_run(self, task: Exercise, number: int) -> tuple[Run, str | None]:
        """Run the answer on one case; what is wrong with the run, if anything is."""
        expected = None
        if task.expected:
            # Read a second time for the answer: objects remember what was fetched through them.
            expected = compare.materialize(task.expected(*list(task.arguments())[number]))
        arguments = list(task.arguments())[number]
        if not _takes(self.answer, arguments):
            run = self.run = Run(arguments)
            return run, self._signature(task)
        run = self._call(self.answer, arguments, expected)
        if run.error is not None:
            return run, None
        try:
            sentence = None
            if task.expected:
                sentence = compare.difference(expected, run.value, task.ordered)
            if sentence is None and task.fault:
                sentence = task.fault(run)
        except BaseException as error:  # noqa: BLE001 A learner's __eq__ may do anything.
            sentence = f"What your function returned cannot be used: {type(error).__name__}."
        return run, sentence

    def _signature(self, task: Exercise) -> str:
        worked = solutions.worked(task.id)
        line = f", as it was: {worked.first_line}" if worked else ""
        return f"The function takes other arguments than asked. Leave its first line{line}"

    def _explanation(self, task: Exercise, run: Run) -> str | None:
        """The sentence of the first mistake that fits."""
        for mistake in task.mistakes:
            with suppress(BaseException):  # It looks at the learner's value, which may call exit().
                if mistake.applies(run):
                    return mistake.sentence
        return None

    def _not_yet(self, task: Exercise, run: Run, sentence: str, notes: list[str]) -> Verdict:
        if explanation := self._explanation(task, run):
            return self._about(run, "not yet", explanation, [sentence, *notes])
        return self._about(run, "not yet", sentence, notes)

    def _failed(self, task: Exercise, run: Run, notes: list[str]) -> Verdict:
        assert run.error is not None
        where, code = self._where(run.error)
        sentence = _explain(run.error, where)
        if explanation := self._explanation(task, run):
            return self._about(run, "error", explanation, [sentence, *notes], code)
        return self._about(run, "error", sentence, notes, code)

    def _correct(self, task: Exercise, run: Run) -> Verdict:
        notes = []
        with suppress(Exception):
            self._fresh()
            arguments = next(iter(task.arguments()))
            worked = self._call(solutions.answer(task.id), arguments)
            if worked.error is None and worked.queries < run.queries:
                needs = f"The worked answer needs {count(worked.queries, 'query')}"
                notes = [f'{needs}, yours {run.queries}. solution("{task.id}") shows it.']
            elif worked.error is None and worked.queries > run.queries:
                needs = count(worked.queries, "query")
                notes = [f"Yours asks less than the worked answer, which needs {needs}."]
        return self._about(run, "correct", "That is right.", notes)

    def _circumstances(self, run: Run, change: Callable[[], None] | None) -> list[str]:
        notes = []
        if run.arguments:
            notes.append(f"Called with {', '.join(map(compare.shown, run.arguments))}.")
        if change:
            words = " ".join((change.__doc__ or change.__name__).split()).rstrip(".")
            notes.append(f"On the rows as they are it is right. Then this was changed: {words}.")
        return notes

    # ----- predictions

    def _predicted(self, task: Prediction) -> Verdict:
        self._fresh()
        run = self._call(self.answer, ())
        if run.error is not None:
            where, code = self._where(run.error)
            return self._about(run, "error", _explain(run.error, where), [], code)
        fact = compare.materialize(task.fact(run))
        if not isinstance(fact, type(self.guess)):
            asked = next(words for kind, words in _KINDS.items() if isinstance(fact, kind))
            sentence = f"Asked is {asked}; your guess is {compare.shown(self.guess)}."
            return self._about(Run(), "not attempted", sentence)
        if compare.difference(fact, self.guess, ordered=True) is None:
            verdict = self._about(run, "correct", f"As you said: {compare.shown(fact)}.")
        else:
            said = f"You said {compare.shown(self.guess)}; it is {compare.shown(fact)}."
            why = [sentence for guess, sentence in task.wrong.items() if guess == self.guess]
            verdict = self._about(run, "not yet", " ".join([said, *why]))
        verdict.notes.append(task.because)
        verdict.done = True
        return verdict

    # ----- words

    def _about(
        self, run: Run, word: Any, sentence: str, notes: list[str] | None = None, code: str = ""
    ) -> Verdict:
        return self.say(
            word,
            sentence,
            notes=notes or [],
            code=code,
            seen=run.seen,
            printed=run.printed,
            done=word == "correct",
        )

    def _where(self, error: BaseException) -> tuple[str, str]:
        """The learner's own line in which it failed, and its text."""
        found = None
        for frame, line in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename == self.file:
                found = source.Place(self.file, line, frame.f_code.co_name, _kind(self.file))
        if found is None:
            return "", ""
        return str(found), linecache.getline(self.file, found.line).strip()


async def _limited(answer: Answer, arguments: tuple[Any, ...]) -> Any:
    # An await that never comes back does not notice that its thread is to end. A little later
    # than the limit itself, which says why.
    async with asyncio.timeout(running.SECONDS + 0.2):
        return await answer(*arguments)


def _explain(error: BaseException, where: str) -> str:
    at = f"{where}: " if where else ""
    if isinstance(error, SystemExit):
        return f"{at}your code ends the program. A function ends with return."
    if isinstance(error, RecursionError):
        return f"{at}RecursionError: a function calls itself and never stops."
    if isinstance(error, MemoryError):
        return f"{at}MemoryError: your code asks for more memory than there is."
    if isinstance(error, sandbox.InputRefused):
        return f"{at}{error}"
    try:
        text = compare.plain(str(error)).strip()
    except BaseException:  # noqa: BLE001 A learner's __str__ may fail; the sentence must not.
        text = ""
    return f"{at}{type(error).__name__}: {text[:600]}" if text else f"{at}{type(error).__name__}"


def _ask[T](answer: Answer, question: Callable[[Any], T], default: T) -> T:
    """What the answer says about itself. It may be any object, so it may raise anything."""
    try:
        return question(answer)
    except Exception:  # noqa: BLE001
        return default


def _takes(answer: Answer, arguments: tuple[Any, ...]) -> bool:
    try:
        inspect.signature(answer).bind(*arguments)
    except TypeError:
        return False
    except Exception:  # noqa: BLE001 Some callables, Python's own among them, do not say it.
        return True
    return True


def _same(value: Any, other: Any) -> bool:
    try:
        return compare.difference(value, other, ordered=False) is None
    except BaseException:  # noqa: BLE001 A learner's __eq__ may do anything.
        return False


def _name(answer: Answer) -> str:
    return _ask(answer, lambda it: str(it.__name__), default="answer")


def _last_line(answer: Answer) -> int:
    """0 where there is no code to have lines."""
    return _ask(answer, lambda it: max(line for *_, line in it.__code__.co_lines() if line), 0)


def _kind(file: str) -> str:
    return "cell" if file.startswith("<") or "ipykernel_" in file else "file"
