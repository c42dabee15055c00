"""03.6 Predict: a key written by hand: INSERT or UPDATE."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

by_hand = Prediction(
    "03.6",
    "Predict: a key written by hand",
    minutes=2,
    hints=[
        "What does save() do when the object has a primary key?",
        "It tries an UPDATE. What if the UPDATE finds no row?",
        "update_fields allows an UPDATE only, and now the row is there.",
    ],
    because="The object has a primary key, so the first save() tries an UPDATE. It finds 0 rows, "
    "so an INSERT follows. The second save() is one UPDATE of one column.",
    wrong={
        1: "Both save() calls ask: an object in Python is not a row yet.",
        2: "The first save() needs two statements: the UPDATE that finds no row, then the INSERT.",
        4: "The second save() finds the row, and update_fields allows an UPDATE only: one statement.",
    },
)
