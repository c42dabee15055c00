"""05.1 Predict: one step too short: select_related stops one step short."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

who_does_what = Prediction(
    "05.1",
    "Predict: one step too short",
    minutes=3,
    hints=[
        "Write down each dot that leads to another table: there are three.",
        "Which of the three does select_related know?",
        "The list is one query. The department and the project are asked for each of six rows.",
    ],
    because="select_related names the employee only. The employee's department and the project "
    "were not joined, so each of the six rows asks for both: 1 + 6 + 6.",
    wrong={
        1: "select_related joins what it names, and nothing else: here the employee.",
        7: "One relation is still missing in your count: both department and project are asked.",
        19: "The employee comes with the list: it costs no query.",
    },
)
