"""03.1 Predict: when does it ask? Querysets are lazy, and remember."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

callers = Prediction(
    "03.1",
    "Predict: when does it ask?",
    minutes=2,
    hints=[
        "Go line by line: which lines need rows, and which only build a question?",
        "filter() asks nothing. len() and a loop need rows.",
        "The rows of a queryset are kept in it. Another queryset has rows of its own.",
    ],
    because="len(irish) reads the rows, and the loop finds them in the result cache. "
    "from_cork is another queryset: it asks for itself when len() needs its rows.",
    wrong={
        0: "Building a queryset asks nothing, but len() needs the rows.",
        1: "from_cork is a queryset of its own, with an empty cache: it asks as well.",
        3: "The loop does not ask again: len() has filled the cache of irish.",
        5: "Not each line asks. filter() only builds a question, and irish keeps its rows.",
    },
)
