"""15.2 Predict: nine o'clock in the office: hours are those of a zone."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from tutor.judge.exercise import Prediction

nine_in_kolkata = Prediction(
    "15.2",
    "Predict: nine o'clock in the office",
    minutes=3,
    hints=[
        "The hours of a crontab are those of CELERY_TIMEZONE: here, of the office in Kolkata.",
        "Kolkata is ahead of UTC: when it is nine there, it is earlier in UTC.",
        "The distance is five hours and a half.",
    ],
    because="9:00 is the time on the wall in Kolkata, which is 5:30 ahead of UTC: 9:00 - 5:30.",
    wrong={
        "09:00": "That would be nine in UTC. The office's beat reads its hours in Kolkata's zone.",
        "14:30": "You went the wrong way: when it is nine in Kolkata, UTC is not there yet.",
        "04:00": "The zone of Kolkata is not a whole number of hours away: it is 5:30.",
        "03:00": "The zone of Kolkata is not a whole number of hours away: not 6, but 5:30.",
    },
    fact=lambda run: run.value,
)
