"""11.6 Predict: which budget? A stale object is saved."""

from __future__ import annotations

from checks.ch11_caching_the_tools import LAYERS
from tutor.judge.exercise import Prediction

last_budget = Prediction(
    "11.6",
    "Predict: which budget?",
    minutes=3,
    layers=LAYERS,
    hints=[
        "What does cache.get() give: the object that was put in, or a new one?",
        "Nothing writes into the cache but the one set(). What is in it after the two updates?",
        "save() without update_fields writes every field of the object.",
    ],
    because="In the cache is the picture of the day when the budget was 500. Each get() makes a "
    "new object of it, so the 700 was never in the cache. The second object has the budget 500 "
    "too, and save() writes all its fields: the 900 is lost, and no error was raised. "
    'save(update_fields=["city"]) would have written the city alone.',
    wrong={
        900: "That is what the database had before save(). save() wrote the budget as well.",
        700: "The 700 was put on a copy that nobody kept: each get() makes a new object.",
        150_000: "The first update made it 500, before anything went into the cache.",
    },
    fact=lambda run: run.value,
)
