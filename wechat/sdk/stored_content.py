"""Contents as plain data, to be stored as JSON."""

from dataclasses import fields
from typing import Any

from wechat.sdk.content import TYPES, Content
from wechat.sdk.errors import ContentError


def to_dict(content: Content) -> dict[str, Any]:
    """Returns plain data to store as JSON, which ``from_dict`` reads back."""
    return {"type": content.type, **_plain(content)}


def from_dict(stored: dict[str, Any]) -> Content:
    """Returns the content that ``to_dict`` wrote. Raises ContentError for other data."""
    kind = TYPES.get(str(stored.get("type")))
    if kind is None:
        raise ContentError("type", "This kind of content is unknown.", code="unknown_type")
    content: Content = _built(kind, {name: value for name, value in stored.items() if name != "type"})
    return content


def _plain(part: Any) -> dict[str, Any]:
    values = ((one.name, getattr(part, one.name)) for one in fields(part))
    return {
        name: [_plain(each) for each in value] if isinstance(value, tuple) else value
        for name, value in values
    }


def _built(kind: Any, stored: Any) -> Any:
    """Returns an instance of ``kind`` from plain data; refuses names and types that it does not declare."""
    if not isinstance(stored, dict):
        raise ContentError(
            kind.__name__.lower(), "Stored content of this kind has named fields.", code="wrong_form"
        )
    declared = {one.name: one.metadata.get("of") for one in fields(kind)}
    for name in stored.keys() - declared.keys():
        raise ContentError(str(name), f"Content of this kind has no field {name}.", code="unknown_field")
    values = {name: _value(name, value, declared[name]) for name, value in stored.items()}
    try:
        return kind(**values)
    except TypeError:
        missing = next(name for name in declared if name not in stored)
        raise ContentError(missing, f"The field {missing} is missing.", code="required") from None


def _value(name: str, value: Any, of: Any) -> Any:
    if of is not None and isinstance(value, list | tuple):
        return tuple(_built(of, each) for each in value)
    if of is None and isinstance(value, str):
        return value
    raise ContentError(name, f"The field {name} has the wrong form.", code="wrong_form")
