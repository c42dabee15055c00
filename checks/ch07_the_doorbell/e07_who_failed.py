"""07.7 The others go on."""

from __future__ import annotations

from typing import Any

from checks.ch07_the_doorbell import HEARD, OTHER_SENDER, as_on_a_server, house, listener, names
from glass import receivers_of
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

ORDER = {
    "count_order": 0,
    "send_mail": ConnectionError("the mail server does not answer"),
    "write_invoice": "No Error",
    "print_label": ValueError("no address"),
    "tell_boss": None,
}


who_failed = Exercise(
    "07.7",
    "The others go on",
    minutes=4,
    hints=[
        "send stops at the first exception. Which way to ring does not?",
        "send_robust puts the exception into the list, where otherwise the answer would be.",
        "isinstance(answer, Exception) is True for each exception, and for nothing else.",
    ],
)


@who_failed.cases
def cases() -> object:
    as_on_a_server()
    well = [listener(name, answer) for name, answer in ORDER.items() if not _fails(answer)]
    every = [listener(name, answer) for name, answer in ORDER.items()]
    return [(house(*every), "shop"), (house(*well), "shop")]


def _fails(answer: Any) -> bool:
    return isinstance(answer, Exception)


@who_failed.check
def check(run: Run) -> str | None:
    if any(sender != "shop" for _, sender, _ in HEARD):
        return OTHER_SENDER
    expected = [name for name in ORDER if _fails(ORDER[name])]
    if len(run.arguments[0].receivers) < len(ORDER):
        expected = []
    if len(names()) > len(set(names())):
        return "Ring once: some receivers ran two times."
    sentence = compare.difference(expected, compare.alike([""], run.value), ordered=False)
    if sentence is None and len(names()) < len(run.arguments[0].receivers):
        return f"{len(names())} of {len(run.arguments[0].receivers)} receivers ran. Ring for all."
    return sentence


@who_failed.mistake(
    "send stops at the first receiver that fails: those after send_mail did not run. "
    "There is another way to ring."
)
def stopped(run: Run) -> bool:
    return names() == ["count_order", "send_mail"]


@who_failed.mistake("send_robust returns (function, answer) pairs. Asked are the names of some.")
def whole_pairs(run: Run) -> bool:
    return any(isinstance(row, tuple) for row in run.rows)


@who_failed.mistake("These are the functions. Asked are their names: function.__name__.")
def function_objects(run: Run) -> bool:
    return any(callable(row) for row in run.rows)


@who_failed.mistake("These are the exceptions. Asked is who raised them.")
def exceptions(run: Run) -> bool:
    return any(_fails(row) for row in run.rows) or "ConnectionError" in run.rows


@who_failed.mistake("A receiver that returns None, or 0, did not fail. An exception is a failure.")
def empty_answers(run: Run) -> bool:
    return bool({"tell_boss", "count_order"} & {*run.rows})


@who_failed.mistake(
    "write_invoice returned a text with the word Error in it. That is no failure: "
    "ask whether the answer is an exception."
)
def by_the_text(run: Run) -> bool:
    return "write_invoice" in run.rows


@who_failed.mistake("Any exception is a failure, not only ConnectionError.")
def one_kind(run: Run) -> bool:
    return run.rows == ["send_mail"]


@who_failed.right
async def awaited(signal: Any, sender: Any) -> object:
    pairs = await signal.asend_robust(sender=sender)
    return [f.__name__ for f, answer in pairs if hasattr(answer, "__traceback__")]


@who_failed.right
def loop_and_append(signal: Any, sender: Any) -> object:
    failed = []
    for pair in signal.send_robust(sender):
        if isinstance(pair[1], BaseException):
            failed.append(pair[0].__name__)
    return set(failed)


@who_failed.right
def one_after_another(signal: Any, sender: Any) -> object:
    for each in receivers_of(signal):
        try:
            each.receiver(signal=signal, sender=sender)
        except Exception:  # noqa: BLE001 It is what the answer is to find.
            yield each.name


@who_failed.wrong(stopped)
def plain_send(signal: Any, sender: Any) -> object:
    return [f.__name__ for f, answer in signal.send(sender=sender) if _fails(answer)]


@who_failed.wrong(stopped)
def caught(signal: Any, sender: Any) -> object:
    try:
        signal.send(sender=sender)
    except Exception:  # noqa: BLE001 It is the mistake.
        return ["send_mail", "print_label"]
    return []


@who_failed.wrong("0 of 5 receivers ran. Ring for all.")
def known(signal: Any, sender: Any) -> object:
    return ["send_mail", "print_label"]


@who_failed.wrong(OTHER_SENDER)
def of_nobody(signal: Any, sender: Any) -> object:
    return [f.__name__ for f, a in signal.send_robust(sender=None) if _fails(a)]


@who_failed.wrong(whole_pairs)
def as_they_come(signal: Any, sender: Any) -> object:
    return [pair for pair in signal.send_robust(sender=sender) if _fails(pair[1])]


@who_failed.wrong(function_objects)
def not_their_names(signal: Any, sender: Any) -> object:
    return [function for function, answer in signal.send_robust(sender=sender) if _fails(answer)]


@who_failed.wrong(exceptions)
def what_failed(signal: Any, sender: Any) -> object:
    return [answer for _, answer in signal.send_robust(sender=sender) if _fails(answer)]


@who_failed.wrong(empty_answers)
def nothing_said(signal: Any, sender: Any) -> object:
    return [f.__name__ for f, answer in signal.send_robust(sender=sender) if not answer]


@who_failed.wrong(by_the_text)
def word_error(signal: Any, sender: Any) -> object:
    return [f.__name__ for f, a in signal.send_robust(sender=sender) if "Error" in repr(a)]


@who_failed.wrong(one_kind)
def only_connections(signal: Any, sender: Any) -> object:
    pairs = signal.send_robust(sender=sender)
    return [f.__name__ for f, answer in pairs if isinstance(answer, ConnectionError)]
