"""The registry of events that business systems may subscribe to.

The app in which an event happens registers it in its ``handlers`` module, with an example of its data::

    register("order.paid", _("An order is paid"), {"order": {"out_trade_no": "A1", "total": 9980}})
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_stubs_ext import StrOrPromise

from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class EventType:
    label: StrOrPromise
    example: Mapping[str, Any]


_types: Registry[EventType] = Registry("type of event")


def register(name: str, label: StrOrPromise, example: Mapping[str, Any]) -> None:
    _types.add(name, EventType(label, example))


def known() -> Mapping[str, EventType]:
    return _types.by_name()


def label_of(name: str) -> StrOrPromise:
    return _types.get(name).label if name in _types else name
