"""The cleaning of text from outside, so that it can be stored, compared, shown, exported and sent.

All input is decoded here: callbacks, answers of the platform and of WeChat Pay, bodies of the API, uploaded
tables. Characters that PostgreSQL, XML or a spreadsheet cannot hold are dropped: control characters except
tab and line ends, halves of surrogate pairs, non-characters. UTF-16 is recognised by its first bytes; other
documents are read as UTF-8, with U+FFFD for invalid bytes.
"""

import codecs
import json
import math
import re
from collections.abc import Iterable
from typing import Any

_NON_CHARACTERS = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
_UNFIT = re.compile(f"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NON_CHARACTERS}]")
# Deeper than anything that is exchanged here. What Python itself can read it can often not walk through.
DEEPEST = 32
# Documents begin with two characters of ASCII at the least, if not with a byte order mark.
_UTF_16 = re.compile(rb"(?P<le>\xff\xfe|[^\0]\0[^\0]\0)|\xfe\xff|\0[^\0]\0[^\0]")
# How Java and old databases write an emoji (CESU-8): either half of its surrogate pair as a character.
_SURROGATE_PAIRS = re.compile(rb"(?:\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf])+")
_PAIRED_HALVES = re.compile("(?:[\ud800-\udbff][\udc00-\udfff])+")
# What nobody sees comes along with what is copied from a chat, a page or a PDF, at its ends.
_UNSEEN = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
# The same, and the signs by which a telephone chooses between two looks of an emoji, as of ❤ and ❤️.
_NOT_COMPARED = re.compile(f"[{_UNSEEN}\ufe0e\ufe0f]")
_BLANK = " \t\r\n\u00a0\u3000"


def clean(text: str) -> str:
    """Returns the text without the characters that have no place in one; usually the same object.

    Two halves of a surrogate pair that belong together are their character.
    """
    # Printable text, on one line or several, holds none of them, which is quicker to see than to search for.
    if text.isprintable() or text.replace("\n", "").isprintable():
        return text
    return _UNFIT.sub("", _PAIRED_HALVES.sub(lambda halves: _joined(halves[0]), text))


def without_unseen(text: str) -> str:
    """Returns a text without unseen characters around it; blanks alone are kept, as in a password."""
    seen = text.strip(_UNSEEN + _BLANK)
    return text if text.strip() == seen else seen


def visible(text: str) -> str:
    """Returns a text for comparison with another one, without the characters in it that nobody sees."""
    return text if text.isascii() else _NOT_COMPARED.sub("", text)


def decode(data: bytes) -> str:
    """Returns the clean text of a document, without a byte order mark."""
    data = in_utf8(data)
    try:
        return clean(data.decode())
    except UnicodeDecodeError:
        return clean(_SURROGATE_PAIRS.sub(_pairs, data).decode(errors="replace"))


def load_json(data: bytes, **options: Any) -> Any:
    """Returns the value of a JSON document with clean texts; accepts line ends inside of texts.

    ``options`` are those of ``json.loads``. Raises ValueError, also for numbers of thousands of digits, for
    ``NaN`` and ``Infinity``, which are not valid JSON, and for values nested deeper than ``DEEPEST``.
    """
    document = decode(data)
    try:
        value = json.loads(
            document, strict=False, **{"parse_constant": _finite, "parse_float": _finite, **options}
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    if _is_deeper(value, DEEPEST):
        raise ValueError("nested too deep")
    # What is not escaped has been cleaned with the document.
    return clean_json(value) if "\\u" in document else value


def _finite(number: str) -> float:
    """Returns the number. Raises ValueError for an infinite one, such as ``1e999``."""
    if math.isfinite(found := float(number)):
        return found
    raise ValueError(f"{number[:20]} is no number")


def is_json(data: bytes) -> bool:
    """Returns whether the document can be a JSON object and no XML."""
    return in_utf8(data).lstrip()[:1] == b"{"


def is_legible(data: bytes) -> bool:
    """Returns whether the bytes begin like a text, and not like a picture, sound or video."""
    head = data[:512]
    try:
        return b"\0" not in head and bool(codecs.getincrementaldecoder("utf-8")().decode(head))
    except UnicodeDecodeError:
        return False


def clean_json(value: Any) -> Any:
    """Returns a JSON value with all its texts, and the names in its objects, clean."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): clean_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [clean_json(each) for each in value]
    return value


def _is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [inner for each in level for inner in _inside(each) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def in_utf8(data: bytes) -> bytes:
    """Returns the document without its byte order mark, and in UTF-8 where it was in UTF-16."""
    if data[1:2] != b"\0" and data[:1] in b"<{":
        return data
    found = _UTF_16.match(data)
    if found is None:
        return data.removeprefix(codecs.BOM_UTF8)
    return data.decode("utf-16-le" if found["le"] else "utf-16-be", "replace").removeprefix("\ufeff").encode()


def _pairs(found: "re.Match[bytes]") -> bytes:
    return _joined(found[0].decode("utf-8", "surrogatepass")).encode()


def _joined(halves: str) -> str:
    return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
