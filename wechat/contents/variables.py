"""Variables in replies: ``{openid}``, ``{remark}``, ``{account}``, ``{date}`` and ``{time}``.

``{date}`` is 2026-03-02 and ``{time}`` 09:30, in Asia/Shanghai, of the follower's message. What follows a
bar, as in ``{remark|friend}``, stands in for a value that is empty. Anything else in braces stays as it is
written. In addresses the values are percent-encoded; in texts they need no escaping, because none of them is
a follower's to choose.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import quote

from wechat.sdk.content import Content

VARIABLE = re.compile(r"\{(openid|remark|account|date|time)(?:\|([^{}|]*))?\}")


@dataclass(frozen=True, slots=True)
class Values:
    openid: str
    remark: str
    account: str
    date: str
    time: str

    @classmethod
    def longest(cls, account: str) -> "Values":
        """What takes the most bytes, for checking a text before anybody gets it."""
        return cls("o" * 28, "备" * 30, account, "2026-12-31", "23:59")

    @classmethod
    def fewest(cls, account: str) -> "Values":
        """What is known of a follower of whom nothing is."""
        return replace(cls.longest(account), remark="")


def expand(content: Content, values: Values) -> Content:
    expanded: Content = _expanded(content, values)
    return expanded


def variables_in(content: Content) -> frozenset[str]:
    """The names of those it has."""
    return frozenset(found[1] for found in VARIABLE.finditer(str(content)))


def fill(text: str, values: Values, escape: Callable[[str], str] = str) -> str:
    """Returns the text with the value, or what stands in for it, in the place of each variable."""
    return VARIABLE.sub(lambda found: escape(getattr(values, found[1]) or found[2] or ""), text)


def _expanded(part: Any, values: Values) -> Any:
    expanded = {one.name: _value(getattr(part, one.name), one, values) for one in fields(part)}
    changed = {name: value for name, value in expanded.items() if value is not getattr(part, name)}
    return replace(part, **changed) if changed else part


def _value(value: Any, declared: Any, values: Values) -> Any:
    if isinstance(value, tuple):
        return tuple(_expanded(each, values) for each in value)
    if "{" not in value:
        return value
    return fill(value, values, quote if declared.metadata.get("web") else str)
