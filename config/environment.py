"""The readers of environment variables: a value that makes no sense is refused with one clear line."""

import base64
import binascii
import importlib.util
import ipaddress
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.core.management.utils import get_random_secret_key
from environ import Env

from config.embedded import NotRunning, local_folder

HOST = re.compile(r"(\[[^\]]*\]|[^:@]*)(?::([0-9]+))?")
# As Django accepts them in the header ``Host``.
HOST_NAME = re.compile(r"[a-z0-9.-]+|\[[a-f0-9:.]+\]", re.IGNORECASE)
PORTS = range(65536)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class InvalidSetting(SystemExit):
    """The error for an invalid environment variable; its text is the whole message."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"WeChat Console cannot start: {name} {problem}")


def variable(name: str) -> str:
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
    except OSError as error:
        raise InvalidSetting(
            f"{name}_FILE", f"names {file}, which cannot be read: {error.strerror}."
        ) from None
    except UnicodeDecodeError:
        raise InvalidSetting(f"{name}_FILE", f"names {file}, which is no text.") from None
    if not found:
        raise InvalidSetting(f"{name}_FILE", "names a file that is empty.")
    return found


def variable_or_embedded(name: str, embedded: Callable[[], str]) -> str:
    """Returns the address that is given, or that of the embedded server. Raises ``InvalidSetting``."""
    try:
        return variable(name) or embedded()
    except NotRunning as missing:
        raise InvalidSetting(name, str(missing)) from None


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
    is_whole = parts.scheme in {"http", "https"} and _is_host(parts.netloc, HOST_NAME)
    if not is_whole or parts.query or parts.fragment or " " in value:
        raise InvalidSetting(name, problem)
    return value


def public_address(name: str, default: str) -> str:
    """Returns a web address at the root of its host. Raises ``InvalidSetting``."""
    value = web_address(name, default)
    if urlsplit(value).path:
        raise InvalidSetting(name, f"is {value!r}; give the console a host name of its own, without a path.")
    return value


def host_names(name: str) -> list[str]:
    """Returns host names without scheme and port, from a text with commas. Raises ``InvalidSetting``."""
    names = list(filter(None, (part.strip() for part in os.environ.get(name, "").split(","))))
    for each in names:
        if each != "*" and not HOST_NAME.fullmatch(each):
            raise InvalidSetting(
                name, f"has {each!r}; use names such as console.example.com, without https:// and port."
            )
    return names


def _is_host(text: str, form: re.Pattern[str] | None = None) -> bool:
    """Returns whether a text is a host of that form, if one is given, with or without a port."""
    found = HOST.fullmatch(text)
    if found is None or int(found[2] or 0) not in PORTS:
        return False
    return form is None or form.fullmatch(found[1]) is not None


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
        "cannot be read: write / # ? @ : % [ of a password as %2F %23 %3F %40 %3A %25 %5B, "
        "and a port in digits, up to 65535."
    )
    parts = _split(name, value, unreadable)
    if parts.scheme not in schemes:
        raise InvalidSetting(name, f"must start with {' or '.join(scheme + '://' for scheme in schemes)}.")
    user, _, hosts = parts.netloc.rpartition("@")
    # A part of the password would pass for a port, which errors name.
    if (not user and "@" in value) or not all(map(_is_host, hosts.split(","))):
        raise InvalidSetting(name, unreadable)
    return value


def database(name: str, address: str) -> dict[str, Any]:
    """Returns Django's settings for a database of PostgreSQL. Raises ``InvalidSetting``."""
    found: dict[str, Any] = Env.db_url_config(service_address(name, address, "postgres", "postgresql"))
    if not found["NAME"]:
        raise InvalidSetting(name, "names no database; write its name at the end, as in …:5432/console.")
    return found


def redis_address(name: str, address: str) -> str:
    """Returns the URL of a Redis. Raises ``InvalidSetting``, also if the number of its database is none."""
    if not re.fullmatch(r"/?|/[0-9]+", urlsplit(service_address(name, address, "redis", "rediss")).path):
        raise InvalidSetting(name, "may end with the number of a database only, as in …:6379/0.")
    return address


def existing_folder(name: str) -> str:
    """Returns the path of a folder, or the empty text if none is named. Raises ``InvalidSetting``."""
    value = os.environ.get(name, "").strip()
    if value and not Path(value).is_dir():
        raise InvalidSetting(name, f"is {value!r}, which is no folder; make it first.")
    return value


def traces_receiver(name: str) -> str:
    """Returns where traces are sent to, or the empty text. Raises ``InvalidSetting``."""
    address = web_address(name, "http://none") if os.environ.get(name, "").strip() else ""
    if address and importlib.util.find_spec("opentelemetry") is None:
        raise InvalidSetting(
            name,
            "is set, but what sends traces is not installed: "
            "pip install --require-hashes -r requirements/image.txt",
        )
    return address


def mail(name: str) -> Mapping[str, Any]:
    """Returns Django's mail settings for ``smtp+tls://user:password@host:587``; empty without a URL.

    ``smtp+ssl`` and plain ``smtp`` are known, too.
    """
    address = variable(name)
    if not address:
        return {}
    service_address(name, address, "smtp", "smtp+tls", "smtp+ssl")
    found: Mapping[str, Any] = Env.email_url_config(address)
    if not found["EMAIL_HOST"]:
        raise InvalidSetting(name, "names no mail server, as in …@mail.example.com:587.")
    return found


def mail_sender(name: str, default: str) -> str:
    """Returns a mail address, or a name with one: ``Console <console@example.com>``."""
    value = os.environ.get(name, "").strip() or default
    user, _, host = parseaddr(value)[1].partition("@")
    if not user or not host:
        raise InvalidSetting(name, f"is {value!r}; use a mail address such as console@example.com.")
    return value


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
                "FIELD_ENCRYPTION_KEYS",
                "must be id:key pairs, comma separated: an id of up to 16 letters and digits, "
                "and a key of 32 bytes in base64, made with: openssl rand -base64 32",
            )
        if key_id in keys:
            raise InvalidSetting(
                "FIELD_ENCRYPTION_KEYS", f"has two keys with the id {key_id!r}; give a new key a new id."
            )
        keys[key_id] = key
    if not keys:
        raise InvalidSetting(
            "FIELD_ENCRYPTION_KEYS", "is empty; set id:key, with a key made with: openssl rand -base64 32"
        )
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
    if value := variable(name):
        return value
    if embedded:
        return local_secrets()[name]
    raise InvalidSetting(name, "is not set; it is required when DATABASE_URL is set.")
