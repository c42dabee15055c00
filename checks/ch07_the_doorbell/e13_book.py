"""07.13 No bell at all."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

from checks.ch07_the_doorbell import as_on_a_server, house
from glass.layers.signals import SignalSend
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

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
def cases() -> object:
    as_on_a_server()
    return [({"free": free, "price": price}, number) for number, (free, price) in HALLS.items()]


@book.check
def check(run: Run) -> str | None:
    hall, number = run.arguments
    free, price = HALLS[number]
    taken = number if number <= free else 0
    asked = f"{number} seats were asked for, and {free} were free"
    if any(isinstance(event, SignalSend) for event in run.seen.events):
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
