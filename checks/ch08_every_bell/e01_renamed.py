"""08.1 Predict: which bells, in order."""

from __future__ import annotations

from django.db.models.signals import ModelSignal

from checks.ch08_every_bell import LAYERS
from tutor.judge.exercise import Prediction, Run


def names(run: Run) -> tuple[str, ...]:
    """The signals of models that were sent, heard or not."""
    return tuple(send.name for send in run.seen.signals if isinstance(send.signal, ModelSignal))


renamed = Prediction(
    "08.1",
    "Predict: which bells, in order",
    minutes=3,
    layers=(*LAYERS, "unheard"),
    hints=[
        "Go line by line. Which line makes a Python object?",
        "get() makes an object from the row. That rings a pair of signals.",
        "One of the three changes goes straight to SQL.",
    ],
    because="get() makes an object: the pair of init. Setting an attribute rings nothing. save() "
    "rings the pair of save. update() goes straight to SQL.",
    wrong={
        ("pre_save", "post_save"): "get() makes an object, and that rings, too.",
        ("pre_init", "post_init", "pre_save", "post_save", "pre_save", "post_save"): (
            "update() saves no object: it is one SQL statement, and rings nothing."
        ),
        ("pre_save", "post_save", "pre_save", "post_save"): (
            "get() makes an object, and that rings; update() is SQL alone, and does not."
        ),
        ("pre_init", "pre_save", "post_save", "post_init"): (
            "The object is finished before it is saved: post_init comes before pre_save."
        ),
    },
    fact=names,
)
