"""Runs one command beside PostgreSQL and Redis: ``python -m config.embedded [--temporary] -- COMMAND …``.

Starts each server for which the environment names no address, and stops it when the command ends; returns the
exit code of the command. The settings find the servers by themselves (``config.embedded.database_url``), so
the command runs in embedded mode, with its secrets and defaults. ``--temporary`` uses fresh data in a folder
of its own that is deleted afterwards.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.embedded import local_folder
from config.embedded.interruption import exit_on_signal, finish_undisturbed
from config.embedded.launching import ServiceError, die_with_parent
from config.embedded.lifetime import running

COMMAND_STOP_SECONDS = 30


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    exit_on_signal()
    try:
        with (
            _folder(temporary=options.temporary) as local,
            running(local, durable=options.durable or not options.temporary),
        ):
            return run(options.command, os.environ | {"WECHAT_CONSOLE_LOCAL": str(local)})
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def run(command: Sequence[str], environment: dict[str, str]) -> int:
    """Runs a command in the foreground; returns its exit code, or 128 + n if signal n ended it."""
    parent = os.getpid()
    child = subprocess.Popen(  # noqa: S603 - running what we were told to run is the purpose
        command, env=environment, preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM)
    )
    # The terminal sends Ctrl-C to the command as well, and whether to end is the command's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = child.wait()
    finally:
        _stop(child)
    return code if code >= 0 else 128 - code


def _stop(child: subprocess.Popen[bytes]) -> None:
    finish_undisturbed()
    child.terminate()
    try:
        child.wait(COMMAND_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def _folder(*, temporary: bool) -> Iterator[Path]:
    if not temporary:
        yield local_folder()
        return
    folder = Path(tempfile.mkdtemp(prefix="wechat-console-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    parser.add_argument("--temporary", action="store_true", help="fresh data, thrown away afterwards")
    parser.add_argument(
        "--durable", action="store_true", help="with --temporary: every commit reaches the disk"
    )
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
