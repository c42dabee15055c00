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
from typing import Any
from weakref import WeakKeyDictionary, WeakMethod, ref

from django.dispatch import Signal

from glass import source
from glass.layers import sql
from glass.trace import Event, _current, describe, enclosing, listening, record

set_current = _current.set
_Responses = list[tuple[Callable[..., Any], Any]]
#: Arguments of a send that are worth showing, and that cost nothing to keep.
_PLAIN = frozenset({bool, int, str, type(None), set, frozenset, list, tuple})
#: The packages whose receivers are plumbing: Django's own, and glass' own.
_PLUMBING = ("django.", "glass.")
#: Arguments that nearly every send has.
_USUAL: dict[str, Any] = {"using": "default", "args": ()}


class Send(Event):
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
        self.ran: list[Call] = []

    @property
    def arguments(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.named.items()
            if type(value) in _PLAIN and _USUAL.get(name) != value
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
    def told(self) -> str:
        """The arguments as they are shown: "created=True, raw=False"; "" when there are none."""
        from glass.views.sqltext import values

        return values(dict(sorted(self.arguments.items())))

    def __repr__(self) -> str:
        return f"<Send {self.name} from {self.sender_name}>"


class Unheard(Send):
    """A send that nobody hears, or only Django's own receivers."""

    __slots__ = ()
    layer = "unheard"


class Call(Event):
    """A receiver that ran.

    receiver  the learner's function; None if it was deleted since
    number    its id() while it was there: two functions of one name have two
    returned  what it returned, as text; "None" mostly
    """

    __slots__ = ("_name", "_number", "_receiver", "returned")
    layer = "signals"
    places = ()

    # Not through Event's own: this runs for every receiver of every send.
    def __init__(self, receiver: Callable[..., Any], send: Send) -> None:
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
        return self._name or receiver_name(self._receiver)

    @property
    def number(self) -> int:
        return self._number or id(self._receiver)

    def let_go(self) -> None:
        """Keep the receiver's name, and no longer the receiver.

        Signals hold their receivers weakly. A trace that held one would keep it connected after
        its cell was run again, and both would ring.
        """
        if self._name is None:
            self._name = receiver_name(self._receiver)
            receiver = self._receiver
            self._number = id(receiver)
            try:
                self._receiver = WeakMethod(receiver) if ismethod(receiver) else ref(receiver)
            except TypeError:  # Some objects cannot be referred to weakly, nor connected so.
                self._receiver = lambda: receiver

    def __repr__(self) -> str:
        return f"<Call of {self.name}>"


class _AsyncCall(Call):
    """Stands in for an async receiver. Several run at once, so each step finds its own place."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._receiver, name)

    def __call__(self, **named: Any) -> Awaitable[Any]:
        record(self)
        return _stepwise(self, self._receiver(**named))


@coroutine
def _stepwise(call: Call, running: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
    begin = perf_counter()
    step: Callable[..., Any] = running.send
    value: Any = None
    try:
        while True:
            outer = _current.set(call)
            try:
                waited_for = step(value)
            finally:
                _current.reset(outer)
            try:
                step, value = running.send, (yield waited_for)
            except BaseException as error:  # noqa: BLE001  It belongs to the receiver.
                step, value = running.throw, error
    except StopIteration as end:
        call.returned = _short(end.value)
        return end.value
    except BaseException as error:
        call.error = describe(error)
        raise
    finally:
        call.duration = perf_counter() - begin


def _one_by_one(receivers: list[Any], send: Send) -> Iterator[Any]:
    """The receivers, as Django walks through them. What happens between two steps is the first's."""
    adopt = sql._adopt
    traces = listening["signals"]
    ran = send.ran
    for receiver in receivers:
        call = Call(receiver, send)
        ran.append(call)
        if receiver is not adopt:
            for trace in traces:
                trace.events.append(call)
            set_current(call)
        call.duration = -perf_counter()
        yield receiver
        call.duration += perf_counter()


def _live_receivers(self: Signal, sender: Any) -> tuple[Any, list[Any]]:
    """Django's own answer; to the send that is being watched, once, the watched receivers."""
    sending = _sending.get()
    if sending is None or sending[0] is not self:
        return _django_live(self, sender)
    set_sending(None)
    return sending[1]


def _begin(signal: Signal, sender: Any, named: dict[str, Any]) -> Send | None:
    """Enter the send where the project's own code hears it, or every send is wanted."""
    kind: type[Send] = Unheard
    sync: list[Any] = []
    asynchronous = sync
    if signal.receivers:
        sync, asynchronous = _django_live(signal, sender)
        for receiver in sync + asynchronous if asynchronous else sync:
            function = receiver.func if type(receiver) is partial else receiver
            if not (getattr(function, "__module__", None) or "").startswith(_PLUMBING):
                kind = Send
                break
    traces = listening.get(kind.layer)
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


def _end(send: Send, responses: _Responses, robust: bool) -> None:
    """Write down what the receivers returned; put the learner's own functions in the responses."""
    calls = send.ran
    # They refer to each other: left so, a receiver would live until the next garbage collection.
    send.ran = []
    for number, (receiver, value) in enumerate(responses):
        if value is not None and number < len(calls):
            if robust and isinstance(value, Exception):
                calls[number].error = describe(value)
            else:
                calls[number].returned = _short(value)
        if type(receiver) is _AsyncCall:
            responses[number] = receiver._receiver, value
    set_current(send.parent)


def _fail(send: Send, error: BaseException) -> None:
    """An exception came out of the send: out of the receiver that ran, if any did."""
    send.error = describe(error)
    if send.ran and (last := send.ran[-1]).duration < 0:
        last.duration += perf_counter()
        last.error = send.error
    _end(send, _so_far(error), robust=False)


def _so_far(error: BaseException) -> _Responses:
    """What the receivers before it returned. Django has it in a variable of the send that failed."""
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code.co_filename == _DISPATCHER and "responses" in frame.f_locals:
            return list(frame.f_locals["responses"])
    return []


def _watched(django: Callable[..., _Responses], robust: bool) -> Callable[..., _Responses]:
    @wraps(django)
    def send(self: Signal, sender: Any, **named: Any) -> _Responses:
        event = _begin(self, sender, named)
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
    django: Callable[..., Awaitable[_Responses]], robust: bool
) -> Callable[..., Awaitable[_Responses]]:
    @wraps(django)
    async def send(self: Signal, sender: Any, **named: Any) -> _Responses:
        event = _begin(self, sender, named)
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


def _short(value: Any) -> str:
    from glass.views.sqltext import values

    return "None" if value is None else values((value,))


def receiver_name(receiver: Callable[..., Any]) -> str:
    """ "shop.signals.clear_cache"; a function of the notebook by its own name alone."""
    name = getattr(receiver, "__qualname__", None) or type(receiver).__qualname__
    module = getattr(receiver, "__module__", "__main__")
    return name if module == "__main__" else f"{module}.{name}"


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
_WAYS = ("send", "send_robust", "asend", "asend_robust")
_django = {name: getattr(Signal, name) for name in _WAYS}
_django_live = Signal._live_receivers
_DISPATCHER = _django_live.__code__.co_filename
#: The signal that is about to ask for its receivers, and what it gets.
_sending: ContextVar[tuple[Signal, tuple[Any, list[Any]]] | None] = ContextVar(
    "glass_sending", default=None
)
set_sending = _sending.set
_installed = False


def installed() -> bool:
    return _installed


def install() -> None:
    global _installed
    _installed = True
    listening.setdefault("signals", ())  # "unheard" may be watched alone.
    Signal._live_receivers = _live_receivers  # type: ignore[method-assign]
    for name in _WAYS:
        watched = _watched_async if name.startswith("a") else _watched
        setattr(Signal, name, watched(_django[name], name.endswith("robust")))


def uninstall() -> None:
    global _installed
    _installed = False
    Signal._live_receivers = _django_live  # type: ignore[method-assign]
    for name in _WAYS:
        setattr(Signal, name, _django[name])
