"""09.6 Predict: how many invoices? What is certain, and what is not."""

from __future__ import annotations

from checks.ch09_signals_at_work import SIGNALS
from tutor.judge.exercise import Prediction

invoices = Prediction(
    "09.6",
    "Predict: how many invoices?",
    minutes=4,
    layers=SIGNALS,
    needs_commit=True,
    hints=[
        "Only order_created leads to an invoice. Which lines send it?",
        "place_order sends it on commit: not for a refused order, and not after a rollback.",
        "write_invoice uses get_or_create: how many invoices can one order have?",
    ],
    because="The first order brings one invoice: its two lines are one order. The second is "
    "refused, the third is rolled back, so neither is told. The old order gets one invoice, "
    "however often the signal is sent. And create() sends post_save, not order_created.",
    wrong={
        1: "order_created can be sent for an old order, too: who listens does not know the "
        "difference.",
        3: "One too many: a rolled back order is told to nobody, and one order has one invoice.",
        4: "Two too many. Which orders are certain? And how often is an invoice written for one?",
        5: "Only place_order and the two send() lines ring order_created, and not all of them "
        "lead to a new invoice.",
    },
    fact=lambda run: run.value,
)
