"""13.1 Predict: how many messages? What sends one, and what does not."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

from tutor.judge.exercise import Prediction

how_many_messages = Prediction(
    "13.1",
    "Predict: how many messages?",
    minutes=3,
    hints=[
        "Go through the lines one by one: does this one send something?",
        "A call is a function call. apply() runs the task here. s() only writes a call down.",
        "delay() and apply_async() send. A countdown changes when it runs, not when it is sent.",
    ],
    because="delay(), apply_async() and the delay() of the signature send one message each. A "
    "call and apply() run here. The one with the countdown is sent at once: it is the worker "
    "that waits.",
    wrong={
        1: "delay() is not the only one that sends: apply_async() does, and a signature has a "
        "delay(), too.",
        2: "Three lines send. Did you leave out the one with the countdown, or the signature's?",
        4: "apply() runs the task here, without a message, also when there is a broker.",
        5: "count_primes(100) is a function call, and apply() runs here. Neither sends.",
    },
    fact=lambda run: run.value,
)
