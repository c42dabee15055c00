"""07.3 Who said what?"""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

from checks.ch07_the_doorbell import HEARD, OTHER_SENDER, as_on_a_server, house, listener, names
from glass import receivers_of
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

ANSWERS = {"count_order": 3, "send_mail": None, "write_invoice": "written"}


answers = Exercise(
    "07.3",
    "Who said what?",
    minutes=3,
    hints=[
        "What does send return? Print it once.",
        "It is a list of pairs: the function of the receiver, and what it returned.",
        "A function knows its own name: function.__name__.",
    ],
)


@answers.cases
def cases() -> object:
    as_on_a_server()
    signal = house(*[listener(name, answer) for name, answer in ANSWERS.items()])
    signal.connect(listener("for_others"), sender="warehouse", weak=False)
    return [(signal, "shop"), (Signal(), "shop")]


@answers.check
def check(run: Run) -> str | None:
    if any(sender != "shop" for _, sender, _ in HEARD):
        return OTHER_SENDER
    expected = ANSWERS if run.arguments[0].receivers else {}
    if len(names()) > len(set(names())):
        return f"Ring once: each receiver ran {names().count('send_mail')} times."
    return compare.difference(expected, run.value, ordered=False)


@answers.mistake("Nobody was rung. To read who is connected is not enough: send calls them.")
def silent(run: Run) -> bool:
    return bool(run.value) and not HEARD


@answers.mistake("send returns pairs. Make a dictionary of them, with the function's name as key.")
def pairs(run: Run) -> bool:
    return callable(run.value[0][0])


@answers.mistake("Your keys are the functions. The name is asked: function.__name__.")
def functions(run: Run) -> bool:
    return any(callable(key) for key in run.value)


@answers.mistake("Your keys are what Python prints for a function. Its name is function.__name__.")
def printed_functions(run: Run) -> bool:
    return any("<function" in key for key in run.value)


@answers.mistake("send_mail returned None, and None counts as an answer here.")
def without_none(run: Run) -> bool:
    return "send_mail" not in run.value and "write_invoice" in run.value


@answers.right
def in_a_loop(signal: Any, sender: Any) -> object:
    found = {}
    for pair in signal.send(sender):
        found[pair[0].__name__] = pair[1]
    return found


@answers.right
def robust(signal: Any, sender: Any) -> object:
    pairs = signal.send_robust(sender=sender)
    return dict(zip([f.__qualname__ for f, _ in pairs], [a for _, a in pairs], strict=True))


@answers.right
async def waited(signal: Any, sender: Any) -> object:
    return {f.__name__: answer for f, answer in await signal.asend(sender=sender)}


@answers.wrong(pairs)
def as_it_comes(signal: Any, sender: Any) -> object:
    return signal.send(sender=sender)


@answers.wrong(functions)
def by_function(signal: Any, sender: Any) -> object:
    return dict(signal.send(sender=sender))


@answers.wrong(printed_functions)
def by_text(signal: Any, sender: Any) -> object:
    return {str(function): answer for function, answer in signal.send(sender=sender)}


@answers.wrong(OTHER_SENDER)
def from_nobody(signal: Any, sender: Any) -> object:
    return {f.__name__: answer for f, answer in signal.send(sender=None)}


@answers.wrong(without_none)
def true_ones(signal: Any, sender: Any) -> object:
    return {f.__name__: answer for f, answer in signal.send(sender=sender) if answer}


@answers.wrong(silent)
def only_listed(signal: Any, sender: Any) -> object:
    return {each.receiver.__name__: None for each in receivers_of(signal)}


@answers.wrong("Ring once: each receiver ran 2 times.")
def two_rings(signal: Any, sender: Any) -> object:
    who = [function.__name__ for function, _ in signal.send(sender=sender)]
    return dict(zip(who, [answer for _, answer in signal.send(sender=sender)], strict=True))
