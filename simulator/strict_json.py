"""JSON as it was written down: no NaN, no half characters, no depth without end."""

from __future__ import annotations

import json
from typing import Any

# Half of a surrogate pair is written so; alone it is no character.
HALF_A_PAIR = b"\\ud"


def loads(raw: bytes) -> Any:
    """Returns the value in UTF-8 bytes. Raises ValueError."""
    try:
        value = _DECODER.decode(raw.decode("utf-8-sig"))
        if HALF_A_PAIR in raw.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


_DECODER = json.JSONDecoder(parse_constant=_no_number)
