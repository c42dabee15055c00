"""14.2 Predict: a broad except: who catches everything."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from tutor.judge.exercise import Prediction

never_mind = Prediction(
    "14.2",
    "Predict: a broad except",
    minutes=3,
    hints=[
        "How does self.retry() tell Celery that the task wants another attempt?",
        "It raises an exception, Retry. Who catches it here?",
        "The except catches it. So the function returns, as if all were well.",
    ],
    because="apply() begins the next attempt when Retry comes out of the task. The broad except "
    "caught it: one attempt, SUCCESS, and no parcel is booked. On a worker the next message is "
    "sent before Retry is raised: all three attempts are made, and the state is SUCCESS all the "
    "same.",
    wrong={
        ("RETRY", 1): "Retry never came to Celery: the except stands between them.",
        ("FAILURE", 3): "So it would be without the except around retry().",
        (
            "SUCCESS",
            3,
        ): "So it is on a worker. apply() begins the next attempt only when Retry comes out, "
        "and it was caught.",
        ("FAILURE", 1): "A task fails when an error comes out of it. None did.",
    },
    fact=lambda run: run.value,
)
