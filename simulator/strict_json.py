"""A strict JSON parser: no NaN, no infinity, no lone surrogates, no unlimited depth."""

from __future__ import annotations

import json
import math
from typing import Any

# An escape for half of a surrogate pair, which is not a character without the other half.
HALF_A_PAIR = b"\\ud"


def loads(raw: bytes) -> Any:
    """Parses JSON in UTF-8. Raises ValueError."""
    try:
        value = _DECODER.decode(raw.decode("utf-8-sig"))
        if HALF_A_PAIR in raw.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def _finite(text: str) -> float:
    """Returns a finite number. Raises ValueError for an infinite one, such as ``1e999``, and for NaN."""
    if math.isfinite(number := float(text)):
        return number
    raise ValueError(f"{text[:20]} is no number")


_DECODER = json.JSONDecoder(parse_constant=_finite, parse_float=_finite)
