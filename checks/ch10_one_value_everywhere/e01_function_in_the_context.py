"""10.1 Predict: a function in the context: a callable is called each time."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

function_in_the_context = Prediction(
    "10.1",
    "Predict: a function in the context",
    minutes=2,
    hints=[
        "A template calls what it finds, if it is a function.",
        "How often does the name n stand in the text?",
        "count() asks the database each time. Nothing remembers the answer.",
    ],
    because="The name n stands in the template three times, and each time the template calls "
    "count, which asks the database. The {% if %} counts, and so does pluralize.",
    wrong={
        0: "It would be 0 if the template did not use n. Here it does.",
        1: "So it would be with a function that remembers, or with a number: unread.count().",
        2: "pluralize wants the number as well: that is the third time.",
    },
)
