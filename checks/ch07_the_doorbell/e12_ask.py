"""07.12 Ask them all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync
from django.dispatch import receiver

from checks.ch07_the_doorbell import HEARD, as_on_a_server, house, listener, names
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

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
def cases() -> object:
    as_on_a_server()
    BUSY.update(now=0, most=0)
    return [(house(listener("own_stock", OWN)), [_supplier(name) for name in PRICES])]


@ask.check
def check(run: Run) -> str | None:
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
