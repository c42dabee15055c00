"""12.1 Predict: hit or miss?"""

from __future__ import annotations

from checks.ch12_caching_pages import WEB
from tutor.judge.exercise import Prediction

hit_or_miss = Prediction(
    "12.1",
    "Predict: hit or miss?",
    minutes=3,
    layers=WEB,
    hints=[
        "Go through the requests one by one. Which of them have the same address as one before?",
        "Another browser is no other page: the user is not in the key. HEAD is served from GET.",
        "?day=1 is another address. And a POST is never cached: the view runs for it.",
    ],
    because="The first GET is a miss. Its address is then in the cache, for every browser and for "
    "HEAD as well. ?day=1 is another address, so a miss. POST always runs the view, and what "
    "is in the cache stays there: the last GET is a hit.",
    wrong={
        1: "?day=1 is another address for the cache, and a POST is never answered by it.",
        2: "One is missing: a POST is never answered by the cache, and ?day=1 is another page.",
        4: "One too many. Does a POST empty the cache? And is HEAD a page of its own?",
        5: "Two too many: another browser, HEAD, and the GET after the POST are all hits.",
        7: "That is every request. cache_page answers those whose address it has.",
    },
    fact=lambda run: run.value,
)
