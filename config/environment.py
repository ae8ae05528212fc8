"""The readers of environment variables: a value that makes no sense is refused with one clear line."""

import base64
import binascii
import ipaddress
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.core.management.utils import get_random_secret_key
from environ import Env

from config.embedded import local_folder

HOST = re.compile(r"(\[[^\]]*\]|[^:@]*)(:[0-9]+)?")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class InvalidSetting(SystemExit):
    """The error for an invalid environment variable; its text is the whole message."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"WeChat Console cannot start: {name} {problem}")


def given(name: str) -> str:
    """Returns the variable of that name, or the content of the file that ``NAME_FILE`` names, for secrets.

    Raises ``InvalidSetting``.
    """
    value, file = (os.environ.get(each, "").strip() for each in (name, f"{name}_FILE"))
    if not file:
        return value
    if value:
        raise InvalidSetting(f"{name}_FILE", f"is set, and {name} too; set one of them.")
    try:
        found = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"{name}_FILE", f"cannot be read: {type(error).__name__}.") from None
    if not found:
        raise InvalidSetting(f"{name}_FILE", "names a file that is empty.")
    return found


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        raise InvalidSetting(name, f"is {value!r}; use 1 or 0.")
    return default


def choice(name: str, default: str, *others: str) -> str:
    value = os.environ.get(name, "").strip().lower() or default
    if value not in {default, *others}:
        raise InvalidSetting(name, f"is {value!r}; use {' or '.join((default, *others))}.")
    return value


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdecimal() or not least <= int(value) <= most:
        raise InvalidSetting(name, f"is {value!r}; use a whole number from {least} to {most}.")
    return int(value)


def web_address(name: str, default: str) -> str:
    """Returns an absolute http(s) address without a trailing slash. Raises ``InvalidSetting``."""
    value = (os.environ.get(name, "").strip() or default).rstrip("/")
    problem = f"is {value!r}; use an address such as https://example.com."
    parts = _split(name, value, problem)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise InvalidSetting(name, problem)
    return value


def _split(name: str, address: str, problem: str) -> SplitResult:
    """Returns the parts of a URL; its error leaves out the password that Python's own error would quote."""
    try:
        return urlsplit(address)
    except ValueError:
        raise InvalidSetting(name, problem) from None


def trusted_proxies(name: str, default: int) -> int | tuple[Network, ...]:
    """Returns how many proxies stand in front of the web process, or the networks they are in."""
    value = os.environ.get(name, "").strip() or str(default)
    if value.isdecimal() and int(value) <= 10:
        return int(value)
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in value.split(","))
    except ValueError:
        raise InvalidSetting(
            name, f"is {value!r}; use a number of proxies up to 10, or networks such as 10.0.0.0/8,fd00::/8."
        ) from None


def service_address(name: str, value: str, *schemes: str) -> str:
    """Returns the URL of a database or broker if it is valid. Raises ``InvalidSetting`` otherwise.

    The message never contains the password.
    """
    unreadable = (
        "cannot be read: write / # ? @ : % [ of a password as %2F %23 %3F %40 %3A %25 %5B, a port in digits."
    )
    parts = _split(name, value, unreadable)
    if parts.scheme not in schemes:
        raise InvalidSetting(name, f"must start with {' or '.join(scheme + '://' for scheme in schemes)}.")
    user, _, hosts = parts.netloc.rpartition("@")
    # A part of the password would pass for a port, which errors name.
    if (not user and "@" in value) or not all(map(HOST.fullmatch, hosts.split(","))):
        raise InvalidSetting(name, unreadable)
    return value


def mail(name: str) -> Mapping[str, Any]:
    """Returns Django's mail settings for ``smtp+tls://user:password@host:587``; empty without a URL.

    ``smtp+ssl`` and plain ``smtp`` are known, too.
    """
    address = given(name)
    if not address:
        return {}
    service_address(name, address, "smtp", "smtp+tls", "smtp+ssl")
    found: Mapping[str, Any] = Env.email_url_config(address)
    return found


def field_keys(text: str) -> Mapping[str, bytes]:
    """Returns the 32-byte keys of ``id:base64`` pairs, by id: the first one encrypts, all of them decrypt."""
    keys: dict[str, bytes] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key_id, _, encoded = pair.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not key_id.isalnum() or len(key_id) > 16 or len(key) != 32:
            raise InvalidSetting(
                "FIELD_ENCRYPTION_KEYS", "must be id:base64-of-32-bytes pairs, comma separated."
            )
        keys[key_id] = key
    if not keys:
        raise InvalidSetting("FIELD_ENCRYPTION_KEYS", "is empty; make a key with: openssl rand -base64 32")
    return keys


def local_secrets() -> Mapping[str, str]:
    """Returns the secrets of an embedded installation, generated at its first start, from a private file."""
    path = local_folder() / "secrets.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = {
            "SECRET_KEY": get_random_secret_key(),
            "FIELD_ENCRYPTION_KEYS": f"local:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        }
        draft = path.with_name(f"secrets.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(fresh))
        # Several processes may start at once: the first link wins and all of them read the same file.
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def secret(name: str, *, embedded: bool) -> str:
    if value := given(name):
        return value
    if embedded:
        return local_secrets()[name]
    raise InvalidSetting(name, "is not set; it is required when DATABASE_URL is set.")
