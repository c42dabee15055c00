"""07.4 One of three fails."""

from __future__ import annotations

from tutor.judge.exercise import Prediction

guess = Prediction(
    "07.4",
    "One of three fails",
    minutes=2,
    hints=[
        "Receivers run in the order in which they were connected.",
        "stock was disconnected, and connected again. Where in the order is it now?",
        "The order is mail, invoice, stock. What does send do when invoice fails?",
    ],
    because=(
        "stock went away and came back, so it is the last one: mail, invoice, stock. mail did its "
        "work, invoice failed, and send does not call the receivers after a failure."
    ),
    wrong={
        "stock mail": "stock was connected again, so it is now the last one, behind invoice.",
        "mail stock": "So it would be with send_robust. send stops at the first failure.",
        "stock mail invoice": "invoice raised before it could do anything, and stock is now last.",
        "mail invoice": "invoice raised an exception. It wrote nothing down.",
        "": "What mail did before the failure is done. send takes nothing back.",
    },
    fact=lambda run: run.value,
)
