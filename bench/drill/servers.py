"""The servers that a drill starts itself on the loopback interface, each of which can be killed.

``Missing`` names a program that is not installed.
"""

import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from config.embedded import is_listening
from config.embedded.launching import launch, own_folder, owner_of
from config.embedded.postgres import OPTIONS, program
from config.embedded.redis import program as redis_program
from simulator.ports import free_port

READY_SECONDS = 120
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class Missing(Exception):
    """An error: a program is not installed; the message names it and its source."""


class Server(ABC):
    """A server that listens on ``port``, keeps its data in ``folder``, and can be killed at any moment."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """Returns the command that starts the server."""

    def environment(self) -> Mapping[str, str]:
        return {}

    def start(self) -> None:
        """Starts the server; returns once it listens. Raises ``RuntimeError`` if it does not."""
        own_folder(self.folder)
        with Path(os.devnull).open() as nothing:
            self._process = launch(
                self.command(), cwd=self.folder, log=self.log, stop_with=signal.SIGTERM,
                keep=nothing.fileno(), environment=self.environment(),
            )  # fmt: skip
        ends = time.monotonic() + READY_SECONDS
        while not is_listening(self.port):
            if self._process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"{type(self).__name__} did not start:\n{self.log.read_text()[-2_000:]}")
            time.sleep(0.1)

    @property
    def log(self) -> Path:
        return self.folder.with_suffix(".log")

    def kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Redis(Server):
    """The installation's cache, and by default its broker, with an append-only file."""

    def command(self) -> Sequence[str | Path]:
        options = {"--port": str(self.port), "--bind": "127.0.0.1", "--appendonly": "yes", "--save": ""}
        return [redis_program(), *(word for pair in options.items() for word in pair)]


class RabbitMq(Server):
    """A broker with one node and its own name registry."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if not RABBITMQ.exists():
            raise Missing("RabbitMQ is not installed: apt-get install rabbitmq-server")
        self._names = _NameRegistry(folder / "names")
        self._between_nodes = free_port()

    def start(self) -> None:
        own_folder(self.folder)
        self._names.start()
        super().start()

    def kill(self) -> None:
        super().kill()
        self._names.kill()

    def command(self) -> Sequence[str | Path]:
        return [RABBITMQ]

    def environment(self) -> Mapping[str, str]:
        return {
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"drill{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._between_nodes),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(self._names.port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }


class _NameRegistry(Server):
    """The registry by which Erlang nodes find each other's ports, separate from the machine's."""

    def command(self) -> Sequence[str | Path]:
        return [shutil.which("epmd") or "epmd", "-port", str(self.port), "-address", "127.0.0.1"]


class PgBouncer(Server):
    """A pooler in transaction mode for the installation's Postgres."""

    def __init__(self, folder: Path, database_url: str, *, connections: int = 20) -> None:
        super().__init__(folder)
        self._connections = connections
        found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        if found is None:
            raise Missing("PgBouncer is not installed: apt-get install pgbouncer")
        self._program = found
        self._known = psycopg.conninfo.conninfo_to_dict(database_url)

    def command(self) -> Sequence[str | Path]:
        known, users = self._known, self.folder / "users"
        private(users, f'"{known["user"]}" "{known["password"]}"\n')
        settings = {
            "listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": "", "auth_file": users,
            "auth_type": "scram-sha-256", "pool_mode": "transaction", "default_pool_size": self._connections,
            "max_client_conn": 500,
        }  # fmt: skip
        lines = [
            "[databases]",
            f"{known['dbname']} = host={known['host']} port={known['port']}",
            "[pgbouncer]",
            *(f"{name} = {value}" for name, value in settings.items()),
        ]
        private(self.folder / "pgbouncer.ini", "\n".join(lines))
        return [self._program, self.folder / "pgbouncer.ini"]


class Standby(Server):
    """A standby Postgres that replicates the primary, and can be promoted."""

    def __init__(self, folder: Path, database_url: str) -> None:
        super().__init__(folder)
        self._primary = psycopg.conninfo.conninfo_to_dict(database_url)

    def command(self) -> Sequence[str | Path]:
        options = OPTIONS | {"port": str(self.port)}
        return [program("postgres"), "-D", self.folder, *_settings(options)]

    def copy(self) -> None:
        """Copies the primary's data to the folder while the primary runs."""
        passwords = self.folder.with_suffix(".passwords")
        private(passwords, f"*:*:*:*:{self._primary['password']}")
        own_folder(self.folder)
        source = make_conninfo(
            host=self._primary["host"], port=self._primary["port"], user=self._primary["user"],
            passfile=str(passwords),
        )  # fmt: skip
        with Path(os.devnull).open() as nothing:
            copying = launch(
                [program("pg_basebackup"), "-D", self.folder, "-d", source, "-R", "--checkpoint=fast"],
                cwd=self.folder, log=self.log, stop_with=signal.SIGTERM, keep=nothing.fileno(),
            )  # fmt: skip
        if copying.wait(READY_SECONDS) != 0:
            raise RuntimeError(f"pg_basebackup failed:\n{self.log.read_text()[-2_000:]}")

    def promote(self) -> None:
        with self.connect() as connection:
            connection.execute("SELECT pg_promote()")

    def connect(self) -> psycopg.Connection:
        known = {**self._primary, "host": "127.0.0.1", "port": str(self.port)}
        return psycopg.connect(make_conninfo("", **known), autocommit=True)


def private(path: Path, content: str) -> None:
    """Writes a file that only the server's user can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    if (owner := owner_of(path.parent)) is not None:
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _settings(options: Mapping[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
