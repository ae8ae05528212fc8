"""The XML and the signatures of the old API (pay reference 8.1)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from lxml import etree

METHODS = ("MD5", "HMAC-SHA256")


class Markup(str):
    """A text with XML elements inside a value, which is not escaped."""

    __slots__ = ()


class BadXmlError(Exception):
    """An error: the body is not a flat <xml> document."""


def sign(fields: Mapping[str, str], key: str, method: str) -> str:
    """Returns a signature in upper-case hex over the non-empty fields except ``sign``, sorted by name.

    ``method`` is one of METHODS.
    """
    filled = sorted((name, value) for name, value in fields.items() if value and name != "sign")
    text = "&".join(f"{name}={value}" for name, value in filled) + f"&key={key}"
    if method == "HMAC-SHA256":
        return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest().upper()
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def is_signed(fields: Mapping[str, str], key: str, method: str) -> bool:
    return hmac.compare_digest(sign(fields, key, method).encode(), fields.get("sign", "").encode())


def read(body: bytes) -> dict[str, str]:
    """Returns the elements of a flat <xml> document.

    Raises BadXmlError if the body is not XML, has a DTD, or has another root.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise BadXmlError(str(error)) from error
    if root.tag != "xml" or b"<!DOCTYPE" in body:
        raise BadXmlError("not an <xml> document")
    return {str(each.tag): each.text or "" for each in root if isinstance(each.tag, str)}


def write(fields: Mapping[str, str], root: str = "xml") -> str:
    lines = "".join(f"<{name}>{_cdata(value)}</{name}>" for name, value in fields.items())
    return f"<{root}>{lines}</{root}>"


def _cdata(value: str) -> str:
    if isinstance(value, Markup):
        return value
    escaped = value.replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{escaped}]]>"
