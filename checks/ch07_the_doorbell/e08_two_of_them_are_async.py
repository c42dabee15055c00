"""07.8 Two of them are async."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

guess = Prediction(
    "07.8",
    "Two of them are async",
    minutes=2,
    hints=[
        "Sync and async receivers do not take turns. Which of them run first?",
        "All sync receivers come first, whatever the order in which they were connected.",
        "The async ones run at the same time. Which of the two waits for a shorter time?",
    ],
    because=(
        "The sync receiver comes first, whatever the order of connect. Then both async receivers "
        "run at the same time, and the one that waits for less is ready first."
    ),
    wrong={
        "mail stock invoice": "That is the order of connect. Sync receivers run before async ones.",
        "stock mail invoice": "The async receivers do not wait for each other: they run together.",
        "invoice mail stock": "Sync receivers run first, and async ones after them.",
    },
    fact=lambda run: run.value,
)
