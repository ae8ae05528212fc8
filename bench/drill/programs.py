"""The processes of an installation: started, killed at any moment, frozen, and ended with certainty."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from config.embedded import PROJECT
from config.embedded.launching import die_with_parent

STOP_SECONDS = 20
READY_SECONDS = 180


class Program:
    """One of our programs with its children, in a session of its own; its output goes to ``log``."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command, self._environment = list(command), dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        parent = os.getpid()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),
            )

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Raises ``RuntimeError``, with the end of the log, when it ends before or takes minutes."""
        ends = time.monotonic() + READY_SECONDS
        while not is_ready():
            if not self.is_running or time.monotonic() > ends:
                told = self.log.read_text(errors="replace")[-3_000:]
                raise RuntimeError(f"{self.name} did not start:\n{told}")
            time.sleep(0.2)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Sends the signal to the program and all of its children."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """Ends it as ``kill -9`` does, all of it at the same moment."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """Ends it as an operator does; what is left after ``STOP_SECONDS`` is killed."""
        self.send(signal.SIGCONT)
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()


def module(*arguments: str) -> list[str]:
    """Returns the command that runs a Python module."""
    return [sys.executable, "-m", *arguments]
