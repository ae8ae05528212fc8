"""Starts the whole stack: ``python -m config.stack``.

These are the servers, migrations, demo data, simulator, web, worker and beat. Ends when it is told to (exit
code 0) or when one of its processes ends (exit code 1), and stops all of them.
"""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from config.embedded import PROJECT, local_folder
from config.embedded.interruption import exit_on_signal, terminal_is_gone
from config.embedded.launching import ServiceError
from config.embedded.lifetime import can_listen, running
from config.stack.processes import MARK, print_line, process, stop_leftovers

READY_SECONDS = 60
PLATFORM = ("WECHAT_API_BASE", "WECHAT_PAY_API_BASE", "WECHAT_OPEN_BASE", "WECHAT_MP_BASE")
# Celery's advice for production; here root is whoever tries it in a container.
QUIET = "ignore:You're running the worker with superuser privileges"

HOST = os.environ.get("HOST", "127.0.0.1")
PORT = os.environ.get("PORT", "8000")
SIMULATOR_PORT = os.environ.get("SIMULATOR_PORT", "8800")
WEB_WORKERS = os.environ.get("WEB_WORKERS", "1")


def main() -> int:
    exit_on_signal(code=0)
    try:
        with running(local_folder(), command_settings=_addresses()) as servers, ExitStack() as stack:
            stop_leftovers(local_folder())
            _require_port("PORT", PORT)
            _require_port("SIMULATOR_PORT", SIMULATOR_PORT)
            _require_others()
            _prepare("migrate", "--no-input")
            everything: dict[str, subprocess.Popen[Any]] = dict(servers)
            for name, command in _programs().items():
                everything[name] = stack.enter_context(process(name, command, _environment()))
                if name == "simulator":
                    _wait(everything, lambda: _answers(SIMULATOR_PORT, "/_sim/health"))
                    _prepare("load_demo")
            _watch(everything)
    except ServiceError as error:
        print_line(str(error))
    return 1


def _programs() -> Mapping[str, list[str]]:
    """Returns modules with their arguments in the order of starting; they are stopped in reverse order."""
    simulator_state = str(local_folder() / "simulator.json")
    return {
        "simulator": ["simulator", "--port", SIMULATOR_PORT, "--state", simulator_state],
        "web": [
            *("uvicorn", "--host", HOST, "--port", PORT, "--workers", WEB_WORKERS, "--log-level", "error"),
            *("--no-access-log", "--no-server-header", "--no-proxy-headers", "--lifespan", "off"),
            *("--ws", "none", "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "5"),
            "config.asgi:application",
        ],
        "worker": [
            "celery",
            "--quiet",
            "-A",
            "config",
            "worker",
            "--queues",
            "interactive,bulk",
            # One of them is kept for what somebody waits for (see ``wechat.kernel.work.places``).
            "--concurrency",
            "3",
        ],
        "beat": ["celery", "--quiet", "-A", "config.beat", "beat"],
    }


def _addresses() -> dict[str, str]:
    """Returns the addresses of the web process and of the platform, which is the simulator by default."""
    simulator = f"http://127.0.0.1:{SIMULATOR_PORT}"
    return {"PORT": PORT} | {name: os.environ.get(name) or simulator for name in PLATFORM}


def _environment() -> dict[str, str]:
    """Returns the environment for the programs: this process's own, with the addresses added."""
    ours = {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": QUIET, MARK: str(local_folder())}
    ours["PROMETHEUS_MULTIPROC_DIR"] = str(_counting_folder())
    return os.environ | _addresses() | ours


def _counting_folder() -> Path:
    """Returns the folder in which all processes keep their metrics, so that web reports all of them."""
    folder = local_folder() / "metrics"
    folder.mkdir(exist_ok=True)
    return folder


def _require_port(variable: str, value: str) -> None:
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ServiceError(f"{variable} is {value!r}: use a number from 1 to 65535")
    if not can_listen(int(value)):
        raise ServiceError(
            f"Port {value} is taken by another program: stop that one, or choose another port, "
            f"as in `make run {variable}={int(value) + 1}`"
        )


def _require_others() -> None:
    """Raises ServiceError for what the web process would refuse only after a minute of other starts."""
    if PORT == SIMULATOR_PORT:
        raise ServiceError(f"PORT and SIMULATOR_PORT are both {PORT}: use two numbers")
    if not WEB_WORKERS.isdecimal() or not int(WEB_WORKERS):
        raise ServiceError(f"WEB_WORKERS is {WEB_WORKERS!r}: use a number from 1")
    try:
        socket.getaddrinfo(HOST, int(PORT))
    except OSError:
        raise ServiceError(
            f"HOST is {HOST!r}: use an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them"
        ) from None


def _prepare(*command: str) -> None:
    result = subprocess.run(  # noqa: S603 - our own program, and no shell
        [sys.executable, "manage.py", *command],
        cwd=PROJECT,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise ServiceError(f"{command[0]} failed with exit code {result.returncode}:\n{result.stdout}")


def _watch(everything: Mapping[str, subprocess.Popen[Any]]) -> None:
    """Prints when everything is ready, then waits. Raises ServiceError as soon as a process has ended."""
    _wait(everything, _is_ready)
    _welcome()
    while True:
        _check(everything)
        time.sleep(0.2)


def _wait(everything: Mapping[str, subprocess.Popen[Any]], is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not is_ready():
        _check(everything)
        if time.monotonic() > deadline:
            raise ServiceError(f"Not ready after {READY_SECONDS} seconds: everything is stopped")
        time.sleep(0.1)


def _check(everything: Mapping[str, subprocess.Popen[Any]]) -> None:
    # The kernel tells only the first process of a closed terminal, and ``make`` does not pass it on.
    if terminal_is_gone():
        raise SystemExit(0)
    for name, each in everything.items():
        if (code := each.poll()) is not None:
            how = f"exit code {code}" if code >= 0 else f"signal {-code}"
            raise ServiceError(f"{name} ended with {how}: everything is stopped")


def _is_ready() -> bool:
    return _answers(PORT, "/healthz/ready") and _answers(SIMULATOR_PORT, "/_sim/health")


def _answers(port: str, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _welcome() -> None:
    for line in (
        "",
        "WeChat Console is ready.",
        "",
        f"  Console    http://127.0.0.1:{PORT}/admin/   sign in with admin / admin",
        f"  Phone      http://127.0.0.1:{SIMULATOR_PORT}/",
        f"  API        http://127.0.0.1:{PORT}/api/docs/",
        "",
        f"Ctrl-C stops everything; the data stays in {local_folder()}",
    ):
        print_line(line)


if __name__ == "__main__":
    sys.exit(main())
