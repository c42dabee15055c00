"""Words that all layers and views share: counts, values, errors. It imports nothing of glass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

#: Characters of a line; what does not fit is counted.
WIDTH = 88
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-z])")
_RANDOM = re.compile(r"(?=[a-z]*\d)[0-9a-z]{32}(?![0-9a-z])")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def count(number: int, noun: str) -> str:
    """ "1 query", "2 queries", "2 keys", "2 misses" """
    if number != 1:
        if noun.endswith("y") and not noun.endswith("ey"):
            noun = f"{noun[:-1]}ie"
        noun += "es" if noun.endswith("s") else "s"
    return f"{number} {noun}"


def byte_size(number: int) -> str:
    """ "47 bytes", "2.1 kB" """
    return count(number, "byte") if number < 1000 else f"{number / 1000:.1f} kB"


def milliseconds(seconds: float) -> str:
    """ "2.10 ms" """
    return f"{seconds * 1000:.2f} ms"


def values(params: Any) -> str:
    """One set of parameters, each shortened: "3, 'Sales'"."""
    if isinstance(params, dict):
        return join(
            (f"{name}={_value(value)}" for name, value in params.items()), ", ", len(params)
        )
    return join(map(_value, params or ()), ", ", len(params or ()))


def value_sets(sets: list[Any]) -> str:
    """The parameters of a repeated statement: "3 | 1 | 5 | ... 56 more"."""
    return join(map(values, sets), " | ", len(sets))


def join(parts: Iterable[str], glue: str, total: int) -> str:
    """As many of the parts as fit on a line, at least one, and how many more there are."""
    shown: list[str] = []
    for part in parts:
        if shown and len(glue.join([*shown, part])) > WIDTH:
            return glue.join([*shown, f"... {total - len(shown)} more"])
        shown.append(part)
    return glue.join(shown)


def safe_repr(value: Any) -> str:
    """Its repr, also where the learner's own __repr__ fails: the view must not."""
    try:
        if type(value) in (set, frozenset) and value:
            # A set of texts has another order in each process. Shorter first: 9 before 10.
            parts = ", ".join(sorted(map(repr, value), key=lambda part: (len(part), part)))
            return f"{{{parts}}}" if type(value) is set else f"frozenset({{{parts}}})"
        return repr(value)
    except Exception as error:  # noqa: BLE001
        return f"<{type(value).__name__}: {type(error).__name__} in its repr>"


def _value(value: Any) -> str:
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", safe_repr(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def same_each_time(text: str) -> str:
    """The text with its hashes and random parts, which differ from run to run, only named."""
    return _RANDOM.sub("<random>", _HASH.sub("<hash>", text))


def shorten(text: str, longest: int) -> str:
    """The text, cut to so many characters where it is longer."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def one_line(text: str) -> str:
    """The text with line breaks, and what else a terminal would obey, written as in Python."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def describe_error(error: BaseException) -> str:
    """ "Type: message", as it is shown beside the event that failed."""
    return f"{type(error).__name__}: {error}"


def function_name(function: Callable[..., Any]) -> str:
    """ "shop.signals.clear_cache"; a function of the notebook by its own name alone."""
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    module = getattr(function, "__module__", "__main__")
    return name if module == "__main__" else f"{module}.{name}"
