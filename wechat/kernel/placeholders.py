"""The placeholders in texts: ``{name}``, or ``{name|fallback for an empty value}``.

A text is filled once, so braces in a value are not filled again. Braces without a known name stay as they
are. In URLs, also in URLs within a text, values are percent-encoded; a value at the start of a URL is taken
for a URL itself.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote

PLACEHOLDER = re.compile(r"\{([^{}|\n]{1,40})(?:\|([^{}\n]{0,200}))?\}")
# With the braces of a Chinese keyboard it is none, but may be meant as one.
WIDE = re.compile(r"｛([^｛｝|｜\n]{1,40})(?:[|｜][^｛｝\n]{0,200})?｝")
# Fields of a content or message that are addresses.
ADDRESSES = frozenset({"url", "pic_url", "music_url", "hq_music_url", "pagepath"})
# As WeChat finds them in a text: up to a blank, a quote, or a character that is not ASCII.
WEB_ADDRESS = re.compile(rf"https?://(?:{PLACEHOLDER.pattern}|[^\s<>\"'\x80-\U0010ffff])+")

Part = TypeVar("Part")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Returns the text with the values in it."""
    if "{" not in text:
        return text
    filled, end = [], 0
    for found in WEB_ADDRESS.finditer(text):
        filled += [_put(text[end : found.start()], values), fill_address(found[0], values)]
        end = found.end()
    return "".join([*filled, _put(text[end:], values)])


def fill_address(address: str, values: Mapping[str, str]) -> str:
    """Returns the address of a page, file or mini-program page with the values in it."""
    return _put(address, values, in_address=True)


def fill_all(part: Part, values: Mapping[str, str]) -> Part:
    """Returns the same or a copy, filled in all texts of its dicts, lists, tuples and dataclasses."""
    filled: Part = _filled(part, values, "")
    return filled


def names_in(*parts: Any) -> frozenset[str]:
    """Returns the names of all placeholders, known or not."""
    return frozenset(found[1] for text in _texts(parts) for found in PLACEHOLDER.finditer(text))


def wide_names_in(*parts: Any) -> frozenset[str]:
    """Returns the names in full-width braces, which are no placeholders."""
    return frozenset(found[1].strip() for text in _texts(parts) for found in WIDE.finditer(text))


def needed_in(*parts: Any) -> frozenset[str]:
    """Returns the names of placeholders that have no fallback text for an empty value."""
    found = (each for text in _texts(parts) for each in PLACEHOLDER.finditer(text))
    return frozenset(each[1] for each in found if not each[2])


def bare_in(*parts: Any) -> frozenset[str]:
    """Returns the names of placeholders without ``|``, that is without any fallback, even an empty one."""
    found = (each for text in _texts(parts) for each in PLACEHOLDER.finditer(text))
    return frozenset(each[1] for each in found if each[2] is None)


def _put(text: str, values: Mapping[str, str], *, in_address: bool = False) -> str:
    def value(found: re.Match[str]) -> str:
        known = values.get(found[1])
        if known is None:
            return found[0]
        filled = known or found[2] or ""
        return quote(filled, safe="") if in_address and found.start() > 0 else filled

    return PLACEHOLDER.sub(value, text)


def _filled(part: Any, values: Mapping[str, str], name: str) -> Any:
    if isinstance(part, str):
        return fill_address(part, values) if name in ADDRESSES else fill(part, values)
    if isinstance(part, Mapping):
        return {key: _filled(value, values, key) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return type(part)(_filled(each, values, name) for each in part)
    if is_dataclass(part) and not isinstance(part, type):
        filled = {one.name: _filled(getattr(part, one.name), values, one.name) for one in fields(part)}
        return replace(part, **filled)
    return part


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        yield from _texts(list(part.values()))
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _texts(each)
    elif is_dataclass(part) and not isinstance(part, type):
        yield from _texts([getattr(part, one.name) for one in fields(part)])
