"""14.3 Predict: four links of a chain: what goes from one task to the next."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from tutor.judge.exercise import Prediction

what_comes_out = Prediction(
    "14.3",
    "Predict: four links of a chain",
    minutes=3,
    hints=[
        "Go from left to right. s() takes the result before as its first argument.",
        "si() takes nothing: its arguments are those that stand there.",
        "1 + 2, then 3 + 10, then 5 + 5, then 10 + 100.",
    ],
    because="3, then 13, then si() takes nothing and makes 10, then 110.",
    wrong={
        123: "That leaves the third task out. It does run, and the fourth gets its result.",
        118: "Only one of the two fives is in it. si(5, 5) adds five and five.",
        113: "That is the sum of the first two and the last one. The third throws 13 away.",
        13: "The chain goes on after the second task.",
        10: "The chain goes on after the third task.",
    },
    fact=lambda run: run.value,
)
