"""17.1 Predict: how many messages? What one order sends."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

messages = Prediction(
    "17.1",
    "Predict: how many messages?",
    minutes=3,
    layers=("tasks",),
    needs_commit=True,
    hints=[
        "A message is sent after the commit. Which of the three orders are committed?",
        "10,000 pots are refused: nothing is written. The third order is rolled back.",
        "So one order is left. The reminder is due in three days. Is a message sent for it now?",
    ],
    because="Only the first order is committed, and a message goes out for each of its four steps "
    "of today. The reminder is a row with a time: the sweep sends its message in three days.",
    wrong={
        0: "The first order is committed: its steps go out.",
        5: "The reminder waits in its row. No message waits three days in a broker.",
        8: "The third order is rolled back, and on_commit() forgets what was registered in it.",
        12: "One order is refused, one is rolled back. What waits for the commit is not sent.",
    },
    fact=lambda run: len(run.seen.tasks),
)
