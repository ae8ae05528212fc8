"""JSON as it was written down: no NaN, nothing infinite, no half characters, no depth without end."""

from __future__ import annotations

import json
import math
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


def _finite(text: str) -> float:
    """Returns the number. Raises ValueError for one without an end, as `1e999` is here, and for NaN."""
    if math.isfinite(number := float(text)):
        return number
    raise ValueError(f"{text[:20]} is no number")


_DECODER = json.JSONDecoder(parse_constant=_finite, parse_float=_finite)
