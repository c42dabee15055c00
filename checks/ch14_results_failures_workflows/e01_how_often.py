"""14.1 Predict: three retries. How many attempts?"""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from tutor.judge.exercise import Prediction

how_often = Prediction(
    "14.1",
    "Predict: three retries",
    minutes=2,
    hints=[
        "What does a retry come after?",
        "There is a first attempt, before any retry.",
        "One attempt, and max_retries more.",
    ],
    because="max_retries counts what comes after the first attempt: 1 + 3.",
    wrong={
        1: "CourierBusy stands in autoretry_for: the task is not left alone after one failure.",
        3: "max_retries=3 are three more, after the first attempt.",
        0: "apply() runs the task here and now.",
    },
    fact=lambda run: run.value,
)
