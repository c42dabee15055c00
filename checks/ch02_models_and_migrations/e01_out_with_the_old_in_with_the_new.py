"""02.1 Out with the old, in with the new."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

guess = Prediction(
    "02.1",
    "Out with the old, in with the new",
    minutes=2,
    needs_commit=True,
    hints=[
        "There are two operations. Read them one by one, as the database does.",
        "RemoveField drops the column city, with everything in it.",
        "AddField makes a new column. Which value do the rows get that are there?",
    ],
    because=(
        "RemoveField dropped the column with its values, and AddField made a new one, full of its "
        "default. The database cannot know that you meant a rename: RenameField says so."
    ),
    wrong={
        "Dublin": "That would be RenameField. The two operations know nothing of each other.",
        "city": "The name of the old column is gone, and so are its values.",
        "town": "That is the name of the column. Its value is the default.",
    },
    fact=lambda run: run.value,
)
