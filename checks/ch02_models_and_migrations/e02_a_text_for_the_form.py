"""02.2 A text for the form."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

guess = Prediction(
    "02.2",
    "A text for the form",
    minutes=2,
    needs_commit=True,
    hints=[
        "Which part of the column in the table is different afterwards?",
        "A column has a name, a type, perhaps a default. It has no help text.",
        "Think of what sqlmigrate said of help_text in the lesson.",
    ],
    because=(
        "help_text is Python's business: the table stays as it is. The migration is still needed, "
        "because makemigrations compares your models with the migration files."
    ),
    wrong={
        1: "An ALTER TABLE would change the column. Nothing of the column is different.",
        4: "That is the new table on SQLite: make, copy, drop, rename. Here nothing changes.",
        6: "That is the new table on SQLite, with its indexes. Here nothing changes.",
        80: "A migration of the table does not write each row, and here the table stays as it is.",
    },
)
