"""13.6 Predict: two transactions: messages and transactions."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

from tutor.judge.exercise import Prediction

two_transactions = Prediction(
    "13.6",
    "Predict: two transactions",
    minutes=3,
    needs_commit=True,
    hints=[
        "When does delay() send: at once, or at the end? And delay_on_commit()?",
        "At the commit, number 2 has been in the queue for a while.",
        "A rollback takes back rows. What was sent is sent; what waited for the commit is not.",
    ],
    because="delay() sends at once: 2 before the commit, and 4 although everything else was "
    "rolled back. delay_on_commit(1) waits for the commit, so it comes after 2. 3 is never sent.",
    wrong={
        (1, 2): "The rollback cannot take back a message: 4 was sent. And 1 had to wait for the "
        "commit, while 2 did not.",
        (2, 1): "The rollback cannot take back what was sent at once: 4 is in the queue.",
        (1, 2, 4): "delay_on_commit(1) is written first, but it sends at the commit, after 2.",
        (1, 2, 3, 4): "delay_on_commit() sends after the commit; after a rollback it sends "
        "nothing.",
        (2, 4): "1 was sent, too: when the first transaction was committed.",
        (2, 4, 1): "The first transaction is committed before the second begins: 1 comes before 4.",
    },
    fact=lambda run: run.value,
)
