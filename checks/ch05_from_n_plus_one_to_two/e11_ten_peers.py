"""05.11 Predict: how far do peers help? What peers do, and what they do not."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

ten_peers = Prediction(
    "05.11",
    "Predict: how far do peers help?",
    minutes=3,
    hints=[
        "Which of the three lead to one object? FETCH_PEERS reads those once for all ten.",
        "A manager such as employee.skills is no fetch of a field.",
        "The list, the departments and the managers are one query each. And the skills?",
    ],
    because="One query for the list, one for all departments, one for all managers. "
    "employee.skills is a manager, and managers know no peers: ten more. 1 + 1 + 1 + 10.",
    wrong={
        4: "skills.count() is asked for each employee: fetch modes do nothing for managers.",
        31: "FETCH_PEERS reads the departments of all ten at once, and the managers, too.",
        22: "The manager is a foreign key like the department: one query for all ten.",
    },
)
