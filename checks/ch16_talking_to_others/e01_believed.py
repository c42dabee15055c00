"""16.1 Predict: who is believed? A signature, and its time."""

from __future__ import annotations

from checks.ch16_talking_to_others import REQUESTS
from tutor.judge.exercise import Prediction

believed = Prediction(
    "16.1",
    "Predict: who is believed?",
    minutes=3,
    layers=REQUESTS,
    hints=[
        (
            "The signature is made over the id, the time and the bytes of the body. Which of the six "
            "messages differ in one of them from what was signed?"
        ),
        "json.dumps() writes a blank after each colon.",
        "The last message is the second one again. What does the webhook answer to a duplicate?",
    ],
    because="The first has no signature. The third has other bytes, the fourth another id. The "
    "signature of the fifth is right, but it is a day old. The second is believed, and so is the "
    "sixth: it is a duplicate, and a duplicate is answered 202 as well, or the partner would send "
    "it again and again. Its work is not done twice.",
    wrong={
        0: "The view is csrf_exempt: it needs no token, only a signature.",
        1: "A duplicate is believed, too: the partner must hear 202, or it goes on sending.",
        3: "One of them looks right and is not: other bytes, another id, or an old time.",
        6: "The view is csrf_exempt, but it looks at the signature.",
    },
    fact=lambda run: run.value,
)
