"""The checks of settings, which refuse invalid values with a message."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

AES_KEY_CHARACTERS, AES_KEY_BYTES = 43, 32


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a setting: ``problem`` returns what is wrong with a value, ``type`` is its JSON type."""

    type: str
    problem: Callable[[Any], str]


class BadSettingError(ValueError):
    """An error: a setting is invalid; the message says what is allowed."""


def text(value: Any) -> str:
    return "" if isinstance(value, str) else "must be a text"


def flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def one_of(*choices: str) -> Check:
    return Check("string", lambda value: "" if value in choices else f"must be one of {', '.join(choices)}")


def texts(value: Any) -> str:
    good = isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    return "" if good else "must be a list of texts"


def networks(value: Any) -> str:
    if problem := texts(value):
        return problem
    try:
        for each in value:
            ip_network(each, strict=False)
    except ValueError:
        return "must be a list of addresses or networks, such as 203.0.113.7 or 203.0.113.0/24"
    return ""


def hosts(value: Any) -> str:
    if problem := texts(value):
        return problem
    good = all(hostname(f"//{each}") and "/" not in each for each in value)
    return "" if good else "must be a list of hosts, such as shop.example.com or 127.0.0.1:5173"


def hostname(address: str) -> str:
    """Returns the host of a URL, empty if it has none or is invalid; a port must not be 0."""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "") if parts.port != 0 else ""
    except ValueError:
        return ""


def url(value: Any) -> str:
    """Returns what is wrong with a URL, or the empty text.

    An empty URL is valid: an account without a server gets no pushes.
    """
    if value == "":
        return ""
    good = isinstance(value, str) and value.startswith(("http://", "https://")) and hostname(value)
    return "" if good else "must be an address that begins with http:// or https://"


def aes_key(value: Any) -> str:
    if value == "":
        return ""
    try:
        good = len(value) == AES_KEY_CHARACTERS and len(base64.b64decode(f"{value}=")) == AES_KEY_BYTES
    except (TypeError, ValueError, binascii.Error):
        good = False
    return "" if good else f"must be {AES_KEY_CHARACTERS} characters of base64, as the platform makes it"


def check(owner: str, known: Mapping[str, Check], settings: Mapping[str, Any]) -> None:
    """Checks settings; ``owner`` is their object's name in error messages.

    Raises BadSettingError for the first unknown or invalid setting.
    """
    for name, value in settings.items():
        if name not in known:
            raise BadSettingError(f"{owner} has no {name}; known are {', '.join(known)}")
        if problem := known[name].problem(value):
            raise BadSettingError(f"{name} {problem}")
