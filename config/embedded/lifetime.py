"""The embedded servers from their start to their stop."""

import fcntl
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from config.embedded import is_configured
from config.embedded.interruption import finish_undisturbed
from config.embedded.launching import ServiceError, is_root, permissions_explained
from config.embedded.leftovers import stop_leftovers
from config.embedded.postgres import Postgres
from config.embedded.redis import Redis

READY_SECONDS = 60
STOP_SECONDS = 30
# Below the range the kernel hands out to outgoing connections, which come and go.
PORTS = range(20000, 32000)

Service = Postgres | Redis


@contextmanager
def running(
    local: Path, *, durable: bool = True, command_settings: Mapping[str, str] | None = None
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Runs each server for which the environment names no address; yields them by name.

    Waits until they answer, and until they have stopped. ``command_settings`` are the settings for commands
    that are run meanwhile. Raises ServiceError, also when the folder is in use already.
    """
    create_folder(local)
    with lock(local), ExitStack() as stack:
        services = [each for each in _services(local, durable=durable) if not is_configured(each.variable)]
        servers = [(service, stack.enter_context(_server(service))) for service in services]
        for service, server in servers:
            _wait(service, server)
        with _announced(local, services, command_settings or {}):
            yield {type(service).__name__: server for service, server in servers}


def create_folder(local: Path) -> None:
    """Creates the folder for all local files; if root creates it, the servers' user may enter it.

    Raises ServiceError when it cannot be created, or is somebody else's.
    """
    try:
        local.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceError(
            f"The data folder {local} cannot be made: {error.strerror}. "
            "Name another one in WECHAT_CONSOLE_LOCAL"
        ) from None
    if not is_root() and local.stat().st_uid != os.geteuid():
        raise ServiceError(
            f"{local} belongs to another user: start this as that user, or move the folder away"
        )
    local.chmod(0o711 if is_root() else 0o700)
    (local / "log").mkdir(mode=0o700, exist_ok=True)


@contextmanager
def lock(local: Path) -> Iterator[None]:
    """Locks the folder for this process. Raises ServiceError that names the process that holds it."""
    with open(local / "lock", "a+", opener=_private) as file:
        file.seek(0)
        if not _is_locked(file):
            raise ServiceError(
                f"This project is running already (process {file.read()}): stop that one first"
            )
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def write_private(path: Path, content: object) -> None:
    """Replaces, in one step, a JSON file that only its owner may read."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
    draft.rename(path)


def _services(local: Path, *, durable: bool) -> list[Service]:
    known = _credentials(local / "credentials.json")
    return [
        Postgres(local, port=int(known["postgres_port"]), password=known["password"], durable=durable),
        Redis(local, port=int(known["redis_port"]), password=known["password"], durable=durable),
    ]


def _credentials(file: Path) -> dict[str, str]:
    """Returns the password and ports of the first start; replaces a port that is no longer free."""
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    chosen = {"password": known.get("password") or secrets.token_urlsafe(24)}
    for name in ("postgres_port", "redis_port"):
        taken = set(chosen.values())
        chosen[name] = str(_free_port(int(known.get(name, 0)), taken))
    if chosen != known:
        write_private(file, chosen)
    return chosen


def _free_port(wanted: int, taken: set[str]) -> int:
    while wanted not in PORTS or str(wanted) in taken or not can_listen(wanted):
        wanted = secrets.choice(PORTS)
    return wanted


def can_listen(port: int) -> bool:
    """Returns whether this loopback port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def _server(service: Service) -> Iterator[subprocess.Popen[bytes]]:
    stop_leftovers(service.data)
    if service.log.exists():
        service.log.rename(service.log.with_suffix(".log.old"))
    with _data_lock(service.data) as held, permissions_explained(service.data):
        server = service.launch(held)
    try:
        yield server
    finally:
        finish_undisturbed()
        server.send_signal(service.stop_signal)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@contextmanager
def _data_lock(data: Path) -> Iterator[int]:
    """Yields a lock that the server inherits and that is released with the last process of the server.

    Two servers on the same data would destroy it, and in a container we may not see whose an earlier
    process is. Raises ServiceError.
    """
    deadline = time.monotonic() + STOP_SECONDS
    with open(data.with_suffix(".lock"), "w", opener=_private) as file:
        while not _is_locked(file):
            if time.monotonic() > deadline:
                raise ServiceError(f"An earlier server still works in {data}: stop that one first")
            time.sleep(0.1)
        yield file.fileno()


def _is_locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _wait(service: Service, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not service.is_ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise ServiceError(f"{type(service).__name__} did not start:\n{_end_of(service.log)}")
        time.sleep(0.05)


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])


@contextmanager
def _announced(local: Path, services: list[Service], command_settings: Mapping[str, str]) -> Iterator[None]:
    """Publishes the addresses of the servers to the settings while the servers run."""
    file = local / "services.json"
    urls = {service.variable.lower(): service.url for service in services}
    settings = {"command_settings": dict(command_settings)} if command_settings else {}
    write_private(file, {**urls, **settings})
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
