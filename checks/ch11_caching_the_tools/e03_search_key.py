"""11.3 A key for each search: what belongs into it."""

from __future__ import annotations

import builtins
import hashlib
import json
import uuid
from typing import Any
from unittest import mock
from urllib.parse import quote

from checks.ch11_caching_the_tools import once_more
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

SEARCHES: list[tuple[int | None, str, int]] = [
    (3, "lemon tree", 1),
    (3, "lemon  tree", 1),
    (3, "Lemon tree", 1),
    (3, "lemon tree", 2),
    (4, "lemon tree", 1),
    (None, "lemon tree", 1),
    (3, "", 1),
    (3, "tomato \N{TOMATO}", 1),
    (3, "tomato \N{HERB}", 1),
    (3, "x" * 500, 1),
    (3, "x" * 499 + "y", 1),
    (1, "2", 34),
    (12, "", 34),
    (1, "23", 4),
    (1, "2:3", 4),
    (1, "2", 3),
    (None, "3:lemon tree", 1),
    (3, "\N{LATIN SMALL LETTER E WITH ACUTE}t\N{LATIN SMALL LETTER E WITH ACUTE}", 1),
    (3, "t", 1),
]


search_key = Exercise(
    "11.3",
    "A key for each search",
    minutes=6,
    layers=(),
    hints=[
        "Two of the three are harmless. The words are not: too long, with blanks, in any script.",
        "A digest turns a text of any length into one of fixed length: hashlib.sha256().",
        "sha256() wants bytes: words.encode(). Its hexdigest() gives visible signs.",
    ],
)


@search_key.cases
def cases() -> object:
    return [SEARCHES[0]]


def shown(search: tuple[int | None, str, int]) -> str:
    category, words, page = search
    if len(words) > 40:
        words = f"{words[:5]}...{words[-5:]}"
    return f"({category}, {words!r}, {page})"


def bad_key(key: Any, search: tuple[int | None, str, int]) -> str | None:
    if not isinstance(key, str):
        return f"A key is a text. For {shown(search)} yours is {compare.shown(key)}."
    if not key.startswith("shop.search"):
        return f'The key for {shown(search)} does not begin with "shop.search": {key[:60]!r}.'
    if len(key) > 200:
        return f"The key for {shown(search)} has {len(key)} signs. At most 200 are asked for."
    if not all("!" <= sign <= "~" for sign in key):
        return (
            f"The key for {shown(search)} has a sign that is not visible ASCII: {key[:60]!r}. "
            "What a visitor typed cannot stand in a key as it is."
        )
    return None


@search_key.check
def check(run: Run) -> str | None:
    if sentence := bad_key(run.value, SEARCHES[0]):
        return sentence
    keys: dict[str, tuple[int | None, str, int]] = {}
    for search in SEARCHES:
        key = once_more(run, *search).value
        if sentence := bad_key(key, search):
            return sentence
        if key in keys:
            return (
                f"{shown(keys[key])} and {shown(search)} have the same key, {key[:60]!r}. "
                "So one visitor gets what another one searched for."
            )
        keys[key] = search
    for key, (category, words, page) in keys.items():
        equal = "".join(list(words))  # another object with the same signs
        if once_more(run, category, equal, page).value != key:
            return "Called twice with the same search, your function returns two keys."
    with mock.patch.object(builtins, "hash", lambda value: 7_777_777):
        for key, search in keys.items():
            if once_more(run, *search).value != key:
                return (
                    "hash() of a text is another number in each process: nobody else would find "
                    "the key. hashlib has digests that are the same everywhere."
                )
    return None


@search_key.right
def of_everything(category: int | None, words: str, page: int) -> object:
    text = json.dumps([category, words, page])
    return "shop.search:" + hashlib.sha256(text.encode()).hexdigest()


@search_key.right
def of_repr(category: int | None, words: str, page: int) -> object:
    return f"shop.search.{hashlib.md5(repr((category, words, page)).encode()).hexdigest()}"


@search_key.right
def long_ones_only(category: int | None, words: str, page: int) -> object:
    words = quote(words)
    if len(words) > 100:
        words = "sha1:" + hashlib.sha1(words.encode()).hexdigest()
    return f"shop.search:{category}:{page}:{words}"


@search_key.wrong("has a sign that is not visible ASCII")
def as_it_is(category: int | None, words: str, page: int) -> object:
    return f"shop.search:{category}:{words}:{page}"


@search_key.wrong("hash() of a text is another number in each process")
def with_hash(category: int | None, words: str, page: int) -> object:
    return f"shop.search:{category}:{hash(words)}:{page}"


@search_key.wrong("At most 200 are asked for")
def quoted(category: int | None, words: str, page: int) -> object:
    return f"shop.search:{category}:{quote(words)}:{page}"


@search_key.wrong("have the same key")
def cut_off(category: int | None, words: str, page: int) -> object:
    return f"shop.search:{category}:{page}:{quote(words)}"[:200]


@search_key.wrong("have the same key")
def blanks_replaced(category: int | None, words: str, page: int) -> object:
    text = "-".join(words.split()).encode()
    return f"shop.search:{category}:{hashlib.sha256(text).hexdigest()}:{page}"


@search_key.wrong("have the same key")
def small_letters(category: int | None, words: str, page: int) -> object:
    digest = hashlib.sha256(words.lower().encode()).hexdigest()
    return f"shop.search:{category}:{digest}:{page}"


@search_key.wrong("Called twice with the same search")
def random_key(category: int | None, words: str, page: int) -> object:
    return f"shop.search:{category}:{uuid.uuid4()}:{page}"


@search_key.wrong("A key is a text")
def as_a_tuple(category: int | None, words: str, page: int) -> object:
    return ("shop.search", category, words, page)
