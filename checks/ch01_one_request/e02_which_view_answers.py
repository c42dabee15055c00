"""01.2 Which view answers?"""

from __future__ import annotations

from tutor.judge.exercise import Prediction

guess = Prediction(
    "01.2",
    "Which view answers?",
    minutes=2,
    hints=[
        "Django tries the patterns from top to bottom.",
        "It takes the first that fits, not the one that fits best.",
        "Is 2026 a text without a slash?",
    ],
    because=(
        "Django tries the patterns from top to bottom, and takes the first that fits. To "
        "<str:name>, 2026 is a text like any other. A special pattern stands before a general one."
    ),
    wrong={
        "latest_report": "reports/latest/ fits only the word latest.",
        "report_of_year": "<int:year> fits better, but Django never gets there.",
        "404": "Two of the three patterns fit, so there is an answer.",
    },
    fact=lambda run: run.value,
)
