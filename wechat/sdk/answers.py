"""What the platform answers, read by name: a list may be null or missing, and a number come as a text.

Its documentation gives a type for each field, and its answers another one now and then.
"""

import re
from collections.abc import Mapping
from typing import Any

LARGEST = 2**63 - 1
# Beyond it no calendar here goes.
LAST_SECOND = 2**33
_NUMBER = re.compile(r"(-?[0-9]{1,19})(?:\.[0-9]*)?")


def rows(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Returns the objects of a list; none for what is no list."""
    found = answer.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def part(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Returns an object inside of another; an empty one for what is none."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def number(row: Mapping[str, Any], name: str) -> int:
    """Returns a whole number of 64 bits, written `6.0` or as a text too; 0 for what is none."""
    found = _NUMBER.fullmatch(str(row.get(name)))
    return int(found[1]) if found and abs(int(found[1])) <= LARGEST else 0


def seconds(row: Mapping[str, Any], name: str) -> int:
    """Returns a Unix time that a calendar can hold; 0 for what is none."""
    found = number(row, name)
    return found if 0 <= found <= LAST_SECOND else 0


def text(row: Mapping[str, Any], name: str) -> str:
    """Returns a text, or a number as one; "" for what is neither."""
    found = row.get(name)
    return str(found) if isinstance(found, str | int) else ""
