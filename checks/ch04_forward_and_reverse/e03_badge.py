"""04.3 Predict: the number and the object.

The number costs nothing, the object costs a query once.
"""

from __future__ import annotations

from tutor.judge.exercise import Prediction

badge = Prediction(
    "04.3",
    "Predict: the number and the object",
    minutes=2,
    hints=[
        "Go line by line: which lines need something that is not there yet?",
        "department_id is a column of the employee's own row.",
        "An object behind a foreign key is read when it is touched, and then kept.",
    ],
    because="get() reads the employee with department_id in the same row. department.pk touches "
    "the object, and so reads the department. department.name finds it there already.",
    wrong={
        1: "get() reads the employee's row only. The department is read when it is touched.",
        3: "Count again: either department_id cost nothing, or the department was kept.",
        4: "Not each line asks. department_id is there already, and the department is kept.",
    },
)
