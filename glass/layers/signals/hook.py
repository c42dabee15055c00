"""How sends and their receivers are seen.

Django has no hook around a send (https://docs.djangoproject.com/en/6.1/topics/signals/), so the
four ways to send are wrapped on the class Signal while somebody watches. The list that send()
returns still holds the learner's own functions.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextvars import ContextVar
from functools import partial, wraps
from time import perf_counter
from traceback import walk_tb
from types import coroutine
from typing import Any

from django.dispatch import Signal

from glass import source
from glass.connections import adopt
from glass.layer import current
from glass.layers.signals.event import ReceiverCall, SignalSend, UnreceivedSend
from glass.patch import Patch, Patches
from glass.trace import active_traces, record
from glass.wording import describe_error, values

set_current = current.set
_Responses = list[tuple[Callable[..., Any], Any]]
#: The packages whose receivers are plumbing: Django's own, and glass' own.
_PLUMBING = ("django.", "glass.")


class _AsyncCall(ReceiverCall):
    """Stands in for an async receiver. Several run at once, so each step finds its own place."""

    __slots__ = ("held",)

    def __init__(self, receiver: Callable[..., Any], send: SignalSend) -> None:
        super().__init__(receiver, send)
        self.held: Any = receiver  # For the time of the send, as Django's own list would.

    def __getattr__(self, name: str) -> Any:
        return getattr(self.held, name)

    def __call__(self, **named: Any) -> Awaitable[Any]:
        record(self)
        return _stepwise(self, self.held(**named))

    def release_refs(self) -> None:
        self.held = None


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
        call.started = begin = perf_counter()
        yield receiver
        call.duration = perf_counter() - begin


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
            responses[number] = receiver.held, value
            receiver.release_refs()
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


_DISPATCHER = Signal._live_receivers.__code__.co_filename
#: The signal that is about to ask for its receivers, and what it gets.
_sending: ContextVar[tuple[Signal, tuple[Any, list[Any]]] | None] = ContextVar(
    "glass_sending", default=None
)
set_sending = _sending.set


def install(patches: Patches) -> None:
    live = patches.set(Signal, "_live_receivers", _handing_out).original
    for name in ("send", "send_robust", "asend", "asend_robust"):
        watched = _watched_async if name.startswith("a") else _watched
        patches.set(Signal, name, partial(watched, live=live, robust=name.endswith("robust")))
