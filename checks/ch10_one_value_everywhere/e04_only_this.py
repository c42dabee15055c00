"""10.4 Predict: only. It hides what the processors gave, too."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

only_this = Prediction(
    "10.4",
    "Predict: only",
    minutes=2,
    hints=[
        "What does the included template see without only? Everything that the page sees.",
        "With only it sees what stands behind with, and nothing else.",
        "user comes from a processor. It belongs to the context of the page, as number 2 does.",
    ],
    because="only gives the included template a context of its own, with number=1 in it. What the "
    "processors and the view gave to the page is not in there, and missing is silent.",
    wrong={
        "[ann|1]": "So it would be without only. user is gone as well, though no view passed it.",
        "[ann|2]": "with number=1 counts for the included template, whatever the page says.",
        "[|2]": "number=1 was handed over by with.",
        "[|]": "What stands between with and only is handed over.",
    },
    fact=lambda run: run.printed.strip(),
)
