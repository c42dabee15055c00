"""Signals: each send, the receivers that ran, and what happened inside each of them.

Django has no hook around a send (https://docs.djangoproject.com/en/6.1/topics/signals/), so the
four ways to send are wrapped on the class Signal while somebody watches. The list that send()
returns still holds the learner's own functions.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextvars import ContextVar
from functools import partial, wraps
from inspect import ismethod
from time import perf_counter
from traceback import walk_tb
from types import coroutine
from typing import Any, ClassVar
from weakref import WeakKeyDictionary, WeakMethod, ref

from django.dispatch import Signal

from glass import source
from glass.block import INSIDE, Block, Group, Note, Part, Words
from glass.connections import adopt
from glass.layer import Event, Layer, current, enclosing, register
from glass.patch import Patch
from glass.trace import active_traces, record
from glass.wording import describe_error, function_name, milliseconds, values

set_current = current.set
_Responses = list[tuple[Callable[..., Any], Any]]
#: Arguments of a send that are worth showing, and that cost nothing to keep.
_PLAIN = frozenset({bool, int, str, type(None), set, frozenset, list, tuple})
#: The packages whose receivers are plumbing: Django's own, and glass' own.
_PLUMBING = ("django.", "glass.")
#: Arguments that nearly every send has.
_ALWAYS_THERE: dict[str, Any] = {"using": "default", "args": ()}


class SignalSend(Event):
    """One send of a signal.

    signal     the Signal; name_of(signal) is "post_save"
    sender     as it was sent, mostly a model class
    arguments  those of them that are plain values: {"created": True}
    named      all of them, as they were sent
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
        if not group.inner:
            head.append(Words(", nobody hears it", "faint"))
        return Block(group.where, head, times=group.times)

    def __repr__(self) -> str:
        return f"<SignalSend {self.name} from {self.sender_name}>"


class UnreceivedSend(SignalSend):
    """A send that nobody hears, or only Django's own receivers."""

    __slots__ = ()
    layer = "unheard"


class ReceiverCall(Event):
    """A receiver that ran.

    receiver  the learner's function; None if it was deleted since
    number    its id() while it was there: two functions of one name have two
    returned  what it returned, as text; "None" mostly
    """

    __slots__ = ("_name", "_number", "_receiver", "returned")
    layer = "signals"
    places = ()

    # Not through Event's own: this runs for every receiver of every send.
    def __init__(self, receiver: Callable[..., Any], send: SignalSend) -> None:
        self.parent = send
        self.duration = 0.0
        self.error = None
        self._receiver = receiver
        self._name: str | None = None
        self._number = 0
        self.returned = "None"

    @property
    def receiver(self) -> Callable[..., Any] | None:
        return self._receiver if self._name is None else self._receiver()

    @property
    def name(self) -> str:
        return self._name or function_name(self._receiver)

    @property
    def number(self) -> int:
        return self._number or id(self._receiver)

    def release_refs(self) -> None:
        """Keep the receiver's name, and no longer the receiver.

        Signals hold their receivers weakly. A trace that held one would keep it connected after
        its cell was run again, and both would ring.
        """
        if self._name is None:
            self._name = function_name(self._receiver)
            receiver = self._receiver
            self._number = id(receiver)
            try:
                self._receiver = WeakMethod(receiver) if ismethod(receiver) else ref(receiver)
            except TypeError:  # Some objects cannot be referred to weakly, nor connected so.
                self._receiver = lambda: receiver

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


class _AsyncCall(ReceiverCall):
    """Stands in for an async receiver. Several run at once, so each step finds its own place."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._receiver, name)

    def __call__(self, **named: Any) -> Awaitable[Any]:
        record(self)
        return _stepwise(self, self._receiver(**named))


@coroutine
def _stepwise(call: ReceiverCall, running: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
    begin = perf_counter()
    step: Callable[..., Any] = running.send
    value: Any = None
    try:
        while True:
            outer = current.set(call)
            try:
                waited_for = step(value)
            finally:
                current.reset(outer)
            try:
                step, value = running.send, (yield waited_for)
            except BaseException as error:  # noqa: BLE001  It belongs to the receiver.
                step, value = running.throw, error
    except StopIteration as end:
        call.returned = _short(end.value)
        return end.value
    except BaseException as error:
        call.error = describe_error(error)
        raise
    finally:
        call.duration = perf_counter() - begin


def _one_by_one(receivers: list[Any], send: SignalSend) -> Iterator[Any]:
    """The receivers, as Django walks through them. What happens between two steps is the first's."""
    own = adopt
    traces = active_traces.get("signals", ())
    ran = send.ran
    for receiver in receivers:
        call = ReceiverCall(receiver, send)
        ran.append(call)
        if receiver is not own:
            for trace in traces:
                trace.events.append(call)
            set_current(call)
        call.started = perf_counter()
        yield receiver
        call.duration = perf_counter() - call.started


def _begin(
    signal: Signal, sender: Any, named: dict[str, Any], live: Callable[..., Any]
) -> SignalSend | None:
    """Enter the send where the project's own code hears it, or every send is wanted.

    live  Django's own _live_receivers
    """
    kind: type[SignalSend] = UnreceivedSend
    sync: list[Any] = []
    asynchronous = sync
    if signal.receivers:
        sync, asynchronous = live(signal, sender)
        for receiver in sync + asynchronous if asynchronous else sync:
            function = receiver.func if type(receiver) is partial else receiver
            if not (getattr(function, "__module__", None) or "").startswith(_PLUMBING):
                kind = SignalSend
                break
    traces = active_traces.get(kind.layer)
    if not traces:
        return None
    send = kind(source.callers(sys._getframe(2)), signal, sender, named)
    for trace in traces:
        trace.events.append(send)
    if asynchronous:
        asynchronous = [_AsyncCall(r, send) for r in asynchronous]
    # Without a receiver, Django does not ask for them.
    if sync or asynchronous:
        set_sending((signal, (_one_by_one(sync, send) if sync else sync, asynchronous)))
    set_current(send)
    return send


def _end(send: SignalSend, responses: _Responses, robust: bool) -> None:
    """Write down what the receivers returned; put the learner's own functions in the responses."""
    calls = send.ran
    # They refer to each other: left so, a receiver would live until the next garbage collection.
    send.ran = []
    for number, (receiver, value) in enumerate(responses):
        if value is not None and number < len(calls):
            if robust and isinstance(value, Exception):
                calls[number].error = describe_error(value)
            else:
                calls[number].returned = _short(value)
        if type(receiver) is _AsyncCall:
            responses[number] = receiver._receiver, value
    set_current(send.parent)


def _fail(send: SignalSend, error: BaseException) -> None:
    """An exception came out of the send: out of the receiver that ran, if any did."""
    send.error = describe_error(error)
    if send.ran and not (last := send.ran[-1]).duration:
        last.duration = perf_counter() - last.started
        last.error = send.error
    _end(send, _so_far(error), robust=False)


def _so_far(error: BaseException) -> _Responses:
    """What the receivers before it returned. Django has it in a variable of the send that failed."""
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code.co_filename == _DISPATCHER and "responses" in frame.f_locals:
            return list(frame.f_locals["responses"])
    return []


def _watched(patch: Patch, live: Callable[..., Any], robust: bool) -> Callable[..., _Responses]:
    django: Callable[..., _Responses] = patch.original

    @wraps(django)
    def send(self: Signal, sender: Any, **named: Any) -> _Responses:
        event = _begin(self, sender, named, live) if patch.active else None
        if event is None:
            return django(self, sender, **named)
        try:
            responses = django(self, sender, **named)
        except BaseException as error:
            _fail(event, error)
            raise
        _end(event, responses, robust)
        return responses

    return send


def _watched_async(
    patch: Patch, live: Callable[..., Any], robust: bool
) -> Callable[..., Awaitable[_Responses]]:
    django: Callable[..., Awaitable[_Responses]] = patch.original

    @wraps(django)
    async def send(self: Signal, sender: Any, **named: Any) -> _Responses:
        event = _begin(self, sender, named, live) if patch.active else None
        if event is None:
            return await django(self, sender, **named)
        try:
            responses = await django(self, sender, **named)
        except BaseException as error:
            _fail(event, error)
            raise
        _end(event, responses, robust)
        return responses

    return send


def _handing_out(patch: Patch) -> Callable[..., Any]:
    """To the send that is being watched, once, the watched receivers; to others Django's answer."""
    django = patch.original

    def _live_receivers(self: Signal, sender: Any) -> tuple[Any, list[Any]]:
        sending = _sending.get()
        if sending is None or sending[0] is not self:
            live: tuple[Any, list[Any]] = django(self, sender)
            return live
        set_sending(None)
        return sending[1]

    return _live_receivers


def _short(value: Any) -> str:
    return "None" if value is None else values((value,))


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
_DISPATCHER = Signal._live_receivers.__code__.co_filename
#: The signal that is about to ask for its receivers, and what it gets.
_sending: ContextVar[tuple[Signal, tuple[Any, list[Any]]] | None] = ContextVar(
    "glass_sending", default=None
)
set_sending = _sending.set


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
        live = self.patches.set(Signal, "_live_receivers", _handing_out).original
        for name in ("send", "send_robust", "asend", "asend_robust"):
            watched = _watched_async if name.startswith("a") else _watched
            robust = name.endswith("robust")
            make = partial(watched, live=live, robust=robust)
            self.patches.set(Signal, name, make)


register(Signals())


#: The names of before, for the checks that still use them.
Send, Call, Unheard = SignalSend, ReceiverCall, UnreceivedSend
