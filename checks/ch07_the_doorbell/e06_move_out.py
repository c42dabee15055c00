"""07.6 Going away."""

from __future__ import annotations

from typing import Any

from company.models import Employee

from checks.ch07_the_doorbell import as_on_a_server, house, listener, names
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

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
def cases() -> object:
    as_on_a_server()
    signal = house(listener("write_log"))
    mail, warehouse = listener("send_mail"), listener("call_warehouse")
    signal.connect(mail, sender=Employee)
    signal.connect(warehouse, sender=Employee, dispatch_uid="warehouse")
    return [(signal, mail, warehouse)]


@move_out.check
def check(run: Run) -> str | None:
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
