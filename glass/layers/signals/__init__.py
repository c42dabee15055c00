"""Signals: each send, the receivers that ran, and what happened inside each of them."""

from __future__ import annotations

from typing import ClassVar

from glass.layer import Layer, register
from glass.layers.signals import hook
from glass.layers.signals.event import (
    FUNCTIONS,
    ReceiverCall,
    SignalSend,
    UnreceivedSend,
    name_of,
)

__all__ = ["ReceiverCall", "SignalSend", "Signals", "UnreceivedSend", "name_of"]


class Signals(Layer):
    name = "signals"
    help = "sends that the project's receivers hear, and what happens in each"
    attribute = "signals"
    kinds = (SignalSend,)
    default = True
    options: ClassVar[dict[str, str]] = {"unheard": "the sends that none of them hears as well"}
    order = 50
    lane = 30
    colour = "#cc79a7"
    edge = "#00897b"

    def install(self) -> None:
        hook.install(self.patches)

    def uninstall(self) -> None:
        super().uninstall()
        FUNCTIONS.clear()


register(Signals())
