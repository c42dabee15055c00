"""06.7 Predict: where the filter stands: a filter after annotate."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

position = Prediction(
    "06.7",
    "Predict: where the filter stands",
    minutes=3,
    hints=[
        "The filter stands after annotate, so it does not choose what is counted.",
        "But it joins the employees a second time: each of the twelve beside each who fits.",
        "Count counts the pairs.",
    ],
    because="The filter after annotate joins the employees again: 12 people beside 3 well-paid "
    "ones are 36 pairs. The filter before annotate would give 3.",
    wrong={
        3: "So it would be with the filter before annotate. Here it stands after it.",
        12: "The filter does not only choose departments: its JOIN multiplies what is counted.",
        15: "The two JOINs are not added. They multiply.",
    },
    fact=lambda run: run.value,
)
