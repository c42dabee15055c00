"""10.2 Predict: how often does it run? Once for each render that gets a request."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

how_often = Prediction(
    "10.2",
    "Predict: how often does it run?",
    minutes=2,
    hints=[
        "A processor runs when a page is rendered, not when a request comes in.",
        "An included template belongs to the page: it is the same render, and the same context.",
        "A Context knows no processors. Only a RequestContext runs them.",
    ],
    because="There are three renders: page, page, line. The includes are part of the first two. The "
    "second one has a Context, which knows no processors. So it runs two times.",
    wrong={
        1: "That is once for the request. But two renders got the request.",
        3: "Three renders, but one of them has a Context, without a request.",
        4: "Three includes are no three renders: they share the context of the page.",
    },
    fact=lambda run: int(run.printed),
)
