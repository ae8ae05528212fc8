"""The benchmark of the memory of an installation's processes: ``make bench ARGS=memory``.

Web with its two processes, a worker with its three, and beat, in the shipped configuration, after a minute of
only beat's ticks. Each is printed with its proportional set size (PSS): shared pages, like those of the
programs, are divided among the processes, so that the sum is the memory that the machine needs.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import psutil  # noqa: E402

from bench.database import make_tables  # noqa: E402
from bench.web import served, web_command  # noqa: E402
from simulator.ports import free_port  # noqa: E402

CELERY = (sys.executable, "-m", "celery", "--quiet", "-A")
WORKER = (*CELERY, "config", "worker", "--queues", "interactive,bulk", "--concurrency", "3")
BEAT = (*CELERY, "config.beat", "beat")
ENVIRONMENT = {"DEBUG": "0", "SECRET_KEY": "bench"}


def main(seconds: int) -> None:
    make_tables()
    port = free_port()
    with ExitStack() as stack:
        programs = {
            "web": stack.enter_context(served(web_command(port, 2), port, ENVIRONMENT)),
            "worker": stack.enter_context(_running(WORKER)),
            "beat": stack.enter_context(_running(BEAT)),
        }
        time.sleep(seconds)
        _print(programs)


@contextmanager
def _running(command: tuple[str, ...]) -> Iterator[psutil.Process]:
    environment = os.environ | ENVIRONMENT | {"PYTHONWARNINGS": "ignore"}
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=nowhere, stderr=nowhere) as child:
        try:
            yield psutil.Process(child.pid)
        finally:
            child.terminate()


def _print(programs: Mapping[str, psutil.Process]) -> None:
    total = 0.0
    for name, program in programs.items():
        shares = [_share(process) for process in (program, *program.children(recursive=True))]
        total += sum(shares)
        each = ", ".join(f"{share:.0f}" for share in shares)
        print(f"{name:8} {sum(shares):5.0f} MB   of its processes {each}")
    print(f"{'in all':8} {total:5.0f} MB")


def _share(process: psutil.Process) -> float:
    """Returns the process's proportional set size in MB."""
    return float(process.memory_full_info().pss) / 2**20


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="until it is measured")
    main(parser.parse_args().seconds)
