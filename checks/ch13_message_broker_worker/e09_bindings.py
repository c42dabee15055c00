"""13.9 Bindings of a topic exchange."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tutor.judge.exercise import Exercise, Run

bindings = Exercise(
    "13.9",
    "Bindings",
    minutes=7,
    hints=[
        "A star stands for exactly one word, # for any number of words.",
        "# may stand at the beginning, too. And a queue may have more than one binding.",
        'For "money" two keys: *.paid.* and the same with refunded.',
    ],
)


KEYS = [
    *("order.paid", "order.paid.ie", "order.paid.late.ie", "order.refunded.no"),
    *("order.new.ie", "parcel.ie", "parcel.lost.ie", "parcel.lost.no", "ie.parcel.lost"),
    *("invoice.paid", "invoice.paid.no", "invoice.refunded.ie", "paid.invoice.no"),
    *("orders.new.no", "invoice.paid.no.late", "reorder.new.no", "invoice.order.no"),
    "parcel.invoice.paid.no",
]

RULES: dict[str, Callable[[list[str]], bool]] = {
    "orders": lambda words: words[0] == "order",
    "ireland": lambda words: words[-1] == "ie",
    "money": lambda words: len(words) == 3 and words[1] in ("paid", "refunded"),
    "log": lambda words: True,
}


def fits(binding: list[str], words: list[str]) -> bool:
    """Whether a topic exchange takes these words: * is one word, # is none, one or more.

    The rule of AMQP (https://www.rabbitmq.com/tutorials/tutorial-five-python). kombu's exchange in
    memory is not so exact: there "order.*.#" wants three words.
    """
    if not binding:
        return not words
    first, *rest = binding
    if first == "#":
        return any(fits(rest, words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and first in ("*", words[0]) and fits(rest, words[1:])


def delivered(bindings: list[str]) -> list[str]:
    """The news that a queue gets that is bound with these keys."""
    bound = [binding.split(".") for binding in bindings]
    return [key for key in KEYS if any(fits(each, key.split(".")) for each in bound)]


def keys_for(value: dict[str, Any], queue: str) -> list[str]:
    keys = value[queue]
    return [keys] if isinstance(keys, str) else list(keys)


def wrongly(value: Any, queue: str) -> tuple[list[str], list[str]]:
    """The news that the queue lacks, and those that it gets too much."""
    wanted = [key for key in KEYS if RULES[queue](key.split("."))]
    got = delivered(keys) if (keys := keys_for(value, queue)) else []
    return [key for key in wanted if key not in got], [key for key in got if key not in wanted]


@bindings.check
def check(run: Run) -> str | None:
    if not isinstance(run.value, dict):
        return "Asked is a dictionary: the name of a queue -> the list of its keys."
    if missing := [name for name in RULES if name not in run.value]:
        return f'The queue "{missing[0]}" is missing.'
    if strange := [name for name in run.value if name not in RULES]:
        return f"No queue {strange[0]!r} was asked for."
    for queue in RULES:
        if not isinstance(run.value[queue], list | tuple | set | str):
            return f'"{queue}" needs a list of keys.'
        if not all(isinstance(key, str) for key in keys_for(run.value, queue)):
            return f'The keys of "{queue}" must be texts.'
        missing, surplus = wrongly(run.value, queue)
        if surplus:
            return f'"{queue}" gets the news {surplus[0]}, and should not.'
        if missing:
            return f'"{queue}" does not get the news {missing[0]}.'
    return None


@bindings.mistake("A star stands for one word alone. # stands for any number of words.")
def stars(run: Run) -> bool:
    return any(
        any("*" in key for key in keys_for(run.value, queue)) and wrongly(run.value, queue)[0]
        for queue in ("orders", "ireland", "log")
    )


@bindings.mistake(
    '"money" takes news of exactly three words. Yours takes others, too: count the words of your '
    "keys, and mind that # stands for any number."
)
def money_too_long(run: Run) -> bool:
    return any(len(key.split(".")) != 3 for key in wrongly(run.value, "money")[1])


@bindings.mistake(
    '"money" needs two bindings, one for paid and one for refunded. A key has no "or".'
)
def one_binding(run: Run) -> bool:
    return bool(wrongly(run.value, "money")[0])


@bindings.mistake(
    "# and * stand for whole words, between dots. Within a word they are letters like others."
)
def inside_a_word(run: Run) -> bool:
    return any(
        {"#", "*"} & set(word) and len(word) > 1
        for queue in RULES
        for key in keys_for(run.value, queue)
        for word in key.split(".")
    )


@bindings.right
def from_both_ends() -> object:
    return {
        "log": ["#"],
        "orders": ["order", "order.#"],
        "ireland": ("ie", "#.ie"),
        "money": {"*.paid.*", "*.refunded.*"},
    }


@bindings.right
def one_word_and_the_rest() -> object:
    return {
        "orders": ["order.*.#"],
        "ireland": ["*.#.ie"],
        "money": ["*.paid.*", "*.refunded.*"],
        "log": ["#.#"],
    }


@bindings.right
def one_text() -> object:
    return {
        "orders": "order.#",
        "ireland": "#.ie",
        "money": ["*.refunded.*", "*.paid.*"],
        "log": "#",
    }


def with_bindings(**changed: list[str]) -> dict[str, list[str]]:
    return {
        "orders": ["order.#"],
        "ireland": ["#.ie"],
        "money": ["*.paid.*", "*.refunded.*"],
        "log": ["#"],
    } | changed


@bindings.wrong(stars)
def stars_everywhere() -> object:
    return with_bindings(orders=["order.*"], ireland=["*.ie"], log=["*"])


@bindings.wrong(stars)
def three_words() -> object:
    return with_bindings(orders=["order.*.*"])


@bindings.wrong(money_too_long)
def any_length() -> object:
    return with_bindings(money=["#.paid.#", "#.refunded.#"])


@bindings.wrong(one_binding)
def only_paid() -> object:
    return with_bindings(money=["*.paid.*"])


@bindings.wrong(one_binding)
def in_one_text() -> object:
    return with_bindings(money=["*.paid|refunded.*"])


@bindings.wrong(inside_a_word)
def glued() -> object:
    return with_bindings(orders=["order#"])


@bindings.wrong('"orders" gets the news invoice.order.no')
def anywhere() -> object:
    return with_bindings(orders=["#.order.#"])
