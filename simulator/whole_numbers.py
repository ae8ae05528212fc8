"""Whole numbers that come written as text."""

from __future__ import annotations

# Of a number in 64 bits. A text of thousands of digits is not even counted: Python refuses to.
MOST_DIGITS = 18


def whole_number(text: str) -> int | None:
    """Returns the whole number that a text of digits writes; None for any other text, or too many digits."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None
