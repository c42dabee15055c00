"""09.3 Who is behind the proxy? The address that can be believed."""

from __future__ import annotations

import re
from typing import Any

from checks.common import changes
from tutor.judge.exercise import Exercise, Run

visitor_address = Exercise(
    "09.3",
    "Who is behind the proxy?",
    minutes=6,
    changes=[changes.newcomer],
    hints=[
        "Cut the header at its commas, and take the blanks off each part. It may be None or empty.",
        "Count from the right: with one proxy the last address is right, with two the one before.",
        "A list counts from the right with negative numbers. But -0 is 0, the first one.",
    ],
)


PROXY, OUTSIDE = "10.0.0.1", "8.8.8.8"


@visitor_address.cases
def cases() -> object:
    return [
        (OUTSIDE, None, 0),
        (PROXY, "9.9.9.9", 1),
        (PROXY, "1.2.3.4, 9.9.9.9", 1),
        (OUTSIDE, "1.2.3.4", 0),
        (OUTSIDE, "1.2.3.4, 5.6.7.8", 0),
        (PROXY, "1.2.3.4, 9.9.9.9, 10.0.0.2", 2),
        (PROXY, "1.2.3.4,9.9.9.9,10.0.0.3 , 10.0.0.2", 3),
        (PROXY, "2001:db8::7,10.0.0.2", 2),
        (OUTSIDE, None, 1),
        (OUTSIDE, "", 1),
        (OUTSIDE, "1.2.3.4", 2),
    ]


@visitor_address.expects
def expected(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = [part.strip() for part in forwarded.split(",")] if forwarded else []
    return parts[len(parts) - proxies] if 0 < proxies <= len(parts) else remote


@visitor_address.mistake("The header is None where there is none: look before you cut it.")
def cut_none(run: Run) -> bool:
    return isinstance(run.error, AttributeError | TypeError) and run.arguments[1] is None


@visitor_address.mistake(
    "The header can have fewer addresses than there are proxies. Then `remote` is right."
)
def too_short(run: Run) -> bool:
    parts = (run.arguments[1] or "").split(",")
    return isinstance(run.error, IndexError) or len(parts) < run.arguments[2]


@visitor_address.mistake("The addresses stand between commas and blanks: take the blanks off.")
def with_blanks(run: Run) -> bool:
    return run.value.strip() == run.expected


@visitor_address.mistake(
    "Without a proxy of ours, the whole header was written by the visitor: it can be a lie."
)
def believed_without_proxy(run: Run) -> bool:
    return run.arguments[2] == 0 and run.value in str(run.arguments[1])


@visitor_address.mistake(
    "Between two addresses there can be a comma without a blank, or with two. Cut at the comma "
    "alone, and strip each part."
)
def cut_at_blanks(run: Run) -> bool:
    _, forwarded, proxies = run.arguments
    parts = forwarded.split(", ")
    guess = parts[-proxies] if proxies <= len(parts) else run.arguments[0]
    return len(parts) < len(forwarded.split(",")) and run.value == guess


@visitor_address.mistake(
    "That is the first address of the header: the visitor can write anything there. "
    "Only what our proxies appended, on the right, is sure."
)
def took_the_first(run: Run) -> bool:
    return run.arguments[1].split(",")[0].strip() == run.value


@visitor_address.mistake(
    "With two proxies the last address is that of our own first proxy. Go one more to the left "
    "for each proxy."
)
def took_the_last(run: Run) -> bool:
    return run.arguments[2] > 1 and run.arguments[1].split(",")[-1].strip() == run.value


@visitor_address.mistake("That is the address of our own proxy, and it is the same for everybody.")
def took_the_proxy(run: Run) -> bool:
    return run.value == PROXY


@visitor_address.right
def from_the_end(remote: str, forwarded: str | None, proxies: int) -> object:
    if not proxies or not forwarded:
        return remote
    try:
        return forwarded.split(",")[-proxies].strip()
    except IndexError:
        return remote


@visitor_address.right
def as_a_chain(remote: str, forwarded: str | None, proxies: int) -> object:
    chain = [remote, *reversed(re.findall(r"[^,\s]+", forwarded or ""))]
    return chain[proxies] if proxies < len(chain) else remote


@visitor_address.right
def cut_from_the_right(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = (forwarded or "").replace(" ", "").rsplit(",", proxies)
    if proxies == 0 or not forwarded or len(parts) < proxies:
        return remote
    return parts[-proxies]


@visitor_address.wrong(cut_none)
def cut_at_once(remote: str, forwarded: Any, proxies: int) -> object:
    parts = forwarded.split(",")
    return parts[-proxies].strip() if 0 < proxies <= len(parts) else remote


@visitor_address.wrong(cut_at_blanks)
def comma_and_blank(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = (forwarded or "").split(", ")
    return parts[-proxies] if forwarded and 0 < proxies <= len(parts) else remote


@visitor_address.wrong(took_the_first)
def one_too_far(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = [part.strip() for part in (forwarded or "").split(",") if part]
    return (
        ([remote, *parts][-proxies - 1] if len(parts) > proxies else parts[0]) if parts else remote
    )


@visitor_address.wrong(too_short)
def minus_one(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = [part.strip() for part in (forwarded or "").split(",") if part]
    return parts[len(parts) - proxies] if parts and proxies else remote


@visitor_address.wrong(took_the_first)
def the_first(remote: str, forwarded: str | None, proxies: int) -> object:
    return forwarded.split(",")[0].strip() if forwarded and proxies else remote


@visitor_address.wrong(believed_without_proxy)
def the_last_always(remote: str, forwarded: str | None, proxies: int) -> object:
    return forwarded.split(",")[-1].strip() if forwarded else remote


@visitor_address.wrong(believed_without_proxy)
def minus_zero(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = (forwarded or remote).split(",")
    return parts[-proxies].strip() if proxies <= len(parts) else remote


@visitor_address.wrong(took_the_last)
def the_last(remote: str, forwarded: str | None, proxies: int) -> object:
    return forwarded.split(",")[-1].strip() if forwarded and proxies else remote


@visitor_address.wrong(with_blanks)
def blanks(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = (forwarded or "").split(",")
    return parts[-proxies] if 0 < proxies <= len(parts) and forwarded else remote


@visitor_address.wrong(too_short)
def unguarded(remote: str, forwarded: str | None, proxies: int) -> object:
    return forwarded.split(",")[-proxies].strip() if forwarded and proxies else remote


@visitor_address.wrong(took_the_proxy)
def remote_always(remote: str, forwarded: str | None, proxies: int) -> object:
    return remote


@visitor_address.wrong("right is '8.8.8.8'")
def empty_text(remote: str, forwarded: str | None, proxies: int) -> object:
    parts = [part.strip() for part in (forwarded or "").split(",")]
    return parts[-proxies] if 0 < proxies <= len(parts) else remote
