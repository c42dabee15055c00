"""07.11 Started two times."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

from checks.ch07_the_doorbell import UNHEARD, VANISHED, as_on_a_server, ring, vanished
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

RINGS = ["postman", "neighbour", "postman"]


make_ready = Exercise(
    "07.11",
    "Started two times",
    minutes=4,
    hints=[
        "Each call of ready() makes a new function object. So its key is another one, too.",
        "dispatch_uid gives the registration a name. The second one of this name is not added.",
        "The receiver is made inside a function: the signal has to keep it alive.",
    ],
)


@make_ready.cases
def cases() -> object:
    as_on_a_server()
    return [(Signal(), [])]


@make_ready.check
def check(run: Run) -> str | None:
    signal, log = run.arguments
    ready = run.value
    if not callable(ready):
        return (
            f"Asked is a function; your function returned {compare.shown(ready)}. "
            "Return ready, without (): the check calls it."
        )
    ring(signal, "too early")
    if log:
        return "Your receiver was connected before ready() was called. Connect inside ready."
    try:
        ready()
        ready()
    except Exception as error:  # noqa: BLE001 The answer's own function may do anything.
        return f"ready() raised {type(error).__name__}: {error}"
    gone = vanished(signal)
    for times, sender in enumerate(RINGS, start=1):
        _, failed = ring(signal, sender)
        if failed:
            return failed
        if not log:
            return VANISHED if gone else UNHEARD
        if len(log) == 2 * times:
            return (
                "ready() ran two times, and now each ring is written down two times. Each "
                "ready() makes a new function with a new key. A dispatch_uid is a key that stays."
            )
    if log != RINGS:
        return f"Three rings: {', '.join(RINGS)}. The log is {compare.shown(log)}."
    return None


@make_ready.right
def made_outside(signal: Any, log: Any) -> object:
    def write_down(sender: Any, **kwargs: Any) -> None:
        log.append(sender)

    def ready() -> None:
        signal.connect(write_down)

    return ready


@make_ready.right
def disconnected_first(signal: Any, log: Any) -> object:
    def ready() -> None:
        signal.disconnect(dispatch_uid="log")
        signal.connect(lambda sender, **kw: log.append(sender), weak=False, dispatch_uid="log")

    return ready


@make_ready.wrong("Each ready() makes a new function with a new key")
def without_a_name(signal: Any, log: Any) -> object:
    return lambda: signal.connect(lambda sender, **kw: log.append(sender), weak=False)


@make_ready.wrong("Each ready() makes a new function with a new key")
def name_of_the_moment(signal: Any, log: Any) -> object:
    def ready() -> None:
        def write_down(sender: Any, **kwargs: Any) -> None:
            log.append(sender)

        signal.connect(write_down, weak=False, dispatch_uid=write_down)

    return ready


@make_ready.wrong(VANISHED)
def weak_with_a_name(signal: Any, log: Any) -> object:
    return lambda: signal.connect(lambda sender, **kw: log.append(sender), dispatch_uid="log")


@make_ready.wrong("Return ready, without (): the check calls it")
def called_by_itself(signal: Any, log: Any) -> object:
    return signal.connect(lambda sender, **kw: log.append(sender), weak=False, dispatch_uid="log")


@make_ready.wrong("Your receiver was connected before ready() was called")
def connected_outside(signal: Any, log: Any) -> object:
    signal.connect(lambda sender, **kw: log.append(sender), weak=False, dispatch_uid="log")
    return lambda: None


@make_ready.wrong("The log is ['postman', 'neighbour'].")
def each_sender_once(signal: Any, log: Any) -> object:
    def ready() -> None:
        def write_down(sender: Any, **kwargs: Any) -> None:
            if sender not in log:
                log.append(sender)

        signal.connect(write_down, weak=False)

    return ready


@make_ready.wrong("Three rings: postman, neighbour, postman. The log is [1, 1, 1].")
def counted(signal: Any, log: Any) -> object:
    return lambda: signal.connect(
        lambda sender, **kwargs: log.append(1), weak=False, dispatch_uid="log"
    )
