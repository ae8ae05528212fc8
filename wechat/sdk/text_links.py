"""The links in a text that we send, and the text that a reader sees.

A text may contain ``<a href="https://…">words</a>``, with ``data-miniprogram-appid`` and
``data-miniprogram-path`` for a page of a mini program. A plain web address is a link as well. Everything else
is text. WeChat reference 3 and 8.2, the rows of ``text``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

ANCHOR = re.compile(r"<a\s+([^<>]*)>([^<>]*)</a>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
ADDRESS = re.compile(r"https?://[^\s<>\"'，。；：！？、（）】》\u2026]+")
WEB = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Link:
    """A link; ``url`` is a web address.

    With an ``appid``, old versions of WeChat without mini programs open the ``url``.
    """

    words: str
    url: str = ""
    appid: str = ""
    pagepath: str = ""


def parts_of(text: str) -> Iterator[str | Link]:
    """Yields the parts of the text, plain ones and links; an invalid link is plain text."""
    end = 0
    for found in ANCHOR.finditer(text):
        link = _link(found)
        if link is not None:
            yield from _with_addresses(text[end : found.start()])
            yield link
            end = found.end()
    yield from _with_addresses(text[end:])


def visible_text(text: str) -> str:
    """Returns the visible text, with the words of its links."""
    return "".join(part if isinstance(part, str) else part.words for part in parts_of(text))


def _link(found: re.Match[str]) -> Link | None:
    given = {name.lower(): double or single for name, double, single in ATTRIBUTE.findall(found[1])}
    url = given.get("href", "").strip()
    link = Link(
        found[2],
        url if url.lower().startswith(WEB) else "",
        given.get("data-miniprogram-appid", "").strip(),
        given.get("data-miniprogram-path", "").strip(),
    )
    return link if link.url or link.appid else None


def _with_addresses(text: str) -> Iterator[str | Link]:
    end = 0
    for found in ADDRESS.finditer(text):
        yield text[end : found.start()]
        yield Link(found[0], found[0])
        end = found.end()
    yield text[end:]
