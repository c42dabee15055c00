"""07.1 Connected four times."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

guess = Prediction(
    "07.1",
    "Connected four times",
    minutes=2,
    hints=[
        "The dispatcher keeps each registration under a key. The same key is not added again.",
        "The key is made of the receiver, or the dispatch_uid where one is given, and the sender.",
        "Count the different keys: which of the four calls have the same one?",
    ],
    because=(
        "There are two keys. Without a dispatch_uid the function itself is the key, and its second "
        "connect adds nothing. With one, the name is the key: another registration, added once."
    ),
    wrong={
        1: "It is one function, but it is registered under two keys: itself, and its name.",
        3: "connect(ring) a second time has the same key as the first. It adds nothing.",
        4: "Connecting once more with the same key adds nothing.",
        0: "The function is still there when the bell rings: the name ring keeps it.",
    },
    fact=lambda run: run.value,
)
