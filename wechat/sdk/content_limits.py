"""The limits of contents, which are checked before anything is sent.

Each field of a content says its own in its metadata. WeChat reference 3 and 8.2.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from wechat.sdk.content import Content
from wechat.sdk.errors import ContentError
from wechat.sdk.text import clean


def is_empty(content: Content) -> bool:
    """Returns whether a required part is missing, so that the message would be empty."""
    try:
        validate(content)
    except ContentError as error:
        return error.code == "required"
    return False


def validate(content: Content) -> None:
    """Raises ContentError for the first part that the platform would refuse."""
    _check(content)


def _check(part: Any) -> None:
    for one in fields(part):
        value, rules = getattr(part, one.name), one.metadata
        if "of" in rules:
            _check_several(one.name, value, rules.get("most"))
        else:
            _check_text(one.name, value, rules)


def _check_several(name: str, parts: Iterable[Any], most: int | None) -> None:
    several = tuple(parts)
    if not several:
        raise ContentError(name, "Add at least one entry.", code="required")
    if most is not None and len(several) > most:
        raise ContentError(name, f"At most {most} can be sent at once.", most, code="too_many")
    for part in several:
        _check(part)


def _check_text(name: str, value: str, rules: Any) -> None:
    if rules.get("required") and not clean(value).strip():
        raise ContentError(name, "This must not be empty.", code="required")
    limit = rules.get("bytes")
    if limit is not None and len(value.encode(errors="replace")) > limit:
        size = len(value.encode(errors="replace"))
        raise ContentError(
            name, f"This is {size} bytes long; the platform takes at most {limit}.", limit, code="too_long"
        )
    if rules.get("web") and value and not _is_web_address(value):
        raise ContentError(
            name, "This must be an address that starts with http:// or https://.", code="not_a_url"
        )


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, value))
