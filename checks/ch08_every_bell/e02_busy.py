"""08.2 Predict: how often it rings."""

from __future__ import annotations

from checks.ch08_every_bell import LAYERS, calls
from tutor.judge.exercise import Prediction

busy = Prediction(
    "08.2",
    "Predict: how often it rings",
    minutes=4,
    layers=LAYERS,
    hints=[
        "Take the lines one by one: does this line call save() of an employee?",
        "update() and relations do not. update_or_create() gets the object, then saves it.",
        "What happens to the employees of a deleted department: is it save(), or one UPDATE?",
    ],
    because="save() rings once, update_or_create() saves once, and the loop saves three times. "
    "clear() changes rows between, update() goes straight to SQL, and so does SET_NULL "
    "when the department is deleted.",
    wrong={
        3: "Two more lines save an employee: look for one that is called otherwise than save().",
        4: "One line more saves an employee. update_or_create() uses save().",
        6: "One too many. A change of skills, or an update(), saves no employee.",
        7: "update() and clear() ring no post_save of an employee.",
        8: "The three employees of the department get NULL by one UPDATE: SET_NULL rings nothing.",
    },
    fact=calls,
)
