"""12.2 Predict: whose page?"""

from __future__ import annotations

from checks.ch12_caching_pages import WEB
from tutor.judge.exercise import Prediction

whose_page = Prediction(
    "12.2",
    "Predict: whose page?",
    minutes=3,
    layers=WEB,
    hints=[
        "Decorators are read from the view upwards: the response passes the lowest one first.",
        "What does cache_page know, when it stores the page? Only what was written before it.",
        "In `careful`, Vary: Cookie is there when the page is stored. In `careless` it is not.",
    ],
    because="In `careless` cache_page stands nearest to the view: it stores the page before "
    "vary_on_cookie writes its header, so there is one page for everybody, ann's. In `careful` "
    "the header is there, so each cookie has a page: ben gets his own.",
    wrong={
        ("ben", "ben", "nobody"): "vary_on_cookie above cache_page comes too late: ann's page is "
        "stored for everybody.",
        ("ann", "ann", "ann"): "In `careful` the header is written before the page is stored: ben "
        "has another cookie, so he gets another page.",
        ("ben", "ann", "nobody"): "It is the other way round: read the decorators from the view "
        "upwards.",
        ("ann", "ben", "nobody"): "In `careless` there is one page for everybody. A visitor "
        "without a login is somebody, too.",
    },
    fact=lambda run: run.value,
)
