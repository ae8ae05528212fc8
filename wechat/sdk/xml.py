"""XML in and out: no DTDs, no entities, no network on the way in; no way out of CDATA on the way out.

WeChat reference 1.3.
"""

import re
import threading
from collections.abc import Iterable

from lxml import etree

from wechat.sdk.errors import MalformedMessage

MAX_BODY = 256 * 1024

Tree = str | list["Tree"] | dict[str, "Tree"]

# The platform repeats these as siblings, so one of them is still a list.
REPEATED = frozenset({"List", "fail_idx", "item"})

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ILLEGAL_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")


class _Parser(threading.local):
    """A parser for each thread: lxml lets one thread at a time use a parser, and the others wait for it."""

    def __init__(self) -> None:
        self.lxml = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )


_parser = _Parser()


def parse(body: bytes) -> etree._Element:
    """The root element. Raises MalformedMessage for broken XML, any DOCTYPE, or more than MAX_BODY bytes."""
    if len(body) > MAX_BODY:
        raise MalformedMessage(body, "too large")
    root = _root(body)
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedMessage(body, "a document type is not allowed")
    return root


def _root(body: bytes) -> etree._Element:
    try:
        return etree.fromstring(body, _parser.lxml)
    except (etree.XMLSyntaxError, ValueError):
        # Phones can type control characters that XML forbids; without them the message is still a message.
        cleaned = _ILLEGAL_BYTES.sub(b"", body)
    try:
        return etree.fromstring(cleaned, _parser.lxml)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MalformedMessage(body, str(error)) from None


def tree(element: etree._Element) -> Tree:
    """An element as text, or as a dict of its children where repeated siblings are lists."""
    if not len(element):
        return element.text or ""
    return collect([(child.tag, tree(child) if len(child) else child.text or "") for child in element])


def collect(pairs: Iterable[tuple[str, Tree]]) -> dict[str, Tree]:
    """A dict of named values in which a name that repeats, or is known to repeat, holds a list."""
    found: dict[str, Tree] = {}
    for name, value in pairs:
        before = found.get(name)
        if before is None:
            found[name] = [value] if name in REPEATED and not isinstance(value, list) else value
        elif isinstance(before, list):
            before.append(value)
        else:
            found[name] = [before, value]
    return found


def child(node: Tree, name: str) -> Tree:
    """A named child of a node, or empty text where there is none."""
    return node.get(name, "") if isinstance(node, dict) else ""


def legal(text: str) -> str:
    """Text without the characters XML 1.0 cannot carry, line ends as a parser would hand them back."""
    if text.isprintable():
        return text
    return _ILLEGAL.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def cdata(text: str) -> str:
    """A CDATA section holding any text: what XML cannot carry is dropped, and nothing ends it early."""
    return f"<![CDATA[{legal(text).replace(']]>', ']]]]><![CDATA[>')}]]>"
