"""Texts to numbers and flags."""

from __future__ import annotations

import re

_INTEGER = re.compile(r"[-+]?[0-9]{1,9}")
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def to_integer(text: str) -> int:
    """Return the whole number, of at most nine digits.

    Raises:
        ValueError: If it is none.
    """
    if not _INTEGER.fullmatch(text):
        msg = f"{text[:40]!r} is not a whole number"
        raise ValueError(msg)
    return int(text)


def to_boolean(text: str) -> bool:
    """Return what a flag says.

    Raises:
        ValueError: If it says neither.
    """
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        msg = f"{text[:40]!r} is neither true nor false"
        raise ValueError(msg) from None


def to_size(number: int | None) -> int | None:
    """Return the width or height of a picture, None where the number is none."""
    return number if number and number > 0 else None


def to_mark(number: int | None) -> int | None:
    """Return the quality or heat of an article, None where the number stands for an unknown one."""
    return None if number is None or number < 0 else number
