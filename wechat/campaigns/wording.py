"""The texts of a campaign with a recipient's own words: ``{name}`` is the column "name" of the table."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

WORD = re.compile(r"\{([^{}\n]{1,40})\}")
# Parts of a content that are addresses: words in them are percent-encoded.
ADDRESSES = frozenset({"url", "pic_url", "music_url", "hq_music_url", "pagepath"})
# The words that everybody has, whatever the audience.
EVERYBODYS = ("openid", "account")


def filled(part: Any, words: Mapping[str, str], name: str = "") -> Any:
    """The content, values or text with the words in it; braces that are no word stay as they are."""
    if isinstance(part, dict):
        return {key: filled(value, words, key) for key, value in part.items()}
    if isinstance(part, list):
        return [filled(each, words, name) for each in part]
    if not isinstance(part, str) or "{" not in part:
        return part
    return WORD.sub(lambda found: _word(found, words, name), part)


def _word(found: "re.Match[str]", words: Mapping[str, str], name: str) -> str:
    word = words.get(found[1])
    if word is None:
        return found[0]
    # What follows the start of an address; a whole address stays one.
    inside = name in ADDRESSES and found.start() > 0
    return quote(word, safe="") if inside else word


def named(*parts: Any) -> set[str]:
    """All the words that the texts ask for."""
    return {word for text in _texts(parts) for word in WORD.findall(text)}


def _texts(part: Any) -> Iterable[str]:
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list | tuple):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, str):
        yield part
