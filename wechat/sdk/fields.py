"""The declarations of where the fields of a dataclass are found in a push.

``string("PicUrl")`` beside a field names the element that fills it; several names are tried in turn, and
``A/B`` is B inside A. ``read`` turns a push into the keyword arguments of a class.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from functools import cache
from typing import Any, TypeVar

from wechat.sdk.answers import LARGEST, MOST
from wechat.sdk.xml import Tree, child

Record = TypeVar("Record")
Convert = Callable[[Tree], Any]
Reader = Callable[[Tree], Any]

_WHOLE = re.compile(r"([+-]?[0-9]{1,40})(?:\.0*)?")


def source(convert: Convert, *paths: str) -> Mapping[str, Any]:
    """Returns the metadata for a field: the converter and the places to look."""
    return {"convert": convert, "paths": paths}


def string(*paths: str) -> str:
    return field(default="", metadata=source(as_text, *paths))


def integer(*paths: str) -> int:
    return field(default=0, metadata=source(as_integer, *paths))


def identifier(*paths: str) -> int:
    return field(default=0, metadata=source(as_identifier, *paths))


def code(*paths: str) -> int | None:
    """Declares a field for a code of which 0 means success; without a number it is ``None``."""
    return field(default=None, metadata=source(as_code, *paths))


def count(*paths: str) -> int:
    return field(default=0, metadata=source(as_count, *paths))


def decimal(*paths: str) -> float:
    return field(default=0.0, metadata=source(as_decimal, *paths))


def integers(path: str) -> tuple[int, ...]:
    return field(default=(), metadata=source(lambda found: tuple(map(as_integer, _each(found))), path))


def strings(path: str, name: str) -> tuple[str, ...]:
    """Declares a field of the texts called ``name`` in each of the repeated elements at ``path``."""
    return field(
        default=(),
        metadata=source(lambda found: tuple(as_text(child(one, name)) for one in _each(found)), path),
    )


def records(kind: type[Record], *paths: str) -> tuple[Record, ...]:
    """Declares a field of instances of ``kind``, one for each repeated element at one of the paths."""
    return field(
        default=(),
        metadata=source(lambda found: tuple(kind(**read(kind, one)) for one in _each(found)), *paths),
    )


def as_text(found: Tree) -> str:
    """Returns the stripped text, also of an element that is repeated with the same one.

    Raises ValueError for elements, and for several texts.
    """
    if isinstance(found, str):
        return found.strip()
    texts = {as_text(each) for each in found} if isinstance(found, list) else set()
    if len(texts) != 1:
        raise ValueError("text expected, elements found")
    return texts.pop()


def as_integer(found: Tree) -> int:
    """Returns a signed 64-bit number, also of ``16.0``; 0 for other text. Raises ValueError for elements."""
    number = as_identifier(found)
    return number if -LARGEST <= number <= LARGEST else 0


def as_code(found: Tree) -> int | None:
    """Returns a whole number of any plausible size, or ``None``. Raises ValueError for elements."""
    whole = _WHOLE.fullmatch(as_text(found))
    return int(whole[1]) if whole else None


def as_identifier(found: Tree) -> int:
    """Returns a whole number of any plausible size; 0 for other text. Raises ValueError for elements."""
    return as_code(found) or 0


def as_count(found: Tree) -> int:
    """Returns a number of things, up to ``MOST``; 0 for other text. Raises ValueError for elements."""
    number = as_identifier(found)
    return number if 0 <= number <= MOST else 0


def as_decimal(found: Tree) -> float:
    """Returns a finite number; 0 for other text. Raises ValueError for elements."""
    text = as_text(found)
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def read(kind: type, node: Tree) -> dict[str, Any]:
    """Returns the keyword arguments for ``kind`` from a push. Raises ValueError for elements as text."""
    found = {}
    for name, elements, reader in _plan(kind):
        for element in elements:
            # Few of the elements that a push may have are there.
            if element in node:
                found[name] = reader(node)
                break
    return found


def unread(kind: type, node: Mapping[str, Tree], ignoring: frozenset[str]) -> dict[str, Tree]:
    """Returns the top-level elements for which ``kind`` declares no field."""
    names = _names(kind) | ignoring
    return {name: value for name, value in node.items() if name not in names}


@cache
def _names(kind: type) -> frozenset[str]:
    return frozenset().union(*(elements for _name, elements, _reader in _plan(kind)))


@cache
def _plan(kind: type) -> tuple[tuple[str, tuple[str, ...], Reader], ...]:
    """Returns for each field of a class its name, its elements, and its converter."""
    sourced = ((one.name, one.metadata) for one in fields(kind) if "paths" in one.metadata)
    return tuple(
        (name, _elements(metadata["paths"]), _reader(metadata["convert"], metadata["paths"]))
        for name, metadata in sourced
    )


def _elements(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path.partition("/")[0] for path in paths)


def _reader(convert: Convert, paths: tuple[str, ...]) -> Reader:
    if len(paths) == 1 and "/" not in paths[0]:
        (name,) = paths
        return lambda node: convert(child(node, name))
    steps = [path.split("/") for path in paths]
    return lambda node: convert(_first(node, steps))


def _first(node: Tree, paths: list[list[str]]) -> Tree:
    for path in paths:
        found = node
        for name in path:
            found = child(found, name)
        if found:
            return found
    return ""


def _each(found: Tree) -> list[Tree]:
    """Returns the repeated elements without the empty ones; none for a blank container."""
    several = found if isinstance(found, list) else [found]
    return [one for one in several if not isinstance(one, str) or one.strip()]
