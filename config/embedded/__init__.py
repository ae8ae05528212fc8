"""The embedded PostgreSQL and Redis: servers from Python packages, with their data in one folder.

The settings ask this package for the two addresses when the environment names none. Only starting the servers
(``config.embedded.lifetime``) needs the ``embedded`` extra to be installed.
"""

import json
import os
import socket
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parents[2]


class NotRunning(RuntimeError):
    """The error for a missing address while the embedded servers do not run; its message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "is not set and the embedded servers do not run: set it, run `make run`, "
            "or `python -m config.embedded -- COMMAND`."
        )


class ServiceUrls(TypedDict, total=False):
    """The addresses of the running servers, with passwords; a service that the environment names is absent.

    ``command_settings`` are the settings that a command shares with the programs of ``make run``.
    """

    database_url: str
    redis_url: str
    command_settings: dict[str, str]


def local_folder() -> Path:
    """Returns the folder of data, logs and secrets: ``WECHAT_CONSOLE_LOCAL``, else ``.local``."""
    return Path(os.environ.get("WECHAT_CONSOLE_LOCAL") or PROJECT / ".local").resolve()


def service_urls() -> ServiceUrls:
    """Returns the addresses of the servers that are running now; empty when there are none."""
    try:
        urls: ServiceUrls = json.loads((local_folder() / "services.json").read_text())
    except FileNotFoundError:
        return {}
    return urls


def database_url() -> str:
    """Returns the address of the embedded PostgreSQL. Raises NotRunning."""
    return _alive(service_urls().get("database_url"))


def redis_url() -> str:
    """Returns the address of the embedded Redis. Raises NotRunning."""
    return _alive(service_urls().get("redis_url"))


def is_configured(variable: str) -> bool:
    """Returns whether the environment names an address or its file, so that no embedded server is wanted."""
    return any(os.environ.get(name, "").strip() for name in (variable, f"{variable}_FILE"))


def is_missing() -> bool:
    """Returns whether settings need the embedded servers and would not find them."""
    try:
        for variable, url in (("DATABASE_URL", database_url), ("REDIS_URL", redis_url)):
            if not is_configured(variable):
                url()
    except NotRunning:
        return True
    return False


def _alive(url: str | None) -> str:
    # The file outlives a supervisor that was killed outright, so a listener is the only proof.
    if url is None or not is_listening(urlsplit(url).port or 0):
        raise NotRunning
    return url


def is_listening(port: int) -> bool:
    """Returns whether a process accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
