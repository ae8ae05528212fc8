"""The fuzzer of all entry points: ``make fuzz``, or ``python -m bench.fuzz`` with a database of its own.

Starts the simulator and one web process, sends a number of inputs to each door one after the other, and
reports each input that was answered with 5xx or not at all, took more than two seconds of CPU, or raised the
process's memory above 512 MB. Inputs are deterministic by the seed: ``--door login --only 17`` repeats one. A
run over all doors rewrites ``docs/fuzzing.md``. The exit code is 1 if any input failed, or if there was not
enough time for all.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import django

from bench.fuzz import report
from bench.fuzz.report import CPU_SECONDS, MEMORY_MB, Verdict
from bench.fuzz.server import Server, running
from simulator.ports import free_port

if TYPE_CHECKING:
    from bench.fuzz.inputs import Input
    from bench.fuzz.world import World

PROXIED = (b'"platform_refused"', b'"platform_unreachable"', b'"uncertain"')


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder)) as (server, world, log):
        # Imported here, because Django has to be set up first.
        from bench.fuzz.doors import DOORS

        # Modules that the first request loads must not count for an input.
        for generate in DOORS.values():
            generate(world, Random(0)).send(server.port, "127.0.0.1")
        until = time.monotonic() + options.minutes * 60
        numbers = range(options.each) if options.only is None else [options.only]
        verdicts: dict[str, Verdict] = {}
        for door in options.door or list(DOORS):
            verdict = verdicts[door] = Verdict()
            for number in numbers:
                if time.monotonic() > until:
                    verdict.failures.append(f"{door} {number}: there was no time for the rest")
                    break
                given = DOORS[door](world, Random(f"{options.seed}:{door}:{number}"))
                _try(server, given, f"{door} {number}", verdict)
            verdict.peak_mb = server.peak_mb()
            report.print_verdict(door, verdict)
        failed = any(verdict.failures for verdict in verdicts.values())
        if not options.door and options.only is None:
            report.write(verdicts, options.seed)
        if failed:
            print(f"\nThe end of the server's log:\n{log.read_text(errors='replace')[-6_000:]}")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=3_500, help="inputs a door")
    parser.add_argument("--minutes", type=float, default=60, help="of all doors together, at most")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--door", action="append", help="only this one; may be repeated")
    parser.add_argument("--only", type=int, help="only the input of this number")
    return parser.parse_args()


@contextmanager
def _served(folder: Path) -> Iterator[tuple[Server, "World", Path]]:
    """Runs the simulator and one web process, as ``make run`` does. Yields the server, its data and log."""
    platform, port = free_port(), free_port()
    base = f"http://127.0.0.1:{platform}"
    names = ("WECHAT_API_BASE", "WECHAT_PAY_API_BASE", "WECHAT_OPEN_BASE", "WECHAT_MP_BASE")
    os.environ |= dict.fromkeys(names, base) | {
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MEDIA_ROOT": str(folder / "media"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    log = folder / "web.log"
    web = ["uvicorn", "--port", str(port), "--no-access-log", "--no-proxy-headers", "--lifespan", "off"]
    with running(["simulator", "--port", str(platform)], platform, {}, folder / "simulator.log"):
        django.setup()
        from bench.fuzz.world import make_world

        # Before the server starts, because its caches show new rows only after a while.
        world = make_world()
        application = [*web, "--ws", "none", "config.asgi:application"]
        with running(application, port, {"DEBUG": "1"}, log) as server:
            yield server, world, log


def _try(server: Server, given: "Input", name: str, verdict: Verdict) -> None:
    before = server.cpu_seconds()
    status, answer = given.send(server.port, _address(name))
    spent, peak = server.cpu_seconds() - before, server.peak_mb()
    proxied = status in {502, 503} and any(code in answer for code in PROXIED)
    verdict.answered["platform" if proxied else f"{status // 100}xx"] += 1
    verdict.slowest = max(verdict.slowest, spent)
    wrong = []
    if not 200 <= status < 500 and not proxied:
        wrong.append(f"answered {status}")
    if spent > CPU_SECONDS:
        wrong.append(f"{spent:.1f} s of CPU")
    if peak > MEMORY_MB and not any("MB" in each for each in verdict.failures):
        wrong.append(f"{peak:.0f} MB")
    if wrong:
        shown = f"{given.method} {given.path[:120]} {given.body[:200]!r} -> {answer[:80]!r}"
        verdict.failures.append(f"{name}: {', '.join(wrong)}: {shown}")


def _address(name: str) -> str:
    """Returns a different IP address for each input, so that rate limits by address refuse none."""
    random = Random(name)
    return f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"


if __name__ == "__main__":
    sys.exit(main())
