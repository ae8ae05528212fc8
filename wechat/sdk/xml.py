"""The reading and writing of XML: reading without DTDs, entities or network, writing with safe CDATA.

WeChat reference 1.3.
"""

import re
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from lxml import etree

from wechat.sdk import text
from wechat.sdk.errors import MalformedMessage

MAX_BODY = 256 * 1024

Tree = str | list["Tree"] | dict[str, "Tree"]

# The platform repeats these as siblings, so one of them is still a list.
REPEATED = frozenset({"List", "fail_idx", "item"})

# More elements than any push has; what is not well-formed need not be searched without end.
MOST_ELEMENTS = 100
_ROOT = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<xml(?:\s[^<>]*)?>(.*)</xml>[^<>]*", re.DOTALL | re.IGNORECASE)
# Who writes one of these reads all characters of the largest.
_GB = re.compile(rb"""\s*<\?xml[^>]*\bencoding\s*=\s*["'](?:gb2312|gbk|gb18030)\b""", re.IGNORECASE)
_ESCAPED = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_OPENING = re.compile(r"\s*<([A-Za-z_][A-Za-z0-9_.-]*)(?:\s[^<>]*?)?(?:(/)>|>(?:\s*(<!\[CDATA\[))?)")


class _Parsers(threading.local):
    """The parsers of each thread, because lxml lets only one thread at a time use a parser."""

    def __init__(self) -> None:
        self.of_utf8 = _parser("utf-8")
        self.of_what_is_declared = _parser(None)


def _parser(encoding: str | None) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


_parsers = _Parsers()


def parse(body: bytes) -> etree._Element:
    """Returns the root. Raises MalformedMessage for broken XML, a DOCTYPE, or over MAX_BODY bytes."""
    if len(body) > MAX_BODY:
        raise MalformedMessage(body, "too large")
    root = _root(body)
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedMessage(body, "a document type is not allowed")
    return root


def _root(body: bytes) -> etree._Element:
    # What a document says of its encoding is a hint: bytes that are UTF-8 are not read as another one.
    with suppress(etree.XMLSyntaxError, ValueError):
        return etree.fromstring(body, _parsers.of_utf8)
    with suppress(etree.XMLSyntaxError, ValueError):
        if _GB.match(body):
            return etree.fromstring(body.decode("gb18030").encode(), _parsers.of_utf8)
        return etree.fromstring(body, _parsers.of_what_is_declared)
    # Phones can type control characters that XML forbids, and texts are cut in the middle of a character:
    # what is left is still the message.
    try:
        return etree.fromstring(text.decode(body).encode(), _parsers.of_utf8)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MalformedMessage(body, str(error)) from None


def leaves(body: bytes) -> dict[str, Tree]:
    """The elements below the root of XML that is not well-formed, each with all that is in it as its text.

    A follower's ``<b>``, ``&`` or ``]]>`` in an element is its text, whatever XML makes of it; elements
    inside of elements are not looked for, and nothing is expanded but the five characters that every writer
    escapes, and characters by their number. Raises MalformedMessage where even that finds no document.
    """
    found = _ROOT.fullmatch(text.decode(body))
    if found is None:
        raise MalformedMessage(body, "no whole document")
    document, at, pairs = found[1], 0, list[tuple[str, Tree]]()
    while (opening := _OPENING.match(document, at)) and len(pairs) < MOST_ELEMENTS:
        closing, start = f"</{opening[1]}>", opening.end()
        if opening[2]:
            pairs.append((opening[1], ""))
            at = start
            continue
        end = document.find(closing, document.find("]]>", start)) if opening[3] else -1
        if end < 0:
            end = document.find(closing, start)
        if end < 0:
            break
        pairs.append((opening[1], _literal(document[start:end], in_cdata=bool(opening[3]))))
        at = end + len(closing)
    return collect(pairs)


def _literal(inner: str, *, in_cdata: bool) -> str:
    if in_cdata:
        return inner.rstrip().removesuffix("]]>").replace("]]]]><![CDATA[>", "]]>")
    # Some writers give an emoji as the numbers of its two halves.
    unescaped = _ESCAPED.sub(_character, inner).encode("utf-16-le", "surrogatepass")
    return text.clean(unescaped.decode("utf-16-le", "replace"))


def _character(escaped: "re.Match[str]") -> str:
    name, decimal, hexadecimal = escaped.groups()
    if name:
        return _NAMED[name]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if number <= sys.maxunicode else ""


def tree(element: etree._Element) -> Tree:
    """Returns an element as text, or as a dict of its children in which repeated ones are lists."""
    if not len(element):
        return text.clean(element.text or "")
    return collect(
        [(_local(each.tag), tree(each) if len(each) else text.clean(each.text or "")) for each in element]
    )


def _local(tag: str) -> str:
    """Returns a name without its namespace."""
    return tag.rpartition("}")[2]


def collect(pairs: Iterable[tuple[str, Tree]]) -> dict[str, Tree]:
    """Returns a dict of named values; a name that repeats, or is known to repeat, has a list."""
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
    """Returns a named child of a node, or the empty text."""
    return node.get(name, "") if isinstance(node, dict) else ""


def elements(fields: Mapping[str, Any]) -> str:
    """Returns elements for named values: texts in CDATA, numbers plain, a list as siblings of one name."""
    return "".join(
        [
            f"<{name}>{_inner(each)}</{name}>"
            for name, value in fields.items()
            for each in (value if isinstance(value, list) else (value,))
        ]
    )


def _inner(value: Any) -> str:
    if isinstance(value, str):
        return cdata(value)
    return elements(value) if isinstance(value, Mapping) else str(value)


def cdata(content: str) -> str:
    """Returns a CDATA section with any text, which cannot end it early; drops characters that XML forbids."""
    return f"<![CDATA[{text.clean(content).replace(']]>', ']]]]><![CDATA[>')}]]>"
