"""A send and its receivers: what is known of them, and how they read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import ismethod
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary, WeakMethod, ref

from django.dispatch import Signal

from glass import source
from glass.block import INSIDE, Block, Group, Note, Part, Words
from glass.layer import Event, enclosing
from glass.wording import function_name, milliseconds, values

#: Arguments of a send that are worth showing, and that cost nothing to keep.
_PLAIN = frozenset({bool, int, str, type(None), set, frozenset, list, tuple})
#: Arguments that nearly every send has.
_ALWAYS_THERE: dict[str, Any] = {"using": "default", "args": ()}


class SignalSend(Event):
    """One send of a signal.

    signal     the Signal; name_of(signal) is "post_save"
    sender     as it was sent, mostly a model class
    arguments  those of them that are plain values: {"created": True}
    named      all of them, as they were sent; the plain ones once the watch is over
    ran        the receivers that ran so far, but for async ones; empty once the send has ended

    Its duration is not measured: those of its receivers are.
    """

    __slots__ = ("named", "ran", "sender", "signal")
    layer = "signals"
    noun = "signal"

    # Not through Event's own: this runs for every send.
    def __init__(
        self,
        places: tuple[source.Place, ...],
        signal: Signal,
        sender: Any,
        named: dict[str, Any],
    ) -> None:
        self.parent = enclosing()
        self.places = places
        self.duration = 0.0
        self.error = None
        self.signal = signal
        self.sender = sender
        self.named = named
        self.ran: list[ReceiverCall] = []

    def release_refs(self) -> None:
        """Keep the plain values; of an object that sent, its class."""
        self.named = self.arguments
        if type(self.sender) not in (*_PLAIN, float) and not hasattr(self.sender, "__name__"):
            self.sender = type(self.sender)

    @property
    def arguments(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.named.items()
            if type(value) in _PLAIN and _ALWAYS_THERE.get(name) != value
        }

    @property
    def name(self) -> str:
        return name_of(self.signal)

    @property
    def sender_name(self) -> str:
        if self.sender is None or isinstance(self.sender, str):
            return repr(self.sender)
        return str(getattr(self.sender, "__name__", type(self.sender).__name__))

    @property
    def arguments_text(self) -> str:
        """The arguments as they are shown: "created=True, raw=False"; "" when there are none."""
        return values(dict(sorted(self.arguments.items())))

    def label(self) -> str:
        return f"{self.name} from {self.sender_name}"

    def group_key(self) -> object:
        kind = type(self), self.signal, self.sender_name
        return *kind, self.arguments_text, self.places, self.error

    def block(self, group: Group) -> Block:
        head = [Words(self.label(), "name")]
        if arguments := self.arguments_text:
            head += [Words(" "), Words(f"({arguments})", "faint")]
        head.append(group.times_text)
        if not (group.inner or group.hidden):
            head.append(Words(", nobody hears it", "faint"))
        return Block(group.where, head, times=group.times)

    def __repr__(self) -> str:
        return f"<SignalSend {self.name} from {self.sender_name}>"


class UnreceivedSend(SignalSend):
    """A send that nobody hears, or only Django's own receivers."""

    __slots__ = ()
    layer = "unheard"


class _Receiver:
    """What is kept of a receiver: its calls share it.

    Signals hold their receivers weakly. A trace that held one would keep it connected after
    its cell was run again, and both would be called.

    get  gives the receiver, or None once it is gone
    """

    __slots__ = ("get", "name", "number")
    get: Callable[[], Any]

    def __init__(self, receiver: Callable[..., Any]) -> None:
        self.name = function_name(receiver)
        self.number = id(receiver.__self__ if ismethod(receiver) else receiver)
        try:
            self.get = WeakMethod(receiver) if ismethod(receiver) else ref(receiver)
        except TypeError:  # Some objects cannot be referred to weakly, nor connected so.
            self.get = lambda: receiver


#: While somebody watches: the receivers that are functions, by their id(). Each goes with its
#: function, before another object can have the same id().
FUNCTIONS: dict[int, _Receiver] = {}
_find = FUNCTIONS.get


def _known_receiver(receiver: Callable[..., Any]) -> _Receiver:
    known = _Receiver(receiver)
    if type(receiver) is FunctionType:  # A bound method is another object each time.
        number = known.number
        known.get = ref(receiver, lambda gone: FUNCTIONS.pop(number, None))
        FUNCTIONS[number] = known
    return known


class ReceiverCall(Event):
    """A receiver that ran.

    receiver  the learner's function; None if it was deleted since
    number    its id() while it was there: two functions of one name have two
    returned  what it returned, as text; "None" mostly
    """

    __slots__ = ("_known", "returned")
    layer = "signals"
    places = ()

    # Not through Event's own: this runs for every receiver of every send.
    def __init__(self, receiver: Callable[..., Any], send: SignalSend) -> None:
        self.parent = send
        self.duration = 0.0
        self.error = None
        self._known = _find(id(receiver)) or _known_receiver(receiver)
        self.returned = "None"

    @property
    def receiver(self) -> Callable[..., Any] | None:
        receiver: Callable[..., Any] | None = self._known.get()
        return receiver

    @property
    def name(self) -> str:
        return self._known.name

    @property
    def number(self) -> int:
        return self._known.number

    def label(self) -> str:
        return self.name.rpartition(".")[2]

    def group_key(self) -> object:
        return self.name, self.number, self.returned, self.error

    def block(self, group: Group) -> Block:
        head = [Words("receiver "), Words(self.name, "name"), group.times_text]
        body: list[Part] = [INSIDE]
        if group.error:
            head.append(Words(f", raised {group.error}", html=""))
            body.insert(0, Note([f"raised: {group.error}"], "bad", "html"))
        elif self.returned != "None":
            head += [Words(", ", html=" "), Words(f"returned {self.returned}", "faint")]
        spent = f"{milliseconds(group.duration)} in all"
        block = Block("", head, body, times=group.times, spent=spent)
        block.edge = "bad" if group.error else None
        return block

    def __repr__(self) -> str:
        return f"<ReceiverCall of {self.name}>"


def name_of(signal: Signal) -> str:
    """The name under which a loaded module holds the signal: "post_save", "order_created"."""
    if signal not in _names:
        _names[signal] = _find_name(signal)
    return _names[signal]


def _find_name(signal: Signal) -> str:
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is signal and not name.startswith("_"):
                return str(name)
    return "a signal without a name"


_names: WeakKeyDictionary[Signal, str] = WeakKeyDictionary()
