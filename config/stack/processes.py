"""The programs of the stack as child processes, with prefixed output and a guaranteed end."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from config.embedded import PROJECT
from config.embedded.interruption import finish_undisturbed
from config.embedded.launching import die_with_parent

STOP_SECONDS = 15
# Names the data folder in the environment of every child, so that a later start knows its own.
MARK = "WECHAT_CONSOLE_STACK"
COLOURS = {"simulator": 35, "web": 32, "worker": 36, "beat": 33}


@contextmanager
def process(
    name: str, command: Sequence[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Runs a Python module in the background and prints its output; stops it and its children at the end."""
    parent = os.getpid()
    child = subprocess.Popen(  # noqa: S603 - one of our own programs, and no shell
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),
    )
    reader = threading.Thread(target=_relay, args=(name, child.stdout), daemon=True)
    reader.start()
    try:
        yield child
    finally:
        _stop(child, name)
        reader.join()


def _stop(child: subprocess.Popen[str], name: str) -> None:
    finish_undisturbed()
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        print_line(f"did not stop in {STOP_SECONDS} seconds and is killed", name)
    # Whatever it started is in its session and ends with it.
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def stop_leftovers(local: Path) -> None:
    """Stops the processes that a killed supervisor has left running."""
    found = [each for each in psutil.process_iter(["environ"]) if _is_ours(each, local)]
    for each in found:
        each.kill()
    psutil.wait_procs(found, timeout=STOP_SECONDS)


def _is_ours(candidate: psutil.Process, local: Path) -> bool:
    environment = candidate.info["environ"] or {}
    return candidate.pid != os.getpid() and environment.get(MARK) == str(local)


def _relay(name: str, lines: IO[str]) -> None:
    for line in lines:
        print_line(line.rstrip(), name)


def print_line(line: str, name: str = "stack") -> None:
    """Prints one line under its sender's name; ignores that the terminal is gone."""
    prefix = f"{name:9} | "
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        prefix = f"\x1b[{COLOURS.get(name, 0)}m{prefix}\x1b[0m"
    try:
        sys.stdout.write(f"{prefix}{line}\n")
        sys.stdout.flush()
    except OSError:
        return
