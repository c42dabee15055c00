"""01.5 What does the template print?"""

from __future__ import annotations

from tutor.judge.exercise import Prediction

guess = Prediction(
    "01.5",
    "What does the template print?",
    minutes=1,
    hints=[
        "Compare the names in the dictionary with those in the template, letter by letter.",
        "The template asks for is_payed. There is no such key.",
        "What is missing is silent. Is nothing true or false?",
    ],
    because=(
        "The template asks for is_payed, and the order has is_paid. A missing variable is no "
        "error: it prints nothing, and in an {% if %} it counts as false. So the page is wrong, "
        "and nobody is told."
    ),
    wrong={
        "paid": "So it would be if the name were spelt right: is_paid.",
        "": "{% if %} always prints one of its parts, and there is an {% else %}.",
        "KeyError": "Python would raise KeyError. A template does not.",
    },
    fact=lambda run: run.printed.strip(),
)
