"""The parser of integers that are written as text."""

from __future__ import annotations

# The digits of a 64-bit number; Python raises an error for a text of thousands of digits.
MOST_DIGITS = 18


def whole_number(text: str) -> int | None:
    """Returns the integer of a text of digits; None for any other text, or too many digits."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None
