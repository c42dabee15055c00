"""01.4 How many queries?"""

from __future__ import annotations

from tutor.judge.exercise import Prediction

guess = Prediction(
    "01.4",
    "How many queries?",
    minutes=2,
    hints=[
        "Product.objects.all() makes a queryset. Does that ask the database?",
        "The database is asked when somebody reads the rows. Who reads rows here?",
        "The template reads one of the two querysets, once.",
    ],
    because=(
        "A queryset is a question that is not asked yet. The template reads the departments, so "
        "they are asked for, all at once. Nobody reads the products: they cost nothing."
    ),
    wrong={
        0: "A template that reads a queryset asks the database, like any other code.",
        2: "Making a queryset asks nothing. Nobody reads the products.",
        8: "One query brings all eight departments.",
        9: "One query brings all eight departments, and nobody reads the products.",
    },
)
