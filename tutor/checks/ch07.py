"""Chapter 07, the doorbell: what right means, and what mistakes say.

After the answer has run, the check rings the bell itself, and looks who came.
"""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from company.models import Department, Employee
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.signals import post_delete, post_init, post_save, pre_save
from django.dispatch import Signal, receiver
from shop.models import Product

from glass import receivers_of
from glass.layers.signals import Send
from tutor.checks import Exercise, Prediction, Run, changes
from tutor.judge import compare

VANISHED = (
    "Your receiver is gone: connect holds it by a weak reference, and nobody else keeps it. "
    "With weak=False the signal keeps it alive."
)
OTHER_SENDER = "The sender was another one. Hand on the sender that your function got."
NO_FUNCTION = (
    "connect takes a function that is to be called later. You handed over what it returned."
)
UNHEARD = "The bell rang, and nobody came. Is your receiver connected, to this signal?"

#: Who heard a bell of the check in the present run: (name, sender, the values).
HEARD: list[tuple[str, Any, dict[str, Any]]] = []


def as_on_a_server() -> None:
    """With DEBUG on, connect() keeps each receiver alive by accident."""
    settings.DEBUG = False
    HEARD.clear()


def listener(name: str, answer: Any = None) -> Callable[..., Any]:
    """A receiver that writes down what it hears, then returns the answer, or raises it."""

    def listen(sender: Any, **values: Any) -> Any:
        HEARD.append((name, sender, values))
        if isinstance(answer, Exception):
            raise type(answer)(*answer.args)  # A new one: an old one drags its traceback along.
        return answer

    listen.__name__ = listen.__qualname__ = name
    listen.__module__ = "__main__"  # As one that was made in the notebook.
    return listen


def house(*inside: Callable[..., Any]) -> Signal:
    """A signal with these receivers."""
    signal = Signal()
    for each in inside:
        signal.connect(each, weak=False)
    return signal


def names() -> list[str]:
    return [name for name, _, _ in HEARD]


def vanished(signal: Signal) -> bool:
    """Whether a receiver was connected that has died. Ask before the bell rings: that clears it."""
    gc.collect()
    held = [each for _, each, *_ in signal.receivers]
    return any(isinstance(each, weakref.ReferenceType) and each() is None for each in held)


def trouble(error: BaseException) -> str:
    """What is wrong with a receiver that failed."""
    said = f"Your receiver failed when the bell rang. {type(error).__name__}: {error}"
    if isinstance(error, TypeError) and "unexpected keyword" in str(error):
        return f"A receiver takes **kwargs, because a signal may carry more tomorrow. {said}"
    if isinstance(error, TypeError) and "positional argument" in str(error):
        return f"A signal hands everything over by name: sender=... and the values. {said}"
    return said


def ring(signal: Signal, sender: Any, **values: Any) -> tuple[list[Any], str | None]:
    """The answers, and what is wrong where a receiver failed."""
    if not all(callable(each.receiver) for each in receivers_of(signal)):
        return [], NO_FUNCTION
    try:
        return [answer for _, answer in signal.send(sender=sender, **values)], None
    except Exception as error:  # noqa: BLE001 A learner's own receiver may do anything.
        return [], trouble(error)


# 07.1

Prediction(
    "07.1",
    "Connected four times",
    minutes=2,
    hints=[
        "The dispatcher keeps each registration under a key. The same key is not added again.",
        "The key is made of the receiver, or the dispatch_uid where one is given, and the sender.",
        "Count the different keys: which of the four calls have the same one?",
    ],
    because=(
        "There are two keys. Without a dispatch_uid the function itself is the key, and its second "
        "connect adds nothing. With one, the name is the key: another registration, added once."
    ),
    wrong={
        1: "It is one function, but it is registered under two keys: itself, and its name.",
        3: "connect(ring) a second time has the same key as the first. It adds nothing.",
        4: "Connecting once more with the same key adds nothing.",
        0: "The function is still there when the bell rings: the name ring keeps it.",
    },
    fact=lambda run: run.value,
)


# 07.2

NOT_RUN = (
    "A department was saved, and note did not run. Which signal is it connected to, and for "
    "which sender?"
)

follow = Exercise(
    "07.2",
    "Departments only",
    minutes=3,
    hints=[
        "Which of Django's signals rings after a save? The lesson used it in section 5.",
        "A receiver that hears one sender only is connected with sender=.",
        "post_save.connect takes the function, without (), and the class of the sender.",
    ],
)


@follow.cases
def _() -> object:
    as_on_a_server()
    return [(listener("note"),)]


@follow.check
def _(run: Run) -> str | None:
    if HEARD:
        return "note ran before anything was saved. Connect it, and leave the calls to the signal."
    gone = vanished(post_save)
    department = Department.objects.earliest("pk")
    if HEARD:
        return "note ran when a department was only read. post_save rings after a save."
    for number, save in enumerate((department.save, changes.department), start=1):
        try:
            save()
        except Exception as error:  # noqa: BLE001 A learner's own receiver may do anything.
            return trouble(error)
        if not HEARD:
            return VANISHED if gone else NOT_RUN
        if HEARD[0][2].get("signal") is pre_save:
            return "note ran before the row was written. Asked is after the save: post_save."
        if len(HEARD) != number:
            return "note ran more than once for one save. It is registered under two keys."
    if not Department.objects.filter(name="Archive").exists():
        return "note ran, and nothing was saved. Leave save() as it is, and connect to its signal."
    changes.employee()
    Product.objects.earliest("pk").save()
    if others := {getattr(sender, "__name__", sender) for _, sender, _ in HEARD[2:]}:
        return (
            f"note heard the save of {' and '.join(sorted(others))} too. Only Department is asked."
        )
    department.delete()
    return "note ran when a department was deleted, too." if len(HEARD) > 2 else None


@follow.mistake("As a text, a sender has two parts: app and model, as in 'company.Department'.")
def half_a_name(run: Run) -> bool:
    return isinstance(run.error, ValueError) and "Invalid" in str(run.error)


@follow.mistake("connect takes the function itself, without (): note, and not note(...).")
def called(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "receiver" not in str(run.error)


@follow.right
def by_decorator(note: Any) -> None:
    receiver(post_save, sender=Department)(note)


@follow.right
def by_name(note: Any) -> None:
    post_save.connect(note, "company.Department", dispatch_uid="note")


@follow.right
def looked_at_sender(note: Any) -> None:
    @receiver(post_save, weak=False)
    def only_departments(sender: Any, **kwargs: Any) -> None:
        if issubclass(sender, Department):
            note(sender, **kwargs)


@follow.wrong("note heard the save of Employee and Product too. Only Department is asked.")
def everybody(note: Any) -> None:
    post_save.connect(note)


@follow.wrong(half_a_name)
def model_name(note: Any) -> None:
    post_save.connect(note, sender="Department")


@follow.wrong(called)
def called_at_once(note: Any) -> None:
    post_save.connect(note(sender=Department), sender=Department)


@follow.wrong(NOT_RUN)
def of_an_object(note: Any) -> None:
    post_save.connect(note, sender=Department.objects.first())


@follow.wrong("note ran before the row was written")
def too_early(note: Any) -> None:
    pre_save.connect(note, sender=Department)


@follow.wrong("note ran when a department was deleted, too.")
def both_bells(note: Any) -> None:
    receiver([post_save, post_delete], sender=Department)(note)


@follow.wrong("note ran, and nothing was saved")
def in_place_of_save(note: Any) -> None:
    Department.save = lambda self, *args, **kwargs: note(Department)  # type: ignore[method-assign]


@follow.wrong("note ran when a department was only read")
def at_each_object(note: Any) -> None:
    post_init.connect(note, sender=Department)


@follow.wrong("note ran more than once for one save")
def two_names(note: Any) -> None:
    post_save.connect(note, sender=Department, dispatch_uid="one")
    post_save.connect(note, sender=Department, dispatch_uid="two")


@follow.wrong(VANISHED)
def lost_wrapper(note: Any) -> None:
    post_save.connect(lambda sender, **kwargs: note(sender, **kwargs), sender=Department)


@follow.wrong("A receiver takes **kwargs")
def without_kwargs(note: Any) -> None:
    post_save.connect(lambda sender, instance: note(sender), sender=Department, weak=False)


# 07.3

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
def _() -> object:
    as_on_a_server()
    signal = house(*[listener(name, answer) for name, answer in ANSWERS.items()])
    signal.connect(listener("for_others"), sender="warehouse", weak=False)
    return [(signal, "shop"), (Signal(), "shop")]


@answers.check
def _(run: Run) -> str | None:
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


# 07.4

Prediction(
    "07.4",
    "One of three fails",
    minutes=2,
    hints=[
        "Receivers run in the order in which they were connected.",
        "stock was disconnected, and connected again. Where in the order is it now?",
        "The order is mail, invoice, stock. What does send do when invoice fails?",
    ],
    because=(
        "stock went away and came back, so it is the last one: mail, invoice, stock. mail did its "
        "work, invoice failed, and send does not call the receivers after a failure."
    ),
    wrong={
        "stock mail": "stock was connected again, so it is now the last one, behind invoice.",
        "mail stock": "So it would be with send_robust. send stops at the first failure.",
        "stock mail invoice": "invoice raised before it could do anything, and stock is now last.",
        "mail invoice": "invoice raised an exception. It wrote nothing down.",
        "": "What mail did before the failure is done. send takes nothing back.",
    },
    fact=lambda run: run.value,
)


# 07.5

greet = Exercise(
    "07.5",
    "The receiver that must stay",
    minutes=3,
    hints=[
        "What happens to a function that was made inside another function, when that one is over?",
        "connect holds a receiver by a weak reference: it does not keep it alive.",
        "One argument of connect changes this: weak=False.",
    ],
)


@greet.cases
def _() -> object:
    as_on_a_server()
    return [(Signal(), text) for text in ("Good morning!", "Welcome to Northlight")]


@greet.check
def _(run: Run) -> str | None:
    signal, text = run.arguments
    run.value = None  # Nobody keeps what the answer returned.
    gone = vanished(signal)
    for values in ({}, {"parcels": 2}):
        said, failed = ring(signal, "the postman", **values)
        if failed:
            return failed
        if not said:
            return VANISHED if gone else UNHEARD
        if said != [text]:
            return f"The bell got {compare.shown(said)} as answers; right is {[text]!r}."
    return None


@greet.mistake(NO_FUNCTION)
def not_a_function(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "weak reference" in str(run.error)


@greet.right
def strong_lambda(signal: Any, text: str) -> None:
    signal.connect(lambda **kwargs: text, weak=False)


@greet.right
def decorated(signal: Any, text: str) -> None:
    @receiver(signal, weak=False, dispatch_uid="greeting")
    def greeting(sender: Any, **kwargs: Any) -> str:
        return text


@greet.right
def kept_by_hand(signal: Any, text: str) -> None:
    signal.kept = lambda sender, **kwargs: text
    signal.connect(signal.kept)


@greet.wrong(VANISHED)
def weak_lambda(signal: Any, text: str) -> None:
    signal.connect(lambda sender, **kwargs: text)


@greet.wrong(VANISHED)
def weak_and_decorated(signal: Any, text: str) -> object:
    @receiver(signal)
    def greeting(sender: Any, **kwargs: Any) -> str:
        return text

    return greeting


@greet.wrong("A receiver takes **kwargs")
def only_the_sender(signal: Any, text: str) -> None:
    signal.connect(lambda sender: text, weak=False)


@greet.wrong("A signal hands everything over by name")
def only_by_position(signal: Any, text: str) -> None:
    signal.connect(lambda who, **kwargs: text, weak=False)


@greet.wrong("The bell got [None] as answers")
def printing(signal: Any, text: str) -> None:
    signal.connect(lambda sender, **kwargs: print(text), weak=False)


@greet.wrong(not_a_function)
def only_the_text(signal: Any, text: str) -> None:
    signal.connect(text)


@greet.wrong(NO_FUNCTION)
def what_it_returned(signal: Any, text: str) -> None:
    def greeting(sender: Any, **kwargs: Any) -> str:
        return text

    signal.connect(greeting(None), weak=False)


@greet.wrong(UNHEARD)
def for_one_sender(signal: Any, text: str) -> None:
    signal.connect(lambda sender, **kwargs: text, sender="reception", weak=False)


@greet.wrong(UNHEARD)
def rung_only(signal: Any, text: str) -> None:
    signal.send(sender=text)


# 07.6

move_out = Exercise(
    "07.6",
    "Going away",
    minutes=3,
    hints=[
        "disconnect needs the same key as connect had. What is the key made of?",
        "The sender is a part of both keys.",
        'For the second one, the name is the key: dispatch_uid="warehouse", and the sender.',
    ],
)


@move_out.cases
def _() -> object:
    as_on_a_server()
    signal = house(listener("write_log"))
    mail, warehouse = listener("send_mail"), listener("call_warehouse")
    signal.connect(mail, sender=Employee)
    signal.connect(warehouse, sender=Employee, dispatch_uid="warehouse")
    return [(signal, mail, warehouse)]


@move_out.check
def _(run: Run) -> str | None:
    run.arguments[0].send(sender=Employee)
    if still := [name for name in names() if name != "write_log"]:
        return f"Still connected: {', '.join(still)}."
    if "write_log" not in names():
        return "You disconnected all the others too. There was one more, and it is gone."
    return compare.difference([True, True], compare.alike([True], run.value), ordered=True)


@move_out.mistake(
    "call_warehouse was connected with a dispatch_uid. Then this name, and not the function, "
    "is the key, together with the sender."
)
def no_uid(run: Run) -> bool:
    return names() == ["write_log", "call_warehouse"] and False in run.rows


@move_out.mistake(
    "disconnect returned False: it found nothing. It needs what connect was given: "
    "the same receiver and the same sender."
)
def nothing_found(run: Run) -> bool:
    return False in run.rows


@move_out.right
def with_everything(signal: Any, send_mail: Any, call_warehouse: Any) -> object:
    first = signal.disconnect(send_mail, Employee)
    return first, signal.disconnect(call_warehouse, Employee, "warehouse")


@move_out.right
def looped(signal: Any, send_mail: Any, call_warehouse: Any) -> object:
    for key in ({"receiver": send_mail}, {"dispatch_uid": "warehouse"}):
        yield signal.disconnect(sender=Employee, **key)


@move_out.wrong(nothing_found)
def functions_only(signal: Any, send_mail: Any, call_warehouse: Any) -> object:
    return [signal.disconnect(send_mail), signal.disconnect(call_warehouse)]


@move_out.wrong(no_uid)
def forgot_the_uid(signal: Any, send_mail: Any, call_warehouse: Any) -> object:
    return [signal.disconnect(each, sender=Employee) for each in (send_mail, call_warehouse)]


@move_out.wrong(no_uid)
def uid_without_sender(signal: Any, send_mail: Any, call_warehouse: Any) -> object:
    first = signal.disconnect(send_mail, sender=Employee)
    return [first, signal.disconnect(dispatch_uid="warehouse")]


@move_out.wrong("Still connected: call_warehouse.")
def only_the_mail(signal: Any, send_mail: Any, call_warehouse: Any) -> object:
    return [signal.disconnect(send_mail, sender=Employee)]


@move_out.wrong("You disconnected all the others too")
def emptied(signal: Any, send_mail: Any, call_warehouse: Any) -> object:
    signal.receivers.clear()
    return [True, True]


@move_out.wrong("Still connected: send_mail, call_warehouse.")
def claimed(signal: Any, send_mail: Any, call_warehouse: Any) -> object:
    return [True, True]


@move_out.wrong("Your function returned nothing (None)")
def in_silence(signal: Any, send_mail: Any, call_warehouse: Any) -> None:
    signal.disconnect(send_mail, sender=Employee)
    signal.disconnect(sender=Employee, dispatch_uid="warehouse")


# 07.7

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
def _() -> object:
    as_on_a_server()
    well = [listener(name, answer) for name, answer in ORDER.items() if not _fails(answer)]
    every = [listener(name, answer) for name, answer in ORDER.items()]
    return [(house(*every), "shop"), (house(*well), "shop")]


def _fails(answer: Any) -> bool:
    return isinstance(answer, Exception)


@who_failed.check
def _(run: Run) -> str | None:
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


# 07.8

Prediction(
    "07.8",
    "Two of them are async",
    minutes=2,
    hints=[
        "Sync and async receivers do not take turns. Which of them run first?",
        "All sync receivers come first, whatever the order in which they were connected.",
        "The async ones run at the same time. Which of the two waits for a shorter time?",
    ],
    because=(
        "The sync receiver comes first, whatever the order of connect. Then both async receivers "
        "run at the same time, and the one that waits for less is ready first."
    ),
    wrong={
        "mail stock invoice": "That is the order of connect. Sync receivers run before async ones.",
        "stock mail invoice": "The async receivers do not wait for each other: they run together.",
        "invoice mail stock": "Sync receivers run first, and async ones after them.",
    },
    fact=lambda run: run.value,
)


# 07.9

welcome = Exercise(
    "07.9",
    "A welcome for everybody who is new",
    minutes=4,
    commits=True,  # on_commit is a good place, too.
    hints=[
        "Which signal rings when an employee was saved, wherever that happens?",
        "post_save hands over the object as instance, and created: whether the row is new.",
        "Your receiver is made inside a function. Who keeps it alive?",
    ],
)


@welcome.cases
def _() -> object:
    as_on_a_server()
    return [([],)]


@welcome.check
def _(run: Run) -> str | None:
    (mails,) = run.arguments
    if mails:
        return "There is mail already, and nobody was hired yet. Only who is new gets one."
    gone = vanished(post_save)
    try:
        ann = changes.employee(email="ann@northlight.example")
        if not mails:
            return VANISHED if gone else "Somebody was hired, and the list is still empty."
        if mails != [ann.email]:
            return (
                f"After ann@northlight.example was hired, the list is {compare.shown(mails)}. "
                "Asked is her email, once."
            )
        ann.save()
        Employee.objects.earliest("pk").save()
        if len(mails) > 1:
            return "Somebody was saved again, and got a welcome again. created says who is new."
        with transaction.atomic():
            Employee.objects.create(
                name="Ann again", email=ann.email, salary=1, hired_on="2026-01-07"
            )
    except IntegrityError:
        if len(mails) > 1:
            return (
                "A save failed, nobody was hired, and there is a welcome for them. "
                "pre_save rings before the row is written; post_save rings after it."
            )
    except Exception as error:  # noqa: BLE001 A learner's receiver may do anything.
        return trouble(error)
    try:
        changes.department()
    except Exception as error:  # noqa: BLE001 A learner's receiver may do anything.
        return f"A department was saved, and your receiver heard it: name the sender. {error}"
    return None


@welcome.right
def with_decorator(mails: list[str]) -> None:
    @receiver(post_save, sender=Employee, weak=False, dispatch_uid="welcome")
    def greet_them(instance: Any, **kwargs: Any) -> None:
        if kwargs["created"]:
            mails.append(instance.email)


@welcome.right
def all_senders(mails: list[str]) -> None:
    def greet_them(sender: Any, instance: Any, created: bool, **kwargs: Any) -> None:
        if created and isinstance(instance, Employee):
            transaction.on_commit(partial(mails.append, instance.email))

    post_save.connect(greet_them, weak=False)


@welcome.wrong(VANISHED)
def weak(mails: list[str]) -> None:
    def greet_them(sender: Any, instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            mails.append(instance.email)

    post_save.connect(greet_them, sender=Employee)


@welcome.wrong("Somebody was saved again, and got a welcome again")
def at_each_save(mails: list[str]) -> None:
    post_save.connect(lambda instance, **kw: mails.append(instance.email), Employee, weak=False)


@welcome.wrong("your receiver heard it: name the sender")
def of_every_model(mails: list[str]) -> None:
    def greet_them(instance: Any, created: bool, **kwargs: Any) -> None:
        if created:
            mails.append(instance.email)

    post_save.connect(greet_them, weak=False)


@welcome.wrong("A save failed, nobody was hired, and there is a welcome")
def before_the_row(mails: list[str]) -> None:
    def greet_them(instance: Any, **kwargs: Any) -> None:
        if instance.pk is None:
            mails.append(instance.email)

    pre_save.connect(greet_them, sender=Employee, weak=False)


@welcome.wrong("Your receiver failed when the bell rang")
def created_too_early(mails: list[str]) -> None:
    def greet_them(instance: Any, created: bool, **kwargs: Any) -> None:
        mails.append(instance.email)

    pre_save.connect(greet_them, sender=Employee, weak=False)


@welcome.wrong("Asked is her email, once")
def objects(mails: list[Any]) -> None:
    post_save.connect(lambda instance, **kw: mails.append(instance), Employee, weak=False)


@welcome.wrong("There is mail already, and nobody was hired yet")
def those_who_are_here(mails: list[str]) -> None:
    mails += Employee.objects.values_list("email", flat=True)


# 07.10

STOCK = 30

take = Exercise(
    "07.10",
    "The stock is low",
    minutes=5,
    commits=True,  # on_commit is a good place, too.
    hints=[
        "First the row, then the bell: who hears it may look at the table.",
        "send takes the sender, and as many values by name as you like.",
        "The values are product=product and left=product.stock; the sender is Product.",
    ],
)


@take.cases
def _() -> object:
    as_on_a_server()
    product = Product.objects.earliest("pk")
    Product.objects.filter(pk=product.pk).update(stock=STOCK)

    def look(sender: Any, **values: Any) -> None:
        values["stored"] = Product.objects.get(pk=product.pk).stock
        HEARD.append(("look", sender, values))

    signal = house(look)
    return [
        (signal, Product.objects.get(pk=product.pk), quantity) for quantity in (10, 25, 26, STOCK)
    ]


@take.check
def _(run: Run) -> str | None:
    _, product, quantity = run.arguments
    left = STOCK - quantity
    stored = Product.objects.get(pk=product.pk).stock
    if stored != left:
        return f"{quantity} of {STOCK} were taken. In the table the stock is {stored}, not {left}."
    if len(HEARD) != (left < 5):
        asked = "rings once" if left < 5 else "does not ring: it rings for fewer than 5"
        return f"{left} are left, so the bell {asked}. It rang {compare.count(len(HEARD), 'time')}."
    for _, sender, values in HEARD:
        if isinstance(sender, Product):
            return "The sender is one product. Asked is the class: a receiver can filter by it."
        if sender is not Product:
            return f"The sender is {compare.shown(sender)}. Asked is the class Product."
        if missing := [name for name in ("product", "left") if name not in values]:
            return f"The receivers did not get {' and '.join(missing)}. Hand it over by name."
        if values["stored"] != left:
            return "When the bell rang, the table still had the old stock. Save first, then ring."
        if values["product"] != product:
            given = compare.shown(values["product"])
            return f"product is {given}. Asked is the product from which something was taken."
        if values["left"] != left:
            return f"left is {compare.shown(values['left'])}, and {left} are left."
    return None


@take.mistake("A signal is not called like a function. To ring it, call its method send.")
def called_like_a_function(run: Run) -> bool:
    return "'Signal' object is not callable" in str(run.error)


@take.mistake("send takes the sender first, and all the values by name: product=..., left=...")
def not_by_name(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "send()" in str(run.error)


@take.right
def in_the_database(stock_is_low: Any, product: Any, quantity: int) -> None:
    Product.objects.filter(pk=product.pk).update(stock=F("stock") - quantity)
    product.refresh_from_db()
    if product.stock <= 4:
        stock_is_low.send(type(product), product=product, left=product.stock)


@take.right
def when_committed(stock_is_low: Any, product: Any, quantity: int) -> None:
    left = product.stock = product.stock - quantity
    with transaction.atomic():
        product.save(update_fields=["stock"])
        ringing = partial(stock_is_low.send_robust, Product, product=product, left=left)
        if left < 5:
            transaction.on_commit(ringing)


def _taken(product: Any, quantity: int) -> int:
    product.stock -= quantity
    product.save()
    return int(product.stock)


@take.wrong("the table still had the old stock. Save first")
def too_soon(stock_is_low: Any, product: Any, quantity: int) -> None:
    product.stock -= quantity
    if product.stock < 5:
        stock_is_low.send(sender=Product, product=product, left=product.stock)
    product.save()


@take.wrong("In the table the stock is 30, not 20")
def not_saved(stock_is_low: Any, product: Any, quantity: int) -> None:
    product.stock -= quantity
    if product.stock < 5:
        stock_is_low.send(sender=Product, product=product, left=product.stock)


@take.wrong("does not ring: it rings for fewer than 5. It rang 1 time.")
def five_too(stock_is_low: Any, product: Any, quantity: int) -> None:
    if (left := _taken(product, quantity)) <= 5:
        stock_is_low.send(sender=Product, product=product, left=left)


@take.wrong("20 are left, so the bell does not ring")
def always(stock_is_low: Any, product: Any, quantity: int) -> None:
    stock_is_low.send(sender=Product, product=product, left=_taken(product, quantity))


@take.wrong("4 are left, so the bell rings once. It rang 0 times")
def only_when_empty(stock_is_low: Any, product: Any, quantity: int) -> None:
    if not _taken(product, quantity):
        stock_is_low.send(sender=Product, product=product, left=0)


@take.wrong("The sender is one product. Asked is the class")
def one_product(stock_is_low: Any, product: Any, quantity: int) -> None:
    if (left := _taken(product, quantity)) < 5:
        stock_is_low.send(sender=product, product=product, left=left)


@take.wrong("The receivers did not get product and left")
def without_values(stock_is_low: Any, product: Any, quantity: int) -> None:
    if _taken(product, quantity) < 5:
        stock_is_low.send(sender=Product)


@take.wrong(called_like_a_function)
def pressed(stock_is_low: Any, product: Any, quantity: int) -> None:
    if (left := _taken(product, quantity)) < 5:
        stock_is_low(sender=Product, product=product, left=left)


@take.wrong(not_by_name)
def in_a_row(stock_is_low: Any, product: Any, quantity: int) -> None:
    if (left := _taken(product, quantity)) < 5:
        stock_is_low.send(Product, product, left)


@take.wrong("product is 'Basil'. Asked is the product")
def its_name(stock_is_low: Any, product: Any, quantity: int) -> None:
    if (left := _taken(product, quantity)) < 5:
        stock_is_low.send(sender=Product, product=product.name, left=left)


@take.wrong("left is 26, and 4 are left")
def wrong_number(stock_is_low: Any, product: Any, quantity: int) -> None:
    if _taken(product, quantity) < 5:
        stock_is_low.send(sender=Product, product=product, left=quantity)


# 07.11

RINGS = ["postman", "neighbour", "postman"]

make_ready = Exercise(
    "07.11",
    "Started two times",
    minutes=4,
    hints=[
        "Each call of ready() makes a new function object. So its key is another one, too.",
        "dispatch_uid gives the registration a name. The second one of this name is not added.",
        "The receiver is made inside a function: the signal has to keep it alive.",
    ],
)


@make_ready.cases
def _() -> object:
    as_on_a_server()
    return [(Signal(), [])]


@make_ready.check
def _(run: Run) -> str | None:
    signal, log = run.arguments
    ready = run.value
    if not callable(ready):
        return (
            f"Asked is a function; your function returned {compare.shown(ready)}. "
            "Return ready, without (): the check calls it."
        )
    ring(signal, "too early")
    if log:
        return "Your receiver was connected before ready() was called. Connect inside ready."
    try:
        ready()
        ready()
    except Exception as error:  # noqa: BLE001 The answer's own function may do anything.
        return f"ready() raised {type(error).__name__}: {error}"
    gone = vanished(signal)
    for times, sender in enumerate(RINGS, start=1):
        _, failed = ring(signal, sender)
        if failed:
            return failed
        if not log:
            return VANISHED if gone else UNHEARD
        if len(log) == 2 * times:
            return (
                "ready() ran two times, and now each ring is written down two times. Each "
                "ready() makes a new function with a new key. A dispatch_uid is a key that stays."
            )
    if log != RINGS:
        return f"Three rings: {', '.join(RINGS)}. The log is {compare.shown(log)}."
    return None


@make_ready.right
def made_outside(signal: Any, log: Any) -> object:
    def write_down(sender: Any, **kwargs: Any) -> None:
        log.append(sender)

    def ready() -> None:
        signal.connect(write_down)

    return ready


@make_ready.right
def disconnected_first(signal: Any, log: Any) -> object:
    def ready() -> None:
        signal.disconnect(dispatch_uid="log")
        signal.connect(lambda sender, **kw: log.append(sender), weak=False, dispatch_uid="log")

    return ready


@make_ready.wrong("Each ready() makes a new function with a new key")
def without_a_name(signal: Any, log: Any) -> object:
    return lambda: signal.connect(lambda sender, **kw: log.append(sender), weak=False)


@make_ready.wrong("Each ready() makes a new function with a new key")
def name_of_the_moment(signal: Any, log: Any) -> object:
    def ready() -> None:
        def write_down(sender: Any, **kwargs: Any) -> None:
            log.append(sender)

        signal.connect(write_down, weak=False, dispatch_uid=write_down)

    return ready


@make_ready.wrong(VANISHED)
def weak_with_a_name(signal: Any, log: Any) -> object:
    return lambda: signal.connect(lambda sender, **kw: log.append(sender), dispatch_uid="log")


@make_ready.wrong("Return ready, without (): the check calls it")
def called_by_itself(signal: Any, log: Any) -> object:
    return signal.connect(lambda sender, **kw: log.append(sender), weak=False, dispatch_uid="log")


@make_ready.wrong("Your receiver was connected before ready() was called")
def connected_outside(signal: Any, log: Any) -> object:
    signal.connect(lambda sender, **kw: log.append(sender), weak=False, dispatch_uid="log")
    return lambda: None


@make_ready.wrong("The log is ['postman', 'neighbour'].")
def each_sender_once(signal: Any, log: Any) -> object:
    def ready() -> None:
        def write_down(sender: Any, **kwargs: Any) -> None:
            if sender not in log:
                log.append(sender)

        signal.connect(write_down, weak=False)

    return ready


@make_ready.wrong("Three rings: postman, neighbour, postman. The log is [1, 1, 1].")
def counted(signal: Any, log: Any) -> object:
    return lambda: signal.connect(
        lambda sender, **kwargs: log.append(1), weak=False, dispatch_uid="log"
    )


# 07.12

PRICES = {"north": 12, "south": 9, "west": 15}
OWN = 11

ask = Exercise(
    "07.12",
    "Ask them all at once",
    minutes=4,
    hints=[
        "The functions are connected like any others: in a loop.",
        "In async code the bell is rung with asend, and await stands before it.",
        "asend returns pairs, as send does. The prices are the second parts.",
    ],
)

#: How many suppliers are at work now, and the most there were.
BUSY = {"now": 0, "most": 0}


def _supplier(name: str) -> Callable[..., Any]:
    async def supplier(sender: Any, **values: Any) -> int:
        HEARD.append((name, sender, values))
        BUSY["now"] += 1
        BUSY["most"] = max(BUSY.values())
        await asyncio.sleep(0.05)
        BUSY["now"] -= 1
        return PRICES[name]

    supplier.__name__ = supplier.__qualname__ = name
    return supplier


@ask.cases
def _() -> object:
    as_on_a_server()
    BUSY.update(now=0, most=0)
    return [(house(listener("own_stock", OWN)), [_supplier(name) for name in PRICES])]


@ask.check
def _(run: Run) -> str | None:
    if len(names()) > len(set(names())):
        return "Somebody was asked more than once. Connect all of them, and then ring once."
    sentence = compare.difference([OWN, *PRICES.values()], compare.alike([0], run.value), False)
    if sentence is None and BUSY["most"] < len(PRICES):
        return "The suppliers were asked one after another. asend asks them at the same time."
    return sentence


@ask.mistake("send does not work where an event loop runs. In async code, it is await and asend.")
def not_async(run: Run) -> bool:
    return isinstance(run.error, RuntimeError) and "AsyncToSync" in str(run.error)


@ask.mistake("asend returns a coroutine. With await before it you get the list.")
def not_awaited(run: Run) -> bool:
    return "coroutine" in str(run.error) or asyncio.iscoroutine(run.value)


@ask.mistake("connect takes one supplier at a time, as it is, without (). The signal calls it.")
def called_while_connecting(run: Run) -> bool:
    said = str(run.error)
    return ("missing" in said and "asend" not in said) or "weak reference" in said


@ask.mistake("asend returns (function, answer) pairs. Asked are the answers alone.")
def with_functions(run: Run) -> bool:
    return any(isinstance(row, tuple) for row in run.rows)


@ask.mistake(
    "There is a coroutine among the answers. Only an async def is awaited: "
    "connect the suppliers themselves."
)
def wrapped(run: Run) -> bool:
    found = [row for row in run.rows if asyncio.iscoroutine(row)]
    for coroutine in found:
        coroutine.close()  # No warning that nobody awaited it.
    return bool(found)


@ask.mistake("The shop's own stock was not asked. It listens to the signal: ring it.")
def without_own(run: Run) -> bool:
    return run.error is None and "own_stock" not in names()


@ask.mistake("Only the shop's own stock answered. Connect the suppliers before you ring.")
def only_own(run: Run) -> bool:
    return names() == ["own_stock"]


@ask.mistake(
    "Not all of the suppliers were asked. Each is a registration of its own: "
    "the same dispatch_uid is not added twice."
)
def not_all(run: Run) -> bool:
    return 1 < len(names()) <= len(PRICES) and run.error is None


@ask.right
async def robustly(signal: Any, suppliers: Any) -> object:
    for number, supplier in enumerate(suppliers):
        signal.connect(supplier, weak=False, dispatch_uid=f"supplier {number}")
    return tuple(answer for _, answer in await signal.asend_robust("shop"))


@ask.right
def from_outside(signal: Any, suppliers: Any) -> object:
    for supplier in suppliers:
        receiver(signal)(supplier)
    return [answer for _, answer in signal.send(sender=None)]


@ask.right
def bridged(signal: Any, suppliers: Any) -> object:
    for supplier in suppliers:
        signal.connect(supplier)
    return dict(async_to_sync(signal.asend)(sender="shop")).values()


async def _connected(signal: Any, suppliers: Any) -> None:
    for supplier in suppliers:
        signal.connect(supplier)


@ask.wrong(not_async)
async def sent_in_sync(signal: Any, suppliers: Any) -> object:
    await _connected(signal, suppliers)
    return [answer for _, answer in signal.send(sender=None)]


@ask.wrong(not_awaited)
async def forgot_await(signal: Any, suppliers: Any) -> object:
    await _connected(signal, suppliers)
    running = signal.asend(sender=None)
    running.close()  # No warning that nobody awaited it.
    return [answer for _, answer in running]


@ask.wrong(called_while_connecting)
async def with_parentheses(signal: Any, suppliers: Any) -> object:
    for supplier in suppliers:
        signal.connect(supplier())
    return [answer for _, answer in await signal.asend(sender=None)]


@ask.wrong(with_functions)
async def whole_list(signal: Any, suppliers: Any) -> object:
    await _connected(signal, suppliers)
    return await signal.asend(sender=None)


@ask.wrong(without_own)
async def gathered(signal: Any, suppliers: Any) -> object:
    return await asyncio.gather(*[supplier(sender=None) for supplier in suppliers])


@ask.wrong(only_own)
async def not_connected(signal: Any, suppliers: Any) -> object:
    return [answer for _, answer in await signal.asend(sender=None)]


@ask.wrong(called_while_connecting)
async def all_in_one(signal: Any, suppliers: Any) -> object:
    signal.connect(suppliers)
    return [answer for _, answer in await signal.asend(sender=None)]


@ask.wrong(wrapped)
async def through_a_function(signal: Any, suppliers: Any) -> object:
    def call(sender: Any, **kwargs: Any) -> object:
        return suppliers[0](sender)

    signal.connect(call)
    return [answer for _, answer in await signal.asend(sender=None)]


@ask.wrong(not_all)
async def the_same_name(signal: Any, suppliers: Any) -> object:
    for supplier in suppliers:
        signal.connect(supplier, dispatch_uid="supplier")
    return [answer for _, answer in await signal.asend(sender=None)]


@ask.wrong("Somebody was asked more than once")
async def rung_in_the_loop(signal: Any, suppliers: Any) -> object:
    for supplier in suppliers:
        signal.connect(supplier)
        pairs = await signal.asend(sender=None)
    return [answer for _, answer in pairs]


@ask.wrong("The suppliers were asked one after another")
async def in_turn(signal: Any, suppliers: Any) -> object:
    found = [answer for _, answer in await signal.asend(sender=None)]
    return found + [await supplier(sender=None) for supplier in suppliers]


# 07.13

book = Exercise(
    "07.13",
    "No bell at all",
    minutes=3,
    layers=("sql", "http", "signals", "unheard"),
    hints=[
        "What does the one receiver do? This can stand in your function, or be called by it.",
        "First ask whether there are enough free seats. If not, the cost is 0.",
        "Then make hall['free'] smaller, and return the number of seats times the price.",
    ],
)


#: How many seats are asked for -> how many are free, and what one costs.
HALLS = {3: (40, 12), 5: (5, 20), 6: (4, 15)}


@book.cases
def _() -> object:
    as_on_a_server()
    return [({"free": free, "price": price}, number) for number, (free, price) in HALLS.items()]


@book.check
def _(run: Run) -> str | None:
    hall, number = run.arguments
    free, price = HALLS[number]
    taken = number if number <= free else 0
    asked = f"{number} seats were asked for, and {free} were free"
    if any(isinstance(event, Send) for event in run.seen.events):
        return "A bell still rings. Let your function do the work, or call the function that does."
    if hall != {"free": free - taken, "price": price}:
        return f"{asked}. Now hall is {compare.shown(hall)}: free should be {free - taken}."
    if sentence := compare.difference(taken * price, run.value, ordered=False):
        return f"{asked}. {sentence}"
    return None


@book.right
def counted_first(hall: Any, number: int) -> object:
    taken = number if number <= hall["free"] else 0
    hall["free"] -= taken
    return taken * hall["price"]


def _reserve(sender: Any, hall: Any, number: int, **kwargs: Any) -> int:
    if number > hall["free"]:
        return 0
    hall["free"] -= number
    return number


@book.right
def old_function_called(hall: Any, number: int) -> object:
    return hall["price"] * _reserve(None, hall, number)


@book.wrong("A bell still rings")
def as_before(hall: Any, number: int) -> object:
    bell = house(_reserve)
    pairs = dict(bell.send(sender=None, hall=hall, number=number))
    return pairs[_reserve] * hall["price"]


@book.wrong("A bell still rings")
def nobody_hears(hall: Any, number: int) -> object:
    Signal().send(sender=None, hall=hall, number=number)
    return _reserve(None, hall, number) * hall["price"]


@book.wrong("Now hall is {'free': 40, 'price': 12}: free should be 37.")
def only_the_price(hall: Any, number: int) -> object:
    return number * hall["price"] if number <= hall["free"] else 0


@book.wrong("5 seats were asked for, and 5 were free")
def last_seat_stays(hall: Any, number: int) -> object:
    return 0 if number >= hall["free"] else _reserve(None, hall, number) * hall["price"]


@book.wrong("6 seats were asked for, and 4 were free. Now hall is {'free': -2")
def without_asking(hall: Any, number: int) -> object:
    hall["free"] -= number
    return number * hall["price"]


@book.wrong("6 seats were asked for, and 4 were free. Your function returned 90; right is 0.")
def paid_for_nothing(hall: Any, number: int) -> object:
    _reserve(None, hall, number)
    return number * hall["price"]


@book.wrong("Your function returned 3; right is 36.")
def seats(hall: Any, number: int) -> object:
    return _reserve(None, hall, number)


@book.wrong("Your function returned nothing (None)")
def nothing_returned(hall: Any, number: int) -> None:
    _reserve(None, hall, number)
