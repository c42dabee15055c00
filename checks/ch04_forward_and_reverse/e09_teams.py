"""04.9 Predict: half a cure: one relation is joined, the other is not."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

teams = Prediction(
    "04.9",
    "Predict: half a cure",
    minutes=3,
    hints=[
        "Two relations are touched: department, and members.",
        "select_related joins the department to each project. So that one costs nothing more.",
        "project.members is a manager. What does its count() do, for each of the 20 projects?",
    ],
    because="One query reads the projects with their departments. Then project.members.count() "
    "asks once for each of the 20 projects: 1 + 20.",
    wrong={
        1: "select_related brought the department. The members are many: nobody fetched them.",
        2: "Two would be right if something fetched the members of all projects at once.",
        20: "Nearly: one for each project. But the projects themselves are a query, too.",
        41: "Without select_related it would be 41. It brings the departments with the projects.",
    },
)
