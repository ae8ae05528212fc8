"""JSON from outside, read in one place: what cannot be read is a ``ValueError``, whatever is wrong."""

import json
from typing import Any

# Deeper than anything that is exchanged here. What Python itself can read it can often not walk through.
DEEPEST = 32


def load_json(text: str | bytes, **options: Any) -> Any:
    """Returns the value; ``options`` are those of ``json.loads``.

    Raises ``ValueError`` for what is no JSON or no UTF-8, for numbers of thousands of digits, and for values
    nested more than ``DEEPEST`` deep.
    """
    try:
        value = json.loads(text.decode() if isinstance(text, bytes) else text, **options)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _is_deeper(value, DEEPEST):
        raise ValueError("nested too deeply")
    return value


def _is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [inner for each in level for inner in _inside(each) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
