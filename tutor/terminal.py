"""Text for a terminal: nothing in it steers the terminal, and every letter can be printed."""

from __future__ import annotations

import sys
import unicodedata

# They turn the order of what follows: https://www.unicode.org/reports/tr9/
_DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_ORNAMENTS = "\N{CHECK MARK} "


def harmless(text: str) -> str:
    r"""The text with its control characters written out: an ESC as \x1b. Lines and tabs stay.

    Control characters are Unicode's category Cc (ESC, C1 and so on), half pairs (Cs), and the
    marks that turn the direction of writing.
    """
    text = text.replace("\r\n", "\n")
    return "".join(_written_out(letter) if _steers(letter) else letter for letter in text)


def _steers(letter: str) -> bool:
    if letter in "\n\t":
        return False
    return letter in _DIRECTIONS or unicodedata.category(letter) in ("Cc", "Cs")


def _written_out(letter: str) -> str:
    return f"\\x{ord(letter):02x}" if ord(letter) < 0x100 else f"\\u{ord(letter):04x}"


def say(text: str) -> None:
    """Print it. A letter that this terminal does not have becomes a question mark, and an ornament
    goes: "? Correct" would sound as if it were in doubt."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = harmless(text)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace(_ORNAMENTS, "").encode(encoding, "replace").decode(encoding)
    print(text)
