"""The format of pushed messages, as XML or JSON (WeChat reference 1.3, 2)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Fields = Mapping[str, Any]

# XML 1.0 does not allow these characters; a client cannot send them either.
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_xml(fields: Fields) -> bytes:
    """Returns a message as XML.

    Texts are in CDATA, numbers are not; a list becomes repeated siblings, a mapping nested elements.
    """
    lines = "\n".join(_elements(fields))
    return f"<xml>{lines}\n</xml>".encode()


def as_json(fields: Fields) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


def _elements(fields: Fields) -> Iterator[str]:
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            yield f"<{name}>{_inner(each)}</{name}>"


def _inner(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(_elements(value))
    if isinstance(value, int | float):
        return str(value)
    text = ILLEGAL.sub("", str(value)).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{text}]]>"
