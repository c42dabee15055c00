"""07.5 The receiver that must stay."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal, receiver

from checks.ch07_the_doorbell import NO_FUNCTION, UNHEARD, VANISHED, as_on_a_server, ring, vanished
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

greet = Exercise(
    "07.5",
    "The receiver that must stay",
    minutes=3,
    hints=[
        "What happens to a function that was made inside another function, when that one is over?",
        "connect holds a receiver by a weak reference: it does not keep it alive.",
        "One argument of connect changes this: weak=False.",
    ],
)


@greet.cases
def cases() -> object:
    as_on_a_server()
    return [(Signal(), text) for text in ("Good morning!", "Welcome to Northlight")]


@greet.check
def check(run: Run) -> str | None:
    signal, text = run.arguments
    run.value = None  # Nobody keeps what the answer returned.
    gone = vanished(signal)
    for values in ({}, {"parcels": 2}):
        said, failed = ring(signal, "the postman", **values)
        if failed:
            return failed
        if not said:
            return VANISHED if gone else UNHEARD
        if said != [text]:
            return f"The bell got {compare.shown(said)} as answers; right is {[text]!r}."
    return None


@greet.mistake(NO_FUNCTION)
def not_a_function(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "weak reference" in str(run.error)


@greet.right
def strong_lambda(signal: Any, text: str) -> None:
    signal.connect(lambda **kwargs: text, weak=False)


@greet.right
def decorated(signal: Any, text: str) -> None:
    @receiver(signal, weak=False, dispatch_uid="greeting")
    def greeting(sender: Any, **kwargs: Any) -> str:
        return text


@greet.right
def kept_by_hand(signal: Any, text: str) -> None:
    signal.kept = lambda sender, **kwargs: text
    signal.connect(signal.kept)


@greet.wrong(VANISHED)
def weak_lambda(signal: Any, text: str) -> None:
    signal.connect(lambda sender, **kwargs: text)


@greet.wrong(VANISHED)
def weak_and_decorated(signal: Any, text: str) -> object:
    @receiver(signal)
    def greeting(sender: Any, **kwargs: Any) -> str:
        return text

    return greeting


@greet.wrong("A receiver takes **kwargs")
def only_the_sender(signal: Any, text: str) -> None:
    signal.connect(lambda sender: text, weak=False)


@greet.wrong("A signal hands everything over by name")
def only_by_position(signal: Any, text: str) -> None:
    signal.connect(lambda who, **kwargs: text, weak=False)


@greet.wrong("The bell got [None] as answers")
def printing(signal: Any, text: str) -> None:
    signal.connect(lambda sender, **kwargs: print(text), weak=False)


@greet.wrong(not_a_function)
def only_the_text(signal: Any, text: str) -> None:
    signal.connect(text)


@greet.wrong(NO_FUNCTION)
def what_it_returned(signal: Any, text: str) -> None:
    def greeting(sender: Any, **kwargs: Any) -> str:
        return text

    signal.connect(greeting(None), weak=False)


@greet.wrong(UNHEARD)
def for_one_sender(signal: Any, text: str) -> None:
    signal.connect(lambda sender, **kwargs: text, sender="reception", weak=False)


@greet.wrong(UNHEARD)
def rung_only(signal: Any, text: str) -> None:
    signal.send(sender=text)
