"""The shapes of JSON bodies, and their checks with the platform's errors (pay reference 0, 9.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.pay import texts
from simulator.pay.errors import PayError, wrong


class Shape(Protocol):
    """The shape of a field; ``required`` says whether it must be present."""

    @property
    def required(self) -> bool: ...

    def check(self, value: Any, at: str) -> None:
        """Checks a value; ``at`` is its JSON pointer. Raises PARAM_ERROR if it does not fit."""

    def unknown_fields(self, value: Any, at: str) -> Iterator[str]:
        """Yields JSON pointers to undocumented fields."""


@dataclass(frozen=True, slots=True)
class Text:
    """The shape of a text; lengths are in characters."""

    most: int
    least: int = 1
    required: bool = False
    pattern: str = ""
    choices: tuple[str, ...] = ()

    def check(self, value: Any, at: str) -> None:
        if not isinstance(value, str):
            raise wrong(at, value, "not a string")
        if not self.least <= len(value) <= self.most:
            raise wrong(at, value, f"length must be between {self.least} and {self.most}")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise wrong(at, value, "contains characters that are not allowed")
        if self.choices and value not in self.choices:
            raise wrong(at, value, f"must be one of {', '.join(self.choices)}")

    def unknown_fields(self, value: Any, at: str) -> Iterator[str]:
        return iter(())


@dataclass(frozen=True, slots=True)
class Number:
    least: int = 1
    required: bool = False

    def check(self, value: Any, at: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong(at, value, "not an integer")
        if value < self.least:
            raise wrong(at, value, f"the minimum is {self.least}")
        if value >= 2**63:
            raise wrong(at, value, "the number is too large")

    def unknown_fields(self, value: Any, at: str) -> Iterator[str]:
        return iter(())


@dataclass(frozen=True, slots=True)
class Flag:
    required: bool = False

    def check(self, value: Any, at: str) -> None:
        if not isinstance(value, bool):
            raise wrong(at, value, "not a boolean")

    def unknown_fields(self, value: Any, at: str) -> Iterator[str]:
        return iter(())


@dataclass(frozen=True, slots=True)
class Object:
    fields: Mapping[str, Shape]
    required: bool = False

    def check(self, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            raise wrong(at, value, "not an object")
        for name, shape in self.fields.items():
            if name in value:
                shape.check(value[name], f"{at}/{name}")
            elif shape.required:
                raise wrong(f"{at}/{name}", None, "missing")

    def unknown_fields(self, value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            return
        for name, each in value.items():
            if name in self.fields:
                yield from self.fields[name].unknown_fields(each, f"{at}/{name}")
            else:
                yield f"{at}/{name}"


@dataclass(frozen=True, slots=True)
class Array:
    of: Shape
    most: int = 100
    required: bool = False

    def check(self, value: Any, at: str) -> None:
        if not isinstance(value, list) or not 1 <= len(value) <= self.most:
            raise wrong(at, value, f"not an array of 1 to {self.most}")
        for place, each in enumerate(value):
            self.of.check(each, f"{at}/{place}")

    def unknown_fields(self, value: Any, at: str) -> Iterator[str]:
        for place, each in enumerate(value if isinstance(value, list) else []):
            yield from self.of.unknown_fields(each, f"{at}/{place}")


def checked(body: dict[str, Any], shape: Object) -> None:
    """Returns the body after checking it, for unknown fields first. Raises PARAM_ERROR."""
    if found := list(shape.unknown_fields(body, "/body")):
        raise PayError("PARAM_ERROR", texts.UNKNOWN_FIELDS, detail={"location": None, "value": found})
    shape.check(body, "")
