"""Is it the same, and if not, what is the difference? In one sentence for the learner."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import ItemsView, Iterator, KeysView, Sequence, ValuesView
from types import GeneratorType
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.manager import BaseManager
from django.db.models.query import RawQuerySet
from django.utils.functional import LazyObject

_FEW = 3
_VIEWS = (KeysView, ValuesView, ItemsView)
_LISTS = (list, set, frozenset, QuerySet, RawQuerySet, GeneratorType, Iterator, *_VIEWS)


def materialize(value: Any) -> Any:
    """The value with its lazy parts evaluated: querysets, generators, sets and so on as lists."""
    # Not isinstance(): it asks the value for its class, and a proxy then fetches what it stands for.
    kind = type(value)
    if issubclass(kind, LazyObject):
        return value
    if issubclass(kind, BaseManager):
        value = value.all()
        kind = type(value)
    if type(value) is tuple:
        return tuple(materialize(item) for item in value)
    other = issubclass(kind, Sequence) and not issubclass(kind, tuple | str | bytes)
    if other or issubclass(kind, _LISTS):  # A page of a Paginator is a Sequence.
        return [materialize(item) for item in value]
    if issubclass(kind, dict):
        return {key: materialize(item) for key, item in value.items()}
    return value


def difference(expected: Any, value: Any, ordered: bool) -> str | None:
    """What is wrong with a settled value, or None when it is as expected."""
    value = alike(expected, value)
    if _frozen(expected, ordered) == _frozen(value, ordered):
        return None
    return _strange(expected, value) or _details(expected, value, ordered)


def alike(expected: Any, value: Any) -> Any:
    """The value with a list for each tuple, or a tuple for each list, where the other is expected.

    Which of the two a learner takes is no mistake, at the top or inside rows and dictionaries.
    """
    if isinstance(expected, dict) and isinstance(value, dict):
        usual = next(iter(expected.values()), None)
        return {key: alike(expected.get(key, usual), item) for key, item in value.items()}
    if not isinstance(expected, list | tuple) or not isinstance(value, list | tuple):
        return value
    if isinstance(expected, list):
        return [alike(expected[0], item) for item in value] if expected else list(value)
    if len(expected) != len(value):
        return tuple(value)
    return tuple(alike(right, item) for right, item in zip(expected, value, strict=True))


def _strange(expected: Any, value: Any) -> str | None:
    """A value of another kind than the one asked for."""
    if value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if inspect.iscoroutine(value) or inspect.isawaitable(value):
        return (
            "Your function returned a coroutine that was never awaited. Put await before the call."
        )
    if callable(value) and not callable(expected):
        return "Your function returned a method that was never called. Put () after its name."
    if isinstance(expected, list | dict) and type(value) is not type(expected):
        return f"Asked is {_kind(expected)}; your function returned {_kind(value)}."
    if isinstance(value, list | dict) and not isinstance(expected, list | dict):
        return (
            f"Asked is one value, such as {shown(expected)}; your function returned {_kind(value)}."
        )
    return None


def _details(expected: Any, value: Any, ordered: bool) -> str:
    if isinstance(expected, list):
        return _rows(expected, value, ordered)
    if isinstance(expected, dict):
        return _entries(expected, value, ordered)
    return f"Your function returned {shown(value)}; right is {shown(expected)}."


def rows_not_in(rows: list[Any], others: list[Any], ordered: bool = False) -> list[Any]:
    """The rows that are not among the others, or are there more often."""
    left = Counter(_frozen(_row_as_tuple(row), ordered) for row in others)
    found = []
    for row in rows:
        key = _frozen(_row_as_tuple(row), ordered)
        left[key] -= 1
        if left[key] < 0:
            found.append(row)
    return found


def _rows(expected: list[Any], value: list[Any], ordered: bool) -> str:
    if expected and value and (sentence := _shape(expected[0], value[0])):
        return sentence
    missing, many = rows_not_in(expected, value, ordered), rows_not_in(value, expected, ordered)
    if not missing and not many:
        number = next(
            n
            for n, (right, given) in enumerate(zip(expected, value, strict=True))
            if rows_not_in([right], [given], ordered)
        )
        return (
            f"These are the right rows in another order: row {number + 1} is "
            f"{shown(value[number])}; right is {shown(expected[number])}."
        )
    said = [f"{count(len(value), 'row')} in place of {len(expected)}."]
    if len(value) == len(expected):
        said = ["As many rows as asked, but not the right ones."]
    repeated = [row for row in many if len(rows_not_in([row], expected, ordered)) == 0]
    strange = [row for row in many if row not in repeated]
    for words, rows in (
        ("Missing", missing),
        ("Too many", strange),
        ("More often than asked", repeated),
    ):
        if rows:
            said.append(f"{words}: {_list(rows)}.")
    return " ".join(said)


def _shape(expected: Any, value: Any) -> str | None:
    """What is wrong with the rows as such."""
    if isinstance(expected, Model) != isinstance(value, Model) or (
        isinstance(expected, tuple | list | dict) != isinstance(value, tuple | list | dict)
    ):
        return f"Each row should be {_row(expected)}; yours are {_row(value)}."
    if isinstance(expected, dict) != isinstance(value, dict):
        return f"Each row should be {_row(expected)}; yours are {_row(value)}."
    if isinstance(expected, tuple) and len(expected) != len(value):
        return f"Each row should have {len(expected)} values, as {shown(expected)}; yours have {len(value)}."
    return None


def _row(row: Any) -> str:
    if isinstance(row, Model):
        return f"objects of {type(row).__name__}"
    return f"like {shown(row)}"


def _entries(expected: dict[Any, Any], value: dict[Any, Any], ordered: bool) -> str:
    if missing := [key for key in expected if key not in value]:
        return f"Keys that are missing: {_list(missing)}."
    if unexpected := [key for key in value if key not in expected]:
        return f"Keys that are too many: {_list(unexpected)}."
    for key, right in expected.items():
        if _frozen(right, ordered) != _frozen(value[key], ordered):
            return f"Under {shown(key)}: " + (difference(right, value[key], ordered) or "")
    return "The keys are in another order."


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a dictionary"
    if isinstance(value, Model):
        return f"one object of {type(value).__name__}"
    return f"one value, {shown(value)}"


def _frozen(value: Any, ordered: bool) -> Any:
    """The value as something that can be compared and counted, order left out where it is free."""
    if isinstance(value, dict):
        items = [(key, _frozen(item, ordered)) for key, item in value.items()]
        return "dict", tuple(items) if ordered else frozenset(items)
    if isinstance(value, list):
        rows = [_frozen(_row_as_tuple(item), ordered) for item in value]
        return "list", tuple(rows) if ordered else frozenset(Counter(rows).items())
    if isinstance(value, tuple):
        return tuple(_frozen(item, ordered) for item in value)
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def _row_as_tuple(row: Any) -> Any:
    """["Ann", 3] is as good a row as ("Ann", 3)."""
    return tuple(row) if isinstance(row, list) else row


def _list(values: list[Any]) -> str:
    more = f" and {len(values) - _FEW} more" if len(values) > _FEW else ""
    return ", ".join(map(shown, values[:_FEW])) + more


def shown(value: Any) -> str:
    """The value in short, the same on every machine."""
    try:
        text = plain(repr(value))
    except BaseException as error:  # noqa: BLE001 A learner's __repr__ may fail; the sentence must not.
        text = f"<{type(value).__name__}: {type(error).__name__} in its repr>"
    return text if len(text) <= 80 else f"{text[:77]}..."


def plain(text: str) -> str:
    """The text without addresses in memory."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
