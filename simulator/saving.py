"""The conversion of the state to JSON and back: dataclasses become objects, bytes become base64."""

from __future__ import annotations

import base64
import json
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from simulator.world import State

T = TypeVar("T")
BYTES = "base64"
SIMPLE: dict[Any, Any] = {str: str, int: int, float: (int, float), bool: bool}


def dump(value: Any) -> Any:
    """Converts a value to what json can write. Dataclasses lose their class; ``load`` needs it again.

    Containers are copied first, because the world can change while another thread writes it.
    """
    if isinstance(value, dict):
        return {key: dump(each) for key, each in list(value.items())}
    if isinstance(value, list | tuple):
        return [dump(each) for each in list(value)]
    if isinstance(value, bytes):
        return {BYTES: base64.b64encode(value).decode()}
    if is_dataclass(value) and not isinstance(value, type):
        return {name: dump(getattr(value, name)) for name in _names(type(value))}
    return value


def load(kind: Any, data: Any) -> Any:
    """Returns the value of type ``kind`` dumped as ``data``. Raises ValueError if it does not fit."""
    if isinstance(kind, UnionType):
        return None if data is None else _load_one_of(kind, data)
    if kind in SIMPLE:
        return _checked(data, SIMPLE[kind])
    if get_origin(kind) is dict:
        return {key: load(get_args(kind)[1], each) for key, each in _checked(data, dict).items()}
    if get_origin(kind) is list:
        return [load(get_args(kind)[0], each) for each in _checked(data, list)]
    if kind is bytes:
        return base64.b64decode(_checked(data, dict)[BYTES])
    if isinstance(kind, type) and is_dataclass(kind):
        return load_object(kind, data)
    return data


def _load_one_of(kind: UnionType, data: Any) -> Any:
    kinds = [each for each in get_args(kind) if each is not NoneType]
    return load(next((each for each in kinds if each is type(data)), kinds[0]), data)


def load_object(kind: type[T], data: Any) -> T:
    shape: Any = kind
    hints = _hints(shape)
    given = _checked(data, dict)
    if unknown := given.keys() - hints.keys():
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    try:
        return kind(**{name: load_field(name, hints[name], each) for name, each in given.items()})
    except (TypeError, KeyError) as error:
        raise ValueError(str(error)) from error


def load_field(name: str, kind: Any, data: Any) -> Any:
    """Returns the value of a field as its type. Raises ValueError, which names the field."""
    try:
        return load(kind, data)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _checked(data: Any, kind: Any) -> Any:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        name = "number" if kind == SIMPLE[float] else kind.__name__
        raise ValueError(f"expected {name}, found {type(data).__name__}")
    return data


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def read(path: Path) -> State:
    """Returns the state in a file, or a new state without a file.

    Raises ValueError if it is not a state file.
    """
    if not path.exists():
        return State()
    return load_object(State, json.loads(path.read_bytes()))


def write(path: Path, state: State) -> None:
    """Writes the state to a file atomically, so that a crash leaves either the old or the new state."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(dump(state), ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    beside.replace(path)
