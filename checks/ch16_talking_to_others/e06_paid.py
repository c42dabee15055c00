"""16.6 Predict: how often is it paid? Idempotency keys."""

from __future__ import annotations

from checks.ch16_talking_to_others import REQUESTS
from tutor.judge.exercise import Prediction

paid = Prediction(
    "16.6",
    "Predict: how often is it paid?",
    minutes=3,
    layers=REQUESTS,
    hints=[
        (
            "Count for each order by itself. How many tries does it take, and what does each leave in "
            "the books?"
        ),
        "A's key is the same at each try. 500 does nothing, so B is paid by its second try alone.",
        (
            "C is cut two times, and each time the money was taken. The key of its next try is a new "
            "one."
        ),
    ],
    because="A is paid once: its second try has the same key, and gets the first answer again. B "
    "is paid once: 500 did nothing. C is paid three times: a key that is made anew for each try "
    "protects nothing. Make it once, and store it before the first call.",
    wrong={
        3: "A key for each order would make it 3. But C's key is another one at each try.",
        6: "500 does nothing: B's first try is not in the books.",
        7: "A's second try has the key of the first, and changes nothing; 500 does nothing.",
    },
    fact=lambda run: run.value,
)
