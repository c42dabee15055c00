"""Chapter 08, every built-in signal: what its exercises share.

Most answers get a day: a function that saves, deletes and so on. They connect their receivers,
then call it. So what the receivers do belongs to the run, and is shown with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from company.models import Employee, Skill
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from checks.common import rows
from glass.layers.signals import ReceiverCall
from tutor.judge.exercise import Exercise, Run

LAYERS = ("sql", "signals")

#: Arguments that only some signals of models carry.
CARRIED = ("created", "raw", "update_fields", "origin", "action", "reverse", "pk_set", "model")


class DayIsOver(RuntimeError):
    """A day was called again."""


class Day:
    """Some work, to be done while receivers are connected; its docstring says what it is.

    expected  what is right on this day, or a function that reads it from the fresh rows
    """

    def __init__(self, work: Callable[[], Any], expected: Any) -> None:
        self.work = work
        self.expected = expected
        self.begun = False

    def __call__(self) -> Any:
        if self.begun:
            raise DayIsOver("day() was called a second time.")
        self.begun = True
        return self.work()

    def __repr__(self) -> str:
        return f"the day on which {self.work.__doc__}"


def of_days(task: Exercise, days: dict[Callable[[], Any], Any]) -> None:
    """What all exercises share that get a day: each day, what is right then, and usual mistakes."""

    @task.cases
    def cases() -> object:
        return [(Day(work, expected),) for work, expected in days.items()]

    @task.expects
    def expected(day: Day) -> object:
        return day.expected() if callable(day.expected) else day.expected

    @task.mistake("day was never called. Connect the receiver, then call day().")
    def never_called(run: Run) -> bool:
        return run.error is None and not run.arguments[0].begun

    @task.wrong(never_called)
    def only_connected(day: Day) -> None:
        post_save.connect(print, sender=Skill, dispatch_uid="never")

    @task.wrong(never_called)
    def day_without_brackets(day: Day) -> object:
        return day

    @task.mistake("Call day() once. Keep what it returns in a variable if you need it later.")
    def called_again(run: Run) -> bool:
        return isinstance(run.error, DayIsOver)

    @task.wrong(called_again)
    def day_twice(day: Day) -> object:
        day()
        return day()

    @task.mistake(
        "A receiver gets signal, sender and more by name, and tomorrow perhaps another one. "
        "End its arguments with **kwargs."
    )
    def no_kwargs(run: Run) -> bool:
        text = str(run.error)
        return "must accept keyword arguments" in text or "unexpected keyword argument" in text

    @task.wrong(no_kwargs)
    def receiver_without_kwargs(day: Day) -> object:
        def heard(sender: Any, instance: Any) -> None: ...

        for signal in (pre_save, post_save, post_delete, m2m_changed):
            signal.connect(heard)
        return day()

    @task.mistake(
        "Your receiver takes an argument that this signal does not carry. Look at the lesson: "
        "created is only in post_save, action and pk_set only in m2m_changed."
    )
    def not_carried(run: Run) -> bool:
        text = str(run.error)
        return "missing" in text and any(f"'{name}'" in text for name in CARRIED)

    @task.wrong(not_carried)
    def receiver_of_another_signal(day: Day) -> object:
        def heard(sender: Any, origin: Any, **kwargs: Any) -> None: ...

        for signal in (pre_save, post_save, m2m_changed):
            signal.connect(heard)
        return day()

    @task.mistake(
        "Two receivers of the same name heard the same signal. Does yours stand outside your "
        "function, and was the cell run before? Then the older one still listens: put the "
        "receiver inside the function."
    )
    def older_one_listens(run: Run) -> bool:
        heard: dict[tuple[int, str], set[int]] = {}
        for call in run.seen.events:
            if isinstance(call, ReceiverCall):
                key = id(call.parent), call.name
                heard.setdefault(key, set()).add(call.number)
        return any(len(functions) > 1 for functions in heard.values())

    @task.wrong(older_one_listens)
    def two_of_one_name(day: Day) -> object:
        receivers = []
        for _ in range(2):

            def heard(sender: Any, **kwargs: Any) -> None: ...

            receivers.append(heard)
            for signal in (pre_save, post_save, post_delete, m2m_changed):
                signal.connect(heard)
        return day()


def hire(name: str, **values: Any) -> Employee:
    email = f"{name.lower().replace(' ', '.')}@northlight.example"
    return rows.employee(**{"name": name, "email": email} | values)


def calls(run: Run) -> int:
    return sum(isinstance(event, ReceiverCall) for event in run.seen.events)
