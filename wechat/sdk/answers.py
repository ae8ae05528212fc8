"""The reading of the platform's answers by name: a list may be null or missing, a number may be a text.

The types in answers differ now and then from the documented ones.
"""

import re
from collections.abc import Mapping
from typing import Any

LARGEST = 2**63 - 1
# The last moment, in Unix seconds, that is taken for a time.
LAST_SECOND = 2**33
_NUMBER = re.compile(r"(-?[0-9]{1,19})(?:\.[0-9]*)?")


def rows(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Returns the objects of a list; an empty list for any other value."""
    found = answer.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def part(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Returns a nested object; an empty one for any other value."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def number(row: Mapping[str, Any], name: str) -> int:
    """Returns a whole number of 64 bits, also from ``6.0``, ``true`` or a text; 0 for any other value."""
    given = row.get(name)
    found = _NUMBER.fullmatch(str(int(given) if isinstance(given, bool) else given))
    return int(found[1]) if found and abs(int(found[1])) <= LARGEST else 0


def flag(row: Mapping[str, Any], name: str) -> bool:
    """Returns whether a switch is on: `1`, `"1"` or `true`."""
    return number(row, name) != 0


def seconds(row: Mapping[str, Any], name: str) -> int:
    """Returns a Unix time up to ``LAST_SECOND``; 0 for any other value."""
    found = number(row, name)
    return found if 0 <= found <= LAST_SECOND else 0


def text(row: Mapping[str, Any], name: str) -> str:
    """Returns a text, or a number as a text; "" for any other value."""
    found = row.get(name)
    return str(found) if isinstance(found, str | int) else ""
