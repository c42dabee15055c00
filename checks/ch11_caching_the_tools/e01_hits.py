"""11.1 Predict: hit or miss? Timeouts, None, versions."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

hits = Prediction(
    "11.1",
    "Predict: hit or miss?",
    minutes=3,
    layers=("cache",),
    hints=[
        "Go from line to line, and note for each key whether it is there.",
        "Two of the values have the timeout 0, and one a version that is not 1.",
        "add() writes only where nothing is. And a value of None is a value.",
    ],
    because="a is there: add() found something, so it wrote nothing, and its timeout 0 does not "
    "count. b: timeout 0 keeps nothing. c: None is a value, and `in` finds it. d: the timeout "
    "None is for ever. e is there in version 2 only. f: touch() with 0 ends its time.",
    wrong={
        2: "Is it c? None is a value like any other: `in` finds it.",
        4: "One too many: look at e, which has another version, and at f, which is touched with 0.",
        5: "Two too many: look for timeouts of 0, in set() and in touch(), and for the version.",
        6: "Not all of them: timeout 0 keeps nothing, and version 2 is not version 1.",
    },
    fact=lambda run: run.value,
)
