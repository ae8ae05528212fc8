"""The processes of an installation: starting, killing, freezing and stopping them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psutil

from config.embedded import PROJECT
from config.embedded.launching import die_with_parent

STOP_SECONDS = 20
READY_SECONDS = 180
# The pause before a restart, as in deploy/systemd.
RESTART_SECONDS = 2.0


class Program:
    """A program with its children, in its own session; its output is written to ``log``."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command, self._environment = list(command), dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = False
        self._lock = threading.Lock()

    def start(self) -> None:
        with self._lock:
            self._is_wanted = True
            self._launch()

    def tree(self) -> list[psutil.Process]:
        """Returns the program and all of its children."""
        if self._process is None:
            return []
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(self._process.pid)
            return [first, *first.children(recursive=True)]
        return []

    def restart_if_ended(self) -> bool:
        """Restarts the program if it ended by itself; returns whether it had."""
        with self._lock:
            if not self._is_wanted or self.is_running:
                return False
            self._launch()
            return True

    def _launch(self) -> None:
        parent = os.getpid()
        # As in all deployments another process writes the log, which is not a file of the program.
        with self.log.open("ab") as output, _copied_to(output) as copied:
            self._process = subprocess.Popen(
                self._command,
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=copied,
                stderr=copied,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),
            )

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Waits until the program is ready.

        Raises ``RuntimeError``, with the end of its log, if it ends before that or takes minutes.
        """
        ends = time.monotonic() + READY_SECONDS
        while not is_ready():
            if not self.is_running or time.monotonic() > ends:
                end_of_log = self.log.read_text(errors="replace")[-3_000:]
                raise RuntimeError(f"{self.name} did not start:\n{end_of_log}")
            time.sleep(0.2)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the program and all of its children."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """Kills the program and its children at the same moment, like ``kill -9``."""
        self._end_restarts()
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """Stops the program as an operator does; kills the rest after ``STOP_SECONDS``."""
        self._end_restarts()
        self.send(signal.SIGCONT)
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()

    def _end_restarts(self) -> None:
        with self._lock:
            self._is_wanted = False


def _copied_to(output: IO[bytes]) -> IO[bytes]:
    """Returns a pipe whose content is copied to ``output``, until its last writer closes it."""
    copying = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=output)
    assert copying.stdin
    return copying.stdin


class Supervisor:
    """A supervisor that restarts programs that ended by themselves, like systemd, compose and Kubernetes."""

    def __init__(self, programs: Collection[Program]) -> None:
        self.restarts: Counter[str] = Counter()
        self._programs = programs
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(RESTART_SECONDS):
            self.restarts.update(each.name for each in self._programs if each.restart_if_ended())


def module(*arguments: str) -> list[str]:
    """Returns the command that runs a Python module."""
    return [sys.executable, "-m", *arguments]
