import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from config.embedded import PROJECT

PATIENCE_SECONDS = 240
# Runs the Python program after it with these signals ignored, as under ``nohup``, or behind a script's ``&``.
IGNORING = """
import os, signal, sys
for name in sys.argv[1].split(","):
    signal.signal(signal.Signals[name], signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


class Checkout:
    """The project with a separate data folder; its programs run as real processes."""

    def __init__(self, local: Path) -> None:
        self.local = local
        outside = {"DATABASE_URL", "REDIS_URL", "MEDIA_ROOT", "PORT", "SIMULATOR_PORT"}
        inherited = {key: value for key, value in os.environ.items() if key not in outside}
        self.environment = inherited | {"WECHAT_CONSOLE_LOCAL": str(local)}

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a Python program of the project to its end."""
        return subprocess.run(
            [sys.executable, *command],
            cwd=PROJECT,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def embedded(self, code: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Runs Python code with the embedded servers."""
        return self.run("-m", "config.embedded", *options, "--", sys.executable, "-c", code)

    @contextmanager
    def started(self, *command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """Starts a Python program of the project, to be stopped at the end of the block at the latest."""
        with subprocess.Popen(
            [sys.executable, *command],
            cwd=PROJECT,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as program:
            try:
                yield program
            finally:
                program.terminate()
                program.communicate(timeout=PATIENCE_SECONDS)

    @contextmanager
    def servers(self, *prefix: str) -> Iterator[subprocess.Popen[str]]:
        """Runs the embedded servers with a waiting command during the block."""
        wait = "print('up', flush=True); import time; time.sleep(600)"
        command = ("-m", "config.embedded", "--", sys.executable, "-c", wait)
        with self.started(*prefix, *command) as supervisor:
            read_until(supervisor, "up")
            yield supervisor

    def processes(self) -> list[psutil.Process]:
        """Returns all processes that belong to this data folder."""
        return [each for each in psutil.process_iter(["cwd", "environ", "status"]) if self._is_ours(each)]

    def _is_ours(self, candidate: psutil.Process) -> bool:
        folder, environment = candidate.info["cwd"] or "/", candidate.info["environ"] or {}
        named = environment.get("WECHAT_CONSOLE_LOCAL") == str(self.local)
        alive = candidate.info["status"] != psutil.STATUS_ZOMBIE
        return alive and (named or Path(folder).is_relative_to(self.local))


def read_until(program: subprocess.Popen[str], text: str) -> str:
    """Returns a program's output up to and including the line with this text; fails if it ends before."""
    output = ""
    assert program.stdout is not None
    for line in program.stdout:
        output += line
        if text in line:
            return output
    raise AssertionError(f"{text!r} was never printed:\n{output}")
