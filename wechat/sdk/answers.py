"""The reading of the platform's answers by name: a list may be null or missing, a number may be a text.

The types in answers differ now and then from the documented ones. A value of a wrong type is as good as none.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from wechat.sdk.errors import TransportError
from wechat.sdk.openids import is_openid

LARGEST = 2**63 - 1
# More things than this nobody has.
MOST = 2**31 - 1
# The last moment, in Unix seconds, that is taken for a time.
LAST_SECOND = 2**33
_NUMBER = re.compile(r"(-?[0-9]{1,19})(?:\.[0-9]*)?")
_WORDS = {"true": 1, "false": 0}


def rows(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Returns the objects of a list; an empty list for any other value."""
    return [each for each in _list(answer, name) if isinstance(each, dict)]


def texts(answer: Mapping[str, Any], name: str) -> list[str]:
    """Returns the texts of a list, numbers as texts, without empty ones; an empty list for other values."""
    return [found for each in _list(answer, name) if (found := _text(each))]


def numbers(answer: Mapping[str, Any], name: str) -> list[int]:
    """Returns the whole numbers of a list, also from texts; an empty list for any other value."""
    return [found for each in _list(answer, name) if (found := _number(each)) is not None]


def length(answer: Mapping[str, Any], name: str) -> int:
    """Returns the number of entries of a list, also of those that nobody can read."""
    return len(_list(answer, name))


def part(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Returns a nested object; an empty one for any other value."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def number(row: Mapping[str, Any], name: str, otherwise: int = 0) -> int:
    """Returns a whole number of 64 bits, also from ``6.0``, ``true`` or a text; else ``otherwise``."""
    found = _number(row.get(name))
    return otherwise if found is None else found


def count(row: Mapping[str, Any], name: str) -> int:
    """Returns a number of things, up to ``MOST``; 0 for any other value."""
    found = number(row, name)
    return found if 0 <= found <= MOST else 0


def seconds(row: Mapping[str, Any], name: str) -> int:
    """Returns a Unix time up to ``LAST_SECOND``; 0 for any other value."""
    found = number(row, name)
    return found if 0 <= found <= LAST_SECOND else 0


def flag(row: Mapping[str, Any], name: str) -> bool | None:
    """Returns whether a mark is set, as 1, true or a text of these; ``None`` if nothing says so or not."""
    given = row.get(name)
    found = _number(_WORDS.get(given.lower(), given) if isinstance(given, str) else given)
    return bool(found) if found in {0, 1} else None


def text(row: Mapping[str, Any], name: str) -> str:
    """Returns a text, or a number as a text; "" for any other value."""
    return _text(row.get(name))


def identifier(row: Mapping[str, Any], name: str) -> str:
    """Returns an openid or unionid; "" for anything that cannot be one."""
    found = text(row, name)
    return found if is_openid(found) else ""


def needed(
    answer: Mapping[str, Any], name: str, api: str, read: Callable[[Mapping[str, Any], str], str] = text
) -> str:
    """Returns a text without which the answer is none. Raises TransportError: the call may have worked."""
    if found := read(answer, name):
        return found
    raise _lacks(api, name)


def needed_number(answer: Mapping[str, Any], name: str, api: str) -> int:
    """Returns a number of things, 0 too, without which the answer is none. Raises TransportError."""
    found = number(answer, name, -1)
    if 0 <= found <= MOST:
        return found
    raise _lacks(api, name)


def needed_rows(answer: Mapping[str, Any], name: str, api: str) -> list[dict[str, Any]]:
    """Returns the objects of a list without which the answer is none; a list that is null has no objects.

    Raises TransportError: taken for an empty one, it would say that everything in it was deleted.
    """
    if isinstance(answer.get(name, ""), list | None):
        return rows(answer, name)
    raise _lacks(api, name)


def _lacks(api: str, name: str) -> TransportError:
    """Returns the error for an answer without what it is asked for; the call may have worked."""
    return TransportError(f"{api} answered no {name}", outcome_unknown=True)


def _list(answer: Mapping[str, Any], name: str) -> list[Any]:
    found = answer.get(name)
    return found if isinstance(found, list) else []


def _number(value: object) -> int | None:
    plain = int(value) if isinstance(value, bool) else value
    found = _NUMBER.fullmatch(str(plain)) if isinstance(plain, int | float | str) else None
    return int(found[1]) if found and abs(int(found[1])) <= LARGEST else None


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
