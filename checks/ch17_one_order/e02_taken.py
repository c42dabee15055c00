"""17.2 Predict: how often is the money taken? At least once, and still once."""

from __future__ import annotations

from checks.ch17_one_order import REQUESTS
from tutor.judge.exercise import Prediction

taken = Prediction(
    "17.2",
    "Predict: how often is the money taken?",
    minutes=3,
    layers=REQUESTS,
    needs_commit=True,
    hints=[
        '"cut" has taken the money, and the answer got lost. "500" has done nothing.',
        "The step is tried again until it is done. Which key does each try send?",
        "The key is in the row of Payment, written before the first call. It stays the same.",
    ],
    because="Each try sends the same idempotency key, and the partner takes the money once for each "
    "key. The fourth try gets an answer and the step is done; the other two find nothing to do.",
    wrong={
        0: '"cut" cuts the connection after the money was taken.',
        2: "Both times that the connection is cut, the partner has seen the same key.",
        3: "The tries send one key. The partner knows it after the first one.",
        6: "After the fourth try the step is done: the last two calls find nothing to do.",
    },
    fact=lambda run: run.value,
)
