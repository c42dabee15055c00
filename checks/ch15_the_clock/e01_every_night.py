"""15.1 Predict: every night at three: what is left out is a star."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from tutor.judge.exercise import Prediction

every_night = Prediction(
    "15.1",
    "Predict: every night at three",
    minutes=2,
    hints=[
        "The hour is given. What about the minute?",
        "What is left out of a crontab is a star, and a star means every.",
        "Every minute from 3:00 to 3:59.",
    ],
    because="minute is left out, so it is *: every minute of the hour from 3:00 to 3:59. "
    "crontab(hour=3, minute=0) would be once.",
    wrong={
        1: "Once would be crontab(hour=3, minute=0). The minute that is left out is not 0.",
        3: "3 is the hour of the day, not the number of runs.",
        24: "Once an hour would be crontab(minute=0). Here the hour is given, and no minute.",
        59: "From 3:00 to 3:59 there is one more: both ends count.",
    },
    fact=lambda run: run.value,
)
