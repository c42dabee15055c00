"""08.12 Silence, please: a receiver that is silent for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from company.models import Department, Skill
from django.db.models.signals import ModelSignal, post_delete, post_save, pre_delete

from checks.ch08_every_bell import LAYERS
from tutor.judge.exercise import Exercise, Run

rung: list[Any] = []


def noted(sender: Any, **kwargs: Any) -> None:
    rung.append(sender)


def bystander(**kwargs: Any) -> None:
    rung.append("bystander")


class BlockFailed(Exception):
    """What is raised inside the with block."""


without = Exercise(
    "08.12",
    "Silence, please",
    minutes=8,
    layers=LAYERS,
    hints=[
        "Look at connected() in the lesson. This is the other way round.",
        "disconnect() needs the same function and the same sender as connect() had.",
        "The receiver must come back also when the with block fails: try, yield, finally.",
    ],
)


@without.cases
def cases() -> object:
    post_save.connect(noted, sender=Department)
    pre_delete.connect(noted)
    post_delete.connect(noted, sender=Department)
    for signal in (post_save, pre_delete, post_delete):
        signal.connect(bystander)
    return [
        (post_save, noted, Department),
        (pre_delete, noted, None),
        (post_delete, noted, Department),
    ]


def rings(signal: ModelSignal) -> int:
    """How often the receiver runs when a department rings."""
    rung.clear()
    signal.send(sender=Department, instance=None)
    return rung.count(Department)


@without.check
def check(run: Run) -> str | None:
    signal, _, sender = run.arguments
    fails = signal is post_delete
    if not hasattr(run.value, "__enter__"):
        return "What your function returned cannot stand in a with statement."
    came_out = not fails
    try:
        with run.value:
            inside, others = rings(signal), "bystander" in rung
            if fails:
                raise BlockFailed
    except BlockFailed:
        came_out = True
    after = rings(signal)
    signal.send(sender=Skill, instance=None)
    hears_others = Skill in rung
    if inside:
        return (
            "Inside the with block the receiver still runs. disconnect() needs the same sender "
            "as connect() had; it returns False when it finds nothing."
        )
    if not others:
        return "Inside the with block other receivers are silent, too. Disconnect this one alone."
    if not came_out:
        return "The with block failed, and nobody hears of it: let its exception come out."
    if not after and fails:
        return (
            "The with block failed, and after it the receiver is silent for ever. "
            "Connect it again in finally."
        )
    if hears_others != (sender is None):
        return "After the with block the receiver listens to another sender than before."
    if after != 1:
        return f"After the with block the receiver runs {after} times in place of once."
    return None


@without.mistake(
    "A function with yield makes a generator, and with cannot use it. "
    "@contextmanager above the function, below @exercise, makes it a context manager."
)
def bare_generator(run: Run) -> bool:
    return isinstance(run.value, list)


@without.mistake(
    "Your function returned nothing. Asked is something for a with statement: "
    "a generator under @contextmanager, or an object with __enter__ and __exit__."
)
def no_manager(run: Run) -> bool:
    return run.error is None and run.value is None


@without.right
def inner_generator(signal: ModelSignal, function: Any, sender: Any) -> object:
    @contextmanager
    def silent() -> Iterator[None]:
        signal.disconnect(function, sender=sender)
        try:
            yield
        finally:
            signal.connect(function, sender=sender)

    return silent()


@without.right
def silent_object(signal: ModelSignal, function: Any, sender: Any) -> object:
    class Silent:
        def __enter__(self) -> None:
            signal.disconnect(receiver=function, sender=sender)

        def __exit__(self, *error: object) -> None:
            signal.connect(receiver=function, sender=sender)

    return Silent()


@without.right
def stack_of_exits(signal: ModelSignal, function: Any, sender: Any) -> object:
    stack = ExitStack()
    signal.disconnect(function, sender)
    stack.callback(signal.connect, function, sender)
    return stack


@without.wrong(bare_generator)
def without_decorator(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function, sender=sender)
    try:
        yield
    finally:
        signal.connect(function, sender=sender)


@without.wrong(no_manager)
def only_disconnected(signal: ModelSignal, function: Any, sender: Any) -> None:
    signal.disconnect(function, sender=sender)


@without.wrong("Inside the with block the receiver still runs")
@contextmanager
def disconnected_without_sender(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function)
    try:
        yield
    finally:
        signal.connect(function, sender=sender)


@without.wrong("receiver runs 0 times in place of once")
@contextmanager
def never_back(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function, sender=sender)
    yield


@without.wrong("Connect it again in finally")
@contextmanager
def without_finally(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function, sender=sender)
    yield
    signal.connect(function, sender=sender)


@without.wrong("other receivers are silent, too")
@contextmanager
def receivers_taken(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    before = signal.receivers
    signal.receivers = []
    signal.sender_receivers_cache.clear()
    yield
    signal.receivers = before
    signal.sender_receivers_cache.clear()


@without.wrong("let its exception come out")
@contextmanager
def swallows(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function, sender=sender)
    with suppress(Exception):
        yield
    signal.connect(function, sender=sender)


@without.wrong("listens to another sender than before")
@contextmanager
def back_for_every_sender(signal: ModelSignal, function: Any, sender: Any) -> Iterator[None]:
    signal.disconnect(function, sender=sender)
    try:
        yield
    finally:
        signal.connect(function)


@without.wrong("cannot stand in a with statement")
def true_or_false(signal: ModelSignal, function: Any, sender: Any) -> object:
    return signal.disconnect(function, sender=sender)
