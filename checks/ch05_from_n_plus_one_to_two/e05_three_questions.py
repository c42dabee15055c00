"""05.5 Predict: three questions to a prefetch: which questions a prefetch answers."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

three_questions = Prediction(
    "05.5",
    "Predict: three questions to a prefetch",
    minutes=3,
    hints=[
        "The list and its prefetch are two queries, however many orders there are.",
        "A question that the same list can answer, as it is, costs nothing.",
        "first() needs an order. Without an ordering Django orders by the primary key.",
    ],
    because="count() and all() are answered by the prefetched lines. first() wants the lines in "
    "the order of the primary key: another question, for each of five orders. 2 + 5.",
    wrong={
        2: "first() asks again: OrderLine has no ordering, so it orders by the primary key.",
        6: "The prefetch itself is the second query.",
        12: "After a prefetch, count() counts the prefetched rows. Only first() asks again.",
        17: "all() and count() are answered by the prefetched rows. Only first() asks again.",
    },
)
