"""06.2 Predict: two counts: two JOINs multiply."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

counts = Prediction(
    "06.2",
    "Predict: two counts",
    minutes=3,
    hints=[
        "Both relations lead to the many side: two JOINs.",
        "Two JOINs make every pair: each order beside each review. How many pairs are there?",
        "Each Count counts the pairs. And then the two are added.",
    ],
    because="4 orders beside 3 reviews are 12 pairs. Both counts count the pairs: 12 + 12. "
    "With distinct=True in each, it would be 4 + 3.",
    wrong={
        7: "That is what was meant. But two JOINs make every pair of an order and a review.",
        12: "12 is the number of pairs. Each of the two counts says so, and they are added.",
        14: "It is not the sum that is doubled: each count is multiplied by the other.",
    },
    fact=lambda run: run.value,
)
